//! The table of the settings.

use oyez::channels::Built;

use super::{APP, TENANT};
use crate::support::channels::{build, lines, stanza, with};

#[test]
fn without_its_keys_the_bot_is_off_and_says_which_are_missing() {
    let off = build("teams", stanza("teams")).unwrap();
    let Built::Off(reason) = off else {
        panic!("{off:?}");
    };
    for key in ["app_id", "tenant", "secret"] {
        assert!(
            reason.contains(&format!("channels.teams.{key}")),
            "{reason}"
        );
    }
    let keys = format!("enabled = true\napp_id = \"{APP}\"\ntenant = \"{TENANT}\"\n");
    let faults = lines(&build("teams", with("teams", &keys)).unwrap_err());
    assert!(
        faults.contains("channels.teams.secret is missing"),
        "{faults}"
    );
}

#[test]
fn settings_that_microsoft_would_refuse_are_refused_together() {
    let keys = "app_id = \"oyez\"\ntenant = \"northshire.example\"\nsecret = \"hunter2\"\n\
                login_url = \"ftp://hunter2.example\"\nservice_url = \"https://10.0.0.1/\"\n";
    let faults = lines(&build("teams", with("teams", keys)).unwrap_err());
    for key in ["app_id", "tenant", "login_url", "service_url"] {
        assert!(
            faults.contains(&format!("channels.teams.{key} ")),
            "{key}: {faults}"
        );
    }
    assert!(!faults.contains("hunter2"), "{faults}");
}

#[test]
fn the_token_may_go_only_to_hosts_that_are_named() {
    let at = |service: &str, more: &str| {
        let keys = format!(
            "app_id = \"{APP}\"\ntenant = \"{TENANT}\"\nsecret = \"x\"\n\
             service_url = \"{service}\"\n{more}"
        );
        build("teams", with("teams", &keys))
    };
    let live = |built: Result<Built, _>| matches!(built, Ok(Built::Live(_)));
    assert!(live(at(
        "https://smba.infra.gcc.teams.microsoft.com/teams",
        ""
    )));
    assert!(live(at(
        "https://smba.infra.dod.teams.microsoft.us/teams",
        ""
    )));
    let foreign = "https://bot.northshire.example/teams";
    let faults = lines(&at(foreign, "").unwrap_err());
    assert!(faults.contains("hosts does not name"), "{faults}");
    assert!(live(at(foreign, "hosts = [\"bot.northshire.example\"]\n")));
}

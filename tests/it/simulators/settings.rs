//! Which channels practice mode may really call.

use oyez::startup;

const TEAMS: &str = "app_id = \"0b5e7c1e-5a11-4e0a-9d0e-7a1c5e0b0001\"\n\
    tenant = \"0b5e7c1e-5a11-4e0a-9d0e-7a1c5e0b0002\"\nsecret = \"x\"\n\
    login_url = \"http://127.0.0.1:1\"\nservice_url = \"http://127.0.0.1:1/teams/\"\n";

/// What is wrong with settings in practice mode that call these simulators.
fn faults(simulators: &str, more: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("oyez.toml");
    let text = format!(
        "[sending]\nmode = \"practice\"\nsimulators = [{simulators}]\n\
         [http]\nallow_private = [\"127.0.0.0/8\"]\n{more}"
    );
    std::fs::write(&file, text).unwrap();
    match startup::settings(Some(&file), false) {
        Ok(_) => String::new(),
        Err(error) => {
            let faults: Vec<String> = error.faults.iter().map(ToString::to_string).collect();
            faults.join("\n")
        }
    }
}

#[test]
fn a_simulator_is_on_this_machine_by_every_address_that_is_called() {
    let slack = |api: &str| format!("[channels.slack]\ntoken = \"xoxb-x\"\napi = \"{api}\"\n");
    let teams = |hosts: &str| format!("[channels.teams]\n{TEAMS}hosts = [{hosts}]\n");
    assert_eq!(faults("\"slack\"", &slack("http://127.0.0.1:1/api")), "");
    assert_eq!(faults("\"teams\"", &teams("\"127.0.0.1\"")), "");

    let found = faults("\"slack\"", &slack("https://slack.com/api"));
    assert!(
        found.contains("calls more than this machine: slack.com"),
        "{found}"
    );
    let found = faults("\"teams\"", &teams("\"smba.trafficmanager.net\""));
    assert!(
        found.contains("this machine: smba.trafficmanager.net"),
        "{found}"
    );
    // A name may lead anywhere.
    let found = faults("\"slack\"", &slack("https://localhost/api"));
    assert!(found.contains("this machine: localhost"), "{found}");
    // Whom a webhook calls is in the directory.
    let found = faults(
        "\"slack_webhook\"",
        "[channels.slack_webhook]\nenabled = true\n",
    );
    assert!(found.contains("its recipients' addresses"), "{found}");
    let found = faults("\"slak\"", "");
    assert!(found.contains("names slak, which is no channel"), "{found}");
    // Without a simulator, practice may have the settings of the real service.
    assert_eq!(faults("", &slack("https://slack.com/api")), "");
}

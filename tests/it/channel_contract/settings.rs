//! The tables that ship, and the keys that every channel has.

use std::collections::BTreeMap;

use oyez::{
    channels::{Built, kinds},
    section::Section,
};

use super::{fixture, http_channels};
use crate::support::channels::{build, lines, live, stanza, stanzas, with};

#[test]
fn the_settings_that_ship_are_sound_and_switch_on_nothing_that_needs_more() {
    for (name, section) in stanzas() {
        match build(&name, section) {
            Ok(Built::Live(channel)) => assert!(!channel.parts().is_empty()),
            Ok(Built::Off(reason)) => {
                assert!(reason.contains(&format!("channels.{name}.")), "{reason}")
            }
            Err(faults) => panic!("{name}: {}", lines(&faults)),
        }
    }
}

#[test]
fn the_settings_that_ship_explain_every_key_of_every_channel() {
    let text = include_str!("../../../config/default.toml");
    for name in stanzas().into_keys() {
        let faults = build(&name, with(&name, "qqqqqq = 1\n")).unwrap_err();
        let fault = lines(&faults);
        let (_, rest) = text.split_once(&format!("[channels.{name}]\n")).unwrap();
        let own = rest.split("\n[").next().unwrap();
        let (_, keys) = fault.split_once("Use ").unwrap_or(("", ""));
        let shared = ["enabled", "kind", "label", "on_uncertain", "pace"];
        let keys = keys.trim_end_matches('.').replace(" or ", ", ");
        for key in keys
            .split(", ")
            .filter(|key| !key.is_empty() && !shared.contains(key))
        {
            let explained = ["\n", "\n# "].iter().any(|start| {
                own.contains(&format!("{start}{key} = "))
                    || own.contains(&format!("{start}{key}_file = "))
            });
            assert!(
                explained,
                "config/default.toml does not explain channels.{name}.{key}"
            );
        }
        // What is explained behind a # is a key that there is.
        let shown = own.replace("\n# ", "\n");
        let lines_of_keys: String = shown
            .lines()
            .filter(|line| is_setting(line))
            .map(|line| format!("{}\n", line.replace("_file =", " =")))
            .collect();
        let mut section: Section = stanza(&name);
        section.overlay(with(&name, &dedup(&lines_of_keys)));
        if let Err(faults) = build(&name, section) {
            assert!(
                !lines(&faults).contains("There is no setting"),
                "{}",
                lines(&faults)
            );
        }
    }
}

fn is_setting(line: &str) -> bool {
    line.split_once(" = ")
        .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

/// The last of several lines for one key.
fn dedup(text: &str) -> String {
    let lines = text
        .lines()
        .filter_map(|line| Some((line.split_once(" = ")?.0, line)));
    lines
        .collect::<BTreeMap<_, _>>()
        .into_values()
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn every_kind_has_a_table_in_the_settings_that_ship() {
    let names: Vec<String> = stanzas().into_keys().collect();
    for kind in kinds() {
        assert!(
            names.iter().any(|name| name == kind.name),
            "{} has no table",
            kind.name
        );
        assert!(!kind.label.is_empty() && !kind.parts.is_empty());
    }
}

#[test]
fn shared_keys_work_on_every_channel_and_their_faults_come_together() {
    for name in http_channels() {
        let keys = "label = \"Other\"\npace = { concurrency = 2, per_second = 0.25, burst = 9 }\non_uncertain = \"resend\"\n";
        let settings = fixture(&name, "http://127.0.0.1:9").0.settings.to_string();
        let channel = live(&name, with(&name, &format!("{keys}{settings}")));
        assert_eq!(channel.label(), "Other");
        let pace = channel.pace();
        assert_eq!(
            (pace.concurrency, pace.per_second, pace.burst),
            (2, Some(0.25), 9)
        );
        assert_eq!(channel.on_uncertain(), oyez::channels::OnUncertain::Resend);

        let wrong = "enabled = \"perhaps\"\npace = { burst = 0, per_secnd = 1 }\non_uncertain = \"drop\"\nqq = 1\n";
        let faults = lines(&build(&name, with(&name, wrong)).unwrap_err());
        for expected in [
            "enabled must be true or false",
            "per_secnd",
            "on_uncertain must be",
            ".qq",
        ] {
            assert!(
                faults.contains(expected),
                "{name}: {expected} is not in\n{faults}"
            );
        }
        let off = build(&name, with(&name, &format!("enabled = false\n{settings}"))).unwrap();
        assert!(matches!(off, Built::Off(reason) if reason.contains("enabled is false")));
    }
}

#[test]
fn only_a_channel_that_can_look_up_what_was_taken_may_be_told_to() {
    for name in http_channels() {
        let settings = fixture(&name, "http://127.0.0.1:9").0.settings.to_string();
        let able = live(&name, with(&name, &settings)).look_up().is_some();
        let keys = format!("on_uncertain = \"reconcile\"\n{settings}");
        match build(&name, with(&name, &keys)) {
            Ok(_) => assert!(able, "{name} cannot look up what it is told to"),
            Err(faults) => {
                let faults = lines(&faults);
                assert!(!able && faults.contains("cannot be looked up"), "{faults}");
            }
        }
    }
}

#[test]
fn an_unknown_kind_is_refused_with_the_nearest() {
    let faults = build("email", with("email", "kind = \"emial\"\n")).unwrap_err();
    assert!(
        lines(&faults).contains("Did you mean email?"),
        "{}",
        lines(&faults)
    );
}

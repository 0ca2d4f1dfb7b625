//! What the checker finds, what it leaves alone, and what it stops.

use super::*;
use crate::domain::fixture::{at, directory, policy};

struct Case<'a> {
    moment: Moment,
    audience: Audience,
    text: &'a str,
    next_update: Option<Time>,
    recipients: usize,
    last_time: Option<usize>,
    last_words: Option<&'a str>,
    headline: &'a str,
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self {
            moment: Moment::Update,
            audience: Audience::External,
            text: "Some providers can sign in again.",
            next_update: Some(at("2026-11-23T15:40:00Z")),
            recipients: 42,
            last_time: Some(42),
            last_words: None,
            headline: "Update 2: Register trainees: providers cannot sign in",
        }
    }
}

fn run(case: &Case<'_>) -> Vec<Finding> {
    let mut policy = policy();
    policy.discouraged_words = vec!["Stakeholders".to_owned()];
    check(&Draft {
        moment: case.moment,
        audience: case.audience,
        typed: &[("What has changed", case.text)],
        headline: case.headline,
        next_update: case.next_update,
        waits: true,
        now: at("2026-11-23T14:40:00Z"),
        recipients: case.recipients,
        recipients_last_time: case.last_time,
        last_words: case.last_words,
        directory: &directory(),
        policy: &policy,
    })
}

/// Codes and quoted words found in a text for an audience.
fn found(audience: Audience, text: &str) -> Vec<(&'static str, String)> {
    let case = Case {
        audience,
        text,
        ..Case::default()
    };
    run(&case)
        .into_iter()
        .map(|finding| {
            assert!(
                !finding.fix.is_empty() && finding.message.ends_with('.'),
                "{finding:?}"
            );
            (finding.code, finding.quoted)
        })
        .collect()
}

fn outside(text: &str) -> Vec<(&'static str, String)> {
    found(Audience::External, text)
}

#[test]
fn the_worst_sentence_yields_a_finding_for_each_slip() {
    let found =
        outside("It's due to db-01.internal failing, back in 10 minutes, don't call 020 7946 0000");
    let expected = [
        ("estimate", "back in 10 minutes"),
        ("contraction", "don't"),
        ("cause", "due to"),
        ("machine-talk", "db-01.internal"),
        ("phone-number", "020 7946 0000"),
    ];
    for (code, quoted) in expected {
        assert!(
            found.contains(&(code, quoted.to_owned())),
            "{code} in {found:?}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
}

#[test]
fn plain_messages_pass() {
    for text in [
        "Some providers can sign in again. About 1 in 4 still cannot. If you see an error, wait 10 \
         minutes and try once more. The deadline is now 5pm tomorrow (24 November 2026).",
        "Sorry, you cannot sign in to Register trainee teachers. You do not need to do anything.",
        "This was fixed at 3:52pm. Sorry for the disruption, which lasted 2 hours 32 minutes.",
        "See https://status.northshire.example/incidents/42 for more.",
        "It affects 214 providers in 3 counties, e.g. Larkfield Training.",
        "",
    ] {
        assert_eq!(outside(text), [], "{text}");
    }
}

#[test]
fn a_placeholder_stops_the_message() {
    let check = |text: &str, quoted: &str| {
        let case = Case {
            text,
            ..Case::default()
        };
        let findings = run(&case);
        assert_eq!(
            findings[0].severity,
            Severity::Error,
            "{text}: {findings:?}"
        );
        assert_eq!(
            (findings[0].code, findings[0].quoted.as_str()),
            ("placeholder", quoted)
        );
    };
    check("We told {{who}} about it.", "{{who}}");
    check("It affects [number of] users.", "[number of]");
    check("Next update by <time>.", "<time>");
    check("The deadline is TBC.", "TBC");
    check("Call ____ for help.", "____");
    let fine = outside("It costs < 5 and > 3, as in [1].");
    assert_eq!(fine, []);
}

#[test]
fn nobody_to_tell_and_no_next_update_stop_the_message() {
    let stops = |case: Case<'_>, code: &str| {
        let findings = run(&case);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(
            (findings[0].severity, findings[0].code),
            (Severity::Error, code)
        );
    };
    stops(
        Case {
            recipients: 0,
            ..Case::default()
        },
        "no-recipients",
    );
    stops(
        Case {
            next_update: None,
            ..Case::default()
        },
        "no-next-update",
    );
    let past = Some(at("2026-11-23T14:40:00Z"));
    stops(
        Case {
            next_update: past,
            ..Case::default()
        },
        "next-update-past",
    );
    for moment in [Moment::Resolved, Moment::Closed] {
        let case = Case {
            moment,
            next_update: None,
            ..Case::default()
        };
        assert_eq!(run(&case), []);
    }
}

#[test]
fn style_is_warned_about_with_a_fix() {
    let check = |text: &str, code: &'static str, quoted: &str| {
        assert_eq!(outside(text), [(code, quoted.to_owned())], "{text}");
    };
    check("The fix has a big impact on you.", "empty-words", "impact");
    check(
        "We apologise for any inconvenience.",
        "empty-words",
        "any inconvenience",
    );
    check(
        "We told all stakeholders.",
        "discouraged-words",
        "stakeholders",
    );
    check("It will be back shortly.", "estimate", "shortly");
    check(
        "It will work within the next few hours.",
        "estimate",
        "within the next few hours",
    );
    check("You CANNOT SIGN in.", "capitals", "CANNOT SIGN");
    check("This is URGENT for you.", "capitals", "URGENT");
    check("You can’t sign in.", "contraction", "can’t");
    check("This is a P1 for us.", "priority-outside", "P1");
    check(
        "The sign-in was slow because of load.",
        "cause",
        "because of",
    );
    let long = "word ".repeat(26);
    assert_eq!(outside(&long)[0].0, "long-sentence");
    assert_eq!(
        outside(&format!(
            "{}.\n\n{}.",
            "word ".repeat(20),
            "word ".repeat(20)
        )),
        []
    );
}

#[test]
fn machine_talk_and_ways_to_reach_people_are_found() {
    let check = |text: &str, code: &'static str, quoted: &str| {
        assert_eq!(outside(text), [(code, quoted.to_owned())], "{text}");
    };
    check("It is 10.0.3.17 that fails.", "machine-talk", "10.0.3.17");
    check(
        "It is at /var/log/app.log now.",
        "machine-talk",
        "/var/log/app.log",
    );
    check(
        "Commit 3f9a7c21b4de broke it.",
        "machine-talk",
        "3f9a7c21b4de",
    );
    check("You see error 500 there.", "machine-talk", "error 500");
    check(
        "We saw a NullPointerException there.",
        "machine-talk",
        "NullPointerException",
    );
    check(
        "Write to dana@northshire.example now.",
        "email-address",
        "dana@northshire.example",
    );
    check(
        "Call +44 20 7946 0000 now.",
        "phone-number",
        "+44 20 7946 0000",
    );
}

#[test]
fn our_own_names_are_found_outside_only() {
    let text = "You cannot use register trainees, a P1 due to load.";
    let codes: Vec<_> = outside(text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["cause", "priority-outside", "inside-name"]);
    let mut directory = directory();
    if let Some(service) = directory.services.values_mut().next() {
        service.outside_name = Some("Teacher records".to_owned());
    }
    let draft = Draft {
        moment: Moment::Update,
        audience: Audience::Users,
        typed: &[("What has changed", text)],
        headline: "Update",
        next_update: Some(at("2026-11-23T15:40:00Z")),
        waits: true,
        now: at("2026-11-23T14:40:00Z"),
        recipients: 1,
        recipients_last_time: None,
        last_words: None,
        directory: &directory,
        policy: &policy(),
    };
    let findings = check(&draft);
    let name = findings
        .iter()
        .find(|finding| finding.code == "inside-name");
    let name = name.map(|finding| (finding.quoted.as_str(), finding.fix.as_str()));
    assert_eq!(
        name,
        Some(("register trainees", "Write \"Teacher records\"."))
    );
    assert_eq!(found(Audience::Owners, text), []);
}

#[test]
fn a_repeat_a_crowd_and_a_long_subject_are_warned_about() {
    let codes = |case: Case<'_>| {
        let findings = run(&case);
        assert!(
            findings
                .iter()
                .all(|finding| finding.severity == Severity::Warning)
        );
        findings
            .into_iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    let last = Some("some providers can sign in again. ");
    assert_eq!(
        codes(Case {
            last_words: last,
            ..Case::default()
        }),
        ["same-as-last"]
    );
    assert_eq!(
        codes(Case {
            recipients: 420,
            ..Case::default()
        }),
        ["many-more-people"]
    );
    assert_eq!(
        codes(Case {
            recipients: 419,
            ..Case::default()
        }),
        [""; 0]
    );
    let headline = "Update 2: Register trainees: providers in the north cannot sign in at all";
    assert_eq!(
        codes(Case {
            headline,
            ..Case::default()
        }),
        ["long-subject"]
    );
}

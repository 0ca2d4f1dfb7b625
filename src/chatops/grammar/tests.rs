//! What people type, and what it comes to.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    Audience, PersonId,
    event::StepState,
    fixture::{self, at, id},
    incident::Stage,
    situation::Relation,
};

/// A line typed in the thread of INC-0042 by whoever leads the comms.
fn said(text: &str) -> Result<Spoken, Refusal> {
    heard(text, Some(IncidentId(42)), &[LeadRole::Comms])
}

fn heard(text: &str, here: Option<IncidentId>, leads: &[LeadRole]) -> Result<Spoken, Refusal> {
    parse(
        text,
        &Scene {
            directory: &fixture::directory(),
            policy: &fixture::policy(),
            now: at("2026-11-23T14:31:00Z"),
            here,
            leads: &leads.iter().copied().collect(),
            speaker: None,
            subject: None,
        },
    )
}

/// The change of INC-0042 that a line is.
fn change(text: &str) -> Command {
    match said(text) {
        Ok(Spoken::Change {
            incident: IncidentId(42),
            command,
        }) => *command,
        other => panic!("{text}: {other:?}"),
    }
}

fn form(verb: Verb, said: &str) -> Spoken {
    Spoken::Form {
        verb,
        incident: IncidentId(42),
        said: said.to_owned(),
    }
}

#[test]
fn an_empty_line_asks_for_help_and_a_bare_reference_for_its_status() {
    assert_eq!(said(""), Ok(Spoken::Help(None)));
    assert_eq!(said("  HELP "), Ok(Spoken::Help(None)));
    assert_eq!(said("help update"), Ok(Spoken::Help(Some(Verb::Update))));
    assert_eq!(said("INC-7"), Ok(Spoken::Status(IncidentId(7))));
    assert_eq!(said("list"), Ok(Spoken::List));
}

#[test]
fn an_incident_is_named_or_is_the_one_of_the_place() {
    assert_eq!(said("status"), Ok(Spoken::Status(IncidentId(42))));
    assert_eq!(said("status 7"), Ok(Spoken::Status(IncidentId(7))));
    assert_eq!(said("status inc-0007"), Ok(Spoken::Status(IncidentId(7))));
    for text in ["INC-0007 note Rang them", "note inc-7: Rang them"] {
        assert_eq!(
            said(text),
            Ok(Spoken::Change {
                incident: IncidentId(7),
                command: Box::new(Command::Note {
                    text: "Rang them".to_owned()
                }),
            }),
            "{text}"
        );
    }
    let refusal = heard("update It is back", None, &[]).unwrap_err();
    assert_eq!(refusal.code, "which-incident");
    assert!(refusal.fix.contains("update INC-0042"), "{refusal}");
}

#[test]
fn a_number_at_the_beginning_of_the_words_is_no_incident() {
    let Command::Update { text, .. } = change("update 200 providers are back") else {
        panic!("no update");
    };
    assert_eq!(text, "200 providers are back");
}

#[test]
fn a_new_incident_is_understood_as_far_as_it_is_said() {
    let open = |text: &str| match said(text) {
        Ok(Spoken::Open(opening)) => opening,
        other => panic!("{text}: {other:?}"),
    };
    let all = open("open p1 register-trainees: Providers cannot sign in");
    assert_eq!(all.priority, Some(id("P1")));
    assert_eq!(all.services, [id("register-trainees")].into());
    assert_eq!(all.title, "Providers cannot sign in");
    let title = open("declare Providers cannot sign in: no way");
    assert_eq!(title.title, "Providers cannot sign in: no way");
    assert_eq!((title.priority, title.services.len()), (None, 0));
    assert_eq!(open("open"), Opening::default());
}

#[test]
fn the_two_taps_of_the_day_are_one_word() {
    assert_eq!(change("nochange"), Command::NoChange { next_update: None });
    assert_eq!(
        change("no-change by 4pm"),
        Command::NoChange {
            next_update: Some(at("2026-11-23T16:00:00Z"))
        }
    );
    let refusal = said("nochange it is better").unwrap_err();
    assert!(refusal.fix.contains("use update"), "{refusal}");
}

#[test]
fn a_time_that_may_mean_two_is_asked_about_with_a_line_for_each() {
    for (line, choices) in [
        (
            "nochange by 9am",
            vec![("Tomorrow", "nochange INC-0042 by 9am tomorrow")],
        ),
        (
            "mute @Dana until 9am: on leave",
            vec![(
                "Tomorrow",
                "mute INC-0042 dana-whitlock until 9am tomorrow: on leave",
            )],
        ),
        (
            "mute dana-whitlock until 2027-10-31 1:30am",
            vec![
                (
                    "1:30am BST",
                    "mute INC-0042 dana-whitlock until 2027-10-31 1:30am BST",
                ),
                (
                    "1:30am GMT",
                    "mute INC-0042 dana-whitlock until 2027-10-31 1:30am GMT",
                ),
            ],
        ),
    ] {
        let refusal = said(line).unwrap_err();
        assert_eq!(refusal.code, "bad-time");
        let asked: Vec<(&str, &str)> = refusal
            .choices
            .iter()
            .map(|choice| (choice.label.as_str(), choice.line.as_str()))
            .collect();
        assert_eq!(asked, choices, "{line}");
        // Each of them says what it means.
        for (_, line) in asked {
            change(line);
        }
    }
}

#[test]
fn a_priority_needs_its_reason() {
    let Command::Priority { to, why, .. } = change("priority p2 because half of them are back")
    else {
        panic!("no priority");
    };
    assert_eq!(to, Some(id("P2")));
    assert_eq!(why, "half of them are back");
    assert_eq!(said("priority P2"), Ok(form(Verb::Priority, "P2")));
    assert!(said("priority P9 because").unwrap_err().fix.contains("P1"));
}

#[test]
fn verbs_without_what_they_need_open_their_form() {
    for verb in [
        Verb::Update,
        Verb::Resolve,
        Verb::Close,
        Verb::Correct,
        Verb::Note,
        Verb::Services,
        Verb::Handover,
        Verb::Add,
        Verb::Mute,
        Verb::Step,
        Verb::Stage,
        Verb::Decide,
        Verb::Priority,
    ] {
        assert_eq!(said(verb.entry().chat), Ok(form(verb, "")));
    }
}

#[test]
fn stages_are_said_as_people_read_them() {
    for (text, to) in [
        ("stage fixing it", Stage::Identified),
        ("stage Fixing", Stage::Identified),
        ("stage monitoring", Stage::Monitoring),
        ("stage looking", Stage::Investigating),
    ] {
        assert_eq!(change(text), Command::Stage { to }, "{text}");
    }
    assert!(said("stage fixed").unwrap_err().fix.contains("resolve"));
}

#[test]
fn services_come_and_go_in_one_line() {
    let Command::Services { add, remove, .. } =
        change("services add register-trainees and sign-in as upstream")
    else {
        panic!("no services");
    };
    assert_eq!(
        add,
        [
            (id("register-trainees"), Relation::Affected),
            (id("sign-in"), Relation::Upstream)
        ]
        .into()
    );
    assert_eq!(remove.len(), 0);
    let Command::Services { add, remove, .. } = change("services remove sign-in") else {
        panic!("no services");
    };
    assert_eq!((add.len(), remove), (0, [id("sign-in")].into()));
    let refusal = said("services add registr-trainees").unwrap_err();
    assert_eq!(refusal.fix, "Did you mean register-trainees?");
}

#[test]
fn leads_are_appointed_and_handed_over_by_name() {
    let person: PersonId = id("dana-whitlock");
    let lead = |role, note: Option<&str>| Command::Leads {
        appoint: [(role, person.clone())].into(),
        note: note.map(str::to_owned),
    };
    let tech = lead(LeadRole::Tech, None);
    assert_eq!(change("leads tech dana-whitlock"), tech);
    assert_eq!(change("handover tech to Dana Whitlock"), tech);
    let comms = lead(LeadRole::Comms, Some("news at 4pm"));
    assert_eq!(change("handover to dana-whitlock: news at 4pm"), comms);
    // Whoever leads nothing is asked which lead they mean.
    let line = "handover to dana-whitlock";
    let asked = heard(line, Some(IncidentId(42)), &[]);
    assert_eq!(asked, Ok(form(Verb::Handover, "to dana-whitlock")));
    assert_eq!(said("handover comms"), Ok(form(Verb::Handover, "comms")));
    assert_eq!(said("leads tech"), Ok(form(Verb::Leads, "tech")));
    assert_eq!(said("leads"), Ok(Spoken::Leads(IncidentId(42))));
}

#[test]
fn people_are_added_with_a_reason_and_muted_until_a_time() {
    assert_eq!(
        change("add dana-whitlock: she asked"),
        Command::Add {
            who: RecipientId::Person(id("dana-whitlock")),
            audience: Audience::Owners,
            channels: Vec::new(),
            note: "she asked".to_owned(),
        }
    );
    let Command::Add { audience, .. } = change("add dana-whitlock as responders: she asked") else {
        panic!("not added");
    };
    assert_eq!(audience, Audience::Responders);
    for line in ["add dana-whitlock", "mute dana-whitlock"] {
        let verb = Verb::find(line.split_once(' ').unwrap().0).unwrap();
        assert_eq!(said(line), Ok(form(verb, "dana-whitlock")));
    }
    assert_eq!(
        change("mute dana-whitlock until 16:30: on leave"),
        Command::Mute {
            person: id("dana-whitlock"),
            until: at("2026-11-23T16:30:00Z"),
            note: Some("on leave".to_owned()),
        }
    );
    // A part of a name is enough where nobody else has it.
    let dana = Command::Mute {
        person: id("dana-whitlock"),
        until: at("2026-11-23T16:30:00Z"),
        note: None,
    };
    assert_eq!(change("mute @Dana until 16:30"), dana);
    let refusal = said("why @Nobody").unwrap_err();
    assert!(
        refusal.sentence.contains("whom you mean by @Nobody"),
        "{refusal}"
    );
    let refusal = said("why dana-whitlok").unwrap_err();
    assert_eq!(refusal.fix, "Did you mean dana-whitlock?");
}

#[test]
fn who_asks_for_the_incident_or_for_what_would_be() {
    assert_eq!(said("who"), Ok(Spoken::Who(IncidentId(42))));
    assert_eq!(said("who 7"), Ok(Spoken::Who(IncidentId(7))));
    assert_eq!(
        said("who P1 register-trainees sign-in"),
        Ok(Spoken::WhoIf {
            priority: id("P1"),
            services: [id("register-trainees"), id("sign-in")].into(),
        })
    );
}

#[test]
fn decisions_and_steps_are_recorded_with_their_reason() {
    assert_eq!(
        change("decide yes because support is filling up"),
        Command::Decide {
            contact_users: true,
            reason: "support is filling up".to_owned()
        }
    );
    assert_eq!(said("decide no"), Ok(form(Verb::Decide, "no")));
    assert_eq!(
        change("step start-report not-needed because it is a duplicate"),
        Command::Step {
            step: id("start-report"),
            state: StepState::NotNeeded,
            note: Some("it is a duplicate".to_owned()),
        }
    );
    let Command::Close { duplicate_of, .. } = change("close duplicate of INC-7") else {
        panic!("not closed");
    };
    assert_eq!(duplicate_of, Some(IncidentId(7)));
}

/// Whether there is nothing in a text that would be read as a mention.
fn mentions_nobody(text: &str) -> bool {
    !["<@", "<#", "<http"]
        .iter()
        .any(|begin| text.contains(begin))
}

proptest! {
    /// Whatever people type, it is read or refused with a fix, and long texts stay whole.
    #[test]
    fn no_line_breaks_it(text in "\\PC{0,200}", verb in 0..crate::domain::verbs::VERBS.len()) {
        let verb = crate::domain::verbs::VERBS[verb].chat;
        for line in [text.clone(), format!("{verb} {text}"), format!("INC-1 {verb} {text}")] {
            if let Err(refusal) = said(&line) {
                prop_assert!(!refusal.fix.is_empty());
            }
        }
    }

    #[test]
    fn words_arrive_as_they_were_typed(text in "[a-z]{3}[^\\p{Cc}]{0,4000}[a-z]") {
        prop_assume!(!text.starts_with("inc") && mentions_nobody(&text));
        let trimmed = text.trim().to_owned();
        prop_assert_eq!(change(&format!("note {text}")), Command::Note { text: trimmed });
    }
}

#[test]
fn a_line_tells_by_itself_whether_it_leads_to_a_form() {
    for line in [
        "open",
        "open P1 register-trainees: It fails",
        "declare It fails",
        "update INC-1 Half are back",
        "INC-1 update",
        "resolve",
        "resolve INC-1",
        "note INC-0042:",
        "priority INC-1 P2",
        "decide yes",
        "correct INC-1",
    ] {
        assert!(asks_for_form(line), "{line}");
    }
    for line in [
        "",
        "help",
        "help update",
        "nochnge",
        "status INC-1",
        "who P1 register-trainees",
        "leads INC-1",
        "nochange",
        "resolve INC-1 All are back",
        "note INC-1 Rang them",
        "priority P2 because half are back",
        "ask northshire-sign-in",
    ] {
        assert!(!asks_for_form(line), "{line}");
    }
}

#[test]
fn what_is_pasted_along_with_a_command_is_passed_over() {
    for text in [
        "INC\u{2011}0007",
        "#INC-0007",
        "INC-0007.",
        "\u{200B}INC-0007",
        "status \u{202A}INC-0007\u{202C}",
        "\u{FEFF}status #7.",
        "/status INC-0007",
    ] {
        assert_eq!(
            said(text),
            Ok(Spoken::Status(IncidentId(7))),
            "{}",
            text.escape_unicode()
        );
    }
    for text in [
        "list.",
        "/list",
        "\u{200B}list",
        "\u{200B} li\u{AD}st",
        "/LIST.",
    ] {
        assert_eq!(said(text), Ok(Spoken::List), "{}", text.escape_unicode());
    }
    let words = "Providers are back\u{2014}all of them. See #3";
    assert_eq!(
        change(&format!("#INC-0042: update {words}")),
        change(&format!("update {words}"))
    );
}

//! Every form, what was said in it, and what it comes to.

use std::collections::BTreeSet;

use super::super::grammar::Subject;
use super::{super::grammar::Opening, verbs::fields, *};
use crate::domain::{
    Audience, PersonId,
    directory::Service,
    event::{Event, StepState},
    facts::Facts,
    fixture::{self, Log, at, declared, id},
    incident::{LeadRole, Stage},
    policy::Factor,
    situation::{RecipientId, Relation},
};

fn with<T>(ask: impl FnOnce(&Scene<'_>) -> T) -> T {
    ask(&Scene {
        directory: &fixture::directory(),
        policy: &fixture::policy(),
        now: at("2026-11-23T14:31:00Z"),
        here: None,
        leads: &BTreeSet::new(),
        speaker: None,
        subject: None,
    })
}

fn filled(values: &[(&str, &str)]) -> Filled {
    let own = |(id, value): &(&str, &str)| ((*id).to_owned(), (*value).to_owned());
    values.iter().map(own).collect()
}

#[test]
fn a_new_incident_is_declared_from_its_form() {
    let values = filled(&[
        ("title", "Providers cannot sign in"),
        ("priority", "P1"),
        ("services", "register-trainees,sign-in"),
        ("effect", "I do not know yet"),
        ("who", " "),
        ("started", "1:20pm"),
    ]);
    let asked = with(|scene| read(scene, Verb::Open, None, &values)).unwrap();
    let Asked::Declare(declare) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(declare.priority, Some(id("P1")));
    assert_eq!(declare.services.len(), 2);
    assert_eq!(declare.facts.effect.as_deref(), Some("I do not know yet"));
    assert_eq!(declare.facts.who, None);
    assert_eq!(declare.started_at, Some(at("2026-11-23T13:20:00Z")));
}

#[test]
fn six_answers_at_most_are_needed_and_an_empty_one_is_named() {
    for entry in &crate::domain::verbs::VERBS {
        let fields = with(|scene| fields(scene, entry.verb, &Filled::new())).unwrap_or_default();
        assert!(fields.iter().filter(|field| field.needed).count() <= 6);
        // With heading, what is wrong, and buttons within Slack's twenty blocks.
        assert!(fields.len() <= 14, "{}", entry.chat);
    }
    let refusal = with(|scene| read(scene, Verb::Open, None, &Filled::new())).unwrap_err();
    assert!(
        refusal.sentence.contains("What can people not do?"),
        "{refusal}"
    );
    let late = filled(&[("title", "a"), ("priority", "P1"), ("started", "soon")]);
    let refusal = with(|scene| read(scene, Verb::Open, None, &late)).unwrap_err();
    assert_eq!(refusal.code, "bad-time");
    let incident = Some(IncidentId(42));
    let refusal = with(|scene| read(scene, Verb::Ask, incident, &late)).unwrap_err();
    assert_eq!(refusal.code, "no-form");
}

#[test]
fn a_time_that_may_mean_two_is_asked_about_at_its_field() {
    let incident = Some(IncidentId(42));
    for (until, fix) in [
        ("9am", "Say 9am tomorrow, or a later time today."),
        (
            "2027-10-31 1:30am",
            "Say 2027-10-31 1:30am BST for the first, or 2027-10-31 1:30am GMT for the second.",
        ),
    ] {
        let values = filled(&[("person", "dana-whitlock"), ("until", until)]);
        let refusal = with(|scene| read(scene, Verb::Mute, incident, &values)).unwrap_err();
        assert_eq!(refusal.code, "bad-time");
        assert_eq!(refusal.fix, fix);
    }
    // What was understood stands in the form as something that is understood.
    let until = at("2027-10-31T01:30:00Z");
    let mute = Command::Mute {
        person: id("dana-whitlock"),
        until,
        note: None,
    };
    let (_, values) = with(|scene| of_change(scene, &mute)).unwrap();
    assert_eq!(values["until"], "2027-10-31 01:30 GMT");
    let again = with(|scene| read(scene, Verb::Mute, incident, &values)).unwrap();
    assert_eq!(again, Asked::Change(IncidentId(42), Box::new(mute)));
}

#[test]
fn a_message_of_another_day_is_listed_with_its_date() {
    let mut log = Log::default();
    log.write(
        at("2026-11-22T13:20:00Z"),
        declared(at("2026-11-23T15:00:00Z")),
    );
    let incident = log.incident();
    let said = with(|scene| {
        lists::said(&Scene {
            subject: Some(Subject {
                incident: &incident,
                log: &log.0,
            }),
            ..*scene
        })
    });
    let words = &said[0].1;
    assert!(
        words.starts_with("1:20pm yesterday (22 November 2026), "),
        "{words}"
    );
}

#[test]
fn how_late_an_update_is_is_said_in_hours_above_its_form() {
    let mut log = Log::default();
    log.write(
        at("2026-11-23T09:00:00Z"),
        declared(at("2026-11-23T10:00:00Z")),
    );
    let incident = log.incident();
    let above = with(|scene| {
        let scene = Scene {
            subject: Some(Subject {
                incident: &incident,
                log: &log.0,
            }),
            ..*scene
        };
        form(&scene, Verb::Update, Some(IncidentId(42)), &Filled::new())
    });
    let said = above.unwrap().plain();
    assert!(
        said.contains("The update is overdue by 4 hours 31 minutes."),
        "{said}"
    );
}

#[test]
fn what_was_said_is_in_the_form_already() {
    let opening = Opening {
        title: "It fails".to_owned(),
        priority: Some(id("P2")),
        services: [id("sign-in")].into(),
    };
    let reply = with(|scene| open(scene, &opening));
    let values: Vec<&str> = reply
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Field(field) => Some(field.value.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(values[..3], ["It fails", "P2", "sign-in"]);
}

/// The same about INC-0042, which has said something and has facts.
fn about<T>(ask: impl FnOnce(&Scene<'_>) -> T) -> T {
    let mut log = Log::default();
    log.write(
        at("2026-11-23T13:20:00Z"),
        declared(at("2026-11-23T14:40:00Z")),
    );
    let facts = Facts {
        effect: Some("Providers cannot sign in.".to_owned()),
        who: Some("x".repeat(5_000)),
        ..Facts::default()
    };
    log.write(
        at("2026-11-23T13:40:00Z"),
        Event::Updated {
            text: "We are looking.".to_owned(),
            facts,
            stage: None,
            promised: Default::default(),
        },
    );
    let incident = log.incident();
    let priya = id("priya-shah");
    with(|scene| {
        ask(&Scene {
            speaker: Some(&priya),
            subject: Some(Subject {
                incident: &incident,
                log: &log.0,
            }),
            ..*scene
        })
    })
}

#[test]
fn every_form_of_a_change_comes_to_its_command() {
    let incident = Some(IncidentId(42));
    let known: PersonId = id("dana-whitlock");
    let lead = |role, note: Option<&str>| Command::Leads {
        appoint: [(role, known.clone())].into(),
        note: note.map(str::to_owned),
    };
    for (verb, values, command) in [
        (
            Verb::Update,
            // Facts that are as they were are not said again.
            vec![
                ("text", "Half are back"),
                ("effect", "Providers cannot sign in."),
                ("doing", "Restarting"),
                ("stage", "monitoring"),
                ("next_update", "3:40pm"),
            ],
            Command::Update {
                text: "Half are back".to_owned(),
                facts: Facts {
                    doing: Some("Restarting".to_owned()),
                    ..Facts::default()
                },
                stage: Some(Stage::Monitoring),
                next_update: Some(at("2026-11-23T15:40:00Z")),
            },
        ),
        (
            Verb::Resolve,
            vec![("text", "All are back"), ("at", "2:20pm")],
            Command::Resolve {
                text: "All are back".to_owned(),
                at: Some(at("2026-11-23T14:20:00Z")),
                lost: None,
                still_stuck: None,
            },
        ),
        (
            Verb::Priority,
            vec![("priority", "P2"), ("why", "Half are back")],
            Command::Priority {
                to: Some(id("P2")),
                factors: BTreeSet::new(),
                why: "Half are back".to_owned(),
                override_ceiling: None,
                next_update: None,
            },
        ),
        (
            Verb::Decide,
            vec![("answer", "no"), ("reason", "It is over soon")],
            Command::Decide {
                contact_users: false,
                reason: "It is over soon".to_owned(),
            },
        ),
        (
            Verb::Close,
            vec![
                ("report", "https://northshire.example/report"),
                ("review", "2026-11-30 14:00"),
                ("actions", "- Tom renews it\n\nMei writes to them"),
                ("duplicate", "INC-7"),
            ],
            Command::Close {
                duplicate_of: Some(IncidentId(7)),
                text: None,
                report: Some("https://northshire.example/report".to_owned()),
                review_at: Some(at("2026-11-30T14:00:00Z")),
                actions: vec!["Tom renews it".to_owned(), "Mei writes to them".to_owned()],
            },
        ),
        (
            Verb::Note,
            vec![("text", "Rang them")],
            Command::Note {
                text: "Rang them".to_owned(),
            },
        ),
        (
            Verb::Reopen,
            vec![("why", "It fails again")],
            Command::Reopen {
                why: "It fails again".to_owned(),
                next_update: None,
            },
        ),
        (
            Verb::Cancel,
            vec![("why", "A test")],
            Command::Cancel {
                why: "A test".to_owned(),
            },
        ),
        (
            Verb::Stage,
            vec![("stage", "identified")],
            Command::Stage {
                to: Stage::Identified,
            },
        ),
        (
            Verb::Services,
            vec![
                ("services", "sign-in"),
                ("relation", "upstream"),
                ("remove", "register-trainees"),
            ],
            Command::Services {
                add: [(id("sign-in"), Relation::Upstream)].into(),
                remove: [id("register-trainees")].into(),
                text: None,
            },
        ),
        // Whoever leads already is not appointed again.
        (
            Verb::Leads,
            vec![("comms", "priya-shah"), ("tech", "dana-whitlock")],
            lead(LeadRole::Tech, None),
        ),
        (
            Verb::Handover,
            vec![
                ("role", "comms"),
                ("other", "Dana"),
                ("note", "news at 4pm"),
            ],
            lead(LeadRole::Comms, Some("news at 4pm")),
        ),
        (
            Verb::Add,
            vec![("person", "amara-nwosu"), ("note", "she asked")],
            Command::Add {
                who: RecipientId::Person(id("amara-nwosu")),
                audience: Audience::External,
                channels: Vec::new(),
                note: "she asked".to_owned(),
            },
        ),
        (
            Verb::Mute,
            // What was typed goes before what was chosen.
            vec![
                ("person", "mei-lin"),
                ("other", "dana whitlock"),
                ("until", "16:30"),
            ],
            Command::Mute {
                person: known.clone(),
                until: at("2026-11-23T16:30:00Z"),
                note: None,
            },
        ),
        (
            Verb::Step,
            vec![
                ("step", "start-report"),
                ("state", "not-needed"),
                ("note", "a duplicate"),
            ],
            Command::Step {
                step: id("start-report"),
                state: StepState::NotNeeded,
                note: Some("a duplicate".to_owned()),
            },
        ),
        (
            Verb::Correct,
            vec![("event", "2"), ("wrong", "looking"), ("right", "fixing")],
            Command::Correct {
                events: [2].into(),
                wrong: "looking".to_owned(),
                right: "fixing".to_owned(),
                facts: Facts::default(),
                title: None,
                holding_line: None,
            },
        ),
    ] {
        let read = |filled: &Filled| match about(|scene| read(scene, verb, incident, filled)) {
            Ok(Asked::Change(IncidentId(42), command)) => *command,
            other => panic!("{verb:?}: {other:?}"),
        };
        assert_eq!(read(&filled(&values)), command, "{verb:?}");
        // And back: what was shown opens as the form that makes it.
        let again = about(|scene| of_change(scene, &command));
        let (verb, filled) = again.expect("a form");
        let read = about(|scene| super::read(scene, verb, incident, &filled));
        assert_eq!(read, Ok(Asked::Change(IncidentId(42), Box::new(command))));
    }
}

#[test]
fn a_form_holds_what_is_known_and_what_was_said() {
    let values = |verb, said: &str| -> Filled {
        let form = about(|scene| {
            let filled = super::said(scene, verb, said);
            form(scene, verb, Some(IncidentId(42)), &filled)
        });
        let pieces = form.expect("a form").pieces.into_iter();
        let fields = pieces.filter_map(|piece| match piece {
            Piece::Field(field) => Some((field.id.to_owned(), field.value)),
            _ => None,
        });
        fields.filter(|(_, value)| !value.is_empty()).collect()
    };
    let update = values(Verb::Update, "Half are back");
    assert_eq!(update["text"], "Half are back");
    assert_eq!(update["effect"], "Providers cannot sign in.");
    assert_eq!(update.get("who"), None, "too long to come back whole");
    assert_eq!(update["stage"], "investigating");
    let handover = values(Verb::Handover, "to Dana Whitlock: news at 4pm");
    assert_eq!(
        (handover["role"].as_str(), handover["other"].as_str()),
        ("comms", "Dana Whitlock")
    );
    assert_eq!(values(Verb::Handover, "tech")["role"], "tech");
    let add = values(Verb::Add, "Dana Whitlock as responders");
    assert_eq!(add["audience"], "responders");
    assert_eq!(values(Verb::Mute, "Dana")["other"], "Dana");
    assert_eq!(values(Verb::Correct, "It is fixed")["right"], "It is fixed");
    assert_eq!(values(Verb::Correct, "")["event"], "2");
    assert_eq!(values(Verb::Step, "start-report")["step"], "start-report");
}

#[test]
fn a_correction_that_asks_about_facts_can_leave_them_as_they_are() {
    let incident = Some(IncidentId(42));
    let mut values = filled(&[("event", "2"), ("wrong", "sign in"), ("right", "register")]);
    let effect = "Providers cannot sign in.";
    let read_effect = |values: &Filled| {
        let read = about(|scene| read(scene, Verb::Correct, incident, values));
        let Ok(Asked::Change(_, command)) = read else {
            panic!("{read:?}");
        };
        let Command::Correct { facts, title, .. } = *command else {
            panic!("{command:?}");
        };
        (facts.effect, title)
    };
    let has_question = |values: &Filled| {
        let form = about(|scene| form(scene, Verb::Correct, incident, values));
        let mut pieces = form.expect("a form").pieces.into_iter();
        pieces.any(|piece| matches!(piece, Piece::Field(field) if field.id == "keep"))
    };
    values.insert("effect".to_owned(), effect.to_owned());
    assert_eq!(read_effect(&values), (None, None));
    assert!(!has_question(&values));
    ask_about_facts(&mut values);
    assert!(has_question(&values));
    assert_eq!(read_effect(&values), (None, None));
    values.insert("keep".to_owned(), "yes".to_owned());
    let (kept, title) = read_effect(&values);
    assert_eq!(kept.as_deref(), Some(effect));
    assert!(title.is_some(), "it is left as it is, too");
    values.insert("effect".to_owned(), "Nobody can register.".to_owned());
    assert_eq!(
        read_effect(&values).0.as_deref(),
        Some("Nobody can register.")
    );
}

#[test]
fn names_that_are_typed_are_the_nearest_or_get_a_suggestion() {
    let incident = Some(IncidentId(42));
    let refusal = |verb, values: &[(&str, &str)]| {
        about(|scene| read(scene, verb, incident, &filled(values))).unwrap_err()
    };
    let add = |name| refusal(Verb::Add, &[("other", name), ("note", "asked")]);
    assert_eq!(add("dana-whitlok").fix, "Did you mean dana-whitlock?");
    assert!(add("@Nobody").sentence.contains("whom you mean by @Nobody"));
    assert_eq!(
        refusal(Verb::Services, &[("more_services", "sgn in")]).fix,
        "Did you mean sign in?"
    );
    let near = filled(&[("more_services", "Register")]);
    let asked = about(|scene| read(scene, Verb::Services, incident, &near));
    assert!(
        format!("{asked:?}").contains("register-trainees"),
        "{asked:?}"
    );
    let nobody = refusal(Verb::Handover, &[("role", "comms"), ("note", "hello")]);
    assert!(nobody.sentence.contains("Who takes over?"), "{nobody}");
}

#[test]
fn what_is_ticked_may_stand_for_the_priority_and_a_ceiling_asks_why() {
    let mut policy = fixture::policy();
    policy.factors = vec![Factor {
        id: id("most-users"),
        text: "Most users are affected".to_owned(),
        priority: id("P1"),
    }];
    let ask = |values: &[(&str, &str)]| {
        with(|scene| {
            let scene = Scene {
                policy: &policy,
                ..*scene
            };
            read(&scene, Verb::Open, None, &filled(values))
        })
    };
    let neither = ask(&[("title", "It fails")]).unwrap_err();
    assert!(neither.sentence.contains("How grave is it?"), "{neither}");
    let ticked = ask(&[("title", "It fails"), ("factors", "most-users")]);
    let Ok(Asked::Declare(declare)) = ticked else {
        panic!("{ticked:?}");
    };
    assert_eq!((declare.priority, declare.factors.len()), (None, 1));

    let mut asked = filled(&[("title", "It fails"), ("priority", "P1")]);
    ask_about_ceiling(&mut asked);
    let refusal = with(|scene| read(scene, Verb::Open, None, &asked)).unwrap_err();
    assert!(
        refusal.sentence.contains("above the usual limit"),
        "{refusal}"
    );
}

#[test]
fn a_list_of_services_stays_small_and_the_others_are_typed() {
    let form = |name: &str, count: usize| {
        let mut directory = fixture::directory();
        let template = directory.services[&id("sign-in")].clone();
        for number in 0..count {
            let service = Service {
                id: id(&format!("{name}-{number}")),
                name: format!("{name} {number}"),
                ..template.clone()
            };
            directory.services.insert(service.id.clone(), service);
        }
        with(|scene| {
            let scene = Scene {
                directory: &directory,
                ..*scene
            };
            fields(&scene, Verb::Open, &Filled::new())
        })
    };
    let offered = |form: &Option<Vec<Field>>| {
        let list = form.iter().flatten().find(|field| field.id == "services");
        match list.map(|field| &field.kind) {
            Some(Kind::Any(options)) => options.len(),
            other => panic!("{other:?}"),
        }
    };
    let has_box = |form: &Option<Vec<Field>>| {
        form.iter()
            .flatten()
            .any(|field| field.id == "more_services")
    };
    let few = form("few", 98);
    assert!(offered(&few) == 100 && !has_box(&few));
    let many = form("many", 99);
    assert!(offered(&many) == 100 && has_box(&many));
    let long = form(&"a-very-long-name".repeat(3), 98);
    assert!((60..100).contains(&offered(&long)) && has_box(&long));
}

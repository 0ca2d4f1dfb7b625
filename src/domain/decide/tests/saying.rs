//! What is said, at which stage, and what it promises.

use super::*;

#[test]
fn a_time_that_was_chosen_lies_in_the_future_and_is_kept_exactly() {
    let desk = Desk::new();
    let chosen = at("2026-11-23T17:03:21Z");
    let at = |next_update| Command::NoChange { next_update };
    let event = desk.ask(minutes(0), &at(Some(chosen))).unwrap();
    assert!(event.promised().unwrap().values().all(|due| *due == chosen));
    desk.refuses(&at(Some(minutes(0))), "bad-time");
    let late = Declare {
        started_at: Some(minutes(1)),
        ..titled("x")
    };
    assert_eq!(desk.declare(&late).unwrap_err().code, "bad-time");
}

#[test]
fn each_audience_is_promised_its_own_time() {
    let mut desk = Desk::new();
    desk.write(minutes(-40), &Command::NoChange { next_update: None });
    let promises: Vec<Time> = desk
        .log
        .incident()
        .promises
        .values()
        .map(|promise| promise.due)
        .collect();
    assert_eq!(
        promises,
        [minutes(20), minutes(20), minutes(0)],
        "outsiders were not due"
    );
    desk.write(minutes(-2), &update("Some can sign in."));
    let promises: Vec<Time> = desk
        .log
        .incident()
        .promises
        .values()
        .map(|promise| promise.due)
        .collect();
    assert_eq!(promises, [minutes(55), minutes(55), minutes(60)]);
}

#[test]
fn a_priority_takes_its_own_rhythm_and_leaves_outsiders_theirs() {
    let mut desk = Desk::new();
    desk.write(minutes(-30), &priority(Some("P2")));
    let incident = desk.log.incident();
    assert_eq!(incident.promises[&Audience::Owners].due, minutes(90));
    assert_eq!(incident.promises[&Audience::External].due, minutes(0));
    desk.refuses(&priority(Some("P2")), "no-change");
}

#[test]
fn a_stage_alone_says_nothing_and_keeps_the_promise() {
    let mut desk = Desk::new();
    desk.write(
        minutes(-5),
        &Command::Stage {
            to: Stage::Monitoring,
        },
    );
    let incident = desk.log.incident();
    assert_eq!(
        (incident.stage, incident.next_due()),
        (Stage::Monitoring, Some(at(DUE)))
    );
    desk.refuses(
        &Command::Stage {
            to: Stage::Monitoring,
        },
        "no-change",
    );
    desk.refuses(
        &Command::Stage {
            to: Stage::Resolved,
        },
        "wrong-stage",
    );
}

#[test]
fn a_change_of_services_has_words_of_its_own_that_outsiders_may_read() {
    let mut desk = Desk::new();
    let Event::ServicesChanged { text, .. } = desk
        .ask(minutes(0), &services(&["sign-in"], &["register-trainees"]))
        .unwrap()
    else {
        panic!("services did not change");
    };
    assert_eq!(
        text,
        "sign in is now affected as well. Register trainee teachers is no longer affected."
    );
    desk.refuses(&services(&["register-trainees"], &[]), "no-change");
    desk.refuses(&services(&[], &["sign-in"]), "unknown-service");
    desk.refuses(&services(&["sign-in"], &["sign-in"]), "contradiction");
    desk.write(minutes(0), &services(&["sign-in"], &[]));
    assert_eq!(desk.log.incident().services.len(), 2);
}

#[test]
fn stages_follow_each_other_in_order() {
    let mut desk = Desk::new();
    desk.refuses(&close(None), "wrong-stage");
    let reopen = Command::Reopen {
        why: "It is back.".to_owned(),
        next_update: None,
    };
    let cancel = Command::Cancel {
        why: "By mistake.".to_owned(),
    };
    desk.refuses(&reopen, "wrong-stage");
    desk.write(minutes(0), &resolve());
    for command in [update("x"), resolve(), cancel.clone(), priority(Some("P2"))] {
        desk.refuses(&command, "wrong-stage");
    }
    desk.write(minutes(1), &close(None));
    desk.refuses(&close(None), "wrong-stage");
    desk.write(minutes(2), &reopen);
    let incident = desk.log.incident();
    assert_eq!(incident.stage, Stage::Investigating);
    assert_eq!((incident.resolved_at, incident.ended_at), (None, None));
    desk.write(minutes(3), &cancel);
    assert_eq!(desk.log.incident().stage, Stage::Cancelled);
    assert_eq!(desk.log.incident().next_due(), None);
    desk.write(minutes(4), &reopen)
        .write(minutes(5), &close(Some("INC-0007")));
    assert_eq!(desk.log.incident().duplicate_of, Some(id("INC-0007")));
}

#[test]
fn a_fix_lies_between_the_start_and_now() {
    let desk = Desk::new();
    for offset in [1, -10_000] {
        let resolve = Command::Resolve {
            text: "x".to_owned(),
            at: Some(minutes(offset)),
            lost: None,
            still_stuck: None,
        };
        desk.refuses(&resolve, "bad-time");
    }
}

#[test]
fn only_what_was_said_can_be_corrected() {
    let mut desk = Desk::new();
    desk.write(
        minutes(-5),
        &Command::Note {
            text: "A thought".to_owned(),
        },
    );
    let correct = |events: &[u32]| Command::Correct {
        events: events.iter().copied().collect(),
        wrong: "All".to_owned(),
        right: "Some".to_owned(),
        facts: Facts {
            who: Some("Some providers".to_owned()),
            ..Facts::default()
        },
    };
    desk.refuses(&correct(&[]), "empty");
    desk.refuses(&correct(&[1, 2]), "nothing-said");
    desk.refuses(&correct(&[9]), "nothing-said");
    desk.write(minutes(0), &correct(&[1]));
    assert_eq!(
        desk.log.incident().facts.who.as_deref(),
        Some("Some providers")
    );
}

#[test]
fn a_standing_prompt_is_answered_with_what_it_showed() {
    let mut desk = Desk::new();
    let shown = BTreeMap::from([(Audience::Responders, minutes(47))]);
    desk.log.write(
        minutes(-10),
        Event::Prompted {
            due: at(DUE),
            to: [id("priya-shah")].into(),
            frozen: Frozen {
                revision: 1,
                words: BTreeMap::new(),
                promised: shown.clone(),
            },
            rung: Default::default(),
            round: 0,
        },
    );
    let no_change = Command::NoChange { next_update: None };
    let promised = |offset| {
        let event = desk.ask(minutes(offset), &no_change).unwrap();
        event.promised().cloned().unwrap()
    };
    assert_eq!(promised(10), shown);
    assert_ne!(promised(11), shown);
}

//! What is allowed, what is refused, and with which fix.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::{
    ChannelName,
    event::{AffectedAnswer, Frozen, StepState},
    facts::Facts,
    fixture::{Log, actor, at, id},
    incident::{Kind, LeadRole, Stage},
    situation::{RecipientId, Relation},
};

use super::desk::{DUE, Desk, minutes};

fn update(text: &str) -> Command {
    Command::Update {
        text: text.to_owned(),
        facts: Facts::default(),
        stage: None,
        next_update: None,
    }
}

fn resolve() -> Command {
    Command::Resolve {
        text: "It works.".to_owned(),
        at: None,
        lost: None,
        still_stuck: None,
    }
}

fn close(duplicate_of: Option<&str>) -> Command {
    Command::Close {
        duplicate_of: duplicate_of.map(id),
        text: None,
        report: None,
        review_at: None,
        actions: Vec::new(),
    }
}

fn priority(to: Option<&str>) -> Command {
    Command::Priority {
        to: to.map(id),
        factors: BTreeSet::new(),
        why: "Fewer people are affected.".to_owned(),
        override_ceiling: None,
        next_update: None,
    }
}

fn services(add: &[&str], remove: &[&str]) -> Command {
    Command::Services {
        add: add
            .iter()
            .map(|service| (id(service), Relation::Affected))
            .collect(),
        remove: remove.iter().map(|service| id(service)).collect(),
        text: None,
    }
}

fn titled(title: &str) -> Declare {
    Declare {
        title: title.to_owned(),
        ..Declare::default()
    }
}

#[test]
fn a_title_is_enough_to_declare() {
    let event = Desk::new()
        .declare(&titled("Providers cannot sign in"))
        .unwrap();
    let Event::Declared {
        priority,
        promised,
        restricted,
        ..
    } = event
    else {
        panic!("{event:?}");
    };
    assert_eq!(priority, id("P3"), "the lowest, as nothing was ticked");
    assert!(!restricted);
    let audiences: Vec<Audience> = promised.keys().copied().collect();
    assert_eq!(
        audiences,
        [Audience::Responders, Audience::Owners, Audience::External]
    );
}

#[test]
fn factors_make_the_priority_and_a_ceiling_keeps_it_down() {
    let desk = Desk::new();
    let ticked = Declare {
        factors: [id("most-users")].into(),
        ..titled("x")
    };
    let Event::Declared {
        priority, triage, ..
    } = desk.declare(&ticked).unwrap()
    else {
        panic!("not declared");
    };
    assert_eq!(priority, id("P1"));
    assert!(!triage.is_empty());
    let above = Declare {
        priority: Some(id("P1")),
        services: [(id("sign-in"), Relation::Affected)].into(),
        ..titled("x")
    };
    assert_eq!(desk.declare(&above).unwrap_err().code, "above-ceiling");
    let overridden = Declare {
        override_ceiling: Some("Everything depends on it".to_owned()),
        ..above
    };
    let Event::Declared { triage, .. } = desk.declare(&overridden).unwrap() else {
        panic!("not declared");
    };
    assert!(
        triage
            .iter()
            .any(|sentence| sentence.contains("Everything depends on it"))
    );
}

#[test]
fn names_that_do_not_exist_come_back_with_the_nearest() {
    let desk = Desk::new();
    let refusal = desk.refuses(&services(&["regster-trainees"], &[]), "unknown-service");
    assert_eq!(refusal.fix, "Did you mean register-trainees?");
    let lead = Command::Leads {
        appoint: [(LeadRole::Comms, id("priya-sha"))].into(),
        note: None,
    };
    assert!(
        desk.refuses(&lead, "unknown-person")
            .fix
            .contains("priya-shah")
    );
    desk.refuses(&priority(Some("P9")), "unknown-priority");
    let factors = Declare {
        factors: [id("most-user")].into(),
        ..titled("x")
    };
    assert_eq!(desk.declare(&factors).unwrap_err().code, "unknown-factor");
    let step = Command::Step {
        step: id("start-reprt"),
        state: StepState::Done,
        note: None,
    };
    assert!(
        desk.refuses(&step, "unknown-step")
            .fix
            .contains("start-report")
    );
    desk.refuses(&add("dana-whitlok", Audience::Owners), "unknown-person");
    desk.refuses(&close(Some("INC-0099")), "unknown-incident");
    desk.refuses(&close(Some("INC-0042")), "unknown-incident");
}

#[test]
fn incidents_of_a_restricted_kind_are_restricted_unless_somebody_says_why_not() {
    let desk = Desk::new();
    let security = Declare {
        kind: Kind::Security,
        ..titled("x")
    };
    let Event::Declared {
        restricted: true,
        promised,
        ..
    } = desk.declare(&security).unwrap()
    else {
        panic!("not restricted");
    };
    assert!(promised.keys().all(|audience| !audience.is_outside()));
    let open = Declare {
        unrestricted_because: Some("It is public already".to_owned()),
        ..security
    };
    let Event::Declared {
        restricted: false,
        unrestricted_because: Some(_),
        ..
    } = desk.declare(&open).unwrap()
    else {
        panic!("restricted");
    };
    let both = Declare {
        restricted: true,
        ..open
    };
    assert_eq!(desk.declare(&both).unwrap_err().code, "contradiction");
}

#[test]
fn a_time_that_was_chosen_lies_in_the_future_and_is_held_as_it_is_printed() {
    let desk = Desk::new();
    for (chosen, held) in [
        ("2026-11-23T17:03:21Z", "2026-11-23T17:03:00Z"),
        ("2026-11-24T00:00:00Z", "2026-11-23T23:59:00Z"),
        ("2026-11-23T14:40:30Z", "2026-11-23T14:41:00Z"),
    ] {
        let chosen = Some(at(chosen));
        let next = desk.ask(
            minutes(0),
            &Command::NoChange {
                next_update: chosen,
            },
        );
        let promised = next.unwrap().promised().unwrap().clone();
        assert!(promised.values().all(|due| *due == at(held)), "{held}");
        let declared = desk.declare(&Declare {
            next_update: chosen,
            ..titled("x")
        });
        let promised = declared.unwrap().promised().unwrap().clone();
        assert!(promised.values().all(|due| *due == at(held)), "{held}");
    }
    let at = |next_update| Command::NoChange { next_update };
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
fn a_fix_in_the_minute_in_which_it_began_is_taken() {
    let mut desk = Desk::new();
    let started = minutes(-60) + chrono::Duration::seconds(50);
    let declared = desk.declare(&Declare {
        started_at: Some(started),
        ..titled("x")
    });
    desk.log = Log::default();
    desk.log.write(minutes(-59), declared.unwrap());
    let resolve = |at| Command::Resolve {
        text: "x".to_owned(),
        at: Some(at),
        lost: None,
        still_stuck: None,
    };
    let Event::Resolved { at, .. } = desk.ask(minutes(0), &resolve(minutes(-60))).unwrap() else {
        panic!("not resolved");
    };
    assert_eq!(at, started);
    desk.refuses(&resolve(minutes(-61)), "bad-time");
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
        title: None,
        holding_line: None,
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

fn add(person: &str, audience: Audience) -> Command {
    add_on(person, audience, Vec::new())
}

fn add_on(person: &str, audience: Audience, channels: Vec<ChannelName>) -> Command {
    Command::Add {
        who: RecipientId::Person(id(person)),
        audience,
        channels,
        note: "Asked to be told".to_owned(),
    }
}

#[test]
fn nobody_is_added_as_a_reader_that_they_may_not_be() {
    let mut desk = Desk::new();
    desk.refuses(&add("amara-nwosu", Audience::Owners), "not-for-outsiders");
    desk.refuses(&add("amara-nwosu", Audience::Users), "no-users-decision");
    let on_fax = add_on("dana-whitlock", Audience::Owners, vec![id("fax")]);
    assert!(desk.refuses(&on_fax, "no-address").fix.contains("email"));
    let dana = add("dana-whitlock", Audience::Owners);
    desk.write(minutes(0), &dana);
    desk.refuses(&dana, "no-change");
    let added = &desk.log.incident().added;
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].by, actor("priya-shah").name, "whoever asked");
}

#[test]
fn newcomers_are_promised_what_the_others_were() {
    let mut desk = Desk::new();
    let decide = Command::Decide {
        contact_users: true,
        reason: "It will take long.".to_owned(),
    };
    desk.write(minutes(-30), &decide);
    assert_eq!(desk.log.incident().promises[&Audience::Users].due, at(DUE));
    desk.refuses(&decide, "no-change");
    let revision = desk.log.incident().revision;
    assert_eq!(revision, 1, "a decision leaves the revision");
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

#[test]
fn stopping_messages_gives_back_the_promise_of_those_who_heard_nothing() {
    let mut desk = Desk::new();
    desk.write(minutes(-30), &update("Some can sign in."));
    desk.refuses(&Command::CancelSending { event: None }, "nothing-waiting");
    desk.sending.insert(
        2,
        Sending {
            waiting: 3,
            told: [Audience::Owners].into(),
            ..Sending::default()
        },
    );
    let stop = Command::CancelSending { event: None };
    let Event::SendingCancelled {
        event: 2,
        stopped: 3,
        restored,
    } = desk.ask(minutes(-29), &stop).unwrap()
    else {
        panic!("not stopped");
    };
    assert_eq!(
        restored,
        BTreeMap::from([
            (Audience::Responders, Some(at(DUE))),
            (Audience::External, Some(at(DUE))),
        ])
    );
    desk.write(minutes(-29), &stop);
    assert_eq!(desk.log.incident().next_due(), Some(at(DUE)));
    // Of the declaration nothing comes before, yet the team is still owed its own reminder.
    let mut desk = Desk::new();
    desk.sending.insert(
        1,
        Sending {
            waiting: 1,
            ..Sending::default()
        },
    );
    desk.write(minutes(-59), &stop);
    let left: Vec<Audience> = desk.log.incident().promises.keys().copied().collect();
    assert_eq!(left, [Audience::Responders]);
}

#[test]
fn the_small_records_are_checked_as_well() {
    let mut desk = Desk::new();
    let mute = |until| Command::Mute {
        person: id("mei-lin"),
        until,
        note: None,
    };
    desk.refuses(&mute(minutes(0)), "bad-time");
    let seconds = chrono::Duration::seconds(51);
    desk.write(minutes(0), &mute(minutes(60) + seconds));
    assert_eq!(desk.log.incident().muted[&id("mei-lin")], minutes(60));
    let not_needed = Command::Step {
        step: id("start-report"),
        state: StepState::NotNeeded,
        note: None,
    };
    desk.refuses(&not_needed, "empty");
    let priya = Command::Leads {
        appoint: [(LeadRole::Comms, id("priya-shah"))].into(),
        note: None,
    };
    desk.refuses(&priya, "no-change");
    let affected = Command::Affected {
        service: id("sign-in"),
        answer: AffectedAnswer::No,
    };
    desk.write(minutes(0), &affected);
    assert_eq!(desk.log.incident().affected_answers.len(), 1);
    let report = Command::Close {
        duplicate_of: Some(id("INC-0007")),
        text: None,
        report: Some("javascript:alert(1)".to_owned()),
        review_at: None,
        actions: Vec::new(),
    };
    desk.refuses(&report, "bad-link");
}

#[test]
fn who_acts_on_an_old_picture_reads_what_has_changed() {
    let mut desk = Desk::new();
    desk.write(minutes(-20), &update("Some can sign in. Others cannot."))
        .write(
            minutes(-15),
            &Command::Note {
                text: "Quiet".to_owned(),
            },
        )
        .write(minutes(-10), &priority(Some("P2")));
    let incident = desk.log.incident();
    assert_eq!(incident.revision, 3);
    assert_eq!(revision_conflict(&incident, &desk.log.0, None), None);
    assert_eq!(revision_conflict(&incident, &desk.log.0, Some(3)), None);
    let refusal = revision_conflict(&incident, &desk.log.0, Some(1)).unwrap();
    assert_eq!(refusal.code, "revision-conflict");
    assert_eq!(
        refusal.sentence,
        "INC-0042 has changed, so nothing was done. \
         priya shah posted an update: Some can sign in. \
         priya shah changed the priority from P1 to P2."
    );
}

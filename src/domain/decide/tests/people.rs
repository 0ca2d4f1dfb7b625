//! People, steps, stopping messages, and acting on an old picture.

use super::*;

#[test]
fn nobody_is_added_as_a_reader_that_they_may_not_be() {
    let mut desk = Desk::new();
    let add = |by_hand| Command::Add { by_hand };
    desk.refuses(
        &add(by_hand("amara-nwosu", Audience::Owners)),
        "not-for-outsiders",
    );
    desk.refuses(
        &add(by_hand("amara-nwosu", Audience::Users)),
        "no-users-decision",
    );
    let on_fax = ByHand {
        channels: vec![id("fax")],
        ..by_hand("dana-whitlock", Audience::Owners)
    };
    assert!(
        desk.refuses(&add(on_fax), "no-address")
            .fix
            .contains("email")
    );
    let dana = add(by_hand("dana-whitlock", Audience::Owners));
    desk.write(minutes(0), &dana);
    desk.refuses(&dana, "no-change");
    assert_eq!(desk.log.incident().added.len(), 1);
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
fn stopping_messages_gives_back_the_promise_of_those_who_heard_nothing() {
    let mut desk = Desk::new();
    desk.write(minutes(-30), &update("Some can sign in."));
    desk.refuses(&Command::CancelSending { event: None }, "nothing-waiting");
    desk.sending.insert(
        2,
        Sending {
            waiting: 3,
            told: [Audience::Owners].into(),
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
            told: BTreeSet::new(),
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
    desk.write(minutes(0), &mute(minutes(60)));
    assert_eq!(desk.log.incident().muted[&id("mei-lin")], minutes(60));
    let not_needed = Command::Step {
        step: id("start-report"),
        state: StepState::NotNeeded,
        note: None,
    };
    desk.refuses(&not_needed, "empty");
    let priya = Command::Lead {
        role: LeadRole::Comms,
        person: id("priya-shah"),
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

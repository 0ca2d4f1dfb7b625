//! What holds whatever people do: the fold never fails, the time printed is the time the timers
//! stand for, and no promise moves later unless an event says so.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use proptest::{prelude::*, sample::select};

use super::{Incident, Kind, LeadRole, Stage};
use crate::domain::{
    Audience, Time,
    clock::ladder,
    command::{Command, Declare},
    decide::{Context, Sending, decide, declare},
    event::{AffectedAnswer, Event, Record, RungKind, Said, StepState},
    fixture::{Log, actor, at, directory, id, policy},
    situation::{RecipientId, Relation},
};

fn times() -> impl Strategy<Value = Option<Time>> {
    let from = at("2026-10-24T00:00:00Z");
    proptest::option::weighted(
        0.2,
        (0i64..5000).prop_map(move |m| from + Duration::minutes(m)),
    )
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just("It is so.".to_owned()), 1 => Just(String::new()), 1 => any::<String>()]
}

fn people() -> impl Strategy<Value = &'static str> {
    select(vec![
        "priya-shah",
        "tom-okafor",
        "amara-nwosu",
        "nobody-known",
    ])
}

fn services() -> impl Strategy<Value = &'static str> {
    select(vec!["register-trainees", "sign-in", "not-there"])
}

fn commands() -> impl Strategy<Value = Command> {
    let said = prop_oneof![
        4 => (words(), times(), proptest::option::of(select(Stage::ALL.to_vec()))).prop_map(
            |(text, next_update, stage)| Command::Update {
                text,
                facts: Default::default(),
                stage,
                next_update,
            }
        ),
        4 => times().prop_map(|next_update| Command::NoChange { next_update }),
        2 => (select(vec!["P1", "P2", "P3", "P9"]), words(), times()).prop_map(
            |(to, why, next_update)| Command::Priority {
                to: Some(id(to)),
                factors: BTreeSet::new(),
                why,
                override_ceiling: None,
                next_update,
            }
        ),
        2 => (services(), any::<bool>()).prop_map(|(service, add)| Command::Services {
            add: if add { [(id(service), Relation::Affected)].into() } else { BTreeMap::new() },
            remove: if add { BTreeSet::new() } else { [id(service)].into() },
            text: None,
        }),
        1 => (0u32..8, words()).prop_map(|(seq, text)| Command::Correct {
            events: [seq].into(),
            wrong: text.clone(),
            right: text,
            facts: Default::default(),
            title: None,
            holding_line: None,
        }),
        1 => (words(), times()).prop_map(|(text, at)| Command::Resolve {
            text,
            at,
            lost: None,
            still_stuck: None,
        }),
        1 => (any::<bool>(), words()).prop_map(|(duplicate, text)| Command::Close {
            duplicate_of: duplicate.then(|| id("INC-0007")),
            text: Some(text),
            report: None,
            review_at: None,
            actions: Vec::new(),
        }),
        2 => (words(), times())
            .prop_map(|(why, next_update)| Command::Reopen { why, next_update }),
        1 => words().prop_map(|why| Command::Cancel { why }),
    ];
    let quiet = prop_oneof![
        words().prop_map(|text| Command::Note { text }),
        (people(), select(LeadRole::ALL.to_vec()), words()).prop_map(|(person, role, note)| {
            Command::Leads {
                appoint: [(role, id(person))].into(),
                note: Some(note),
            }
        }),
        select(Stage::ALL.to_vec()).prop_map(|to| Command::Stage { to }),
        (people(), select(Audience::ALL.to_vec()), words()).prop_map(|(person, audience, note)| {
            Command::Add {
                who: RecipientId::Person(id(person)),
                audience,
                channels: Vec::new(),
                note,
            }
        }),
        (people(), times()).prop_map(|(person, until)| Command::Mute {
            person: id(person),
            until: until.unwrap_or_else(|| at("2030-01-01T00:00:00Z")),
            note: None,
        }),
        (any::<bool>(), words()).prop_map(|(contact_users, reason)| Command::Decide {
            contact_users,
            reason,
        }),
        words().prop_map(|note| Command::Step {
            step: id("start-report"),
            state: StepState::NotNeeded,
            note: Some(note),
        }),
        Just(Command::Snooze),
        proptest::option::of(0u32..8).prop_map(|event| Command::CancelSending { event }),
        services().prop_map(|service| Command::Affected {
            service: id(service),
            answer: AffectedAnswer::Yes,
        }),
        people().prop_map(|person| Command::Seen {
            person: Some(id(person)),
        }),
    ];
    prop_oneof![3 => said, 2 => quiet]
}

/// A command, minutes since the one before, the audiences that listen, and whether timers run.
type Act = (Command, i64, u8, bool);

fn acts() -> impl Strategy<Value = Vec<Act>> {
    proptest::collection::vec((commands(), 0i64..200, 0u8..16, any::<bool>()), 1..25)
}

fn listeners(bits: u8) -> BTreeSet<Audience> {
    Audience::ALL
        .into_iter()
        .enumerate()
        .filter(|(position, _)| bits & (1 << position) != 0)
        .map(|(_, audience)| audience)
        .collect()
}

fn first(now: Time, kind: Kind) -> Event {
    let (policy, directory, actor) = (policy(), directory(), actor("priya-shah"));
    let command = Declare {
        title: "Providers cannot sign in".to_owned(),
        priority: Some(id("P1")),
        kind,
        services: [(id("register-trainees"), Relation::Affected)].into(),
        ..Declare::default()
    };
    let context = Context {
        policy: &policy,
        directory: &directory,
        now,
        actor: &actor,
        log: &[],
        incidents: &BTreeSet::new(),
        sending: &BTreeMap::new(),
    };
    declare(&command, &context).unwrap()
}

/// Writes the event as the program does: promises only to those who listen, and none to those of
/// whom nobody is left.
fn write(log: &mut Log, now: Time, mut event: Event, listening: &BTreeSet<Audience>) {
    event.promise_only(listening);
    let says_something = event.says_something();
    log.write(now, event);
    if says_something && let Some(last) = log.0.last_mut() {
        let released = Audience::ALL
            .into_iter()
            .filter(|audience| *audience != Audience::Responders && !listening.contains(audience));
        last.said = Some(Said {
            words: String::new(),
            audience: String::new(),
            released: released.collect(),
            asked: BTreeSet::new(),
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn promises_are_the_clock_whatever_people_do(
        acts in acts(),
        kind in select(Kind::ALL.to_vec()),
    ) {
        let (policy, directory, actor) = (policy(), directory(), actor("priya-shah"));
        let mut now = at("2026-10-24T12:00:00Z");
        let mut log = Log::default();
        log.write(now, first(now, kind));
        let mut step_by_step = log.incident();
        for (command, minutes, bits, timers_run) in acts {
            now += Duration::minutes(minutes);
            let before = log.incident();
            let listening = listeners(bits);
            let sending = log.0.iter().map(|record| {
                (record.seq, Sending { waiting: 1, told: listening.clone(), awaits_word: BTreeMap::new() })
            });
            let context = Context {
                policy: &policy,
                directory: &directory,
                now,
                actor: &actor,
                log: &log.0.clone(),
                incidents: &[id("INC-0007")].into(),
                sending: &sending.collect(),
            };
            for event in decide(&before, &command, &context).unwrap_or_default() {
                write(&mut log, now, event, &listening);
            }
            if timers_run {
                let due = ladder(&log.incident(), &policy, &directory, now);
                for rung in due.iter().filter(|rung| rung.at <= now) {
                    let fire =
                        crate::domain::clock::fire(rung, &log.incident(), &policy, &directory, now);
                    if let Some(fire) = fire {
                        write(&mut log, now, fire.event, &listening);
                    }
                }
            }
            for record in &log.0[before.seq as usize..] {
                let was = step_by_step.clone();
                step_by_step.apply(record);
                check_record(&was, &step_by_step, record, now)?;
            }
            let incident = log.incident();
            prop_assert_eq!(&incident, &step_by_step);
            check_clock(&incident, now)?;
        }
    }

    /// The log is the truth: whatever is in it, in whatever order, it folds.
    #[test]
    fn no_log_is_unreadable(
        acts in acts(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let (policy, directory, actor) = (policy(), directory(), actor("priya-shah"));
        let now = at("2026-10-24T12:00:00Z");
        let mut log = Log::default();
        log.write(now, first(now, Kind::Technical));
        for (command, minutes, _, _) in acts {
            let now = now + Duration::minutes(minutes);
            let context = Context {
                policy: &policy,
                directory: &directory,
                now,
                actor: &actor,
                log: &log.0.clone(),
                incidents: &BTreeSet::new(),
                sending: &BTreeMap::new(),
            };
            for event in decide(&log.incident(), &command, &context).unwrap_or_default() {
                log.write(now, event);
            }
        }
        let shuffled: Vec<Record> =
            order.iter().map(|index| index.get(&log.0).clone()).collect();
        let folded = Incident::from_log(id("INC-0042"), &shuffled);
        let begins = matches!(shuffled.first().map(|r| &r.event), Some(Event::Declared { .. }));
        prop_assert_eq!(folded.is_some(), begins);
        if let Some(incident) = folded {
            ladder(&incident, &policy, &directory, now);
            crate::domain::playbook::playbook(&incident, &directory, &policy);
            crate::domain::clock::promise_record(&shuffled);
            crate::domain::decide::what_changed_since(&shuffled, 0);
        }
    }
}

fn check_record(
    was: &Incident,
    is: &Incident,
    record: &Record,
    now: Time,
) -> Result<(), TestCaseError> {
    let text = serde_json::to_string(record).unwrap();
    prop_assert_eq!(&serde_json::from_str::<Record>(&text).unwrap(), record);
    prop_assert!(is.revision == was.revision + u32::from(record.event.raises_revision()));
    for (audience, promise) in &is.promises {
        let before = was.promises.get(audience).map(|promise| promise.due);
        if before != Some(promise.due) {
            let said = record
                .event
                .promised()
                .and_then(|promised| promised.get(audience));
            let restored = match &record.event {
                Event::SendingCancelled { restored, .. } => {
                    restored.get(audience).copied().flatten()
                }
                _ => None,
            };
            prop_assert!(
                said.copied().or(restored) == Some(promise.due),
                "{audience} moved from {before:?} to {} by {:?}",
                promise.due,
                record.event
            );
            // A cancelled message gives back the promise before it, and a newcomer shares the
            // promise of the others, which may be overdue; nobody else is promised the past.
            let shares = matches!(
                record.event,
                Event::PersonAdded { .. } | Event::UsersContactDecided { .. }
            );
            prop_assert!(restored.is_some() || shares || promise.due > now);
        }
    }
    Ok(())
}

/// Law 4: the earliest time that was printed is the one the timers stand for.
fn check_clock(incident: &Incident, now: Time) -> Result<(), TestCaseError> {
    let rungs = ladder(incident, &policy(), &directory(), now);
    let printed = incident.promises.values().map(|promise| promise.due).min();
    if incident.stage.is_open() {
        prop_assert!(
            printed.is_some(),
            "an open incident owes its team an update"
        );
        prop_assert!(rungs.iter().all(|rung| Some(rung.due) == printed));
        let has_fired = |kind| {
            incident
                .climbed
                .iter()
                .any(|(due, climbed, _)| Some(*due) == printed && *climbed == kind)
        };
        prop_assert!(!rungs.is_empty() || has_fired(RungKind::Escalate));
    } else {
        prop_assert_eq!(printed, None);
        prop_assert!(rungs.iter().all(|rung| rung.kind == RungKind::Reminder));
    }
    if incident.restricted {
        prop_assert!(
            incident
                .promises
                .keys()
                .all(|audience| !audience.is_outside())
        );
    }
    Ok(())
}

//! A week of an incident in milliseconds: timers as they would lie in a database, a clock that the
//! test holds in its hand, restarts, and a machine that sleeps.

use std::collections::BTreeSet;

use chrono::{Duration, Timelike};

use super::{fire, ladder, next_due, promise_record};
use crate::domain::{
    Audience, Time, chain,
    command::{Command, Refusal},
    decide::{Context, decide},
    directory::Directory,
    event::{Event, Record, RungKind},
    fixture::{Log, actor, at, declared, directory, id, policy},
    incident::{Incident, Stage},
    policy::Policy,
};

/// A log and the keys of the timers that went off: all that survives a restart.
struct Desk {
    log: Log,
    gone_off: BTreeSet<String>,
    policy: Policy,
    directory: Directory,
}

impl Desk {
    fn open(now: &str, policy: Policy) -> Self {
        let mut log = Log::default();
        let now = at(now);
        let due = next_due(&policy, &id("P1"), Stage::Investigating, now, now).unwrap();
        log.write(now, declared(due));
        Self {
            log,
            gone_off: BTreeSet::new(),
            policy,
            directory: directory(),
        }
    }

    /// What a restarted process knows: nothing but the log.
    fn incident(&self) -> Incident {
        self.log.incident()
    }

    /// Writes the log out and reads it back, as a restart does.
    fn restart(&mut self) {
        let read: Vec<Record> = self
            .log
            .0
            .iter()
            .map(|record| chain::stored_text(record).unwrap())
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect();
        assert_eq!(read, self.log.0);
        self.log.0 = read;
    }

    /// Lets the timers up to `until` go off, each at its time or at `from` if that is later.
    /// Answers them with the minutes at which they did, relative to their promise.
    fn run(&mut self, from: Time, until: Time) -> Vec<(RungKind, i64)> {
        let mut seen = Vec::new();
        let mut now = from;
        loop {
            let incident = self.incident();
            let next = ladder(&incident, &self.policy, &self.directory, now)
                .into_iter()
                .find(|rung| rung.at <= until && !self.gone_off.contains(&rung.key()));
            let Some(rung) = next else {
                return seen;
            };
            now = now.max(rung.at);
            assert!(self.gone_off.insert(rung.key()));
            seen.push((rung.kind, (now - rung.due).num_minutes()));
            if let Some(fire) = fire(&rung, &incident, &self.policy, &self.directory, now) {
                self.log.write(now, fire.event);
            }
        }
    }

    fn say(&mut self, now: Time, command: &Command) -> Result<(), Refusal> {
        let actor = actor("priya-shah");
        let context = Context {
            policy: &self.policy,
            directory: &self.directory,
            now,
            actor: &actor,
            log: &self.log.0,
            incidents: &BTreeSet::new(),
            sending: &Default::default(),
        };
        for event in decide(&self.incident(), command, &context)? {
            self.log.write(now, event);
        }
        Ok(())
    }

    fn due(&self) -> Time {
        self.incident().next_promise().unwrap().0
    }
}

const NO_CHANGE: Command = Command::NoChange { next_update: None };

/// Answers every promise of a week five minutes early; answers the promises and the prompts.
fn a_week(start: &str, policy: Policy) -> (Desk, Vec<Time>) {
    let mut desk = Desk::open(start, policy);
    let end = at(start) + Duration::days(7);
    let mut now = at(start);
    let mut promises = Vec::new();
    while desk.due() < end {
        let due = desk.due();
        promises.push(due);
        let answered = due - Duration::minutes(4);
        let gone_off = desk.run(now, answered);
        assert_eq!(
            gone_off,
            [(RungKind::PromptLead, -10), (RungKind::PromptOthers, -5)],
            "{due}"
        );
        desk.say(answered, &NO_CHANGE).unwrap();
        now = answered;
    }
    desk.restart();
    assert!(
        promise_record(&desk.log.0)
            .iter()
            .all(|kept| kept.minutes_late == 0)
    );
    (desk, promises)
}

#[test]
fn a_week_with_the_autumn_change_keeps_every_hour() {
    let (_, promises) = a_week("2026-10-23T09:03:00Z", policy());
    // Midnight is said a minute earlier and shifts the rhythm by five minutes, never an hour.
    for pair in promises.windows(2) {
        let gap = pair[1] - pair[0];
        assert!(
            gap > Duration::minutes(50) && gap <= Duration::hours(1),
            "{pair:?}"
        );
    }
    assert!(promises.len() >= 168, "{}", promises.len());
    let on_the_wall: Vec<String> = promises
        .iter()
        .map(|due| due.with_timezone(&chrono_tz::Europe::London))
        .filter(|local| local.date_naive() == "2026-10-25".parse().unwrap() && local.hour() == 1)
        .map(|local| local.format("%Z").to_string())
        .collect();
    assert_eq!(
        on_the_wall,
        ["BST", "GMT"],
        "the hour that comes twice is told twice"
    );
}

#[test]
fn a_week_with_the_spring_change_keeps_every_hour() {
    let (_, promises) = a_week("2026-03-27T09:03:00Z", policy());
    let hours: Vec<u32> = promises
        .iter()
        .map(|due| due.with_timezone(&chrono_tz::Europe::London))
        .filter(|local| local.date_naive() == "2026-03-29".parse().unwrap() && local.hour() < 4)
        .map(|local| local.hour())
        .collect();
    assert_eq!(
        hours,
        [0, 2, 3],
        "the hour that is left out is told as the next"
    );
}

#[test]
fn a_promise_that_nobody_answers_is_climbed_once_and_stays_open() {
    let mut desk = Desk::open("2026-11-23T13:40:00Z", policy());
    let due = desk.due();
    let week = due + Duration::days(7);
    assert_eq!(
        desk.run(at("2026-11-23T13:40:00Z"), week),
        [
            (RungKind::PromptLead, -10),
            (RungKind::PromptOthers, -5),
            (RungKind::Overdue, 0),
            (RungKind::Escalate, 10),
        ]
    );
    assert_eq!(desk.run(week, week + Duration::days(1)), []);
    desk.say(week, &NO_CHANGE).unwrap();
    let late: BTreeSet<u32> = promise_record(&desk.log.0)
        .iter()
        .map(|kept| kept.minutes_late)
        .collect();
    assert_eq!(late, BTreeSet::from([7 * 24 * 60]));
    assert!(desk.due() > week);
}

#[test]
fn a_machine_that_slept_tells_once_how_late_it_is() {
    for (asleep, expected) in [
        (
            -7,
            vec![(RungKind::PromptLead, -7), (RungKind::PromptOthers, -5)],
        ),
        (-2, vec![(RungKind::PromptOthers, -2)]),
        (3, vec![(RungKind::Overdue, 3)]),
        (180, vec![(RungKind::Escalate, 180)]),
    ] {
        let mut desk = Desk::open("2026-11-23T13:40:00Z", policy());
        let woken = desk.due() + Duration::minutes(asleep);
        let mut gone_off = desk.run(woken, woken);
        if asleep == -7 {
            gone_off.extend(desk.run(woken, woken + Duration::minutes(2)));
        }
        assert_eq!(gone_off, expected, "woken {asleep} minutes after");
        desk.restart();
        assert_eq!(desk.run(woken, woken), [], "a second look finds nothing");
        if asleep > 0 {
            let Some(Event::Overdue { minutes_late, .. }) =
                desk.log.0.last().map(|record| record.event.clone())
            else {
                panic!("nobody was told");
            };
            assert_eq!(i64::from(minutes_late), asleep);
        }
    }
}

#[test]
fn snoozing_twice_is_all_and_the_others_hear_of_it_at_the_same_time() {
    let mut desk = Desk::open("2026-11-23T13:40:00Z", policy());
    let due = desk.due();
    let minute = |offset| due + Duration::minutes(offset);
    assert_eq!(
        desk.say(minute(-11), &Command::Snooze).unwrap_err().code,
        "nothing-to-snooze"
    );
    desk.run(minute(-30), minute(-9));
    desk.say(minute(-9), &Command::Snooze).unwrap();
    assert_eq!(
        desk.run(minute(-9), minute(7)),
        [(RungKind::Overdue, 0), (RungKind::PromptLead, 6)]
    );
    desk.say(minute(7), &Command::Snooze).unwrap();
    assert_eq!(
        desk.run(minute(7), minute(30)),
        [
            (RungKind::Escalate, 10),
            (RungKind::PromptLead, 22),
            (RungKind::PromptOthers, 27)
        ]
    );
    assert_eq!(desk.due(), due);
    assert_eq!(
        desk.say(minute(30), &Command::Snooze).unwrap_err().code,
        "snooze-limit"
    );
    // An answer renews the right to snooze the next promise.
    desk.say(minute(31), &NO_CHANGE).unwrap();
    let next = desk.due();
    desk.say(next - Duration::minutes(5), &Command::Snooze)
        .unwrap();
}

#[test]
fn a_holding_line_keeps_an_incident_that_nobody_answers_in_its_rhythm() {
    let mut rules = policy();
    rules.ladder.holding_line_after = Some(Duration::minutes(15));
    let mut desk = Desk::open("2026-11-23T13:40:00Z", rules);
    if let Event::Declared { holding_line, .. } = &mut desk.log.0[0].event {
        *holding_line = Some("We are still working on it.".to_owned());
    }
    let start = desk.due();
    let gone_off = desk.run(at("2026-11-23T13:40:00Z"), start + Duration::hours(12));
    let lines = gone_off
        .iter()
        .filter(|(kind, _)| *kind == RungKind::HoldingLine);
    assert!(lines.clone().all(|(_, minutes)| *minutes == 15));
    assert_eq!(lines.count(), 10);
    let record = promise_record(&desk.log.0);
    assert!(record.iter().all(|kept| kept.minutes_late == 15));
    assert!(
        record
            .iter()
            .any(|kept| kept.audience == Audience::External)
    );
}

#[test]
fn nothing_is_owed_after_the_fix_and_all_again_after_it_was_none() {
    let mut desk = Desk::open("2026-11-23T13:40:00Z", policy());
    let now = at("2026-11-23T14:00:00Z");
    let resolve = Command::Resolve {
        text: "The certificate was renewed.".to_owned(),
        at: None,
        lost: None,
        still_stuck: None,
    };
    desk.say(now, &resolve).unwrap();
    assert_eq!(desk.incident().next_promise(), None);
    let reminded = desk.run(now, now + Duration::days(2));
    assert_eq!(reminded, [(RungKind::Reminder, 0), (RungKind::Reminder, 0)]);
    let later = now + Duration::days(2);
    let reopen = Command::Reopen {
        why: "It is back.".to_owned(),
        next_update: Some(later + Duration::minutes(37)),
    };
    desk.say(later, &reopen).unwrap();
    assert_eq!(
        desk.due(),
        later + Duration::minutes(37),
        "a chosen time is kept exactly"
    );
}

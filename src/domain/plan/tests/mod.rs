//! Who gets which message, and that the last word reaches everyone.

mod deliveries;
mod ends;
mod laws;
mod moments;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use super::*;
use crate::domain::{
    Time,
    directory::BadAddress,
    fixture::{self, Log, at, declared, id},
    incident::LeadRole,
    resolution::{Choice, Reason, Recipient, Standing, Withheld, WithheldBecause},
};

const DUE: &str = "2026-11-23T14:40:00Z";

fn now() -> Time {
    at(DUE) - Duration::minutes(30)
}

fn who(name: &str) -> RecipientId {
    RecipientId::Person(id(name))
}

fn recipient(name: &str, audience: Audience) -> Recipient {
    Recipient {
        who: who(name),
        name: name.into(),
        audience,
        choices: vec![Choice {
            channel: id("email"),
            address: Address::new(&format!("{name}@northshire.example")),
            fallbacks: vec![(id("teams"), Address::new(name))],
        }],
        reasons: vec![Reason {
            standing: Standing::Affected,
            rule: Some(id("a-rule")),
            service: None,
            text: "the service owner of Register trainees".into(),
            says: "".into(),
        }],
    }
}

fn resolution(people: &[(&str, Audience)]) -> Resolution {
    Resolution {
        recipients: people
            .iter()
            .map(|(name, audience)| recipient(name, *audience))
            .collect(),
        withheld: Vec::new(),
    }
}

fn told(name: &str, audience: Audience, moment: Moment, seq: u32) -> Told {
    Told {
        who: who(name),
        name: name.into(),
        audience,
        channel: id("email"),
        address: Address::new(&format!("{name}@northshire.example")),
        moment,
        seq,
        waiting: false,
    }
}

/// Everything around a question, so that a test states only what it is about.
struct Case {
    log: Log,
    event: Event,
    resolution: Resolution,
    unchanged: Option<Resolution>,
    told: Vec<Told>,
    policy: Policy,
    directory: Directory,
    bad: Vec<BadAddress>,
}

impl Case {
    fn new(event: Event, people: &[(&str, Audience)]) -> Self {
        let mut log = Log::default();
        log.write(now() - Duration::minutes(30), declared(at(DUE)));
        Self {
            log,
            event,
            resolution: resolution(people),
            unchanged: None,
            told: Vec::new(),
            policy: fixture::policy(),
            directory: fixture::directory(),
            bad: Vec::new(),
        }
    }

    fn plan(&self) -> Plan {
        let before = self.log.incident();
        let mut log = self.log.clone();
        log.write(now(), self.event.clone());
        let live = BTreeSet::from([id("email"), id("teams")]);
        let chat = BTreeSet::from([id("teams")]);
        plan(&Question {
            event: &self.event,
            before: Some(&before),
            after: &log.incident(),
            resolution: &self.resolution,
            unchanged: self.unchanged.as_ref(),
            told: &self.told,
            policy: &self.policy,
            directory: &self.directory,
            ways: Ways {
                live: &live,
                chat: &chat,
                bad: &self.bad,
            },
            now: now(),
        })
    }

    #[track_caller]
    fn check(&self, expected: &[(&str, Moment)]) {
        assert_eq!(moments(&self.plan()), *expected);
    }
}

/// Each recipient with what they are told, by name.
fn moments(plan: &Plan) -> Vec<(&str, Moment)> {
    let mut all: Vec<(&str, Moment)> = plan
        .deliveries
        .iter()
        .flat_map(|delivery| {
            let recipients = delivery.recipients.iter();
            recipients.map(|person| (person.who.as_str(), delivery.moment))
        })
        .collect();
    all.sort_unstable();
    all
}

fn update() -> Event {
    Event::Updated {
        text: "Some can sign in again.".to_owned(),
        facts: Default::default(),
        stage: None,
        promised: Audience::ALL
            .map(|audience| (audience, at(DUE) + Duration::hours(1)))
            .into(),
    }
}

fn resolved() -> Event {
    Event::Resolved {
        at: now(),
        text: "It works.".to_owned(),
        lost: None,
        still_stuck: None,
    }
}

fn no_change(audiences: &[Audience]) -> Event {
    Event::NothingChanged {
        audiences: audiences.iter().copied().collect(),
        promised: BTreeMap::new(),
        holding_line: false,
    }
}

fn priority_changed() -> Event {
    Event::PriorityChanged {
        from: id("P2"),
        to: id("P1"),
        factors: BTreeSet::new(),
        triage: Vec::new(),
        why: "All providers are affected.".to_owned(),
        promised: BTreeMap::new(),
    }
}

use Audience::{External, Owners, Responders, Users};

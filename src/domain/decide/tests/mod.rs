//! What is allowed, what is refused, and with which fix.

mod declaring;
mod people;
mod saying;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use super::*;
use crate::domain::{
    directory::Directory,
    event::{AffectedAnswer, Frozen, StepState},
    facts::Facts,
    fixture::{self, Log, actor, at, declared, id},
    incident::{Kind, LeadRole, Stage},
    policy::{Ceiling, Cover, Factor},
    situation::{ByHand, RecipientId, Relation},
};

const DUE: &str = "2026-11-23T14:40:00Z";

fn minutes(offset: i64) -> Time {
    at(DUE) + Duration::minutes(offset)
}

struct Desk {
    log: Log,
    policy: Policy,
    directory: Directory,
    sending: BTreeMap<u32, Sending>,
}

impl Desk {
    fn new() -> Self {
        let mut log = Log::default();
        log.write(minutes(-60), declared(at(DUE)));
        let mut policy = fixture::policy();
        policy.factors = vec![Factor {
            id: id("most-users"),
            text: "Most users are affected".to_owned(),
            priority: id("P1"),
        }];
        policy.ceilings = vec![Ceiling {
            covers: Cover {
                services: [id("sign-in")].into(),
                tags: BTreeSet::new(),
            },
            at_most: id("P2"),
            reason: "It is not a public service".to_owned(),
        }];
        Self {
            log,
            policy,
            directory: fixture::directory(),
            sending: BTreeMap::new(),
        }
    }

    fn with<T>(&self, now: Time, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        ask(&Context {
            policy: &self.policy,
            directory: &self.directory,
            now,
            actor: &actor("priya-shah"),
            log: &self.log.0,
            incidents: &[id("INC-0007")].into(),
            sending: &self.sending,
        })
    }

    fn ask(&self, now: Time, command: &Command) -> Result<Event, Refusal> {
        self.with(now, |context| {
            let mut events = decide(&self.log.incident(), command, context)?;
            Ok(events.remove(0))
        })
    }

    fn declare(&self, command: &Declare) -> Result<Event, Refusal> {
        self.with(minutes(0), |context| declare(command, context))
    }

    #[track_caller]
    fn write(&mut self, now: Time, command: &Command) -> &mut Self {
        let event = self.ask(now, command).unwrap();
        self.log.write(now, event);
        self
    }

    #[track_caller]
    fn refuses(&self, command: &Command, code: &str) -> Refusal {
        let refusal = self.ask(minutes(0), command).unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.sentence.ends_with('.'), "{refusal}");
        assert!(refusal.fix.ends_with(['.', '?']), "{refusal}");
        refusal
    }
}

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

fn by_hand(person: &str, audience: Audience) -> ByHand {
    ByHand {
        who: RecipientId::Person(id(person)),
        audience,
        channels: Vec::new(),
        note: "Asked to be told".to_owned(),
        by: "Priya Shah".to_owned(),
    }
}

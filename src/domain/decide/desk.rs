//! An incident with somebody at the keyboard, for the tests of what is allowed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use super::*;
use crate::domain::{
    directory::Directory,
    fixture::{self, Log, actor, at, declared, id},
    policy::{Ceiling, Cover, Factor},
};

pub(super) const DUE: &str = "2026-11-23T14:40:00Z";

pub(super) fn minutes(offset: i64) -> Time {
    at(DUE) + Duration::minutes(offset)
}

/// Somebody at the keyboard, Priya Shah unless a test says otherwise, at the time at which an update
/// is due.
pub(super) struct Desk {
    pub(super) actor: Actor,
    pub(super) log: Log,
    pub(super) policy: Policy,
    pub(super) directory: Directory,
    pub(super) sending: BTreeMap<u32, Sending>,
}

impl Desk {
    pub(super) fn new() -> Self {
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
            actor: actor("priya-shah"),
            log,
            policy,
            directory: fixture::directory(),
            sending: BTreeMap::new(),
        }
    }

    pub(super) fn with<T>(&self, now: Time, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        ask(&Context {
            policy: &self.policy,
            directory: &self.directory,
            now,
            actor: &self.actor,
            log: &self.log.0,
            incidents: &[id("INC-0007")].into(),
            sending: &self.sending,
        })
    }

    pub(super) fn ask(&self, now: Time, command: &Command) -> Result<Event, Refusal> {
        self.with(now, |context| {
            let mut events = decide(&self.log.incident(), command, context)?;
            Ok(events.remove(0))
        })
    }

    pub(super) fn declare(&self, command: &Declare) -> Result<Event, Refusal> {
        self.with(minutes(0), |context| declare(command, context))
    }

    #[track_caller]
    pub(super) fn write(&mut self, now: Time, command: &Command) -> &mut Self {
        let event = self.ask(now, command).unwrap();
        self.log.write(now, event);
        self
    }

    #[track_caller]
    pub(super) fn refuses(&self, command: &Command, code: &str) -> Refusal {
        let refusal = self.ask(minutes(0), command).unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.sentence.ends_with('.'), "{refusal}");
        assert!(refusal.fix.ends_with(['.', '?']), "{refusal}");
        refusal
    }
}

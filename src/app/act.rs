//! What surrounds a change of an incident: the rules, who, under which key, when.

use super::Rulebook;
use crate::domain::{Time, event::Actor};

/// What surrounds a change: the rules, who, under which key, when.
pub(super) struct Act<'a> {
    pub(super) book: &'a Rulebook,
    pub(super) actor: &'a Actor,
    pub(super) request_key: &'a str,
    pub(super) now: Time,
}

impl<'a> Act<'a> {
    pub(super) fn new(
        book: &'a Rulebook,
        actor: &'a Actor,
        request_key: &'a str,
        now: Time,
    ) -> Self {
        Self {
            book,
            actor,
            request_key,
            now,
        }
    }
}

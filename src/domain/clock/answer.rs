//! "Nothing has changed": who is told so, what it promises, and whether a tap still means it.

use std::collections::{BTreeMap, BTreeSet};

use super::due::{ANSWER_WINDOW, base, next_due};
use crate::domain::{Audience, event::Frozen, incident::Incident, policy::Policy, time::Time};

/// What a tap on a prompt's "No change" does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<'a> {
    /// Sends exactly the words that the prompt showed.
    Frozen(&'a Frozen),
    /// Sends nothing: too late, or something happened since. A fresh prompt replaces the card.
    Stale,
}

/// What a tap means that was made on a prompt of this revision.
pub fn answer(incident: &Incident, seen_revision: u32, now: Time) -> Answer<'_> {
    match standing_prompt(incident, now) {
        Some(frozen) if frozen.revision == seen_revision => Answer::Frozen(frozen),
        _ => Answer::Stale,
    }
}

/// The words of the latest prompt while they may still be sent as they are: nothing has happened
/// since, and the promised time is not ten minutes past.
pub(crate) fn standing_prompt(incident: &Incident, now: Time) -> Option<&Frozen> {
    let (due, _) = incident.next_promise()?;
    incident
        .prompt
        .as_ref()
        .filter(|frozen| frozen.revision == incident.revision && now <= due + ANSWER_WINDOW)
}

/// Whom "nothing has changed" tells now, and the time it promises them. Responders and owners hear
/// it each time; outsiders only when the time that was promised to them has come.
pub fn no_change(
    incident: &Incident,
    policy: &Policy,
    now: Time,
) -> (BTreeSet<Audience>, BTreeMap<Audience, Time>) {
    // A prompt shows what would be sent around the promised time, so its lead counts as come.
    let horizon = now + ANSWER_WINDOW.max(policy.ladder.prompt_lead);
    let audiences: BTreeSet<Audience> = Audience::ALL
        .into_iter()
        .filter(|audience| {
            !audience.is_outside()
                || incident
                    .promises
                    .get(audience)
                    .is_some_and(|promise| promise.due <= horizon)
        })
        .collect();
    let promised = promise(incident, policy, &audiences, now);
    (audiences, promised)
}

/// The next time for each of these audiences, by the cadence of the incident as it is.
pub(crate) fn promise(
    incident: &Incident,
    policy: &Policy,
    audiences: &BTreeSet<Audience>,
    now: Time,
) -> BTreeMap<Audience, Time> {
    audiences
        .iter()
        .filter_map(|audience| {
            let before = incident.promises.get(audience).map(|promise| promise.due);
            let base = base(before, now);
            let due = next_due(policy, &incident.priority, incident.stage, base, now)?;
            Some((*audience, due))
        })
        .collect()
}

//! Everything from which the words of one message are made.

use super::{
    Audience, chain, directory::Directory, event::Record, incident::Incident, notification::Moment,
    policy::Policy, time::Time, variant::Variant,
};

/// One thing to be said to one audience. `wording` turns it into the facts a template may use.
#[derive(Debug, Clone, Copy)]
pub struct Saying<'a> {
    /// The incident, after the event.
    pub incident: &'a Incident,
    /// Its log up to and with the event.
    pub log: &'a [Record],
    /// The event about which this is said; the last one of the log, unless it is a preview.
    pub event: &'a Record,
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// How they stand towards the incident.
    pub variant: Variant,
    /// Names of services and people.
    pub directory: &'a Directory,
    /// Priorities and the time zone.
    pub policy: &'a Policy,
    /// The time promised to this audience, if one is.
    pub next_update: Option<Time>,
    /// How many people this event tells; for a prompt, how many its answer would tell.
    pub people_told: usize,
    /// Whether a reader's clock may differ from the organisation's, so that times name their zone.
    pub readers_abroad: bool,
    /// The record before the event: the words cannot hold the hash of the one that proves them.
    pub before: Option<&'a chain::Head>,
    /// Where readers find more.
    pub links: &'a Links,
    /// The instant at which it is said.
    pub now: Time,
}

/// Addresses of pages, from the settings; `None` where there is no such page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Base of the incident pages; the reference is appended: `https://…/incidents/INC-0042`.
    pub incidents: Option<String>,
    /// The public status page.
    pub status: Option<String>,
    /// The team mailbox that outsiders may write to.
    pub team_mailbox: Option<String>,
}

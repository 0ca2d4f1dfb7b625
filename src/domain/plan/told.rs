//! What somebody was told about an incident so far.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::domain::{Address, Audience, ChannelName, notification::Moment, situation::RecipientId};

/// One delivery to one of its recipients, as the plan of the next notification needs it; a shared
/// address gives one for each of its people. There is one for each delivery of the incident that still
/// waits, and for each that is out or may be out of the events that are corrected. Of all others that
/// are out or may be out there is the newest to each recipient on each channel, as each reader and on
/// each occasion: an incident has a million of them. Deliveries that came to nothing are not in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Person or destination.
    pub who: RecipientId,
    /// Their name then.
    pub name: Arc<str>,
    /// As which reader.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// To where.
    pub address: Address,
    /// The occasion.
    pub moment: Moment,
    /// Position of the event that said it.
    pub seq: u32,
    /// Whether it still waits, so that its recipient has not been told by it yet. `false` for one
    /// that is being sent, is being checked, was accepted, was delivered or is held.
    pub waiting: bool,
    /// Whether it waits for a second person to agree to it.
    pub awaits_word: bool,
    /// Whether it stands in for a delivery on another channel that came to nothing, or took too long.
    pub stands_in: bool,
}

/// The list by recipient.
#[derive(Debug, Default)]
pub(super) struct History<'a> {
    people: BTreeMap<&'a RecipientId, Heard<'a>>,
}

/// What one recipient heard.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    rows: Vec<&'a Told>,
}

impl<'a> History<'a> {
    pub(super) fn of(told: &'a [Told]) -> Self {
        let mut history = Self::default();
        for row in told.iter().filter(|row| row.moment != Moment::Test) {
            let heard = history
                .people
                .entry(&row.who)
                .or_insert(Heard { rows: Vec::new() });
            heard.rows.push(row);
        }
        for heard in history.people.values_mut() {
            heard.rows.sort_by_key(|row| row.seq);
        }
        history
    }

    /// Everybody in it, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a RecipientId, &Heard<'a>)> {
        self.people.iter().map(|(who, heard)| (*who, heard))
    }

    pub(super) fn get(&self, who: &RecipientId) -> Option<&Heard<'a>> {
        self.people.get(who)
    }

    /// Whether somebody hears of the incident in its run: told, or about to be, and not stood down.
    pub(super) fn is_following(&self, who: &RecipientId) -> bool {
        self.get(who).is_some_and(Heard::is_following)
    }
}

impl<'a> Heard<'a> {
    /// What was said to them as one of the audiences, not as a lead.
    fn as_audience(&self) -> impl DoubleEndedIterator<Item = &&'a Told> {
        self.rows.iter().filter(|row| row.moment.is_for_audiences())
    }

    pub(super) fn is_following(&self) -> bool {
        self.as_audience()
            .next_back()
            .is_some_and(|row| row.moment != Moment::StandDown)
    }

    /// Whether anything has reached them, or may have.
    pub(super) fn was_told(&self) -> bool {
        self.rows.iter().any(|row| !row.waiting)
    }

    /// Whether they were told, or are about to be, that it is over.
    pub(super) fn heard_the_end(&self) -> bool {
        self.rows.iter().any(|row| {
            matches!(
                row.moment,
                Moment::Resolved | Moment::Cancelled | Moment::Closed
            )
        })
    }

    /// As which reader they heard last.
    pub(super) fn audience(&self) -> Audience {
        self.rows
            .last()
            .map_or(Audience::Responders, |row| row.audience)
    }

    /// Their name then.
    pub(super) fn name(&self) -> Arc<str> {
        self.rows
            .last()
            .map_or_else(|| "".into(), |row| Arc::clone(&row.name))
    }

    /// Where they were told, the latest first; each channel once.
    pub(super) fn ways(&self) -> Vec<(&'a ChannelName, &'a Address)> {
        let mut ways: Vec<(&ChannelName, &Address)> = Vec::new();
        for row in self.rows.iter().rev().filter(|row| !row.waiting) {
            if ways.iter().all(|(channel, _)| *channel != &row.channel) {
                ways.push((&row.channel, &row.address));
            }
        }
        ways
    }

    /// What still waits for them of these events, each channel and address once, by its latest event. One
    /// that stands in for another which also waits, or may be out, is not among them.
    pub(super) fn waiting_for(&self, events: &BTreeSet<u32>) -> Vec<&'a Told> {
        let is_meant = |row: &&&Told| row.waiting && events.contains(&row.seq);
        let mut waiting: Vec<&Told> = Vec::new();
        for row in self.rows.iter().rev().filter(is_meant) {
            let has_first = row.stands_in
                && self
                    .rows
                    .iter()
                    .any(|first| first.seq == row.seq && !first.stands_in);
            let is_new = waiting
                .iter()
                .all(|have| have.channel != row.channel || have.address != row.address);
            if !has_first && is_new {
                waiting.push(row);
            }
        }
        waiting
    }

    /// What was out to them of these events, each channel and address once.
    pub(super) fn told_by(&self, events: &BTreeSet<u32>) -> Vec<&'a Told> {
        let mut told: Vec<&Told> = Vec::new();
        for row in self.rows.iter().filter(|row| !row.waiting) {
            let is_new = told
                .iter()
                .all(|have| have.channel != row.channel || have.address != row.address);
            if events.contains(&row.seq) && is_new {
                told.push(row);
            }
        }
        told
    }
}

//! The plan of a notification: who gets which message where, and who does not.
//!
//! Pure. From an event, the incident before and after it, who matches now and who was told so far
//! follow all deliveries of its notification. `whom` picks people and moments, `reach` finds
//! addresses of those whom the rules do not name, `merge` makes one delivery of each address.

mod merge;
mod person;
mod reach;
mod reason;
mod room;
mod standing;
#[cfg(test)]
mod tests;
mod told;
mod whom;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

pub(super) use merge::shared_audience;
pub use reach::Ways;
pub use room::with_room;
pub use told::Told;

use super::{
    Address, Audience, ChannelName, IncidentId, PersonId,
    ask::{self, Ask, asking_rules},
    delivery::{NewWithheld, ToldPerson},
    directory::Directory,
    event::{Event, Record},
    incident::Incident,
    notification::{MessageKey, Moment},
    policy::Policy,
    resolution::{Resolution, Totals},
    situation::RecipientId,
    time::Time,
    variant::Variant,
};

/// How long the last word is worth trying, at every priority: it has to reach everyone.
pub const LAST_WORD_WITHIN: Duration = Duration::hours(72);

/// From what a plan is made.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What happened.
    pub event: &'a Event,
    /// The incident before it; `None` for the declaration.
    pub before: Option<&'a Incident>,
    /// The incident after it.
    pub after: &'a Incident,
    /// Who matches now: resolved from `after`, [`moment`] of the event, and `now`.
    pub resolution: &'a Resolution,
    /// Who would match now if the incident were as it was when something was said last
    /// ([`last_said`]): the same directory, policy, moment and instant. Whoever is in it and not in
    /// `resolution` was dropped by a change of the incident, and is told so. `None` stands nobody
    /// down.
    pub unchanged: Option<&'a Resolution>,
    /// All deliveries of the incident that are out, may be out, or wait.
    pub told: &'a [Told],
    /// The policy in force.
    pub policy: &'a Policy,
    /// The directory in force.
    pub directory: &'a Directory,
    /// The channels.
    pub ways: Ways<'a>,
    /// The instant.
    pub now: Time,
}

/// All deliveries of one notification.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// One for each channel and address, ordered by audience, name and channel.
    pub deliveries: Vec<PlannedDelivery>,
    /// Who matched and deliberately gets nothing, each with the reason.
    pub withheld: Vec<NewWithheld>,
    /// Audiences in which somebody hears of the incident after this. Promises to others are taken
    /// back ([`Plan::settle`]).
    pub audiences: BTreeSet<Audience>,
    /// Whether it is the last word: everything of the incident that still waits, to whomever, is
    /// superseded, but for corrections.
    pub is_last_word: bool,
    /// Events whose words were wrong: what still waits of them is cancelled.
    pub cancels: BTreeSet<u32>,
    /// The events whose words, put right, take the place of the cancelled ones, by what is said and to
    /// which readers.
    pub resaid: BTreeMap<(Moment, Audience), u32>,
    /// Who is asked to say that they have seen it: once, however many rules and channels reach them.
    pub asked: BTreeSet<PersonId>,
}

/// One message to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDelivery {
    /// The occasion.
    pub moment: Moment,
    /// How the readers stand towards the incident.
    pub variant: Variant,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// To where.
    pub address: Address,
    /// Why it is tried although a mark stands on the address.
    pub despite: Option<String>,
    /// Everybody who is told by it, with all their reasons; several where an address is shared.
    pub recipients: Vec<ToldPerson>,
    /// The reason line.
    pub reason: String,
    /// What is asked of them: of one of them at least, where an address is shared.
    pub asks: Option<Ask>,
    /// Where to turn if it fails, in order.
    pub fallbacks: Vec<PlannedFallback>,
    /// Whether the first fallback is used already when nothing was accepted within a minute.
    pub quick_fallback: bool,
    /// Not to be sent before, so that it can still be stopped; `None` is at once.
    pub not_before: Option<Time>,
    /// Not to be sent after.
    pub deliver_by: Time,
    /// Whether the policy asks for a second person's word before this audience is told.
    pub needs_second_person: bool,
}

impl PlannedDelivery {
    /// Its message on its own channel, or on that of a fallback.
    pub fn message_on(&self, channel: &ChannelName) -> MessageKey {
        MessageKey {
            moment: self.moment,
            audience: self.audience,
            channel: channel.clone(),
            variant: self.variant,
        }
    }
}

/// Another way to say the same to the same people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFallback {
    /// The channel.
    pub channel: ChannelName,
    /// To where.
    pub address: Address,
    /// Not to be sent after.
    pub deliver_by: Time,
}

/// Plans the notification of an event. Empty for an event that tells nobody.
pub fn plan(question: &Question<'_>) -> Plan {
    let picked = whom::pick(question);
    let deliveries = merge::merge(question, picked.picks);
    Plan {
        asked: asked(question, &deliveries),
        deliveries,
        withheld: picked.withheld,
        audiences: picked.audiences,
        is_last_word: is_last_word(question.event, question.before),
        cancels: picked.cancels,
        resaid: picked.resaid,
    }
}

/// Everybody who is asked by one of these to say that they have seen it.
fn asked(question: &Question<'_>, deliveries: &[PlannedDelivery]) -> BTreeSet<PersonId> {
    let rules = asking_rules(question.policy);
    deliveries
        .iter()
        .filter(|delivery| delivery.asks == Some(Ask::Seen))
        .flat_map(|delivery| &delivery.recipients)
        .filter_map(|told| ask::asked(&rules, told).cloned())
        .collect()
}

impl Plan {
    /// Whether it tells nobody.
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    /// Takes back what the event promises to audiences in which nobody hears it, and answers the
    /// audiences that are owed nothing any more, for the `released` of the record. `after` is the
    /// incident after the event.
    pub fn settle(&self, event: &mut Event, after: &Incident) -> BTreeSet<Audience> {
        event.promise_only(&self.audiences);
        if !event.says_something() {
            return BTreeSet::new();
        }
        after
            .promises
            .keys()
            .filter(|audience| {
                **audience != Audience::Responders && !self.audiences.contains(*audience)
            })
            .copied()
            .collect()
    }

    /// The event whose words, put right, a message of this kind says again; `None` if it says its own.
    pub fn says_again(&self, moment: Moment, audience: Audience) -> Option<u32> {
        let same = self.resaid.get(&(moment, audience)).copied();
        // Somebody who shares an address may read as another audience than planned.
        let others = self
            .resaid
            .iter()
            .filter(|((other, _), _)| *other == moment);
        same.or_else(|| others.map(|(_, seq)| *seq).max())
    }

    /// The messages to render, those of fallbacks included.
    pub fn messages(&self) -> BTreeSet<MessageKey> {
        self.deliveries
            .iter()
            .flat_map(|delivery| {
                let fallbacks = delivery.fallbacks.iter().map(|way| &way.channel);
                fallbacks
                    .chain([&delivery.channel])
                    .map(|channel| delivery.message_on(channel))
            })
            .collect()
    }

    /// Counts as people read them.
    pub fn totals(&self) -> Totals {
        let people: BTreeSet<&RecipientId> = self
            .deliveries
            .iter()
            .flat_map(|delivery| &delivery.recipients)
            .map(|recipient| &recipient.who)
            .filter(|who| matches!(who, RecipientId::Person(_)))
            .collect();
        let mut by_channel = BTreeMap::new();
        for delivery in &self.deliveries {
            *by_channel.entry(delivery.channel.clone()).or_insert(0) += 1;
        }
        Totals {
            people: people.len(),
            messages: self.deliveries.len(),
            by_channel,
        }
    }
}

/// What an event says to those who were told before; `None` if it tells nobody. It is the moment to
/// resolve with.
pub fn moment(event: &Event) -> Option<Moment> {
    Some(match event {
        Event::Declared { .. } => Moment::Declared,
        Event::Updated { .. } | Event::ServicesChanged { .. } => Moment::Update,
        Event::NothingChanged { .. } => Moment::NoChange,
        Event::PriorityChanged { .. } => Moment::PriorityChange,
        Event::LeadAppointed { .. } => Moment::RoleAssigned,
        Event::Resolved { .. } => Moment::Resolved,
        Event::Closed { .. } => Moment::Closed,
        Event::Corrected { .. } => Moment::Correction,
        Event::Reopened { .. } => Moment::Reopened,
        Event::Cancelled { .. } => Moment::Cancelled,
        Event::PersonAdded { .. }
        | Event::RoomOpened { .. }
        | Event::UsersContactDecided { contact: true, .. } => Moment::CatchUp,
        Event::Prompted { .. } => Moment::Prompt,
        Event::Overdue { .. } => Moment::Overdue,
        Event::AskedIfAffected { .. } => Moment::AreYouAffected,
        Event::Reminded { .. } => Moment::Reminder,
        Event::Noted { .. }
        | Event::StageChanged { .. }
        | Event::Muted { .. }
        | Event::UsersContactDecided { contact: false, .. }
        | Event::StepRecorded { .. }
        | Event::Snoozed { .. }
        | Event::SendingCancelled { .. }
        | Event::SendingApproved { .. }
        | Event::SendingRetried { .. }
        | Event::AffectedAnswered { .. }
        | Event::Seen { .. } => return None,
    })
}

/// Whether an event is the last word, owed to everyone who was ever told: it is fixed, it was a
/// mistake, or it goes on as another incident.
pub fn is_last_word(event: &Event, before: Option<&Incident>) -> bool {
    match event {
        Event::Resolved { .. } | Event::Cancelled { .. } => true,
        Event::Closed { .. } => before.is_some_and(|incident| incident.stage.is_open()),
        _ => false,
    }
}

/// The incident as it was when something was said last, from the log before an event: with it
/// `unchanged` is resolved.
pub fn last_said(id: IncidentId, log: &[Record]) -> Option<Incident> {
    let last = log
        .iter()
        .rposition(|record| record.event.says_something())?;
    Incident::from_log(id, log.get(..=last)?)
}

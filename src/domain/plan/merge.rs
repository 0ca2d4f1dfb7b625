//! One delivery for each channel and address.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;

use super::{
    LAST_WORD_WITHIN, PlannedDelivery, PlannedFallback, Question, is_last_word, reason, whom::Pick,
};
use crate::domain::{
    Audience, ChannelName, RuleId,
    ask::{Ask, asked, asking_rules, may_ask_for_seen},
    clock::ANSWER_WINDOW,
    delivery::ToldPerson,
    event::Event,
    notification::Moment,
    resolution::Choice,
    time::Time,
    variant::Variant,
};

/// A reminder of today's open steps is worth nothing tomorrow.
const REMINDER_WITHIN: Duration = Duration::hours(24);
/// If the policy in force does not know the incident's priority.
const OTHERWISE_WITHIN: Duration = Duration::hours(24);

/// What goes to one address.
struct Parcel {
    choice: Choice,
    audience: Audience,
    moment: Moment,
    variant: Variant,
    recipients: Vec<ToldPerson>,
}

pub(super) fn merge(question: &Question<'_>, picks: Vec<Pick>) -> Vec<PlannedDelivery> {
    let mut parcels: BTreeMap<(ChannelName, String), Parcel> = BTreeMap::new();
    for pick in picks {
        for choice in pick.choices {
            let lower = choice.address.as_str().to_lowercase();
            let parcel = parcels
                .entry((choice.channel.clone(), lower))
                .or_insert_with(|| Parcel {
                    choice,
                    audience: pick.audience,
                    moment: pick.moment,
                    variant: pick.variant,
                    recipients: Vec::new(),
                });
            parcel.audience = shared_audience(parcel.audience, pick.audience);
            let moment = shared_moment(parcel.moment, pick.moment);
            parcel.variant = match (moment == parcel.moment, moment == pick.moment) {
                (true, true) => parcel.variant.min(pick.variant),
                (true, false) => parcel.variant,
                (false, _) => pick.variant,
            };
            parcel.moment = moment;
            let is_new = parcel
                .recipients
                .iter()
                .all(|have| have.who != pick.person.who);
            if is_new {
                parcel.recipients.push(pick.person.clone());
            }
        }
    }
    let asking = asking_rules(question.policy);
    let mut deliveries: Vec<PlannedDelivery> = parcels
        .into_values()
        .map(|parcel| delivery(question, parcel, &asking))
        .collect();
    deliveries.sort_by(|a, b| key(a).cmp(&key(b)));
    deliveries
}

fn key(delivery: &PlannedDelivery) -> (Audience, Option<(&str, &str)>, &ChannelName, &str) {
    let first = delivery.recipients.first();
    (
        delivery.audience,
        first.map(|person| (&*person.name, person.who.as_str())),
        &delivery.channel,
        delivery.address.as_str(),
    )
}

fn delivery(
    question: &Question<'_>,
    parcel: Parcel,
    asking: &BTreeSet<&RuleId>,
) -> PlannedDelivery {
    let Parcel {
        choice,
        audience,
        moment,
        variant,
        mut recipients,
    } = parcel;
    recipients.sort_by(|a, b| (&a.name, &a.who).cmp(&(&b.name, &b.who)));
    let policy = question.policy;
    let priority = policy.priority(&question.after.priority);
    let holds = audience.is_outside() && policy.outside_hold > Duration::zero();
    let fallbacks = choice
        .fallbacks
        .into_iter()
        .map(|(channel, address)| PlannedFallback {
            deliver_by: deliver_by(question, moment, &channel),
            channel,
            address,
        })
        .collect();
    PlannedDelivery {
        moment,
        variant,
        audience,
        deliver_by: deliver_by(question, moment, &choice.channel),
        despite: question.ways.despite(&choice.channel, &choice.address),
        channel: choice.channel,
        address: choice.address,
        reason: reason::line(moment, audience, &recipients, &question.after.priority),
        asks: asks(moment, &recipients, asking),
        recipients,
        fallbacks,
        quick_fallback: priority.is_some_and(|priority| priority.quick_fallback),
        not_before: holds.then(|| question.now + policy.outside_hold),
        needs_second_person: policy.second_person.contains(&audience)
            && moment.is_for_audiences()
            && !was_approved_before(question.event),
    }
}

/// What is asked of those who read it.
fn asks(moment: Moment, recipients: &[ToldPerson], asking: &BTreeSet<&RuleId>) -> Option<Ask> {
    if moment == Moment::AreYouAffected {
        return Some(Ask::Affected);
    }
    let seen = !asking.is_empty()
        && may_ask_for_seen(moment)
        && recipients.iter().any(|told| asked(asking, told).is_some());
    seen.then_some(Ask::Seen)
}

/// The holding line was agreed to when the incident was declared.
fn was_approved_before(event: &Event) -> bool {
    matches!(
        event,
        Event::NothingChanged {
            holding_line: true,
            ..
        }
    )
}

/// How long it is worth trying: as the policy says for the priority, a quarter of it in chat; a
/// prompt only while it can be answered; the last word for days, since it has to reach everyone.
fn deliver_by(question: &Question<'_>, moment: Moment, channel: &ChannelName) -> Time {
    let now = question.now;
    let is_over = matches!(moment, Moment::Resolved | Moment::Cancelled);
    if is_over || is_last_word(question.event, question.before) {
        return now + LAST_WORD_WITHIN;
    }
    if let (Moment::Prompt, Event::Prompted { due, .. }) = (moment, question.event) {
        return (*due).max(now) + ANSWER_WINDOW;
    }
    if moment == Moment::Reminder {
        return now + REMINDER_WITHIN;
    }
    let within = question
        .policy
        .priority(&question.after.priority)
        .map_or(OTHERWISE_WITHIN, |priority| priority.deliver_within);
    if question.ways.chat.contains(channel) {
        now + within / 4
    } else {
        now + within
    }
}

/// The reader of an address that several people share: the first in precedence, unless one of them
/// is outside. What an outsider may read is then all that is said there.
pub(in crate::domain) fn shared_audience(one: Audience, other: Audience) -> Audience {
    if one.is_outside() || other.is_outside() {
        one.max(other)
    } else {
        one.min(other)
    }
}

/// What is said at a shared address: what goes on before the story so far, and that before an end.
fn shared_moment(one: Moment, other: Moment) -> Moment {
    let weight = |moment| match moment {
        Moment::StandDown => 0,
        Moment::CatchUp => 1,
        // Words that take the place of wrong ones that had not left: a state is not lost with its words.
        Moment::Resolved | Moment::Cancelled => 3,
        _ => 2,
    };
    if weight(other) > weight(one) {
        other
    } else {
        one
    }
}

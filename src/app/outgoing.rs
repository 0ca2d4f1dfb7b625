//! What one event says, written to the outbox, and put into the answer.

use std::collections::BTreeMap;

use super::{
    App, Error,
    act::Act,
    answers::{ChoiceAnswer, FindingAnswer, ReasonAnswer, Receipt, RecipientAnswer, WordsAnswer},
    words::shown,
};
use crate::{
    domain::{
        ChannelName, IncidentId, NotificationId,
        delivery::{Fallback, NewDelivery, NewMessage, NewNotification},
        incident::Incident,
        notification::MessageKey,
        plan::{Plan, PlannedDelivery},
        shown::ShownAddress,
    },
    store::{Tx, faults, outbox},
};

/// What one event says, ready to be written.
#[derive(Default)]
pub(super) struct Spoken {
    pub(super) plan: Plan,
    /// The words as everybody reads them.
    pub(super) words: Vec<NewMessage>,
    /// What readers may trip over.
    pub(super) findings: Vec<FindingAnswer>,
    /// The messages to be written, which the record proves.
    pub(super) messages: Vec<NewMessage>,
    /// The deliveries to be written, which the record proves.
    pub(super) deliveries: Vec<NewDelivery>,
}

impl App {
    /// Writes a notification with its messages and deliveries, if it tells anybody.
    pub(super) async fn enqueue(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        after: &Incident,
        seq: u32,
        spoken: &mut Spoken,
    ) -> Result<Option<NotificationId>, Error> {
        let plan = &spoken.plan;
        for wrong in &plan.cancels {
            let filter = outbox::Filter {
                incident: Some(after.id),
                event_seq: Some(*wrong),
                ..outbox::Filter::default()
            };
            outbox::cancel(
                tx,
                &filter,
                "What it said was wrong, and was said rightly after it.",
                act.now,
            )
            .await?;
        }
        if plan.is_last_word {
            outbox::end_waiting(tx, after.id, seq, act.now).await?;
        }
        record_faults(tx, act, after.id, &spoken.messages).await?;
        if plan.deliveries.is_empty() && plan.withheld.is_empty() {
            return Ok(None);
        }
        // What goes to leads keeps the promise clock going, and is a handful.
        if plan.deliveries.iter().any(|one| !one.moment.is_for_leads()) {
            self.must_have_room(tx).await?;
        }
        let rank = act.book.policy.rank(&after.priority);
        let new = NewNotification {
            incident: Some(after.id),
            event_seq: seq,
            priority: Some(after.priority.clone()),
            rank: u32::try_from(rank).unwrap_or(u32::MAX),
            urgent: rank == 0,
            policy_version: Some(act.book.policy_version),
            context: serde_json::json!({ "templates": self.renderer.version() }).to_string(),
            deliveries: std::mem::take(&mut spoken.deliveries),
            messages: std::mem::take(&mut spoken.messages),
            withheld: plan.withheld.clone(),
        };
        Ok(Some(outbox::enqueue(tx, &new, act.now).await?.notification))
    }

    /// The deliveries of a plan, with these messages.
    pub(super) fn deliveries(&self, plan: &Plan, messages: &[NewMessage]) -> Vec<NewDelivery> {
        let index: BTreeMap<MessageKey, usize> = messages
            .iter()
            .enumerate()
            .map(|(at, message)| (message.key(), at))
            .collect();
        let at = |delivery: &PlannedDelivery, channel: &ChannelName| {
            index.get(&delivery.message_on(channel)).copied()
        };
        plan.deliveries
            .iter()
            .filter_map(|delivery| {
                let way = self.channels.get(&delivery.channel)?;
                let fallbacks = delivery.fallbacks.iter().filter_map(|other| {
                    Some(Fallback {
                        message: at(delivery, &other.channel)?,
                        lane: self.channels.get(&other.channel)?.lane(&other.address),
                        address: other.address.clone(),
                        deliver_by: other.deliver_by,
                    })
                });
                Some(NewDelivery {
                    message: at(delivery, &delivery.channel)?,
                    lane: way.lane(&delivery.address),
                    address: delivery.address.clone(),
                    despite: delivery.despite.clone(),
                    recipients: delivery.recipients.clone(),
                    reason: delivery.reason.clone(),
                    asks: delivery.asks,
                    not_before: delivery.not_before,
                    awaits_word: delivery.needs_second_person,
                    deliver_by: delivery.deliver_by,
                    fallbacks: fallbacks.collect(),
                    quick_fallback: delivery.quick_fallback,
                })
            })
            .collect()
    }
}

/// Puts on the record which templates could not be used.
pub(super) async fn record_faults(
    tx: &Tx,
    act: &Act<'_>,
    incident: IncidentId,
    messages: &[NewMessage],
) -> Result<(), Error> {
    for message in messages.iter().filter(|message| message.fault.is_some()) {
        let key = format!(
            "template:{}:{}:{}",
            message.channel, message.moment, message.audience
        );
        let fault = faults::NewFault {
            key: &key,
            sentence: "A template could not be used, so the built-in words went out.",
            detail: message.fault.as_deref().unwrap_or_default(),
            incident: Some(incident),
        };
        faults::record(tx, fault, act.now).await?;
    }
    Ok(())
}

impl Spoken {
    /// Puts what was said into the answer.
    pub(super) fn add_to(self, receipt: &mut Receipt, notification: Option<NotificationId>) {
        let totals = self.plan.totals();
        receipt.blocked |= self.findings.iter().any(FindingAnswer::stops);
        receipt.findings.extend(self.findings);
        receipt.people += totals.people;
        receipt.messages += totals.messages;
        for (channel, count) in totals.by_channel {
            *receipt.by_channel.entry(channel.to_string()).or_default() += count;
        }
        receipt.awaiting += self
            .plan
            .deliveries
            .iter()
            .filter(|delivery| delivery.needs_second_person)
            .count();
        receipt
            .notifications
            .extend(notification.map(|id| id.to_string()));
        for withheld in &self.plan.withheld {
            let count = receipt.withheld.entry(withheld.sentence.clone());
            *count.or_default() += 1;
        }
        receipt
            .recipients
            .extend(self.plan.deliveries.iter().flat_map(recipients));
        receipt
            .words
            .extend(self.words.into_iter().map(|message| WordsAnswer {
                moment: message.moment.to_string(),
                audience: message.audience.to_string(),
                channel: message.channel.to_string(),
                parts: shown(message.parts),
            }));
    }
}

fn recipients(delivery: &PlannedDelivery) -> impl Iterator<Item = RecipientAnswer> + '_ {
    delivery.recipients.iter().map(|person| RecipientAnswer {
        id: person.who.as_str().to_owned(),
        name: person.name.to_string(),
        kind: person.who.kind().to_owned(),
        audience: delivery.audience.to_string(),
        deliveries: vec![ChoiceAnswer {
            channel: delivery.channel.to_string(),
            address: ShownAddress::hidden(&delivery.channel, &delivery.address),
            falls_back_to: delivery
                .fallbacks
                .iter()
                .map(|way| way.channel.to_string())
                .collect(),
        }],
        reasons: person
            .reasons
            .iter()
            .map(|reason| ReasonAnswer {
                rule: reason.rule.as_ref().map(ToString::to_string),
                service: reason.service.as_ref().map(ToString::to_string),
                text: reason.text.to_string(),
                says: String::new(),
            })
            .collect(),
    })
}

//! What an event is about to say, ready to be written to the outbox in one transaction.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::domain::{
    Address, Audience, ChannelName, IncidentId, PriorityId, RuleId, ServiceId,
    ask::Ask,
    notification::{MessageKey, Moment},
    resolution::{Reason, Standing},
    situation::RecipientId,
    time::Time,
    variant::Variant,
};

/// All that one event says, to everybody.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// About which incident; `None` for a test message.
    pub incident: Option<IncidentId>,
    /// Position of the event in the incident's log; 0 for a test message.
    pub event_seq: u32,
    /// The priority at that moment.
    pub priority: Option<PriorityId>,
    /// Rank of the priority in the policy, 0 the gravest: what goes first.
    pub rank: u32,
    /// Whether the priority is the gravest.
    pub urgent: bool,
    /// Version of the policy that decided who is told.
    pub policy_version: Option<u32>,
    /// JSON of what else belongs to the record, for example the facts the words were made from.
    pub context: String,
    /// The words: one entry for each moment, audience, channel and variant.
    pub messages: Vec<NewMessage>,
    /// Who gets them: one per channel and address.
    pub deliveries: Vec<NewDelivery>,
    /// Who matched and deliberately gets nothing, so that the totals add up.
    pub withheld: Vec<NewWithheld>,
}

/// Words for one moment, audience, channel and variant.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// How the readers stand towards the incident.
    pub variant: Variant,
    /// The words, by part.
    pub parts: BTreeMap<String, String>,
    /// Why the channel's built-in words had to be used, if they had to be.
    pub fault: Option<String>,
}

impl NewMessage {
    /// What it is.
    pub fn key(&self) -> MessageKey {
        MessageKey {
            moment: self.moment,
            audience: self.audience,
            channel: self.channel.clone(),
            variant: self.variant,
        }
    }

    /// The words as they are stored: what the record of the event proves.
    pub fn stored_parts(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.parts)
    }
}

/// One message to one address.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Which of the notification's messages.
    pub message: usize,
    /// To where, as the channel normalised it.
    pub address: Address,
    /// Why it is tried although a mark stands on the address.
    pub despite: Option<String>,
    /// The lane of the address.
    pub lane: String,
    /// Everybody who is told by it; several where an address is shared. Never empty.
    pub recipients: Vec<ToldPerson>,
    /// The reason line of the message, plain text.
    pub reason: String,
    /// What is asked of them.
    pub asks: Option<Ask>,
    /// Not to be sent before; `None` is at once.
    pub not_before: Option<Time>,
    /// Whether a second person has to agree before it is sent.
    pub awaits_word: bool,
    /// Not to be sent after.
    pub deliver_by: Time,
    /// Where to turn if it fails, in order.
    pub fallbacks: Vec<Fallback>,
    /// Whether the next of the fallbacks is used already when nothing was accepted in a minute.
    pub quick_fallback: bool,
}

/// Another way to say the same to the same people.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// Which of the notification's messages.
    pub message: usize,
    /// To where.
    pub address: Address,
    /// The lane of the address.
    pub lane: String,
    /// Not to be sent after.
    pub deliver_by: Time,
}

/// Somebody who matched and is deliberately not sent to.
#[derive(Debug, Clone)]
pub struct NewWithheld {
    /// Who, and why they matched.
    pub recipient: ToldPerson,
    /// What would have been the occasion.
    pub moment: Moment,
    /// As which reader they would have been told.
    pub audience: Audience,
    /// Why they get nothing: a sentence.
    pub sentence: String,
    /// Whether they would be told if there were a way to them.
    pub unreachable: bool,
}

/// A recipient of a delivery, as the record keeps them for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldPerson {
    /// Person or destination.
    pub who: RecipientId,
    /// Their name then.
    pub name: Arc<str>,
    /// Why they were told.
    pub reasons: Vec<RecordedReason>,
}

/// A reason, as the record keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedReason {
    /// The rule; `None` when added by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// The service on which it matched, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// The reason in words.
    pub text: Arc<str>,
    /// What the words rest on, and so how they join a sentence.
    #[serde(default, skip_serializing_if = "Grounds::are_a_place")]
    pub grounds: Grounds,
}

/// What a reason rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grounds {
    /// What somebody is: a role, a group, a name on a list.
    #[default]
    Place,
    /// That somebody added them to this incident.
    ByHand,
    /// That they were told before, and nothing else any more.
    ToldBefore,
}

impl Grounds {
    fn are_a_place(&self) -> bool {
        *self == Self::Place
    }
}

impl From<&Reason> for RecordedReason {
    fn from(reason: &Reason) -> Self {
        Self {
            rule: reason.rule.clone(),
            service: reason.service.clone(),
            text: Arc::clone(&reason.text),
            grounds: match reason.standing {
                Standing::ByHand => Grounds::ByHand,
                _ => Grounds::Place,
            },
        }
    }
}

//! The answer to "who is told, on which channel, and why".
//!
//! [`Compiled`] is made once from a policy and a directory; [`Compiled::resolve`] answers for a
//! situation, [`Compiled::explain`] says why somebody is told or is not, [`compare()`] what another
//! policy would change, and [`Compiled::lint`] what is odd before an incident shows it. All of it
//! is a pure function of its arguments.

mod channels;
mod compare;
mod compile;
mod conditions;
mod cover;
mod explain;
mod index;
mod lint;
mod lint_restricted;
mod matching;
mod reason;
mod resolve;
mod walk;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde::Serialize;

use super::{Address, Audience, ChannelName, RuleId, ServiceId, situation::RecipientId};

pub use compare::{Difference, compare};
pub use compile::Compiled;
pub use conditions::{Condition, Failing};
pub use explain::{Explanation, NearMiss, Verdict};
pub use lint::{Finding, FindingKind};

/// Who is told, who cannot be, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolution {
    /// Told; ordered by audience, then name, then id.
    pub recipients: Vec<Recipient>,
    /// Matched, but not to be reached or deliberately not sent to.
    pub withheld: Vec<Withheld>,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Person or destination.
    pub who: RecipientId,
    /// Their name.
    pub name: Arc<str>,
    /// As which reader; one for all their channels.
    pub audience: Audience,
    /// One entry per channel: never two for the same channel.
    pub choices: Vec<Choice>,
    /// Every reason, the best first. Never empty. Shared by all who have the same.
    pub reasons: Arc<[Reason]>,
}

/// A channel on which somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The channel.
    pub channel: ChannelName,
    /// The healthy address on it.
    pub address: Address,
    /// Where to turn if this fails, in order; from the first rule, by id, that chose this channel
    /// first and knows another. Never a channel on which they are told anyway.
    pub fallbacks: Vec<(ChannelName, Address)>,
}

/// Why somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// What kind of reason it is; the order in which reasons are printed.
    pub standing: Standing,
    /// The reason in words, made to follow "You get this because you are …": "the service owner of
    /// Register trainees". Orders reasons of one standing.
    pub text: Arc<str>,
    /// The rule; `None` when added by hand.
    pub rule: Option<RuleId>,
    /// The service on which it matched, if it is about one: a role, a contact, a default channel.
    pub service: Option<ServiceId>,
    /// The rule's own sentence; empty when added by hand.
    pub says: Arc<str>,
}

/// The order in which reasons count for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A role, or being a lead, on an affected service.
    Affected,
    /// A role on an upstream or downstream service.
    Related,
    /// Member of a group, or named.
    Group,
    /// Contact of an organisation.
    Organisation,
    /// Added by hand.
    ByHand,
}

/// Somebody who matched and is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Person or destination.
    pub who: RecipientId,
    /// Their name.
    pub name: Arc<str>,
    /// As which reader they would have been told.
    pub audience: Audience,
    /// Why they matched.
    pub reasons: Vec<Reason>,
    /// Why they are not told.
    pub because: WithheldBecause,
    /// The same as a sentence: "No usable address on email or teams".
    pub sentence: String,
}

/// Why somebody who matched is not told.
///
/// The order is that of how near they came: of several causes the last is given, because it is the
/// one whose end would tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WithheldBecause {
    /// The incident is restricted and the rule does not name them.
    Restricted,
    /// Audience `users`, and no decision to contact users yet.
    NoUsersDecision,
    /// Muted, and no matching rule overrides it.
    Muted,
    /// No usable address on any allowed channel, or no longer in the directory.
    Unreachable,
}

/// Counts as people read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// People told; destinations are not people.
    pub people: usize,
    /// Deliveries: one per recipient and channel, shared addresses once.
    pub messages: usize,
    /// The same by channel.
    pub by_channel: BTreeMap<ChannelName, usize>,
}

impl Resolution {
    /// Counts people, and messages by channel. Recipients who share an address get one message.
    pub fn totals(&self) -> Totals {
        let people = self
            .recipients
            .iter()
            .filter(|recipient| matches!(recipient.who, RecipientId::Person(_)))
            .count();
        let mut addresses: BTreeMap<&ChannelName, HashSet<Cow<'_, str>>> = BTreeMap::new();
        for choice in self.recipients.iter().flat_map(|one| &one.choices) {
            let address = choice.address.as_str();
            let is_lower = address
                .chars()
                .all(|c| c.is_ascii() && !c.is_ascii_uppercase());
            let known = addresses.entry(&choice.channel).or_default();
            known.insert(if is_lower {
                Cow::Borrowed(address)
            } else {
                Cow::Owned(address.to_lowercase())
            });
        }
        let by_channel: BTreeMap<ChannelName, usize> = addresses
            .into_iter()
            .map(|(channel, known)| (channel.clone(), known.len()))
            .collect();
        Totals {
            people,
            messages: by_channel.values().sum(),
            by_channel,
        }
    }
}

#[cfg(test)]
mod tests;

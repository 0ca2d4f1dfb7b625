//! Who is told, by which ways, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NotToldAnswer, SeenAnswer};
use crate::domain::{
    resolution::{Reason, Recipient, Resolution, Totals, Withheld},
    shown::{HasAddresses, ShownAddress},
};

/// Who is told, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhoAnswer {
    /// Counts.
    pub totals: TotalsAnswer,
    /// Everyone told.
    pub recipients: Vec<RecipientAnswer>,
    /// Everyone who matched and cannot be reached.
    pub unreachable: Vec<WithheldAnswer>,
    /// Everyone who matched and is deliberately not told.
    pub withheld: Vec<WithheldAnswer>,
    /// Everyone else, with the nearest rule; only on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_told: Option<Vec<NotToldAnswer>>,
    /// How many are not told; `not_told` explains the first thousand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_told_total: Option<usize>,
    /// Who was asked to say that they have seen it; only of an incident that asked somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenAnswer>,
    /// What another policy would change; only on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<AgainstAnswer>,
    /// What is missing of what was expected; only on request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Counts as people read them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TotalsAnswer {
    /// People told; destinations are not people.
    pub people: usize,
    /// Messages.
    pub messages: usize,
    /// Messages by channel.
    pub by_channel: BTreeMap<String, usize>,
}

/// Somebody who is told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecipientAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// `person` or `destination`.
    pub kind: String,
    /// As which reader.
    pub audience: String,
    /// On which channels.
    pub deliveries: Vec<ChoiceAnswer>,
    /// Why, the best reason first.
    pub reasons: Vec<ReasonAnswer>,
}

/// A channel on which somebody is told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChoiceAnswer {
    /// The channel.
    pub channel: String,
    /// The address, as far as it may be shown.
    #[schema(value_type = String)]
    pub address: ShownAddress,
    /// Channels that are tried if this one fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub falls_back_to: Vec<String>,
}

/// Why somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReasonAnswer {
    /// The rule; absent when added by hand.
    pub rule: Option<String>,
    /// The service on which it matched.
    pub service: Option<String>,
    /// The reason in words.
    pub text: String,
    /// The rule's own sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
}

/// Somebody who matched and is not told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WithheldAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// `person` or `destination`.
    pub kind: String,
    /// As which reader they would have been told.
    pub audience: String,
    /// Why not, as a sentence.
    pub why: String,
    /// Why they matched.
    pub reasons: Vec<ReasonAnswer>,
}

/// What another policy would change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgainstAnswer {
    /// Told by the other policy only.
    pub added: Vec<RecipientAnswer>,
    /// Told by the policy in force only.
    pub removed: Vec<RecipientAnswer>,
    /// Told by both, in another way or as another reader; as the other policy would.
    pub changed: Vec<RecipientAnswer>,
}

impl From<&Totals> for TotalsAnswer {
    fn from(totals: &Totals) -> Self {
        Self {
            people: totals.people,
            messages: totals.messages,
            by_channel: totals
                .by_channel
                .iter()
                .map(|(name, count)| (name.to_string(), *count))
                .collect(),
        }
    }
}

impl From<&Reason> for ReasonAnswer {
    fn from(reason: &Reason) -> Self {
        Self {
            rule: reason.rule.as_ref().map(ToString::to_string),
            service: reason.service.as_ref().map(ToString::to_string),
            text: reason.text.to_string(),
            says: reason.says.to_string(),
        }
    }
}

impl From<&Recipient> for RecipientAnswer {
    fn from(recipient: &Recipient) -> Self {
        Self {
            id: recipient.who.as_str().to_owned(),
            name: recipient.name.to_string(),
            kind: recipient.who.kind().to_owned(),
            audience: recipient.audience.to_string(),
            deliveries: recipient
                .choices
                .iter()
                .map(|choice| ChoiceAnswer {
                    channel: choice.channel.to_string(),
                    address: ShownAddress::hidden(&choice.channel, &choice.address),
                    falls_back_to: choice
                        .fallbacks
                        .iter()
                        .map(|(channel, _)| channel.to_string())
                        .collect(),
                })
                .collect(),
            reasons: recipient.reasons.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Withheld> for WithheldAnswer {
    fn from(withheld: &Withheld) -> Self {
        Self {
            id: withheld.who.as_str().to_owned(),
            name: withheld.name.to_string(),
            kind: withheld.who.kind().to_owned(),
            audience: withheld.audience.to_string(),
            why: withheld.sentence.clone(),
            reasons: withheld.reasons.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Resolution> for WhoAnswer {
    fn from(resolution: &Resolution) -> Self {
        use crate::domain::resolution::WithheldBecause::Unreachable;
        let (unreachable, withheld): (Vec<_>, Vec<_>) = resolution
            .withheld
            .iter()
            .partition(|withheld| withheld.because == Unreachable);
        Self {
            totals: (&resolution.totals()).into(),
            recipients: resolution.recipients.iter().map(Into::into).collect(),
            unreachable: unreachable.into_iter().map(Into::into).collect(),
            withheld: withheld.into_iter().map(Into::into).collect(),
            not_told: None,
            not_told_total: None,
            seen: None,
            against: None,
            missing: Vec::new(),
        }
    }
}

impl HasAddresses for RecipientAnswer {
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress)) {
        self.deliveries.each_address(with);
    }
}

impl HasAddresses for ChoiceAnswer {
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress)) {
        with(&mut self.address);
    }
}

impl HasAddresses for WhoAnswer {
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress)) {
        self.recipients.each_address(with);
        if let Some(against) = &mut self.against {
            against.added.each_address(with);
            against.removed.each_address(with);
            against.changed.each_address(with);
        }
    }
}

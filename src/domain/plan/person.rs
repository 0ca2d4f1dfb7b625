//! People as a plan has them: who they are, why they are told, and where.

use std::sync::Arc;

use super::told::Heard;
use crate::domain::{
    Address, ChannelName,
    delivery::{Grounds, RecordedReason, ToldPerson},
    resolution::{Choice, Recipient},
    situation::RecipientId,
};

/// Somebody who matches, with all their reasons.
pub(super) fn told_person(recipient: &Recipient) -> ToldPerson {
    ToldPerson {
        who: recipient.who.clone(),
        name: Arc::clone(&recipient.name),
        reasons: recipient.reasons.iter().map(RecordedReason::from).collect(),
    }
}

/// Somebody whom no rule names any more.
pub(super) fn told_before(who: &RecipientId, heard: &Heard<'_>) -> ToldPerson {
    ToldPerson {
        who: who.clone(),
        name: heard.name(),
        reasons: vec![reason(
            "told about this incident before",
            Grounds::ToldBefore,
        )],
    }
}

/// A reason that is no rule's.
pub(super) fn reason(text: &str, grounds: Grounds) -> RecordedReason {
    RecordedReason {
        rule: None,
        service: None,
        text: text.into(),
        grounds,
    }
}

/// A way without another behind it.
pub(super) fn choice(channel: ChannelName, address: Address) -> Choice {
    Choice {
        channel,
        address,
        fallbacks: Vec::new(),
    }
}

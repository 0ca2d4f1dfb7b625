//! What came of one try, as the channel that made it classified it.

use serde::{Deserialize, Serialize};

use crate::domain::nearest;

/// What came of one try, classified at the edge by the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it means.
    pub class: Class,
    /// Status code of the protocol, if there was one (SMTP 550, HTTP 429).
    pub code: Option<u16>,
    /// What the provider said, for the operator; no secrets, no addresses; at most 4 kB.
    pub reply: String,
    /// What a person reads: one sentence, with the fix where there is one.
    pub sentence: String,
    /// The provider's id for it.
    pub provider_id: Option<String>,
}

/// What one try means for what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The provider took responsibility.
    Accepted,
    /// The provider confirmed that it arrived.
    Delivered,
    /// Nothing left us: refused, name not found, TLS failed.
    NotSent,
    /// Too fast; the whole lane waits so long, if the provider said how long.
    Throttled {
        /// Milliseconds the provider asked for.
        after_ms: Option<u64>,
    },
    /// The provider cannot just now.
    RemoteTemporary,
    /// It may or may not be out.
    Uncertain,
    /// This address will never work.
    BadDestination,
    /// Refused for good by a rule about us, or without saying why: the address may be right.
    Refused,
    /// Our settings are wrong: the lane pauses and an operator is told.
    BadConfiguration,
    /// This message will never be taken.
    BadPayload,
}

impl Class {
    /// The name in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::NotSent => "not_sent",
            Self::Throttled { .. } => "throttled",
            Self::RemoteTemporary => "remote_temporary",
            Self::Uncertain => "uncertain",
            Self::BadDestination => "bad_destination",
            Self::Refused => "refused",
            Self::BadConfiguration => "bad_configuration",
            Self::BadPayload => "bad_payload",
        }
    }

    /// All that are no success.
    const FAILURES: [Self; 8] = [
        Self::NotSent,
        Self::Throttled { after_ms: None },
        Self::RemoteTemporary,
        Self::Uncertain,
        Self::BadDestination,
        Self::Refused,
        Self::BadConfiguration,
        Self::BadPayload,
    ];

    /// The failure of this name, as [`Class::as_str`] gives it. An error names them all.
    pub fn failure(name: &str) -> Result<Self, String> {
        let found = Self::FAILURES.into_iter().find(|it| it.as_str() == name);
        found.ok_or_else(|| {
            let names = Self::FAILURES.map(Self::as_str);
            let fix = nearest::fix_for(name, names, &format!("Use {}.", nearest::or_list(&names)));
            format!("\"{name}\" is not what a try can come to. {fix}")
        })
    }

    /// Whether the message is out.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Accepted | Self::Delivered)
    }
}

/// What to do with a message of which nobody knows whether it is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUncertain {
    /// Send the same bytes again: receivers can recognise the repeat.
    Resend,
    /// Ask the other side whether it has it, and send the same bytes again if it has not.
    Reconcile,
    /// Send again for the gravest priority only, else wait for a person: receivers cannot.
    HoldUnlessUrgent,
}

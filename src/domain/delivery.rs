//! A delivery's states and what a try at it means.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a delivery stands. The text is what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waiting for its time (people read "waiting", or "trying again at 2:44pm").
    Ready,
    /// A worker holds the lease and may be talking to the provider.
    Sending,
    /// Whether the provider took it is not known (people read "checking").
    Uncertain,
    /// The provider took responsibility.
    Accepted,
    /// The provider says it arrived.
    Delivered,
    /// Waits for a person.
    Held,
    /// Given up (people read "failed").
    Dead,
    /// Accepted, then sent back.
    Bounced,
    /// Something newer replaced it.
    Superseded,
    /// Its deadline passed.
    Expired,
    /// A person stopped it.
    Cancelled,
    /// Matched, and deliberately not sent to.
    NotSent,
}

impl State {
    /// All states.
    pub const ALL: [Self; 12] = [
        Self::Ready,
        Self::Sending,
        Self::Uncertain,
        Self::Accepted,
        Self::Delivered,
        Self::Held,
        Self::Dead,
        Self::Bounced,
        Self::Superseded,
        Self::Expired,
        Self::Cancelled,
        Self::NotSent,
    ];

    /// The name in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Sending => "sending",
            Self::Uncertain => "uncertain",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Held => "held",
            Self::Dead => "dead",
            Self::Bounced => "bounced",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::NotSent => "not_sent",
        }
    }

    /// Whether nothing will happen to it by itself any more. A receipt may still turn accepted
    /// into delivered or bounced.
    pub fn is_final(self) -> bool {
        !matches!(
            self,
            Self::Ready | Self::Sending | Self::Uncertain | Self::Held
        )
    }

    /// Whether its recipient counts as told (the message is, or may be, out).
    pub fn is_told(self) -> bool {
        matches!(
            self,
            Self::Sending | Self::Uncertain | Self::Accepted | Self::Delivered | Self::Held
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("\"{text}\" is not a delivery state"))
    }
}

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
            Self::BadConfiguration => "bad_configuration",
            Self::BadPayload => "bad_payload",
        }
    }

    /// Whether the message is out.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Accepted | Self::Delivered)
    }
}

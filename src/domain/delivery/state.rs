//! Where a delivery stands, and the word for it that people read.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a delivery stands. The text is what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waiting for its time (people read "waiting" or "trying again at 2:44pm", and why).
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

    /// The states in which it is still on its way, so that a later message to the same person has
    /// to wait for it. Held is not among them: a person may take days.
    pub const ON_ITS_WAY: [Self; 3] = [Self::Ready, Self::Sending, Self::Uncertain];

    /// The word people read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "waiting",
            Self::Sending => "sending",
            Self::Uncertain => "checking",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Held => "held",
            Self::Dead | Self::Bounced => "failed",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::NotSent => "not sent",
        }
    }

    /// The word with what there is to say about it: "trying again at 2:44pm: The server was not
    /// reached.", "failed: The address does not exist." `again_at` is the time of the next try as its reader writes times, and only
    /// given when there was a try before; `sentence` may be empty.
    pub fn phrase(self, again_at: Option<&str>, sentence: &str) -> String {
        match (self, again_at) {
            (Self::Ready, Some(time)) if sentence.is_empty() => format!("trying again at {time}"),
            (Self::Ready, Some(time)) => format!("trying again at {time}: {sentence}"),
            (Self::Ready | Self::Sending | Self::Accepted | Self::Delivered, _) => {
                self.word().to_owned()
            }
            _ if sentence.is_empty() => self.word().to_owned(),
            _ => format!("{}: {sentence}", self.word()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back_from_its_name() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("lost".parse::<State>().is_err());
    }

    #[test]
    fn people_read_when_it_is_tried_again_and_why_it_failed() {
        assert_eq!(State::Ready.phrase(None, ""), "waiting");
        assert_eq!(
            State::Ready.phrase(Some("2:44pm"), "The server was not reached."),
            "trying again at 2:44pm: The server was not reached."
        );
        assert_eq!(
            State::Dead.phrase(None, "The address does not exist."),
            "failed: The address does not exist."
        );
        assert_eq!(
            State::NotSent.phrase(None, "Muted until 5pm."),
            "not sent: Muted until 5pm."
        );
        assert_eq!(State::Accepted.phrase(None, "250 ok"), "accepted");
    }

    #[test]
    fn what_may_be_out_counts_as_told_and_what_is_final_does_not_wait() {
        for state in State::ALL {
            assert_eq!(
                state.is_final(),
                !State::ON_ITS_WAY.contains(&state) && state != State::Held
            );
        }
        assert!(State::Uncertain.is_told() && State::Held.is_told());
        assert!(!State::Ready.is_told() && !State::Dead.is_told());
    }
}

//! What is said: moments, and what one message is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Audience, ChannelName, variant::Variant};

/// What one message is: its words are rendered once for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageKey {
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// How the readers stand towards the incident.
    pub variant: Variant,
}

/// The occasion of a message; chooses its words.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The first word.
    Declared,
    /// Something changed.
    Update,
    /// Nothing changed, and we said we would say so.
    NoChange,
    /// Graver or less grave.
    PriorityChange,
    /// The story so far, for somebody told part-way.
    CatchUp,
    /// No more updates for somebody who no longer matches.
    StandDown,
    /// The service is back.
    Resolved,
    /// The paperwork is done.
    Closed,
    /// We said something wrong.
    Correction,
    /// It was not fixed after all.
    Reopened,
    /// Declared by mistake.
    Cancelled,
    /// To leads: an update is due soon.
    Prompt,
    /// To leads and others: an update is late.
    Overdue,
    /// To a lead: the role is yours.
    RoleAssigned,
    /// To owners of services up- and downstream.
    AreYouAffected,
    /// To the comms lead: what is left to do.
    Reminder,
    /// A marked test of somebody's channels.
    Test,
}

impl Moment {
    /// All moments.
    pub const ALL: [Self; 17] = [
        Self::Declared,
        Self::Update,
        Self::NoChange,
        Self::PriorityChange,
        Self::CatchUp,
        Self::StandDown,
        Self::Resolved,
        Self::Closed,
        Self::Correction,
        Self::Reopened,
        Self::Cancelled,
        Self::Prompt,
        Self::Overdue,
        Self::RoleAssigned,
        Self::AreYouAffected,
        Self::Reminder,
        Self::Test,
    ];

    /// The name in policies, templates and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Update => "update",
            Self::NoChange => "no-change",
            Self::PriorityChange => "priority-change",
            Self::CatchUp => "catch-up",
            Self::StandDown => "stand-down",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Correction => "correction",
            Self::Reopened => "reopened",
            Self::Cancelled => "cancelled",
            Self::Prompt => "prompt",
            Self::Overdue => "overdue",
            Self::RoleAssigned => "role-assigned",
            Self::AreYouAffected => "are-you-affected",
            Self::Reminder => "reminder",
            Self::Test => "test",
        }
    }

    /// Whether it goes to the audiences of the policy: no word to a lead, no question, no test.
    pub fn is_for_audiences(self) -> bool {
        !self.is_for_leads() && !matches!(self, Self::AreYouAffected | Self::Test)
    }

    /// Whether it goes to leads in their role rather than to the audiences of the policy.
    pub fn is_for_leads(self) -> bool {
        matches!(
            self,
            Self::Prompt | Self::Overdue | Self::RoleAssigned | Self::Reminder
        )
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|moment| moment.as_str() == text)
            .ok_or_else(|| {
                format!(
                    "\"{text}\" is not a moment: use {}",
                    Self::ALL.map(Self::as_str).join(", ")
                )
            })
    }
}

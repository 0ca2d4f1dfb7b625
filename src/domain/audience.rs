//! The four kinds of reader.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Who reads a message; decides which facts and words it may hold.
///
/// The order is that of precedence: a person matched for several reads as the first.
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
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The people working on it: everything, also the working theory.
    Responders,
    /// Service owners, deputy directors: effect, numbers, decision needed.
    Owners,
    /// Contacts in other organisations, who have users of their own.
    External,
    /// End users: a few plain sentences.
    Users,
}

impl Audience {
    /// All four, in order of precedence.
    pub const ALL: [Self; 4] = [Self::Responders, Self::Owners, Self::External, Self::Users];

    /// The name in policies, templates and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Responders => "responders",
            Self::Owners => "owners",
            Self::External => "external",
            Self::Users => "users",
        }
    }

    /// Whether its readers are outside the organisation, so that a slip cannot be taken back.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::External | Self::Users)
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Audience {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|audience| audience.as_str() == text)
            .ok_or_else(|| {
                format!("\"{text}\" is not an audience: use responders, owners, external or users")
            })
    }
}

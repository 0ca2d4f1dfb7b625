//! Names of things, checked when they are made.
//!
//! An id that exists is well-formed, so the rest of the code never asks again. They are cheap to
//! clone, because one resolution hands out thousands of them.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::text::bare;

/// A text that is not a well-formed id, with the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{value}\" is not {} {what}: use {rule}", article(.what))]
pub struct BadId {
    /// What it was meant to be, for example "service id".
    pub what: &'static str,
    /// The text as it came.
    pub value: String,
    /// What is allowed, in words.
    pub rule: &'static str,
}

/// "a person id", "an incident".
fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

const SLUG_RULE: &str =
    "1 to 64 lower-case letters, digits and hyphens, not starting or ending with a hyphen";

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_channel(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn is_priority(text: &str) -> bool {
    !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_ulid(text: &str) -> bool {
    text.len() == 26
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path, $rule:expr, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, pattern = $pattern)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                if $check(text) {
                    return Ok(Self(text.into()));
                }
                // What was pasted may hold more than anybody sees.
                let pasted = bare(text);
                if $check(&pasted) {
                    Ok(Self(pasted.as_ref().into()))
                } else {
                    Err(BadId { what: $what, value: text.to_owned(), rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A public service, for example `register-trainees`.
    ServiceId, "service id", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// A person in the directory, for example `priya-shah`.
    PersonId, "person id", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// A group of people and groups.
    GroupId, "group id", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// An address that is not a person: a channel, a shared mailbox, a webhook.
    DestinationId, "destination id", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// An organisation, ours or an external one.
    OrganisationId, "organisation id", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// A role that people hold on services, for example `service-owner`; read aloud as its words.
    RoleId, "role", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// A rule of the policy.
    RuleId, "rule id", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// A triage factor of the policy.
    FactorId, "factor id", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// A step of the playbook, for example `start-report`.
    StepId, "step", is_slug, SLUG_RULE, "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
);
text_id!(
    /// The key of a channel in the settings, for example `email` or `teams_workflow`.
    ChannelName, "channel", is_channel, "lower-case letters, digits and underscores",
    "^[a-z0-9_]{1,64}$"
);
text_id!(
    /// A priority, for example `P1`. Which is graver is the policy's list order, never its text.
    PriorityId, "priority", is_priority, "up to 16 letters and digits, for example P1",
    "^[A-Za-z0-9]{1,16}$"
);

text_id!(
    /// One thing said about one event.
    NotificationId, "notification id", is_ulid, "its ULID", "^[0-9A-Z]{26}$"
);
text_id!(
    /// Words for one moment, audience, channel and variant.
    MessageId, "message id", is_ulid, "its ULID", "^[0-9A-Z]{26}$"
);
text_id!(
    /// One message to one address: the stable key of every repeat.
    DeliveryId, "delivery id", is_ulid, "its ULID", "^[0-9A-Z]{26}$"
);

impl Default for PriorityId {
    /// `P1`: where nothing says how grave it is, it is grave.
    fn default() -> Self {
        Self("P1".into())
    }
}

impl RoleId {
    /// The role in words: `service-owner` reads "service owner".
    pub fn words(&self) -> String {
        self.as_str().replace('-', " ")
    }
}

/// The number of an incident, written `INC-` and at least four digits.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "INC-0042")]
pub struct IncidentId(pub u32);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INC-{:04}", self.0)
    }
}

impl fmt::Debug for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for IncidentId {
    type Err = BadId;

    /// Reads `INC-0042`, `inc-42` and `42` alike, pasted or typed: nobody counts zeros at 3am.
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId {
            what: "incident",
            value: text.to_owned(),
            rule: "its reference, for example INC-0042",
        };
        let pasted = bare(text);
        let digits = match pasted.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("inc-") => &pasted[4..],
            _ => pasted.as_ref(),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        match digits.parse() {
            Ok(0) | Err(_) => Err(bad()),
            Ok(number) => Ok(Self(number)),
        }
    }
}

impl TryFrom<String> for IncidentId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<IncidentId> for String {
    fn from(id: IncidentId) -> String {
        id.to_string()
    }
}

/// Where a channel reaches somebody: a mailbox, a phone number, a webhook URL.
///
/// Webhook URLs are secrets and mailboxes are personal data, so `Debug` shows a mask, and there is no
/// form to print or to serialise: what is shown is a [`ShownAddress`](super::shown::ShownAddress). Only
/// [`Address::as_str`] gives the text. Which texts are addresses is the channel's to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(transparent)]
pub struct Address(Arc<str>);

impl Address {
    /// Takes the text as the channel normalised it.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The address itself; for sending and for the record, never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes the address itself into a row or an event: for `#[serde(serialize_with)]`.
    pub fn record<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }

    /// A form that people can recognise and nobody can use: `d…@northshire.example`.
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().map(String::from).unwrap_or_default();
        match self.0.rsplit_once('@') {
            Some((_, domain)) if !self.0.contains('/') => format!("{first}…@{domain}"),
            _ => format!("{first}…"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

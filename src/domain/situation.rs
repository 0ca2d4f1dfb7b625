//! What resolution looks at: the incident as far as it decides who is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Audience, ChannelName, DestinationId, PersonId, PriorityId, ServiceId,
    incident::{Kind, LeadRole, Stage},
    notification::Moment,
    time::Time,
};

/// How a service is touched by an incident.
///
/// If A depends on B, B is upstream of A, and A downstream of B.
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
pub enum Relation {
    /// It does not work as it should.
    Affected,
    /// An affected service depends on it.
    Upstream,
    /// It depends on an affected service.
    Downstream,
}

impl Relation {
    /// The name in policies and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Upstream => "upstream",
            Self::Downstream => "downstream",
        }
    }
}

/// Everything about an incident that decides who is told, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Situation {
    /// How grave.
    pub priority: PriorityId,
    /// Technical, data breach or security.
    pub kind: Kind,
    /// How far it is.
    pub stage: Stage,
    /// What is about to be said.
    pub moment: Moment,
    /// Services stated on the incident. A stated relation beats the walk.
    pub services: BTreeMap<ServiceId, Relation>,
    /// Leads appointed so far.
    pub leads: BTreeMap<LeadRole, PersonId>,
    /// Added by hand.
    pub added: Vec<ByHand>,
    /// Muted on this incident until then.
    pub muted: BTreeMap<PersonId, Time>,
    /// Whether users are to be contacted; `None` while nobody has decided.
    pub users_contact: Option<bool>,
    /// Restricted to named people.
    pub restricted: bool,
    /// The instant at which hours and mutes are judged.
    pub now: Time,
}

/// A person or destination.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum RecipientId {
    /// A person in the directory.
    Person(PersonId),
    /// A destination in the directory.
    Destination(DestinationId),
}

impl RecipientId {
    /// The id as text, without its kind.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Person(id) => id.as_str(),
            Self::Destination(id) => id.as_str(),
        }
    }

    /// `person` or `destination`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Destination(_) => "destination",
        }
    }
}

/// Somebody added to an incident by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ByHand {
    /// Who is told.
    pub who: RecipientId,
    /// As which reader.
    pub audience: Audience,
    /// On which of a person's channels, all of them; empty means their first usable one.
    pub channels: Vec<ChannelName>,
    /// Why, as a sentence.
    pub note: String,
    /// Name of the person who added them.
    pub by: String,
}

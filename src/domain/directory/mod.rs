//! Who and what there is: services, people, groups, destinations, organisations, roles.
//!
//! The types are here. [`check`](check::check) says what is wrong with a directory,
//! [`diff`](diff::diff) what a new one changes, and [`merge`](merge::merge) makes the new one out
//! of what files mention, and [`to_confirm`] says what of it is asked about by name.

pub mod check;
pub mod confirm;
pub mod diff;
mod find;
pub mod groups;
mod kind;
pub mod merge;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    Address, ChannelName, DestinationId, GroupId, OrganisationId, PersonId, RoleId, ServiceId,
    time::{Time, WorkingHours},
};

pub use check::{Finding, Severity, check};
pub use confirm::{ToConfirm, to_confirm};
pub use diff::{Change, DirectoryChanges, diff};
pub use kind::Kind;

/// Everything known about who could be told, as one value. Ids in it may dangle:
/// `directory::check` finds that before it is put in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Directory {
    /// Services by id.
    pub services: BTreeMap<ServiceId, Service>,
    /// People by id.
    pub people: BTreeMap<PersonId, Person>,
    /// Groups by id.
    pub groups: BTreeMap<GroupId, Group>,
    /// Destinations by id.
    pub destinations: BTreeMap<DestinationId, Destination>,
    /// Organisations by id.
    pub organisations: BTreeMap<OrganisationId, Organisation>,
    /// Who holds which role on which service.
    pub roles: BTreeSet<RoleHolding>,
}

/// A public service that can be affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Stable slug.
    pub id: ServiceId,
    /// What we call it.
    pub name: String,
    /// What its users call it; outsiders never see the inside name.
    pub outside_name: Option<String>,
    /// The programme it belongs to.
    pub programme: Option<String>,
    /// Free labels that rules can test.
    pub tags: BTreeSet<String>,
    /// 1 is the gravest to lose.
    pub tier: Option<u8>,
    /// Whose service it is; `None` is ours.
    pub organisation: Option<OrganisationId>,
    /// Services it cannot work without: they are upstream of it.
    pub depends_on: BTreeSet<ServiceId>,
    /// Slug of its page on the status site.
    pub status_page: Option<String>,
    /// Name of its support queue.
    pub support_queue: Option<String>,
    /// Where its disaster-recovery procedure is.
    pub disaster_recovery: Option<String>,
    /// Its own default channels, which `destination:service` in a rule stands for.
    pub destinations: Vec<DestinationId>,
}

impl Service {
    /// The name for readers outside the organisation.
    pub fn name_for_outsiders(&self) -> &str {
        self.outside_name.as_deref().unwrap_or(&self.name)
    }
}

/// A person who can be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Person {
    /// Stable slug; stays in the record when the person is removed.
    pub id: PersonId,
    /// As they write it.
    pub name: String,
    /// `None` is our own organisation.
    pub organisation: Option<OrganisationId>,
    /// Channel and address, in order of preference; several for a channel are allowed.
    pub addresses: Vec<PersonAddress>,
    /// `None` is the organisation's time zone.
    pub time_zone: Option<Tz>,
    /// `None` is the organisation's working hours.
    pub working_hours: Option<WorkingHours>,
    /// Not to be told before this instant, unless a rule or a person overrides it.
    pub muted_until: Option<Time>,
}

/// One way to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct PersonAddress {
    /// The channel's key in the settings.
    pub channel: ChannelName,
    /// As the channel takes it.
    pub address: Address,
}

/// People and groups under one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Stable slug.
    pub id: GroupId,
    /// What people call it.
    pub name: String,
    /// People and groups in it.
    pub members: BTreeSet<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// One person.
    Person(PersonId),
    /// All who are in another group.
    Group(GroupId),
}

/// An address that is not a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Destination {
    /// Stable slug.
    pub id: DestinationId,
    /// What people call it, for example "Register trainees Teams channel".
    pub name: String,
    /// The one channel that reaches it.
    pub channel: ChannelName,
    /// As that channel takes it.
    pub address: Address,
    /// `None` is our own organisation.
    pub organisation: Option<OrganisationId>,
}

/// Ours, or one that uses our services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Stable slug.
    pub id: OrganisationId,
    /// What it calls itself.
    pub name: String,
    /// Whether its people are outsiders, never told more than `external`.
    pub external: bool,
    /// Its named contacts for services it uses.
    pub contacts: BTreeSet<Contact>,
}

/// Who in an organisation hears about a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    /// The service they use.
    pub service: ServiceId,
    /// Who is to be told.
    pub person: PersonId,
}

/// A person holds a role on a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RoleHolding {
    /// On which service.
    pub service: ServiceId,
    /// Which role.
    pub role: RoleId,
    /// Who.
    pub person: PersonId,
}

/// An address that a provider refused for good, so that resolution skips it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BadAddress {
    /// The channel that refused it.
    pub channel: ChannelName,
    /// The address, lower-cased.
    pub address: Address,
    /// When it was refused.
    pub since: Time,
    /// What the provider said, as a sentence.
    pub sentence: String,
    /// What would let it be used again, as a sentence; may be empty.
    pub helps: String,
}

impl Directory {
    /// Whether the person belongs to an external organisation. A dangling organisation counts as
    /// external: better to say too little than to tell an outsider the working theory.
    pub fn is_outsider(&self, person: &Person) -> bool {
        self.is_external(person.organisation.as_ref())
    }

    /// Whether an organisation, as a record names it, is external; `None` is ours.
    pub fn is_external(&self, organisation: Option<&OrganisationId>) -> bool {
        organisation.is_some_and(|id| self.organisations.get(id).is_none_or(|o| o.external))
    }
}

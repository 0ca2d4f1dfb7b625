//! What a file says about one entry of the directory.
//!
//! A field that a file does not mention is `None`, and stays as it is. One that it mentions as
//! empty is `Some(None)`, and is emptied.

use std::{collections::BTreeSet, fmt, sync::Arc};

use chrono_tz::Tz;

use crate::domain::{
    Address, ChannelName, DestinationId, GroupId, OrganisationId, PersonId, ServiceId,
    directory::{Contact, Kind, Member, PersonAddress, RoleHolding},
    time::{Time, WorkingHours},
};

/// Where in the files something stands, as people find it there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Position of the file among those read.
    pub nth: usize,
    /// Its name, without folders.
    pub file: Arc<str>,
    /// The sheet, in a workbook.
    pub sheet: Option<Kind>,
    /// Row as a spreadsheet counts it (the headings are row 1), or the line in a YAML file; 0 is
    /// the whole file.
    pub row: u32,
    /// Whether `row` is a line.
    pub is_line: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, row, .. } = self;
        match self.sheet {
            Some(sheet) if *row == 0 => write!(f, "{file}, sheet {sheet}"),
            None if *row == 0 => write!(f, "{file}"),
            Some(sheet) => write!(f, "{file}, sheet {sheet}, row {row}"),
            None if self.is_line => write!(f, "{file} line {row}"),
            None => write!(f, "{file} row {row}"),
        }
    }
}

/// One entry as a file mentions it.
#[derive(Debug, Clone)]
pub enum Mention {
    /// An organisation.
    Organisation(OrganisationPatch),
    /// A destination.
    Destination(Box<DestinationPatch>),
    /// A service.
    Service(Box<ServicePatch>),
    /// A person.
    Person(Box<PersonPatch>),
    /// A group; its members are mentions of their own.
    Group(GroupPatch),
    /// A member of a group.
    Member(GroupId, Member),
    /// A contact of an organisation.
    Contact(OrganisationId, Contact),
    /// A person's role on a service.
    Role(RoleHolding),
}

impl Mention {
    /// The list to which it belongs.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Organisation(_) => Kind::Organisations,
            Self::Destination(_) => Kind::Destinations,
            Self::Service(_) => Kind::Services,
            Self::Person(_) => Kind::People,
            Self::Group(_) | Self::Member(..) => Kind::Groups,
            Self::Contact(..) => Kind::Contacts,
            Self::Role(_) => Kind::Roles,
        }
    }
}

/// What a file says about an organisation.
#[derive(Debug, Clone)]
pub struct OrganisationPatch {
    /// Which.
    pub id: OrganisationId,
    /// What it calls itself.
    pub name: Option<String>,
    /// Whether it is external; a new one of which nothing is said is.
    pub external: Option<bool>,
}

/// What a file says about a destination.
#[derive(Debug, Clone)]
pub struct DestinationPatch {
    /// Which.
    pub id: DestinationId,
    /// What people call it.
    pub name: Option<String>,
    /// Channel and checked address; they change together.
    pub address: Option<(ChannelName, Address)>,
    /// Whose it is.
    pub organisation: Option<Option<OrganisationId>>,
}

/// What a file says about a service.
#[derive(Debug, Clone)]
pub struct ServicePatch {
    /// Which.
    pub id: ServiceId,
    /// What we call it.
    pub name: Option<String>,
    /// What its users call it.
    pub outside_name: Option<Option<String>>,
    /// The programme.
    pub programme: Option<Option<String>>,
    /// All its tags.
    pub tags: Option<BTreeSet<String>>,
    /// 1 is the gravest to lose.
    pub tier: Option<Option<u8>>,
    /// Whose it is.
    pub organisation: Option<Option<OrganisationId>>,
    /// All services it cannot work without.
    pub depends_on: Option<BTreeSet<ServiceId>>,
    /// Slug on the status site.
    pub status_page: Option<Option<String>>,
    /// Name of the support queue.
    pub support_queue: Option<Option<String>>,
    /// Where the procedure is.
    pub disaster_recovery: Option<Option<String>>,
    /// All its default channels, in order.
    pub destinations: Option<Vec<DestinationId>>,
}

/// What a file says about a person.
#[derive(Debug, Clone)]
pub struct PersonPatch {
    /// Who.
    pub id: PersonId,
    /// As they write it.
    pub name: Option<String>,
    /// Whose they are.
    pub organisation: Option<Option<OrganisationId>>,
    /// All their addresses, in order.
    pub addresses: Option<Vec<PersonAddress>>,
    /// All their addresses on some channels, in order; those on other channels stay, after these.
    pub on_channels: Vec<(ChannelName, Vec<Address>)>,
    /// Their time zone.
    pub time_zone: Option<Option<Tz>>,
    /// Their working hours.
    pub working_hours: Option<Option<WorkingHours>>,
    /// Not to be told before then.
    pub muted_until: Option<Option<Time>>,
}

/// What a file says about a group.
#[derive(Debug, Clone)]
pub struct GroupPatch {
    /// Which.
    pub id: GroupId,
    /// What people call it.
    pub name: Option<String>,
    /// Whether the file lists its members; if not, they stay.
    pub lists_members: bool,
}

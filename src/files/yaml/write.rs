//! A directory to YAML.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde::Serialize;
use serde_saphyr::{FlowMap, FlowSeq};

use super::super::csv::time_of_day;
use crate::domain::{
    directory::{Directory, Member},
    shown::ShownDirectory,
};

/// A directory could not be written as YAML.
#[derive(Debug, thiserror::Error)]
#[error("write the directory as YAML")]
pub struct WriteError(#[source] serde_saphyr::ser_error::Error);

/// A directory as one text, with its addresses as they may be shown.
///
/// Every key is written, also empty ones: importing the text changes nothing, and importing it
/// with pruning anywhere makes the same directory, as far as its addresses are whole.
pub fn write(directory: &ShownDirectory) -> Result<String, WriteError> {
    serde_saphyr::to_string(&File::of(directory.entries())).map_err(WriteError)
}

#[derive(Serialize)]
struct File<'a> {
    organisations: Vec<OrganisationEntry<'a>>,
    destinations: Vec<DestinationEntry<'a>>,
    services: Vec<ServiceEntry<'a>>,
    people: Vec<PersonEntry<'a>>,
    groups: Vec<GroupEntry<'a>>,
    contacts: Vec<FlowMap<ContactEntry<'a>>>,
    roles: Vec<FlowMap<RoleEntry<'a>>>,
}

#[derive(Serialize)]
struct OrganisationEntry<'a> {
    id: &'a str,
    name: &'a str,
    external: bool,
}

#[derive(Serialize)]
struct DestinationEntry<'a> {
    id: &'a str,
    name: &'a str,
    channel: &'a str,
    address: &'a str,
    organisation: Option<&'a str>,
}

#[derive(Serialize)]
struct ServiceEntry<'a> {
    id: &'a str,
    name: &'a str,
    outside_name: Option<&'a str>,
    programme: Option<&'a str>,
    tags: FlowSeq<Vec<&'a str>>,
    tier: Option<u8>,
    organisation: Option<&'a str>,
    depends_on: FlowSeq<Vec<&'a str>>,
    status_page: Option<&'a str>,
    support_queue: Option<&'a str>,
    disaster_recovery: Option<&'a str>,
    destinations: FlowSeq<Vec<&'a str>>,
}

#[derive(Serialize)]
struct PersonEntry<'a> {
    id: &'a str,
    name: &'a str,
    organisation: Option<&'a str>,
    addresses: Vec<BTreeMap<&'a str, &'a str>>,
    time_zone: Option<&'a str>,
    working_days: FlowSeq<Vec<String>>,
    working_from: Option<String>,
    working_until: Option<String>,
    muted_until: Option<String>,
}

#[derive(Serialize)]
struct GroupEntry<'a> {
    id: &'a str,
    name: &'a str,
    people: FlowSeq<Vec<&'a str>>,
    groups: FlowSeq<Vec<&'a str>>,
}

#[derive(Serialize)]
struct ContactEntry<'a> {
    organisation: &'a str,
    service: &'a str,
    person: &'a str,
}

#[derive(Serialize)]
struct RoleEntry<'a> {
    service: &'a str,
    role: &'a str,
    person: &'a str,
}

impl<'a> File<'a> {
    fn of(directory: &'a Directory) -> Self {
        let organisations = directory.organisations.values();
        let contacts = organisations.clone().flat_map(|organisation| {
            organisation.contacts.iter().map(|contact| {
                FlowMap(ContactEntry {
                    organisation: organisation.id.as_str(),
                    service: contact.service.as_str(),
                    person: contact.person.as_str(),
                })
            })
        });
        Self {
            contacts: contacts.collect(),
            organisations: organisations
                .map(|it| OrganisationEntry {
                    id: it.id.as_str(),
                    name: &it.name,
                    external: it.external,
                })
                .collect(),
            destinations: destinations(directory),
            services: services(directory),
            people: people(directory),
            groups: groups(directory),
            roles: directory
                .roles
                .iter()
                .map(|held| {
                    FlowMap(RoleEntry {
                        service: held.service.as_str(),
                        role: held.role.as_str(),
                        person: held.person.as_str(),
                    })
                })
                .collect(),
        }
    }
}

fn destinations(directory: &Directory) -> Vec<DestinationEntry<'_>> {
    let entry = directory.destinations.values().map(|it| DestinationEntry {
        id: it.id.as_str(),
        name: &it.name,
        channel: it.channel.as_str(),
        address: it.address.as_str(),
        organisation: it.organisation.as_ref().map(|id| id.as_str()),
    });
    entry.collect()
}

fn services(directory: &Directory) -> Vec<ServiceEntry<'_>> {
    let entry = directory.services.values().map(|it| ServiceEntry {
        id: it.id.as_str(),
        name: &it.name,
        outside_name: it.outside_name.as_deref(),
        programme: it.programme.as_deref(),
        tags: FlowSeq(it.tags.iter().map(String::as_str).collect()),
        tier: it.tier,
        organisation: it.organisation.as_ref().map(|id| id.as_str()),
        depends_on: FlowSeq(it.depends_on.iter().map(|id| id.as_str()).collect()),
        status_page: it.status_page.as_deref(),
        support_queue: it.support_queue.as_deref(),
        disaster_recovery: it.disaster_recovery.as_deref(),
        destinations: FlowSeq(it.destinations.iter().map(|id| id.as_str()).collect()),
    });
    entry.collect()
}

fn people(directory: &Directory) -> Vec<PersonEntry<'_>> {
    let entry = directory.people.values().map(|it| {
        let hours = it.working_hours.as_ref();
        let addresses = it.addresses.iter();
        let days = hours.iter().flat_map(|hours| &hours.days);
        PersonEntry {
            id: it.id.as_str(),
            name: &it.name,
            organisation: it.organisation.as_ref().map(|id| id.as_str()),
            addresses: addresses
                .map(|it| BTreeMap::from([(it.channel.as_str(), it.address.as_str())]))
                .collect(),
            time_zone: it.time_zone.map(|zone| zone.name()),
            working_days: FlowSeq(days.map(ToString::to_string).collect()),
            working_from: hours.map(|hours| time_of_day(hours.from)),
            working_until: hours.map(|hours| time_of_day(hours.until)),
            muted_until: it
                .muted_until
                .map(|until| until.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    });
    entry.collect()
}

fn groups(directory: &Directory) -> Vec<GroupEntry<'_>> {
    let entry = directory.groups.values().map(|it| GroupEntry {
        id: it.id.as_str(),
        name: &it.name,
        people: FlowSeq(
            it.members
                .iter()
                .filter_map(|member| match member {
                    Member::Person(id) => Some(id.as_str()),
                    Member::Group(_) => None,
                })
                .collect(),
        ),
        groups: FlowSeq(
            it.members
                .iter()
                .filter_map(|member| match member {
                    Member::Group(id) => Some(id.as_str()),
                    Member::Person(_) => None,
                })
                .collect(),
        ),
    });
    entry.collect()
}

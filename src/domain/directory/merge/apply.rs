//! Putting good mentions into the directory, and taking out what is pruned.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Attempt, Mention, Merged, PersonPatch, ServicePatch, references};
use crate::domain::{
    ChannelName, GroupId, PersonId,
    directory::{
        Contact, Destination, Directory, Group, Kind, Member, Organisation, Person, PersonAddress,
        RoleHolding, Service,
    },
};

/// What an entry that is not in the directory yet must say of itself, and does not.
pub(super) fn needed_for_new(current: &Directory, mention: &Mention) -> Option<&'static str> {
    let (new, name) = match mention {
        Mention::Organisation(patch) => (
            !current.organisations.contains_key(&patch.id),
            patch.name.is_some(),
        ),
        Mention::Destination(patch) => {
            let new = !current.destinations.contains_key(&patch.id);
            if new && patch.address.is_none() {
                return Some("address");
            }
            (new, patch.name.is_some())
        }
        Mention::Service(patch) => (
            !current.services.contains_key(&patch.id),
            patch.name.is_some(),
        ),
        Mention::Person(patch) => (
            !current.people.contains_key(&patch.id),
            patch.name.is_some(),
        ),
        Mention::Group(patch) => (
            !current.groups.contains_key(&patch.id),
            patch.name.is_some(),
        ),
        Mention::Member(..) | Mention::Contact(..) | Mention::Role(_) => return None,
    };
    (new && !name).then_some("name")
}

/// Groups whose members are replaced by those that the files list.
///
/// A group of which a row was left out keeps the members it has and gains those of its good rows:
/// a slip in one row must not take a person out of the group.
pub(super) fn relisted(attempt: &Attempt<'_>) -> BTreeSet<GroupId> {
    if attempt.nameless_group_failed {
        return BTreeSet::new();
    }
    let mut listed: BTreeSet<GroupId> = attempt
        .taken()
        .filter_map(|mentioned| match &mentioned.what {
            Mention::Group(patch) if patch.lists_members => Some(patch.id.clone()),
            _ => None,
        })
        .collect();
    listed.retain(|group| {
        !attempt
            .failed
            .contains_key(&(Kind::Groups, group.to_string()))
    });
    for nth in attempt.left_out.keys() {
        if let Some(Mention::Member(group, _)) = attempt.mentions.get(*nth).map(|it| &it.what) {
            listed.remove(group);
        }
    }
    listed
}

impl Attempt<'_> {
    /// The new directory.
    pub(super) fn finish(self) -> Merged {
        let mut directory = self.current.clone();
        for group in relisted(&self) {
            if let Some(group) = directory.groups.get_mut(&group) {
                group.members.clear();
            }
        }
        for mentioned in self.taken() {
            put(&mut directory, &mentioned.what);
        }
        let mut notices = Vec::new();
        self.prune(&mut directory, &mut notices);
        Merged {
            directory,
            left_out: self.left_out.into_values().collect(),
            notices,
        }
    }

    fn prune(&self, directory: &mut Directory, notices: &mut Vec<String>) {
        if self.pruned.is_empty() {
            return;
        }
        let mentioned: HashSet<(Kind, &str)> = self
            .mentions
            .iter()
            .filter_map(|it| references::entry(&it.what))
            .collect();
        let stays =
            |kind: Kind, id: &str| !self.pruned.contains(&kind) || mentioned.contains(&(kind, id));
        directory
            .people
            .retain(|id, _| stays(Kind::People, id.as_str()));
        directory
            .services
            .retain(|id, _| stays(Kind::Services, id.as_str()));
        directory
            .groups
            .retain(|id, _| stays(Kind::Groups, id.as_str()));
        directory
            .destinations
            .retain(|id, _| stays(Kind::Destinations, id.as_str()));
        self.prune_organisations(directory, &stays, notices);
        if self.pruned.contains(&Kind::Roles) {
            let said: BTreeSet<&RoleHolding> = self
                .taken()
                .filter_map(|it| match &it.what {
                    Mention::Role(held) => Some(held),
                    _ => None,
                })
                .collect();
            directory.roles.retain(|held| said.contains(held));
        }
        if self.pruned.contains(&Kind::Contacts) {
            let mut said: BTreeMap<&str, BTreeSet<&Contact>> = BTreeMap::new();
            for it in self.taken() {
                if let Mention::Contact(organisation, contact) = &it.what {
                    said.entry(organisation.as_str())
                        .or_default()
                        .insert(contact);
                }
            }
            for organisation in directory.organisations.values_mut() {
                let said = said.get(organisation.id.as_str());
                organisation
                    .contacts
                    .retain(|contact| said.is_some_and(|said| said.contains(contact)));
            }
        }
        drop_references_to_removed(self.current, directory);
    }

    /// Removes organisations, but never one to which an entry that stays belongs: without it the
    /// entry would count as ours, or as nobody's.
    fn prune_organisations(
        &self,
        directory: &mut Directory,
        stays: &dyn Fn(Kind, &str) -> bool,
        notices: &mut Vec<String>,
    ) {
        let people = directory
            .people
            .values()
            .filter_map(|it| it.organisation.as_ref());
        let services = directory
            .services
            .values()
            .filter_map(|it| it.organisation.as_ref());
        let destinations = directory
            .destinations
            .values()
            .filter_map(|it| it.organisation.as_ref());
        let used: BTreeSet<String> = people
            .chain(services)
            .chain(destinations)
            .map(ToString::to_string)
            .collect();
        directory.organisations.retain(|id, _| {
            if stays(Kind::Organisations, id.as_str()) {
                return true;
            }
            let used = used.contains(id.as_str());
            if used {
                notices.push(format!(
                    "The organisation {id} is not removed, because people, services or \
                     destinations still belong to it."
                ));
            }
            used
        });
    }
}

/// Takes out of the directory what names an entry that was there before and is not any more.
fn drop_references_to_removed(before: &Directory, directory: &mut Directory) {
    let person_gone: BTreeSet<PersonId> = before
        .people
        .keys()
        .filter(|id| !directory.people.contains_key(*id))
        .cloned()
        .collect();
    let service_gone: BTreeSet<_> = before
        .services
        .keys()
        .filter(|id| !directory.services.contains_key(*id))
        .cloned()
        .collect();
    let group_gone: BTreeSet<_> = before
        .groups
        .keys()
        .filter(|id| !directory.groups.contains_key(*id))
        .cloned()
        .collect();
    let destination_gone: BTreeSet<_> = before
        .destinations
        .keys()
        .filter(|id| !directory.destinations.contains_key(*id))
        .cloned()
        .collect();
    directory.roles.retain(|held| {
        !person_gone.contains(&held.person) && !service_gone.contains(&held.service)
    });
    for organisation in directory.organisations.values_mut() {
        organisation
            .contacts
            .retain(|it| !person_gone.contains(&it.person) && !service_gone.contains(&it.service));
    }
    for group in directory.groups.values_mut() {
        group.members.retain(|member| match member {
            Member::Person(id) => !person_gone.contains(id),
            Member::Group(id) => !group_gone.contains(id),
        });
    }
    for service in directory.services.values_mut() {
        service.depends_on.retain(|id| !service_gone.contains(id));
        service
            .destinations
            .retain(|id| !destination_gone.contains(id));
    }
}

fn put(directory: &mut Directory, mention: &Mention) {
    match mention {
        Mention::Organisation(patch) => {
            let organisation = directory
                .organisations
                .entry(patch.id.clone())
                .or_insert_with(|| Organisation {
                    id: patch.id.clone(),
                    name: String::new(),
                    external: true,
                    contacts: BTreeSet::new(),
                });
            set(&mut organisation.name, patch.name.as_ref());
            set(&mut organisation.external, patch.external.as_ref());
        }
        Mention::Destination(patch) => {
            if !directory.destinations.contains_key(&patch.id) {
                let Some((channel, address)) = &patch.address else {
                    return;
                };
                let new = Destination {
                    id: patch.id.clone(),
                    name: String::new(),
                    channel: channel.clone(),
                    address: address.clone(),
                    organisation: None,
                };
                directory.destinations.insert(patch.id.clone(), new);
            }
            if let Some(destination) = directory.destinations.get_mut(&patch.id) {
                set(&mut destination.name, patch.name.as_ref());
                if let Some((channel, address)) = &patch.address {
                    destination.channel = channel.clone();
                    destination.address = address.clone();
                }
                set(&mut destination.organisation, patch.organisation.as_ref());
            }
        }
        Mention::Service(patch) => put_service(directory, patch),
        Mention::Person(patch) => put_person(directory, patch),
        Mention::Group(patch) => {
            let group = directory
                .groups
                .entry(patch.id.clone())
                .or_insert_with(|| Group {
                    id: patch.id.clone(),
                    name: String::new(),
                    members: BTreeSet::new(),
                });
            set(&mut group.name, patch.name.as_ref());
        }
        Mention::Member(group, member) => {
            if let Some(group) = directory.groups.get_mut(group) {
                group.members.insert(member.clone());
            }
        }
        Mention::Contact(organisation, contact) => {
            if let Some(organisation) = directory.organisations.get_mut(organisation) {
                organisation.contacts.insert(contact.clone());
            }
        }
        Mention::Role(held) => {
            directory.roles.insert(held.clone());
        }
    }
}

fn put_service(directory: &mut Directory, patch: &ServicePatch) {
    let service = directory
        .services
        .entry(patch.id.clone())
        .or_insert_with(|| Service {
            id: patch.id.clone(),
            name: String::new(),
            outside_name: None,
            programme: None,
            tags: BTreeSet::new(),
            tier: None,
            organisation: None,
            depends_on: BTreeSet::new(),
            status_page: None,
            support_queue: None,
            disaster_recovery: None,
            destinations: Vec::new(),
        });
    set(&mut service.name, patch.name.as_ref());
    set(&mut service.outside_name, patch.outside_name.as_ref());
    set(&mut service.programme, patch.programme.as_ref());
    set(&mut service.tags, patch.tags.as_ref());
    set(&mut service.tier, patch.tier.as_ref());
    set(&mut service.organisation, patch.organisation.as_ref());
    set(&mut service.depends_on, patch.depends_on.as_ref());
    set(&mut service.status_page, patch.status_page.as_ref());
    set(&mut service.support_queue, patch.support_queue.as_ref());
    set(
        &mut service.disaster_recovery,
        patch.disaster_recovery.as_ref(),
    );
    set(&mut service.destinations, patch.destinations.as_ref());
}

fn put_person(directory: &mut Directory, patch: &PersonPatch) {
    let person = directory
        .people
        .entry(patch.id.clone())
        .or_insert_with(|| Person {
            id: patch.id.clone(),
            name: String::new(),
            organisation: None,
            addresses: Vec::new(),
            time_zone: None,
            working_hours: None,
            muted_until: None,
        });
    set(&mut person.name, patch.name.as_ref());
    set(&mut person.organisation, patch.organisation.as_ref());
    set(&mut person.time_zone, patch.time_zone.as_ref());
    set(&mut person.working_hours, patch.working_hours.as_ref());
    set(&mut person.muted_until, patch.muted_until.as_ref());
    set(&mut person.addresses, patch.addresses.as_ref());
    if !patch.on_channels.is_empty() {
        let listed =
            |channel: &ChannelName| patch.on_channels.iter().any(|(here, _)| here == channel);
        let mut addresses: Vec<PersonAddress> = Vec::new();
        // A person's addresses that a full list gave come first, then those of single columns,
        // then what is left on channels that the file does not mention.
        let (given, kept) = match &patch.addresses {
            Some(given) => (given.clone(), Vec::new()),
            None => (
                Vec::new(),
                std::mem::take(&mut person.addresses)
                    .into_iter()
                    .filter(|address| !listed(&address.channel))
                    .collect(),
            ),
        };
        addresses.extend(given);
        for (channel, on_channel) in &patch.on_channels {
            addresses.extend(on_channel.iter().map(|address| PersonAddress {
                channel: channel.clone(),
                address: address.clone(),
            }));
        }
        addresses.extend(kept);
        person.addresses = addresses;
    }
}

fn set<T: Clone>(have: &mut T, said: Option<&T>) {
    if let Some(said) = said {
        have.clone_from(said);
    }
}

//! What a new directory changes, in words for the person who is about to save it.
//!
//! No word holds an address: a plan may end up in a log or a ticket.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Destination, Directory, Group, Kind, Member, Organisation, Person, Service};

/// What is added, changed and removed; each list in the order of [`Kind::ALL`], then by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DirectoryChanges {
    /// Not there before.
    pub added: Vec<Change>,
    /// There before and after, and not the same; `details` says what differs.
    pub changed: Vec<Change>,
    /// There before, and no more.
    pub removed: Vec<Change>,
}

/// One entry that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// In which list.
    pub kind: Kind,
    /// Its id, or the ids that make it up, joined by `/`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What differs, each as a phrase: `name was "Find courses"`.
    pub details: Vec<String>,
}

impl DirectoryChanges {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// How many entries of a list were added, changed and removed.
    pub fn counts(&self, kind: Kind) -> (usize, usize, usize) {
        let of = |list: &[Change]| list.iter().filter(|change| change.kind == kind).count();
        (of(&self.added), of(&self.changed), of(&self.removed))
    }
}

/// What differs between two directories.
pub fn diff(old: &Directory, new: &Directory) -> DirectoryChanges {
    let mut changes = DirectoryChanges::default();
    changes.lists(
        Kind::Organisations,
        (&old.organisations, &new.organisations),
        |it| &it.name,
        organisation_details,
    );
    changes.lists(
        Kind::Destinations,
        (&old.destinations, &new.destinations),
        |it| &it.name,
        destination_details,
    );
    changes.lists(
        Kind::Services,
        (&old.services, &new.services),
        |it| &it.name,
        service_details,
    );
    changes.lists(
        Kind::People,
        (&old.people, &new.people),
        |it| &it.name,
        person_details,
    );
    changes.lists(
        Kind::Groups,
        (&old.groups, &new.groups),
        |it| &it.name,
        group_details,
    );
    changes.pairs(Kind::Contacts, &contacts(old), &contacts(new));
    changes.pairs(Kind::Roles, &roles(old), &roles(new));
    changes
}

impl DirectoryChanges {
    fn lists<I: Ord + ToString, T: PartialEq>(
        &mut self,
        kind: Kind,
        (old, new): (&BTreeMap<I, T>, &BTreeMap<I, T>),
        name: fn(&T) -> &str,
        details: fn(&T, &T) -> Vec<String>,
    ) {
        let change = |id: &I, entry: &T, details| Change {
            kind,
            id: id.to_string(),
            name: name(entry).to_owned(),
            details,
        };
        for (id, entry) in new {
            match old.get(id) {
                None => self.added.push(change(id, entry, Vec::new())),
                Some(before) if before != entry => {
                    let details = details(before, entry);
                    // An organisation whose contacts alone differ shows among the contacts.
                    if !details.is_empty() {
                        self.changed.push(change(id, entry, details));
                    }
                }
                Some(_) => {}
            }
        }
        for (id, entry) in old {
            if !new.contains_key(id) {
                self.removed.push(change(id, entry, Vec::new()));
            }
        }
    }

    fn pairs(
        &mut self,
        kind: Kind,
        old: &BTreeMap<String, String>,
        new: &BTreeMap<String, String>,
    ) {
        let change = |(id, name): (&String, &String)| Change {
            kind,
            id: id.clone(),
            name: name.clone(),
            details: Vec::new(),
        };
        self.added.extend(
            new.iter()
                .filter(|(id, _)| !old.contains_key(*id))
                .map(change),
        );
        self.removed.extend(
            old.iter()
                .filter(|(id, _)| !new.contains_key(*id))
                .map(change),
        );
    }
}

fn contacts(directory: &Directory) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for organisation in directory.organisations.values() {
        for contact in &organisation.contacts {
            found.insert(
                format!("{}/{}/{}", organisation.id, contact.service, contact.person),
                format!(
                    "{} hears about {} for {}",
                    person_name(directory, &contact.person),
                    service_name(directory, &contact.service),
                    organisation.name,
                ),
            );
        }
    }
    found
}

fn roles(directory: &Directory) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for held in &directory.roles {
        found.insert(
            format!("{}/{}/{}", held.service, held.role, held.person),
            format!(
                "{} is {} of {}",
                person_name(directory, &held.person),
                held.role.words(),
                service_name(directory, &held.service),
            ),
        );
    }
    found
}

fn person_name<'a>(directory: &'a Directory, id: &'a crate::domain::PersonId) -> &'a str {
    directory
        .people
        .get(id)
        .map_or(id.as_str(), |person| &person.name)
}

fn service_name<'a>(directory: &'a Directory, id: &'a crate::domain::ServiceId) -> &'a str {
    directory
        .services
        .get(id)
        .map_or(id.as_str(), |service| &service.name)
}

fn organisation_details(old: &Organisation, new: &Organisation) -> Vec<String> {
    let mut details = Details::default();
    details.text("name", Some(&old.name), Some(&new.name));
    if old.external != new.external {
        details.0.push(
            if new.external {
                "is external now"
            } else {
                "is ours now"
            }
            .to_owned(),
        );
    }
    details.0
}

fn destination_details(old: &Destination, new: &Destination) -> Vec<String> {
    let mut details = Details::default();
    details.text("name", Some(&old.name), Some(&new.name));
    details.text("channel", Some(&old.channel), Some(&new.channel));
    if old.address != new.address {
        details.0.push("address changed".to_owned());
    }
    details.text(
        "organisation",
        old.organisation.as_ref(),
        new.organisation.as_ref(),
    );
    details.0
}

fn service_details(old: &Service, new: &Service) -> Vec<String> {
    let mut details = Details::default();
    details.text("name", Some(&old.name), Some(&new.name));
    details.text(
        "outside name",
        old.outside_name.as_ref(),
        new.outside_name.as_ref(),
    );
    details.text("programme", old.programme.as_ref(), new.programme.as_ref());
    details.set("tags", &old.tags, &new.tags);
    details.text("tier", old.tier, new.tier);
    details.text(
        "organisation",
        old.organisation.as_ref(),
        new.organisation.as_ref(),
    );
    details.set("depends_on", &old.depends_on, &new.depends_on);
    details.text(
        "status page",
        old.status_page.as_ref(),
        new.status_page.as_ref(),
    );
    details.text(
        "support queue",
        old.support_queue.as_ref(),
        new.support_queue.as_ref(),
    );
    details.text(
        "disaster recovery",
        old.disaster_recovery.as_ref(),
        new.disaster_recovery.as_ref(),
    );
    let (before, after) = (
        old.destinations.iter().collect(),
        new.destinations.iter().collect(),
    );
    if before == after && old.destinations != new.destinations {
        details.0.push("destinations in another order".to_owned());
    }
    details.set("destinations", &before, &after);
    details.0
}

fn person_details(old: &Person, new: &Person) -> Vec<String> {
    let mut details = Details::default();
    details.text("name", Some(&old.name), Some(&new.name));
    details.text(
        "organisation",
        old.organisation.as_ref(),
        new.organisation.as_ref(),
    );
    details.addresses(old, new);
    details.text("time zone", old.time_zone, new.time_zone);
    if old.working_hours != new.working_hours {
        details.0.push("working hours changed".to_owned());
    }
    match (old.muted_until, new.muted_until) {
        (before, after) if before == after => {}
        (_, Some(until)) => details
            .0
            .push(format!("muted until {}", until.to_rfc3339())),
        (_, None) => details.0.push("no longer muted".to_owned()),
    }
    details.0
}

fn group_details(old: &Group, new: &Group) -> Vec<String> {
    let mut details = Details::default();
    details.text("name", Some(&old.name), Some(&new.name));
    let ids = |group: &Group| -> BTreeSet<String> {
        let id = |member: &Member| match member {
            Member::Person(id) => id.to_string(),
            Member::Group(id) => format!("group {id}"),
        };
        group.members.iter().map(id).collect()
    };
    details.set("members", &ids(old), &ids(new));
    details.0
}

#[derive(Default)]
struct Details(Vec<String>);

impl Details {
    fn text<T: PartialEq + ToString>(&mut self, what: &str, old: Option<T>, new: Option<T>) {
        match (old, new) {
            (old, new) if old == new => {}
            (Some(old), Some(new)) => self.0.push(format!(
                "{what} was \"{}\", is \"{}\"",
                old.to_string(),
                new.to_string()
            )),
            (None, Some(new)) => self.0.push(format!("{what} is \"{}\"", new.to_string())),
            (Some(old), None) => self
                .0
                .push(format!("{what} was \"{}\", is empty", old.to_string())),
            (None, None) => {}
        }
    }

    fn set<T: Ord + ToString>(&mut self, what: &str, old: &BTreeSet<T>, new: &BTreeSet<T>) {
        let difference = |from: &BTreeSet<T>, to: &BTreeSet<T>, verb: &str| {
            let items: Vec<String> = from.difference(to).map(ToString::to_string).collect();
            let shown = items.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            match items.len() {
                0 => None,
                1..=5 => Some(format!("{what}: {verb} {shown}")),
                many => Some(format!("{what}: {verb} {shown} and {} more", many - 5)),
            }
        };
        self.0.extend(difference(new, old, "added"));
        self.0.extend(difference(old, new, "removed"));
    }

    fn addresses(&mut self, old: &Person, new: &Person) {
        if old.addresses == new.addresses {
            return;
        }
        let of = |person: &Person, channel: &str| -> Vec<String> {
            let here = person
                .addresses
                .iter()
                .filter(|a| a.channel.as_str() == channel);
            here.map(|a| a.address.as_str().to_owned()).collect()
        };
        let everywhere = old.addresses.iter().chain(&new.addresses);
        let channels: BTreeSet<&str> = everywhere.map(|a| a.channel.as_str()).collect();
        let before = self.0.len();
        for channel in channels {
            let (then, now) = (of(old, channel), of(new, channel));
            if then != now {
                let verb = match (then.is_empty(), now.is_empty()) {
                    (true, _) => "added",
                    (_, true) => "removed",
                    _ => "changed",
                };
                self.0.push(format!("{channel} address {verb}"));
            }
        }
        if self.0.len() == before {
            self.0.push("addresses in another order".to_owned());
        }
    }
}

//! What is wrong with a directory, before it is put in force.
//!
//! Every finding is found at once, in the order of the lists. Errors are what resolution could not
//! make sense of; notes are what people usually did not mean. No sentence holds an address.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Contact, Directory, Group, Kind, Member, Person, RoleHolding, Service, groups,
    text::{bad_list_item, bad_text},
};
use crate::domain::{OrganisationId, PersonId, ServiceId, nearest::fix_for};

/// Something wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// In which list.
    pub kind: Kind,
    /// Which entry: its id, or service/role/person and organisation/service/person.
    pub id: String,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do, one sentence.
    pub fix: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The directory must not be put in force like that.
    Error,
    /// It works, and is probably not what somebody meant.
    Note,
}

/// Suggestions compare a name with every other one, so a file of garbage gets only so many.
const MOST_SUGGESTIONS: usize = 200;

/// Everything wrong with a directory, errors and notes.
pub fn check(directory: &Directory) -> Vec<Finding> {
    let mut checker = Checker {
        directory,
        held: directory.roles.iter().map(|held| &held.service).collect(),
        findings: Vec::new(),
        suggestions: 0,
    };
    checker.organisations();
    checker.destinations();
    for service in directory.services.values() {
        checker.service(service);
    }
    for person in directory.people.values() {
        checker.person(person);
    }
    for group in directory.groups.values() {
        checker.group(group);
    }
    checker.cycles();
    for holding in &directory.roles {
        checker.role(holding);
    }
    checker.shared_addresses();
    checker
        .findings
        .sort_by_key(|finding| (finding.severity, finding.kind));
    checker.findings
}

struct Checker<'a> {
    directory: &'a Directory,
    /// Services on which somebody holds a role.
    held: BTreeSet<&'a ServiceId>,
    findings: Vec<Finding>,
    suggestions: usize,
}

impl Checker<'_> {
    fn organisations(&mut self) {
        for organisation in self.directory.organisations.values() {
            let id = organisation.id.as_str();
            self.name(Kind::Organisations, id, &organisation.name);
            for Contact { service, person } in &organisation.contacts {
                let id = format!("{id}/{service}/{person}");
                self.service_exists(Kind::Contacts, &id, service);
                self.person_exists(Kind::Contacts, &id, person);
            }
        }
    }

    fn destinations(&mut self) {
        for destination in self.directory.destinations.values() {
            let id = destination.id.as_str();
            self.name(Kind::Destinations, id, &destination.name);
            self.organisation_exists(Kind::Destinations, id, destination.organisation.as_ref());
        }
    }

    fn service(&mut self, service: &Service) {
        let id = service.id.as_str();
        self.name(Kind::Services, id, &service.name);
        self.organisation_exists(Kind::Services, id, service.organisation.as_ref());
        for needed in &service.depends_on {
            if *needed == service.id {
                self.error(
                    Kind::Services,
                    id,
                    format!("{} depends on itself.", service.name),
                    format!("Take {needed} out of its depends_on."),
                );
            } else {
                self.service_exists(Kind::Services, id, needed);
            }
        }
        for destination in &service.destinations {
            if !self.directory.destinations.contains_key(destination) {
                let names = self.directory.destinations.keys();
                self.dangling(
                    Kind::Services,
                    id,
                    "destination",
                    destination.as_str(),
                    names.map(|id| id.as_str()),
                );
            }
        }
        for tag in &service.tags {
            if let Some(problem) = bad_list_item(tag) {
                self.error(
                    Kind::Services,
                    id,
                    format!("A tag of {} {problem}.", service.name),
                    "Write each tag as plain words, without commas or semicolons.".to_owned(),
                );
            }
        }
        if service.organisation.is_none() && !self.held.contains(&service.id) {
            self.note(
                Kind::Services,
                id,
                format!("Nobody holds a role on {}.", service.name),
                "Add its service owner to the roles.".to_owned(),
            );
        }
    }

    fn person(&mut self, person: &Person) {
        let id = person.id.as_str();
        self.name(Kind::People, id, &person.name);
        self.organisation_exists(Kind::People, id, person.organisation.as_ref());
        if let Some(hours) = &person.working_hours {
            let days: BTreeSet<u32> = hours
                .days
                .iter()
                .map(|day| day.num_days_from_monday())
                .collect();
            if hours.days.is_empty() || days.len() != hours.days.len() || hours.from == hours.until
            {
                self.error(
                    Kind::People,
                    id,
                    format!(
                        "The working hours of {} are not a working day.",
                        person.name
                    ),
                    "Name at least one day, each once, and an end that is not the start."
                        .to_owned(),
                );
            }
        }
        if person.addresses.is_empty() {
            self.note(
                Kind::People,
                id,
                format!(
                    "{} has no address, so no message can reach them.",
                    person.name
                ),
                "Add an email address.".to_owned(),
            );
        }
        let mut seen = BTreeSet::new();
        for address in &person.addresses {
            let same = (&address.channel, address.address.as_str().to_lowercase());
            if !seen.insert(same) {
                self.note(
                    Kind::People,
                    id,
                    format!(
                        "{} has the same {} address twice.",
                        person.name, address.channel
                    ),
                    "Remove one of them.".to_owned(),
                );
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let id = group.id.as_str();
        self.name(Kind::Groups, id, &group.name);
        if group.members.is_empty() {
            self.note(
                Kind::Groups,
                id,
                format!("Nobody is in the group {}.", group.name),
                "Add people to it, or remove it.".to_owned(),
            );
        }
        for member in &group.members {
            match member {
                Member::Person(person) => self.person_exists(Kind::Groups, id, person),
                Member::Group(other) => {
                    if !self.directory.groups.contains_key(other) {
                        let names = self.directory.groups.keys().map(|id| id.as_str());
                        self.dangling(Kind::Groups, id, "group", other.as_str(), names);
                    }
                }
            }
        }
    }

    fn cycles(&mut self) {
        for cycle in groups::cycles(self.directory) {
            let path: Vec<&str> = cycle
                .iter()
                .chain(cycle.first())
                .map(|id| id.as_str())
                .collect();
            let (Some(first), Some(last)) = (cycle.first(), cycle.last()) else {
                continue;
            };
            self.error(
                Kind::Groups,
                first.as_str(),
                format!(
                    "The group {first} contains itself: {}.",
                    path.join(" contains ")
                ),
                format!("Take {first} out of {last}."),
            );
        }
    }

    fn role(&mut self, held: &RoleHolding) {
        let id = format!("{}/{}/{}", held.service, held.role, held.person);
        self.service_exists(Kind::Roles, &id, &held.service);
        self.person_exists(Kind::Roles, &id, &held.person);
    }

    /// Two people with one address get one message that names both: fine for a shared mailbox, and
    /// more often a slip of copy and paste.
    fn shared_addresses(&mut self) {
        let mut owners: HashMap<(&str, String), Vec<&str>> = HashMap::new();
        for person in self.directory.people.values() {
            for address in &person.addresses {
                let key = (
                    address.channel.as_str(),
                    address.address.as_str().to_lowercase(),
                );
                let people = owners.entry(key).or_default();
                if people.last() != Some(&person.id.as_str()) {
                    people.push(person.id.as_str());
                }
            }
        }
        for destination in self.directory.destinations.values() {
            let key = (
                destination.channel.as_str(),
                destination.address.as_str().to_lowercase(),
            );
            owners.entry(key).or_default().push(destination.id.as_str());
        }
        let shared: BTreeMap<Vec<&str>, &str> = owners
            .into_iter()
            .filter(|(_, ids)| ids.len() > 1)
            .map(|((channel, _), ids)| (ids, channel))
            .collect();
        for (ids, channel) in shared {
            let shown = ids.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let more = ids.len().saturating_sub(5);
            let others = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            self.note(
                Kind::People,
                ids.first().copied().unwrap_or_default(),
                format!("{shown}{others} share one {channel} address and get one message."),
                "Give each their own address, unless it is a shared mailbox.".to_owned(),
            );
        }
    }

    fn name(&mut self, kind: Kind, id: &str, name: &str) {
        if let Some(problem) = bad_text(name) {
            self.error(
                kind,
                id,
                format!("The name of the {} {id} {problem}.", kind.singular()),
                "Write the name as people read it, on one line.".to_owned(),
            );
        }
    }

    fn organisation_exists(&mut self, kind: Kind, id: &str, wanted: Option<&OrganisationId>) {
        if let Some(wanted) = wanted
            && !self.directory.organisations.contains_key(wanted)
        {
            let names = self.directory.organisations.keys().map(|id| id.as_str());
            self.dangling(kind, id, "organisation", wanted.as_str(), names);
        }
    }

    fn service_exists(&mut self, kind: Kind, id: &str, wanted: &ServiceId) {
        if !self.directory.services.contains_key(wanted) {
            let names = self.directory.services.keys().map(|id| id.as_str());
            self.dangling(kind, id, "service", wanted.as_str(), names);
        }
    }

    fn person_exists(&mut self, kind: Kind, id: &str, wanted: &PersonId) {
        if !self.directory.people.contains_key(wanted) {
            let names = self.directory.people.keys().map(|id| id.as_str());
            self.dangling(kind, id, "person", wanted.as_str(), names);
        }
    }

    fn dangling<'n>(
        &mut self,
        kind: Kind,
        id: &str,
        what: &str,
        wanted: &str,
        names: impl Iterator<Item = &'n str>,
    ) {
        self.suggestions += 1;
        let otherwise = format!("Add the {what} {wanted}, or take it out of this entry.");
        let fix = if self.suggestions <= MOST_SUGGESTIONS {
            fix_for(wanted, names, &otherwise)
        } else {
            otherwise
        };
        self.error(
            kind,
            id,
            format!(
                "The {} {id} names the {what} {wanted}, which does not exist.",
                kind.singular()
            ),
            fix,
        );
    }

    fn error(&mut self, kind: Kind, id: &str, message: String, fix: String) {
        self.push(Severity::Error, kind, id, message, fix);
    }

    fn note(&mut self, kind: Kind, id: &str, message: String, fix: String) {
        self.push(Severity::Note, kind, id, message, fix);
    }

    fn push(&mut self, severity: Severity, kind: Kind, id: &str, message: String, fix: String) {
        self.findings.push(Finding {
            severity,
            kind,
            id: id.to_owned(),
            message,
            fix,
        });
    }
}

#[cfg(test)]
mod tests;

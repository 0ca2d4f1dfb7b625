//! The policy beside the directory and the channels: names that lead nowhere, outsiders who would
//! read too much, channels with two readerships.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use super::Places;
use crate::domain::{
    Audience, ChannelName, DestinationId, GroupId, OrganisationId, PersonId, RuleId, ServiceId,
    directory::{
        Directory, Service,
        groups::{cycles, people_in},
    },
    fault::Fault,
    nearest::fix_for,
    policy::{By, LateTo, Policy, Rule, Target, When},
};

/// Finds what is wrong with a policy in this organisation.
///
/// Roles that nobody holds, and tags and programmes that no service has, are no faults: a policy may
/// speak of them before the directory does. `Compiled::lint` finds the rules that suffer from it.
///
/// `places` says where the rules stand in their file, where that is known. `channels` are those
/// that exist, enabled or not; `None` leaves channels unchecked. Faults of a rule come in the order
/// of the rules.
pub fn check(
    policy: &Policy,
    directory: &Directory,
    places: &Places,
    channels: Option<&BTreeSet<ChannelName>>,
) -> Vec<Fault> {
    let mut check = Check {
        directory,
        places,
        readers: BTreeMap::new(),
        faults: Vec::new(),
    };
    check.groups();
    check.covers(policy);
    check.late_to(policy);
    for rule in &policy.rules {
        check.conditions(rule);
        for target in &rule.tell {
            check.target(rule, target);
        }
        if let Some(channels) = channels {
            check.channels(rule, channels);
        }
    }
    check.faults
}

/// Whether a service passes the conditions about what it is; how it is touched is not looked at.
pub(in crate::domain) fn service_passes(when: &When, service: &Service) -> bool {
    when.service.admits(&service.id)
        && when.tag.admits_any(service.tags.iter())
        && when.programme.admits_any(service.programme.iter())
        && when.tier.admits_any(service.tier.iter())
}

struct Check<'a> {
    directory: &'a Directory,
    places: &'a Places,
    /// As which readers each destination is told, and by which rule first.
    readers: BTreeMap<&'a DestinationId, (Audience, &'a RuleId)>,
    faults: Vec<Fault>,
}

impl<'a> Check<'a> {
    fn add(&mut self, rule: Option<&RuleId>, message: String, fix: impl Into<String>) {
        let message = match rule {
            Some(rule) => format!("Rule {rule}: {message}"),
            None => message,
        };
        let fault = Fault::new(message, fix);
        let place = rule.and_then(|rule| self.places.get(rule));
        self.faults.push(match place {
            Some((line, column)) => fault.at(*line, *column),
            None => fault,
        });
    }

    fn dangling<'n, T: Display>(
        &mut self,
        rule: Option<&RuleId>,
        what: &str,
        id: &T,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        let fix = fix_for(
            &id.to_string(),
            names,
            &format!("Add the {what} to the directory, or remove it here."),
        );
        self.add(
            rule,
            format!("There is no {what} \"{id}\" in the directory."),
            fix,
        );
    }

    fn service(&mut self, rule: Option<&RuleId>, id: &ServiceId) {
        let services = &self.directory.services;
        if !services.contains_key(id) {
            self.dangling(rule, "service", id, services.keys().map(ServiceId::as_str));
        }
    }

    fn person(&mut self, rule: Option<&RuleId>, id: &PersonId) {
        let people = &self.directory.people;
        if !people.contains_key(id) {
            self.dangling(rule, "person", id, people.keys().map(PersonId::as_str));
        }
    }

    fn group(&mut self, rule: Option<&RuleId>, id: &GroupId) {
        let groups = &self.directory.groups;
        if !groups.contains_key(id) {
            self.dangling(rule, "group", id, groups.keys().map(GroupId::as_str));
        }
    }

    fn conditions(&mut self, rule: &Rule) {
        let id = Some(&rule.id);
        let when = &rule.when;
        for service in when.service.any.iter().chain(&when.service.none) {
            self.service(id, service);
        }
    }

    fn target(&mut self, rule: &'a Rule, target: &'a Target) {
        let id = Some(&rule.id);
        let directory = self.directory;
        match target {
            Target::Role(role) => {
                let outsider = directory.roles.iter().find(|holding| {
                    holding.role == *role
                        && self.is_outsider(&holding.person)
                        && directory
                            .services
                            .get(&holding.service)
                            .is_some_and(|service| service_passes(&rule.when, service))
                });
                self.no_outsider(rule, outsider.map(|holding| &holding.person));
            }
            Target::Group(group) => {
                self.group(id, group);
                let members = people_in(directory, group);
                let outsider = members.into_iter().find(|person| self.is_outsider(person));
                self.no_outsider(rule, outsider);
            }
            Target::Person(person) => {
                self.person(id, person);
                self.no_outsider(rule, Some(person).filter(|person| self.is_outsider(person)));
            }
            Target::Contacts(organisation) => self.contacts(rule, organisation.as_ref()),
            Target::Destination(destination) => {
                let destinations = &directory.destinations;
                if !destinations.contains_key(destination) {
                    let names = destinations.keys().map(DestinationId::as_str);
                    self.dangling(id, "destination", destination, names);
                }
                self.one_readership(rule, destination);
            }
            Target::ServiceDestinations => {
                let passing = directory.services.values();
                for service in passing.filter(|service| service_passes(&rule.when, service)) {
                    for destination in &service.destinations {
                        self.one_readership(rule, destination);
                    }
                }
            }
            Target::Leads => {}
        }
    }

    fn contacts(&mut self, rule: &Rule, organisation: Option<&OrganisationId>) {
        let organisations = &self.directory.organisations;
        if let Some(organisation) = organisation
            && !organisations.contains_key(organisation)
        {
            let names = organisations.keys().map(|id| id.as_str());
            self.dangling(Some(&rule.id), "organisation", organisation, names);
        }
        if !rule.audience.is_outside() {
            self.add(
                Some(&rule.id),
                format!(
                    "Contacts of other organisations would read what is for {}.",
                    rule.audience
                ),
                "Give the rule audience = \"external\".",
            );
        }
    }

    fn is_outsider(&self, person: &PersonId) -> bool {
        let person = self.directory.people.get(person);
        person.is_some_and(|person| self.directory.is_outsider(person))
    }

    fn no_outsider(&mut self, rule: &Rule, outsider: Option<&PersonId>) {
        if let Some(outsider) = outsider
            && !rule.audience.is_outside()
        {
            self.add(
                Some(&rule.id),
                format!(
                    "{outsider} is outside the organisation and would read what is for {}.",
                    rule.audience
                ),
                "Tell outsiders by a rule of their own with audience = \"external\".",
            );
        }
    }

    fn one_readership(&mut self, rule: &'a Rule, destination: &'a DestinationId) {
        let known = self.directory.destinations.get(destination);
        let outside =
            known.is_some_and(|known| self.directory.is_external(known.organisation.as_ref()));
        if outside && !rule.audience.is_outside() {
            self.add(
                Some(&rule.id),
                format!(
                    "The destination {destination} is outside the organisation and would read what is for {}.",
                    rule.audience
                ),
                "Tell it by a rule of its own with audience = \"external\".",
            );
        }
        match self.readers.get(destination).copied() {
            None => {
                self.readers.insert(destination, (rule.audience, &rule.id));
            }
            Some((audience, first)) if audience != rule.audience && *first != rule.id => {
                self.add(
                    Some(&rule.id),
                    format!(
                        "The destination {destination} is told as {} here and as {audience} by rule {first}.",
                        rule.audience
                    ),
                    "A channel has one readership: give both rules the same audience, or name another destination.",
                );
            }
            Some(_) => {}
        }
    }

    fn channels(&mut self, rule: &Rule, channels: &BTreeSet<ChannelName>) {
        let (By::All(named) | By::FirstOf(named)) = &rule.by;
        for channel in named.iter().filter(|channel| !channels.contains(*channel)) {
            let fix = fix_for(
                channel.as_str(),
                channels.iter().map(ChannelName::as_str),
                "Use a channel of the settings.",
            );
            self.add(
                Some(&rule.id),
                format!("There is no channel \"{channel}\" in the settings."),
                fix,
            );
        }
    }

    fn covers(&mut self, policy: &Policy) {
        let ceilings = policy.ceilings.iter().map(|ceiling| &ceiling.covers);
        let seasons = policy.seasons.iter().map(|season| &season.covers);
        for cover in ceilings.chain(seasons) {
            for service in &cover.services {
                self.service(None, service);
            }
        }
    }

    fn late_to(&mut self, policy: &Policy) {
        for late_to in &policy.ladder.late_to {
            match late_to {
                LateTo::Lead(_) | LateTo::Role(_) => {}
                LateTo::Person(person) => self.person(None, person),
                LateTo::Group(group) => self.group(None, group),
            }
        }
    }

    /// Groups that contain themselves, each circle once, named from its first group.
    fn groups(&mut self) {
        for circle in cycles(self.directory) {
            let Some(start) = circle.first() else {
                continue;
            };
            let names: Vec<&str> = circle.iter().chain([start]).map(GroupId::as_str).collect();
            self.add(
                None,
                format!(
                    "The group {start} contains itself: {}.",
                    names.join(" contains ")
                ),
                "Take one of these groups out of the other.",
            );
        }
    }
}

//! Policy and directory made ready, so that resolving costs what matches and not what there is.
//!
//! Everything is numbered: services by id, people and destinations by name (so that their numbers
//! sort as the answer does), rules by id (so that their order in the file has no meaning).

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
};

use super::index::RuleIndex;
use crate::domain::{
    Address, ChannelName, DestinationId, GroupId, OrganisationId, PersonId, RoleId, ServiceId,
    Time,
    directory::{BadAddress, Directory, Service, groups::people_in},
    policy::{By, Policy, Rule, Target},
    situation::{RecipientId, Relation, Situation},
};

/// A policy and a directory, ready to answer. Made once per change of either.
#[derive(Debug)]
pub struct Compiled {
    pub(super) policy: Arc<Policy>,
    pub(super) directory: Arc<Directory>,
    /// Channels that are enabled, in order.
    pub(super) channels: Vec<ChannelName>,
    /// Addresses that were refused for good, by channel and lower-cased text.
    pub(super) bad: HashMap<(ChannelName, String), BadAddress>,
    /// People and destinations, in the order of their names.
    pub(super) parties: Vec<Party>,
    /// Usable addresses of all parties, one per channel each; [`Party::usable`] is a range of it, and
    /// [`Party::marked`] another, of addresses that were refused.
    pub(super) usable: Vec<(u16, Address)>,
    pub(super) party_of: HashMap<RecipientId, u32>,
    pub(super) services: Vec<Node>,
    pub(super) service_of: HashMap<ServiceId, u32>,
    /// Who holds a role on a service.
    pub(super) holders: HashMap<(u32, RoleId), Vec<u32>>,
    /// Rules in the order of their ids.
    pub(super) rules: Vec<Ready>,
    pub(super) index: RuleIndex,
    /// How far any rule walks.
    pub(super) deepest: u32,
}

/// Somebody who can be told.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) id: RecipientId,
    pub(super) name: Arc<str>,
    /// Never told more than `external`.
    pub(super) outside: bool,
    pub(super) muted_until: Option<Time>,
    pub(super) usable: Range<u32>,
    /// Refused addresses on channels without a usable one.
    pub(super) marked: Range<u32>,
}

/// A service among its neighbours.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: ServiceId,
    /// What it cannot work without.
    pub(super) upstream: Vec<u32>,
    /// What cannot work without it.
    pub(super) downstream: Vec<u32>,
    pub(super) destinations: Vec<u32>,
    /// Contacts of other organisations for it, by organisation.
    pub(super) contacts: Vec<(OrganisationId, Vec<u32>)>,
}

/// A rule, ready.
#[derive(Debug)]
pub(super) struct Ready {
    /// Position in the policy's list.
    pub(super) at: usize,
    pub(super) says: Arc<str>,
    pub(super) by: ReadyBy,
    pub(super) tell: Vec<ReadyTarget>,
}

/// The enabled ones of the channels that a rule allows, in its order.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadyBy {
    pub(super) first_of: bool,
    pub(super) channels: Vec<u16>,
}

/// Whom a rule tells; dangling names are empty lists.
#[derive(Debug)]
pub(super) enum ReadyTarget {
    Role(RoleId),
    Group { text: Arc<str>, members: Vec<u32> },
    Person(Option<u32>),
    Contacts(Option<OrganisationId>),
    Destination(Option<u32>),
    ServiceDestinations,
    Leads,
}

impl Compiled {
    /// Makes a policy and a directory ready. `channels` are those that are enabled; `bad` are
    /// addresses to skip. Dangling names and circles of groups do no harm: they tell nobody.
    pub fn new(
        policy: Arc<Policy>,
        directory: Arc<Directory>,
        channels: &BTreeSet<ChannelName>,
        bad: &[BadAddress],
    ) -> Self {
        let bad = bad
            .iter()
            .map(|bad| {
                let key = (bad.channel.clone(), bad.address.as_str().to_lowercase());
                (key, bad.clone())
            })
            .collect();
        let mut compiled = Self {
            policy,
            directory,
            channels: channels.iter().cloned().collect(),
            bad,
            parties: Vec::new(),
            usable: Vec::new(),
            party_of: HashMap::new(),
            services: Vec::new(),
            service_of: HashMap::new(),
            holders: HashMap::new(),
            rules: Vec::new(),
            index: RuleIndex::default(),
            deepest: 0,
        };
        compiled.add_parties();
        compiled.add_services();
        compiled.add_holders();
        compiled.add_rules();
        compiled
    }

    /// The policy it was made from.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The directory it was made from.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// The rule as the policy has it.
    pub(super) fn rule(&self, ready: &Ready) -> &Rule {
        &self.policy.rules[ready.at]
    }

    /// The service as the directory has it.
    pub(super) fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.directory.services.get(id)
    }

    pub(super) fn person(&self, id: &PersonId) -> Option<u32> {
        self.party_of.get(&RecipientId::Person(id.clone())).copied()
    }

    fn destination(&self, id: &DestinationId) -> Option<u32> {
        let id = RecipientId::Destination(id.clone());
        self.party_of.get(&id).copied()
    }

    pub(super) fn channel(&self, name: &ChannelName) -> Option<u16> {
        let at = self.channels.binary_search(name).ok()?;
        u16::try_from(at).ok()
    }

    /// Whether an address was not refused for good.
    fn is_healthy(&self, channel: &ChannelName, address: &Address) -> bool {
        let key = || (channel.clone(), address.as_str().to_lowercase());
        self.bad.is_empty() || !self.bad.contains_key(&key())
    }

    /// Adds the first address on each enabled channel: of those that are healthy, or of the others.
    fn add_usable<'a>(
        &mut self,
        from: usize,
        addresses: impl Iterator<Item = (&'a ChannelName, &'a Address)>,
        healthy: bool,
    ) {
        for (channel, address) in addresses {
            if let Some(number) = self.channel(channel)
                && !self.usable[from..]
                    .iter()
                    .any(|(known, _)| *known == number)
                && self.is_healthy(channel, address) == healthy
            {
                self.usable.push((number, address.clone()));
            }
        }
    }

    /// The usable addresses of a party, one for each channel. Who has none is tried at those that
    /// were refused, if the priority is the gravest.
    pub(super) fn usable(&self, party: &Party) -> &[(u16, Address)] {
        &self.usable[party.usable.start as usize..party.usable.end as usize]
    }

    /// What is used for want of a usable address, at this priority.
    pub(super) fn despite_marks(&self, party: &Party, situation: &Situation) -> &[(u16, Address)] {
        if self.policy.rank(&situation.priority) > 0 {
            return &[];
        }
        &self.usable[party.marked.start as usize..party.marked.end as usize]
    }

    fn add_parties(&mut self) {
        let directory = Arc::clone(&self.directory);
        let people = directory.people.values().map(|person| {
            let id = RecipientId::Person(person.id.clone());
            (person.name.as_str(), id)
        });
        let destinations = directory.destinations.values().map(|destination| {
            let id = RecipientId::Destination(destination.id.clone());
            (destination.name.as_str(), id)
        });
        let mut parties: Vec<(&str, RecipientId)> = people.chain(destinations).collect();
        parties.sort_by(|a, b| {
            let (a, b) = ((a.0, a.1.as_str(), &a.1), (b.0, b.1.as_str(), &b.1));
            a.cmp(&b)
        });
        for (name, id) in parties {
            let from = self.usable.len();
            let (outside, muted_until) = match &id {
                RecipientId::Person(person) => {
                    let person = &directory.people[person];
                    (directory.is_outsider(person), person.muted_until)
                }
                RecipientId::Destination(destination) => {
                    let known = &directory.destinations[destination];
                    (directory.is_external(known.organisation.as_ref()), None)
                }
            };
            let addresses = directory.addresses_of(&id);
            self.add_usable(from, addresses.clone(), true);
            let healthy = self.usable.len();
            self.add_usable(from, addresses, false);
            self.party_of.insert(id.clone(), number(self.parties.len()));
            self.parties.push(Party {
                id,
                name: name.into(),
                outside,
                muted_until,
                usable: number(from)..number(healthy),
                marked: number(healthy)..number(self.usable.len()),
            });
        }
    }

    fn add_services(&mut self) {
        let directory = Arc::clone(&self.directory);
        self.service_of = directory
            .services
            .keys()
            .enumerate()
            .map(|(at, id)| (id.clone(), number(at)))
            .collect();
        self.services = directory
            .services
            .values()
            .map(|service| Node {
                id: service.id.clone(),
                upstream: self.numbers_of(&service.depends_on),
                downstream: Vec::new(),
                destinations: service
                    .destinations
                    .iter()
                    .filter_map(|id| self.destination(id))
                    .collect(),
                contacts: Vec::new(),
            })
            .collect();
        for at in 0..self.services.len() {
            for upstream in self.services[at].upstream.clone() {
                self.services[upstream as usize].downstream.push(number(at));
            }
        }
        for organisation in directory.organisations.values() {
            for contact in &organisation.contacts {
                let service = self.service_of.get(&contact.service);
                let person = self.person(&contact.person);
                if let (Some(service), Some(person)) = (service, person) {
                    let contacts = &mut self.services[*service as usize].contacts;
                    match contacts.last_mut() {
                        Some((of, people)) if *of == organisation.id => people.push(person),
                        _ => contacts.push((organisation.id.clone(), vec![person])),
                    }
                }
            }
        }
    }

    fn numbers_of(&self, services: &BTreeSet<ServiceId>) -> Vec<u32> {
        let known = services.iter().filter_map(|id| self.service_of.get(id));
        known.copied().collect()
    }

    fn add_holders(&mut self) {
        let directory = Arc::clone(&self.directory);
        for holding in &directory.roles {
            let service = self.service_of.get(&holding.service).copied();
            if let (Some(service), Some(person)) = (service, self.person(&holding.person)) {
                self.holders
                    .entry((service, holding.role.clone()))
                    .or_default()
                    .push(person);
            }
        }
    }

    fn add_rules(&mut self) {
        let policy = Arc::clone(&self.policy);
        let mut order: Vec<usize> = (0..policy.rules.len()).collect();
        order.sort_by(|a, b| policy.rules[*a].id.cmp(&policy.rules[*b].id));
        let mut groups: HashMap<GroupId, (Arc<str>, Vec<u32>)> = HashMap::new();
        for at in order {
            let rule = &policy.rules[at];
            let tell = rule
                .tell
                .iter()
                .map(|target| self.ready_target(target, &mut groups))
                .collect();
            self.index.add(&policy, rule, number(self.rules.len()));
            let walks = [Relation::Upstream, Relation::Downstream]
                .iter()
                .any(|relation| rule.when.relation.admits(relation));
            if walks {
                self.deepest = self.deepest.max(rule.when.depth);
            }
            self.rules.push(Ready {
                at,
                says: rule.says.as_str().into(),
                by: self.ready_by(&rule.by),
                tell,
            });
        }
    }

    pub(super) fn ready_by(&self, by: &By) -> ReadyBy {
        let (first_of, named) = match by {
            By::All(named) => (false, named),
            By::FirstOf(named) => (true, named),
        };
        ReadyBy {
            first_of,
            channels: named.iter().filter_map(|name| self.channel(name)).collect(),
        }
    }

    fn ready_target(
        &self,
        target: &Target,
        groups: &mut HashMap<GroupId, (Arc<str>, Vec<u32>)>,
    ) -> ReadyTarget {
        match target {
            Target::Role(role) => ReadyTarget::Role(role.clone()),
            Target::Group(id) => {
                let (text, members) = groups
                    .entry(id.clone())
                    .or_insert_with(|| self.ready_group(id));
                ReadyTarget::Group {
                    text: Arc::clone(text),
                    members: members.clone(),
                }
            }
            Target::Person(id) => ReadyTarget::Person(self.person(id)),
            Target::Contacts(organisation) => ReadyTarget::Contacts(organisation.clone()),
            Target::Destination(id) => ReadyTarget::Destination(self.destination(id)),
            Target::ServiceDestinations => ReadyTarget::ServiceDestinations,
            Target::Leads => ReadyTarget::Leads,
        }
    }

    fn ready_group(&self, id: &GroupId) -> (Arc<str>, Vec<u32>) {
        let known = self.directory.groups.get(id);
        let name = known.map_or(id.as_str(), |group| group.name.as_str());
        let members = people_in(&self.directory, id)
            .into_iter()
            .filter_map(|person| self.person(person))
            .collect();
        (format!("in the group {name}").into(), members)
    }
}

/// Positions are kept in 32 bits: a directory of four thousand million is not one.
pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

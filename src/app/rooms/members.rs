//! Who belongs into a room.

use std::collections::BTreeSet;

use crate::domain::{
    Address, Audience, ChannelName, PersonId, directory::Directory, incident::Incident, plan::Told,
    situation::RecipientId,
};

/// Most people who are asked in: a room is for those who work on it.
const INVITED: usize = 100;

/// Who belongs into a room, the most needed first.
pub(super) struct Members {
    leads: usize,
    addresses: Vec<Address>,
}

impl Members {
    /// Those who are not among them yet: every lead, and of the others as many as a room takes.
    pub(super) fn difference_from(&self, asked: &BTreeSet<Address>) -> Vec<Address> {
        let mut free = INVITED.saturating_sub(asked.len());
        let mut new = Vec::new();
        for (at, address) in self.addresses.iter().enumerate() {
            if !asked.contains(address) && (at < self.leads || free > 0) {
                new.push(address.clone());
                free = free.saturating_sub(1);
            }
        }
        new
    }
}

/// The leads, whoever declared the incident, and the people of ours who are told as responders: those
/// of them who have an address on the channel.
pub(super) fn members(
    incident: &Incident,
    told: &[Told],
    directory: &Directory,
    channel: &ChannelName,
) -> Members {
    let mut addresses: Vec<Address> = Vec::new();
    let mut add = |person: &PersonId| {
        let known = directory.people.get(person);
        let known = known.filter(|person| !directory.is_outsider(person));
        let mut theirs = known.into_iter().flat_map(|person| &person.addresses);
        if let Some(found) = theirs.find(|it| it.channel == *channel)
            && !addresses.contains(&found.address)
        {
            addresses.push(found.address.clone());
        }
        addresses.len()
    };
    let leads = incident.leads.values().map(&mut add).last().unwrap_or(0);
    incident.declared_by.iter().for_each(|person| {
        add(person);
    });
    for row in told {
        if let (Audience::Responders, RecipientId::Person(person)) = (row.audience, &row.who) {
            add(person);
        }
    }
    Members { leads, addresses }
}

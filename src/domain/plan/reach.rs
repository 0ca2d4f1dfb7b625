//! How somebody is reached whom the rules do not name: leads in their role, and people who are owed
//! the last word.

use std::collections::BTreeSet;

use crate::domain::{
    Address, ChannelName, PersonId,
    directory::{BadAddress, Directory},
    situation::RecipientId,
};

/// What is known about the channels.
#[derive(Debug, Clone, Copy)]
pub struct Ways<'a> {
    /// Channels that are switched on.
    pub live: &'a BTreeSet<ChannelName>,
    /// Those of them that are chats: a message there is worth trying a quarter as long as a mail.
    pub chat: &'a BTreeSet<ChannelName>,
    /// Addresses that a provider refused for good.
    pub bad: &'a [BadAddress],
    /// Whether the priority is the gravest, so that whoever has no other way is tried at a refused
    /// address.
    pub grave: bool,
}

impl Ways<'_> {
    pub(super) fn is_usable(&self, channel: &ChannelName, address: &Address) -> bool {
        self.live.contains(channel) && self.mark(channel, address).is_none()
    }

    fn mark(&self, channel: &ChannelName, address: &Address) -> Option<&BadAddress> {
        if self.bad.is_empty() {
            return None;
        }
        let lower = address.as_str().to_lowercase();
        self.bad
            .iter()
            .find(|bad| bad.channel == *channel && bad.address.as_str().to_lowercase() == lower)
    }

    /// Why an address is used although a mark stands on it; `None` if none does.
    pub(super) fn despite(&self, channel: &ChannelName, address: &Address) -> Option<String> {
        let bad = self.mark(channel, address)?;
        let why = if self.grave {
            "the priority is the gravest and there is no other way"
        } else {
            "this has to go where the words before it went"
        };
        Some(format!(
            "Tried because {why}, although the address was refused on {}: {}",
            bad.since.format("%-d %B %Y"),
            bad.sentence
        ))
    }

    /// The usable addresses of a person, in their order of preference: the first on each channel.
    pub(super) fn of_person(
        &self,
        person: &PersonId,
        directory: &Directory,
    ) -> Vec<(ChannelName, Address)> {
        let addresses = directory.people.get(person).map(|it| &it.addresses);
        let first_of_each = |is_usable: &dyn Fn(&ChannelName, &Address) -> bool| {
            let mut ways: Vec<(ChannelName, Address)> = Vec::new();
            for entry in addresses.into_iter().flatten() {
                if is_usable(&entry.channel, &entry.address)
                    && ways.iter().all(|(channel, _)| *channel != entry.channel)
                {
                    ways.push((entry.channel.clone(), entry.address.clone()));
                }
            }
            ways
        };
        let ways = first_of_each(&|channel, address| self.is_usable(channel, address));
        if ways.is_empty() && self.grave {
            return first_of_each(&|channel, _| self.live.contains(channel));
        }
        ways
    }

    /// The usable addresses of a person or destination.
    pub fn of(&self, who: &RecipientId, directory: &Directory) -> Vec<(ChannelName, Address)> {
        match who {
            RecipientId::Person(person) => self.of_person(person, directory),
            RecipientId::Destination(id) => directory
                .destinations
                .get(id)
                .filter(|to| match self.grave {
                    true => self.live.contains(&to.channel),
                    false => self.is_usable(&to.channel, &to.address),
                })
                .map(|to| vec![(to.channel.clone(), to.address.clone())])
                .unwrap_or_default(),
        }
    }

    /// Where to tell somebody again who was told on these channels: on the same channels, at the
    /// address that the directory has there now; if none of them is left, on the first that is.
    pub(super) fn again(
        &self,
        who: &RecipientId,
        told: &[(&ChannelName, &Address)],
        directory: &Directory,
    ) -> Vec<(ChannelName, Address)> {
        let now = self.of(who, directory);
        let same: Vec<_> = now
            .iter()
            .filter(|(channel, _)| told.iter().any(|(then, _)| *then == channel))
            .cloned()
            .collect();
        if same.is_empty() {
            now.into_iter().take(1).collect()
        } else {
            same
        }
    }
}

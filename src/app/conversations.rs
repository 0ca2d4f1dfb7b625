//! Where the bots of chat were met, kept true by what the other side says.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{App, Error, act::Act};
use crate::{
    domain::{
        Address, ChannelName, channel::Conversation, delivery::NewMessage, directory::Directory,
        incident::Incident,
    },
    store::{Connection, conversations},
};

/// Longest id and longest web address that are kept; those of Teams have about 100 characters.
const LONGEST: usize = 500;

impl App {
    /// Keeps a conversation in which we were met; `address` is that of the person or the place.
    /// Writes only what is new.
    pub async fn met(
        &self,
        channel: &ChannelName,
        address: &str,
        conversation: &Conversation,
    ) -> Result<(), Error> {
        let is_long = |text: &String| text.len() > LONGEST;
        let Some(address) = self.spelled(channel, address) else {
            return Ok(());
        };
        let Conversation {
            id,
            service_url,
            member,
            ..
        } = conversation;
        if is_long(id) || is_long(service_url) || member.as_ref().is_some_and(is_long) {
            return Ok(());
        }
        let known = conversations::find(self.store.read(), channel, &address).await?;
        if known.as_ref() != Some(conversation) {
            let at = (channel, &address);
            let now = self.clock.now();
            conversations::learn(self.store.write(), at, conversation, now).await?;
        }
        Ok(())
    }

    /// Forgets a conversation from which we were removed.
    pub async fn parted(
        &self,
        channel: &ChannelName,
        address: &str,
        conversation: &str,
    ) -> Result<(), Error> {
        if let Some(address) = self.spelled(channel, address) {
            let at = (channel, &address);
            conversations::forget(self.store.write(), at, conversation).await?;
        }
        Ok(())
    }

    /// Lets those who run an incident see its post with what they may do, in messages among ourselves.
    /// Of a restricted incident nothing is shown where others could look over their shoulder.
    pub(super) async fn own_views(
        &self,
        conn: &impl Connection,
        act: &Act<'_>,
        incident: &Incident,
        messages: &mut [NewMessage],
    ) -> Result<(), Error> {
        if incident.restricted {
            return Ok(());
        }
        let mut known: BTreeMap<ChannelName, Vec<String>> = BTreeMap::new();
        for message in messages {
            let is_for_us = message.moment.is_for_audiences() && !message.audience.is_outside();
            let Some(channel) = self.channels.get(&message.channel) else {
                continue;
            };
            if !is_for_us || !channel.keeps_conversations() {
                continue;
            }
            let name = message.channel.clone();
            let members = match known.entry(name) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let addresses = runners_at(incident, &act.book.directory, unknown.key());
                    let found = conversations::members(conn, unknown.key(), &addresses).await?;
                    unknown.insert(found)
                }
            };
            channel.own_view(&mut message.parts, incident.id, members);
        }
        Ok(())
    }

    /// The address as the directory has it; `None` if it is none, or its channel is not live.
    pub(super) fn spelled(&self, channel: &ChannelName, address: &str) -> Option<Address> {
        self.channels.get(channel)?.check_address(address).ok()
    }
}

/// The addresses on a channel of those who run an incident.
fn runners_at(incident: &Incident, directory: &Directory, channel: &ChannelName) -> Vec<Address> {
    let run_by = incident.run_by().into_iter();
    run_by
        .filter_map(|id| directory.people.get(id))
        .flat_map(|person| &person.addresses)
        .filter(|known| known.channel == *channel)
        .map(|known| known.address.clone())
        .collect()
}

//! Where the bots of chat were met, kept true by what the other side says.

use std::collections::BTreeMap;

use super::{App, Error, act::Act};
use crate::{
    domain::{Address, ChannelName, channel::Conversation, incident::Incident, plan::Plan},
    store::{Connection, conversations},
};

/// By channel of chat, the other side's ids of those who run an incident.
pub(super) type Runners = BTreeMap<ChannelName, Vec<String>>;

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

    /// Those who run an incident, as the chats know them to which a plan speaks among ourselves. Of
    /// a restricted incident nothing is shown where others could look over their shoulder.
    pub(super) async fn runners(
        &self,
        conn: &impl Connection,
        act: &Act<'_>,
        incident: &Incident,
        plan: &Plan,
    ) -> Result<Runners, Error> {
        let mut runners = Runners::new();
        if incident.restricted {
            return Ok(runners);
        }
        let people = &act.book.directory.people;
        for (moment, audience, name) in plan.messages() {
            let is_for_us = moment.is_for_audiences() && !audience.is_outside();
            let channel = self.channels.get(&name).filter(|_| is_for_us);
            let keeps = channel.is_some_and(|channel| channel.keeps_conversations());
            if !keeps || runners.contains_key(&name) {
                continue;
            }
            let run_by = incident
                .run_by()
                .into_iter()
                .filter_map(|id| people.get(id));
            let addresses: Vec<Address> = run_by
                .flat_map(|person| &person.addresses)
                .filter(|known| known.channel == name)
                .map(|known| known.address.clone())
                .collect();
            let members = conversations::members(conn, &name, &addresses).await?;
            runners.insert(name, members);
        }
        Ok(runners)
    }

    /// The address as the directory has it; `None` if it is none, or its channel is not live.
    pub(super) fn spelled(&self, channel: &ChannelName, address: &str) -> Option<Address> {
        self.channels.get(channel)?.check_address(address).ok()
    }
}

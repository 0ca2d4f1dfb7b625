//! Whoever runs an incident sees more on its post than the others who read it. The words of a message are
//! the same for all, so who that is joins them only when the message is written.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{App, Error, act::Act};
use crate::{
    domain::{
        Address, ChannelName, delivery::NewMessage, directory::Directory, incident::Incident,
    },
    store::{Connection, conversations},
};

impl App {
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

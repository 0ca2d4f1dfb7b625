//! Where the bots of chat were met, kept true by what the other side says.

use super::{App, Error};
use crate::{
    domain::{Address, ChannelName, channel::Conversation},
    store::conversations,
};

/// Longest id and longest web address that are kept; those of Teams have about 100 characters.
const LONGEST: usize = 500;

impl App {
    /// Keeps a conversation in which we were met; `address` is that of the person or the place.
    /// Writes only what is new, and believes the address if it was refused.
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
        self.heard_from(channel, address.as_str()).await?;
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

    /// The address as the directory has it; `None` if it is none, or its channel is not live.
    pub(super) fn spelled(&self, channel: &ChannelName, address: &str) -> Option<Address> {
        self.channels.get(channel)?.check_address(address).ok()
    }
}

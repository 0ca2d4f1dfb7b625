//! Marks on addresses that a provider refused, and what takes them away: a message that arrives
//! ([`super::deliver`]), another address ([`super::contacts`]), a word from there, other settings.

use super::{App, Error};
use crate::{
    domain::{ChannelName, directory::BadAddress},
    store::{Connection, Step, outbox, settings},
};

/// Under which key of the kept values the settings of a channel are recognised.
fn key(channel: &ChannelName) -> String {
    format!("channel_settings.{channel}")
}

impl App {
    /// The marks that stand now, as resolution takes them.
    pub(super) async fn marks(&self, conn: &impl Connection) -> Result<Vec<BadAddress>, Error> {
        let found = outbox::bad_addresses(conn, self.clock.now()).await?;
        Ok(found
            .into_iter()
            .map(|bad| BadAddress {
                helps: self.helps(&bad.channel).to_owned(),
                channel: bad.channel,
                address: bad.address,
                since: bad.failed_at,
                sentence: bad.sentence,
            })
            .collect())
    }

    /// What takes a mark on an address of a channel away, as a sentence.
    pub(super) fn helps(&self, channel: &ChannelName) -> &'static str {
        match self.channels.get(channel) {
            Some(channel) if channel.keeps_conversations() => {
                "It is used again once somebody writes to the bot or adds it there, the settings of \
                 the channel change or the directory has another address, after oyez directory heal \
                 ADDRESS, or in thirty days."
            }
            Some(channel) if channel.is_chat() => {
                "It is used again once the directory has another address or the settings of the \
                 channel change, after oyez directory heal ADDRESS, or in thirty days."
            }
            _ => {
                "It is used again once the directory has another address, after oyez directory heal \
                 ADDRESS, or in thirty days."
            }
        }
    }

    /// Takes the mark off an address from which somebody has just called us, as the other side's
    /// signature vouches for: our bot is there.
    pub async fn heard_from(&self, channel: &ChannelName, address: &str) -> Result<(), Error> {
        let Some(address) = self.spelled(channel, address) else {
            return Ok(());
        };
        let now = self.clock.now();
        if outbox::is_bad_address(self.store.read(), channel, &address, now).await?
            && outbox::heal_there(self.store.write(), channel, &address).await?
        {
            tracing::info!(%channel, "an address that was refused is used again: we were called from it");
        }
        Ok(())
    }

    /// Takes the marks off the addresses of a chat whose settings have changed since they were last
    /// seen; `print` is a digest of them. Settings that are seen for the first time change nothing.
    pub async fn settings_seen(&self, channel: &ChannelName, print: &str) -> Result<(), Error> {
        let key = key(channel);
        let before = settings::get(self.store.read(), &key).await?;
        if before.as_deref() == Some(print) {
            return Ok(());
        }
        let tx = self.store.begin().await?;
        if before.is_some() {
            outbox::heal_channel(&tx, channel).await?;
        }
        settings::put(&tx, &key, print).await?;
        tx.commit().await.step("commit the settings of a channel")?;
        Ok(())
    }
}

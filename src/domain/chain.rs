//! The hash chain over an incident's log, and the digests of what was said and to whom.
//!
//! Each stored record carries a hash over the one before and over the digest of its own stored
//! bytes. The digest stands between, so that a record whose words had to be erased keeps its place:
//! its text is replaced by that digest, and the chain can still be followed.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Audience, ChannelName, event::Record, notification::Moment, situation::RecipientId};

/// What stands before the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A record as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// Position within the incident, from 1.
    pub seq: u32,
    /// The stored text; what `erased` says decides what it is.
    pub text: &'a str,
    /// Whether the text was replaced by its digest.
    pub erased: bool,
    /// The hash kept with it.
    pub hash: &'a str,
}

/// The first place at which a log is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record at position {seq} is not what was written: {what}")]
pub struct Broken {
    /// Position at which it shows.
    pub seq: u32,
    /// What is wrong, for the operator.
    pub what: &'static str,
}

/// The text of a record as it is stored and hashed. Made once: the stored bytes are the truth, and
/// are never made again from what was read.
pub fn stored_text(record: &Record) -> Result<String, serde_json::Error> {
    serde_json::to_string(record)
}

/// SHA-256 of a text, in lower-case hex.
pub fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The hash of a record: over the hash before it and the digest of its stored text.
pub fn link(previous: &str, text: &str) -> String {
    link_digest(previous, &digest(text))
}

fn link_digest(previous: &str, digest_of_text: &str) -> String {
    digest(&format!("{previous}{digest_of_text}"))
}

/// Follows the whole log of one incident, in order, and returns the hash at its head. Nothing that
/// was changed, taken out, put in or moved passes; records cut off at the end are seen by comparing
/// the head with the one kept elsewhere.
pub fn verify<'a>(links: impl IntoIterator<Item = Link<'a>>) -> Result<String, Broken> {
    let mut head = GENESIS.to_owned();
    let mut expected = 1;
    for found in links {
        let broken = |what| Broken {
            seq: found.seq,
            what,
        };
        if found.seq != expected {
            return Err(broken("a record is missing or out of place before it"));
        }
        let hash = if found.erased {
            link_digest(&head, found.text)
        } else {
            link(&head, found.text)
        };
        if hash != found.hash {
            return Err(broken(
                "its hash does not follow from its text and the record before",
            ));
        }
        head = hash;
        expected += 1;
    }
    Ok(head)
}

/// Digest of the words of a notification: all messages in order of moment, audience and channel,
/// each with its parts by name.
pub fn words_digest<'a>(
    messages: impl IntoIterator<Item = (Moment, Audience, &'a ChannelName, Vec<(&'a str, &'a str)>)>,
) -> String {
    let mut messages: Vec<_> = messages
        .into_iter()
        .map(|(moment, audience, channel, mut parts)| {
            parts.sort_unstable();
            (moment, audience, channel, parts)
        })
        .collect();
    messages.sort_unstable();
    let mut hash = Fields::default();
    for (moment, audience, channel, parts) in messages {
        hash.add(moment.as_str());
        hash.add(audience.as_str());
        hash.add(channel.as_str());
        for (name, text) in parts {
            hash.add(name);
            hash.add(text);
        }
    }
    hash.finish()
}

/// Digest of who was told: recipient, audience, moment and channel, sorted.
pub fn audience_digest<'a>(
    told: impl IntoIterator<Item = (&'a RecipientId, Audience, Moment, &'a ChannelName)>,
) -> String {
    let mut told: Vec<_> = told.into_iter().collect();
    told.sort_unstable();
    let mut hash = Fields::default();
    for (who, audience, moment, channel) in told {
        hash.add(who.kind());
        hash.add(who.as_str());
        hash.add(audience.as_str());
        hash.add(moment.as_str());
        hash.add(channel.as_str());
    }
    hash.finish()
}

/// Hashes fields with their lengths, so that moving a letter from one field to the next shows.
#[derive(Default)]
struct Fields(Sha256);

impl Fields {
    fn add(&mut self, field: &str) {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field.as_bytes());
    }

    fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

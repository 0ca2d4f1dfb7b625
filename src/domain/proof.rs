//! What proves an event's words and recipients: two digests in the record of the event, inside its
//! hash, and what they are made of as it is kept in the outbox.
//!
//! A digest begins with its version. Records from before there were versions have bare digests, and
//! are checked as they were made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Audience, ChannelName,
    chain::{digest, hex},
    delivery::NewMessage,
    notification::Moment,
    situation::RecipientId,
    variant::Variant,
};

/// What a digest of today begins with.
const VERSION: &str = "2:";
/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptMessage {
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// How the readers stand towards the incident; left out of what was exported before there were
    /// variants.
    #[serde(default)]
    pub variant: Variant,
    /// The stored JSON of its words by part, byte for byte.
    pub parts: String,
}

impl KeptMessage {
    /// A message as it will be kept.
    pub fn of(message: &NewMessage) -> Result<Self, serde_json::Error> {
        Ok(Self {
            moment: message.moment,
            audience: message.audience,
            channel: message.channel.clone(),
            variant: message.variant,
            parts: message.stored_parts()?,
        })
    }
}

/// Somebody to whom a message was written first, and how. What was written later in its stead, on
/// another channel or because a person had it sent again, is not among them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeptRecipient {
    /// Who.
    pub who: RecipientId,
    /// As which reader.
    pub audience: Audience,
    /// The occasion.
    pub moment: Moment,
    /// By which channel.
    pub channel: ChannelName,
    /// How they stand towards the incident.
    #[serde(default)]
    pub variant: Variant,
}

/// What was written about one event when it happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its messages.
    pub messages: Vec<KeptMessage>,
    /// Who was to get them.
    pub told: Vec<KeptRecipient>,
}

/// Whether something is what a digest was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Same,
    /// It is not.
    Altered,
    /// The digest was made in a way that this program does not know.
    Unknown,
}

/// Digest of the words of an event: of the SHA-256 of each message as it is kept.
pub fn words_digest(messages: &[KeptMessage]) -> String {
    let mut digests: Vec<_> = messages
        .iter()
        .map(|message| {
            fields(&[
                message.moment.as_str(),
                message.audience.as_str(),
                message.channel.as_str(),
                message.variant.as_str(),
                &digest(&message.parts),
            ])
        })
        .collect();
    of_all(&mut digests)
}

/// Digest of who was told: of one digest for each recipient, so that a recipient who has to be
/// forgotten can leave theirs behind.
pub fn audience_digest(told: &[KeptRecipient]) -> String {
    let mut digests: Vec<_> = told
        .iter()
        .map(|one| {
            fields(&[
                one.who.kind(),
                one.who.as_str(),
                one.channel.as_str(),
                one.audience.as_str(),
                one.moment.as_str(),
                one.variant.as_str(),
            ])
        })
        .collect();
    of_all(&mut digests)
}

/// Whether these are the messages of which a words digest was made.
pub fn check_words(made: &str, messages: &[KeptMessage]) -> Verdict {
    match version(made) {
        Version::Unversioned => verdict(
            made == unversioned::words_digest(messages, false)
                || made == unversioned::words_digest(messages, true),
        ),
        Version::Today => verdict(made == words_digest(messages)),
        Version::Unknown => Verdict::Unknown,
    }
}

/// Whether these are the recipients of whom an audience digest was made.
pub fn check_audience(made: &str, told: &[KeptRecipient]) -> Verdict {
    match version(made) {
        Version::Unversioned => verdict(made == unversioned::audience_digest(told)),
        Version::Today => verdict(made == audience_digest(told)),
        Version::Unknown => Verdict::Unknown,
    }
}

enum Version {
    Unversioned,
    Today,
    Unknown,
}

fn version(made: &str) -> Version {
    if made.starts_with(VERSION) {
        Version::Today
    } else if made.contains(':') {
        Version::Unknown
    } else {
        Version::Unversioned
    }
}

fn verdict(is_same: bool) -> Verdict {
    if is_same {
        Verdict::Same
    } else {
        Verdict::Altered
    }
}

/// SHA-256 of fields with their lengths, so that moving a letter from one field to the next shows.
fn fields(fields: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().into()
}

/// The digest of digests, whatever their order.
fn of_all(digests: &mut [[u8; 32]]) -> String {
    digests.sort_unstable();
    let mut hash = Sha256::new();
    for one in digests {
        hash.update(one);
    }
    format!("{VERSION}{}", hex(&hash.finalize()))
}

/// Digests as they were made before they had a version.
mod unversioned {
    use super::*;

    /// Of all messages in order of moment, audience and channel, each with its parts by name, as they
    /// were rendered. What those who run the incident see otherwise joined a part afterwards;
    /// `without_views` takes it out again.
    pub(super) fn words_digest(messages: &[KeptMessage], without_views: bool) -> String {
        let mut messages: Vec<_> = messages
            .iter()
            .map(|message| {
                // What is no JSON any more was altered: it gives another digest.
                let parts: BTreeMap<String, String> =
                    serde_json::from_str(&message.parts).unwrap_or_default();
                (message.moment, message.audience, &message.channel, parts)
            })
            .collect();
        messages.sort_unstable();
        let mut all = Vec::new();
        for (moment, audience, channel, parts) in &messages {
            all.extend([moment.as_str(), audience.as_str(), channel.as_str()].map(str::to_owned));
            for (name, text) in parts {
                let text = match without_view(text) {
                    Some(plain) if without_views => plain,
                    _ => text.clone(),
                };
                all.extend([name.clone(), text]);
            }
        }
        of_fields(&all)
    }

    /// Of recipient, audience, moment and channel, sorted.
    pub(super) fn audience_digest(told: &[KeptRecipient]) -> String {
        let mut told: Vec<_> = told.iter().collect();
        told.sort_unstable();
        let all: Vec<&str> = told
            .iter()
            .flat_map(|one| {
                [
                    one.who.kind(),
                    one.who.as_str(),
                    one.audience.as_str(),
                    one.moment.as_str(),
                    one.channel.as_str(),
                ]
            })
            .collect();
        of_fields(&all)
    }

    fn of_fields<T: AsRef<str>>(all: &[T]) -> String {
        let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
        hex(&fields(&all))
    }

    /// A card without what Teams is to ask for in its place; `None` if there is nothing of it.
    fn without_view(text: &str) -> Option<String> {
        let mut card: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).ok()?;
        let view = card.remove("refresh")?;
        let act = view.pointer("/action/data/act")?.as_str()?;
        act.starts_with("look:")
            .then(|| serde_json::Value::Object(card).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::id;

    fn message(channel: &str, parts: &str) -> KeptMessage {
        KeptMessage {
            moment: Moment::Update,
            audience: Audience::Owners,
            variant: Variant::Follows,
            channel: id(channel),
            parts: parts.to_owned(),
        }
    }

    fn told(person: &str) -> KeptRecipient {
        KeptRecipient {
            who: RecipientId::Person(id(person)),
            audience: Audience::Owners,
            moment: Moment::Update,
            variant: Variant::Follows,
            channel: id("email"),
        }
    }

    #[test]
    fn a_digest_of_words_shows_every_byte_and_reader_and_no_order() {
        let one = message("email", r#"{"subject":"ab","text":"c"}"#);
        let other = message("teams", r#"{"card":"{}"}"#);
        let made = words_digest(&[one.clone(), other.clone()]);
        assert!(made.starts_with(VERSION), "{made}");
        let check = |messages: &[KeptMessage]| check_words(&made, messages);
        assert_eq!(check(&[other.clone(), one.clone()]), Verdict::Same);
        let moved = message("email", r#"{"subject":"a","text":"bc"}"#);
        let outside = KeptMessage {
            audience: Audience::External,
            ..one.clone()
        };
        let swapped = KeptMessage {
            parts: other.parts.clone(),
            ..one.clone()
        };
        for altered in [
            vec![moved, other.clone()],
            vec![outside, other.clone()],
            vec![swapped, other.clone()],
            vec![one.clone()],
            vec![one, other.clone(), other],
            Vec::new(),
        ] {
            assert_eq!(check(&altered), Verdict::Altered, "{altered:?}");
        }
    }

    #[test]
    fn a_digest_of_recipients_shows_each_of_them_and_how_they_were_told() {
        let (priya, tom) = (told("priya-shah"), told("tom-okafor"));
        let made = audience_digest(&[priya.clone(), tom.clone()]);
        let check = |told: &[KeptRecipient]| check_audience(&made, told);
        assert_eq!(check(&[tom.clone(), priya.clone()]), Verdict::Same);
        let otherwise = [
            KeptRecipient {
                audience: Audience::External,
                ..tom.clone()
            },
            KeptRecipient {
                moment: Moment::CatchUp,
                ..tom.clone()
            },
            KeptRecipient {
                channel: id("teams"),
                ..tom.clone()
            },
            KeptRecipient {
                who: RecipientId::Destination(id("tom-okafor")),
                ..tom.clone()
            },
            priya.clone(),
        ];
        for altered in otherwise {
            let altered = [priya.clone(), altered];
            assert_eq!(check(&altered), Verdict::Altered, "{altered:?}");
        }
        assert_eq!(check(&[priya]), Verdict::Altered);
    }

    #[test]
    fn a_digest_from_before_there_were_versions_is_checked_as_it_was_made() {
        // As the program made them then, of the parts before the views were put in.
        let words = "ae2f742af1b29f66c3159e4282b6c3126bbfe81bd2d7cbc71ed4a73423d3ca0b";
        let audience = "4f5a8a0b004e3d8c0313aa252addb38c79dd1d8f357eaf6ac1633397a39e2e31";
        let mail = message("email", r#"{"subject":"ab","text":"c"}"#);
        let card = |refresh: &str| {
            let card = format!(r#"{{"body":[]{refresh},"type":"AdaptiveCard"}}"#);
            let parts = BTreeMap::from([("incident", card)]);
            message("teams", &serde_json::to_string(&parts).unwrap())
        };
        let view = r#","refresh":{"action":{"data":{"act":"look:INC-0007"}},"userIds":["29:1"]}"#;
        for teams in [card(""), card(view)] {
            let kept = [teams, mail.clone()];
            assert_eq!(check_words(words, &kept), Verdict::Same, "{kept:?}");
        }
        assert_eq!(check_words(words, &[card(view)]), Verdict::Altered);
        let both = [told("tom-okafor"), told("priya-shah")];
        assert_eq!(check_audience(audience, &both), Verdict::Same);
        assert_eq!(check_audience(audience, &both[..1]), Verdict::Altered);
    }

    #[test]
    fn a_digest_of_a_later_version_is_neither_right_nor_wrong() {
        assert_eq!(check_words("3:ab", &[]), Verdict::Unknown);
        assert_eq!(check_audience("3:ab", &[]), Verdict::Unknown);
    }
}

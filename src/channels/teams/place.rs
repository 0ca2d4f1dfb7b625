//! Where in Teams: a channel, a chat or a person.

use crate::{channels::ids::is_uuid, domain::Address};

/// How the ids of channels end: today's, and those of older channels.
const CHANNELS: [&str; 2] = ["@thread.tacv2", "@thread.skype"];

/// Longest id of a conversation that is taken.
const ID_MAX: usize = 300;

/// An address of the channel, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A channel of a team, where posts have threads.
    Channel(Channel),
    /// A group chat, or the chat of a person with the bot.
    Chat(String),
    /// A person, by the object id that Microsoft Entra gave them.
    Person(String),
}

/// A channel of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel(String);

impl Channel {
    pub(super) fn id(&self) -> &str {
        &self.0
    }

    /// The conversation that is a thread of this channel, out of what we keep of its first post:
    /// `<conversation>|<activity>`. `None` if that was somewhere else.
    pub(super) fn thread(&self, kept: &str) -> Option<String> {
        let (conversation, _) = kept.split_once('|')?;
        let rest = conversation.strip_prefix(self.0.as_str())?;
        rest.starts_with(";messageid=")
            .then(|| conversation.to_owned())
    }
}

impl Place {
    /// An address that [`check`] has seen.
    pub(super) fn of(address: &Address) -> Self {
        let id = address.as_str().to_owned();
        if is_uuid(&id) {
            Self::Person(id)
        } else if CHANNELS.iter().any(|kind| id.ends_with(kind)) {
            Self::Channel(Channel(id))
        } else {
            Self::Chat(id)
        }
    }
}

/// The address as it is used, or what is wrong with it.
pub(super) fn check(text: &str) -> Result<Address, String> {
    let text = text.trim();
    if is_uuid(text) {
        return Ok(Address::new(&text.to_lowercase()));
    }
    if let Some((bare, _)) = text.split_once(";messageid=")
        && is_conversation(bare)
    {
        return Err(
            "This is one thread of a channel: give the channel, without ;messageid= and what \
             follows"
                .to_owned(),
        );
    }
    if is_conversation(text) {
        return Ok(Address::new(text));
    }
    Err(if text.contains("://") {
        "This is a link: give the id in it, which stands behind /channel/ and reads \
         19:…@thread.tacv2 once %3A is written as : and %40 as @"
    } else if text.contains('@') && !text.starts_with("19:") {
        "Teams takes no mail address: give the person's object id, which Microsoft Entra shows"
    } else {
        "This is neither a conversation nor a person in Teams: give a channel or chat like \
         19:…@thread.tacv2, or the object id of a person, which Microsoft Entra shows"
    }
    .to_owned())
}

fn is_conversation(text: &str) -> bool {
    let is_id = |id: &str| {
        !id.is_empty()
            && id.len() <= ID_MAX
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let thread = text
        .strip_prefix("19:")
        .and_then(|rest| rest.split_once('@'));
    match (thread, text.strip_prefix("a:")) {
        (Some((id, kind)), _) => {
            is_id(id) && matches!(kind, "thread.tacv2" | "thread.skype" | "thread.v2")
        }
        (None, Some(id)) => is_id(id),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: &str = "3F2504E0-4F89-41D3-9A0C-0305E82C3301";

    #[test]
    fn what_can_be_posted_to_is_taken_as_it_is() {
        for (typed, kept) in [
            ("19:abc_1-2@thread.tacv2", "19:abc_1-2@thread.tacv2"),
            (" 19:meeting_Zm9v@thread.v2 ", "19:meeting_Zm9v@thread.v2"),
            ("19:0a1b2c@thread.skype", "19:0a1b2c@thread.skype"),
            ("a:1Xyz_-9", "a:1Xyz_-9"),
            (PERSON, &PERSON.to_lowercase()),
        ] {
            assert_eq!(check(typed).unwrap().as_str(), kept);
        }
        let place = |text: &str| Place::of(&check(text).unwrap());
        assert!(matches!(place("19:a@thread.tacv2"), Place::Channel(_)));
        assert!(matches!(place("19:a@thread.skype"), Place::Channel(_)));
        assert!(matches!(place("19:a@thread.v2"), Place::Chat(_)));
        assert!(matches!(place("a:1"), Place::Chat(_)));
        assert!(matches!(place(PERSON), Place::Person(_)));
    }

    #[test]
    fn what_cannot_is_refused_with_what_to_give_instead() {
        for (typed, says) in [
            ("", "object id"),
            ("General", "object id"),
            ("19:@thread.tacv2", "object id"),
            ("19:a/../b@thread.tacv2", "object id"),
            ("19:a@thread.skype|x", "object id"),
            ("a:1;messageid=2", "without ;messageid="),
            ("19:a@thread.tacv2;messageid=1", "without ;messageid="),
            ("priya.shah@northshire.example", "no mail address"),
            (
                "https://teams.microsoft.com/l/channel/19%3Aa%40thread.tacv2/General",
                "/channel/",
            ),
        ] {
            let sentence = check(typed).unwrap_err();
            assert!(sentence.contains(says), "{typed}: {sentence}");
        }
        assert!(check(&format!("19:{}@thread.v2", "a".repeat(301))).is_err());
    }

    #[test]
    fn a_thread_counts_only_in_its_own_channel() {
        let channel = Channel("19:a@thread.tacv2".to_owned());
        let thread = "19:a@thread.tacv2;messageid=7";
        assert_eq!(
            channel.thread(&format!("{thread}|7")).as_deref(),
            Some(thread)
        );
        for other in [
            "19:b@thread.tacv2;messageid=7|7",
            "19:a@thread.tacv2|7",
            "7",
            "",
        ] {
            assert_eq!(channel.thread(other), None, "{other}");
        }
    }
}

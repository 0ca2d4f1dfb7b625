//! What there is in the simulated Slack: channels, direct messages and what was posted in them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{Cast, Room};
use crate::domain::Time;

/// Everything that the simulator remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) channels: BTreeMap<String, Channel>,
    last_ts: i64,
    made: u32,
}

/// A channel, or the direct messages of a person with the app.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Channel {
    pub(super) name: String,
    /// Whose direct messages these are; `None` for a channel.
    pub(super) person: Option<String>,
    /// Who alone sees it, if it is private.
    pub(super) is_private: bool,
    pub(super) members: BTreeSet<String>,
    pub(super) topic: String,
    /// When the app made it, in seconds since 1970; `None` for one that was there before.
    #[serde(default)]
    pub(super) made_at: Option<i64>,
    pub(super) messages: Vec<Message>,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) ts: String,
    pub(super) thread_ts: Option<String>,
    /// Who wrote it; `None` is the app.
    pub(super) from: Option<String>,
    /// The only one who sees it, if it is for one.
    pub(super) only_for: Option<String>,
    pub(super) text: String,
    pub(super) blocks: Value,
    pub(super) metadata: Option<Value>,
    /// Whether a reply is shown in the channel, too.
    pub(super) is_broadcast: bool,
    pub(super) is_edited: bool,
    pub(super) at: Time,
    /// Rises with every change, so that a page draws again only what is new.
    pub(super) revision: u32,
}

/// The direct messages of a person with the app.
pub(super) fn direct(person: &str) -> String {
    format!("D{}", person.get(1..).unwrap_or_default())
}

impl World {
    /// Makes the channels and direct messages of these people and rooms. Everybody is in every room.
    pub(super) fn introduce(&mut self, cast: &Cast) {
        let everybody = cast.people.iter().map(|person| person.id.clone());
        let everybody: BTreeSet<String> = everybody.collect();
        for Room { id, name } in &cast.rooms {
            let channel = self.channels.entry(id.clone()).or_default();
            channel.name = name.trim_start_matches('#').to_owned();
            channel.members = everybody.clone();
        }
        for person in &cast.people {
            let chat = self.channels.entry(direct(&person.id)).or_default();
            chat.name = person.name.clone();
            chat.person = Some(person.id.clone());
            chat.is_private = true;
            chat.members = [person.id.clone()].into();
        }
    }

    /// A time stamp that no other message has.
    pub(super) fn next_ts(&mut self, now: Time) -> String {
        self.last_ts = now.timestamp_micros().max(self.last_ts + 1);
        let (seconds, micros) = (self.last_ts / 1_000_000, self.last_ts % 1_000_000);
        format!("{seconds}.{micros:06}")
    }

    /// The channel of an id, which may be that of a person.
    pub(super) fn channel_of(&self, id: &str) -> Option<String> {
        let id = match id.starts_with(['U', 'W']) {
            true => direct(id),
            false => id.to_owned(),
        };
        self.channels.contains_key(&id).then_some(id)
    }

    pub(super) fn message(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        let messages = &mut self.channels.get_mut(channel)?.messages;
        messages.iter_mut().find(|message| message.ts == ts)
    }

    /// Makes a channel with a name of its own.
    pub(super) fn make(
        &mut self,
        name: &str,
        is_private: bool,
        now: Time,
    ) -> Result<String, &'static str> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if name.is_empty() || name.len() > 80 {
            return Err("invalid_name_maxlength");
        }
        if !name.chars().all(is_allowed) {
            return Err("invalid_name_specials");
        }
        if self
            .channels
            .values()
            .any(|it| it.person.is_none() && it.name == name)
        {
            return Err("name_taken");
        }
        self.made += 1;
        let id = format!("CSIM{:07}", self.made);
        let channel = Channel {
            name: name.to_owned(),
            is_private,
            made_at: Some(now.timestamp()),
            ..Channel::default()
        };
        self.channels.insert(id.clone(), channel);
        Ok(id)
    }
}

impl Channel {
    /// As the Web API shows it.
    pub(super) fn shown(&self, id: &str) -> Value {
        json!({
            "id": id,
            "name": self.name,
            "is_channel": self.person.is_none(),
            "is_private": self.is_private,
            "is_archived": false,
            "is_member": self.made_at.is_some(),
            "creator": self.made_at.map(|_| super::BOT_USER).unwrap_or_default(),
            "created": self.made_at.unwrap_or_default(),
            "topic": { "value": self.topic },
            "num_members": self.members.len(),
        })
    }

    /// Whether somebody sees it.
    pub(super) fn is_seen_by(&self, person: &str) -> bool {
        match &self.person {
            Some(owner) => owner == person,
            None => !self.is_private || self.members.contains(person),
        }
    }

    /// The messages as one person sees them.
    pub(super) fn seen_by(&self, person: &str, name_of: impl Fn(&str) -> String) -> Vec<Value> {
        let messages = self.messages.iter();
        let mine = messages.filter(|it| it.only_for.as_deref().is_none_or(|only| only == person));
        mine.map(|message| {
            json!({
                "ts": message.ts,
                "thread": message.thread_ts,
                "from": message.from.as_deref().map_or_else(|| "Oyez".to_owned(), &name_of),
                "isApp": message.from.is_none(),
                "isForYou": message.only_for.is_some(),
                "text": message.text,
                "blocks": message.blocks,
                "isBroadcast": message.is_broadcast,
                "isEdited": message.is_edited,
                "at": message.at,
                "revision": message.revision,
            })
        })
        .collect()
    }
}

impl Message {
    /// As the Web API shows it.
    pub(super) fn shown(&self, with_metadata: bool) -> Value {
        let mut shown = json!({
            "type": "message",
            "ts": self.ts,
            "text": self.text,
        });
        match &self.from {
            Some(person) => shown["user"] = json!(person),
            None => {
                shown["bot_id"] = json!(super::BOT_ID);
                shown["user"] = json!(super::BOT_USER);
                shown["app_id"] = json!(super::APP_ID);
            }
        }
        if self.blocks.is_array() {
            shown["blocks"] = self.blocks.clone();
        }
        if let Some(thread) = &self.thread_ts {
            shown["thread_ts"] = json!(thread);
        }
        if with_metadata && let Some(metadata) = &self.metadata {
            shown["metadata"] = metadata.clone();
        }
        shown
    }
}

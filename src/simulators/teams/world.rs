//! What there is in the simulated Teams: conversations and what was posted in them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::{Cast, Room};
use crate::domain::Time;

/// Everything that the simulator remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) conversations: BTreeMap<String, Conversation>,
    /// People who have taken the app off again.
    pub(super) without_app: BTreeSet<String>,
    last_id: i64,
}

/// A channel, or the chat of a person with the bot.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Conversation {
    pub(super) name: String,
    /// Whose chat it is; `None` for a channel.
    pub(super) person: Option<String>,
    pub(super) posts: Vec<Post>,
}

/// A message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) id: String,
    /// The post that began the thread, in a channel.
    pub(super) root: String,
    /// Who wrote it; `None` is the bot.
    pub(super) from: Option<String>,
    pub(super) activity: Value,
    pub(super) at: Time,
    pub(super) is_edited: bool,
    /// Rises with every change, so that a page draws again only what is new.
    pub(super) revision: u32,
    /// What the bot shows to one person in its stead, by person.
    pub(super) views: BTreeMap<String, Value>,
}

/// Why something cannot be done: status, code and sentence of the Bot connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct No(
    pub(super) u16,
    pub(super) &'static str,
    pub(super) &'static str,
);

pub(super) const NO_CONVERSATION: No = No(404, "ConversationNotFound", "Conversation not found.");
pub(super) const NO_ACTIVITY: No = No(
    404,
    "ActivityNotFoundInConversation",
    "The activity is not in this conversation.",
);
pub(super) const NOT_INSTALLED: No = No(
    403,
    "ForbiddenOperationException",
    "The bot is not installed in user's personal scope",
);
pub(super) const NOT_ALLOWED: No = No(
    403,
    "NotEnoughPermissions",
    "The bot is not allowed to do that to this message.",
);
pub(super) const BAD: No = No(400, "BadSyntax", "The request is not understood.");

/// The conversation and the thread that an id names.
pub(super) fn split(id: &str) -> (&str, Option<&str>) {
    match id.split_once(";messageid=") {
        Some((conversation, root)) => (conversation, Some(root)),
        None => (id, None),
    }
}

/// The chat of a person with the bot.
pub(super) fn chat_of(person: &str) -> String {
    let digest = Sha256::digest(person.as_bytes());
    let hex: String = digest[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("a:1{hex}")
}

impl World {
    /// Makes the channels and chats of these people and rooms.
    pub(super) fn introduce(&mut self, cast: &Cast) {
        for Room { id, name } in &cast.rooms {
            self.conversations.entry(id.clone()).or_default().name = name.clone();
        }
        for person in &cast.people {
            let chat = self.conversations.entry(chat_of(&person.id)).or_default();
            chat.name = person.name.clone();
            chat.person = Some(person.id.clone());
        }
    }

    fn next_id(&mut self, now: Time) -> String {
        self.last_id = now.timestamp_millis().max(self.last_id + 1);
        self.last_id.to_string()
    }

    /// Adds a post. Without a thread, one in a channel begins a thread.
    pub(super) fn post(
        &mut self,
        conversation: &str,
        from: Option<&str>,
        activity: Value,
        now: Time,
    ) -> Result<String, No> {
        let (id, root) = split(conversation);
        let new = self.next_id(now);
        let place = self.conversations.get_mut(id).ok_or(NO_CONVERSATION)?;
        let is_there = |root: &str| place.posts.iter().any(|post| post.id == root);
        if root.is_some_and(|root| !is_there(root)) {
            return Err(NO_CONVERSATION);
        }
        place.posts.push(Post {
            id: new.clone(),
            root: root.unwrap_or(&new).to_owned(),
            from: from.map(str::to_owned),
            activity,
            at: now,
            is_edited: false,
            revision: 1,
            views: BTreeMap::new(),
        });
        Ok(new)
    }

    /// A post of the bot.
    fn own(&mut self, conversation: &str, id: &str) -> Result<&mut Post, No> {
        let (conversation, _) = split(conversation);
        let place = self.conversations.get_mut(conversation);
        let mut posts = place.ok_or(NO_CONVERSATION)?.posts.iter_mut();
        let post = posts.find(|post| post.id == id).ok_or(NO_ACTIVITY)?;
        match post.from {
            None => Ok(post),
            Some(_) => Err(NOT_ALLOWED),
        }
    }

    /// Puts another activity in the place of a post, for everybody.
    pub(super) fn replace(&mut self, conversation: &str, id: &str, with: Value) -> Result<(), No> {
        let post = self.own(conversation, id)?;
        post.activity = with;
        post.is_edited = true;
        post.revision += 1;
        post.views.clear();
        Ok(())
    }

    /// Takes a post away.
    pub(super) fn delete(&mut self, conversation: &str, id: &str) -> Result<(), No> {
        self.own(conversation, id)?;
        let (conversation, _) = split(conversation);
        if let Some(place) = self.conversations.get_mut(conversation) {
            place.posts.retain(|post| post.id != id);
        }
        Ok(())
    }

    /// Shows one person a card in the place of a post.
    pub(super) fn show(&mut self, conversation: &str, id: &str, person: &str, card: Value) {
        if let Ok(post) = self.own(conversation, id) {
            post.views.insert(person.to_owned(), card);
            post.revision += 1;
        }
    }

    /// Whether a person sees a conversation.
    pub(super) fn may_see(&self, conversation: &str, person: &str) -> bool {
        let place = self.conversations.get(split(conversation).0);
        place.is_some_and(|place| place.person.as_deref().is_none_or(|owner| owner == person))
    }
}

impl Conversation {
    /// The posts as one person sees them.
    pub(super) fn seen_by(&self, person: &str, name_of: impl Fn(&str) -> String) -> Vec<Value> {
        let seen = |post: &Post| {
            let card = post.activity["attachments"]
                .as_array()
                .and_then(|attachments| attachments.first())
                .map(|attachment| attachment["content"].clone());
            let view = post.views.get(person);
            json!({
                "id": post.id,
                "root": post.root,
                "from": post.from.as_deref().map_or_else(|| "Oyez".to_owned(), &name_of),
                "isBot": post.from.is_none(),
                "text": post.activity["text"],
                "card": view.cloned().or(card),
                "summary": post.activity["summary"],
                "isUrgent": post.activity["importance"] == "urgent",
                "alerts": post.activity["channelData"]["notification"]["alert"] == true,
                "at": post.at,
                "isEdited": post.is_edited,
                "isForYou": view.is_some(),
                "revision": post.revision,
            })
        };
        self.posts.iter().map(seen).collect()
    }
}

//! What is posted: an activity of the Bot Framework with one card, and what it is wrapped in.

use serde_json::{Value, json};

use crate::{
    channels::{Outgoing, card, words},
    domain::{channel::Part, delivery::Outcome, notification::Moment},
};

/// Most bytes of a message, which Teams counts in UTF-16. It refuses more than 100 kB and advises
/// this (msteams-docs, "Format your bot messages").
const MESSAGE_MAX: usize = 80 * 1024;

/// A message and the call that it goes by.
pub(super) enum Posting {
    /// A conversation is made with it as the first post.
    NewThread(Value),
    /// It is sent into a conversation that there is.
    Into {
        conversation: String,
        activity: Value,
    },
    /// The person's chat is looked up first.
    ToPerson { id: String, activity: Value },
}

impl Posting {
    /// The body of the call that carries the words.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.body().to_string().into_bytes()
    }

    fn body(&self) -> &Value {
        match self {
            Self::NewThread(body) => body,
            Self::Into { activity, .. } | Self::ToPerson { activity, .. } => activity,
        }
    }

    /// Whether Teams takes as much.
    pub(super) fn fits(&self) -> Result<(), Outcome> {
        let bytes = 2 * self.body().to_string().encode_utf16().count();
        if bytes > MESSAGE_MAX {
            return Err(words::too_long("Teams", bytes, MESSAGE_MAX));
        }
        Ok(())
    }
}

/// The message itself.
pub(super) fn activity(outgoing: &Outgoing<'_>, part: &Part) -> Result<Value, Outcome> {
    let (card, summary) = card::card(outgoing, part)?;
    let mut activity = json!({
        "type": "message",
        "summary": summary,
        "attachments": [{ "contentType": card::CONTENT_TYPE, "content": card }],
    });
    if outgoing.is_urgent() {
        activity["importance"] = "urgent".into();
    }
    // Somebody has to do something now: it shows in their activity, too.
    if outgoing.moment == Moment::Prompt {
        activity["channelData"] = json!({ "notification": { "alert": true } });
    }
    Ok(activity)
}

/// A new thread in a channel, with its first post.
pub(super) fn thread(app_id: &str, tenant: &str, channel: &str, activity: Value) -> Value {
    json!({
        "isGroup": true,
        "bot": { "id": format!("28:{app_id}") },
        "tenantId": tenant,
        "channelData": { "channel": { "id": channel }, "tenant": { "id": tenant } },
        "activity": activity,
    })
}

/// The chat of a person with the bot. Asking again gives the same chat.
pub(super) fn chat(app_id: &str, tenant: &str, person: &str) -> Value {
    json!({
        "isGroup": false,
        "bot": { "id": format!("28:{app_id}") },
        "tenantId": tenant,
        "members": [{ "id": person }],
        "channelData": { "tenant": { "id": tenant } },
    })
}

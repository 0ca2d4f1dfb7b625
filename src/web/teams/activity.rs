//! An activity of the Bot Framework, as far as it concerns us, and what we read out of it.
//!
//! Source: microsoft/botframework-sdk, `specs/botframework-activity/botframework-activity.md`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::chatops::{
    form::Filled,
    reply::Act,
    teams::{ACT, VERB},
};

/// An activity of the Bot Framework, as far as it concerns us. Unknown fields are passed over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activity {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) id: String,
    /// Of an invoke.
    #[serde(default, deserialize_with = "given")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) from: Account,
    #[serde(default, deserialize_with = "given")]
    pub(super) recipient: Account,
    pub(super) conversation: Conversation,
    /// The message that holds the card on which somebody tapped.
    #[serde(default, deserialize_with = "given")]
    pub(super) reply_to_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) text: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) entities: Vec<Entity>,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default, deserialize_with = "given")]
    pub(super) members_added: Vec<Account>,
    #[serde(default, deserialize_with = "given")]
    pub(super) members_removed: Vec<Account>,
    /// Of an installation: `add`, `upgrade` or `remove`; older tenants say `add-upgrade`.
    #[serde(default, deserialize_with = "given")]
    pub(super) action: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) aad_object_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Conversation {
    pub(super) id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) conversation_type: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entity {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) mentioned: Option<Account>,
    #[serde(default, deserialize_with = "given")]
    pub(super) text: String,
}

impl Activity {
    /// The address of where it was said, as the directory names it: of a chat with one person it is
    /// the person's, and not that of the chat.
    pub(super) fn address(&self) -> &str {
        if self.is_personal() {
            &self.from.aad_object_id
        } else {
            self.root().0
        }
    }

    /// Whether it is the chat of one person with the bot.
    pub(super) fn is_personal(&self) -> bool {
        self.conversation.conversation_type == "personal"
    }

    /// The conversation, and the post that began the thread, if it is one.
    pub(super) fn root(&self) -> (&str, Option<&str>) {
        match self.conversation.id.split_once(";messageid=") {
            Some((conversation, root)) => (conversation, Some(root)),
            None => (&self.conversation.id, None),
        }
    }

    /// The thread, as the record of what was posted names it.
    pub(super) fn thread(&self) -> Option<String> {
        let (_, root) = self.root();
        root.map(|root| format!("{}|{root}", self.conversation.id))
    }

    pub(super) fn request_key(&self) -> String {
        format!("{} {}", self.conversation.id, self.id)
    }

    /// What was typed, without the mention of the bot, and with others' addresses for theirs.
    pub(super) fn line(&self) -> String {
        let mut text = self.text.clone();
        for entity in &self.entities {
            let Some(account) = &entity.mentioned else {
                continue;
            };
            if entity.kind != "mention" || entity.text.is_empty() {
                continue;
            }
            let read = match account.id == self.recipient.id {
                true => " ".to_owned(),
                false => account.token(&entity.text),
            };
            text = text.replacen(&entity.text, &read, 1);
        }
        text.trim().to_owned()
    }

    /// Whether Teams asks by itself what somebody is to see in the place of a card.
    pub(super) fn is_look(&self) -> bool {
        let is_invoke = self.kind == "invoke" && self.name == "adaptiveCard/action";
        is_invoke && self.value["trigger"] == "automatic"
    }

    /// Whether the card that was tapped is the first post of its thread: then it is ours, and no
    /// answer to anybody.
    pub(super) fn is_on_root(&self) -> bool {
        self.root().1 == Some(self.reply_to_id.as_str())
    }

    /// What a tap does.
    pub(super) fn act(&self) -> Option<Act> {
        Act::from_value(self.data()?[ACT].as_str()?)
    }

    /// What a button carries, with what was filled in beside it: of a card under the action, of a
    /// dialog under the data, and in a message it is the value itself.
    fn data(&self) -> Option<&Value> {
        let action = &self.value["action"];
        match self.name.as_str() {
            "task/fetch" | "task/submit" => Some(&self.value["data"]),
            _ if action["verb"] == VERB => Some(&action["data"]),
            _ if action.is_object() => None,
            _ => Some(&self.value),
        }
    }

    /// What was filled in beside the button.
    pub(super) fn filled(&self) -> Filled {
        let fields = self.data().and_then(Value::as_object);
        let fields = fields.into_iter().flatten();
        fields
            .filter(|(id, _)| *id != ACT)
            .filter_map(|(id, value)| Some((id.clone(), value.as_str()?.to_owned())))
            .collect()
    }

    pub(super) fn adds_us(&self) -> bool {
        self.is_us(&self.members_added)
    }

    pub(super) fn removes_us(&self) -> bool {
        self.is_us(&self.members_removed)
    }

    pub(super) fn uninstalls(&self) -> bool {
        self.action.starts_with("remove")
    }

    fn is_us(&self, members: &[Account]) -> bool {
        let mut members = members.iter();
        members.any(|member| !member.id.is_empty() && member.id == self.recipient.id)
    }
}

impl Account {
    /// A mention as the grammar reads it: the address, and the name that was shown.
    fn token(&self, mention: &str) -> String {
        let address = match self.aad_object_id.as_str() {
            "" => &self.id,
            id => id,
        };
        let name = mention.trim_start_matches("<at>").trim_end_matches("</at>");
        let name = name.replace(['<', '>', '|'], " ");
        format!("<@{address}|{name}>")
    }
}

/// What may be null as well as absent.
fn given<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

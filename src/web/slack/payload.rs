//! What Slack sends, as far as it concerns us. Unknown fields are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::chatops::form::Filled;

/// The one command: `/incident …`.
#[derive(Debug, Deserialize)]
pub(super) struct Slash {
    pub(super) text: String,
    pub(super) user_id: String,
    pub(super) channel_id: String,
    pub(super) trigger_id: String,
    pub(super) response_url: String,
}

/// What interactions come in.
#[derive(Debug, Deserialize)]
pub(super) struct Form {
    pub(super) payload: String,
}

/// Something that was done to a message or a modal of ours.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Interaction {
    /// A tap on a button.
    BlockActions(Tapped),
    /// A modal was handed in.
    ViewSubmission(Submitted),
    /// Nothing of ours.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tapped {
    pub(super) user: Named,
    #[serde(default)]
    pub(super) channel: Option<Named>,
    pub(super) trigger_id: String,
    /// In messages.
    #[serde(default)]
    pub(super) response_url: Option<String>,
    pub(super) actions: Vec<Action>,
    #[serde(default)]
    pub(super) container: Container,
    #[serde(default)]
    pub(super) state: State,
    /// In modals.
    #[serde(default)]
    pub(super) view: Option<View>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Submitted {
    pub(super) user: Named,
    pub(super) view: View,
}

/// A modal, as it was when something was done to it.
#[derive(Debug, Deserialize)]
pub(super) struct View {
    pub(super) id: String,
    #[serde(default)]
    pub(super) hash: String,
    #[serde(default)]
    pub(super) private_metadata: String,
    #[serde(default)]
    pub(super) state: State,
}

/// Where the tapped button is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Container {
    /// Whether only the speaker sees that message.
    #[serde(default)]
    pub(super) is_ephemeral: bool,
    /// The message that began the thread, if it is in one.
    #[serde(default)]
    pub(super) thread_ts: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Action {
    #[serde(default)]
    pub(super) value: Option<String>,
}

/// What stands in the inputs: by block, by action.
#[derive(Debug, Default, Deserialize)]
pub(super) struct State {
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, Input>>,
}

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    selected_option: Option<Choice>,
    #[serde(default)]
    selected_options: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    value: String,
}

impl State {
    pub(super) fn filled(self) -> Filled {
        let inputs = self.values.into_values().flatten();
        inputs
            .map(|(id, input)| {
                let chosen = input
                    .selected_option
                    .into_iter()
                    .chain(input.selected_options);
                let chosen: Vec<String> = chosen.map(|choice| choice.value).collect();
                (id, input.value.unwrap_or_else(|| chosen.join(",")))
            })
            .collect()
    }
}

/// What the Events API sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Envelope {
    /// Asks whether this is the address.
    UrlVerification { challenge: String },
    /// Something happened.
    EventCallback(Callback),
    /// Nothing of ours.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Callback {
    /// The same at every repeat.
    pub(super) event_id: String,
    /// For whom Slack sends it: the app's own user first.
    #[serde(default)]
    authorizations: Vec<Authorization>,
    event: Value,
}

#[derive(Debug, Deserialize)]
struct Authorization {
    #[serde(default)]
    user_id: String,
}

/// A message that somebody wrote.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    channel_type: String,
    #[serde(default)]
    subtype: Option<String>,
    #[serde(default)]
    bot_id: Option<String>,
    pub(super) user: String,
    pub(super) channel: String,
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) thread_ts: Option<String>,
}

impl Callback {
    /// The app's own user, by which people mention it.
    pub(super) fn own_user(&self) -> &str {
        let first = self.authorizations.first();
        first.map_or("", |authorization| &authorization.user_id)
    }

    /// What was said to the app by a person; `None` for everything else, also for what the app or
    /// another program said, and for messages that were only changed.
    pub(super) fn message(&self) -> Option<Message> {
        let message = Message::deserialize(&self.event).ok()?;
        let is_to_us =
            message.kind == "app_mention" || (message.kind == "message" && message.is_direct());
        let is_new = matches!(
            message.subtype.as_deref(),
            None | Some("file_share" | "thread_broadcast")
        );
        let is_a_persons = message.bot_id.is_none() && message.user != self.own_user();
        (is_to_us && is_new && is_a_persons).then_some(message)
    }
}

impl Message {
    /// Whether nobody else reads along.
    pub(super) fn is_direct(&self) -> bool {
        self.channel_type == "im"
    }
}

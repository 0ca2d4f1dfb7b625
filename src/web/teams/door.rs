//! What Teams sends the bot: messages and taps.
//!
//! A message is answered by a post of ours, since Teams takes none in the answer to its call; a tap
//! is answered at once, with the card that takes the place of the tapped one.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::AUTHORIZATION,
    post,
    web::{Bytes, Data},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::token::Gate;
use crate::{
    app::App,
    channels::Bot,
    chatops::{
        form::Filled,
        reply::{Act, Reply},
        teams::{ACT, VERB, activity, invoke_response},
    },
    domain::{ChannelName, event::Door},
    web::chat::{self, Place},
};

/// How the bot's calls are recognised and answered.
pub struct TeamsDoor {
    /// Checks who calls.
    pub gate: Gate,
    /// Answers.
    pub bot: Bot,
    /// The channel of the settings whose addresses are those of Teams.
    pub channel: ChannelName,
}

/// An activity of the Bot Framework, as far as it concerns us. Unknown fields are passed over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Activity {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    from: Account,
    recipient: Account,
    conversation: Conversation,
    /// May be null.
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    entities: Vec<Entity>,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    members_added: Vec<Account>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    #[serde(default)]
    id: String,
    #[serde(default)]
    aad_object_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversation {
    id: String,
    #[serde(default)]
    conversation_type: String,
}

#[derive(Debug, Deserialize)]
struct Entity {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    mentioned: Option<Account>,
    /// May be null.
    #[serde(default)]
    text: Option<String>,
}

/// Everything that Teams sends the bot.
#[post("/api/messages")]
pub(crate) async fn messages(
    app: Data<App>,
    door: Data<Option<Arc<TeamsDoor>>>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let Some(door) = door.as_ref() else {
        return HttpResponse::NotFound().finish();
    };
    let Ok(call) = serde_json::from_slice::<Value>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    let authorization = request.headers().get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let Ok(vouched) = door.gate.admit(authorization, &call).await else {
        return HttpResponse::Unauthorized().finish();
    };
    let Ok(call) = serde_json::from_value::<Activity>(call) else {
        return HttpResponse::BadRequest().finish();
    };
    let door = Arc::clone(door);
    // Without its id, the same call again cannot be recognised.
    if call.id.is_empty() && matches!(call.kind.as_str(), "message" | "invoke") {
        return HttpResponse::BadRequest().finish();
    }
    match call.kind.as_str() {
        "message" => {
            // Teams is not kept waiting: what is said is answered by a post.
            tokio::spawn(async move {
                let reply = call.answer(&app, &door).await;
                let activity = activity(&reply);
                let said = door
                    .bot
                    .say(&vouched.service_url, &call.conversation.id, &activity)
                    .await;
                if !said.class.is_success() {
                    tracing::warn!(class = said.class.as_str(), "an answer did not reach Teams");
                }
            });
            HttpResponse::Ok().finish()
        }
        "invoke" if call.name == "adaptiveCard/action" => {
            // A task of its own: what was begun is ended, even if Teams hangs up.
            let answer = tokio::spawn(async move {
                match call.act() {
                    Some(act) => Some(call.tapped(&app, &door, act).await),
                    None => None,
                }
            });
            match answer.await {
                Ok(Some(reply)) => HttpResponse::Ok().json(invoke_response(&reply)),
                Ok(None) => HttpResponse::Ok().json(error(400, "This is no tap of ours.")),
                Err(_) => HttpResponse::Ok().json(error(500, "Something went wrong here.")),
            }
        }
        "invoke" => HttpResponse::NotImplemented().finish(),
        "conversationUpdate" if call.adds_us() => {
            tokio::spawn(async move {
                let activity = activity(&greeting());
                let said = door
                    .bot
                    .say(&vouched.service_url, &call.conversation.id, &activity);
                said.await
            });
            HttpResponse::Ok().finish()
        }
        _ => HttpResponse::Ok().finish(),
    }
}

impl Activity {
    async fn answer(&self, app: &App, door: &TeamsDoor) -> Reply {
        match self.act() {
            Some(act) => self.tapped(app, door, act).await,
            None => {
                let key = self.request_key();
                let thread = self.thread();
                let place = self.place(door, &key, thread.as_deref());
                chat::hear(app, &place, &self.line()).await
            }
        }
    }

    async fn tapped(&self, app: &App, door: &TeamsDoor, act: Act) -> Reply {
        let key = self.request_key();
        let thread = self.thread();
        let place = self.place(door, &key, thread.as_deref());
        chat::tap(app, &place, act, &self.filled()).await
    }

    fn place<'a>(
        &'a self,
        door: &'a TeamsDoor,
        request_key: &'a str,
        thread: Option<&'a str>,
    ) -> Place<'a> {
        let conversation = match self.conversation.conversation_type.as_str() {
            // In the directory a person's address is the person's, and not that of the chat.
            "personal" => &self.from.aad_object_id,
            _ => self.root().0,
        };
        Place {
            door: Door::Teams,
            channel: &door.channel,
            speaker: &self.from.aad_object_id,
            conversation,
            thread,
            is_private: self.conversation.conversation_type == "personal",
            prefix: "@Oyez ",
            request_key,
        }
    }

    /// The conversation, and the post that began the thread, if it is one.
    fn root(&self) -> (&str, Option<&str>) {
        match self.conversation.id.split_once(";messageid=") {
            Some((conversation, root)) => (conversation, Some(root)),
            None => (&self.conversation.id, None),
        }
    }

    /// The thread, as the record of what was posted names it.
    fn thread(&self) -> Option<String> {
        let (_, root) = self.root();
        root.map(|root| format!("{}|{root}", self.conversation.id))
    }

    fn request_key(&self) -> String {
        format!("{} {}", self.conversation.id, self.id)
    }

    /// What was typed, without the mention of the bot.
    fn line(&self) -> String {
        let mut text = self.text.clone().unwrap_or_default();
        for entity in &self.entities {
            let is_us = entity.kind == "mention"
                && entity
                    .mentioned
                    .as_ref()
                    .is_some_and(|account| account.id == self.recipient.id);
            if is_us && let Some(mention) = entity.text.as_deref().filter(|it| !it.is_empty()) {
                text = text.replacen(mention, " ", 1);
            }
        }
        text.trim().to_owned()
    }

    /// What a tap does: in an invoke under the action, in a message under the value.
    fn act(&self) -> Option<Act> {
        let action = &self.value["action"];
        let data = match action.is_object() {
            true if action["verb"] == VERB => &action["data"],
            true => return None,
            false => &self.value,
        };
        Act::from_value(data[ACT].as_str()?)
    }

    /// What was filled in beside the button.
    fn filled(&self) -> Filled {
        let action = &self.value["action"]["data"];
        let data = if action.is_object() {
            action
        } else {
            &self.value
        };
        let fields = data.as_object().into_iter().flatten();
        fields
            .filter(|(id, _)| *id != ACT)
            .filter_map(|(id, value)| Some((id.clone(), value.as_str()?.to_owned())))
            .collect()
    }

    fn adds_us(&self) -> bool {
        let mut added = self.members_added.iter();
        added.any(|member| member.id == self.recipient.id)
    }
}

fn greeting() -> Reply {
    Reply::text(
        "Oyez tells the right people about an incident, on time.",
        ["Try this: open, who, help.".to_owned()],
    )
    .button("Help", Act::Say("help".to_owned()))
    .button("Open incidents", Act::Say("list".to_owned()))
}

fn error(status: u16, message: &str) -> Value {
    json!({
        "statusCode": status,
        "type": "application/vnd.microsoft.error",
        "value": { "code": if status == 400 { "BadRequest" } else { "Failed" }, "message": message },
    })
}

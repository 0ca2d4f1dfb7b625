//! Calls of the bot: activities with a token of the simulator's own key, as Teams sends them.

use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};

use super::{
    Teams,
    world::{chat_of, split},
};
use crate::http_client::Call;

/// Most bytes of an answer that are read.
const ANSWER_MAX: usize = 1024 * 1024;

impl Teams {
    /// The bot as conversations name it.
    pub(super) fn bot_id(&self) -> String {
        format!("28:{}", self.bot.app_id)
    }

    /// An activity of somebody.
    pub(super) fn activity(&self, kind: &str, person: &str, conversation: &str) -> Value {
        let cast = self.common.cast();
        let name = cast.person(person).map(|person| person.name.clone());
        let (bare, root) = split(conversation);
        let is_chat = bare == chat_of(person);
        let now = self.common.now();
        let tenant = &self.bot.tenant;
        let mut data = json!({ "tenant": { "id": tenant } });
        if !is_chat {
            data["channel"] = json!({ "id": bare });
            data["team"] = json!({ "id": "19:northshire-service-delivery@thread.tacv2" });
        }
        json!({
            "type": kind,
            "id": ulid::Ulid::generate().to_string(),
            "timestamp": now,
            "channelId": "msteams",
            "serviceUrl": self.service_url(),
            "from": { "id": format!("29:{person}"), "name": name, "aadObjectId": person },
            "recipient": { "id": self.bot_id(), "name": "Oyez" },
            "conversation": {
                "id": conversation,
                "conversationType": if is_chat { "personal" } else { "channel" },
                "isGroup": !is_chat,
                "tenantId": tenant,
            },
            "replyToId": root,
            "entities": [{
                "type": "clientInfo",
                "locale": "en-GB",
                "country": "GB",
                "platform": "Web",
                "timezone": "Europe/London",
            }],
            "channelData": data,
        })
    }

    /// Calls the bot, with a token of ours: the status and the JSON of its answer.
    pub(super) async fn call(&self, activity: &Value) -> Result<(u16, Value), String> {
        let url = format!("{}/api/messages", self.common.oyez());
        let url = Url::parse(&url).map_err(|_| "it does not listen yet".to_owned())?;
        let now = self.common.now();
        let token = self.key.token(&self.bot.app_id, &self.service_url(), now);
        let mut headers = HeaderMap::new();
        // Somebody thinks between two taps, and Oyez may be closing a connection that was kept.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Ok(bearer) = HeaderValue::from_str(&format!("Bearer {token}")) {
            headers.insert(AUTHORIZATION, bearer);
        }
        let call = Call {
            method: Method::POST,
            url: &url,
            headers,
            body: activity.to_string().into_bytes(),
        };
        let reply = self.common.http.send_and_read(call, ANSWER_MAX).await;
        let reply = reply.map_err(|failure| failure.to_string())?;
        Ok((
            reply.status,
            serde_json::from_str(&reply.body).unwrap_or_default(),
        ))
    }
}

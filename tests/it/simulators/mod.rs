//! The simulators: what they let pass and refuse, and an incident run through each of them.

mod incident;
mod settings;
mod slack;
mod teams;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::api::{Answer, client};

/// A simulator, called from outside.
struct Caller {
    base: String,
    token: String,
    client: Client,
}

impl Caller {
    fn new(base: &str, token: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            client: client(),
        }
    }

    /// Calls with the token, and a body unless it is null.
    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token);
        Answer::of(if body.is_null() {
            request
        } else {
            request.json(body)
        })
        .await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// What somebody sees in a place.
    async fn seen(&self, person: &str, place: &str) -> Vec<Value> {
        let state = self
            .get(&format!("/sim/state?as={person}&in={place}"))
            .await;
        state.is(200)["posts"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }
}

/// An activity with a card of one text.
fn card(text: &str) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "version": "1.5",
                "body": [{ "type": "TextBlock", "text": text, "wrap": true }],
            },
        }],
    })
}

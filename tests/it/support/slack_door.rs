//! The agency with Slack: signed requests in, answers out.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    agency::{Agency, Plan},
    api::{Answer, Api},
    slack::{self, Modal},
};

pub(crate) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
pub(crate) const DIRECTORY: &str = include_str!("../../../config/northshire/directory.yaml");

/// The agency, with Slack.
pub(crate) struct Door {
    pub(crate) agency: Agency,
    pub(crate) api: Api,
    /// The workspace, where the app has a token.
    real: Option<slack::Workspace>,
    /// In which channel people write.
    pub(crate) channel: String,
    requests: u32,
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::with("", with_slack(DIRECTORY)).await
    }

    /// With more settings, and this directory.
    pub(crate) async fn with(settings: &str, directory: String) -> Self {
        Self::on(None, settings, directory).await
    }

    /// The same on a database that is there; `None` is a new SQLite file.
    async fn on(database: Option<String>, settings: &str, directory: String) -> Self {
        let agency = Agency::with(Plan {
            settings: format!("[slack]\nsecret_signing = \"{SECRET}\"\n\n{settings}"),
            directory,
            database,
            ..Plan::default()
        })
        .await;
        Self {
            api: Api::start(&agency).await,
            agency,
            real: None,
            channel: "C0INCIDENTS".to_owned(),
            requests: 0,
        }
    }

    /// With the token of an app, which opens modals and posts.
    pub(crate) async fn with_app() -> Self {
        Self::with_app_and(with_slack(DIRECTORY)).await
    }

    pub(crate) async fn with_app_and(directory: String) -> Self {
        Self::with_keys(None, "", directory).await
    }

    /// With more keys of `[channels.slack]`, on a database that is there.
    pub(crate) async fn with_keys(database: Option<String>, keys: &str, directory: String) -> Self {
        let real = slack::Workspace::open().await;
        let settings = format!(
            "[channels.slack]\ntoken = \"{}\"\napi = \"{}\"\n{keys}",
            slack::TOKEN,
            real.api()
        );
        Self {
            real: Some(real),
            ..Self::on(database, &settings, directory).await
        }
    }

    pub(crate) fn real(&self) -> &slack::Workspace {
        self.real.as_ref().expect("an app with a token")
    }

    /// The program starts again, and remembers what is in its database.
    pub(crate) async fn starts_again(&mut self) {
        self.api = Api::start(&self.agency).await;
    }

    /// From now on every answer takes longer than Slack waits.
    pub(crate) async fn is_slow(&mut self) {
        let mut started = self.agency.start().await;
        let door = started.doors.slack.as_mut().and_then(Arc::get_mut);
        door.expect("a door").answer_within = Duration::ZERO;
        self.api = Api::with(Arc::new(started.app), started.doors);
    }

    /// The modal that a line opens, when it shows the answer.
    pub(crate) async fn opens(&mut self, user: &str, line: &str) -> Modal {
        let before = self.real().modals().len();
        let acknowledged = self.command(user, line).await;
        assert_eq!(
            (acknowledged.status.as_u16(), acknowledged.text.as_str()),
            (200, "")
        );
        self.shown(before, 2).await
    }

    /// The modal that a tap on a button of a message opens.
    pub(crate) async fn opens_by_tap(&mut self, user: &str, value: &str) -> Modal {
        let before = self.real().modals().len();
        self.acts(user, value, &json!({})).await;
        self.shown(before, 2).await
    }

    /// A modal, when it has shown so many views.
    pub(crate) async fn shown(&self, number: usize, views: usize) -> Modal {
        loop {
            let modals = self.real().modals();
            if let Some(modal) = modals.get(number)
                && modal.shown.len() >= views
            {
                return modal.clone();
            }
            tokio::task::yield_now().await;
        }
    }

    /// What comes back when a modal is handed in. If it is another view, the modal shows it.
    pub(crate) async fn submits(&self, user: &str, modal: &Modal, inputs: &Value) -> Value {
        let payload = json!({
            "type": "view_submission",
            "user": { "id": user },
            "view": {
                "id": modal.id,
                "hash": modal.hash(),
                "private_metadata": modal.view()["private_metadata"],
                "state": { "values": inputs },
            },
        });
        let body = form(&[("payload", &payload.to_string())]);
        let answer = self.signed("/slack/interactions", &body).await.is(200);
        if answer["response_action"] == "update" {
            self.real().shows(&modal.id, &answer["view"]);
        }
        answer
    }

    /// The modal after a tap on one of its buttons.
    pub(crate) async fn taps_in(&mut self, user: &str, modal: &Modal, label: &str) -> Modal {
        self.requests += 1;
        let payload = json!({
            "type": "block_actions",
            "user": { "id": user },
            "trigger_id": format!("trigger-{}", self.requests),
            "container": { "type": "view", "view_id": modal.id },
            "view": { "id": modal.id, "hash": modal.hash(), "state": { "values": {} } },
            "actions": [{ "action_id": "act-0", "value": button(modal.view(), label) }],
        });
        let body = form(&[("payload", &payload.to_string())]);
        let acknowledged = self.signed("/slack/interactions", &body).await;
        assert_eq!(acknowledged.status.as_u16(), 200);
        let modals = self.real().modals();
        let number = modals.iter().position(|one| one.id == modal.id);
        self.shown(number.expect("it"), modal.shown.len() + 1).await
    }

    /// An event, as Slack sends it for the so-manieth time.
    pub(crate) async fn hears(&self, event_id: &str, event: &Value, again: usize) -> Answer {
        let body = json!({
            "type": "event_callback",
            "event_id": event_id,
            "team_id": "T1DC2JH3J",
            "authorizations": [{ "user_id": "U0OYEZ001", "is_bot": true }],
            "event": event,
        })
        .to_string();
        let timestamp = self.now().to_string();
        let request = self
            .api
            .request(reqwest::Method::POST, "/slack/events")
            .header("Content-Type", "application/json")
            .header("X-Slack-Request-Timestamp", &timestamp)
            .header("X-Slack-Signature", sign(SECRET, &timestamp, &body));
        let request = match again {
            0 => request,
            _ => request
                .header("X-Slack-Retry-Num", again)
                .header("X-Slack-Retry-Reason", "http_timeout"),
        };
        Answer::of(request.body(body)).await
    }

    /// What `/incident` answers somebody.
    pub(crate) async fn says(&mut self, user: &str, line: &str) -> Value {
        self.requests += 1;
        let trigger = format!("trigger-{}", self.requests);
        self.says_again(user, line, &trigger).await
    }

    pub(crate) async fn says_again(&self, user: &str, line: &str, trigger: &str) -> Value {
        self.commands(user, line, trigger).await.is(200)
    }

    /// What comes back at once.
    pub(crate) async fn command(&mut self, user: &str, line: &str) -> Answer {
        self.requests += 1;
        let trigger = format!("trigger-{}", self.requests);
        self.commands(user, line, &trigger).await
    }

    async fn commands(&self, user: &str, line: &str, trigger: &str) -> Answer {
        let answer = format!("{}/answers/{trigger}", self.agency.hooks.uri());
        let body = form(&[
            ("command", "/incident"),
            ("text", line),
            ("user_id", user),
            ("channel_id", &self.channel),
            ("trigger_id", trigger),
            ("response_url", &answer),
        ]);
        self.signed("/slack/commands", &body).await
    }

    /// What a tap on a button of a message turns it into.
    pub(crate) async fn taps(&mut self, user: &str, message: &Value, label: &str) -> Value {
        self.taps_value(user, &button(message, label)).await
    }

    pub(crate) async fn taps_value(&mut self, user: &str, value: &str) -> Value {
        self.hands_in(user, value, &json!({})).await
    }

    /// The same with what stands in the inputs of the message.
    pub(crate) async fn hands_in(&mut self, user: &str, value: &str, inputs: &Value) -> Value {
        let path = self.acts(user, value, inputs).await;
        self.followed(&path).await
    }

    /// A tap; answers where its answer will come.
    pub(crate) async fn acts(&mut self, user: &str, value: &str, inputs: &Value) -> String {
        self.requests += 1;
        let path = format!("/answers/{}", self.requests);
        let payload = json!({
            "type": "block_actions",
            "user": { "id": user, "name": "someone" },
            "channel": { "id": self.channel },
            "trigger_id": format!("trigger-{}", self.requests),
            "response_url": format!("{}{path}", self.agency.hooks.uri()),
            "actions": [{ "action_id": "act-0", "type": "button", "value": value }],
            "state": { "values": inputs },
            "container": { "type": "message", "is_ephemeral": true },
        });
        let body = form(&[("payload", &payload.to_string())]);
        let acknowledged = self.signed("/slack/interactions", &body).await;
        assert_eq!(acknowledged.status.as_u16(), 200);
        path
    }

    /// The answer that came to an address.
    pub(crate) async fn followed(&self, path: &str) -> Value {
        loop {
            let posts = self.agency.hooks.received_requests().await.expect("posts");
            if let Some(post) = posts.iter().find(|post| post.url.path() == path) {
                return post.body_json().expect("JSON");
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn signed(&self, path: &str, body: &str) -> Answer {
        let timestamp = self.now().to_string();
        let signature = sign(SECRET, &timestamp, body);
        self.post(path, body, &timestamp, &signature).await
    }

    /// Seconds since 1970, by the program's own clock.
    pub(crate) fn now(&self) -> i64 {
        self.api.app.clock.now().timestamp()
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: &str,
        timestamp: &str,
        signature: &str,
    ) -> Answer {
        let request = self
            .api
            .request(reqwest::Method::POST, path)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("X-Slack-Request-Timestamp", timestamp)
            .header("X-Slack-Signature", signature)
            .body(body.to_owned());
        Answer::of(request).await
    }

    pub(crate) async fn open_incidents(&self) -> usize {
        let list = self.agency.json("list --open").await;
        let mine = list.as_array().expect("a list").iter();
        mine.filter(|one| one["title"] == "Providers cannot sign in")
            .count()
    }
}

/// Puts Slack addresses into the directory: of two of ours, and of somebody outside.
pub(crate) fn with_slack(directory: &str) -> String {
    let directory = directory
        .replace(
            "      - email: priya.shah@northshire.example\n",
            "      - email: priya.shah@northshire.example\n      - slack: U0PRIYA001\n",
        )
        .replace(
            "      - email: tom.okafor@northshire.example\n",
            "      - email: tom.okafor@northshire.example\n      - slack: U0TOMOKA01\n",
        )
        .replace(
            "    email: amara.nwosu@larkfield-training.example\n",
            "    addresses:\n      - email: amara.nwosu@larkfield-training.example\n      - slack: U0AMARA001\n",
        );
    for user in ["U0PRIYA001", "U0TOMOKA01", "U0AMARA001"] {
        assert!(
            directory.contains(user),
            "the directory is written otherwise"
        );
    }
    directory
}

pub(crate) fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form.example").expect("a URL");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().expect("a query").to_owned()
}

#[track_caller]
pub(crate) fn button(message: &Value, label: &str) -> String {
    let blocks = message["blocks"].as_array().expect("blocks");
    let buttons = blocks
        .iter()
        .filter_map(|block| block["elements"].as_array())
        .flatten();
    // The one that sends says to how many, too.
    let is_wanted = |text: &str| text == label || text.starts_with(&format!("{label} to "));
    let mut wanted =
        buttons.filter(|button| button["text"]["text"].as_str().is_some_and(is_wanted));
    let found = wanted.next().unwrap_or_else(|| panic!("{message:#}"));
    found["value"].as_str().expect("a value").to_owned()
}

#[track_caller]
pub(crate) fn text(message: &Value) -> &str {
    assert_eq!(message["response_type"], "ephemeral", "{message}");
    message["text"].as_str().expect("a text")
}

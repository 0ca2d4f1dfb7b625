//! A tenant of Microsoft Teams of the tests' own: the Bot connector signs what it sends, and takes,
//! edits and lists what the bot asks for.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use oyez::web::Doors;
use rsa::{
    PrivateKey,
    pkcs1v15::SigningKey,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use super::{
    agency::{Agency, Plan},
    api::{Answer, Api},
    sign_in,
};

const APP: &str = "f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11";
const TENANT: &str = "7d1f6f0e-52b5-4b0c-9a43-0c6c6f6f2a55";
pub(crate) const PRIYA: &str = "11111111-2222-4333-8444-555555555501";
pub(crate) const TOM: &str = "11111111-2222-4333-8444-555555555502";
/// Somebody of the tenant whom the directory does not name.
pub(crate) const STRANGER: &str = "11111111-2222-4333-8444-555555555599";
pub(crate) const CHANNEL: &str = "19:incidents@thread.tacv2";
/// The chat of whoever speaks with the bot.
pub(crate) const CHAT: &str = "a:1priya";
/// Declares an incident in one line.
pub(crate) const OPEN: &str = "open P1 register-trainees: Providers cannot sign in";
const DIRECTORY: &str = include_str!("../../../config/northshire/directory.yaml");

/// The key of the connector.
static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::new(&mut rand::rng(), 2048).expect("a key"));

/// Answers that are given in place of the usual ones, by the end of the path.
type Instead = Arc<Mutex<BTreeMap<String, ResponseTemplate>>>;

/// The agency, with Teams.
pub(crate) struct Tenant {
    pub(crate) agency: Agency,
    pub(crate) api: Api,
    connector: MockServer,
    instead: Instead,
    activities: u32,
}

impl Tenant {
    pub(crate) async fn open() -> Self {
        Self::with(Plan::default(), |_| ()).await
    }

    /// With more settings, and the doors as they are wanted.
    pub(crate) async fn with(plan: Plan, change: impl FnOnce(&mut Doors)) -> Self {
        let (connector, instead) = connector().await;
        let uri = connector.uri();
        let agency = Agency::with(Plan {
            settings: format!(
                "{}[channels.teams]\napp_id = \"{APP}\"\ntenant = \"{TENANT}\"\n\
                 secret = \"not-a-secret\"\nlogin_url = \"{}\"\nservice_url = \"{uri}\"\n\n\
                 [teams]\nmetadata_url = \"{uri}/metadata\"\n",
                plan.settings,
                sign_in::url()
            ),
            directory: with_teams(&plan.directory),
            ..plan
        })
        .await;
        let mut started = agency.start().await;
        change(&mut started.doors);
        Self {
            api: Api::with(Arc::new(started.app), started.doors),
            agency,
            connector,
            instead,
            activities: 0,
        }
    }

    /// An answer to a tap has no time at all, so that each is late.
    pub(crate) fn hurried(doors: &mut Doors) {
        let door = doors.teams.as_mut().and_then(Arc::get_mut);
        door.expect("a door").answer_within = Duration::ZERO;
    }

    /// From now on, calls whose path ends so are answered with this.
    pub(crate) fn answers(&self, path_end: &str, answer: ResponseTemplate) {
        let mut instead = self.instead.lock().unwrap();
        instead.insert(path_end.to_owned(), answer);
    }

    /// An activity from somebody in the channel of incidents.
    pub(crate) fn activity(&mut self, user: &str, kind: &str) -> Value {
        self.activities += 1;
        json!({
            "type": kind,
            "id": format!("{}", 1_700_000_000_000_u64 + u64::from(self.activities)),
            "channelId": "msteams",
            "serviceUrl": self.connector.uri(),
            "from": { "id": "29:someone", "name": "Someone", "aadObjectId": user },
            "recipient": { "id": format!("28:{APP}"), "name": "Oyez" },
            "conversation": {
                "id": CHANNEL,
                "conversationType": "channel",
                "isGroup": true,
                "tenantId": TENANT,
            },
            "channelData": { "tenant": { "id": TENANT } },
        })
    }

    /// The same from their chat with the bot.
    pub(crate) fn alone(&mut self, user: &str, kind: &str) -> Value {
        let mut activity = self.activity(user, kind);
        activity["conversation"] =
            json!({ "id": CHAT, "conversationType": "personal", "tenantId": TENANT });
        activity
    }

    /// A tap: an invoke with what the button carries and what was filled in beside it.
    pub(crate) fn tap(mut activity: Value, act: &str, filled: &[(&str, &str)]) -> Value {
        activity["name"] = json!("adaptiveCard/action");
        activity["value"] = json!({
            "action": { "type": "Action.Execute", "verb": "oyez", "data": data(act, filled) },
            "trigger": "manual",
        });
        activity
    }

    /// A call of a dialog: `task/fetch` opens it, `task/submit` goes on in it.
    pub(crate) fn dialog(
        mut activity: Value,
        name: &str,
        act: &str,
        filled: &[(&str, &str)],
    ) -> Value {
        activity["name"] = json!(name);
        activity["value"] = json!({ "data": data(act, filled), "context": { "theme": "default" } });
        activity
    }

    /// The card that a line in the channel gets for an answer.
    pub(crate) async fn says(&mut self, user: &str, line: &str) -> Value {
        let mention = "<at>Oyez</at>";
        let mut activity = self.activity(user, "message");
        activity["text"] = json!(format!("{mention} {line}"));
        activity["entities"] = json!([{
            "type": "mention",
            "mentioned": { "id": format!("28:{APP}"), "name": "Oyez" },
            "text": mention,
        }]);
        self.posted(&activity).await
    }

    /// The card that a line in the speaker's own chat gets for an answer.
    pub(crate) async fn says_alone(&mut self, user: &str, line: &str) -> Value {
        let mut activity = self.alone(user, "message");
        activity["text"] = json!(line);
        self.posted(&activity).await
    }

    /// The card that is posted when this comes in.
    pub(crate) async fn posted(&self, activity: &Value) -> Value {
        let before = self.posts().await.len();
        let taken = self.call(activity).await;
        assert_eq!(taken.status.as_u16(), 200, "{taken:?}");
        loop {
            if let Some(post) = self.posts().await.get(before) {
                return post["attachments"][0]["content"].clone();
            }
            tokio::task::yield_now().await;
        }
    }

    /// The card that takes the place of the one whose button is tapped.
    pub(crate) async fn taps(&mut self, user: &str, act: &str, typed: &str) -> Value {
        self.hands_in(user, act, &[("text", typed)]).await
    }

    /// The same with what was filled in.
    pub(crate) async fn hands_in(
        &mut self,
        user: &str,
        act: &str,
        filled: &[(&str, &str)],
    ) -> Value {
        let tap = Self::tap(self.activity(user, "invoke"), act, filled);
        self.invoked(&tap).await
    }

    /// The card that an invoke is answered with.
    pub(crate) async fn invoked(&self, activity: &Value) -> Value {
        let answer = self.call(activity).await.is(200);
        assert_eq!(answer["statusCode"], 200, "{answer}");
        answer["value"].clone()
    }

    /// A call, signed by the connector.
    pub(crate) async fn call(&self, activity: &Value) -> Answer {
        let now = self.api.app.clock.now().timestamp();
        let token = token(&json!({
            "iss": "https://api.botframework.com",
            "aud": APP,
            "nbf": now - 10,
            "exp": now + 600,
            "serviceurl": self.connector.uri(),
        }));
        let request = self.api.request(reqwest::Method::POST, "/api/messages");
        Answer::of(request.bearer_auth(token).json(activity)).await
    }

    /// What was posted into conversations.
    pub(crate) async fn posts(&self) -> Vec<Value> {
        let posts = self.asked("POST").await.into_iter();
        posts
            .filter(|(path, _)| path.ends_with("/activities"))
            .map(|(_, body)| body)
            .collect()
    }

    /// Path and body of what was asked of the connector with this method.
    pub(crate) async fn asked(&self, method: &str) -> Vec<(String, Value)> {
        let requests = self.connector.received_requests().await.expect("requests");
        requests
            .iter()
            .filter(|request| request.method.as_str() == method)
            .map(|request| {
                let body = request.body_json().unwrap_or_default();
                (request.url.path().to_owned(), body)
            })
            .collect()
    }

    /// The next edit of a message, after so many: its path and its card.
    pub(crate) async fn edited(&self, before: usize) -> (String, Value) {
        loop {
            if let Some((path, body)) = self.asked("PUT").await.get(before) {
                return (path.clone(), body["attachments"][0]["content"].clone());
            }
            tokio::task::yield_now().await;
        }
    }
}

/// What a button sends back.
pub(crate) fn data(act: &str, filled: &[(&str, &str)]) -> Value {
    let mut data = json!({ "act": act });
    for (id, value) in filled {
        data[*id] = json!(value);
    }
    data
}

/// A connector that takes every post, and publishes its key.
async fn connector() -> (MockServer, Instead) {
    let server = MockServer::start().await;
    let uri = server.uri();
    let instead = Instead::default();
    let others = Arc::clone(&instead);
    Mock::given(any())
        .respond_with(move |request: &Request| {
            let path = request.url.path();
            let others = others.lock().unwrap();
            let other = others.iter().find(|(end, _)| path.ends_with(end.as_str()));
            other.map_or_else(|| usual(request, &uri), |(_, answer)| answer.clone())
        })
        .mount(&server)
        .await;
    (server, instead)
}

fn usual(request: &Request, uri: &str) -> ResponseTemplate {
    let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    match (request.method.as_str(), request.url.path()) {
        ("GET", "/metadata") => ok(json!({
            "issuer": "https://api.botframework.com",
            "jwks_uri": format!("{uri}/keys"),
            "id_token_signing_alg_values_supported": ["RS256"],
        })),
        ("GET", "/keys") => {
            let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
            ok(json!({ "keys": [{
                "kty": "RSA",
                "use": "sig",
                "kid": "one",
                "n": encode(&KEY.n().to_be_bytes_trimmed_vartime()),
                "e": encode(&KEY.e().to_be_bytes_trimmed_vartime()),
                "endorsements": ["msteams"],
            }] }))
        }
        ("POST" | "PUT", _) => {
            let id = request.body.len();
            ResponseTemplate::new(201).set_body_json(json!({ "id": format!("a:{id}") }))
        }
        _ => ResponseTemplate::new(404),
    }
}

fn token(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "one" });
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = SigningKey::<Sha256>::new(KEY.clone()).sign(signed.as_bytes());
    format!(
        "{signed}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes())
    )
}

/// The agency's directory, in which two of ours have an address in Teams.
pub(crate) fn directory() -> String {
    with_teams(DIRECTORY)
}

fn with_teams(directory: &str) -> String {
    let mut directory = directory.to_owned();
    for (mail, id) in [("priya.shah", PRIYA), ("tom.okafor", TOM)] {
        let line = format!("      - email: {mail}@northshire.example\n");
        assert!(
            directory.contains(&line),
            "the directory is written otherwise"
        );
        directory = directory.replace(&line, &format!("{line}      - teams: {id}\n"));
    }
    directory
}

/// All text of a card.
pub(crate) fn text(card: &Value) -> String {
    let mut found = String::new();
    collect(card, &mut found);
    found
}

fn collect(value: &Value, found: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if ["text", "title", "value"].contains(&name.as_str()) => {
                        found.push_str(text);
                        found.push('\n');
                    }
                    _ => collect(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// The button of a card with this title.
#[track_caller]
pub(crate) fn action(card: &Value, title: &str) -> Value {
    let body = card["body"].as_array().expect("a body");
    let actions = body
        .iter()
        .filter_map(|it| it["actions"].as_array())
        .flatten();
    // The one that sends says to how many, too.
    let is_wanted = |text: &str| text == title || text.starts_with(&format!("{title} to "));
    let mut wanted = actions.filter(|action| action["title"].as_str().is_some_and(is_wanted));
    wanted.next().unwrap_or_else(|| panic!("{card:#}")).clone()
}

/// What a button of a card carries.
#[track_caller]
pub(crate) fn button(card: &Value, title: &str) -> String {
    let action = action(card, title);
    if action["type"] == "Action.Execute" {
        assert_eq!(action["data"], action["fallback"]["data"], "{action}");
    }
    action["data"]["act"].as_str().expect("an act").to_owned()
}

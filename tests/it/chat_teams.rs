//! Incidents run from Teams: signed calls in, posts and cards out, and everything on the record.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rsa::{
    PrivateKey,
    pkcs1v15::SigningKey,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use crate::support::{
    agency::{Agency, Plan, deliver},
    api::{Answer, Api},
    sign_in,
};

const APP: &str = "f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11";
const TENANT: &str = "7d1f6f0e-52b5-4b0c-9a43-0c6c6f6f2a55";
const PRIYA: &str = "11111111-2222-4333-8444-555555555501";
const TOM: &str = "11111111-2222-4333-8444-555555555502";
const CHANNEL: &str = "19:incidents@thread.tacv2";
const DIRECTORY: &str = include_str!("../../config/northshire/directory.yaml");

/// The key of the connector.
static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::new(&mut rand::rng(), 2048).expect("a key"));

/// The agency, with Teams.
struct Tenant {
    agency: Agency,
    api: Api,
    connector: MockServer,
    activities: u32,
}

impl Tenant {
    async fn open() -> Self {
        let connector = connector().await;
        let uri = connector.uri();
        let agency = Agency::with(Plan {
            settings: format!(
                "[channels.teams]\napp_id = \"{APP}\"\ntenant = \"{TENANT}\"\n\
                 secret = \"not-a-secret\"\nlogin_url = \"{}\"\nservice_url = \"{uri}\"\n\n\
                 [teams]\nmetadata_url = \"{uri}/metadata\"\n",
                sign_in::url()
            ),
            directory: with_teams(DIRECTORY),
            ..Plan::default()
        })
        .await;
        Self {
            api: Api::start(&agency).await,
            agency,
            connector,
            activities: 0,
        }
    }

    /// An activity from somebody in the channel of incidents.
    fn activity(&mut self, user: &str, kind: &str) -> Value {
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

    /// The card that a line gets for an answer.
    async fn says(&mut self, user: &str, line: &str) -> Value {
        let mention = "<at>Oyez</at>";
        let mut activity = self.activity(user, "message");
        activity["text"] = json!(format!("{mention} {line}"));
        activity["entities"] = json!([{
            "type": "mention",
            "mentioned": { "id": format!("28:{APP}"), "name": "Oyez" },
            "text": mention,
        }]);
        let before = self.posts().await.len();
        let taken = self.call(&activity).await;
        assert_eq!(taken.status.as_u16(), 200, "{taken:?}");
        loop {
            if let Some(post) = self.posts().await.get(before) {
                return post["attachments"][0]["content"].clone();
            }
            tokio::task::yield_now().await;
        }
    }

    /// The card that takes the place of the one whose button is tapped.
    async fn taps(&mut self, user: &str, act: &str, typed: &str) -> Value {
        self.hands_in(user, act, &[("text", typed)]).await
    }

    /// The same with what was filled in.
    async fn hands_in(&mut self, user: &str, act: &str, filled: &[(&str, &str)]) -> Value {
        let mut data = json!({ "act": act });
        for (id, value) in filled {
            data[*id] = json!(value);
        }
        let mut activity = self.activity(user, "invoke");
        activity["name"] = json!("adaptiveCard/action");
        activity["value"] = json!({
            "action": {
                "type": "Action.Execute",
                "verb": "oyez",
                "data": data,
            },
            "trigger": "manual",
        });
        let answer = self.call(&activity).await.is(200);
        assert_eq!(answer["statusCode"], 200, "{answer}");
        answer["value"].clone()
    }

    async fn call(&self, activity: &Value) -> Answer {
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
    async fn posts(&self) -> Vec<Value> {
        let requests = self.connector.received_requests().await.expect("requests");
        requests
            .iter()
            .filter(|request| request.url.path().ends_with("/activities"))
            .map(|request| request.body_json().expect("JSON"))
            .collect()
    }
}

/// A connector that takes every post, and publishes its key.
async fn connector() -> MockServer {
    let server = MockServer::start().await;
    let keys = format!("{}/keys", server.uri());
    let metadata = json!({
        "issuer": "https://api.botframework.com",
        "jwks_uri": keys,
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({
        "kty": "RSA",
        "use": "sig",
        "kid": "one",
        "n": encode(&KEY.n().to_be_bytes_trimmed_vartime()),
        "e": encode(&KEY.e().to_be_bytes_trimmed_vartime()),
        "endorsements": ["msteams"],
    });
    for (at, body) in [("/metadata", metadata), ("/keys", json!({ "keys": [key] }))] {
        Mock::given(method("GET"))
            .and(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .respond_with(|request: &Request| {
            let id = request.body.len();
            ResponseTemplate::new(201).set_body_json(json!({ "id": format!("a:{id}") }))
        })
        .mount(&server)
        .await;
    server
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

/// Gives two of ours an address in Teams.
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
fn text(card: &Value) -> String {
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

/// What a button of a card carries.
#[track_caller]
fn button(card: &Value, title: &str) -> String {
    let body = card["body"].as_array().expect("a body");
    let actions = body
        .iter()
        .filter_map(|it| it["actions"].as_array())
        .flatten();
    let mut wanted = actions.filter(|action| action["title"] == title);
    let action = wanted.next().unwrap_or_else(|| panic!("{card:#}"));
    assert_eq!(action["data"], action["fallback"]["data"], "{action}");
    action["data"]["act"].as_str().expect("an act").to_owned()
}

const OPEN: &str = "open P1 register-trainees: Providers cannot sign in";

#[tokio::test]
async fn an_incident_is_run_from_teams() {
    let mut teams = Tenant::open().await;
    let help = teams.says(PRIYA, "").await;
    assert!(text(&help).contains("What you can say"), "{help}");

    let shown = teams.says(PRIYA, OPEN).await;
    assert!(text(&shown).contains("Send to "), "{shown}");
    assert!(text(&shown).contains("Dana Whitlock by email"), "{shown}");
    let send = button(&shown, "Send");
    let sent = teams.taps(PRIYA, &send, "").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    let again = teams.taps(PRIYA, &send, "").await;
    assert_eq!(text(&again), text(&sent), "twice is once");
    deliver(&teams.api.app).await;

    let status = teams.taps(PRIYA, &button(&sent, "Status"), "").await;
    assert!(
        text(&status).contains("Providers cannot sign in"),
        "{status}"
    );
    let stranger = teams
        .says("11111111-2222-4333-8444-555555555599", "list")
        .await;
    assert!(
        text(&stranger).contains("I do not know who you are"),
        "{stranger}"
    );

    let record = teams.agency.json("status INC-0001").await;
    let declared = &record["timeline"][0];
    assert_eq!(declared["who"], "Priya Shah");
    assert_eq!(declared["door"], "teams");
}

#[tokio::test]
async fn one_tap_answers_a_prompt_and_a_stale_one_says_what_happened() {
    let mut teams = Tenant::open().await;
    let shown = teams.says(PRIYA, OPEN).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;

    // Two leads tap the same card.
    let seen = teams.taps(PRIYA, "nochange:INC-0001:1", "").await;
    assert!(text(&seen).contains("Nothing was sent: "), "{seen}");
    let first = teams.taps(PRIYA, &button(&seen, "Send"), "").await;
    assert!(text(&first).contains("On its way to "), "{first}");
    let sent = teams.agency.send_log("INC-0001").await.len();
    let second = teams.taps(TOM, "nochange:INC-0001:1", "").await;
    assert!(text(&second).contains("Priya Shah"), "{second}");
    assert_eq!(teams.agency.send_log("INC-0001").await.len(), sent);

    // What was typed beside the button is shown before it is sent.
    let shown = teams
        .taps(TOM, "fill:update:INC-0001", "Half of them are back.")
        .await;
    assert!(text(&shown).contains("Half of them are back"), "{shown}");
    let done = teams.taps(TOM, &button(&shown, "Send"), "").await;
    assert!(text(&done).contains("On its way to "), "{done}");
    let empty = teams.taps(TOM, "fill:update:INC-0001", " ").await;
    assert!(
        text(&empty).contains("still to be filled in: What has changed?"),
        "{empty}"
    );
    assert!(
        empty["body"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["id"] == "text"),
        "{empty}"
    );
    for nonsense in ["", "send", "nochange:INC-0001", "fill:frobnicate:INC-0001"] {
        let mut activity = teams.activity(PRIYA, "invoke");
        activity["name"] = json!("adaptiveCard/action");
        activity["value"] = json!({ "action": { "verb": "oyez", "data": { "act": nonsense } } });
        let answer = teams.call(&activity).await.is(200);
        assert_eq!(answer["statusCode"], 400, "{nonsense}: {answer}");
    }
}

#[tokio::test]
async fn the_same_message_twice_is_done_once() {
    let mut teams = Tenant::open().await;
    let shown = teams.says(PRIYA, OPEN).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    let mut activity = teams.activity(PRIYA, "message");
    activity["text"] = json!("note INC-1 Rang the supplier");
    let before = teams.posts().await.len();
    for _ in 0..2 {
        assert_eq!(teams.call(&activity).await.status.as_u16(), 200);
    }
    while teams.posts().await.len() < before + 2 {
        tokio::task::yield_now().await;
    }
    let record = teams.agency.json("status INC-0001").await;
    let timeline = record["timeline"].as_array().expect("a timeline");
    let notes = timeline.iter().filter(|line| line["kind"] == "noted");
    assert_eq!(notes.count(), 1);
}

#[tokio::test]
async fn a_call_that_the_connector_did_not_sign_is_refused() {
    let mut teams = Tenant::open().await;
    let mut activity = teams.activity(PRIYA, "message");
    activity["text"] = json!(OPEN);
    let request = || teams.api.request(reqwest::Method::POST, "/api/messages");
    let bare = Answer::of(request().json(&activity)).await;
    assert_eq!(bare.status.as_u16(), 401);
    activity["serviceUrl"] = json!("https://elsewhere.example/");
    assert_eq!(teams.call(&activity).await.status.as_u16(), 401);
    let broken = Answer::of(request().body("{")).await;
    assert_eq!(broken.status.as_u16(), 400);
    assert!(teams.posts().await.is_empty());

    let closed = Api::of(std::sync::Arc::clone(&teams.api.app));
    let request = closed.request(reqwest::Method::POST, "/api/messages");
    let answer = Answer::of(request.json(&activity)).await;
    assert_eq!(answer.status.as_u16(), 404);
}

#[tokio::test]
async fn an_incident_is_declared_from_a_form_that_keeps_what_was_filled_in() {
    let mut teams = Tenant::open().await;
    let form = teams.says(PRIYA, "open Providers cannot sign in").await;
    let body = form["body"].as_array().expect("a body");
    let input = |id: &str| body.iter().find(|it| it["id"] == id).expect("an input");
    assert_eq!(input("title")["value"], "Providers cannot sign in");
    assert_eq!(input("services")["isMultiSelect"], true);
    let act = button(&form, "Go on");

    let filled = [
        ("title", "Providers cannot sign in"),
        ("priority", "P1"),
        ("services", "register-trainees,find-courses"),
        ("effect", "I do not know yet"),
        ("started", "the other day"),
    ];
    let again = teams.hands_in(PRIYA, &act, &filled).await;
    assert!(text(&again).contains("is not a time"), "{again}");
    let kept = again["body"].as_array().unwrap().iter();
    let kept = kept.filter(|it| it["value"] == "I do not know yet").count();
    assert_eq!(kept, 1, "{again}");

    let shown = teams.hands_in(PRIYA, &act, &filled[..4]).await;
    let sent = teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    let record = teams.agency.json("status INC-0001").await;
    assert_eq!(record["services"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_restricted_incident_is_not_read_out_where_others_read_along() {
    let mut teams = Tenant::open().await;
    teams.agency.declare("--restricted --as priya-shah").await;
    let aloud = teams.says(PRIYA, "status INC-1").await;
    assert!(text(&aloud).contains("There is no incident"), "{aloud}");
    let list = teams.says(PRIYA, "list").await;
    assert!(!text(&list).contains("INC-0001"), "{list}");

    let mut alone = teams.activity(PRIYA, "message");
    alone["text"] = json!("status INC-1");
    alone["conversation"]["id"] = json!("a:1priya");
    alone["conversation"]["conversationType"] = json!("personal");
    let before = teams.posts().await.len();
    teams.call(&alone).await;
    let card = loop {
        if let Some(post) = teams.posts().await.get(before) {
            break post["attachments"][0]["content"].clone();
        }
        tokio::task::yield_now().await;
    };
    assert!(text(&card).contains("Providers cannot sign in"), "{card}");
}

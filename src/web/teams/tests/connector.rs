//! A Bot connector of the tests' own: it signs calls, and publishes its keys on loopback.

use std::sync::{Arc, LazyLock, Mutex};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use rsa::{
    PrivateKey,
    pkcs1v15::SigningKey,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

use crate::{
    clock::ManualClock,
    http_client::{HttpClient, Limits},
    web::teams::{
        keys::Keys,
        token::{Expected, Gate, ISSUER, Reason, Vouched},
    },
};

pub(super) const APP: &str = "f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11";
pub(super) const TENANT: &str = "7d1f6f0e-52b5-4b0c-9a43-0c6c6f6f2a55";
pub(super) const SERVICE_URL: &str = "https://smba.trafficmanager.net/emea/northshire/";

/// The connector's key, and another that nobody published.
pub(super) static OURS: LazyLock<PrivateKey> = LazyLock::new(generate);
pub(super) static OTHER: LazyLock<PrivateKey> = LazyLock::new(generate);

fn generate() -> PrivateKey {
    PrivateKey::new(&mut rand::rng(), 2048).unwrap()
}

/// What the key server answers.
#[derive(Clone)]
pub(super) enum Answers {
    Keys(Vec<Value>),
    Status(u16),
}

pub(super) struct Connector {
    pub(super) server: MockServer,
    pub(super) clock: Arc<ManualClock>,
    pub(super) gate: Gate,
    pub(super) keys: Keys,
    answers: Arc<Mutex<Answers>>,
}

impl Connector {
    /// Publishes [`OURS`] as "one".
    pub(super) async fn start() -> Self {
        let server = MockServer::start().await;
        let answers = Arc::new(Mutex::new(Answers::Keys(vec![published("one", &OURS)])));
        let base = server.uri();
        let now = Arc::clone(&answers);
        Mock::given(method("GET"))
            .respond_with(move |request: &Request| {
                let answer = now.lock().unwrap().clone();
                match (answer, request.url.path()) {
                    (Answers::Status(status), _) => ResponseTemplate::new(status),
                    (Answers::Keys(_), "/metadata") => ResponseTemplate::new(200)
                        .set_body_json(json!({ "jwks_uri": format!("{base}/keys") })),
                    (Answers::Keys(keys), _) => {
                        ResponseTemplate::new(200).set_body_json(json!({ "keys": keys }))
                    }
                }
            })
            .mount(&server)
            .await;
        let clock = Arc::new(ManualClock::new("2026-11-23T13:20:00Z".parse().unwrap()));
        let loopback = ["127.0.0.0/8".parse().unwrap()];
        let http = HttpClient::new(&loopback, Limits::default()).unwrap();
        let metadata = format!("{}/metadata", server.uri());
        let keys = Keys::new(http, clock.clone(), &metadata).unwrap();
        let expected = Expected {
            app_id: APP.to_owned(),
            issuer: ISSUER.to_owned(),
            tenants: vec![TENANT.to_owned()],
        };
        Self {
            gate: Gate::new(expected, keys.clone(), clock.clone()),
            server,
            clock,
            keys,
            answers,
        }
    }

    pub(super) fn answers(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    /// How often it was asked for anything.
    pub(super) async fn asked(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    pub(super) fn advance(&self, minutes: i64) {
        self.clock.advance(TimeDelta::minutes(minutes));
    }

    /// What a token of now says.
    pub(super) fn claims(&self) -> Value {
        let now = crate::clock::Clock::now(&*self.clock).timestamp();
        json!({ "iss": ISSUER, "aud": APP, "nbf": now - 60, "exp": now + 3_600,
            "serviceurl": SERVICE_URL })
    }

    /// A call with a token of now, by this key under this id.
    pub(super) async fn call(&self, id: &str, key: &PrivateKey) -> Result<Vouched, Reason> {
        let token = signed(&header(id), &self.claims(), key);
        self.send(&token).await
    }

    pub(super) async fn send(&self, token: &str) -> Result<Vouched, Reason> {
        let bearer = format!("Bearer {token}");
        self.gate.check(Some(&bearer), &activity()).await
    }
}

/// How the key server lists a key that may speak for Teams.
pub(super) fn published(id: &str, key: &PrivateKey) -> Value {
    let text = |bytes: Box<[u8]>| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "RSA", "use": "sig", "kid": id, "x5t": id, "n": text(key.n_bytes()),
        "e": text(key.e_bytes()), "endorsements": ["msteams", "webchat"] })
}

pub(super) fn header(id: &str) -> Value {
    json!({ "typ": "JWT", "alg": "RS256", "kid": id, "x5t": id })
}

/// The body of a call.
pub(super) fn activity() -> Value {
    json!({
        "type": "message", "id": "1795410184094", "channelId": "msteams",
        "serviceUrl": SERVICE_URL,
        "from": { "id": "29:1a", "name": "Priya Shah" },
        "conversation": { "id": "19:abc@thread.tacv2;messageid=1", "tenantId": TENANT },
        "channelData": { "tenant": { "id": TENANT } },
    })
}

pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    [header, claims]
        .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".")
}

pub(super) fn signed(header: &Value, claims: &Value, key: &PrivateKey) -> String {
    let message = unsigned(header, claims);
    let signature = SigningKey::<Sha256>::new(key.clone()).sign(message.as_bytes());
    with_signature(&message, &signature.to_vec())
}

pub(super) fn with_signature(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

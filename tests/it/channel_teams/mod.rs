//! The bot as a way out: against a Bot connector and a Microsoft Entra of the tests' own.

mod posting;
mod settings;
mod signing_in;
mod trouble;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use oyez::{channels::Channel, clock::ManualClock, domain::delivery::Outcome};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::support::channels::{Letter, live_with, now, with};

const APP: &str = "f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11";
const TENANT: &str = "7d1f6f0e-52b5-4b0c-9a43-0c6c6f6f2a55";
const SECRET: &str = "hunter2~hunter2&hunter2=";
const CHANNEL: &str = "19:incidents_1@thread.tacv2";
const CHAT: &str = "19:meeting_Zm9v@thread.v2";
const PERSON: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/// Microsoft, with one bot.
struct Microsoft {
    server: MockServer,
    clock: Arc<ManualClock>,
    bot: Arc<dyn Channel>,
    /// What sign-ins get, instead of a token.
    entra: Arc<Mutex<Option<ResponseTemplate>>>,
    /// What the next calls of the connector get, instead of what they ask for.
    teams: Arc<Mutex<Vec<ResponseTemplate>>>,
}

impl Microsoft {
    async fn start() -> Self {
        let server = MockServer::start().await;
        let entra = Arc::new(Mutex::new(None::<ResponseTemplate>));
        let teams = Arc::new(Mutex::new(Vec::<ResponseTemplate>::new()));
        let (refusal, next) = (Arc::clone(&entra), Arc::clone(&teams));
        let tokens = AtomicUsize::new(0);
        Mock::given(any())
            .respond_with(move |request: &Request| {
                if is_sign_in(request) {
                    let token = || token(tokens.fetch_add(1, Ordering::Relaxed) + 1);
                    return refusal.lock().unwrap().clone().unwrap_or_else(token);
                }
                let mut next = next.lock().unwrap();
                if next.is_empty() {
                    taken(request)
                } else {
                    next.remove(0)
                }
            })
            .mount(&server)
            .await;
        let clock = Arc::new(ManualClock::new(now()));
        let keys = format!(
            "app_id = \"{APP}\"\ntenant = \"{TENANT}\"\nsecret = \"{SECRET}\"\n\
             login_url = \"{0}\"\nservice_url = \"{0}/teams/\"\n",
            server.uri()
        );
        Self {
            bot: live_with("teams", with("teams", &keys), Arc::clone(&clock)),
            server,
            clock,
            entra,
            teams,
        }
    }

    /// The connector answers its next calls so, each once.
    fn teams_answers(&self, answers: impl IntoIterator<Item = ResponseTemplate>) {
        self.teams.lock().unwrap().extend(answers);
    }

    fn entra_answers(&self, answer: ResponseTemplate) {
        *self.entra.lock().unwrap() = Some(answer);
    }

    fn letter(&self, address: &str) -> Letter {
        let card = r#"{"type":"AdaptiveCard","version":"1.5","body":[]}"#;
        let address = self.bot.check_address(address).expect("an address");
        Letter::new(address, &[("card", card), ("summary", "Sign-in fails")])
    }

    async fn send(&self, letter: &Letter) -> Outcome {
        self.bot.send(&letter.outgoing()).await
    }

    async fn send_to(&self, address: &str) -> Outcome {
        self.send(&self.letter(address)).await
    }

    async fn sign_ins(&self) -> Vec<Request> {
        let asked = self.server.received_requests().await.unwrap();
        asked.into_iter().filter(is_sign_in).collect()
    }

    /// Path and body of each call of the connector.
    async fn calls(&self) -> Vec<(String, Value)> {
        let asked = self.server.received_requests().await.unwrap();
        let calls = asked.into_iter().filter(|request| !is_sign_in(request));
        calls
            .map(|request| (request.url.path().to_owned(), request.body_json().unwrap()))
            .collect()
    }
}

fn is_sign_in(request: &Request) -> bool {
    request.url.path() == format!("/{TENANT}/oauth2/v2.0/token")
}

fn token(number: usize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "token_type": "Bearer", "expires_in": 3_599,
        "ext_expires_in": 3_599, "access_token": format!("token-{number}") }))
}

/// What the connector answers when all is well.
fn taken(request: &Request) -> ResponseTemplate {
    let body: Value = request.body_json().unwrap();
    let answer = if !request.url.path().ends_with("/v3/conversations") {
        json!({ "id": "1795410184095" })
    } else if body["isGroup"] == true {
        json!({ "id": format!("{CHANNEL};messageid=1795410184094"), "activityId": "1795410184094" })
    } else {
        json!({ "id": "a:1Priya" })
    };
    ResponseTemplate::new(201).set_body_json(answer)
}

/// An answer of the connector that says no.
fn error(status: u16, code: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({ "error": { "code": code, "message": message } }))
}

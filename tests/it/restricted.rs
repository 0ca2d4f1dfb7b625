//! A restricted incident is not there for whoever is not named in it: at no route, in no list, in
//! no figure and not in the event stream.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::TimeDelta;
use oyez::{
    app::{NewKey, deliver::Engine},
    domain::PersonId,
    web,
};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};

use crate::support::{
    api::maker,
    at,
    database::databases,
    program::{Program, operator},
};

const NOW: &str = "2026-11-23T13:20:00Z";

/// A program with its API on loopback.
struct Served {
    program: Program,
    base: String,
    client: Client,
    stop: watch::Sender<bool>,
    running: JoinHandle<std::io::Result<()>>,
    handle: actix_web::dev::ServerHandle,
}

impl Served {
    async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for db in databases().await {
            let mut program = Program::northshire(db, at(NOW)).await;
            let app = Arc::get_mut(&mut program.app).unwrap();
            app.figures_last = TimeDelta::zero();
            let (stop, stopping) = watch::channel(false);
            let server = web::listen(
                program.app.clone(),
                web::Doors::default(),
                web::Stop::new(stopping),
                "127.0.0.1:0".parse().unwrap(),
                Duration::from_secs(5),
            )
            .unwrap();
            #[expect(
                clippy::disallowed_methods,
                reason = "whoever calls the API has a client of their own"
            )]
            let client = Client::builder().no_proxy().build().unwrap();
            all.push(Self {
                program,
                base: format!("http://{}", server.addresses[0]),
                client,
                stop,
                running: tokio::spawn(server.running),
                handle: server.handle,
            });
        }
        all
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.handle.stop(true).await;
        self.running.await.unwrap().unwrap();
    }

    /// A key that may do everything but look after keys, for somebody or for nobody.
    async fn key(&self, person: Option<&str>) -> String {
        let person: Option<PersonId> = person.map(|id| id.parse().unwrap());
        let new = NewKey {
            name: "test",
            scopes: &["respond".to_owned(), "manage".to_owned()],
            expires: "90d",
            person: person.as_ref(),
            by: &maker(),
        };
        let made = self.program.app.create_token(new).await.unwrap();
        assert_eq!(made.person, person.map(|person| person.to_string()));
        made.secret.unwrap()
    }

    async fn call(&self, key: &str, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(key);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, key: &str, path: &str) -> (u16, Value) {
        let answer = self.call(key, Method::GET, path, None).await;
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str(&answer.text().await.unwrap()).unwrap(),
        )
    }

    async fn post(&self, key: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.call(key, Method::POST, path, Some(body)).await;
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str(&answer.text().await.unwrap()).unwrap(),
        )
    }

    async fn declare(&self, key: &str, body: &Value) -> String {
        let (status, receipt) = self.post(key, "/api/v1/incidents", body).await;
        assert_eq!(status, 201, "{receipt}");
        receipt["incident"].as_str().unwrap().to_owned()
    }

    async fn listed(&self, key: &str) -> Vec<String> {
        let (status, page) = self.get(key, "/api/v1/incidents").await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        let ids = items.iter().map(|item| item["incident"].as_str().unwrap());
        ids.map(str::to_owned).collect()
    }

    /// Sends what is due.
    async fn deliver(&self) {
        let app = &self.program.app;
        let lock = app.store.try_lock_delivery("test").await.unwrap();
        let mut engine = Engine::new(
            app.store.clone(),
            app.channels.clone(),
            app.clock.clone(),
            lock.unwrap(),
            app.wake.clone(),
        )
        .with_pages(app.pages.clone());
        engine.settle().await.unwrap();
    }

    async fn figures(&self) -> String {
        let answer = self.client.get(format!("{}/metrics", self.base));
        let text = answer.send().await.unwrap().text().await.unwrap();
        // What the process has open is not about incidents.
        let lines = text
            .lines()
            .filter(|line| !line.contains("oyez_descriptors_open"));
        lines
            .map(|line| {
                format!(
                    "{line}
"
                )
            })
            .collect()
    }
}

fn breach() -> Value {
    json!({
        "title": "Somebody got in",
        "priority": "P1",
        "kind": "security",
        "services": { "register-trainees": "affected" },
        "facts": { "effect": "Somebody read what they should not have read." },
        "leads": { "comms": "priya-shah" },
    })
}

fn outage() -> Value {
    json!({
        "title": "Courses cannot be found",
        "priority": "P2",
        "services": { "find-courses": "affected" },
        "facts": { "effect": "Searching for courses finds nothing." },
    })
}

/// Everything that can be asked of one incident.
fn questions(id: &str) -> Vec<(Method, String, Option<Value>)> {
    let path = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
    vec![
        (Method::GET, path(""), None),
        (Method::GET, path("/deliveries"), None),
        (Method::GET, path("/who"), None),
        (Method::GET, path("/who?not_told=true"), None),
        (Method::GET, path("/verify"), None),
        (Method::POST, path("/retry"), Some(json!({}))),
        (
            Method::POST,
            path("/commands"),
            Some(json!({ "command": "note", "text": "A line." })),
        ),
        (
            Method::POST,
            path("/commands?dry_run=true"),
            Some(json!({ "command": "update", "text": "Something changed." })),
        ),
    ]
}

#[tokio::test]
async fn every_route_answers_others_as_if_the_incident_were_not_there() {
    for served in Served::all().await {
        let before = served.figures().await;
        let declarer = served.key(None).await;
        let id = served.declare(&declarer, &breach()).await;
        assert_eq!(
            before,
            served.figures().await,
            "before anything was delivered"
        );
        served.deliver().await;
        assert_eq!(before, served.figures().await, "afterwards");

        let (_, deliveries) = served
            .get(&declarer, &format!("/api/v1/incidents/{id}/deliveries"))
            .await;
        let told: Vec<&str> = deliveries["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["state"] == "accepted")
            .map(|item| item["recipient"].as_str().unwrap())
            .collect();
        assert!(told.contains(&"dana-whitlock"), "{told:?}");
        assert!(!told.contains(&"femi-adeyemi"), "{told:?}");

        for stranger in [None, Some("femi-adeyemi")] {
            let key = served.key(stranger).await;
            assert_eq!(served.listed(&key).await, Vec::<String>::new());
            // What is not there is asked for in the same way, and must be answered in the same way.
            let (here, nowhere) = (questions(&id), questions("INC-0999"));
            for ((method, path, body), (_, elsewhere, _)) in here.into_iter().zip(nowhere) {
                let restricted = served
                    .call(&key, method.clone(), &path, body.as_ref())
                    .await;
                let missing = served.call(&key, method, &elsewhere, body.as_ref()).await;
                assert_eq!(restricted.status(), 404, "{path}");
                assert_eq!(restricted.status(), missing.status());
                let names = |answer: &Response| -> Vec<String> {
                    answer.headers().keys().map(ToString::to_string).collect()
                };
                assert_eq!(names(&restricted), names(&missing));
                assert_eq!(
                    restricted.text().await.unwrap().replace(&id, "INC"),
                    missing.text().await.unwrap().replace("INC-0999", "INC"),
                    "{path}"
                );
            }
        }
        for insider in [Some("dana-whitlock"), Some("priya-shah")] {
            let key = served.key(insider).await;
            assert_eq!(served.listed(&key).await, [id.as_str()], "{insider:?}");
            for (method, path, body) in questions(&id) {
                let answer = served.call(&key, method, &path, body.as_ref()).await;
                assert_eq!(answer.status(), 200, "{insider:?} {path}");
            }
        }
        served.end().await;
    }
}

#[tokio::test]
async fn named_are_those_who_declared_it_were_told_lead_it_or_were_added() {
    for served in Served::all().await {
        let declarer = served.key(Some("mei-lin")).await;
        let id = served.declare(&declarer, &breach()).await;
        let status = format!("/api/v1/incidents/{id}");
        let sees = async |person: &str| {
            let key = served.key(Some(person)).await;
            served.get(&key, &status).await.0 == 200
        };
        // Nothing is out yet: whoever is about to be told is not there yet either.
        assert!(sees("mei-lin").await, "who declared it");
        assert!(sees("priya-shah").await, "who leads it");
        assert!(!sees("dana-whitlock").await, "who will be told");
        assert!(!sees("femi-adeyemi").await, "who has nothing to do with it");
        let another = served.key(None).await;
        assert_eq!(served.get(&another, &status).await.0, 404);

        served.deliver().await;
        assert!(sees("dana-whitlock").await, "who was told");
        let add = json!({
            "command": "add",
            "who": { "kind": "person", "id": "femi-adeyemi" },
            "audience": "responders",
            "note": "Knows the logs.",
        });
        let (status_code, answer) = served
            .post(&declarer, &format!("{status}/commands"), &add)
            .await;
        assert_eq!(status_code, 200, "{answer}");
        assert!(sees("femi-adeyemi").await, "who was added");
        served.end().await;
    }
}

#[tokio::test]
async fn what_a_key_does_for_a_person_is_recorded_as_theirs() {
    for served in Served::all().await {
        let key = served.key(Some("mei-lin")).await;
        let id = served.declare(&key, &outage()).await;
        let path = format!("/api/v1/incidents/{id}");
        let (_, status) = served.get(&key, &path).await;
        assert_eq!(status["timeline"][0]["who"], "Mei Lin (key test)");
        assert_eq!(status["timeline"][0]["door"], "api");

        // Whoever has left takes their key with them.
        let program = &served.program;
        let file = program.db.folder.path().join("people.csv");
        std::fs::write(&file, "id\npriya-shah\n").unwrap();
        let plan = program.app.plan_import(&[file], true).await.unwrap();
        let saved = program.app.save_import(plan.token, |_, _| {});
        saved.await.unwrap();
        let (code, problem) = served.get(&key, &path).await;
        assert_eq!(code, 403);
        assert_eq!(problem["type"], "urn:oyez:problem:person-gone");
        served.end().await;
    }
}

#[tokio::test]
async fn a_key_for_somebody_who_is_not_there_is_refused_with_the_nearest_name() {
    for served in Served::all().await {
        let person: PersonId = "mei-linn".parse().unwrap();
        let new = NewKey {
            name: "test",
            scopes: &["read".to_owned()],
            expires: "90d",
            person: Some(&person),
            by: &maker(),
        };
        let refused = served.program.app.create_token(new).await.unwrap_err();
        assert_eq!(refused.code, "unknown-person");
        assert_eq!(refused.fix, "Did you mean mei-lin?");
        assert!(served.program.app.tokens().await.unwrap().is_empty());
        served.end().await;
    }
}

#[tokio::test]
async fn a_restricted_incident_cannot_be_felt_for_as_a_duplicate() {
    for served in Served::all().await {
        let id = served.declare(&served.key(None).await, &breach()).await;
        let key = served.key(Some("femi-adeyemi")).await;
        let own = served.declare(&key, &outage()).await;
        let path = format!("/api/v1/incidents/{own}/commands?dry_run=true");
        let mut answers = Vec::new();
        for other in [id.as_str(), "INC-0999"] {
            let close = json!({ "command": "close", "duplicate_of": other });
            let (status, problem) = served.post(&key, &path, &close).await;
            assert_eq!(status, 404);
            answers.push(problem.to_string().replace(other, "INC"));
        }
        assert_eq!(answers[0], answers[1]);
        served.end().await;
    }
}

/// What a request was answered, without the request's own words.
fn without_reference(answer: &(u16, Value), reference: &str) -> (u16, String) {
    (answer.0, answer.1.to_string().replace(reference, "INC"))
}

#[tokio::test]
async fn a_restricted_incident_is_not_named_in_words_to_others_by_those_who_may_see_it() {
    for served in Served::all().await {
        let knows = served.key(None).await;
        let id = served.declare(&knows, &breach()).await;
        let stranger = served.key(Some("femi-adeyemi")).await;
        let own = served.declare(&stranger, &outage()).await;
        let path = |id: &str| format!("/api/v1/incidents/{id}/commands");
        let typed = |reference: &str| {
            let text = format!("We think that {reference} is the cause.");
            [
                json!({ "command": "update", "text": text }),
                json!({ "command": "update", "text": "More.", "facts": { "theory": text } }),
                json!({ "command": "note", "text": text }),
                json!({ "command": "resolve", "text": "It works.", "lost": text }),
            ]
        };
        let kind = json!("urn:oyez:problem:names-restricted");
        let spelt = [
            id.clone(),
            id.to_lowercase(),
            id.replace("-000", "\u{2011}"),
        ];
        for command in spelt.iter().flat_map(|reference| typed(reference)) {
            let (status, problem) = served.post(&knows, &path(&own), &command).await;
            assert_eq!((status, &problem["type"]), (422, &kind), "{command}");
            assert_eq!(problem["detail"], "Leave its reference out.");
        }
        let close = json!({ "command": "close", "duplicate_of": id });
        let (_, problem) = served.post(&knows, &path(&own), &close).await;
        assert_eq!(problem["type"], kind);
        let named = json!({ "title": format!("Like {id}"), "priority": "P2", "services": {} });
        let (_, problem) = served.post(&knows, "/api/v1/incidents", &named).await;
        assert_eq!(problem["type"], kind);
        // Its own words may name it.
        let (status, answer) = served.post(&knows, &path(&id), &typed(&id)[2]).await;
        assert_eq!(status, 200, "{answer}");

        // To anybody else it is a number like one that does not exist.
        let looked = format!("{}?dry_run=true", path(&own));
        for (command, like) in typed(&id).iter().zip(typed("INC-0999")) {
            let there = served.post(&stranger, &looked, command).await;
            let nowhere = served.post(&stranger, &looked, &like).await;
            assert_eq!(there.0, 200, "{}", there.1);
            assert_eq!(
                without_reference(&there, &id),
                without_reference(&nowhere, "INC-0999")
            );
        }
        served.end().await;
    }
}

/// Reads the stream until so many events came.
async fn events(answer: &mut Response, count: usize) -> Vec<BTreeMap<String, String>> {
    let (mut text, mut events) = (String::new(), Vec::new());
    while events.len() < count {
        let chunk = answer.chunk().await.unwrap().expect("the stream goes on");
        text += std::str::from_utf8(&chunk).unwrap();
        while let Some((event, rest)) = text.split_once("\n\n") {
            let fields = event.lines().filter_map(|line| line.split_once(':'));
            let fields: BTreeMap<String, String> = fields
                .map(|(name, value)| (name.to_owned(), value.trim_start().to_owned()))
                .collect();
            // A comment keeps the connection alive.
            if fields.contains_key("data") {
                events.push(fields);
            } else {
                assert!(event.starts_with(':'), "{event:?}");
            }
            text = rest.to_owned();
        }
    }
    events
}

#[tokio::test]
async fn the_event_stream_shows_nothing_but_a_gap_in_its_numbers() {
    for served in Served::all().await {
        let declarer = served.key(None).await;
        let first = served.declare(&declarer, &outage()).await;
        let hidden = served.declare(&declarer, &breach()).await;
        served.deliver().await;
        let last = served.declare(&declarer, &outage()).await;
        for (person, expected) in [
            (Some("femi-adeyemi"), vec![&first, &last]),
            (None, vec![&first, &last]),
            (Some("dana-whitlock"), vec![&first, &hidden, &last]),
        ] {
            let key = served.key(person).await;
            let path = "/api/v1/events?after=0";
            let mut answer = served.call(&key, Method::GET, path, None).await;
            assert_eq!(answer.status(), 200);
            let mut seen = Vec::new();
            for event in events(&mut answer, 2 * expected.len()).await {
                let data: Value = serde_json::from_str(&event["data"]).unwrap();
                let incident = data["incident"].as_str().unwrap().to_owned();
                if event["event"] == "event" {
                    seen.push(incident);
                } else {
                    assert!(expected.contains(&&incident), "{event:?}");
                }
            }
            assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "{person:?}");
        }
        served.end().await;
    }
}

#[tokio::test]
async fn the_event_stream_ends_with_the_key() {
    for served in Served::all().await {
        let key = served.key(None).await;
        served.declare(&key, &outage()).await;
        let path = "/api/v1/events?after=0";
        let mut answer = served.call(&key, Method::GET, path, None).await;
        events(&mut answer, 2).await;
        let app = &served.program.app;
        app.revoke_token("test", &operator()).await.unwrap();
        let clock = &served.program.clock;
        // It looks after each second; or did just now, and is at its end already. Nothing comes but
        // the sign of life that may be on its way.
        loop {
            tokio::select! {
                chunk = answer.chunk() => match chunk.unwrap() {
                    Some(chunk) => assert!(chunk.starts_with(b": "), "{chunk:?}"),
                    None => break,
                },
                () = tokio::task::yield_now() => {
                    if clock.sleepers() > 0 {
                        clock.advance(chrono::TimeDelta::seconds(1));
                    }
                }
            }
        }
        let (status, problem) = served.get(&key, "/api/v1/incidents").await;
        assert_eq!(status, 401);
        assert_eq!(problem["type"], "urn:oyez:problem:no-valid-key");
        served.end().await;
    }
}

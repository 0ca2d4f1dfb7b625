//! The event stream: it resumes by event id without gap or repeat, and ends when the server stops.

use std::time::Duration;

use oyez::app::PER_KEY;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    agency::{Agency, deliver},
    api::{Answer, Api},
};

/// Only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// One message of a stream.
#[derive(Debug)]
struct Message {
    id: Option<u64>,
    name: String,
    data: Value,
}

/// A stream as a client reads it.
struct Stream {
    answer: Response,
    unread: String,
}

impl Stream {
    async fn open(api: &Api, key: &str, query: &str, last: Option<u64>) -> Self {
        let path = format!("/api/v1/events{query}");
        let mut request = api.request(Method::GET, &path).bearer_auth(key);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            answer,
            unread: String::new(),
        }
    }

    /// The next message; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.unread.split_once("\n\n") {
                let read = read(message);
                self.unread = rest.to_owned();
                match read {
                    Some(message) => return Some(message),
                    None => continue,
                }
            }
            let chunk = timeout(PATIENCE, self.answer.chunk()).await;
            let chunk = chunk.expect("something comes").expect("it ends well")?;
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next incident events; progress goes by.
    async fn events(&mut self, count: usize) -> Vec<Message> {
        let mut events = Vec::new();
        while events.len() < count {
            let message = self.next().await.expect("the stream goes on");
            match message.name.as_str() {
                "event" => events.push(message),
                name => {
                    assert_eq!(name, "progress");
                    assert_eq!(message.id, None, "{message:?}");
                }
            }
        }
        events
    }
}

/// A message, or nothing for a comment.
fn read(text: &str) -> Option<Message> {
    let (mut id, mut name, mut data) = (None, String::new(), Vec::new());
    for line in text.lines() {
        match line.split_once(':') {
            Some(("id", rest)) => id = Some(rest.trim().parse().unwrap()),
            Some(("event", rest)) => name = rest.trim().to_owned(),
            Some(("data", rest)) => data.push(rest.strip_prefix(' ').unwrap_or(rest)),
            Some(("", _)) => {}
            other => panic!("no line of a stream: {other:?}"),
        }
    }
    if data.is_empty() {
        return None;
    }
    Some(Message {
        id,
        name,
        data: serde_json::from_str(&data.join("\n")).unwrap(),
    })
}

async fn declare(api: &Api, key: &str, more: Value) -> String {
    let mut body = json!({"title": "Providers cannot sign in", "priority": "P1",
        "services": {"register-trainees": "affected"}});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let receipt = api.post("/api/v1/incidents", key, &body).await.is(201);
    receipt["incident"].as_str().unwrap().to_owned()
}

async fn note(api: &Api, key: &str, incident: &str, text: &str) {
    let body = json!({"command": "note", "text": text});
    let path = format!("/api/v1/incidents/{incident}/commands");
    api.post(&path, key, &body).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_comes_back_misses_nothing_and_hears_nothing_twice() {
    for agency in Agency::on_each_engine().await {
        let api = Api::start(&agency).await;
        let key = api.key(&["respond"]).await;
        let incident = declare(&api, &key, json!({})).await;
        let mut stream = Stream::open(&api, &key, "?after=0", None).await;
        note(&api, &key, &incident, "two").await;
        let events = stream.events(2).await;
        assert_eq!(events[0].data["kind"], "declared");
        assert_eq!(events[1].data["body"]["text"], "two");
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        assert_eq!(ids, [Some(1), Some(2)]);
        drop(stream);

        for text in ["three", "four", "five"] {
            note(&api, &key, &incident, text).await;
        }
        // The header wins over the query, which stands in the address that a browser calls again.
        let mut stream = Stream::open(&api, &key, "?after=0", Some(2)).await;
        note(&api, &key, &incident, "six").await;
        let events = stream.events(4).await;
        let ids: Vec<_> = events.iter().map(|event| event.id.unwrap()).collect();
        assert_eq!(ids, [3, 4, 5, 6]);
        let texts: Vec<_> = events
            .iter()
            .map(|event| event.data["body"]["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts, ["three", "four", "five", "six"]);
        for event in &events {
            assert_eq!(event.data["id"], event.id.unwrap());
            assert_eq!(event.data["incident"], incident);
        }
        // Without a place to begin, it begins now.
        let mut now = Stream::open(&api, &key, "", None).await;
        note(&api, &key, &incident, "seven").await;
        assert_eq!(now.events(1).await[0].id, Some(7));
        drop((stream, now));
        api.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_as_counts_without_an_id() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    let mut stream = Stream::open(&api, &key, "?after=0", None).await;
    let incident = declare(&api, &key, json!({})).await;
    deliver(&api.app).await;
    let mut last = json!(null);
    while last["progress"]["accepted"] != last["progress"]["total"] || last.is_null() {
        let message = stream.next().await.unwrap();
        if message.name == "progress" {
            assert_eq!(message.id, None);
            assert_eq!(message.data["incident"], incident.as_str());
            last = message.data;
        }
    }
    assert_ne!(last["progress"]["total"], 0);
    drop(stream);
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_ends_cleanly_when_the_server_stops() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["read"]).await;
    let mut stream = Stream::open(&api, &key, "", None).await;
    let ended = tokio::spawn(async move { stream.next().await.is_none() });
    timeout(PATIENCE, api.stop())
        .await
        .expect("streams hold nothing up");
    assert!(ended.await.unwrap(), "the reader saw a clean end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_no_number_is_refused_rather_than_skipped() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["read"]).await;
    let request = api.request(Method::GET, "/api/v1/events").bearer_auth(&key);
    Answer::of(request.header("Last-Event-ID", "yesterday"))
        .await
        .is_problem(400, "bad-event-id");
    api.get("/api/v1/events?after=x", &key)
        .await
        .is_problem(400, "bad-query");
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restricted_is_not_there_for_others_at_any_address() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let (mine, theirs) = (
        api.key(&["respond"]).await,
        api.key(&["read", "respond"]).await,
    );
    let secret = declare(&api, &mine, json!({"kind": "security", "title": "A leak"})).await;
    let open = declare(&api, &mine, json!({})).await;
    let path = format!("/api/v1/incidents/{secret}");
    api.get(&path, &mine).await.is(200);
    for path in ["", "/deliveries", "/who", "/verify"].map(|end| format!("{path}{end}")) {
        api.get(&path, &theirs)
            .await
            .is_problem(404, "unknown-incident");
    }
    let body = json!({"command": "note", "text": "x"});
    for (end, body) in [("commands", &body), ("retry", &json!({}))] {
        let answer = api.post(&format!("{path}/{end}"), &theirs, body).await;
        answer.is_problem(404, "unknown-incident");
    }
    // Nor can its reference be found out by closing another as its duplicate.
    let duplicate = json!({"command": "close", "duplicate_of": secret});
    let path = format!("/api/v1/incidents/{open}/commands?dry_run=true");
    api.post(&path, &theirs, &duplicate)
        .await
        .is_problem(404, "unknown-incident");

    let listed = api.get("/api/v1/incidents", &theirs).await.is(200);
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
    let mut stream = Stream::open(&api, &theirs, "?after=0", None).await;
    let events = stream.events(1).await;
    assert_eq!(events[0].data["incident"], open.as_str());
    assert_eq!(events[0].id, Some(2), "the gap alone shows");
    drop(stream);
    let mut stream = Stream::open(&api, &mine, "?after=0", None).await;
    assert_eq!(stream.events(2).await[0].data["incident"], secret.as_str());
    drop(stream);
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_too_many_streams_is_refused_and_silences_nobody_else() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let (greedy, other) = (api.key(&["read"]).await, api.key(&["respond"]).await);
    let mut streams = Vec::new();
    for _ in 0..PER_KEY {
        streams.push(Stream::open(&api, &greedy, "", None).await);
    }
    let refused = api.get("/api/v1/events", &greedy).await;
    let problem = refused.is_problem(429, "too-many-streams");
    assert_eq!(
        problem["title"],
        format!("This key has {PER_KEY} event streams open, and no key may have more.")
    );

    let mut theirs = Stream::open(&api, &other, "", None).await;
    assert_eq!(api.get("/healthz", "").await.status, 200);
    let figures = api.get("/metrics", "").await.text;
    let open = format!("oyez_event_streams {}", PER_KEY + 1);
    assert!(figures.contains(&open), "{figures}");
    let declaration = json!({
        "title": "Providers cannot sign in", "priority": "P1",
        "services": {"register-trainees": "affected"},
        "facts": {"effect": "Training providers cannot sign in."},
    });
    api.post("/api/v1/incidents", &other, &declaration)
        .await
        .is(201);
    deliver(&api.app).await;
    assert!(!agency.mail.taken().is_empty());
    assert_eq!(theirs.next().await.unwrap().name, "event");

    // A reader who leaves makes room.
    drop(streams);
    let again = async {
        while api.app.streams.count() > 1 {
            tokio::task::yield_now().await;
        }
        Stream::open(&api, &greedy, "", None).await
    };
    timeout(PATIENCE, again).await.expect("there is room again");
    api.stop().await;
}

//! What the HTTP API answers to requests that it does not carry out, and to the same one twice.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::{
    agency::Agency,
    api::{Answer, Api},
};

fn declaration() -> Value {
    json!({
        "title": "Providers cannot sign in",
        "priority": "P1",
        "services": {"register-trainees": "affected"},
        "facts": {"effect": "Training providers cannot sign in."},
    })
}

const INCIDENTS: &str = "/api/v1/incidents";
const COMMANDS: &str = "/api/v1/incidents/INC-0001/commands";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_scopes_allow_and_nothing_else() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let all = ["read", "respond", "manage", "admin"];
    let mut keys = Vec::new();
    for scope in all {
        keys.push((scope, api.key(&[scope]).await));
    }
    api.post(INCIDENTS, &keys[1].1, &declaration())
        .await
        .is(201);
    let note = json!({"command": "note", "text": "A line."});
    let supposed = json!({"priority": "P1", "services": {"register-trainees": "affected"}});
    for (method, path, body, needs) in [
        (Method::GET, INCIDENTS, None, "read"),
        (Method::GET, "/api/v1/incidents/INC-0001", None, "read"),
        (
            Method::GET,
            "/api/v1/incidents/INC-0001/deliveries",
            None,
            "read",
        ),
        (Method::GET, "/api/v1/incidents/INC-0001/who", None, "read"),
        (
            Method::GET,
            "/api/v1/incidents/INC-0001/verify",
            None,
            "read",
        ),
        (Method::POST, "/api/v1/who", Some(&supposed), "read"),
        (Method::GET, "/api/v1/policy", None, "read"),
        (Method::POST, COMMANDS, Some(&note), "respond"),
        (
            Method::POST,
            "/api/v1/incidents/INC-0001/retry",
            Some(&json!({})),
            "respond",
        ),
        (Method::GET, "/api/v1/directory", None, "manage"),
        (Method::GET, "/api/v1/tokens", None, "admin"),
    ] {
        let ask = |key: Option<String>| {
            let mut request = api.request(method.clone(), path);
            if let Some(key) = key {
                request = request.bearer_auth(key);
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            Answer::of(request)
        };
        for (scope, key) in &keys {
            let answer = ask(Some(key.clone())).await;
            let may = *scope == needs || *scope == "admin" || needs == "read";
            match may {
                true => assert!(answer.status.is_success(), "{scope} {path}: {answer:?}"),
                false => {
                    let problem = answer.is_problem(403, "not-allowed");
                    assert!(problem["title"].to_string().contains(needs), "{problem}");
                }
            }
        }
        let answer = ask(None).await;
        answer.is_problem(401, "no-valid-key");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        ask(Some("oyez_not-a-key".to_owned()))
            .await
            .is_problem(401, "no-valid-key");
    }
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_opens_nothing_from_the_next_request_on() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let admin = api.key(&["admin"]).await;
    let made = api
        .post(
            "/api/v1/tokens",
            &admin,
            &json!({"name": "ci", "scopes": ["read"]}),
        )
        .await
        .is(201);
    let secret = made["secret"].as_str().unwrap();
    api.get(INCIDENTS, secret).await.is(200);
    let listed = api.get("/api/v1/tokens", &admin).await;
    listed.is(200);
    assert!(!listed.text.contains(secret) && !listed.text.contains("secret"));
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    let revoke = || Answer::of(api.request(Method::DELETE, &path).bearer_auth(&admin));
    assert_eq!(revoke().await.is(200)["state"], "revoked");
    api.get(INCIDENTS, secret)
        .await
        .is_problem(401, "no-valid-key");
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_document() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["admin"]).await;
    api.post(INCIDENTS, &key, &declaration()).await.is(201);
    let raw = |method: Method, path: &str, kind: &str, body: String| {
        Answer::of(
            api.request(method, path)
                .bearer_auth(&key)
                .header(header::CONTENT_TYPE, kind)
                .body(body),
        )
    };
    let json_kind = "application/json";

    api.get("/api/v1/nothing", &key)
        .await
        .is_problem(404, "not-found");
    api.get("/", &key).await.is_problem(404, "not-found");
    api.get("/api/v1/incidents/INC-0099", &key)
        .await
        .is_problem(404, "unknown-incident");
    api.get("/api/v1/incidents/forty-two", &key)
        .await
        .is_problem(404, "not-found");

    for (method, path, allow) in [
        (Method::DELETE, INCIDENTS, "GET, HEAD, POST"),
        (Method::PATCH, COMMANDS, "POST"),
        (Method::POST, "/api/v1/incidents/INC-0001", "GET, HEAD"),
        (Method::TRACE, INCIDENTS, "GET, HEAD, POST"),
        (Method::TRACE, "/healthz", "GET, HEAD"),
        (Method::OPTIONS, "/api/v1/who", "POST"),
        (Method::POST, "/metrics", "GET, HEAD"),
    ] {
        let answer = Answer::of(api.request(method.clone(), path).bearer_auth(&key)).await;
        answer.is_problem(405, "wrong-method");
        assert_eq!(answer.headers[header::ALLOW], allow, "{method} {path}");
    }

    let long = json!({"title": "x".repeat(300_000), "priority": "P1"}).to_string();
    raw(Method::POST, INCIDENTS, json_kind, long)
        .await
        .is_problem(413, "bad-body");
    raw(
        Method::POST,
        INCIDENTS,
        "text/plain",
        declaration().to_string(),
    )
    .await
    .is_problem(415, "bad-body");
    raw(
        Method::POST,
        INCIDENTS,
        "application/x-www-form-urlencoded",
        "title=x".to_owned(),
    )
    .await
    .is_problem(415, "bad-body");

    for (body, says) in [
        ("{\"title\": ", "EOF"),
        ("[]", "not a JSON object"),
        ("{\"title\": 7}", "title"),
        ("{\"titel\": \"x\"}", "titel"),
        (
            "{\"title\": \"x\", \"started_at\": \"yesterday\"}",
            "started_at",
        ),
        (
            "{\"title\": \"x\", \"services\": {\"register-trainees\": \"broken\"}}",
            "services.register-trainees",
        ),
        (
            "{\"title\": \"x\", \"facts\": {\"effects\": \"y\"}}",
            "facts.effects",
        ),
    ] {
        let problem = raw(Method::POST, INCIDENTS, json_kind, body.to_owned())
            .await
            .is_problem(400, "bad-body");
        assert!(
            problem["title"].to_string().contains(says),
            "{says}: {problem}"
        );
    }
    for body in [
        "{\"command\": \"updat\", \"text\": \"x\"}",
        "{\"text\": \"x\"}",
        "{\"command\": \"update\"}",
    ] {
        raw(Method::POST, COMMANDS, json_kind, body.to_owned())
            .await
            .is_problem(400, "bad-body");
    }
    for query in ["limit=many", "unknown=1", "open=perhaps", "after=INC-x"] {
        api.get(&format!("{INCIDENTS}?{query}"), &key)
            .await
            .is_problem(400, "bad-query");
    }
    for (body, status, kind) in [
        (
            json!({"title": "x", "priority": "P9"}),
            404,
            "unknown-priority",
        ),
        (
            json!({"title": "x", "priority": "P1", "services": {"find-course": "affected"}}),
            404,
            "unknown-service",
        ),
        (json!({"title": "", "priority": "P1"}), 422, "empty"),
        (
            json!({"title": "x", "priority": "P1", "services": {"data-hub": "affected"}}),
            422,
            "above-ceiling",
        ),
    ] {
        api.post(INCIDENTS, &key, &body)
            .await
            .is_problem(status, kind);
    }
    let listed = api.get(INCIDENTS, &key).await.is(200);
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(1),
        "nothing was half done"
    );
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_has_the_same_answer_and_is_done_once() {
    for agency in Agency::on_each_engine().await {
        let api = Api::start(&agency).await;
        let key = api.key(&["respond"]).await;
        let other = api.key(&["read", "respond"]).await;
        let post = |key: &str, idempotency: &str, path: &str, body: Value| {
            let request = api
                .request(Method::POST, path)
                .bearer_auth(key)
                .header("Idempotency-Key", idempotency)
                .json(&body);
            Answer::of(request)
        };
        // Two at once: one does it, the other waits for its answer.
        let (one, two) = tokio::join!(
            post(&key, "declare-1", INCIDENTS, declaration()),
            post(&key, "declare-1", INCIDENTS, declaration())
        );
        assert_eq!(one.is(201), two.is(201));
        assert_eq!(one.headers["location"], two.headers["location"]);

        let mut changed = declaration();
        changed["title"] = json!("Another");
        post(&key, "declare-1", INCIDENTS, changed)
            .await
            .is_problem(422, "key-reused");
        let update = json!({"command": "update", "text": "Some can sign in."});
        post(&key, "declare-1", COMMANDS, update.clone())
            .await
            .is_problem(422, "key-reused");
        // Another caller's key is another key.
        let theirs = post(&other, "declare-1", INCIDENTS, declaration())
            .await
            .is(201);
        assert_eq!(theirs["incident"], "INC-0002");

        let first = post(&key, "update-1", COMMANDS, update.clone())
            .await
            .is(200);
        let second = post(&key, "update-1", COMMANDS, update).await.is(200);
        assert_eq!(first, second);
        let status = api.get("/api/v1/incidents/INC-0001", &key).await.is(200);
        assert_eq!(status["timeline"].as_array().map(Vec::len), Some(2));
        for bad in ["", " ", &"k".repeat(201)] {
            post(&key, bad, INCIDENTS, declaration())
                .await
                .is_problem(400, "bad-key");
        }
        api.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_answers_people_and_words_and_changes_nothing() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    api.post(INCIDENTS, &key, &declaration()).await.is(201);
    let before = agency.dump().await;
    let rehearsed = api
        .post(&format!("{INCIDENTS}?dry_run=true"), &key, &declaration())
        .await
        .is(200);
    assert_eq!(rehearsed["incident"], "INC-0002");
    assert!(!rehearsed["recipients"].as_array().unwrap().is_empty());
    assert!(!rehearsed["words"].as_array().unwrap().is_empty());
    let update = json!({"command": "update", "text": "Some can sign in."});
    api.post(&format!("{COMMANDS}?dry_run=true"), &key, &update)
        .await
        .is(200);
    assert_eq!(agency.dump().await, before);
    let done = api.post(INCIDENTS, &key, &declaration()).await.is(201);
    assert_eq!(done["people"], rehearsed["people"]);
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_saw_an_older_revision_is_told_what_changed() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    api.post(INCIDENTS, &key, &declaration()).await.is(201);
    let update = json!({"command": "update", "text": "Some can sign in."});
    let path = format!("{COMMANDS}?revision=1");
    api.post(&path, &key, &update).await.is(200);
    let problem = api
        .post(
            &path,
            &key,
            &json!({"command": "update", "text": "Nobody can."}),
        )
        .await
        .is_problem(409, "revision-conflict");
    assert!(
        problem["title"].to_string().contains("Some can sign in."),
        "{problem}"
    );
    let status = api.get("/api/v1/incidents/INC-0001", &key).await.is(200);
    assert_eq!(status["revision"], 2);
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_without_gap_or_repeat() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    for _ in 0..5 {
        api.post(INCIDENTS, &key, &declaration()).await.is(201);
    }
    let walk = async |path: &str, limit: usize, id: &str| {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = api
                .get(&format!("{path}limit={limit}{after}"), &key)
                .await
                .is(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            seen.extend(
                items
                    .iter()
                    .map(|item| item[id].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return seen,
            }
        }
    };
    let incidents = walk(&format!("{INCIDENTS}?"), 2, "incident").await;
    assert_eq!(
        incidents,
        ["INC-0005", "INC-0004", "INC-0003", "INC-0002", "INC-0001"]
    );
    let log = format!("{INCIDENTS}/INC-0001/deliveries?");
    let deliveries = walk(&log, 7, "delivery").await;
    let all = agency.send_log("INC-0001").await;
    assert_eq!(deliveries.len(), all.len());
    let waiting = walk(&format!("{log}state=ready&"), 7, "delivery").await;
    let expected = all.iter().filter(|d| d["state"] == "ready").count();
    assert_eq!(waiting.len(), expected);
    api.get(&format!("{log}after=nonsense"), &key)
        .await
        .is_problem(400, "bad-page");
    api.stop().await;
}

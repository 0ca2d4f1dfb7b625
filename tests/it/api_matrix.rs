//! Who may use which address of the API: every path and method that the program describes, by every
//! kind of key there is. A path that is new has to be added here with the scope that it takes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    api::Api,
    at,
    database::databases,
    program::{DIRECTORY, POLICY, Program, operator},
};

/// Every path with its methods, and the scope that each takes.
const TAKES: [(&str, &str, &str); 16] = [
    ("GET", "/api/v1/directory", "manage"),
    ("GET", "/api/v1/events", "read"),
    ("GET", "/api/v1/incidents", "read"),
    ("POST", "/api/v1/incidents", "respond"),
    ("GET", "/api/v1/incidents/{id}", "read"),
    ("POST", "/api/v1/incidents/{id}/commands", "respond"),
    ("GET", "/api/v1/incidents/{id}/deliveries", "read"),
    ("POST", "/api/v1/incidents/{id}/retry", "respond"),
    ("GET", "/api/v1/incidents/{id}/verify", "read"),
    ("GET", "/api/v1/incidents/{id}/who", "read"),
    ("GET", "/api/v1/policy", "read"),
    ("PUT", "/api/v1/policy", "manage"),
    ("GET", "/api/v1/tokens", "admin"),
    ("POST", "/api/v1/tokens", "admin"),
    ("DELETE", "/api/v1/tokens/{token}", "admin"),
    ("POST", "/api/v1/who", "read"),
];

const SCOPES: [&str; 4] = ["read", "respond", "manage", "admin"];

/// A body that the path takes, so that nothing but the key decides.
fn body(method: &str, path: &str) -> Option<Value> {
    let body = match (method, path) {
        ("POST", "/api/v1/incidents") => json!({
            "title": "Providers cannot sign in",
            "priority": "P1",
            "services": {"register-trainees": "affected"},
        }),
        ("POST", "/api/v1/incidents/{id}/commands") => {
            json!({"command": "note", "text": "A line."})
        }
        ("POST", "/api/v1/incidents/{id}/retry") => json!({}),
        ("POST", "/api/v1/who") => json!({"priority": "P1"}),
        ("PUT", "/api/v1/policy") => json!({"text": POLICY, "dry_run": true}),
        ("POST", "/api/v1/tokens") => json!({"name": "made by the matrix", "scopes": ["read"]}),
        _ => return None,
    };
    Some(body)
}

/// A kind of key: what it is called here, the key, and what may come of it.
struct Kind {
    name: String,
    key: Option<String>,
    opens: Opens,
}

enum Opens {
    /// The status with which every path refuses it.
    Nothing(u16),
    /// What the scope allows.
    Scope(&'static str),
}

async fn kinds(program: &Program, api: &Api) -> Vec<Kind> {
    let kind = |name: &str, key: Option<String>, opens: Opens| Kind {
        name: name.to_owned(),
        key,
        opens,
    };
    let mut kinds = vec![
        kind("none", None, Opens::Nothing(401)),
        kind(
            "malformed",
            Some("nonsense".to_owned()),
            Opens::Nothing(401),
        ),
        kind(
            "unknown",
            Some(format!("oyez_{}", "A".repeat(43))),
            Opens::Nothing(401),
        ),
    ];
    let ids = async || -> BTreeSet<_> {
        let tokens = program.app.tokens().await.unwrap();
        tokens.into_iter().map(|token| token.id).collect()
    };
    let before = ids().await;
    let revoked = api.key(&["admin"]).await;
    let id = ids().await.difference(&before).next().unwrap().clone();
    program.app.revoke_token(&id, &operator()).await.unwrap();
    kinds.push(kind("revoked", Some(revoked), Opens::Nothing(401)));
    for scope in SCOPES {
        for person in [None, Some("priya-shah")] {
            let key = api.key_of(&[scope], person).await;
            let name = format!("{scope} of {}", person.unwrap_or("nobody"));
            kinds.push(kind(&name, Some(key), Opens::Scope(scope)));
        }
    }
    let gone = api.key_of(&["admin"], Some("mei-lin")).await;
    kinds.push(kind(
        "of somebody who left",
        Some(gone),
        Opens::Nothing(403),
    ));
    let file = program.db.folder.path().join("people.csv");
    let (_, people) = DIRECTORY.split_once("\npeople:\n").unwrap();
    let stay: String = people
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter_map(|line| line.strip_prefix("  - id: "))
        .filter(|id| *id != "mei-lin")
        .map(|id| format!("{id}\n"))
        .collect();
    std::fs::write(&file, format!("id\n{stay}")).unwrap();
    let plan = program.app.plan_import(&[file], true).await.unwrap();
    program
        .app
        .save_import(plan.token, |_, _| {})
        .await
        .unwrap();
    assert!(
        program
            .app
            .find_person(&"mei-lin".parse().unwrap())
            .await
            .is_err()
    );
    assert!(
        program
            .app
            .find_person(&"priya-shah".parse().unwrap())
            .await
            .is_ok()
    );
    kinds
}

/// What the description says each path and method takes.
fn described(document: &Value) -> BTreeMap<(String, String), String> {
    let mut all = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, about) in methods.as_object().unwrap() {
            if ["summary", "description", "parameters"].contains(&method.as_str()) {
                continue;
            }
            let takes = &about["security"][0]["key"][0];
            let takes = takes.as_str().unwrap_or_else(|| {
                panic!("{method} {path} does not say who may use it: security((\"key\" = [SCOPE]))")
            });
            all.insert((method.to_uppercase(), path.clone()), takes.to_owned());
        }
    }
    all
}

async fn status(api: &Api, method: &str, path: &str, key: Option<&str>) -> StatusCode {
    let at = path.replace("{id}", "INC-0001").replace("{token}", "none");
    let method_name = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = api.request(method_name, &at);
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    if let Some(body) = body(method, path) {
        request = request.json(&body);
    }
    // The body is not read: that of the event stream has no end.
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_lets_in_whom_it_says_and_nobody_else() {
    for db in databases().await {
        let program = Program::northshire(db, at("2026-11-23T13:20:00Z")).await;
        let api = Api::of(program.app.clone());
        let described = described(&api.get("/api/openapi.json", "").await.is(200));
        let listed: BTreeMap<(String, String), String> = TAKES
            .iter()
            .map(|(method, path, takes)| {
                (
                    ((*method).to_owned(), (*path).to_owned()),
                    (*takes).to_owned(),
                )
            })
            .collect();
        assert_eq!(described, listed);

        let respond = api.key(&["respond"]).await;
        let declared = status(&api, "POST", "/api/v1/incidents", Some(&respond)).await;
        assert_eq!(declared, 201);
        let kinds = kinds(&program, &api).await;
        assert_eq!(kinds.len(), 13);
        for ((method, path), takes) in &listed {
            for kind in &kinds {
                // So that nobody is slowed as one who guesses.
                program.clock.advance(TimeDelta::seconds(5));
                let status = status(&api, method, path, kind.key.as_deref()).await;
                let about = format!("{method} {path} with the key {}: {status}", kind.name);
                match kind.opens {
                    Opens::Nothing(refusal) => assert_eq!(status, refusal, "{about}"),
                    Opens::Scope(scope) => {
                        let may = takes == "read" || takes == scope || scope == "admin";
                        match may {
                            // A token that is not there is looked for, and not found.
                            true if path.contains("{token}") => assert_eq!(status, 404, "{about}"),
                            true => assert!(status.is_success(), "{about}"),
                            false => assert_eq!(status, 403, "{about}"),
                        }
                    }
                }
            }
        }
        api.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_machines_and_browsers_takes_no_key() {
    let db = databases().await.remove(0);
    let program = Program::northshire(db, at("2026-11-23T13:20:00Z")).await;
    let api = Api::of(program.app.clone());
    for path in ["/api/openapi.json", "/healthz", "/readyz", "/metrics"] {
        assert_eq!(status(&api, "GET", path, None).await, 200, "{path}");
        assert_eq!(
            status(&api, "GET", path, Some("nonsense")).await,
            200,
            "{path}"
        );
    }
    api.stop().await;
}

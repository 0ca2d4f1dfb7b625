//! A time from outside lies in the years 2000 to 2100, at every door.

use serde_json::{Value, json};

use crate::support::{agency::Agency, api::Api};

/// Before, after, and at the end of all time.
const FAR: [&str; 4] = [
    "1999-12-31T23:59:59Z",
    "2101-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "+262142-12-31T23:59:59Z",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_api_refuses_a_time_that_lies_elsewhere_in_every_command() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["admin"]).await;
    let declaration = json!({
        "title": "Providers cannot sign in", "priority": "P1",
        "services": {"register-trainees": "affected"},
        "facts": {"effect": "Training providers cannot sign in."},
    });
    api.post("/api/v1/incidents", &key, &declaration)
        .await
        .is(201);
    let before = api.get("/api/v1/incidents/INC-0001", &key).await.is(200);
    let with = |body: &Value, name: &str, time: &str| {
        let mut body = body.clone();
        body[name] = json!(time);
        body
    };
    let commands = [
        (
            json!({"command": "update", "text": "Some can sign in."}),
            "next_update",
        ),
        (json!({"command": "no-change"}), "next_update"),
        (
            json!({"command": "priority", "to": "P2", "why": "Fewer."}),
            "next_update",
        ),
        (json!({"command": "resolve", "text": "Restarted."}), "at"),
        (json!({"command": "close"}), "review_at"),
        (
            json!({"command": "reopen", "why": "It is back."}),
            "next_update",
        ),
        (json!({"command": "mute", "person": "priya-shah"}), "until"),
    ];
    for time in FAR {
        for name in ["started_at", "next_update"] {
            let body = with(&declaration, name, time);
            let answer = api.post("/api/v1/incidents", &key, &body).await;
            let problem = answer.is_problem(400, "bad-time");
            assert!(problem["detail"].to_string().contains("2000 to 2100"));
        }
        for (command, name) in &commands {
            let path = "/api/v1/incidents/INC-0001/commands";
            let answer = api.post(path, &key, &with(command, name, time)).await;
            answer.is_problem(400, "bad-time");
        }
        let who = json!({"priority": "P1", "services": {"register-trainees": "affected"}});
        api.post("/api/v1/who", &key, &with(&who, "at", time))
            .await
            .is_problem(400, "bad-time");
    }
    let after = api.get("/api/v1/incidents/INC-0001", &key).await.is(200);
    assert_eq!(before["revision"], after["revision"]);
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_refuses_it_too() {
    let agency = Agency::open().await;
    agency.declare("").await;
    for line in [
        "no-change INC-0001 --next-update 2101-01-01",
        "mute INC-0001 priya-shah --until 4000w",
        "token create x --scope read --expires 40000d",
    ] {
        let ran = agency.oyez(line).await;
        assert_ne!(ran.code, Some(0), "{ran}");
        assert!(
            ran.err.contains("outside of the years 2000 to 2100"),
            "{ran}"
        );
    }
}

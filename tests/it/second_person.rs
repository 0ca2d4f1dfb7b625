//! The second person's word, at the doors: it takes somebody, and somebody else.

use serde_json::json;

use crate::support::{
    agency::{self, Agency, Plan},
    api::Api,
};

const COMMANDS: &str = "/api/v1/incidents/INC-0001/commands";

/// An agency whose policy asks for a second person before outsiders are told.
async fn agency() -> Agency {
    Agency::with(Plan {
        policy: format!("second_person = [\"external\"]\n{}", agency::policy()),
        ..Plan::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_nobody_and_another_key_of_the_same_person_are_no_second_person() {
    let agency = agency().await;
    let api = Api::start(&agency).await;
    let first = api.key_of(&["respond"], Some("priya-shah")).await;
    let other = api.key_of(&["respond"], Some("priya-shah")).await;
    let machine = api.key(&["respond", "admin"]).await;
    let second = api.key_of(&["respond"], Some("tom-okafor")).await;
    let declared = json!({
        "title": "Providers cannot sign in",
        "priority": "P1",
        "services": {"register-trainees": "affected"},
        "facts": {"effect": "Training providers cannot sign in."},
    });
    let receipt = api.post("/api/v1/incidents", &first, &declared).await;
    let waiting = receipt.is(201)["awaiting"].as_u64();
    assert!(waiting > Some(0), "{receipt:?}");

    let approve = json!({"command": "approve", "up_to": 1});
    for (key, refusal) in [
        (&first, "same-person"),
        (&other, "same-person"),
        (&machine, "no-person"),
    ] {
        let answer = api.post(COMMANDS, key, &approve).await;
        answer.is_problem(422, refusal);
    }
    let let_go = api.post(COMMANDS, &second, &approve).await.is(200);
    assert_eq!(let_go["messages"].as_u64(), waiting);
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_speaks_for_nobody_is_no_second_person() {
    let agency = agency().await;
    agency.declare("--as priya-shah").await;
    for (who, refusal) in [
        ("", "You wrote this yourself"),
        ("--as priya-shah", "You wrote this yourself"),
    ] {
        let line = format!("approve INC-0001 {who} --yes");
        agency.oyez(&line).await.exits(4).says(&[refusal]);
    }
    let api = Api::start(&agency).await;
    let key = api.key_of(&["respond"], Some("priya-shah")).await;
    let update = json!({"command": "update", "text": "Some providers can sign in."});
    api.post(COMMANDS, &key, &update).await.is(200);
    api.stop().await;
    agency
        .done("cancel INC-0001 --sending --event 1 --as priya-shah --yes")
        .await;
    agency
        .oyez("approve INC-0001 --yes")
        .await
        .exits(4)
        .says(&["does not say whose word it is", "--as PERSON"]);
    agency.done("approve INC-0001 --as tom-okafor --yes").await;
}

//! A correction asks at every door where it cannot know what a fact should say from now on.

use serde_json::json;

use crate::support::{agency::Agency, api::Api};

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_asks_at_the_command_line_and_takes_the_answer() {
    let agency = Agency::open().await;
    agency.declare("").await;
    let correct =
        "correct INC-0001 --event 1 --wrong 'sign in' --right 'They cannot register.' --yes";
    agency.oyez(correct).await.exits(4).says(&[
        "stand in the title (--title) and the effect (--effect) as well",
        "Send the correction with the whole of it as it is now.",
    ]);
    let answered = format!(
        "{correct} --title 'Providers cannot register' --effect 'Training providers cannot register.'"
    );
    agency
        .done(&answered)
        .await
        .says(&["Title, from now on: Providers cannot register"]);
    let status = agency.json("status INC-0001").await;
    assert_eq!(status["title"], "Providers cannot register");
    assert_eq!(
        status["facts"]["effect"],
        "Training providers cannot register."
    );
    let listed = agency.json("list").await;
    assert_eq!(listed[0]["title"], "Providers cannot register");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_asks_in_the_api_and_takes_the_answer() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["read", "respond"]).await;
    agency.declare("--no-wait").await;
    let path = "/api/v1/incidents/INC-0001/commands";
    let mut correct = json!({
        "command": "correct",
        "events": [1],
        "wrong": "sign in",
        "right": "They cannot register.",
    });
    api.post(path, &key, &correct)
        .await
        .is_problem(422, "stands-in-facts");
    correct["title"] = json!("Providers cannot register");
    correct["facts"] = json!({ "effect": "Training providers cannot register." });
    api.post(path, &key, &correct).await.is(200);
    let status = api.get("/api/v1/incidents/INC-0001", &key).await.is(200);
    assert_eq!(
        status["facts"]["effect"],
        "Training providers cannot register."
    );
    api.stop().await;
}

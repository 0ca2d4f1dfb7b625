//! Incidents run from Teams: signed calls in, posts and cards out, and everything on the record.

use serde_json::json;

use crate::support::{
    agency::deliver,
    api::{Answer, Api},
    teams::{OPEN, PRIYA, STRANGER, TOM, Tenant, button, text},
};

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
    let stranger = teams.says(STRANGER, "list").await;
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
        !text(&empty).contains("still to be filled in"),
        "nothing was filled in, so the form is only asked for: {empty}"
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

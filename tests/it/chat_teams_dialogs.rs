//! Forms in dialogs: opened from a card that stays, and gone through to the end.

use serde_json::{Value, json};

use crate::support::{
    agency::Plan,
    teams::{CHAT, OPEN, PRIYA, STRANGER, Tenant, action, button, text},
};

const FETCH: &str = "task/fetch";
const SUBMIT: &str = "task/submit";

/// The card with which a dialog goes on.
#[track_caller]
fn goes_on(answer: &Value) -> &Value {
    let task = &answer["task"];
    assert_eq!(task["type"], "continue", "{answer}");
    assert!(task["value"]["title"].as_str().unwrap().chars().count() <= 60);
    let card = &task["value"]["card"];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert!(!card.to_string().contains("Action.Execute"), "{card}");
    &card["content"]
}

/// The words with which a dialog closes.
#[track_caller]
fn closes(answer: &Value) -> &str {
    assert_eq!(answer["task"]["type"], "message", "{answer}");
    answer["task"]["value"].as_str().unwrap()
}

/// With an incident that Priya has declared.
async fn tenant() -> Tenant {
    let mut teams = Tenant::open().await;
    let shown = teams.says(PRIYA, OPEN).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    teams
}

#[tokio::test]
async fn a_form_is_filled_in_in_a_dialog_and_shown_before_it_is_sent() {
    let mut teams = tenant().await;
    let mut call = async |name: &str, act: &str, filled: &[(&str, &str)]| {
        let mut call = Tenant::dialog(teams.alone(PRIYA, "invoke"), name, act, filled);
        call["replyToId"] = json!("1700");
        teams.call(&call).await.is(200)
    };
    let form = call(FETCH, "say:resolve INC-0001", &[]).await;
    let form = goes_on(&form);
    assert!(
        form["body"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["id"] == "text")
    );
    let hand_in = button(form, "Go on");

    let again = call(SUBMIT, &hand_in, &[("text", " "), ("lost", "")]).await;
    let again = goes_on(&again);
    assert!(text(again).contains("still to be filled in"), "{again}");
    assert_eq!(button(again, "Go on"), hand_in);

    let said = "Everybody can sign in again.";
    let shown = call(SUBMIT, &hand_in, &[("text", said)]).await;
    let shown = goes_on(&shown);
    assert!(text(shown).contains(said), "{shown}");
    assert!(text(shown).contains("Dana Whitlock by email"), "{shown}");
    let dropped = call(SUBMIT, &button(shown, "Do not send"), &[]).await;
    assert_eq!(closes(&dropped), "Not sent.");

    let shown = call(SUBMIT, &hand_in, &[("text", said)]).await;
    let send = button(goes_on(&shown), "Send");
    let sent = call(SUBMIT, &send, &[]).await;
    assert!(closes(&sent).contains("On its way to "), "{sent}");
    // Giving up left the card; the end turned it.
    let (at, kept) = teams.edited(0).await;
    let chat = CHAT.replace(':', "%3A");
    assert_eq!(at, format!("/v3/conversations/{chat}/activities/1700"));
    assert!(text(&kept).contains("On its way to "), "{kept}");
    let record = teams.agency.json("status INC-0001").await;
    assert_eq!(record["stage"], "resolved");
}

#[tokio::test]
async fn the_same_dialog_twice_is_done_once() {
    let mut teams = tenant().await;
    let note = [("text", "Rang the supplier")];
    let call = Tenant::dialog(
        teams.alone(PRIYA, "invoke"),
        SUBMIT,
        "fill:note:INC-0001",
        &note,
    );
    let first = teams.call(&call).await.is(200);
    let second = teams.call(&call).await.is(200);
    assert_eq!(closes(&first), closes(&second));
    let record = teams.agency.json("status INC-0001").await;
    let timeline = record["timeline"].as_array().unwrap();
    let notes = timeline.iter().filter(|line| line["kind"] == "noted");
    assert_eq!(notes.count(), 1);
}

#[tokio::test]
async fn a_dialog_is_for_whoever_the_token_names_and_says_no_in_words() {
    let mut teams = tenant().await;
    for (act, says) in [
        ("say:resolve INC-0001", "I do not know who you are"),
        ("fill:note:INC-0001", "I do not know who you are"),
        ("frobnicate", "This is no tap of ours."),
        ("", "This is no tap of ours."),
    ] {
        // A card can say what it wants about who taps.
        let from = [("speaker", PRIYA), ("aadObjectId", PRIYA)];
        let call = Tenant::dialog(teams.alone(STRANGER, "invoke"), FETCH, act, &from);
        let answer = teams.call(&call).await.is(200);
        assert!(closes(&answer).contains(says), "{act}: {answer}");
    }
    let unknown = Tenant::dialog(
        teams.alone(PRIYA, "invoke"),
        FETCH,
        "say:resolve INC-0099",
        &[],
    );
    let answer = teams.call(&unknown).await.is(200);
    assert!(closes(&answer).contains("There is no incident"), "{answer}");
}

#[tokio::test]
async fn a_late_dialog_closes_and_its_answer_follows() {
    let mut teams = Tenant::with(Plan::default(), Tenant::hurried).await;
    let fetch = Tenant::dialog(teams.alone(PRIYA, "invoke"), FETCH, "say:open", &[]);
    let before = teams.posts().await.len();
    let answer = teams.call(&fetch).await.is(200);
    assert!(closes(&answer).contains("Working on it"), "{answer}");
    let form = loop {
        if let Some(post) = teams.posts().await.get(before) {
            break post["attachments"][0]["content"].clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(action(&form, "Go on")["type"], "Action.Execute");
}

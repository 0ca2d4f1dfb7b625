//! What becomes of the card that was tapped: for whoever tapped, and for everybody else.

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{
    agency::Plan,
    teams::{CHANNEL, CHAT, OPEN, PRIYA, TOM, Tenant, button, text},
};

/// The path under which the connector keeps a message, as it is called.
fn path(conversation: &str, post: &str) -> String {
    let conversation = conversation.replace(':', "%3A").replace('@', "%40");
    format!("/v3/conversations/{conversation}/activities/{post}")
}

#[tokio::test]
async fn the_result_of_a_tap_stays_in_the_message() {
    let mut teams = Tenant::open().await;
    let shown = teams.says_alone(PRIYA, OPEN).await;
    let mut tap = Tenant::tap(teams.alone(PRIYA, "invoke"), &button(&shown, "Send"), &[]);
    tap["replyToId"] = json!("1700");
    let seen = teams.invoked(&tap).await;
    let (at, kept) = teams.edited(0).await;
    assert_eq!(at, path(CHAT, "1700"));
    assert!(text(&kept).contains("On its way to "), "{kept}");
    assert_eq!(kept, seen);

    // What only looks leaves the message as it is.
    let mut look = Tenant::tap(teams.alone(PRIYA, "invoke"), &button(&seen, "Status"), &[]);
    look["replyToId"] = json!("1700");
    teams.invoked(&look).await;
    // A form goes on, and whoever looks again finds the prompt with its buttons.
    let mut form = Tenant::tap(
        teams.alone(PRIYA, "invoke"),
        "fill:update:INC-0001",
        &[("text", "Half of them are back.")],
    );
    form["replyToId"] = json!("1800");
    let preview = teams.invoked(&form).await;
    let mut drop = Tenant::tap(
        teams.alone(PRIYA, "invoke"),
        &button(&preview, "Do not send"),
        &[],
    );
    drop["replyToId"] = json!("1801");
    teams.invoked(&drop).await;
    let (at, dropped) = teams.edited(1).await;
    assert_eq!(at, path(CHAT, "1801"));
    assert_eq!(text(&dropped), "Not sent.\n");
}

#[tokio::test]
async fn a_card_in_a_channel_turns_for_everybody_but_only_into_what_is_no_secret() {
    let mut teams = Tenant::open().await;
    let shown = teams.says(PRIYA, OPEN).await;
    let mut tap = Tenant::tap(
        teams.activity(PRIYA, "invoke"),
        &button(&shown, "Send"),
        &[],
    );
    tap["replyToId"] = json!("1700");
    // Somebody else's tap leaves it to whoever asked.
    let mut others = Tenant::tap(teams.activity(TOM, "invoke"), &button(&shown, "Send"), &[]);
    others["replyToId"] = json!("1700");
    let refused = teams.invoked(&others).await;
    assert!(text(&refused).contains("Only whoever asked"), "{refused}");
    teams.invoked(&tap).await;
    let (at, kept) = teams.edited(0).await;
    assert_eq!(at, path(CHANNEL, "1700"));
    assert!(text(&kept).contains("On its way to "), "{kept}");

    let form = teams.says(PRIYA, "open").await;
    let filled = [
        ("title", "Records were sent to the wrong provider"),
        ("priority", "P1"),
        ("services", "register-trainees"),
        ("kind", "data_breach"),
    ];
    let mut tap = Tenant::tap(
        teams.activity(PRIYA, "invoke"),
        &button(&form, "Go on"),
        &filled,
    );
    tap["replyToId"] = json!("1900");
    let elsewhere = teams.invoked(&tap).await;
    let said = text(&elsewhere);
    assert!(said.contains("Go on in your personal chat"), "{said}");
    assert!(!said.contains("Records were sent"), "{said}");
    // Had it been written for everybody, it would stand before this.
    let mut stale = Tenant::tap(teams.activity(TOM, "invoke"), "nochange:INC-0001:0", &[]);
    stale["replyToId"] = json!("2000");
    teams.invoked(&stale).await;
    let (at, _) = teams.edited(1).await;
    assert_eq!(at, path(CHANNEL, "2000"));
}

#[tokio::test]
async fn a_prompt_that_was_overtaken_says_so_to_whoever_looks_again() {
    let mut teams = Tenant::open().await;
    let shown = teams.says_alone(PRIYA, OPEN).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    teams
        .agency
        .done("update INC-1 Half_are_back --yes --no-wait --as tom-okafor")
        .await;
    let mut stale = Tenant::tap(teams.alone(PRIYA, "invoke"), "nochange:INC-0001:1", &[]);
    stale["replyToId"] = json!("1700");
    let seen = teams.invoked(&stale).await;
    assert!(text(&seen).contains("Tom Okafor"), "{seen}");
    assert_eq!(teams.edited(0).await.1, seen);
}

#[tokio::test]
async fn a_tap_of_an_old_client_turns_its_card_too() {
    let mut teams = Tenant::open().await;
    let shown = teams.says_alone(PRIYA, OPEN).await;
    let mut submit = teams.alone(PRIYA, "message");
    submit["value"] = json!({ "act": button(&shown, "Send") });
    submit["replyToId"] = json!("1700");
    let posts = teams.posts().await.len();
    assert_eq!(teams.call(&submit).await.status.as_u16(), 200);
    let (_, kept) = teams.edited(0).await;
    assert!(text(&kept).contains("On its way to "), "{kept}");
    assert_eq!(teams.posts().await.len(), posts, "and nothing is posted");

    // The message is gone: then the answer is a post of its own.
    teams.answers("/activities/1701", ResponseTemplate::new(404));
    submit["replyToId"] = json!("1701");
    let card = teams.posted(&submit).await;
    assert!(text(&card).contains("On its way to "), "{card}");
}

#[tokio::test]
async fn a_tap_is_answered_in_time_while_the_database_is_slow() {
    let mut teams = Tenant::with(Plan::default(), Tenant::hurried).await;
    let shown = teams.says_alone(PRIYA, OPEN).await;
    let writing = teams.api.app.store.begin().await.unwrap();
    let mut tap = Tenant::tap(teams.alone(PRIYA, "invoke"), &button(&shown, "Send"), &[]);
    tap["replyToId"] = json!("1700");
    let waits = teams.invoked(&tap).await;
    assert!(text(&waits).contains("Working on it"), "{waits}");
    assert!(teams.asked("PUT").await.is_empty());
    writing.rollback().await.unwrap();
    let (_, kept) = teams.edited(0).await;
    assert!(text(&kept).contains("On its way to "), "{kept}");

    // In a channel only a result is written for everybody; the rest is said.
    let look = Tenant::tap(teams.activity(PRIYA, "invoke"), "say:status INC-1", &[]);
    let status = teams.posted(&look).await;
    assert!(
        text(&status).contains("Providers cannot sign in"),
        "{status}"
    );
}

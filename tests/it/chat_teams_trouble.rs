//! What goes wrong in Teams, and what is said then.

use oyez::domain::delivery::State;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    agency::{Plan, deliver, policy},
    teams::{OPEN, PRIYA, Tenant, button, text},
};

/// What somebody may type who means no harm, or does.
const MARKUP: &str = "**now** *it* `fails` @channel ~a~ | # b & c \\ \"x\" a < b";
/// The same, and what looks like words that were to be filled in.
const UNFILLED: &str = "<at>Everyone</at> [look](javascript:alert(1)) <b>x</b> {{title}} ${x}";

async fn open(teams: &mut Tenant) {
    let shown = teams.says(PRIYA, OPEN).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
}

#[tokio::test]
async fn what_comes_twice_is_done_once_and_answered_the_same() {
    let mut teams = Tenant::open().await;
    open(&mut teams).await;
    let mut note = teams.activity(PRIYA, "message");
    note["text"] = json!("note INC-1 Rang the supplier");
    let first = teams.posted(&note).await;
    let second = teams.posted(&note).await;
    assert_eq!(first, second);
    let tap = Tenant::tap(
        teams.activity(PRIYA, "invoke"),
        "fill:note:INC-0001",
        &[("text", "Rang them again")],
    );
    assert_eq!(teams.invoked(&tap).await, teams.invoked(&tap).await);
    let record = teams.agency.json("status INC-0001").await;
    let timeline = record["timeline"].as_array().unwrap();
    let notes = timeline.iter().filter(|line| line["kind"] == "noted");
    assert_eq!(notes.count(), 2);
}

#[tokio::test]
async fn a_card_of_last_week_sends_nothing_and_says_what_to_do() {
    let mut teams = Tenant::open().await;
    let shown = teams.says(PRIYA, OPEN).await;
    let write = teams.api.app.store.write();
    let engine = write.get_database_backend();
    let week_ago = "UPDATE draft SET expires_at = 0";
    let done = write.execute_raw(Statement::from_string(engine, week_ago));
    assert_eq!(done.await.unwrap().rows_affected(), 1);
    for title in ["Send", "Do not send"] {
        let old = teams.taps(PRIYA, &button(&shown, title), "").await;
        assert!(text(&old).contains("can no longer be sent"), "{old}");
        assert!(text(&old).contains("See with status"), "{old}");
    }
    let list = teams.says(PRIYA, "list").await;
    assert!(text(&list).contains("No incident is open"), "{list}");
}

#[tokio::test]
async fn a_word_that_is_no_verb_gets_the_nearest_and_what_is_no_tap_of_ours_does_nothing() {
    let mut teams = Tenant::open().await;
    let unknown = teams.says(PRIYA, "upate INC-1 Half are back").await;
    assert!(text(&unknown).contains("Did you mean update"), "{unknown}");
    for line in ["xyzzy", "<b>", "\u{1F4A5}"] {
        let unknown = teams.says(PRIYA, line).await;
        assert!(text(&unknown).contains("help"), "{line}: {unknown}");
    }

    for name in [
        "",
        "composeExtension/query",
        "fileConsent/invoke",
        "adaptiveCard/other",
    ] {
        let mut call = teams.activity(PRIYA, "invoke");
        call["name"] = json!(name);
        let answer = teams.call(&call).await;
        assert_eq!(answer.status.as_u16(), 501, "{name}");
    }
    for value in [
        Value::Null,
        json!(7),
        json!([]),
        json!("act"),
        json!({ "action": null }),
        json!({ "action": { "verb": "other", "data": { "act": "say:help" } } }),
        json!({ "action": { "verb": "oyez", "data": null } }),
        json!({ "action": { "verb": "oyez", "data": { "act": ["say:help"] } } }),
        json!({ "action": { "verb": "oyez", "data": { "act": "send" } } }),
    ] {
        let mut call = teams.activity(PRIYA, "invoke");
        call["name"] = json!("adaptiveCard/action");
        call["value"] = value.clone();
        let answer = teams.call(&call).await.is(200);
        assert_eq!(answer["statusCode"], 400, "{value}");
        assert_eq!(answer["value"]["message"], "This is no tap of ours.");
    }
    // What is of no kind that we know is passed over.
    for kind in ["messageReaction", "typing", "event", "xyzzy"] {
        let call = teams.activity(PRIYA, kind);
        assert_eq!(teams.call(&call).await.status.as_u16(), 200, "{kind}");
    }
    let mut broken = teams.activity(PRIYA, "message");
    broken["conversation"] = json!("somewhere");
    assert_eq!(teams.call(&broken).await.status.as_u16(), 400);
}

#[tokio::test]
async fn five_thousand_characters_are_shown_in_part_and_sent_whole() {
    let mut teams = Tenant::open().await;
    open(&mut teams).await;
    let long = "Half of them are back. ".repeat(217);
    let long = long.trim();
    assert!(long.len() > 4_980 && long.len() <= 5_000);
    let shown = teams.taps(PRIYA, "fill:update:INC-0001", long).await;
    assert!(
        shown.to_string().len() < 20 * 1024,
        "{}",
        shown.to_string().len()
    );
    let sent = teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    let record = teams.agency.json("status INC-0001").await;
    assert!(record["timeline"].to_string().contains(long), "{record}");

    // Typed into the line, it is the same.
    let line = format!("update INC-1 {long}");
    let shown = teams.says(PRIYA, &line).await;
    assert!(shown.to_string().len() < 20 * 1024);
}

#[tokio::test]
async fn mentions_and_markup_stay_what_was_typed_in_every_field() {
    let mut teams = Tenant::open().await;
    let form = teams.says(PRIYA, &format!("open {MARKUP}")).await;
    let act = button(&form, "Go on");
    let fields: Vec<String> = form["body"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["type"] == "Input.Text")
        .filter_map(|it| it["id"].as_str().map(str::to_owned))
        // Where people and services are named, what names none is refused.
        .filter(|id| !["started", "more_services", "leads"].contains(&id.as_str()))
        .collect();
    assert!(fields.len() > 4, "{fields:?}");
    let filled = |typed: &'static str| -> Vec<(&str, &str)> {
        let free = fields.iter().map(|id| (id.as_str(), typed));
        let chosen = [("priority", "P1"), ("services", "register-trainees")];
        free.chain(chosen).collect()
    };
    let refused = teams.hands_in(PRIYA, &act, &filled(UNFILLED)).await;
    // What is in an input is text as typed, and nothing else.
    let mut outside = refused.clone();
    let body = outside["body"].as_array_mut().expect("a body");
    body.retain(|it| it["type"] != "Input.Text");
    let said = text(&outside);
    assert!(said.contains("Not sent. Put this right first"), "{said}");
    assert!(
        said.contains("This placeholder was not filled in"),
        "{said}"
    );
    // Escaped, a link is no link.
    let bare = said.replace("\\](", "");
    assert!(!bare.contains("](") && !said.contains("<at>"), "{said}");

    let shown = teams.hands_in(PRIYA, &act, &filled(MARKUP)).await;
    let said = text(&shown);
    assert!(said.contains("\\*\\*now\\*\\*"), "{said}");
    assert!(
        !said.contains("**now**") && !said.contains("`fails`"),
        "{said}"
    );
    for card in [&form, &refused, &shown] {
        let mentioned = card["msteams"].get("entities");
        assert!(mentioned.is_none(), "nobody is mentioned: {card}");
    }
    let sent = teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    let record = teams.agency.json("status INC-0001").await;
    assert_eq!(record["title"], MARKUP);
}

#[tokio::test]
async fn while_teams_is_down_the_command_is_done_and_the_others_are_told() {
    let by_mail = "by = { all = [\"email\"] }";
    let both = "by = { all = [\"email\", \"teams\"] }";
    let plan = Plan {
        policy: policy().replace(by_mail, both),
        ..Plan::default()
    };
    let mut teams = Tenant::with(plan, |_| ()).await;
    let shown = teams.says(PRIYA, OPEN).await;
    for path in ["/activities", "/v3/conversations"] {
        teams.answers(path, ResponseTemplate::new(503));
    }
    let sent = teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    deliver(&teams.api.app).await;
    let log = teams.agency.send_log("INC-0001").await;
    let states = |channel: &str| -> Vec<String> {
        let of = log.iter().filter(|line| line["channel"] == channel);
        of.map(|line| line["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let (mail, chat) = (states("email"), states("teams"));
    assert!(mail.len() > 3 && chat.len() > 1, "{log:?}");
    let accepted = State::Accepted.as_str();
    assert!(mail.iter().all(|state| state == accepted), "{mail:?}");
    assert!(
        chat.iter()
            .all(|state| state != accepted && state != "delivered"),
        "{chat:?}"
    );
}

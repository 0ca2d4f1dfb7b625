//! Incidents run from Slack's modals: opened at once, filled in, shown before anything is sent.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    agency::deliver,
    slack_door::{DIRECTORY, Door, button, text, with_slack},
};

const PRIYA: &str = "U0PRIYA001";
const DECLARE: &str = "declare --title 'Providers cannot sign in' --priority P1 --service register-trainees --yes --no-wait";

fn typed(text: &str) -> Value {
    json!({ "type": "plain_text_input", "value": text })
}

fn inputs(values: &[(&str, Value)]) -> Value {
    let inputs = values
        .iter()
        .map(|(id, value)| ((*id).to_owned(), json!({ (*id): value })));
    Value::Object(inputs.collect())
}

fn declaration() -> Vec<(&'static str, Value)> {
    vec![
        ("title", typed("Providers cannot sign in")),
        ("priority", json!({ "selected_option": { "value": "P1" } })),
        (
            "services",
            json!({ "selected_options": [{ "value": "register-trainees" }] }),
        ),
        ("effect", typed("I do not know yet")),
    ]
}

#[track_caller]
fn input<'a>(view: &'a Value, id: &str) -> &'a Value {
    let blocks = view["blocks"].as_array().expect("blocks");
    let found = blocks.iter().find(|block| block["block_id"] == id);
    found.unwrap_or_else(|| panic!("no {id}: {view:#}"))
}

#[tokio::test]
async fn an_incident_is_declared_and_updated_in_modals() {
    let mut slack = Door::with_app().await;
    let form = slack.opens(PRIYA, "open Providers cannot sign in").await;
    assert!(form.shown[0].to_string().contains("Loading"), "{form:?}");
    let view = form.view();
    assert_eq!(view["title"]["text"], "Start an incident");
    assert_eq!(view["submit"]["text"], "Go on");
    assert_eq!(
        input(view, "title")["element"]["initial_value"],
        "Providers cannot sign in"
    );

    // What is wrong stands at its field, and everything stays as it was filled in.
    let mut values = declaration();
    values.push(("started", typed("the other day")));
    let wrong = slack.submits(PRIYA, &form, &inputs(&values)).await;
    assert_eq!(wrong["response_action"], "errors");
    let sentence = wrong["errors"]["started"].as_str().expect("a sentence");
    assert!(sentence.contains("is not a time"), "{sentence}");

    let preview = slack.submits(PRIYA, &form, &inputs(&declaration())).await;
    let view = &preview["view"];
    let submit = view["submit"]["text"].as_str().expect("a button");
    assert!(
        submit.starts_with("Send to ") && submit.ends_with(" people"),
        "{submit}"
    );
    assert_eq!(view["close"]["text"], "Do not send");
    assert!(
        view.to_string()
            .contains("Dana Whitlock by email: the service owner")
    );
    assert!(
        view["private_metadata"]
            .as_str()
            .unwrap()
            .starts_with("send:")
    );
    assert_eq!(slack.open_incidents().await, 0, "shown and not sent");

    let modal = slack.shown(0, 3).await;
    let sent = slack.submits(PRIYA, &modal, &json!({})).await;
    assert!(sent.to_string().contains("On its way to "), "{sent}");
    assert!(sent["view"]["submit"].is_null(), "{sent}");
    // Handed in again, because the answer was lost on its way.
    let again = slack.submits(PRIYA, &modal, &json!({})).await;
    assert_eq!(again, sent);
    assert_eq!(slack.open_incidents().await, 1);
    let modal = slack.shown(0, 5).await;
    let status = slack.taps_in(PRIYA, &modal, "Status").await;
    assert!(status.view().to_string().contains("Left to do:"));

    let form = slack
        .opens(PRIYA, "update INC-1 Half of them are back")
        .await;
    let text = &input(form.view(), "text")["element"]["initial_value"];
    assert_eq!(text, "Half of them are back");
    let values = inputs(&[("text", typed("Half of them are back"))]);
    let preview = slack.submits(PRIYA, &form, &values).await;
    assert!(
        preview.to_string().contains("Half of them are back"),
        "{preview}"
    );
    let sent = slack
        .submits(PRIYA, &slack.shown(1, 3).await, &json!({}))
        .await;
    assert!(sent.to_string().contains("On its way to "), "{sent}");
    deliver(&slack.api.app).await;
    let record = slack.agency.json("status INC-0001").await;
    let timeline = record["timeline"].to_string();
    assert!(timeline.contains("Half of them are back"), "{timeline}");
}

#[tokio::test]
async fn a_modal_opens_before_anything_is_looked_up() {
    let mut slack = Door::with_app().await;
    slack.api.app.close().await;
    let modal = slack.opens(PRIYA, "update INC-1 Half are back").await;
    assert!(modal.shown[0].to_string().contains("Loading"));
    let said = modal.view().to_string();
    assert!(
        !said.contains("Half are back") && !said.contains("Loading"),
        "{said}"
    );
    assert!(modal.view()["submit"].is_null(), "{said}");
}

#[tokio::test]
async fn what_no_modal_shows_any_more_comes_as_a_message() {
    let mut slack = Door::with_app().await;
    slack.agency.done(DECLARE).await;
    slack.real().closes_modals();
    slack.command(PRIYA, "update INC-1 Half are back").await;
    let form = slack.followed("/answers/trigger-1").await;
    let text_field = &input(&form, "text")["element"]["initial_value"];
    assert_eq!(text_field, "Half are back");

    // The same for a modal that was closed while we were at work.
    slack.is_slow().await;
    let mut modal = slack.real().modals().remove(0);
    let mut view = modal.view().clone();
    view["private_metadata"] = json!("fill:note:INC-0001");
    modal.shown.push(view);
    let values = inputs(&[("text", typed("Rang the supplier"))]);
    let working = slack.submits(PRIYA, &modal, &values).await;
    assert!(working.to_string().contains("Working on it"), "{working}");
    let told = loop {
        let posts = slack.real().posts();
        if let Some(post) = posts.iter().find(|post| post.channel == "D0PRIYA001") {
            break post.body["text"].to_string();
        }
        tokio::task::yield_now().await;
    };
    assert!(told.contains("INC-0001"), "{told}");
    assert!(timeline(&slack).await.contains("Rang the supplier"));
}

#[tokio::test]
async fn what_takes_long_is_answered_at_once_and_shown_when_it_is_done() {
    let mut slack = Door::with_app().await;
    slack.agency.done(DECLARE).await;
    slack.is_slow().await;
    let working = slack.says(PRIYA, "note INC-1 Rang the supplier").await;
    assert_eq!(text(&working), "Working on it…");
    let done = slack.followed("/answers/trigger-1").await;
    assert_eq!(done["replace_original"], true);
    assert!(text(&done).contains("INC-0001"), "{done}");

    let form = slack.opens(PRIYA, "note INC-1").await;
    let values = inputs(&[("text", typed("Rang them again"))]);
    let working = slack.submits(PRIYA, &form, &values).await;
    assert!(working.to_string().contains("Working on it"), "{working}");
    let done = slack.shown(0, 4).await;
    assert!(
        done.shown
            .iter()
            .any(|view| view.to_string().contains("Status")),
        "{done:?}"
    );
    let timeline = timeline(&slack).await;
    assert_eq!(timeline.matches("Rang them again").count(), 1, "{timeline}");
}

#[tokio::test]
async fn the_same_modal_handed_in_twice_is_done_once() {
    let mut slack = Door::with_app().await;
    slack.agency.done(DECLARE).await;
    let form = slack.opens(PRIYA, "note INC-1").await;
    let values = inputs(&[("text", typed("Rang the supplier"))]);
    let first = slack.submits(PRIYA, &form, &values).await;
    let again = slack.submits(PRIYA, &form, &values).await;
    assert_eq!(first, again);
    assert_eq!(
        timeline(&slack).await.matches("Rang the supplier").count(),
        1
    );
    // Something else in the same state of the same view is not that request.
    let other = inputs(&[("text", typed("Rang somebody else"))]);
    let other = slack.submits(PRIYA, &form, &other).await;
    assert!(!other.to_string().contains("Status"), "{other}");
    assert!(!timeline(&slack).await.contains("somebody else"));
}

#[tokio::test]
async fn the_buttons_of_a_prompt_lead_to_forms() {
    let mut slack = Door::with_app().await;
    slack.agency.done(DECLARE).await;
    for (value, label) in [
        ("fill:update:INC-0001", "What has changed?"),
        ("say:resolve INC-0001", "What can people do again?"),
    ] {
        let modal = slack.opens_by_tap(PRIYA, value).await;
        assert_eq!(input(modal.view(), "text")["label"]["text"], label);
        assert!(modal.shown[0].to_string().contains("Loading"));
        assert!(!modal.view().to_string().contains("still to be filled in"));
    }
    // An empty answer is asked for at its field.
    let modal = slack.real().modals().remove(0);
    let empty = inputs(&[("text", typed("  ")), ("effect", typed(""))]);
    let wrong = slack.submits(PRIYA, &modal, &empty).await;
    let sentence = wrong["errors"]["text"].to_string();
    assert!(sentence.contains("still to be filled in"), "{wrong}");
}

#[tokio::test]
async fn without_slack_a_command_is_carried_out_and_everybody_else_is_told() {
    let directory = with_slack(DIRECTORY).replace(
        "  - id: incidents-slack\n",
        "  - id: incident-channel\n    name: The channel of incidents\n    channel: slack\n    \
         address: C0INCIDENTS\n  - id: incidents-slack\n",
    );
    let mut slack = Door::with_app_and(directory).await;
    for method in [
        "views.open",
        "views.update",
        "chat.postMessage",
        "chat.postEphemeral",
    ] {
        slack.real().answers(method, ResponseTemplate::new(503));
    }
    let acknowledged = slack.command(PRIYA, "open Providers cannot sign in").await;
    assert_eq!(acknowledged.status.as_u16(), 200);
    let form = slack.followed("/answers/trigger-1").await;
    assert_eq!(
        input(&form, "title")["element"]["initial_value"],
        "Providers cannot sign in"
    );
    let shown = slack
        .hands_in(PRIYA, &button(&form, "Go on"), &inputs(&declaration()))
        .await;
    let sent = slack.taps(PRIYA, &shown, "Send").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    slack
        .agency
        .done("add INC-1 incident-channel --note here --yes --no-wait")
        .await;
    deliver(&slack.api.app).await;
    assert!(!slack.agency.mail.taken().is_empty());
    let log = slack.agency.send_log("INC-0001").await;
    let to_slack: Vec<&Value> = log.iter().filter(|one| one["channel"] == "slack").collect();
    assert!(!to_slack.is_empty(), "{log:?}");
    for one in to_slack {
        assert!(one["settled_at"].is_null(), "given up: {one}");
        assert_eq!(one["attempts"], 1);
    }
}

#[tokio::test]
async fn nothing_typed_into_a_form_mentions_anybody_and_the_longest_arrives_whole() {
    let mut slack = Door::with_app().await;
    slack.agency.done(DECLARE).await;
    let hostile = "<!channel> <@U0TOMOKA01> *&* `x` > y";
    let form = slack.opens(PRIYA, &format!("open {hostile}")).await;
    // In a line, a mention is a name.
    assert_eq!(
        input(form.view(), "title")["element"]["initial_value"],
        "@channel Tom Okafor *&* `x` > y"
    );
    let mut values = declaration();
    for id in ["title", "effect", "who", "what_to_do", "doing"] {
        values.retain(|(known, _)| *known != id);
        values.push((id, typed(hostile)));
    }
    let preview = slack.submits(PRIYA, &form, &inputs(&values)).await;
    let blocks = preview["view"]["blocks"].to_string();
    assert!(
        !blocks.contains("<!channel>") && !blocks.contains("<@U0"),
        "{blocks}"
    );
    assert!(blocks.contains("&lt;!channel&gt;"), "{blocks}");

    // Longer than a field of Slack's: shown as it is, and nothing is cut off.
    let long = format!("{hostile} {}", "it is slow ".repeat(450));
    let whole = long.replace("<!channel> <@U0TOMOKA01>", "@channel Tom Okafor");
    let shown = slack.opens(PRIYA, &format!("update INC-1 {long}")).await;
    assert!(
        shown.view()["private_metadata"]
            .as_str()
            .unwrap()
            .starts_with("send:")
    );
    let sent = slack.submits(PRIYA, &shown, &json!({})).await;
    assert!(sent.to_string().contains("On its way to "), "{sent}");
    let record = slack.agency.json("status INC-0001").await;
    let lines = record["timeline"].as_array().expect("a timeline").iter();
    let texts: Vec<&str> = lines.filter_map(|line| line["text"].as_str()).collect();
    assert!(
        texts.iter().any(|text| text.contains(whole.trim())),
        "{texts:?}"
    );
    assert!(!shown.view()["blocks"].to_string().contains("<!channel>"));
}

#[tokio::test]
async fn an_unknown_verb_or_incident_opens_no_form_and_says_so() {
    let mut slack = Door::with_app().await;
    let answer = slack.says(PRIYA, "nochnge").await;
    assert!(text(&answer).contains("Did you mean nochange"), "{answer}");
    let modal = slack.opens(PRIYA, "update INC-9999 It is back").await;
    let said = modal.view().to_string();
    assert!(said.contains("There is no incident INC-9999."), "{said}");
    let modal = slack.opens("U0NOBODY01", "open").await;
    assert!(
        modal
            .view()
            .to_string()
            .contains("I do not know who you are")
    );
}

async fn timeline(slack: &Door) -> String {
    slack.agency.json("status INC-0001").await["timeline"].to_string()
}

#[tokio::test]
async fn a_correction_whose_words_stand_in_part_of_a_title_comes_back_with_the_question() {
    let mut slack = Door::with_app().await;
    slack.agency.done(DECLARE).await;
    deliver(&slack.api.app).await;
    let form = slack.opens(PRIYA, "correct INC-1").await;
    let mut values = vec![
        ("event", json!({ "selected_option": { "value": "1" } })),
        ("wrong", typed("sign in")),
        ("right", typed("They cannot register.")),
        ("title", typed("Providers cannot sign in")),
    ];
    let asked = slack.submits(PRIYA, &form, &inputs(&values)).await;
    let view = &asked["view"];
    assert!(view.to_string().contains("stand in the title"), "{asked}");
    assert!(input(view, "keep").to_string().contains("It is right"));
    values.push(("keep", json!({ "selected_options": [{ "value": "yes" }] })));
    let form = slack.shown(0, 3).await;
    let preview = slack.submits(PRIYA, &form, &inputs(&values)).await;
    let submit = preview["view"]["submit"]["text"].as_str().unwrap_or("");
    assert!(submit.starts_with("Send to "), "{preview}");
}

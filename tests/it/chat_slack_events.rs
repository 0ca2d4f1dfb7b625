//! What Slack's Events API brings: mentions of the app, and direct messages to it.

use serde_json::{Value, json};

use crate::support::{
    agency::deliver,
    slack_door::{DIRECTORY, Door, SECRET, sign, with_slack},
};

const DECLARE: &str = "declare --title 'Providers cannot sign in' --priority P1 --service register-trainees --yes --no-wait";

fn mention(text: &str, thread: Option<&str>) -> Value {
    let mut event = json!({
        "type": "app_mention",
        "user": "U0PRIYA001",
        "channel": "C0INCIDENTS",
        "text": format!("<@U0OYEZ001> {text}"),
        "ts": "1795440100.000200",
        "event_ts": "1795440100.000200",
    });
    if let Some(thread) = thread {
        event["thread_ts"] = json!(thread);
    }
    event
}

fn direct(text: &str) -> Value {
    json!({
        "type": "message",
        "channel_type": "im",
        "user": "U0PRIYA001",
        "channel": "D0PRIYA001",
        "text": text,
        "ts": "1795440100.000300",
    })
}

/// What was whispered, when it is so much.
async fn whispers(slack: &Door, number: usize) -> Vec<Value> {
    loop {
        let whispers = slack.real().whispers();
        if whispers.len() >= number {
            return whispers;
        }
        tokio::task::yield_now().await;
    }
}

/// What was written to somebody, when it is so much.
async fn posts(slack: &Door, channel: &str, number: usize) -> Vec<Value> {
    loop {
        let posts = slack.real().posts().into_iter();
        let posts = posts.filter(|post| post.channel == channel);
        let bodies: Vec<Value> = posts.map(|post| post.body).collect();
        if bodies.len() >= number {
            return bodies;
        }
        tokio::task::yield_now().await;
    }
}

async fn notes(slack: &Door) -> usize {
    let record = slack.agency.json("status INC-0001").await;
    let timeline = record["timeline"].as_array().expect("a timeline").clone();
    timeline
        .iter()
        .filter(|line| line["kind"] == "noted")
        .count()
}

#[tokio::test]
async fn slack_learns_that_this_is_the_address_if_it_signed_the_question() {
    let slack = Door::with_app().await;
    let body = json!({ "type": "url_verification", "challenge": "3eZbrw1aB" }).to_string();
    let now = slack.now().to_string();
    let answer = slack
        .post("/slack/events", &body, &now, &sign(SECRET, &now, &body))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (200, "3eZbrw1aB")
    );
    let refused = slack
        .post("/slack/events", &body, &now, &sign("other", &now, &body))
        .await;
    assert_eq!((refused.status.as_u16(), refused.text.as_str()), (401, ""));
}

#[tokio::test]
async fn a_mention_in_a_thread_is_about_its_incident_and_answered_to_the_speaker_alone() {
    let directory = with_slack(DIRECTORY).replace(
        "  - id: incidents-slack\n",
        "  - id: incident-channel\n    name: The channel of incidents\n    channel: slack\n    \
         address: C0INCIDENTS\n  - id: incidents-slack\n",
    );
    let slack = Door::with_app_and(directory).await;
    for _ in 0..2 {
        slack.agency.done(DECLARE).await;
    }
    for incident in ["INC-0001", "INC-0002"] {
        slack
            .agency
            .done(&format!(
                "add {incident} incident-channel --note here --yes --no-wait"
            ))
            .await;
    }
    deliver(&slack.api.app).await;
    let posts = slack.real().posts().into_iter();
    let second = posts
        .filter(|post| post.body["text"].to_string().contains("INC-0002"))
        .map(|post| post.ts)
        .next()
        .expect("a post about it");

    let event = mention("status", Some(&second));
    let told = slack.hears("Ev01", &event, 0).await;
    assert_eq!((told.status.as_u16(), told.text.as_str()), (200, ""));
    let whispered = whispers(&slack, 1).await;
    let first = &whispered[0];
    assert!(
        first["text"].as_str().unwrap().starts_with("INC-0002: "),
        "{first}"
    );
    assert_eq!(first["channel"], "C0INCIDENTS");
    assert_eq!(first["user"], "U0PRIYA001");
    assert_eq!(first["thread_ts"], second);

    // Outside of a thread there are two.
    slack.hears("Ev02", &mention("status", None), 0).await;
    let whispered = whispers(&slack, 2).await;
    let said = whispered[1]["text"].as_str().unwrap();
    assert!(said.contains("I do not know which incident"), "{said}");

    // It stays the thread of its incident when that is over: only then can it be reopened.
    for line in [
        "resolve INC-0002 'It works.' --yes --no-wait",
        "close INC-0002 --yes --no-wait",
    ] {
        slack.agency.done(line).await;
    }
    slack
        .hears("Ev03", &mention("status", Some(&second)), 0)
        .await;
    let whispered = whispers(&slack, 3).await;
    let said = whispered[2]["text"].as_str().unwrap();
    assert!(said.starts_with("INC-0002: "), "{said}");
    slack
        .hears("Ev04", &mention("reopen It is back", Some(&second)), 0)
        .await;
    let whispered = whispers(&slack, 4).await;
    let said = whispered[3]["text"].as_str().unwrap();
    assert!(said.contains("INC-0002"), "{said}");
}

#[tokio::test]
async fn the_same_event_again_is_answered_once_and_done_once() {
    let mut slack = Door::with_app().await;
    slack.agency.done(DECLARE).await;
    let event = mention("note INC-1 Rang &lt;them&gt; &amp; waited", None);
    for again in 0..3 {
        assert_eq!(
            slack.hears("Ev01", &event, again).await.status.as_u16(),
            200
        );
    }
    whispers(&slack, 1).await;
    slack.hears("Ev02", &mention("list", None), 0).await;
    let whispered = whispers(&slack, 2).await;
    assert_eq!(whispered.len(), 2);
    assert_eq!(notes(&slack).await, 1);
    let record = slack.agency.json("status INC-0001").await;
    assert!(
        record["timeline"]
            .to_string()
            .contains("Rang <them> & waited")
    );

    // A new process has forgotten the answer, but not what was done.
    slack.starts_again().await;
    slack.hears("Ev01", &event, 3).await;
    let whispered = whispers(&slack, 3).await;
    assert_eq!(whispered[2]["text"], whispered[0]["text"]);
    assert_eq!(notes(&slack).await, 1);
}

#[tokio::test]
async fn a_direct_message_is_answered_where_it_was_written() {
    let slack = Door::with_app().await;
    slack.hears("Ev01", &direct("nochnge"), 0).await;
    let answers = posts(&slack, "D0PRIYA001", 1).await;
    let said = answers[0]["text"].as_str().unwrap();
    assert!(said.contains("Did you mean nochange"), "{said}");
    assert!(answers[0]["response_type"].is_null());
    assert!(slack.real().whispers().is_empty());
    // What is long and full of marks is heard as it was written.
    slack.agency.done(DECLARE).await;
    let long = "it is slow &lt;!channel&gt; ".repeat(200);
    slack
        .hears("Ev02", &direct(&format!("note INC-1 {long}")), 0)
        .await;
    let answers = posts(&slack, "D0PRIYA001", 2).await;
    assert!(!answers[1].to_string().contains("<!channel>"));
    assert_eq!(notes(&slack).await, 1);
}

#[tokio::test]
async fn what_nobody_said_to_the_app_is_not_answered() {
    let slack = Door::with_app().await;
    let own = |key: &str, value: Value| {
        let mut event = direct("list");
        event[key] = value;
        event
    };
    let mut elsewhere = direct("list");
    elsewhere["channel_type"] = json!("channel");
    for (number, event) in [
        own("bot_id", json!("B024BE7LH")),
        own("user", json!("U0OYEZ001")),
        own("user", Value::Null),
        own("subtype", json!("message_changed")),
        elsewhere,
        json!({ "type": "app_home_opened", "user": "U0PRIYA001", "tab": "home" }),
        json!({ "type": "team_rename" }),
        json!(null),
    ]
    .iter()
    .enumerate()
    {
        let told = slack.hears(&format!("Ev1{number}"), event, 0).await;
        assert_eq!(told.status.as_u16(), 200, "{event}");
    }
    let strange = json!({ "type": "app_rate_limited", "minute_rate_limited": 1 }).to_string();
    let now = slack.now().to_string();
    let told = slack
        .post(
            "/slack/events",
            &strange,
            &now,
            &sign(SECRET, &now, &strange),
        )
        .await;
    assert_eq!(told.status.as_u16(), 200);
    slack.hears("Ev99", &direct("list"), 0).await;
    assert_eq!(posts(&slack, "D0PRIYA001", 1).await.len(), 1);
    assert!(slack.real().whispers().is_empty());
}

#[tokio::test]
async fn what_cannot_be_whispered_is_written_to_the_speaker() {
    let slack = Door::with_app().await;
    slack.real().refuses(
        "chat.postEphemeral",
        &json!({ "ok": false, "error": "not_in_channel" }),
    );
    slack.hears("Ev01", &mention("list", None), 0).await;
    let told = posts(&slack, "D0PRIYA001", 1).await;
    assert_eq!(told[0]["text"], "No incident is open.");
}

//! What goes out, where to, and what is kept of it.

use std::sync::Arc;

use oyez::{
    channels::{Capture, Channel, Outgoing},
    domain::{delivery::Class, notification::Moment},
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{CHANNEL, DELIVERY, PERSON, bench, letter, slack};
use crate::support::{
    slack::{TOKEN, direct},
    stand_in::requests,
};

/// What Slack takes, stricter than its description: nothing that it does not know.
fn our_rules() -> Value {
    json!({
        "type": "object",
        "required": ["channel", "text", "metadata", "unfurl_links", "unfurl_media", "link_names"],
        "additionalProperties": false,
        "dependentRequired": { "thread_ts": ["reply_broadcast"], "reply_broadcast": ["thread_ts"] },
        "properties": {
            "channel": { "type": "string", "pattern": "^[CDGUW][A-Z0-9]{8,}$" },
            "text": { "type": "string", "minLength": 1, "maxLength": 4000 },
            "blocks": { "type": "array", "maxItems": 20 },
            "thread_ts": { "type": "string", "pattern": "^[0-9]{10}\\.[0-9]{6}$" },
            "reply_broadcast": { "type": "boolean" },
            "unfurl_links": { "const": false },
            "unfurl_media": { "const": false },
            "link_names": { "const": false },
            "metadata": {
                "type": "object",
                "required": ["event_type", "event_payload"],
                "additionalProperties": false,
                "properties": {
                    "event_type": { "const": "oyez_message" },
                    "event_payload": {
                        "type": "object",
                        "required": ["id"],
                        "additionalProperties": false,
                        "properties": { "id": { "type": "string", "minLength": 26, "maxLength": 26 } },
                    },
                },
            },
        },
    })
}

fn assert_taken(body: &Value) {
    let rules = jsonschema::validator_for(&our_rules()).unwrap();
    let faults: Vec<_> = rules
        .iter_errors(body)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, [""; 0], "{body}");
}

#[tokio::test]
async fn a_post_is_marked_with_its_delivery_and_its_place_is_kept() {
    let (workspace, channel) = bench().await;
    let outcome = channel.send(&letter(&*channel, CHANNEL).outgoing()).await;
    assert_eq!(outcome.class, Class::Delivered, "{outcome:?}");
    assert_eq!(outcome.code, Some(200));
    assert_eq!(outcome.reply, "", "the words are on the record already");
    let post = &workspace.posts()[0];
    assert_eq!(outcome.provider_id, Some(format!("{CHANNEL}/{}", post.ts)));
    assert_taken(&post.body);
    assert_eq!(post.body["metadata"]["event_payload"]["id"], DELIVERY);
    let asked = requests(&workspace.server).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].url.path(), "/api/chat.postMessage");
    assert_eq!(asked[0].headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(
        asked[0].headers["content-type"],
        "application/json; charset=utf-8"
    );
}

#[tokio::test]
async fn a_person_is_written_to_directly_and_the_channel_of_that_is_kept() {
    let (workspace, channel) = bench().await;
    let mut letter = letter(&*channel, PERSON);
    let outcome = channel.send(&letter.outgoing()).await;
    let root = outcome.provider_id.expect("an id");
    assert!(root.starts_with(&format!("{}/", direct(PERSON))), "{root}");

    letter.thread = Some(root);
    let outcome = channel.send(&letter.outgoing()).await;
    assert_eq!(outcome.class, Class::Delivered);
    let posts = workspace.posts();
    assert_taken(&posts[1].body);
    assert_eq!(posts[1].body["channel"], direct(PERSON));
    assert_eq!(posts[1].body["thread_ts"], posts[0].ts.as_str());
}

#[tokio::test]
async fn what_nobody_may_miss_is_shown_in_the_channel_too() {
    let (workspace, channel) = bench().await;
    let mut letter = letter(&*channel, CHANNEL);
    let first = channel.send(&letter.outgoing()).await;
    letter.thread = first.provider_id;
    let mut shown = Vec::new();
    for moment in Moment::ALL {
        let outgoing = Outgoing {
            moment,
            ..letter.outgoing()
        };
        assert_eq!(channel.send(&outgoing).await.class, Class::Delivered);
        let posts = workspace.posts();
        let last = &posts.last().unwrap().body;
        assert_taken(last);
        assert_eq!(last["thread_ts"], posts[0].ts.as_str());
        if last["reply_broadcast"] == true {
            shown.push(moment.as_str());
        }
    }
    assert_eq!(
        shown,
        [
            "priority-change",
            "resolved",
            "correction",
            "reopened",
            "prompt",
            "overdue",
            "role-assigned",
            "are-you-affected",
            "reminder",
        ]
    );
}

#[tokio::test]
async fn a_message_whose_thread_is_gone_goes_into_the_channel() {
    let (workspace, channel) = bench().await;
    let mut letter = letter(&*channel, PERSON);
    let root = channel.send(&letter.outgoing()).await.provider_id.unwrap();
    workspace.deletes(&workspace.posts()[0].ts);
    letter.thread = Some(root);
    let outcome = channel.send(&letter.outgoing()).await;
    assert_eq!(outcome.class, Class::Delivered, "{outcome:?}");
    let posts = workspace.posts();
    assert_eq!(posts.len(), 1);
    assert_taken(&posts[0].body);
    assert_eq!(posts[0].body["channel"], PERSON);
    assert!(posts[0].body.get("thread_ts").is_none());
}

#[tokio::test]
async fn a_thread_that_cannot_be_one_is_left_out() {
    let (_workspace, channel) = bench().await;
    let mut letter = letter(&*channel, CHANNEL);
    for id in [
        "",
        "x",
        "/",
        "C024BE91L/",
        "/1795440000.000100",
        "C024BE91L/<!here>",
    ] {
        letter.thread = Some(id.to_owned());
        let wire = channel.wire(&letter.outgoing()).unwrap();
        let body: Value = serde_json::from_slice(&wire.bytes).unwrap();
        assert_taken(&body);
        assert!(body.get("thread_ts").is_none(), "{id}");
        assert_eq!(body["channel"], CHANNEL, "{id}");
    }
}

#[test]
fn an_app_keeps_threads_in_practice_too() {
    let channel = slack("http://127.0.0.1:9/api");
    assert!(channel.threads());
    let name = "slack".parse().unwrap();
    let practice = Capture::new(Arc::clone(&channel), name, "unused".into(), &[]);
    assert!(practice.threads());
}

#[tokio::test]
async fn a_message_of_the_largest_size_goes_out_and_its_long_answer_is_read() {
    let (workspace, channel) = bench().await;
    // Characters that Slack writes as six bytes each when it repeats the message.
    let words = "é".repeat(2_000);
    let block = json!({ "type": "section", "text": { "type": "mrkdwn", "text": "é".repeat(700) } });
    let blocks = json!(vec![block; 20]).to_string();
    let address = channel.check_address(CHANNEL).unwrap();
    let parts = [("text", words.as_str()), ("blocks", blocks.as_str())];
    let letter = crate::support::channels::Letter::new(address, &parts);
    let most = |name: &str| {
        let part = channel.parts().iter().find(|part| part.name == name);
        part.expect("a part").max_bytes
    };
    assert_eq!(words.len(), most("text"));
    assert!(blocks.len() <= most("blocks"));
    let answer = format!(
        r#"{{"ok":true,"channel":"{CHANNEL}","ts":"1795440000.000100","message":{{"text":"{}"}}}}"#,
        "\\u00e9".repeat(16_000)
    );
    workspace.answers(
        "chat.postMessage",
        ResponseTemplate::new(200).set_body_string(answer),
    );
    let outcome = channel.send(&letter.outgoing()).await;
    assert_eq!(outcome.class, Class::Delivered, "{outcome:?}");
    let asked = requests(&workspace.server).await;
    assert_taken(&serde_json::from_slice(&asked[0].body).unwrap());
}

#[tokio::test]
async fn more_blocks_than_people_read_are_not_sent() {
    let (workspace, channel) = bench().await;
    let address = channel.check_address(CHANNEL).unwrap();
    let blocks = json!(vec![json!({ "type": "divider" }); 21]).to_string();
    let parts = [("text", "t"), ("blocks", blocks.as_str())];
    let letter = crate::support::channels::Letter::new(address, &parts);
    let outcome = channel.send(&letter.outgoing()).await;
    assert_eq!(outcome.class, Class::BadPayload);
    assert!(
        outcome.sentence.contains("20 blocks"),
        "{}",
        outcome.sentence
    );
    assert!(requests(&workspace.server).await.is_empty());
}

#[tokio::test]
async fn hostile_words_call_nobody() {
    let (workspace, channel) = bench().await;
    let address = channel.check_address(CHANNEL).unwrap();
    let blocks = r#"[{"type":"section","text":{"type":"mrkdwn","text":"{reason}"}}]"#;
    let mut letter =
        crate::support::channels::Letter::new(address, &[("text", "{reason}"), ("blocks", blocks)]);
    letter.reason = "<!channel> <@U1> <#C1|x> <https://evil.example|ok> & \"}]".to_owned();
    channel.send(&letter.outgoing()).await;
    let body = &workspace.posts()[0].body;
    for text in [&body["text"], &body["blocks"][0]["text"]["text"]] {
        let text = text.as_str().unwrap();
        assert!(text.starts_with("&lt;!channel&gt; &lt;@U1&gt; "), "{text}");
        assert!(!text.contains('<') && text.contains("&amp; "), "{text}");
    }
}

#[test]
fn each_channel_has_a_pace_of_its_own() {
    let channel = slack("http://127.0.0.1:9/api");
    let lane = |to: &str| channel.lane(&channel.check_address(to).unwrap());
    assert_eq!(lane(CHANNEL), lane("c024be91l"));
    assert_ne!(lane(CHANNEL), lane(PERSON));
    assert!(!lane(PERSON).contains(PERSON), "{}", lane(PERSON));
    let pace = channel.pace();
    assert_eq!((pace.concurrency, pace.per_second), (1, Some(1.0)));
    assert!((1..=5).contains(&pace.burst));
}

//! Messages in doubt are looked for where they would stand.

use chrono::TimeDelta;
use oyez::{
    channels::{Channel, OnUncertain},
    domain::delivery::{Class, Look, Outcome},
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{CHANNEL, DELIVERY, PERSON, bench, letter};
use crate::support::{
    channels::Letter,
    slack::{Workspace, direct, distinct_methods, methods},
    stand_in::requests,
};

async fn look(channel: &dyn Channel, letter: &Letter) -> Look {
    let can = channel.look_up().expect("it can be asked");
    can.look(&letter.outgoing()).await
}

/// The id of what was found; `None` if nothing was.
fn found(look: Look) -> Option<String> {
    match look {
        Look::Found(outcome) => {
            assert_eq!(outcome.class, Class::Delivered);
            assert_eq!(outcome.reply, "", "nothing of what people say");
            Some(outcome.provider_id.expect("an id"))
        }
        Look::Missing => None,
        Look::Unknown(outcome) => panic!("it could not be asked: {outcome:?}"),
    }
}

fn unknown(look: Look) -> Outcome {
    match look {
        Look::Unknown(outcome) => outcome,
        other => panic!("it was answered: {other:?}"),
    }
}

fn marked(delivery: &str) -> Value {
    json!({ "text": "x", "metadata": {
        "event_type": "oyez_message", "event_payload": { "id": delivery } } })
}

/// Sends, which seems to fail, and looks.
async fn after_a_lost_answer(
    workspace: &Workspace,
    channel: &dyn Channel,
    letter: &Letter,
) -> Option<String> {
    assert_eq!(found(look(channel, letter).await), None);
    workspace.loses_answers(true);
    let outcome = channel.send(&letter.outgoing()).await;
    assert_eq!(outcome.class, Class::Uncertain, "{outcome:?}");
    assert_eq!(channel.on_uncertain(), OnUncertain::Reconcile);
    found(look(channel, letter).await)
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_found_in_its_channel() {
    let (workspace, channel) = bench().await;
    let letter = letter(&*channel, CHANNEL);
    let id = after_a_lost_answer(&workspace, &*channel, &letter).await;
    let ts = &workspace.posts()[0].ts;
    assert_eq!(id, Some(format!("{CHANNEL}/{ts}")));
}

#[tokio::test]
async fn a_direct_message_is_found_in_the_channel_of_its_person() {
    let (workspace, channel) = bench().await;
    let letter = letter(&*channel, PERSON);
    let id = after_a_lost_answer(&workspace, &*channel, &letter).await;
    let ts = &workspace.posts()[0].ts;
    assert_eq!(id, Some(format!("{}/{ts}", direct(PERSON))));
}

#[tokio::test]
async fn a_reply_is_found_in_its_thread() {
    for to in [CHANNEL, PERSON] {
        let (workspace, channel) = bench().await;
        let mut letter = letter(&*channel, to);
        letter.thread = channel.send(&letter.outgoing()).await.provider_id;
        letter.delivery = "01JDM4T9Q0000000000000000E".to_owned();
        let id = after_a_lost_answer(&workspace, &*channel, &letter).await;
        let post = &workspace.posts()[1];
        assert_eq!(id, Some(format!("{}/{}", post.channel, post.ts)));
        assert!(
            !methods(&workspace)
                .await
                .contains(&"conversations.open".to_owned())
        );
    }
}

#[tokio::test]
async fn a_reply_that_went_into_the_channel_is_found_there() {
    let (workspace, channel) = bench().await;
    let mut letter = letter(&*channel, CHANNEL);
    letter.thread = channel.send(&letter.outgoing()).await.provider_id;
    letter.delivery = "01JDM4T9Q0000000000000000E".to_owned();
    workspace.deletes(&workspace.posts()[0].ts);
    let ts = workspace.hears(CHANNEL, marked(&letter.delivery));
    let id = found(look(&*channel, &letter).await);
    assert_eq!(id, Some(format!("{CHANNEL}/{ts}")));
}

#[tokio::test]
async fn what_is_not_ours_is_not_taken_for_it() {
    let (workspace, channel) = bench().await;
    for body in [
        json!({ "text": DELIVERY }),
        json!({ "text": "x", "metadata": { "event_type": "other", "event_payload": { "id": DELIVERY } } }),
        json!({ "text": "x", "metadata": { "event_type": "oyez_message" } }),
        marked("01JDM4T9Q0000000000000000X"),
    ] {
        workspace.hears(CHANNEL, body);
    }
    workspace.hears("C0000000X", marked(DELIVERY));
    assert_eq!(
        found(look(&*channel, &letter(&*channel, CHANNEL)).await),
        None
    );
}

#[tokio::test]
async fn the_search_begins_before_the_first_try_and_goes_through_all_pages() {
    let (workspace, channel) = bench().await;
    let ts = workspace.hears(CHANNEL, marked(DELIVERY));
    for _ in 0..120 {
        workspace.hears(CHANNEL, json!({ "text": "Talk" }));
    }
    let letter = letter(&*channel, CHANNEL);
    let id = found(look(&*channel, &letter).await);
    assert_eq!(id, Some(format!("{CHANNEL}/{ts}")));
    let asked = requests(&workspace.server).await;
    assert_eq!(asked.len(), 3);
    let begins = letter.date - TimeDelta::seconds(60);
    for request in asked {
        let query: Vec<_> = request.url.query_pairs().into_owned().collect();
        let has = |name: &str, value: &str| query.contains(&(name.to_owned(), value.to_owned()));
        assert!(
            has("oldest", &format!("{}.000000", begins.timestamp())),
            "{query:?}"
        );
        assert!(has("include_all_metadata", "true") && has("channel", CHANNEL));
    }
}

#[tokio::test]
async fn a_channel_with_too_much_talk_is_not_called_empty() {
    let (workspace, channel) = bench().await;
    for _ in 0..600 {
        workspace.hears(CHANNEL, json!({ "text": "Talk" }));
    }
    let outcome = unknown(look(&*channel, &letter(&*channel, CHANNEL)).await);
    assert_eq!(outcome.class, Class::Uncertain);
    assert!(methods(&workspace).await.len() <= 10);
}

#[tokio::test]
async fn a_permission_for_looking_that_is_missing_stops_no_sending() {
    for (to, method, needed) in [
        (CHANNEL, "conversations.history", "channels:history"),
        (PERSON, "conversations.open", "im:write"),
    ] {
        let (workspace, channel) = bench().await;
        let error = json!({ "ok": false, "error": "missing_scope", "needed": needed });
        workspace.refuses(method, &error);
        let outcome = unknown(look(&*channel, &letter(&*channel, to)).await);
        assert_eq!(outcome.class, Class::Uncertain);
        assert!(outcome.sentence.contains(needed), "{}", outcome.sentence);
        assert!(
            !distinct_methods(&workspace)
                .await
                .contains("chat.postMessage")
        );
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_had_says_nothing() {
    let refusal = |error: &str| {
        ResponseTemplate::new(200).set_body_json(json!({ "ok": false, "error": error }))
    };
    for (answer, class) in [
        (refusal("invalid_auth"), Class::BadConfiguration),
        (refusal("channel_not_found"), Class::BadDestination),
        (
            ResponseTemplate::new(429).insert_header("retry-after", "30"),
            Class::Throttled {
                after_ms: Some(30_000),
            },
        ),
        (ResponseTemplate::new(503), Class::Uncertain),
        (
            ResponseTemplate::new(200).set_body_json(json!({ "ok": true })),
            Class::RemoteTemporary,
        ),
        (
            ResponseTemplate::new(200)
                .set_body_json(json!({ "ok": true, "messages": [{ "text": "Talk of people" }] })),
            Class::RemoteTemporary,
        ),
        (
            ResponseTemplate::new(200).set_body_string("[]"),
            Class::Uncertain,
        ),
    ] {
        let (workspace, channel) = bench().await;
        workspace.answers("conversations.history", answer);
        let outcome = unknown(look(&*channel, &letter(&*channel, CHANNEL)).await);
        assert_eq!(outcome.class, class, "{outcome:?}");
        assert!(!format!("{outcome:?}").contains("Talk of people"));
    }
}

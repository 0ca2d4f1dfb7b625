//! The Web API: who may call, and what it keeps and refuses.

use std::sync::Arc;

use oyez::{
    clock::ManualClock,
    simulators::{
        Cast, Person, Room, Running,
        slack::{Slack, SlackApp},
    },
};
use serde_json::{Value, json};

use super::Caller;
use crate::support::at;

const PERSON: &str = "U0JOELHARTL";
const ROOM: &str = "C0INCIDENTS";

async fn open() -> (Caller, Running) {
    let clock = Arc::new(ManualClock::new(at("2026-11-26T18:00:00Z")));
    let app = SlackApp {
        token: "xoxb-practice".to_owned(),
        signing_secret: "practice".to_owned(),
    };
    let (slack, running) = Slack::start(0, app, clock, None).await.unwrap();
    slack.introduce(Cast {
        people: vec![Person {
            id: PERSON.to_owned(),
            name: "Joel Hartley".to_owned(),
            role: String::new(),
            mail: Some("joel.hartley@northshire.example".to_owned()),
        }],
        rooms: vec![Room {
            id: ROOM.to_owned(),
            name: "#incidents".to_owned(),
        }],
    });
    (Caller::new(&running.base, "xoxb-practice"), running)
}

/// A method that is done.
async fn done(caller: &Caller, method: &str, body: Value) -> Value {
    let answer = caller.post(&format!("/api/{method}"), &body).await.is(200);
    assert_eq!(answer["ok"], true, "{method}: {answer}");
    answer
}

/// The error of a method that is not.
async fn refused(caller: &Caller, method: &str, body: Value) -> String {
    let answer = caller.post(&format!("/api/{method}"), &body).await.is(200);
    assert_eq!(answer["ok"], false, "{method}: {answer}");
    answer["error"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_are_kept_with_their_metadata_and_found_again() {
    let (caller, running) = open().await;
    let metadata = json!({ "event_type": "oyez_message", "event_payload": { "id": "01J" } });
    let post = json!({ "channel": ROOM, "text": "P1 declared", "metadata": metadata });
    let ts = done(&caller, "chat.postMessage", post).await["ts"].clone();
    let reply = json!({ "channel": ROOM, "text": "Update", "thread_ts": ts });
    done(&caller, "chat.postMessage", reply).await;
    let path =
        format!("/api/conversations.history?channel={ROOM}&include_all_metadata=true&limit=50");
    let history = caller.get(&path).await.is(200);
    let messages = history["messages"].as_array().unwrap();
    assert_eq!(
        messages.len(),
        1,
        "replies stand in their thread: {history}"
    );
    assert_eq!(messages[0]["metadata"], metadata);
    let ts = ts.as_str().unwrap();
    let path = format!("/api/conversations.replies?channel={ROOM}&ts={ts}");
    let replies = caller.get(&path).await.is(200);
    assert_eq!(replies["messages"][1]["text"], "Update");
    let update = json!({ "channel": ROOM, "ts": ts, "text": "Fixed" });
    done(&caller, "chat.update", update).await;
    let seen = caller.seen(PERSON, ROOM).await;
    assert_eq!(
        (&seen[0]["text"], &seen[0]["isEdited"]),
        (&json!("Fixed"), &json!(true))
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_would_refuse_is_refused() {
    let (caller, running) = open().await;
    let stranger = Caller::new(&running.base, "xoxb-other");
    assert_eq!(
        refused(&stranger, "auth.test", json!({})).await,
        "invalid_auth"
    );
    let post = |more: Value| {
        let mut body = json!({ "channel": ROOM, "text": "x" });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    let section = json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x" } });
    for (method, body, error) in [
        (
            "chat.postMessage",
            post(json!({ "channel": "C0NOWHERE1" })),
            "channel_not_found",
        ),
        (
            "chat.postMessage",
            post(json!({ "thread_ts": "1.000001" })),
            "thread_not_found",
        ),
        ("chat.postMessage", post(json!({ "text": "" })), "no_text"),
        (
            "chat.postMessage",
            post(json!({ "blocks": vec![section; 51] })),
            "invalid_blocks",
        ),
        (
            "chat.postMessage",
            post(
                json!({ "blocks": [{ "type": "header", "text": { "type": "mrkdwn", "text": "x" } }] }),
            ),
            "invalid_blocks",
        ),
        (
            "chat.update",
            post(json!({ "ts": "1.000001" })),
            "message_not_found",
        ),
        (
            "users.lookupByEmail",
            json!({ "email": "nobody@northshire.example" }),
            "users_not_found",
        ),
        (
            "conversations.create",
            json!({ "name": "Inc 1" }),
            "invalid_name_specials",
        ),
        (
            "conversations.create",
            json!({ "name": "incidents" }),
            "name_taken",
        ),
        (
            "views.open",
            json!({ "trigger_id": "1.2", "view": {} }),
            "invalid_trigger_id",
        ),
        ("chat.scream", json!({}), "unknown_method"),
    ] {
        assert_eq!(refused(&caller, method, body).await, error, "{method}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_one_is_seen_by_one() {
    let (caller, running) = open().await;
    let post = json!({ "channel": ROOM, "user": PERSON, "text": "Only for you" });
    done(&caller, "chat.postEphemeral", post).await;
    assert_eq!(caller.seen(PERSON, ROOM).await[0]["isForYou"], true);
    assert_eq!(caller.seen("U0SOMEBODY", ROOM).await, Vec::<Value>::new());
    let made = done(
        &caller,
        "conversations.create",
        json!({ "name": "inc-0042", "is_private": true }),
    );
    let id = made.await["channel"]["id"].clone();
    let room = id.as_str().unwrap();
    let post = json!({ "channel": room, "text": "Hello" });
    done(&caller, "chat.postMessage", post).await;
    assert_eq!(caller.seen(PERSON, room).await, Vec::<Value>::new());
    done(
        &caller,
        "conversations.invite",
        json!({ "channel": room, "users": PERSON }),
    )
    .await;
    assert_eq!(caller.seen(PERSON, room).await.len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_makes_channels_finds_them_and_asks_people_in() {
    let (caller, running) = open().await;
    let made = done(
        &caller,
        "conversations.create",
        json!({ "name": "inc-0042" }),
    )
    .await;
    let room = made["channel"]["id"].as_str().unwrap();
    let own = caller
        .get("/api/users.conversations?types=public_channel")
        .await
        .is(200);
    let own = own["channels"].as_array().unwrap();
    assert_eq!(own.len(), 1, "only what the app is in");
    assert_eq!(
        (&own[0]["name"], &own[0]["creator"]),
        (&json!("inc-0042"), &json!("U0OYEZBOT"))
    );
    assert_eq!(own[0]["created"], at("2026-11-26T18:00:00Z").timestamp());
    let invite =
        |users: &str, force: bool| json!({ "channel": room, "users": users, "force": force });
    for (users, error) in [
        ("U0NOBODY", "user_not_found"),
        ("U0OYEZBOT", "cant_invite_self"),
        (&format!("{PERSON},U0NOBODY"), "user_not_found"),
    ] {
        let answer = refused(&caller, "conversations.invite", invite(users, false)).await;
        assert_eq!(answer, error, "{users}");
    }
    let some = invite(&format!("{PERSON},U0NOBODY"), true);
    let some = done(&caller, "conversations.invite", some).await;
    assert_eq!(some["errors"][0]["error"], "user_not_found");
    let again = refused(&caller, "conversations.invite", invite(PERSON, true)).await;
    assert_eq!(again, "already_in_channel");
    let topic = json!({ "channel": room, "topic": "P1" });
    done(&caller, "conversations.setTopic", topic).await;
    let info = done(&caller, "conversations.info", json!({ "channel": room })).await;
    assert_eq!(info["channel"]["topic"]["value"], "P1");
    running.stop().await;
}

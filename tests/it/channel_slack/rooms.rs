//! Channels that incidents have to themselves, as Slack is asked for them.

use std::sync::Arc;

use oyez::{
    channels::{Channel, Opened},
    domain::{Address, channel::Conversation, delivery::Class, notification::Moment},
};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{BLOCKS, letter};
use crate::support::{
    channels::{live, now, with},
    slack::{BOT_USER, TOKEN, Workspace, distinct_methods, methods},
};

const NAME: &str = "inc-0042-providers-cannot-sign-in";

async fn bench() -> (Workspace, Arc<dyn Channel>) {
    let workspace = Workspace::open().await;
    let keys = format!(
        "token = \"{TOKEN}\"\napi = \"{}\"\nchannel_per_incident = true\n",
        workspace.api()
    );
    let channel = live("slack", with("slack", &keys));
    (workspace, channel)
}

fn people(ids: &[&str]) -> Vec<Address> {
    ids.iter().map(|id| Address::new(id)).collect()
}

#[tokio::test]
async fn a_channel_is_made_in_public_and_found_again_if_the_answer_was_lost() {
    let (workspace, channel) = bench().await;
    let rooms = channel.rooms().expect("rooms");
    // Others are in the list before it, and what we made before this was wanted.
    workspace.has_channel("inc-0001-old", BOT_USER, 0);
    workspace.has_channel("inc-0002-other", BOT_USER, now().timestamp());
    workspace.loses_answers_to("conversations.create", true);
    let lost = rooms.open(NAME, now()).await.expect_err("no answer");
    assert_eq!(lost.class, Class::Uncertain);
    workspace.loses_answers_to("conversations.create", false);
    let opened = rooms.open(NAME, now()).await.expect("found");
    assert_eq!(opened, Opened::Room(Address::new("C0MADE003")));
    let made = workspace.channels();
    assert_eq!(made.len(), 3);
    assert_eq!((made[2].name.as_str(), made[2].is_private), (NAME, false));
}

#[tokio::test]
async fn a_name_that_somebody_has_or_that_was_ours_for_something_else_is_taken() {
    for (creator, created) in [
        ("U0SOMEBODY", now().timestamp()),
        // From before the database was made anew.
        (BOT_USER, now().timestamp() - 3_600),
    ] {
        let (workspace, channel) = bench().await;
        workspace.has_channel(NAME, creator, created);
        let opened = channel.rooms().expect("rooms").open(NAME, now()).await;
        assert_eq!(opened, Ok(Opened::NameTaken), "{creator}");
    }
}

#[tokio::test]
async fn whom_slack_does_not_let_in_keeps_nobody_else_out() {
    let (workspace, channel) = bench().await;
    let rooms = channel.rooms().expect("rooms");
    let Ok(Opened::Room(room)) = rooms.open(NAME, now()).await else {
        panic!("no room");
    };
    let unwelcome = [
        ("U0UNKNOWN1", "user_not_found"),
        ("U0ALREADY1", "already_in_channel"),
        (BOT_USER, "cant_invite_self"),
    ];
    for (user, error) in unwelcome {
        workspace.does_not_let_in(user, error);
        assert_eq!(
            rooms.invite(&room, &people(&[user])).await,
            Ok(()),
            "{error}"
        );
    }
    let all = people(&[
        "U0PRIYA001",
        "U0UNKNOWN1",
        BOT_USER,
        "U0TOMOKA01",
        "U0ALREADY1",
    ]);
    assert_eq!(rooms.invite(&room, &all).await, Ok(()));
    let members = workspace.channels()[0].members.clone();
    assert_eq!(
        members,
        ["U0PRIYA001", "U0TOMOKA01"].map(str::to_owned).into()
    );
    // Nobody is nothing to ask for.
    let before = methods(&workspace).await.len();
    assert_eq!(rooms.invite(&room, &[]).await, Ok(()));
    assert_eq!(methods(&workspace).await.len(), before);
}

#[tokio::test]
async fn what_slack_refuses_says_what_to_do() {
    let (workspace, channel) = bench().await;
    let rooms = channel.rooms().expect("rooms");
    let refusals = [
        (
            json!({ "ok": false, "error": "missing_scope", "needed": "channels:manage" }),
            "channels:manage",
        ),
        (
            json!({ "ok": false, "error": "restricted_action" }),
            "turn channel_per_incident off",
        ),
        (json!({ "ok": false, "error": "invalid_auth" }), "token"),
    ];
    for (answer, words) in refusals {
        workspace.refuses("conversations.create", &answer);
        let refused = rooms.open(NAME, now()).await.expect_err("refused");
        assert_eq!(refused.class, Class::BadConfiguration, "{answer}");
        assert!(refused.sentence.contains(words), "{}", refused.sentence);
    }
    let wait = ResponseTemplate::new(429).insert_header("Retry-After", "7");
    let room = Address::new("C0MADE001");
    for method in [
        "conversations.create",
        "conversations.invite",
        "conversations.setTopic",
    ] {
        workspace.answers(method, wait.clone());
    }
    let throttled = Class::Throttled {
        after_ms: Some(7_000),
    };
    let answers = [
        rooms.open(NAME, now()).await.map(drop),
        rooms
            .invite(&room, &people(&["U0PRIYA001", "U0TOMOKA01"]))
            .await,
        rooms.set_topic(&room, "P1").await,
    ];
    for answer in answers {
        assert_eq!(answer.expect_err("asked to wait").class, throttled);
    }
}

#[tokio::test]
async fn messages_in_it_stand_in_the_open_and_its_first_one_is_kept_true() {
    let (workspace, channel) = bench().await;
    let mut letter = letter(&*channel, "C024BE91L");
    letter.parts.insert("incident".into(), BLOCKS.into());
    letter.conversation = Some(Conversation {
        id: "C024BE91L".to_owned(),
        service_url: String::new(),
        kind: "room".to_owned(),
        member: None,
    });
    let first = channel.send(&letter.outgoing()).await;
    letter.thread = first.provider_id;
    (letter.first, letter.moment) = (false, Moment::Update);
    letter
        .parts
        .insert("incident".into(), BLOCKS.replace("Providers", "Few"));
    assert!(channel.send(&letter.outgoing()).await.class.is_success());
    let posts = workspace.posts();
    assert_eq!(posts.len(), 2);
    assert!(
        posts
            .iter()
            .all(|post| post.body.get("thread_ts").is_none())
    );
    let words = |at: usize| &posts[at].body["blocks"][0]["text"]["text"];
    assert_eq!(words(0), "Few cannot sign in");
    assert_eq!(words(1), "Providers cannot sign in");
}

#[tokio::test]
async fn a_post_is_pointed_from_once_asked_and_incidents_have_no_channel_unless_the_settings_say_so()
 {
    let (workspace, channel) = bench().await;
    let post = workspace.hears("C024BE91L", json!({}));
    let rooms = channel.rooms().expect("rooms");
    let (room, post) = (Address::new("C0MADE001"), format!("C024BE91L/{post}"));
    assert_eq!(rooms.point(&post, &room).await, Ok(()));
    let said = workspace.posts().pop().expect("a post");
    assert_eq!(said.channel, "C024BE91L");
    assert!(post.ends_with(said.body["thread_ts"].as_str().expect("a thread")));
    assert!(
        said.body["text"]
            .as_str()
            .expect("a text")
            .starts_with("<#C0MADE001> is for")
    );
    let asked = distinct_methods(&workspace).await;
    assert_eq!(asked, ["chat.postMessage".to_owned()].into());

    assert!(super::slack(&workspace.api()).rooms().is_none());
}

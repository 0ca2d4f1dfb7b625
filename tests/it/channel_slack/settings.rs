//! The keys of the settings, and what a probe says of them.

use oyez::channels::Built;
use serde_json::json;

use super::{bench, slack};
use crate::support::{
    channels::{build, lines, stanza, with},
    slack::{TOKEN, distinct_methods},
};

#[test]
fn it_is_off_until_it_has_a_token() {
    let Ok(Built::Off(reason)) = build("slack", stanza("slack")) else {
        panic!("it is on");
    };
    assert_eq!(reason, "channels.slack.token is not set");
}

#[test]
fn a_token_that_is_no_bots_is_refused_and_not_shown() {
    for token in [
        "xoxp-hunter2",
        "xapp-hunter2",
        "hunter2",
        "xoxb-",
        "xoxb-hunter2 é",
        "",
    ] {
        let keys = format!("token = \"{token}\"\napi = \"ftp://hunter2.example\"\n");
        let faults = lines(&build("slack", with("slack", &keys)).unwrap_err());
        for key in ["token", "api"] {
            assert!(
                faults.contains(&format!("channels.slack.{key} ")),
                "{faults}"
            );
        }
        assert!(!faults.contains("hunter2"), "{faults}");
    }
    for token in [TOKEN, "xoxe.xoxb-1-Mi0yLT", " xoxb-1-2-abc\\n"] {
        let keys = format!("token = \"{token}\"\n");
        assert!(build("slack", with("slack", &keys)).is_ok(), "{token}");
    }
}

#[test]
fn names_of_channels_begin_as_slack_allows() {
    let of = |prefix: &str| {
        let keys = format!("token = \"{TOKEN}\"\nchannel_prefix = \"{prefix}\"\n");
        build("slack", with("slack", &keys))
    };
    for prefix in ["", "Inc", "inc 1", "#inc", "ínc", "twenty-one-characters"] {
        let faults = lines(&of(prefix).unwrap_err());
        assert!(
            faults.contains("channels.slack.channel_prefix "),
            "{faults}"
        );
    }
    for prefix in ["i", "nla_incident", "2026-inc"] {
        assert!(of(prefix).is_ok(), "{prefix}");
    }
}

#[tokio::test]
async fn a_probe_names_the_workspace_and_posts_nothing() {
    let (workspace, channel) = bench().await;
    let found = channel.probe().await.unwrap();
    assert_eq!(
        found,
        "Slack knows the token: the app is oyez in the workspace Northshire Learning Agency"
    );
    let asked: Vec<_> = distinct_methods(&workspace).await.into_iter().collect();
    assert_eq!(asked, ["auth.test"]);
}

#[tokio::test]
async fn a_probe_says_what_to_fix() {
    for (answer, says) in [
        (
            json!({ "ok": false, "error": "invalid_auth" }),
            "Copy the bot token",
        ),
        (
            json!({ "ok": false, "error": "account_inactive" }),
            "Copy the bot token",
        ),
        (
            json!({ "ok": true, "team": "t", "user": "priya.shah" }),
            "a person's",
        ),
    ] {
        let (workspace, channel) = bench().await;
        workspace.refuses("auth.test", &answer);
        let sentence = channel.probe().await.unwrap_err();
        assert!(sentence.contains(says), "{sentence}");
    }
    let elsewhere = slack("http://127.0.0.1:9/api").probe().await.unwrap_err();
    assert!(elsewhere.contains("could not be reached"), "{elsewhere}");
}

#[tokio::test]
async fn a_probe_names_each_permission_that_the_token_lacks() {
    let (workspace, channel) = bench().await;
    let all = [
        "channels:history",
        "chat:write",
        "chat:write.public",
        "groups:history",
        "im:history",
        "im:write",
    ];
    workspace.grants(&all);
    channel.probe().await.unwrap();
    workspace.grants(&["chat:write", "groups:history", "im:history", "im:write"]);
    let sentence = channel.probe().await.unwrap_err();
    assert!(
        sentence.starts_with(
            "The Slack app lacks the permissions channels:history, chat:write.public, so that "
        ),
        "{sentence}"
    );
    assert!(sentence.contains("OAuth & Permissions"), "{sentence}");
}

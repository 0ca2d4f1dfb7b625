//! What each refusal of Slack means.

use oyez::domain::delivery::{Class, Outcome};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{CHANNEL, bench, letter};
use crate::support::slack::TOKEN;

async fn answered(answer: ResponseTemplate) -> Outcome {
    let (workspace, channel) = bench().await;
    workspace.answers("chat.postMessage", answer);
    let outcome = channel.send(&letter(&*channel, CHANNEL).outgoing()).await;
    let sentence = &outcome.sentence;
    assert!(
        sentence.ends_with('.') || sentence.ends_with("oyez template check"),
        "{sentence}"
    );
    assert!(!format!("{outcome:?}").contains(TOKEN));
    assert!(outcome.provider_id.is_none());
    outcome
}

async fn refused(body: &Value) -> Outcome {
    answered(ResponseTemplate::new(200).set_body_json(body)).await
}

#[tokio::test]
async fn each_error_of_slack_has_its_class_and_a_way_out() {
    use Class::{
        BadConfiguration, BadDestination, BadPayload, Refused, RemoteTemporary, Throttled,
        Uncertain,
    };
    for (errors, class, says) in [
        (
            "invalid_auth not_authed account_inactive token_revoked token_expired",
            BadConfiguration,
            "Copy the bot token of the app again",
        ),
        ("missing_scope", BadConfiguration, "Add it on the page"),
        ("not_allowed_token_type", BadConfiguration, "xoxb-"),
        (
            "team_access_not_granted access_denied ekm_access_denied no_permission",
            BadConfiguration,
            "Ask them to allow it",
        ),
        ("messages_tab_disabled", BadConfiguration, "App Home"),
        ("channel_not_found", BadDestination, "Invite the app there"),
        ("not_in_channel", BadDestination, "/invite"),
        ("is_archived", BadDestination, "Open it again"),
        ("user_not_found user_disabled", BadDestination, "member id"),
        (
            "restricted_action restricted_action_read_only_channel",
            Refused,
            "may not post",
        ),
        ("cannot_dm_bot", BadDestination, "Put a person or a channel"),
        (
            "invalid_blocks invalid_blocks_format no_text invalid_arg_name invalid_arguments \
             invalid_metadata_format",
            BadPayload,
            "oyez template check",
        ),
        ("msg_too_long msg_blocks_too_long", BadPayload, "Shorten it"),
        (
            "ratelimited rate_limited",
            Throttled { after_ms: None },
            "slower",
        ),
        ("internal_error fatal_error", Uncertain, "Look there before"),
        (
            "request_timeout service_unavailable team_added_to_org",
            RemoteTemporary,
            "cannot take the message just now",
        ),
        ("a_new_error", RemoteTemporary, "says a_new_error"),
    ] {
        for error in errors.split_whitespace() {
            let outcome = refused(&json!({ "ok": false, "error": error })).await;
            assert_eq!(outcome.class, class, "{error}: {}", outcome.sentence);
            assert!(
                outcome.sentence.contains(says),
                "{error}: {}",
                outcome.sentence
            );
            assert!(outcome.reply.contains(error), "{}", outcome.reply);
        }
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let body = json!({ "ok": false, "error": "missing_scope", "needed": "chat:write",
        "provided": "commands" });
    let outcome = refused(&body).await;
    assert!(
        outcome.sentence.contains("the permission chat:write."),
        "{}",
        outcome.sentence
    );
}

#[tokio::test]
async fn what_is_no_name_is_not_repeated() {
    let long = "x".repeat(200);
    for odd in ["", "<b>Oops</b>", "error with words", long.as_str()] {
        let body = json!({ "ok": false, "error": odd, "needed": odd });
        let outcome = refused(&body).await;
        assert_eq!(outcome.class, Class::RemoteTemporary);
        assert!(odd.is_empty() || !outcome.sentence.contains(odd));
        let body = json!({ "ok": false, "error": "missing_scope", "needed": odd });
        let outcome = refused(&body).await;
        assert!(outcome.sentence.contains("lacks a permission."), "{odd}");
    }
    let outcome = refused(&json!({ "ok": false })).await;
    assert_eq!(outcome.class, Class::RemoteTemporary);
}

#[tokio::test]
async fn an_answer_that_is_none_leaves_the_message_in_doubt() {
    for body in [
        "",
        "ok",
        "[]",
        "{",
        "{\"ok\":\"yes\"}",
        "{\"ok\":true}",
        "null",
    ] {
        let outcome = answered(ResponseTemplate::new(200).set_body_string(body)).await;
        assert_eq!(outcome.class, Class::Uncertain, "{body}");
    }
}

#[tokio::test]
async fn a_status_of_its_own_counts_before_the_words() {
    let limited =
        || ResponseTemplate::new(429).set_body_json(json!({ "ok": false, "error": "ratelimited" }));
    let expected = [
        (
            limited().insert_header("retry-after", "7"),
            Class::Throttled {
                after_ms: Some(7_000),
            },
        ),
        (limited(), Class::Throttled { after_ms: None }),
        (
            ResponseTemplate::new(500)
                .set_body_json(json!({ "ok": false, "error": "fatal_error" })),
            Class::Uncertain,
        ),
        (ResponseTemplate::new(503), Class::Uncertain),
        (
            ResponseTemplate::new(403)
                .set_body_json(json!({ "ok": false, "error": "invalid_auth" })),
            Class::BadConfiguration,
        ),
        (
            ResponseTemplate::new(502).set_body_raw("<html>Bad gateway</html>", "text/html"),
            Class::Uncertain,
        ),
        (
            ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html"),
            Class::BadConfiguration,
        ),
    ];
    for (answer, class) in expected {
        let shown = format!("{answer:?}");
        assert_eq!(answered(answer).await.class, class, "{shown}");
    }
}

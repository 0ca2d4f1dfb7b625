//! What Teams, Slack and signed webhooks have of their own.

use oyez::domain::delivery::Class;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    channels::{Letter, build, lines, live, stanza, with},
    stand_in::{answering, requests},
};

const KEY: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OLD_KEY: &str = "whsec_HxQVFhcYGRobHB0eHwABAgMEBQYHCAkKCwwNDg8QERI=";

#[test]
fn a_card_stands_in_the_envelope_that_workflows_take() {
    let channel = live("teams_workflow", stanza("teams_workflow"));
    let address = channel
        .check_address(
            "https://a1.b2.environment.api.powerplatform.com:443/powerautomate/invoke?sig=x",
        )
        .unwrap();
    let letter = Letter::new(
        address,
        &[
            (
                "card",
                r#"{"type":"AdaptiveCard","version":"1.5","body":[]}"#,
            ),
            ("summary", "Sign-in fails"),
        ],
    );
    let wire: Value =
        serde_json::from_slice(&channel.wire(&letter.outgoing()).unwrap().bytes).unwrap();
    assert_eq!(
        wire,
        json!({
            "type": "message",
            "summary": "Sign-in fails",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {"type": "AdaptiveCard", "version": "1.5", "body": [], "fallbackText": "Sign-in fails"},
            }],
        })
    );
}

#[tokio::test]
async fn a_card_that_is_too_big_is_not_sent() {
    let server = answering(ResponseTemplate::new(202)).await;
    let channel = live("teams_workflow", stanza("teams_workflow"));
    let address = channel.check_address(&server.uri()).unwrap();
    let card = json!({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "x".repeat(28 * 1024)}]});
    let letter = Letter::new(address, &[("card", &card.to_string()), ("summary", "s")]);
    let outcome = channel.send(&letter.outgoing()).await;
    assert_eq!(outcome.class, Class::BadPayload);
    assert!(
        outcome.sentence.contains("Teams takes 28672"),
        "{}",
        outcome.sentence
    );
    assert!(requests(&server).await.is_empty());
}

#[test]
fn a_card_of_the_largest_size_fits_with_its_envelope() {
    let channel = live("teams_workflow", stanza("teams_workflow"));
    let address = channel.check_address("https://a.example/x").unwrap();
    let most = |name: &str| {
        channel
            .parts()
            .iter()
            .find(|part| part.name == name)
            .unwrap()
            .max_bytes
    };
    let frame = r#"{"type":"AdaptiveCard","body":[{"text":""}]}"#;
    let card = frame.replace(
        "\"\"",
        &format!("\"{}\"", "x".repeat(most("card") - frame.len())),
    );
    let summary = "s".repeat(most("summary"));
    let letter = Letter::new(address, &[("card", &card), ("summary", &summary)]);
    channel.wire(&letter.outgoing()).expect("it fits");
}

#[test]
fn addresses_of_retired_connectors_and_of_other_services_are_refused_with_the_way_out() {
    let teams = live("teams_workflow", stanza("teams_workflow"));
    for address in [
        "https://northshire.webhook.office.com/webhookb2/x",
        "https://outlook.office.com/webhook/x",
        "https://outlook.office365.com/webhook/x",
    ] {
        let sentence = teams.check_address(address).unwrap_err();
        assert!(sentence.contains("Workflows"), "{sentence}");
    }
    assert!(
        teams
            .check_address("https://hooks.slack.com/services/x")
            .unwrap_err()
            .contains("slack_webhook")
    );
    let slack = live("slack_webhook", stanza("slack_webhook"));
    assert!(
        slack
            .check_address("https://example.org/services/x")
            .unwrap_err()
            .contains("https://hooks.slack.com/")
    );
    assert!(
        slack
            .check_address("https://hooks.slack.com/services/x")
            .is_ok()
    );
    assert!(
        slack
            .check_address("https://hooks.slack-gov.com/services/x")
            .is_ok()
    );
}

#[tokio::test]
async fn slack_says_in_words_what_it_means() {
    for (status, body, expected) in [
        (200, "ok", Class::Accepted),
        (200, "OK?", Class::RemoteTemporary),
        (400, "invalid_payload", Class::BadPayload),
        (400, "invalid_blocks", Class::BadPayload),
        (400, "no_text", Class::BadPayload),
        (400, "user_not_found", Class::BadDestination),
        (403, "action_prohibited", Class::BadConfiguration),
        (403, "invalid_token", Class::BadConfiguration),
        (403, "team_disabled", Class::BadDestination),
        (404, "channel_not_found", Class::BadDestination),
        (404, "no_service", Class::BadDestination),
        (410, "channel_is_archived", Class::BadDestination),
        (500, "rollup_error", Class::RemoteTemporary),
        (500, "", Class::Uncertain),
    ] {
        let server = answering(ResponseTemplate::new(status).set_body_string(body)).await;
        let channel = live("slack_webhook", stanza("slack_webhook"));
        let address = channel.check_address(&server.uri()).unwrap();
        let letter = Letter::new(address, &[("text", "t"), ("blocks", "[]")]);
        let outcome = channel.send(&letter.outgoing()).await;
        assert_eq!(
            outcome.class, expected,
            "{status} {body}: {}",
            outcome.sentence
        );
    }
}

#[test]
fn slack_gets_no_more_blocks_than_it_takes() {
    let channel = live("slack_webhook", stanza("slack_webhook"));
    let address = channel
        .check_address("https://hooks.slack.com/services/x")
        .unwrap();
    for (count, fits) in [(50, true), (51, false)] {
        let blocks = json!(vec![json!({"type": "divider"}); count]).to_string();
        let letter = Letter::new(address.clone(), &[("text", "t"), ("blocks", &blocks)]);
        assert_eq!(channel.wire(&letter.outgoing()).is_ok(), fits, "{count}");
    }
}

#[tokio::test]
async fn a_receiver_can_check_the_signature_with_the_new_key_and_with_the_old() {
    let server = answering(ResponseTemplate::new(200)).await;
    let keys = format!("signing_key = \"{KEY}\"\nprevious_signing_key = \"{OLD_KEY}\"\n");
    let channel = live("webhook", with("webhook", &keys));
    let address = channel.check_address(&server.uri()).unwrap();
    let letter = Letter::new(
        address,
        &[("body", r#"{"reason":"{reason}","text":"é \u00e9"}"#)],
    );
    assert_eq!(
        channel.send(&letter.outgoing()).await.class,
        Class::Accepted
    );
    let asked = requests(&server).await;
    let header = |name: &str| asked[0].headers[name].to_str().unwrap();
    assert_eq!(header("webhook-id"), letter.delivery);
    let time = crate::support::channels::now().timestamp();
    assert_eq!(header("webhook-timestamp"), time.to_string());
    for key in [KEY, OLD_KEY] {
        let receiver = standardwebhooks::Webhook::new(key).unwrap();
        let signature = receiver
            .sign(header("webhook-id"), time, &asked[0].body)
            .unwrap();
        assert!(
            header("webhook-signature")
                .split(' ')
                .any(|one| one == signature)
        );
    }
    let stranger =
        standardwebhooks::Webhook::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            .unwrap();
    let signature = stranger
        .sign(header("webhook-id"), time, &asked[0].body)
        .unwrap();
    assert!(!header("webhook-signature").contains(&signature));
}

#[test]
fn keys_that_sign_badly_are_refused_without_being_shown() {
    for key in ["hunter2hunter2hunter2!", "whsec_aHVudGVyMg=="] {
        let keys = format!("signing_key = \"{key}\"\n");
        let faults = lines(&build("webhook", with("webhook", &keys)).unwrap_err());
        assert!(
            faults.contains("channels.webhook.signing_key must"),
            "{faults}"
        );
        assert!(!faults.contains(key), "{faults}");
    }
}

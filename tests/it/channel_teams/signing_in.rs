//! The bot's token.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures_util::future::join_all;
use oyez::domain::delivery::Class;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{APP, CHANNEL, CHAT, Microsoft, PERSON, SECRET, error};

#[tokio::test]
async fn the_bot_signs_in_with_its_secret_for_the_connector() {
    let microsoft = Microsoft::start().await;
    let found = microsoft.bot.probe().await;
    assert_eq!(found.as_deref(), Ok("Microsoft Entra signs the bot in"));
    assert!(microsoft.calls().await.is_empty());
    let [asked]: [_; 1] = microsoft.sign_ins().await.try_into().unwrap();
    assert_eq!(
        asked.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    // Read by the rules of a form.
    let form = format!(
        "http://form.example/?{}",
        String::from_utf8(asked.body).unwrap()
    );
    let form = reqwest::Url::parse(&form).unwrap();
    let form: BTreeMap<String, String> = form.query_pairs().into_owned().collect();
    let expected = [
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", SECRET),
        ("scope", "https://api.botframework.com/.default"),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(form, BTreeMap::from(expected));
}

#[tokio::test]
async fn a_token_is_kept_and_renewed_five_minutes_early() {
    let microsoft = Microsoft::start().await;
    microsoft.send_to(CHAT).await;
    microsoft.clock.advance(TimeDelta::seconds(3_298));
    microsoft.send_to(CHAT).await;
    assert_eq!(microsoft.sign_ins().await.len(), 1);
    microsoft.clock.advance(TimeDelta::seconds(1));
    microsoft.send_to(CHAT).await;
    assert_eq!(microsoft.sign_ins().await.len(), 2);
}

#[tokio::test]
async fn a_token_is_used_to_its_end_when_there_is_no_new_one() {
    let microsoft = Microsoft::start().await;
    microsoft.send_to(CHAT).await;
    microsoft.entra_answers(ResponseTemplate::new(503));
    microsoft.clock.advance(TimeDelta::seconds(3_598));
    assert_eq!(microsoft.send_to(CHAT).await.class, Class::Delivered);
    microsoft.clock.advance(TimeDelta::seconds(1));
    assert_eq!(microsoft.send_to(CHAT).await.class, Class::RemoteTemporary);
    assert_eq!(microsoft.calls().await.len(), 2);
}

#[tokio::test]
async fn many_at_once_sign_in_once_and_share_a_failure() {
    let microsoft = Microsoft::start().await;
    microsoft.entra_answers(ResponseTemplate::new(500));
    let all = join_all((0..10).map(|_| microsoft.send_to(CHAT))).await;
    assert!(
        all.iter()
            .all(|outcome| outcome.class == Class::RemoteTemporary)
    );
    assert_eq!(microsoft.sign_ins().await.len(), 1);

    *microsoft.entra.lock().unwrap() = None;
    let all = join_all((0..10).map(|_| microsoft.send_to(CHAT))).await;
    assert!(all.iter().all(|outcome| outcome.class == Class::Delivered));
    assert_eq!(microsoft.sign_ins().await.len(), 2);
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_renewed_once() {
    let refused = || error(401, "Unauthorized", "Authorization has been denied");
    for address in [CHANNEL, CHAT, PERSON] {
        let microsoft = Microsoft::start().await;
        microsoft.teams_answers([refused()]);
        assert_eq!(microsoft.send_to(address).await.class, Class::Delivered);
        assert_eq!(microsoft.sign_ins().await.len(), 2);

        microsoft.teams_answers([refused(), refused()]);
        let outcome = microsoft.send_to(address).await;
        assert_eq!(outcome.class, Class::BadConfiguration);
        assert!(outcome.sentence.contains("app_id"), "{}", outcome.sentence);
        assert_eq!(microsoft.sign_ins().await.len(), 3);
    }
}

#[tokio::test]
async fn each_refusal_of_entra_says_what_to_correct() {
    for (status, code, says) in [
        (401, 7_000_215, "the value, not the id"),
        (401, 7_000_222, "has run out"),
        (400, 700_016, "does not find the app in this tenant"),
        (400, 90_002, "Correct tenant"),
        (400, 1_002_012, "AADSTS1002012"),
    ] {
        let microsoft = Microsoft::start().await;
        let answer = json!({ "error": "invalid_client", "error_codes": [code],
            "error_description": format!("AADSTS{code}: refused {SECRET} for app '{APP}'") });
        microsoft.entra_answers(ResponseTemplate::new(status).set_body_json(answer));
        let outcome = microsoft.send_to(CHAT).await;
        assert_eq!(outcome.class, Class::BadConfiguration, "{code}");
        assert_eq!(outcome.code, Some(status));
        assert!(
            outcome.sentence.contains(says),
            "{code}: {}",
            outcome.sentence
        );
        assert!(!outcome.reply.contains("hunter2"), "{}", outcome.reply);
        assert_eq!(microsoft.bot.probe().await, Err(outcome.sentence));
        assert!(microsoft.calls().await.is_empty());
    }
}

#[tokio::test]
async fn entra_may_be_busy_broken_or_somebody_else() {
    let status = ResponseTemplate::new;
    let wait = Class::Throttled {
        after_ms: Some(30_000),
    };
    let halves = json!({ "access_token": "token-that-never-ends" });
    for (answer, class) in [
        (status(429).insert_header("retry-after", "30"), wait),
        (status(500), Class::RemoteTemporary),
        (status(503), Class::RemoteTemporary),
        (status(200).set_body_string("{}"), Class::RemoteTemporary),
        (status(200).set_body_json(halves), Class::RemoteTemporary),
        (
            status(200).set_body_string("<html>Sign in"),
            Class::BadConfiguration,
        ),
        (
            status(302).insert_header("location", "/elsewhere"),
            Class::BadConfiguration,
        ),
        (status(404), Class::BadConfiguration),
        (status(400).set_body_string("no"), Class::BadConfiguration),
    ] {
        let microsoft = Microsoft::start().await;
        microsoft.entra_answers(answer);
        let outcome = microsoft.send_to(CHAT).await;
        assert_eq!(outcome.class, class, "{outcome:?}");
        assert!(
            outcome.sentence.starts_with("Microsoft Entra")
                || outcome.sentence.contains("login_url")
                || outcome.sentence.contains("proxy"),
            "{}",
            outcome.sentence
        );
        assert!(!outcome.reply.contains("token-that"), "{}", outcome.reply);
        assert!(microsoft.calls().await.is_empty());
    }
}

//! Keys that change, and a key server that is away.

use futures_util::{FutureExt, future::join_all};
use serde_json::json;

use super::connector::{Answers, Connector, OTHER, OURS, published};
use crate::web::teams::{keys::NoKey, token::Reason};

/// A fetch asks for the metadata, and then for the keys.
const FETCH: usize = 2;

const UNKNOWN: Reason = Reason::Key(NoKey::Unknown);
const UNREACHABLE: Reason = Reason::Key(NoKey::Unreachable);

#[tokio::test]
async fn keys_are_kept_for_a_day() {
    let connector = Connector::start().await;
    assert!(connector.call("one", &OURS).await.is_ok());
    connector.advance(24 * 60 - 1);
    assert!(connector.call("one", &OURS).await.is_ok());
    assert_eq!(connector.asked().await, FETCH);
    connector.advance(1);
    assert!(connector.call("one", &OURS).await.is_ok());
    assert_eq!(connector.asked().await, 2 * FETCH);
}

#[tokio::test]
async fn a_new_key_is_learnt_and_one_that_is_gone_is_forgotten() {
    let connector = Connector::start().await;
    assert!(connector.call("one", &OURS).await.is_ok());
    connector.answers(Answers::Keys(vec![published("two", &OTHER)]));
    connector.advance(5);
    assert!(
        connector.call("one", &OURS).await.is_ok(),
        "nobody asked yet"
    );
    assert!(connector.call("two", &OTHER).await.is_ok());
    assert_eq!(connector.call("one", &OURS).await, Err(UNKNOWN));
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_at_most_once_in_five_minutes() {
    let connector = Connector::start().await;
    for minute in 0..10 {
        for _ in 0..5 {
            assert_eq!(connector.call("forged", &OTHER).await, Err(UNKNOWN));
        }
        let fetches = 1 + minute / 5;
        assert_eq!(connector.asked().await, fetches * FETCH, "minute {minute}");
        connector.advance(1);
    }
    assert!(connector.call("one", &OURS).await.is_ok());
}

#[tokio::test]
async fn while_the_key_server_is_away_a_known_key_passes_and_an_unknown_one_does_not() {
    let connector = Connector::start().await;
    assert!(connector.call("one", &OURS).await.is_ok());
    connector.answers(Answers::Status(503));
    connector.advance(60);
    assert_eq!(connector.call("two", &OTHER).await, Err(UNREACHABLE));
    assert_eq!(connector.call("two", &OTHER).await, Err(UNKNOWN));
    assert!(connector.call("one", &OURS).await.is_ok());
    connector.advance(23 * 60 - 1);
    assert!(connector.call("one", &OURS).await.is_ok());
    // A day old: it might have been withdrawn.
    connector.advance(1);
    assert_eq!(connector.call("one", &OURS).await, Err(UNREACHABLE));

    connector.answers(Answers::Keys(vec![published("one", &OURS)]));
    connector.advance(1);
    assert!(connector.call("one", &OURS).await.is_ok());
}

#[tokio::test]
async fn without_any_key_the_server_is_asked_again_after_half_a_minute_and_not_before() {
    let connector = Connector::start().await;
    connector.answers(Answers::Status(500));
    for _ in 0..3 {
        assert_eq!(connector.call("one", &OURS).await, Err(UNREACHABLE));
    }
    assert_eq!(connector.asked().await, 1);
    connector.answers(Answers::Keys(vec![published("one", &OURS)]));
    assert_eq!(connector.call("one", &OURS).await, Err(UNREACHABLE));
    connector.clock.advance(chrono::TimeDelta::seconds(30));
    assert!(connector.call("one", &OURS).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_no_list_of_keys_replaces_nothing() {
    let connector = Connector::start().await;
    assert!(connector.call("one", &OURS).await.is_ok());
    let small = json!({ "kty": "EC", "kid": "one", "crv": "P-256", "x": "AA", "y": "AA" });
    for answer in [
        Answers::Keys(vec![]),
        Answers::Keys(vec![small]),
        Answers::Keys(vec![json!("one")]),
        Answers::Keys(vec![
            json!({ "kty": "RSA", "kid": "one", "n": "!", "e": "AQAB" }),
        ]),
    ] {
        connector.answers(answer);
        connector.advance(5);
        assert_eq!(connector.call("two", &OTHER).await, Err(UNREACHABLE));
        assert!(connector.call("one", &OURS).await.is_ok());
    }
}

#[tokio::test]
async fn many_calls_at_once_fetch_once() {
    let connector = Connector::start().await;
    let calls = (0..20).map(|_| connector.call("one", &OURS));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(connector.asked().await, FETCH);
}

#[tokio::test]
async fn who_hangs_up_does_not_stop_the_fetch() {
    let connector = Connector::start().await;
    let hung_up = connector.keys.find("one").now_or_never();
    assert!(hung_up.is_none(), "it was still asking");
    assert!(connector.call("one", &OURS).await.is_ok());
    assert_eq!(connector.asked().await, FETCH);
}

#[test]
fn an_address_that_must_not_be_called_is_refused_at_the_start() {
    let http = crate::http_client::HttpClient::idle(&[]).unwrap();
    let clock = std::sync::Arc::new(crate::clock::SystemClock::new());
    let keys = crate::web::teams::keys::Keys::new(http, clock, "http://login.example/keys");
    assert!(keys.unwrap_err().contains("https://"));
}

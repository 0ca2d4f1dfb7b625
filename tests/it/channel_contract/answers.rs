//! What each answer of a provider, or none, means on every channel.

use chrono::TimeDelta;
use oyez::domain::delivery::{Class, Look};
use wiremock::ResponseTemplate;

use super::{Bench, bench, bench_at, each, http_channels};
use crate::support::{
    channels::now,
    stand_in::{answering, requests},
};

#[tokio::test]
async fn an_accepted_message_went_out_once_as_it_is_on_the_wire() {
    for name in http_channels() {
        let server = wiremock::MockServer::start().await;
        let bench = bench(&name, &server.uri());
        wiremock::Mock::given(wiremock::matchers::method("POST"))
            .respond_with(bench.accepts.clone())
            .mount(&server)
            .await;
        let outcome = bench.send().await;
        assert!(outcome.class.is_success(), "{name}: {outcome:?}");
        let asked = requests(&server).await;
        assert_eq!(asked.len(), 1, "{name}");
        let wire = bench
            .channel
            .wire(&bench.letter.outgoing())
            .expect("a wire form");
        assert_eq!(asked[0].body, wire.bytes, "{name}");
        assert!(
            asked[0].headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("application/json")
        );
        let body = String::from_utf8(wire.bytes).unwrap();
        assert!(
            body.contains("service owner of Register trainees"),
            "{name}: {body}"
        );
        assert!(
            !body.contains('\u{E000}'),
            "{name} leaves the mark in: {body}"
        );
    }
}

#[tokio::test]
async fn a_repeat_has_the_bytes_of_the_first_try_whenever_it_goes() {
    for name in http_channels() {
        let server = answering(ResponseTemplate::new(500)).await;
        bench(&name, &server.uri()).send().await;
        let later = now() + TimeDelta::hours(1);
        bench_at(&name, &server.uri(), later).send().await;
        let asked = requests(&server).await;
        assert_eq!(asked[0].body, asked[1].body, "{name}");
    }
}

#[tokio::test]
async fn every_status_has_its_state_on_every_channel() {
    type Expected = fn(&Bench) -> Class;
    let expected: [(u16, Expected); 8] = [
        (301, |_| Class::BadConfiguration),
        (307, |_| Class::BadConfiguration),
        (401, |_| Class::BadConfiguration),
        (403, |_| Class::BadConfiguration),
        (404, Bench::nothing_there),
        (410, Bench::nothing_there),
        (413, |_| Class::BadPayload),
        (429, |_| Class::Throttled { after_ms: None }),
    ];
    for (status, expected) in expected {
        each(ResponseTemplate::new(status), |bench, outcome| {
            assert_eq!(outcome.code, Some(status), "{}", bench.name);
            assert_eq!(outcome.class, expected(bench), "{} at {status}", bench.name);
        })
        .await;
    }
    each(ResponseTemplate::new(400), |bench, outcome| {
        // Which of the two depends on what the provider checks.
        let for_good = [Class::BadPayload, Class::BadDestination];
        assert!(
            for_good.contains(&outcome.class),
            "{}: {outcome:?}",
            bench.name
        );
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_the_provider_is_uncertain_unless_it_knows_repeats() {
    for status in [408, 500, 502, 503, 504] {
        each(ResponseTemplate::new(status), |bench, outcome| {
            assert_eq!(
                outcome.class,
                bench.ambiguous(Some(status)),
                "{} at {status}",
                bench.name
            );
        })
        .await;
    }
}

#[tokio::test]
async fn the_wait_that_a_provider_asks_for_is_read_in_seconds_and_as_a_date() {
    for wait in ["30", "Mon, 23 Nov 2026 13:20:30 GMT"] {
        let answer = ResponseTemplate::new(429).insert_header("retry-after", wait);
        each(answer, |bench, outcome| {
            let expected = Class::Throttled {
                after_ms: Some(30_000),
            };
            assert_eq!(outcome.class, expected, "{}", bench.name);
            assert!(
                outcome.sentence.contains("wait 30 seconds"),
                "{}",
                outcome.sentence
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for name in http_channels() {
        let elsewhere = answering(ResponseTemplate::new(200).set_body_string("ok")).await;
        let answer = ResponseTemplate::new(302).insert_header("location", elsewhere.uri());
        let server = answering(answer).await;
        let bench = bench(&name, &server.uri());
        let outcome = bench.send().await;
        // A gateway that wants people to sign in says nothing about the address.
        assert_eq!(outcome.class, Class::BadConfiguration, "{name}");
        assert!(
            requests(&elsewhere).await.is_empty(),
            "{name} followed the redirect"
        );
    }
}

#[tokio::test]
async fn a_web_page_is_no_acceptance_and_not_the_end_of_an_address() {
    let pages = [
        (200, "<!DOCTYPE html><title>Sign in</title>"),
        (202, "<!DOCTYPE html><title>Sign in</title>"),
        (200, "\u{FEFF}<!doctype HTML><title>Sign in</title>"),
        (200, "\n<!-- gateway --> <!-- 2 -->\n<HTML><body>Sign in"),
        (
            200,
            "\u{FEFF}<?xml version=\"1.0\"?>\n<!DOCTYPE html><html>Sign in",
        ),
        (404, "<html><head><title>404 Not Found</title>"),
        (410, "<!-- a --><html><head><title>Gone</title>"),
    ];
    for (status, page) in pages {
        let answer = ResponseTemplate::new(status).set_body_raw(page, "text/html");
        each(answer, |bench, outcome| {
            assert_eq!(
                outcome.class,
                Class::BadConfiguration,
                "{} at {status}: {page}",
                bench.name
            );
            assert!(outcome.sentence.contains("proxy"), "{}", outcome.sentence);
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_provider_says_is_kept_without_secrets_and_cut() {
    for name in http_channels() {
        let server = wiremock::MockServer::start().await;
        let bench = bench(&name, &server.uri());
        let quoted = format!(
            "no such hook {} for dee.olu@northshire.example {}",
            bench.letter.address.as_str(),
            "x".repeat(100_000)
        );
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(ResponseTemplate::new(404).set_body_string(quoted))
            .mount(&server)
            .await;
        let outcome = bench.send().await;
        assert!(
            !outcome.reply.contains("dee.olu"),
            "{name}: {}",
            outcome.reply
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_down_got_nothing() {
    for name in http_channels() {
        // Bound and let go again, so that nobody listens there.
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let outcome = bench(&name, &format!("http://{free}")).send().await;
        assert_eq!(outcome.class, Class::NotSent, "{name}: {outcome:?}");
        assert!(
            outcome.sentence.contains("could not be reached"),
            "{}",
            outcome.sentence
        );
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_leaves_the_message_in_doubt() {
    for name in http_channels() {
        // It takes connections and bytes and says nothing.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let silent = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                open.push(connection);
            }
        });
        let bench = bench(&name, &format!("http://{address}"));
        if bench.signs_in {
            bench.channel.probe().await.expect("it signs in");
        }
        // The 30 seconds pass at once.
        tokio::time::pause();
        let outcome = bench.send().await;
        tokio::time::resume();
        silent.abort();
        assert_eq!(outcome.class, bench.ambiguous(None), "{name}: {outcome:?}");
        assert!(
            outcome.sentence.contains("did not answer in time"),
            "{}",
            outcome.sentence
        );
    }
}

#[tokio::test]
async fn a_look_that_failed_is_told_as_one_and_not_as_a_message() {
    let mut looked = 0;
    let looks = |name: &String| {
        let bench = bench(name, "http://127.0.0.1:1");
        bench.channel.look_up().is_some()
    };
    for name in http_channels().into_iter().filter(looks) {
        for status in [200, 400, 401, 404, 429, 500] {
            for body in ["{}", r#"{"ok":false,"error":"internal_error"}"#, "what"] {
                let answer = ResponseTemplate::new(status).set_body_string(body);
                let server = answering(answer).await;
                let bench = bench(&name, &server.uri());
                let Some(can) = bench.channel.look_up() else {
                    continue;
                };
                looked += 1;
                let Look::Unknown(outcome) = can.look(&bench.letter.outgoing()).await else {
                    panic!("{name} takes {status} {body} for an answer");
                };
                bench.check(&outcome);
                for of_a_send in [
                    "took the message",
                    "taken the message",
                    "take the message",
                    "accept the message",
                    "post the message",
                    "posted the message",
                    "the message is too long",
                    "before sending it again",
                    "safe to send again",
                    "oyez template check",
                ] {
                    let sentence = &outcome.sentence;
                    assert!(!sentence.contains(of_a_send), "{name} {status}: {sentence}");
                }
            }
        }
    }
    assert!(looked > 0, "no channel looks up");
}

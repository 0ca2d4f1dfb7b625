//! Mail servers that answer in ways of their own: each mail is taken exactly once.

use std::sync::Arc;

use chrono::TimeDelta;
use oyez::{
    app::deliver::{Channels, Engine, Wake},
    clock::ManualClock,
    domain::{
        delivery::{Class, State},
        notification::Moment,
    },
    store::outbox::attempts_of,
};

use super::{channel_with, check, encrypted, plain, send, send_to};
use crate::support::{
    database::databases,
    outbox::{log, notification, say, start, states},
    smtp::{Act, Encryption, Script, SmtpStandIn},
};

const PEOPLE: usize = 3;
const SIGNED_IN: &str = "username = \"dee\"\npassword = \"hunter2!\"\n";

/// Lets the engine send to three people and then go on for hours; gives how each ended, and the
/// server.
async fn delivered(script: &Script, keys: &str) -> Vec<(Vec<State>, SmtpStandIn)> {
    let mut ends = Vec::new();
    for db in databases().await {
        let server = SmtpStandIn::start(script.clone()).await;
        let channel = match script.encryption {
            Encryption::Never => channel_with(&server, &format!("tls = \"none\"\n{keys}")),
            Encryption::Implicit => encrypted(&server, &format!("tls = \"implicit\"\n{keys}")),
            Encryption::Starttls => encrypted(&server, &format!("tls = \"starttls\"\n{keys}")),
        };
        let clock = Arc::new(ManualClock::new(start()));
        let lock = db.store.try_lock_delivery("one").await.unwrap();
        let mut engine = Engine::new(
            db.store.clone(),
            Arc::new(Channels::from([("email".parse().unwrap(), channel)])),
            clock.clone(),
            lock.expect("nobody else delivers"),
            Wake::default(),
        );
        let declared = notification(1, Moment::Declared, PEOPLE, start());
        say(&db.store, &declared, start()).await;
        for minutes in [0, 1, 5, 30, 120, 240] {
            clock.advance(TimeDelta::minutes(minutes));
            engine.settle().await.unwrap();
        }
        ends.push((states(&db.store).await, server));
    }
    ends
}

/// Everybody gets their mail, once, with commands in a row and without.
async fn each_once(script: Script, keys: &str) {
    for script in [script.clone(), script.offering("PIPELINING")] {
        for (states, server) in delivered(&script, keys).await {
            let mut taken: Vec<_> = server.taken().into_iter().map(|mail| mail.to).collect();
            taken.sort();
            let people = (0..PEOPLE).map(|n| vec![format!("person-{n}@northshire.example")]);
            assert_eq!(taken, people.collect::<Vec<_>>(), "{script:?}");
            assert_eq!(states, [State::Accepted; PEOPLE], "{script:?}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_without_a_word_is_sent_once() {
    for said in [
        b"250\r\n".as_slice(),
        b"250 \r\n",
        b"250-ok\r\n250\r\n",
        b"250-\r\n250 \r\n",
    ] {
        each_once(Script::plain().always(".", Act::Bytes(said)), "").await;
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_in_letters_of_any_encoding_is_sent_once() {
    for said in [
        b"250 Message accept\xe9\r\n".as_slice(),
        // "Sent" in GBK, and in UTF-8.
        b"250 \xd2\xd1\xb7\xa2\xcb\xcd\r\n",
        b"250 \xe5\xb7\xb2\xe5\x8f\x91\xe9\x80\x81\r\n",
        b"250 a\0b\x1b[31m\r\n",
    ] {
        each_once(Script::plain().always(".", Act::Bytes(said)), "").await;
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_with_any_2xx_is_sent_once() {
    for said in ["200 ok", "251 ok", "252 ok", "259 ok", "299 ok", "220 ok"] {
        each_once(Script::plain().always(".", Act::Say(said)), "").await;
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_before_the_connection_broke_is_sent_once() {
    for said in [b"250 ok\r\n".as_slice(), b"250 ok", b"250 "] {
        each_once(Script::plain().always(".", Act::BytesAndClose(said)), "").await;
    }
}

#[tokio::test]
async fn lines_that_end_in_their_own_way_are_read() {
    let script = Script::plain()
        .always("greeting", Act::Bytes(b"220-hello\n220 there\n"))
        .always("EHLO", Act::Bytes(b"250-stand-in\n250 8BITMIME\n"))
        .always("MAIL", Act::Bytes(b"250 ok\n"))
        .always("RCPT", Act::Bytes(b"250 ok\r\r\n"))
        .always("DATA", Act::Bytes(b"354 go on\n"))
        .always(".", Act::Bytes(b"250 ok\n"));
    each_once(script, "").await;
    // The rest of a text behind such a line end is no reply to what comes next.
    let script = Script::plain()
        .always("MAIL", Act::Bytes(b"250 ok\nfor you, 250 times\r\n"))
        .always(".", Act::Bytes(b"250 ok\nqueued, with thanks\r\n"));
    each_once(script, "").await;
}

#[tokio::test]
async fn a_server_that_wants_the_message_without_a_word_gets_it() {
    for said in [b"354\r\n".as_slice(), b"354 \r\n", b"354-go\r\n354\r\n"] {
        each_once(Script::plain().always("DATA", Act::Bytes(said)), "").await;
    }
}

#[tokio::test]
async fn a_recipient_who_is_elsewhere_or_unknown_to_the_server_is_one() {
    for said in [
        "250 ok",
        "251 User not local; will forward",
        "252 Cannot VRFY user, but will take the message",
        "252",
    ] {
        each_once(Script::plain().always("RCPT", Act::Say(said)), "").await;
    }
}

#[tokio::test]
async fn a_server_that_asks_for_the_password_without_a_word_gets_it() {
    for (asks, again) in [
        (b"334\r\n".as_slice(), b"334\r\n".as_slice()),
        (b"334 \r\n", b"334 \r\n"),
        (b"334 Username:\r\n", b"334 Password:\r\n"),
        (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"),
        (
            b"334 \xd3\xc3\xbb\xa7\xc3\xfb\r\n",
            b"334 \xc3\xdc\xc2\xeb\r\n",
        ),
    ] {
        // The name, as it is sent, and the answer to it.
        let script = Script::encrypted(Encryption::Implicit)
            .offering("AUTH LOGIN")
            .always("AUTH", Act::Bytes(asks))
            .always("ZGVL", Act::Bytes(again))
            .always("AHVUDGVYMIE=", Act::Say("235 welcome"));
        each_once(script, SIGNED_IN).await;
    }
    for asks in [b"334\r\n".as_slice(), b"334 \r\n"] {
        let script = Script::encrypted(Encryption::Implicit)
            .offering("AUTH PLAIN")
            .always("AUTH", Act::Bytes(asks))
            .always("AGRLZQBODW50ZXIYIQ==", Act::Say("235 welcome"));
        each_once(script, SIGNED_IN).await;
    }
    let token = "username = \"dee\"\ntoken = \"hunter2!\"\n";
    let script = Script::encrypted(Encryption::Implicit)
        .offering("AUTH XOAUTH2")
        .always("AUTH", Act::Bytes(b"334 \r\n"));
    each_once(script, token).await;
}

#[tokio::test]
async fn a_server_that_goes_on_asking_is_not_told_the_password_again() {
    let script = Script::encrypted(Encryption::Implicit)
        .offering("AUTH PLAIN")
        .always("AUTH", Act::Bytes(b"334\r\n"))
        .always("AGRLZQBODW50ZXIYIQ==", Act::Bytes(b"334\r\n"));
    let server = SmtpStandIn::start(script).await;
    let keys = format!("tls = \"implicit\"\n{SIGNED_IN}");
    check(
        &send(&*encrypted(&server, &keys)).await,
        Class::BadConfiguration,
        "did not accept our sign-in",
    );
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn what_a_server_offers_in_letters_of_any_size_is_used() {
    for offers in [
        "250-stand-in\r\n250-auth login\r\n250 pipelining",
        "250-stand-in\r\n250-AUTH=LOGIN\r\n250 Pipelining",
        "250-stand-in\r\n250-Auth Cram-MD5 Login\r\n250",
        "250-stand-in\r\n250-AUTH=LOGIN PLAIN\r\n250 ",
    ] {
        let keys = format!("auth = \"login\"\n{SIGNED_IN}");
        let signs_in = |script: Script| {
            script
                .always("AUTH", Act::Say("334 VXNlcm5hbWU6"))
                .always("ZGVL", Act::Say("334 UGFzc3dvcmQ6"))
                .always("AHVUDGVYMIE=", Act::Say("235 welcome"))
        };
        let script = Script::encrypted(Encryption::Implicit).always("EHLO", Act::Say(offers));
        each_once(signs_in(script), &keys).await;
    }
    let script = Script::encrypted(Encryption::Starttls).always(
        "EHLO",
        Act::Say("250-stand-in\r\n250-Starttls\r\n250 8bitmime"),
    );
    each_once(script, "").await;
}

#[tokio::test]
async fn a_server_that_does_not_know_ehlo_is_greeted_with_helo() {
    for said in [
        "500 Command unrecognized",
        "501 what",
        "502 Command not implemented",
        "502",
        "504 no",
    ] {
        each_once(Script::plain().always("EHLO", Act::Say(said)), "").await;
    }
    each_once(Script::plain().always("EHLO", Act::Bytes(b"250\r\n")), "").await;

    // It offers no encryption, and so gets neither a password nor a mail without.
    let script = Script::plain().always("EHLO", Act::Say("502 Command not implemented"));
    let server = SmtpStandIn::start(script).await;
    let keys = format!("tls = \"starttls\"\n{SIGNED_IN}");
    check(
        &send(&*encrypted(&server, &keys)).await,
        Class::BadConfiguration,
        "offers no STARTTLS on port",
    );
    let secret = |line: &String| line.starts_with("AUTH") || line.starts_with("MAIL");
    assert!(!server.commands().iter().any(secret));

    // What refuses HELO as well refuses us.
    let script = Script::plain()
        .on("EHLO", Act::Say("502 Command not implemented"))
        .on("HELO", Act::Say("554 go away"));
    let (outcome, _server) = send_to(script).await;
    check(
        &outcome,
        Class::BadConfiguration,
        "refuses to talk to us (554)",
    );
}

#[tokio::test]
async fn a_refusal_in_any_encoding_is_one_at_once_with_what_can_be_read_of_it() {
    for (step, said, readable) in [
        (
            ".",
            b"554 refus\xe9 : trop long\r\n".as_slice(),
            "trop long",
        ),
        // "User does not exist" in GBK.
        (
            "RCPT",
            b"550 \xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda (M204)\r\n",
            "(M204)",
        ),
        ("RCPT", b"550\r\n", ""),
        ("RCPT", b"550 \n", ""),
        ("RCPT", b"571 Delivery not authorized\r\n", "(571)"),
        ("DATA", b"554-\r\n554 \xff\r\n", ""),
    ] {
        let script = Script::plain().always(step, Act::Bytes(said));
        let server = SmtpStandIn::start(script).await;
        let outcome = send(&*plain(&server)).await;
        assert_eq!(
            outcome.code,
            Some(if said.starts_with(b"550") { 550 } else { 554 })
        );
        assert!(outcome.reply.contains(readable), "{outcome:?}");
        assert!(server.taken().is_empty());
    }
}

#[tokio::test]
async fn a_line_without_end_and_a_reply_without_end_are_cut_and_cost_no_mail() {
    let long: &'static str = Box::leak(format!("250 {}", "x".repeat(20_000)).into_boxed_str());
    let many = format!("{}250 ok", "250-line\r\n".repeat(2_000));
    let many: &'static str = Box::leak(many.into_boxed_str());
    for said in [long, many] {
        each_once(Script::plain().always(".", Act::Say(said)), "").await;
        each_once(Script::plain().always("EHLO", Act::Say(said)), "").await;
    }
}

#[tokio::test]
async fn what_a_server_said_is_on_the_record_without_what_cannot_be_read() {
    for db in databases().await {
        let script = Script::plain().always(".", Act::Bytes(b"250 accept\xe9 \x1b[31m1234\r\n"));
        let server = SmtpStandIn::start(script).await;
        let clock = Arc::new(ManualClock::new(start()));
        let lock = db.store.try_lock_delivery("one").await.unwrap().unwrap();
        let channels = Channels::from([("email".parse().unwrap(), plain(&server))]);
        let mut engine = Engine::new(
            db.store.clone(),
            Arc::new(channels),
            clock,
            lock,
            Wake::default(),
        );
        say(
            &db.store,
            &notification(1, Moment::Declared, 1, start()),
            start(),
        )
        .await;
        engine.settle().await.unwrap();
        let logged = log(&db.store).await;
        let tries = attempts_of(db.store.read(), &logged[0].id).await.unwrap();
        assert_eq!(tries[0].reply, "accept\u{FFFD}  [31m1234");
    }
}

//! Mail over SMTP: what is sent, and what a person reads when a server misbehaves at each step.

mod connections;
mod refusals;
mod replies;
mod settings;
mod trust;
mod words;

use std::sync::Arc;

use oyez::{
    channels::Channel,
    domain::delivery::{Class, Outcome},
};

use crate::support::{
    channels::{Letter, live, with},
    smtp::{Script, SmtpStandIn},
};

const FROM: &str = "from = \"Incident updates <incidents@northshire.example>\"\n";

/// A channel that sends to the stand-in, with more settings.
fn channel_with(server: &SmtpStandIn, keys: &str) -> Arc<dyn Channel> {
    let keys = format!("host = \"127.0.0.1\"\nport = {}\n{FROM}{keys}", server.port);
    live("email", with("email", &keys))
}

fn plain(server: &SmtpStandIn) -> Arc<dyn Channel> {
    channel_with(server, "tls = \"none\"\n")
}

/// A channel that expects TLS from `localhost`, and trusts the stand-in's authority.
fn encrypted(server: &SmtpStandIn, keys: &str) -> Arc<dyn Channel> {
    let keys = format!(
        "host = \"localhost\"\nport = {}\n{FROM}ca = '''{}'''\n{keys}",
        server.port, server.ca
    );
    live("email", with("email", &keys))
}

fn letter(channel: &dyn Channel) -> Letter {
    let address = channel.check_address("dee.olu@northshire.example").unwrap();
    Letter::new(
        address,
        &[
            (
                "subject",
                "P1 declared: Register trainees: providers cannot sign in (INC-0042)",
            ),
            ("text", "Providers cannot sign in.\n.\n..dots\n\n{reason}\n"),
            ("html", "<p>Providers cannot sign in.</p><p>{reason}</p>"),
        ],
    )
}

async fn send(channel: &dyn Channel) -> Outcome {
    let letter = letter(channel);
    let outcome = channel.send(&letter.outgoing()).await;
    let shown = format!("{outcome:?}");
    assert!(
        !shown.contains("dee.olu"),
        "the address is let out: {shown}"
    );
    assert!(
        !shown.contains("hunter2"),
        "the password is let out: {shown}"
    );
    assert!(outcome.sentence.ends_with('.'), "{}", outcome.sentence);
    outcome
}

async fn send_to(script: Script) -> (Outcome, SmtpStandIn) {
    let server = SmtpStandIn::start(script).await;
    let outcome = send(&*plain(&server)).await;
    (outcome, server)
}

#[track_caller]
fn check(outcome: &Outcome, class: Class, says: &str) {
    assert_eq!(outcome.class, class, "{outcome:?}");
    assert!(
        outcome.sentence.contains(says),
        "{says:?} is not in {:?}",
        outcome.sentence
    );
}

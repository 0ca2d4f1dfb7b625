//! How long the mail of one more recipient takes, when the message has been rendered.
//!
//! Ten thousand mails of one message must not cost more than sending them: the aim is less than
//! 20 µs for a message of 6 KB.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::{collections::BTreeMap, sync::Arc};

use divan::{Bencher, black_box};
use oyez::{
    channels::{self, Built, Channel, ChannelContext, Outgoing},
    clock::ManualClock,
    domain::{Address, Audience, IncidentId, channel::REASON_MARK, notification::Moment},
    http_client::{HttpClient, Limits},
    section::Section,
};

fn main() {
    divan::main();
}

fn channel() -> Arc<dyn Channel> {
    let settings = "host = \"localhost\"\ntls = \"none\"\nfrom = \"Incident updates <incidents@northshire.example>\"\n";
    let context = ChannelContext {
        http: HttpClient::new(&[], Limits::default()).unwrap(),
        clock: Arc::new(ManualClock::new("2026-11-23T13:20:00Z".parse().unwrap())),
        install_secret: "a secret of the benchmark".into(),
    };
    let section = Section::parse("bench.toml", settings).unwrap();
    match channels::build(&"email".parse().unwrap(), section, &context).unwrap() {
        Built::Live(channel) => channel,
        Built::Off(reason) => unreachable!("{reason}"),
    }
}

/// A message of `bytes` bytes of words, a third of them in the text and the rest in the HTML.
fn parts(bytes: usize) -> BTreeMap<String, String> {
    let line = "Training providers have not been able to sign in since 1:20pm — we are looking.\n";
    let words = |bytes: usize| line.repeat(bytes / line.len());
    [
        (
            "subject",
            "P1 declared: Register trainees: providers cannot sign in (INC-0042)".to_owned(),
        ),
        ("text", format!("{}\n{REASON_MARK}\n", words(bytes / 3))),
        (
            "html",
            format!(
                "<html><body><p>{}</p><p>{REASON_MARK}</p></body></html>",
                words(bytes * 2 / 3)
            ),
        ),
    ]
    .map(|(name, words)| (name.to_owned(), words))
    .into()
}

#[divan::bench(args = [6_000, 60_000])]
fn one_more_recipient(bencher: Bencher<'_, '_>, bytes: usize) {
    let channel = channel();
    let parts = parts(bytes);
    bencher.with_inputs(|| Address::new("dee.olu@northshire.example")).bench_values(|address| {
        let outgoing = Outgoing {
            delivery: "01JDM4T9Q0000000000000000D",
            message: "01JDM4T9Q0000000000000000M",
            incident: Some(IncidentId(42)),
            address: &address,
            name: "Dee Olu",
            moment: Moment::Declared,
            audience: Audience::Owners,
            first: false,
            thread: None,
            conversation: None,
            urgent: true,
            parts: &parts,
            reason: "You get this because you are the service owner of Register trainees and this is a P1.",
            ask: None,
            date: "2026-11-23T13:20:00Z".parse().unwrap_or_default(),
        };
        black_box(channel.wire(&outgoing).map(|wire| wire.bytes.len()))
    });
}

//! What every channel keeps to, whoever wrote it.
//!
//! The tests walk `config/default.toml`: a channel is tested from the day its table is there, and
//! fails until `fixtures/channels/<name>.toml` says how to reach a stand-in for its provider.

mod addresses;
mod answers;
mod settings;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use oyez::{
    channels::Channel,
    domain::{
        Time,
        delivery::{Class, Outcome},
    },
};
use serde::Deserialize;
use wiremock::ResponseTemplate;

use crate::support::{
    channels::{Letter, live_at, now, stanzas, with},
    sign_in,
    stand_in::{answering, requests},
};

/// How to reach a stand-in for a channel's provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    address: String,
    accepts: Answer,
    /// Faults by which the provider says that it took nothing.
    #[serde(default)]
    took_nothing: Vec<u16>,
    /// Whether the provider knows a repeat: "recognised" or "shown".
    repeats: String,
    #[serde(default)]
    settings: toml::Table,
    parts: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    body: String,
}

/// A channel that talks to a stand-in, and a letter for it.
struct Bench {
    name: String,
    channel: Arc<dyn Channel>,
    letter: Letter,
    accepts: ResponseTemplate,
    recognised: bool,
    took_nothing: Vec<u16>,
    signs_in: bool,
}

/// A word that stands in each secret of the fixtures.
const SECRET: &str = "s3cr3t";

/// The channels that speak HTTP; mail has a file of its own.
fn http_channels() -> Vec<String> {
    stanzas()
        .into_keys()
        .filter(|name| name != "email")
        .collect()
}

fn bench(name: &str, stand_in: &str) -> Bench {
    bench_at(name, stand_in, now())
}

/// The fixture of a channel whose provider is at this address. Where the channel signs in
/// elsewhere first, a server does that for which everybody is right.
fn fixture(name: &str, stand_in: &str) -> (Fixture, bool) {
    let path = format!(
        "{}/tests/it/fixtures/channels/{name}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut text = std::fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!("a channel needs a fixture: write tests/it/fixtures/channels/{name}.toml")
    });
    text = text.replace("{stand_in}", stand_in);
    let signs_in = text.contains("{sign_in}");
    if signs_in {
        text = text.replace("{sign_in}", sign_in::url());
    }
    (toml::from_str(&text).expect("a fixture"), signs_in)
}

fn bench_at(name: &str, stand_in: &str, now: Time) -> Bench {
    let (fixture, signs_in) = fixture(name, stand_in);
    let settings = with(name, &fixture.settings.to_string());
    let channel = live_at(name, settings, now);
    let address = channel.check_address(&fixture.address).expect("an address");
    let parts: Vec<(&str, &str)> = fixture
        .parts
        .iter()
        .map(|(name, words)| (name.as_str(), words.as_str()))
        .collect();
    Bench {
        name: name.to_owned(),
        letter: Letter::new(address, &parts),
        channel,
        accepts: ResponseTemplate::new(fixture.accepts.status)
            .set_body_string(fixture.accepts.body),
        recognised: fixture.repeats == "recognised",
        took_nothing: fixture.took_nothing,
        signs_in,
    }
}

impl Bench {
    async fn send(&self) -> Outcome {
        let outcome = self.channel.send(&self.letter.outgoing()).await;
        self.check(&outcome);
        outcome
    }

    /// What holds for every outcome.
    fn check(&self, outcome: &Outcome) {
        let name = &self.name;
        let shown = format!("{outcome:?}");
        assert!(!shown.contains(SECRET), "{name} lets a secret out: {shown}");
        assert!(
            !shown.contains("127.0.0.1"),
            "{name} lets the address out: {shown}"
        );
        assert!(outcome.reply.len() <= 4096);
        let sentence = &outcome.sentence;
        assert!(
            sentence.ends_with('.') || sentence.ends_with("oyez template check"),
            "{name}: {sentence}"
        );
        assert!(
            !sentence.contains('!') && !sentence.contains("n't"),
            "{name}: {sentence}"
        );
    }

    /// What it means that there is nothing at the address: whose matter it is depends on whether
    /// the address is the recipient's or the settings'.
    fn nothing_there(&self) -> Class {
        if self.letter.address.as_str().contains("://") {
            Class::BadDestination
        } else {
            Class::BadConfiguration
        }
    }

    /// What a fault of the provider means, or silence, which leaves open whether the message is
    /// out.
    fn ambiguous(&self, status: Option<u16>) -> Class {
        let took_nothing = status.is_some_and(|status| self.took_nothing.contains(&status));
        if self.recognised || took_nothing {
            Class::RemoteTemporary
        } else {
            Class::Uncertain
        }
    }
}

/// Sends through every channel to a stand-in that answers so.
async fn each(answer: ResponseTemplate, check: impl Fn(&Bench, Outcome)) {
    for name in http_channels() {
        let server = answering(answer.clone()).await;
        let bench = bench(&name, &server.uri());
        let outcome = bench.send().await;
        assert!(!requests(&server).await.is_empty(), "{name} asked nothing");
        check(&bench, outcome);
    }
}

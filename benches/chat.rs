//! Commands in chat while a fan-out runs: how long people wait for their answer.
//!
//! The program runs as `oyez serve`, in a process of its own. 10,000 people are told by mail, into
//! Postfix's `smtp-sink`; meanwhile slash commands come in as Slack sends them, 100 a second, each
//! signed: two in five `who`, two in five `status`, one in five `note`, which writes. They come when
//! they come, whether those before are answered or not, and the wait counts from the moment when one
//! should have come. It is the same machine that asks, sends and takes the mails.
//!
//! The bound to hold: 99 of 100 answers within 150 ms, on SQLite and on PostgreSQL (the latter if
//! `OYEZ_TEST_POSTGRES_URL` names a cluster).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads the real clock, and stops when it cannot go on"
)]

#[path = "../tests/support/fan_out.rs"]
mod fan_out;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fan_out::Sink;
use hmac::{Hmac, KeyInit, Mac};
use oyez::{
    domain::{IncidentId, delivery::State},
    store::{
        Store,
        outbox::{counts_of, notifications_of, senders, waiting},
    },
};
use sha2::Sha256;
use tempfile::TempDir;

/// People who are told.
const PEOPLE: usize = 10_000;
/// People who are told of the incident that the commands are about.
const ENGINEERS: usize = 40;
/// Commands in a second.
const RATE: u32 = 100;
/// Fan-outs, one after the other.
const ROUNDS: u32 = 3;
/// Of the speaker, in Slack.
const SPEAKER: &str = "U0PRIYA001";
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    println!("{RATE} commands a second while {PEOPLE} people are told, {ROUNDS} times, in ms");
    println!(
        "{:<12} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "", "commands", "median", "p90", "p99", "slowest", "mails/s"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir_in("target").unwrap();
        let url = format!(
            "sqlite://{}/oyez.db",
            folder.path().canonicalize().unwrap().display()
        );
        measure("SQLite", &url).await;
        if let Ok(cluster) = std::env::var("OYEZ_TEST_POSTGRES_URL") {
            measure("PostgreSQL", &cluster).await;
        }
    });
}

async fn measure(name: &str, url: &str) {
    let place = Place::new(url);
    place.oyez(&["migrate"]);
    place.oyez(&["directory", "import", "--yes", "directory.yaml"]);
    place.oyez(&["rules", "apply", "policy.toml", "--yes"]);
    place.declare("P2", "certificates", "Certificates are late");
    let server = Server::start(&place);
    let store = Store::open(url).await.unwrap();
    let mut waits = Vec::new();
    let mut sending = Duration::ZERO;
    for round in 0..ROUNDS {
        place.declare("P1", "registration", "Nobody can register");
        let begin = Instant::now();
        let mut asked = Vec::new();
        let mut number = 0;
        // Looked at five times a second, and not by counting, which would cost more than it tells.
        while number % (RATE / 5) != 0 || !is_idle(&store).await {
            let due = begin + Duration::from_secs(1) * number / RATE;
            tokio::time::sleep_until(due.into()).await;
            asked.push(tokio::spawn(server.ask(
                due,
                line(number),
                number + round * 1_000_000,
            )));
            number += 1;
            assert!(
                number < 100 * RATE,
                "10,000 mails take more than 100 seconds"
            );
        }
        sending += begin.elapsed();
        assert_eq!(accepted(&store, IncidentId(2 + round)).await, PEOPLE as u64);
        for answer in asked {
            waits.push(answer.await.unwrap());
        }
    }
    waits.sort();
    let at = |part: usize| waits[(waits.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "{name:<12} {:>9} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>9.0}",
        waits.len(),
        at(50),
        at(90),
        at(99),
        at(100),
        PEOPLE as f64 * f64::from(ROUNDS) / sending.as_secs_f64(),
    );
}

fn line(number: u32) -> String {
    match number % 5 {
        0 | 2 => "who INC-0001".to_owned(),
        1 | 3 => "status INC-0001".to_owned(),
        _ => format!("note INC-0001: looked at server {number}"),
    }
}

async fn is_idle(store: &Store) -> bool {
    waiting(store.read(), 1).await.unwrap() == 0 && senders(store.read()).await.unwrap().is_empty()
}

async fn accepted(store: &Store, incident: IncidentId) -> u64 {
    let notifications = notifications_of(store.read(), incident).await.unwrap();
    let standing = counts_of(store.read(), &notifications).await.unwrap();
    let accepted = standing.counts.get(&State::Accepted);
    accepted.copied().unwrap_or_default()
}

/// Where the settings are, and the mail server.
struct Place {
    folder: TempDir,
    sink: Sink,
}

impl Place {
    fn new(url: &str) -> Self {
        let place = Self {
            folder: tempfile::tempdir_in("target").unwrap(),
            sink: Sink::start(None),
        };
        let settings = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n\
             [log]\nlevel = \"warn\"\n\
             [database]\nurl = \"{url}\"\n\
             [slack]\nsecret_signing = \"{SECRET}\"\n\
             [channels.email]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             from = \"Northshire incidents <incidents@northshire.example>\"\n",
            place.sink.port
        );
        for (name, text) in [
            ("oyez.toml", settings),
            ("policy.toml", POLICY.to_owned()),
            ("directory.yaml", directory()),
        ] {
            fs::write(place.folder.path().join(name), text).unwrap();
        }
        place
    }

    fn declare(&self, priority: &str, service: &str, title: &str) {
        self.oyez(&[
            "declare",
            "--yes",
            "--no-wait",
            "--title",
            title,
            "--priority",
            priority,
            "--service",
            service,
        ]);
    }

    fn oyez(&self, arguments: &[&str]) {
        let ended = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{arguments:?}: {said}");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let folder: &Path = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_oyez"));
        command.args(arguments).current_dir(folder);
        command
    }
}

/// `oyez serve`, ended with its owner.
struct Server {
    process: Child,
    base: String,
    http: reqwest::Client,
}

impl Server {
    fn start(place: &Place) -> Self {
        let log = place.folder.path().join("log");
        let mut process = place
            .command(&["serve"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let base = loop {
            let mut line = String::new();
            assert_ne!(
                said.read_line(&mut line).unwrap(),
                0,
                "the server does not start"
            );
            if let Some(base) = line.trim().strip_prefix("Listening on ") {
                break base.to_owned();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut said, &mut File::create(log).unwrap()));
        Self {
            process,
            base,
            http: reqwest::Client::new(),
        }
    }

    /// Sends a command and says how long its answer took from the moment when it was due.
    fn ask(
        &self,
        due: Instant,
        line: String,
        number: u32,
    ) -> impl Future<Output = Duration> + use<> {
        let mut url = reqwest::Url::parse("http://form.example").unwrap();
        url.query_pairs_mut()
            .append_pair("command", "/incident")
            .append_pair("text", &line)
            .append_pair("user_id", SPEAKER)
            .append_pair("channel_id", "C0INCIDENTS")
            .append_pair("trigger_id", &format!("trigger-{number}"))
            .append_pair("response_url", "https://hooks.slack.com/commands/T1/1/x");
        let body = url.query().unwrap().to_owned();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let timestamp = now.as_secs().to_string();
        let request = self
            .http
            .post(format!("{}/slack/commands", self.base))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("X-Slack-Signature", sign(&timestamp, &body))
            .header("X-Slack-Request-Timestamp", timestamp)
            .body(body);
        async move {
            let answer = request.send().await.unwrap().text().await.unwrap();
            // An answer, or that it follows, which Slack is told after two seconds.
            let is_answer = [
                "Told of INC-0001",
                "Certificates are late",
                "looked at server",
                "Working on it",
            ];
            assert!(
                is_answer.iter().any(|it| answer.contains(it)),
                "{line}: {answer}"
            );
            due.elapsed()
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn sign(timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

const POLICY: &str = r#"
organisation = "Northshire Learning Agency"
time_zone = "Europe/London"
outside_hold = "0s"

[working_hours]
days = ["Mon", "Tue", "Wed", "Thu", "Fri"]
from = "09:00"
until = "17:30"

[[priorities]]
id = "P1"
meaning = "most users are affected"
cadence = { every = "1h" }

[[priorities]]
id = "P2"
meaning = "a good part of the users is affected"
cadence = { every = "2h" }

[[rules]]
id = "everyone"
says = "P1 tells everyone"
when = { priority = "P1" }
tell = "group:everyone"
audience = "owners"
by = { all = ["email"] }

[[rules]]
id = "engineers"
says = "Every incident tells tech leads"
when = {}
tell = "role:tech-lead"
audience = "responders"
by = { all = ["email"] }
"#;

fn directory() -> String {
    let mut text = String::from(
        "services:\n  - id: registration\n    name: Registration\n  - id: certificates\n    \
         name: Certificates\npeople:\n  - id: priya-shah\n    name: Priya Shah\n    addresses:\n      \
         - email: priya.shah@northshire.example\n",
    );
    text.push_str(&format!("      - slack: {SPEAKER}\n"));
    let mut all = Vec::new();
    for number in 0..PEOPLE {
        let id = format!("person-{number}");
        text.push_str(&format!(
            "  - id: {id}\n    name: Person {number}\n    email: {id}@northshire.example\n"
        ));
        all.push(id);
    }
    text.push_str(&format!(
        "groups:\n  - id: everyone\n    name: Everyone\n    people: [{}]\nroles:\n",
        all.join(", ")
    ));
    for number in 0..ENGINEERS {
        text.push_str(&format!(
            "  - {{service: certificates, role: tech-lead, person: person-{number}}}\n"
        ));
    }
    text
}

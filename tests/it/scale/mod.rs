//! The main job at the size of a large organisation: one P1 on two services, 10,000 people of whom
//! 2,500 are told, by the program itself through a mail server on loopback.
//!
//! The organisation says by itself who is told and why ([`world`]); what the program answers, what
//! its database holds and what arrived are compared with that and with each other ([`mailbox`]).

mod mailbox;
mod world;

use std::{collections::BTreeMap, process::Command};

use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use crate::support::{
    database::{TestDb, databases},
    smtp::{Script, SmtpStandIn},
};
use mailbox::{Mail, by_reader};
use world::{MATCHED_BUT_NOT_SENT_TO, TOLD, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_p1_reaches_2500_of_10000_people_exactly_once_with_their_reasons() {
    let world = World::new();
    assert_eq!(world.told.len(), TOLD);
    for db in databases().await {
        let server = SmtpStandIn::start(Script::plain().offering("PIPELINING")).await;
        let oyez = Oyez::prepare(&db, &world, server.port);

        let files = World::FILES.map(|name| oyez.path(name));
        let mut import = vec!["directory", "import", "--yes"];
        import.extend(files.iter().map(String::as_str));
        oyez.run(&import).await;

        let p1 = [
            "--priority",
            "P1",
            "--service",
            world::A,
            "--service",
            world::B,
        ];
        let who = oyez.json(&[&["who"], &p1[..]].concat()).await;
        same_people(&who, &world);

        let title = [
            "declare",
            "--yes",
            "--title",
            "Nobody can register or find a course",
        ];
        let declared = oyez.json(&[&title[..], &p1].concat()).await;
        counts_agree(&declared, &who);
        let first = server.taken();

        let resolve = [
            "resolve",
            "INC-0001",
            "You can register and find courses again",
            "--yes",
        ];
        let resolved = oyez.json(&resolve).await;
        counts_agree(&resolved, &who);
        let both = server.taken();
        assert_eq!(both.len(), 2 * TOLD, "mails in the mailbox");

        let events = [&declared, &resolved].map(|receipt| receipt["event"].as_i64().unwrap());
        same_deliveries(&db, &world, events).await;

        let first = by_reader(&first);
        let second = by_reader(&both[TOLD..]);
        for (address, told) in &world.told {
            let (first, second) = (&first[address], &second[address]);
            for mail in [first, second] {
                assert_eq!(mail.name, told.name);
                assert_eq!(mail.reasons, told.printed(), "{address}");
            }
            assert_thread(first, second);
        }
        let ids = first.values().chain(second.values()).map(|mail| &mail.id);
        let ids: std::collections::BTreeSet<_> = ids.collect();
        assert_eq!(ids.len(), 2 * TOLD, "every mail has an id of its own");
    }
}

/// `who` names everyone, once, as the organisation does.
fn same_people(who: &Value, world: &World) {
    let totals = &who["totals"];
    assert_eq!(totals["people"], TOLD);
    assert_eq!(totals["messages"], TOLD);
    assert_eq!(totals["by_channel"], serde_json::json!({ "email": TOLD }));
    let recipients = who["recipients"].as_array().unwrap();
    assert_eq!(recipients.len(), TOLD);
    let found: BTreeMap<&str, &str> = recipients
        .iter()
        .map(|recipient| {
            let deliveries = recipient["deliveries"].as_array().unwrap();
            assert_eq!(deliveries.len(), 1);
            let text = |value: &'_ Value| value.as_str().unwrap_or_default().len();
            assert!(text(&recipient["reasons"][0]["text"]) > 0, "{recipient}");
            (
                deliveries[0]["address"].as_str().unwrap(),
                recipient["audience"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = world
        .told
        .iter()
        .map(|(address, told)| (&**address, told.audience));
    assert_eq!(found, expected.collect());
    for list in ["unreachable", "withheld"] {
        let list = who[list].as_array().unwrap();
        assert_eq!(list.len(), MATCHED_BUT_NOT_SENT_TO / 2);
    }
}

/// What a command says it told, and what was accepted, is what `who` said.
fn counts_agree(receipt: &Value, who: &Value) {
    for count in ["people", "messages", "by_channel"] {
        assert_eq!(receipt[count], who["totals"][count], "{count}");
    }
    let progress = &receipt["progress"];
    assert_eq!(progress["accepted"], who["totals"]["messages"]);
    assert_eq!(progress["total"], who["totals"]["messages"]);
    assert_eq!(progress["not_sent"], MATCHED_BUT_NOT_SENT_TO);
}

/// The database holds one accepted delivery, tried once, for everyone told at each event.
async fn same_deliveries(db: &TestDb, world: &World, events: [i64; 2]) {
    let sql = "SELECT event_seq, state, address, attempts, reason FROM delivery";
    let statement = Statement::from_string(db.store.backend(), sql);
    let rows = db.store.read().query_all_raw(statement).await.unwrap();
    let mut accepted: BTreeMap<i64, BTreeMap<String, String>> = BTreeMap::new();
    let mut not_sent: BTreeMap<i64, usize> = BTreeMap::new();
    for row in rows {
        let (event, state): (i64, String) = (
            row.try_get("", "event_seq").unwrap(),
            row.try_get("", "state").unwrap(),
        );
        if state == "not_sent" {
            *not_sent.entry(event).or_default() += 1;
            continue;
        }
        assert_eq!(state, "accepted");
        assert_eq!(row.try_get::<i64>("", "attempts").unwrap(), 1);
        let twice = accepted.entry(event).or_default().insert(
            row.try_get("", "address").unwrap(),
            row.try_get("", "reason").unwrap(),
        );
        assert_eq!(twice, None, "one delivery for each address and event");
    }
    let expected: BTreeMap<String, String> = world
        .told
        .iter()
        .map(|(address, told)| (address.clone(), told.reason.clone()))
        .collect();
    let expected = events.map(|event| (event, expected.clone()));
    assert_eq!(accepted, BTreeMap::from(expected));
    assert_eq!(
        not_sent,
        BTreeMap::from(events.map(|event| (event, MATCHED_BUT_NOT_SENT_TO)))
    );
}

/// The second mail answers the first.
fn assert_thread(first: &Mail, second: &Mail) {
    let is_end = |mail: &Mail| mail.subject.starts_with("Fixed: ");
    assert!(!is_end(first), "{}", first.subject);
    assert!(is_end(second), "{}", second.subject);
    assert_eq!((&first.answers, &first.follows), (&None, &None));
    assert_eq!(second.answers.as_ref(), Some(&first.id));
    assert_eq!(second.follows.as_ref(), Some(&first.id));
}

/// The program, with settings of its own.
struct Oyez<'a> {
    db: &'a TestDb,
}

impl<'a> Oyez<'a> {
    fn prepare(db: &'a TestDb, world: &World, port: u16) -> Self {
        let oyez = Self { db };
        let settings = format!(
            "[database]\nurl = \"{}\"\n\
             [policy]\nfile = \"policy.toml\"\napply = \"on_change\"\n\
             [channels.email]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             from = \"Incident updates <incidents@northshire.example>\"\n\
             pool = {{ size = 20, mails = 1000 }}\n",
            db.url
        );
        let mut files = world.files.clone();
        files.push(("oyez.toml", settings));
        files.push(("policy.toml", world::POLICY.to_owned()));
        for (name, text) in files {
            std::fs::write(oyez.path(name), text).unwrap();
        }
        oyez
    }

    fn path(&self, name: &str) -> String {
        self.db.folder.path().join(name).display().to_string()
    }

    /// Runs a command that must succeed, and gives back what it printed.
    async fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oyez"));
        command
            .args(["--config", &self.path("oyez.toml")])
            .args(arguments);
        let ended = tokio::task::spawn_blocking(move || command.output());
        let ended = ended.await.unwrap().unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        let complained = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{arguments:?}: {complained}{said}");
        said
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&said).unwrap()
    }
}

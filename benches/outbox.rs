//! Ten thousand deliveries written in one durable transaction: an incident change is answered only
//! after it. Aim on SQLite (`synchronous=FULL`, on disk): under 0.3 s. On PostgreSQL when
//! `OYEZ_TEST_POSTGRES_URL` names a cluster.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone, Utc};
use divan::{Bencher, counter::ItemsCount};
use oyez::{
    domain::{
        Address, Audience, IncidentId, Time,
        delivery::{Grounds, NewDelivery, NewMessage, NewNotification, RecordedReason, ToldPerson},
        notification::Moment,
        situation::RecipientId,
    },
    store::{Store, outbox::enqueue},
};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PEOPLE: usize = 10_000;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 20)]
fn declared_on_sqlite(bencher: Bencher<'_, '_>) {
    let folder = on_disk();
    let url = format!("sqlite://{}/oyez.db", folder.path().display());
    first_words(bencher, &url);
}

#[divan::bench(sample_count = 20)]
fn an_update_behind_waiting_ones_on_sqlite(bencher: Bencher<'_, '_>) {
    let folder = on_disk();
    let url = format!("sqlite://{}/oyez.db", folder.path().display());
    update(bencher, &url);
}

#[divan::bench(sample_count = 20)]
fn declared_on_postgres(bencher: Bencher<'_, '_>) {
    if let Some(url) = postgres() {
        first_words(bencher, &url);
    }
}

#[divan::bench(sample_count = 20)]
fn an_update_behind_waiting_ones_on_postgres(bencher: Bencher<'_, '_>) {
    if let Some(url) = postgres() {
        update(bencher, &url);
    }
}

/// A folder that is not in memory, as the one for temporary files may be.
fn on_disk() -> TempDir {
    tempfile::tempdir_in("target").unwrap()
}

/// Every sample declares another incident.
fn first_words(bencher: Bencher<'_, '_>, url: &str) {
    let runtime = Runtime::new().unwrap();
    let store = open(&runtime, url);
    let mut incident = 0;
    bencher
        .counter(ItemsCount::new(PEOPLE))
        .with_inputs(|| {
            incident += 1;
            notification(incident, 1, Moment::Declared)
        })
        .bench_local_values(|new| runtime.block_on(say(&store, &new)));
}

/// Every sample updates an incident whose declaration and last update still wait.
fn update(bencher: Bencher<'_, '_>, url: &str) {
    let runtime = Runtime::new().unwrap();
    let store = open(&runtime, url);
    let mut incident = 0;
    bencher
        .counter(ItemsCount::new(PEOPLE))
        .with_inputs(|| {
            incident += 1;
            for (seq, moment) in [(1, Moment::Declared), (2, Moment::Update)] {
                runtime.block_on(say(&store, &notification(incident, seq, moment)));
            }
            notification(incident, 3, Moment::Update)
        })
        .bench_local_values(|new| runtime.block_on(say(&store, &new)));
}

async fn say(store: &Store, new: &NewNotification) {
    let tx = store.begin().await.unwrap();
    enqueue(&tx, new, now()).await.unwrap();
    tx.commit().await.unwrap();
}

fn open(runtime: &Runtime, url: &str) -> Store {
    runtime.block_on(async {
        let store = Store::open(url).await.unwrap();
        store.migrate().await.unwrap();
        store
    })
}

/// A new database in the cluster, if there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "the benchmark's own setting, which the program does not have"
)]
fn postgres() -> Option<String> {
    let cluster = std::env::var("OYEZ_TEST_POSTGRES_URL").ok()?;
    let name = format!("oyez_bench_{}", ulid::Ulid::generate()).to_lowercase();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let admin = sea_orm::Database::connect(&cluster).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        admin.execute_unprepared(&create).await.unwrap();
    });
    let (server, _) = cluster.rsplit_once('/')?;
    Some(format!("{server}/{name}"))
}

fn now() -> Time {
    Utc.with_ymd_and_hms(2026, 11, 23, 13, 20, 0).unwrap()
}

fn notification(incident: u32, seq: u32, moment: Moment) -> NewNotification {
    let words = NewMessage {
        moment,
        audience: Audience::Owners,
        channel: "email".parse().unwrap(),
        variant: oyez::domain::variant::Variant::Follows,
        parts: BTreeMap::from([
            ("subject".to_owned(), "Trainees cannot register".to_owned()),
            ("text".to_owned(), "Trainees cannot register. ".repeat(80)),
            (
                "html".to_owned(),
                "<p>Trainees cannot register.</p>".repeat(120),
            ),
        ]),
        fault: None,
    };
    NewNotification {
        incident: Some(IncidentId(incident)),
        event_seq: seq,
        priority: Some("P1".parse().unwrap()),
        rank: 0,
        urgent: true,
        policy_version: Some(1),
        context: "{}".to_owned(),
        messages: vec![words],
        deliveries: (0..PEOPLE).map(delivery).collect(),
        withheld: Vec::new(),
    }
}

fn delivery(number: usize) -> NewDelivery {
    let reason = RecordedReason {
        rule: Some("p1-owners".parse().unwrap()),
        service: Some("register-trainees".parse().unwrap()),
        text: "the service owner of Register trainees".into(),
        grounds: Grounds::default(),
    };
    NewDelivery {
        despite: None,
        awaits_word: false,
        asks: None,
        message: 0,
        address: Address::new(&format!("person-{number}@northshire.example")),
        lane: "smtp:relay".to_owned(),
        recipients: vec![ToldPerson {
            who: RecipientId::Person(format!("person-{number}").parse().unwrap()),
            name: format!("Person {number}").into(),
            reasons: vec![reason],
        }],
        reason: "You get this because you are the service owner of Register trainees.".to_owned(),
        not_before: None,
        deliver_by: now() + TimeDelta::hours(4),
        fallbacks: Vec::new(),
        quick_fallback: false,
    }
}

//! Writing and reading a directory of 100,000 people, on SQLite and, where
//! `OYEZ_TEST_POSTGRES_URL` names a cluster, on PostgreSQL.
//!
//! The bounds to hold: read in under 2 s, written in well under 30 s.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may fail by panicking"
)]

use divan::{AllocProfiler, Bencher};
use oyez::{
    domain::{
        Address, Time,
        directory::{Directory, Person, PersonAddress, RoleHolding},
    },
    store::{Store, directory},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const PEOPLE: usize = 100_000;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn write_sqlite(bencher: Bencher) {
    write(bencher, &|| SQLITE.to_owned());
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn read_sqlite(bencher: Bencher) {
    read(bencher, SQLITE);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn write_postgres(bencher: Bencher) {
    if let Some(cluster) = cluster() {
        write(bencher, &|| cluster.clone());
    }
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn read_postgres(bencher: Bencher) {
    if let Some(cluster) = cluster() {
        read(bencher, &cluster);
    }
}

/// Stands for a new file in a folder of its own.
const SQLITE: &str = "sqlite";

fn write(bencher: Bencher, place: &dyn Fn() -> String) {
    let runtime = Runtime::new().unwrap();
    let directory = large();
    bencher
        .with_inputs(|| runtime.block_on(empty(&place())))
        .bench_local_refs(|(store, _folder)| {
            runtime.block_on(put(store, &directory));
        });
}

fn read(bencher: Bencher, place: &str) {
    let runtime = Runtime::new().unwrap();
    let (store, _folder) = runtime.block_on(empty(place));
    runtime.block_on(put(&store, &large()));
    bencher.bench_local(|| {
        let loaded = runtime.block_on(directory::load(store.read())).unwrap();
        assert_eq!(loaded.directory.people.len(), PEOPLE);
        loaded
    });
}

async fn put(store: &Store, after: &Directory) {
    let now: Time = "2026-11-23T13:20:00Z".parse().unwrap();
    let tx = store.begin().await.unwrap();
    let before = Directory::default();
    let version = directory::replace(&tx, 0, &before, after, now, &mut |_, _| {}).await;
    assert_eq!(version.unwrap(), Some(1));
    tx.commit().await.unwrap();
}

/// A database of its own with tables and nothing in them.
async fn empty(place: &str) -> (Store, TempDir) {
    // Not in the folder for temporary files, which may be in memory.
    let folder = tempfile::tempdir_in("target").unwrap();
    let url = if place == SQLITE {
        format!("sqlite://{}/oyez.db", folder.path().display())
    } else {
        let name = format!("oyez_bench_{}", ulid::Ulid::generate()).to_lowercase();
        let admin = Store::open(place).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        sea_orm::ConnectionTrait::execute_unprepared(admin.write(), &create)
            .await
            .unwrap();
        format!("{}/{name}", place.rsplit_once('/').unwrap().0)
    };
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    (store, folder)
}

fn large() -> Directory {
    let mut directory = Directory::default();
    for n in 0..PEOPLE {
        let address = |channel: &str, text: String| PersonAddress {
            channel: channel.parse().unwrap(),
            address: Address::new(&text),
        };
        let person = Person {
            id: format!("person-{n}").parse().unwrap(),
            name: format!("Person Number {n}"),
            organisation: None,
            addresses: vec![
                address("email", format!("person.{n}@northshire.example")),
                address("notify_sms", format!("07700 9{:05}", n % 100_000)),
            ],
            time_zone: None,
            working_hours: None,
            muted_until: None,
        };
        if n < 8_000 {
            directory.roles.insert(RoleHolding {
                service: format!("service-{}", n / 8).parse().unwrap(),
                role: format!("role-{}", n % 8).parse().unwrap(),
                person: person.id.clone(),
            });
        }
        directory.people.insert(person.id.clone(), person);
    }
    directory
}

#[expect(
    clippy::disallowed_methods,
    reason = "the benchmarks' own setting, which the program does not have"
)]
fn cluster() -> Option<String> {
    std::env::var("OYEZ_TEST_POSTGRES_URL").ok()
}

//! A process that delivers is killed with `kill -9` again and again, and loses nothing.
//!
//! This program is both sides: with `deliver URL PORT` it is the process that delivers, with the
//! real store, engine and mail channel; otherwise it starts that process, kills it at thirty random
//! counts of the mails that Postfix's `smtp-sink` has taken, starts it again each time, and at the
//! end compares what the sink wrote down with what the database says. It is the one test that uses
//! real time, because it needs real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test says what went wrong by failing there; this one uses the real environment"
)]

#[path = "../support/fan_out.rs"]
mod fan_out;

use std::{
    collections::BTreeMap,
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use fan_out::{FanOut, Sink, pause};
use oyez::{
    app::deliver::{Engine, Wake},
    clock::SystemClock,
    store::Store,
};
use rand::RngExt;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tokio::sync::watch;

const PEOPLE: usize = 5_000;
const KILLS: usize = 30;
const CONNECTIONS: usize = 8;
/// The lane's window: twice the connections.
const WINDOW: u64 = 2 * CONNECTIONS as u64;
/// A send that had no answer at the kill is sent again, and so may be one whose outcome waited for
/// the commit: at most the window, and one commit of it.
const MOST_REPEATS: u64 = WINDOW + WINDOW;

const FAN_OUT: FanOut = FanOut {
    people: PEOPLE,
    bytes: 2_000,
    connections: CONNECTIONS,
    per_second: Some(700.0),
};

const ON_SQLITE: &str = "a_killed_process_loses_nothing_on_sqlite";
const ON_POSTGRES: &str = "a_killed_process_loses_nothing_on_postgres";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |argument: &str| arguments.iter().any(|one| one == argument);
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["deliver", url, port] => return deliver(url, port.parse().expect("a port")),
        // What cargo-nextest asks of every test program.
        _ if has("--list") => {
            if !has("--ignored") {
                println!("{ON_SQLITE}: test\n{ON_POSTGRES}: test");
            }
            return;
        }
        _ => {}
    }
    let named = has(ON_SQLITE) || has(ON_POSTGRES);
    let folder = tempfile::tempdir().expect("make a folder");
    // The sink gives up its rights, and writes its file as nobody.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777))
        .expect("open the folder");
    if !named || has(ON_SQLITE) {
        let url = format!("sqlite://{}/oyez.db", folder.path().display());
        kill_again_and_again(ON_SQLITE, &url, &folder.path().join("sqlite.dump"));
    }
    if !named || has(ON_POSTGRES) {
        match postgres() {
            Some(url) => {
                kill_again_and_again(ON_POSTGRES, &url, &folder.path().join("postgres.dump"));
            }
            None => println!("{ON_POSTGRES}: OYEZ_TEST_POSTGRES_URL names no cluster"),
        }
    }
}

/// The process that is killed.
fn deliver(url: &str, port: u16) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(url).await.expect("open the database");
        let token = ulid::Ulid::generate().to_string();
        let lock = loop {
            match store.try_lock_delivery(&token).await {
                Ok(Some(lock)) => break lock,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let clock = Arc::new(SystemClock::new());
        let channels = FAN_OUT.channels(port);
        let engine = Engine::new(store, channels, clock, lock, Wake::default());
        let forever = watch::Sender::new(false);
        engine.run(forever.subscribe()).await;
    });
}

/// The test of one engine.
fn kill_again_and_again(name: &str, url: &str, dump: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sink = Sink::start(Some(dump));
    runtime.block_on(async {
        let store = Store::open(url).await.expect("open the database");
        store.migrate().await.expect("make the tables");
        FAN_OUT.enqueue(&store, &FAN_OUT.channels(sink.port)).await;
    });
    let mut doubts = Vec::new();
    for count in random_counts() {
        let process = start(url, sink.port);
        wait_for("the sink to take more", || sink.mails() >= count);
        kill(process);
        let states = runtime.block_on(states(url));
        let accepted = states.get("accepted").copied().unwrap_or_default();
        let doubt = states.get("sending").copied().unwrap_or_default();
        assert!(
            accepted <= sink.mails(),
            "{accepted} are accepted in the database and the sink has {}",
            sink.mails()
        );
        assert!(
            doubt <= MOST_REPEATS,
            "{doubt} were in doubt after a kill, more than {MOST_REPEATS}"
        );
        doubts.push(doubt);
    }
    let process = start(url, sink.port);
    wait_for("everything to be accepted", || {
        let states = runtime.block_on(states(url));
        states.get("accepted") == Some(&(PEOPLE as u64))
    });
    kill(process);

    let mails = read_dump(dump);
    let recipients = runtime.block_on(accepted_recipients(url));
    assert_eq!(recipients.len(), PEOPLE, "every recipient has one delivery");
    for recipient in &recipients {
        assert!(
            mails.contains_key(recipient),
            "{recipient} is accepted in the database, and the sink has nothing"
        );
    }
    assert_eq!(mails.len(), PEOPLE, "nobody else was written to");
    for (recipient, copies) in &mails {
        assert!(
            copies.iter().all(|copy| *copy == copies[0]),
            "a repeat to {recipient} was not the same mail"
        );
    }
    let repeats: usize = mails.values().map(|copies| copies.len() - 1).sum();
    let in_doubt: u64 = doubts.iter().sum();
    assert!(
        repeats as u64 <= in_doubt,
        "{repeats} repeats, but only {in_doubt} were ever in doubt"
    );
    println!(
        "{name}: {KILLS} kills, {PEOPLE} recipients, 0 lost, {repeats} repeats, {:.1} for each \
         kill; at most {} in doubt after one",
        repeats as f64 / KILLS as f64,
        doubts.iter().max().unwrap_or(&0),
    );
}

/// Thirty different counts in order, the last well before the end.
fn random_counts() -> Vec<u64> {
    let mut random = rand::rng();
    let mut counts = std::collections::BTreeSet::new();
    while counts.len() < KILLS {
        counts.insert(random.random_range(1..PEOPLE as u64 - 100));
    }
    println!("killing at {counts:?}");
    counts.into_iter().collect()
}

fn start(url: &str, port: u16) -> Child {
    let program = std::env::current_exe().expect("this program");
    Command::new(program)
        .args(["deliver", url, &port.to_string()])
        .stdin(Stdio::null())
        .spawn()
        .expect("start the process that delivers")
}

/// `kill -9`.
fn kill(mut process: Child) {
    if let Some(status) = process.try_wait().expect("look at the process") {
        panic!("the process that delivers ended by itself: {status}");
    }
    process.kill().expect("kill the process");
    process.wait().expect("wait for its end");
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    for _ in 0..120_000 {
        if done() {
            return;
        }
        pause(Duration::from_millis(1));
    }
    panic!("waited two minutes for {what}");
}

/// Deliveries per state, asked with plain SQL on a connection of its own.
async fn states(url: &str) -> BTreeMap<String, u64> {
    let rows = ask(
        url,
        "SELECT state, COUNT(*) AS number FROM delivery GROUP BY state",
    )
    .await;
    rows.iter()
        .map(|row| {
            let number: i64 = row.try_get("", "number").unwrap();
            (row.try_get("", "state").unwrap(), number as u64)
        })
        .collect()
}

async fn accepted_recipients(url: &str) -> Vec<String> {
    let rows = ask(url, "SELECT address FROM delivery WHERE state = 'accepted'").await;
    rows.iter()
        .map(|row| row.try_get("", "address").unwrap())
        .collect()
}

async fn ask(url: &str, sql: &str) -> Vec<sea_orm::QueryResult> {
    let db = Database::connect(url).await.expect("connect");
    let engine = db.get_database_backend();
    let rows = db
        .query_all_raw(Statement::from_string(engine, sql))
        .await
        .expect("ask the database");
    db.close().await.expect("close");
    assert!(matches!(engine, DbBackend::Sqlite | DbBackend::Postgres));
    rows
}

/// What the sink wrote down: per recipient, each mail without what the sink added.
fn read_dump(dump: &Path) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(dump).expect("read the sink's file");
    let mut mails: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in text.split("X-Client-Addr: ").skip(1) {
        let recipients: Vec<&str> = mail
            .lines()
            .filter_map(|line| line.strip_prefix("X-Rcpt-Args: <"))
            .filter_map(|line| line.split_once('>'))
            .map(|(address, _)| address)
            .collect();
        let [recipient] = recipients[..] else {
            panic!("a mail has one recipient, this has {recipients:?}");
        };
        let begin = mail.find("\nFrom: ").expect("a mail has a sender");
        mails
            .entry(recipient.to_owned())
            .or_default()
            .push(mail[begin..].trim_end().to_owned());
    }
    mails
}

/// A new database in the cluster, if there is one.
fn postgres() -> Option<String> {
    let cluster = std::env::var("OYEZ_TEST_POSTGRES_URL").ok()?;
    let name = format!("oyez_crash_{}", ulid::Ulid::generate()).to_lowercase();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let admin = Database::connect(&cluster).await.expect("connect");
        let create = format!("CREATE DATABASE {name}");
        admin.execute_unprepared(&create).await.expect("create");
    });
    let (server, _) = cluster.rsplit_once('/')?;
    Some(format!("{server}/{name}"))
}

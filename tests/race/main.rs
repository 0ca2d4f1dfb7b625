//! Commands race with what delivers: two processes send on PostgreSQL while corrections, ends, fallbacks
//! and stops of sending are commanded, and afterwards nobody has wrong words uncorrected, nobody was told
//! twice, nobody was told something older after something newer, and nobody is without the end.
//!
//! This program is all processes: with `deliver …` it is one of the two that deliver, otherwise it starts
//! them, gives the commands and [`judge`]s. What it does follows from a seed. Time runs ten times as
//! fast as on the wall. Four seeds are tests; `race seeds 20` tries twenty others, `race seed 7` that one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test says what went wrong by failing there; this one uses real processes and time"
)]

mod judge;
mod process;
mod world;

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Child, Command as Program, Stdio},
    sync::Arc,
    time::Duration,
};

use oyez::{
    app::{App, Mode, answers::Receipt},
    clock::Clock,
    domain::{
        ChannelName, IncidentId,
        channel::Part,
        command::{Asked, Command, Declare},
        event::{Actor, Door},
        facts::Facts,
        saying::Links,
        situation::Relation,
    },
    render::Renderer,
    store::Store,
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sea_orm::{ConnectionTrait, Database};

use process::{FastClock, channels, deliver};

const NAME: &str = "commands_and_tries_do_not_cross_with_seed_";
const SEEDS: [u64; 4] = [1, 2, 3, 4];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |argument: &str| arguments.iter().any(|one| one == argument);
    let names = SEEDS.map(|seed| format!("{NAME}{seed}"));
    let seeds: Vec<u64> = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["deliver", url, folder, seed, began] => {
            let (seed, began) = (seed.parse().unwrap(), began.parse().unwrap());
            return deliver(url, Path::new(folder), seed, began);
        }
        ["seeds", count] => (100..100 + count.parse::<u64>().expect("a number")).collect(),
        ["seed", seed] => vec![seed.parse().expect("a number")],
        // What cargo-nextest asks of every test program.
        _ if has("--list") => {
            if !has("--ignored") {
                names.iter().for_each(|name| println!("{name}: test"));
            }
            return;
        }
        _ => {
            let named = SEEDS.into_iter().zip(&names);
            let named: Vec<u64> = named
                .filter(|(_, name)| has(name))
                .map(|(seed, _)| seed)
                .collect();
            if named.is_empty() {
                SEEDS.to_vec()
            } else {
                named
            }
        }
    };
    let Ok(cluster) = std::env::var("OYEZ_TEST_POSTGRES_URL") else {
        println!("OYEZ_TEST_POSTGRES_URL names no cluster, so there is no race");
        return;
    };
    for seed in seeds {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(race(&cluster, seed));
    }
}

/// One race.
async fn race(cluster: &str, seed: u64) {
    let folder = tempfile::tempdir().expect("make a folder");
    let url = new_database(cluster).await;
    let clock = FastClock::starting_now();
    let store = Store::open(&url).await.expect("open the database");
    store.migrate().await.expect("make the tables");
    let commander = commander(store, clock.clone(), folder.path(), seed);
    world::put_in_force(&commander).await;

    let mut processes: Vec<Child> = (0..2)
        .map(|_| start(&url, folder.path(), seed, clock.began()))
        .collect();
    let (id, said) = command(&commander, seed).await;
    process::calm(folder.path());
    let moves = wait_for_rest(&url).await;
    for process in &mut processes {
        let running = process.try_wait().expect("look at the process").is_none();
        assert!(running, "a process that delivers ended by itself");
        process.kill().expect("end the process");
        process.wait().expect("wait for its end");
    }
    let summary = judge::judge(&url, folder.path(), id).await;
    println!("seed {seed}: {said} commands, {moves} deliveries, {summary}");
}

fn start(url: &str, folder: &Path, seed: u64, began: i64) -> Child {
    let program = std::env::current_exe().expect("this program");
    Program::new(program)
        .args(["deliver", url])
        .arg(folder)
        .args([seed.to_string(), began.to_string()])
        .stdin(Stdio::null())
        .spawn()
        .expect("start a process that delivers")
}

fn commander(store: Store, clock: FastClock, folder: &Path, seed: u64) -> App {
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let channels = channels(&clock, folder, seed);
    let parts: Vec<(ChannelName, &'static [Part])> = channels
        .iter()
        .map(|(name, channel)| (name.clone(), channel.parts()))
        .collect();
    let (renderer, faults) = Renderer::load(None, &parts);
    let known: BTreeSet<ChannelName> = channels.keys().cloned().collect();
    App::new(
        store,
        clock,
        Arc::new(channels),
        known,
        renderer,
        faults,
        Links::default(),
    )
}

/// Declares an incident, says things about it and ends it, with pauses in which messages leave. Says how
/// many commands were carried out.
async fn command(app: &App, seed: u64) -> (IncidentId, usize) {
    let mut random = StdRng::seed_from_u64(seed);
    let declare = Declare {
        title: "Trainees cannot be registered".to_owned(),
        priority: Some("P1".parse().unwrap()),
        services: [("register-trainees".parse().unwrap(), Relation::Affected)].into(),
        facts: Facts {
            effect: Some("No trainee can be registered.".to_owned()),
            ..Facts::default()
        },
        ..Declare::default()
    };
    let declared = app.declare(asked(declare), Mode::Commit).await.unwrap();
    let id = declared.incident;
    let mut said = vec![declared.event.unwrap()];
    let mut done = 1;
    let mut corrected = BTreeSet::new();
    for round in 0..random.random_range(6..12) {
        pause(&mut random).await;
        let command = match random.random_range(0..10) {
            0..3 => update(&format!("News of round {round}.")),
            3 => Command::NoChange { next_update: None },
            4 => priority("P3", round),
            5 => priority("P1", round),
            6 => Command::CancelSending { event: None },
            _ => {
                let fresh: Vec<u32> = said
                    .iter()
                    .filter(|seq| !corrected.contains(*seq))
                    .copied()
                    .collect();
                let Some(wrong) = fresh.choose(&mut random) else {
                    continue;
                };
                corrected.insert(*wrong);
                correct(*wrong)
            }
        };
        let says = !matches!(command, Command::CancelSending { .. });
        match app.change(id, asked(command), Mode::Commit).await {
            Ok(Receipt { event, .. }) => {
                done += 1;
                said.extend(event.filter(|_| says));
            }
            // There may be nothing left to stop, or the priority is the same.
            Err(error) => assert_eq!(error.kind, oyez::app::ErrorKind::Refused, "{error:?}"),
        }
    }
    pause(&mut random).await;
    let fixed = Command::Resolve {
        text: "The server was restarted.".to_owned(),
        at: None,
        lost: None,
        still_stuck: None,
    };
    let fixed = app.change(id, asked(fixed), Mode::Commit).await.unwrap();
    if random.random_bool(0.6) {
        pause(&mut random).await;
        let wrong = correct(fixed.event.unwrap());
        app.change(id, asked(wrong), Mode::Commit).await.unwrap();
        done += 1;
    }
    (id, done + 1)
}

async fn pause(random: &mut StdRng) {
    let longest = *[5, 40, 400].choose(random).unwrap();
    let pause = Duration::from_millis(random.random_range(0..longest));
    tokio::time::sleep(pause).await;
}

fn update(text: &str) -> Command {
    Command::Update {
        text: text.to_owned(),
        facts: Facts::default(),
        stage: None,
        next_update: None,
    }
}

fn priority(to: &str, round: usize) -> Command {
    Command::Priority {
        to: Some(to.parse().unwrap()),
        factors: BTreeSet::new(),
        why: format!("We counted again in round {round}."),
        override_ceiling: None,
        next_update: None,
    }
}

fn correct(event: u32) -> Command {
    Command::Correct {
        events: [event].into(),
        wrong: "The server".to_owned(),
        right: "The gateway".to_owned(),
        facts: Facts::default(),
        title: None,
        holding_line: None,
    }
}

fn asked<C>(command: C) -> Asked<C> {
    Asked {
        command,
        actor: Actor {
            id: "person:priya-shah".to_owned(),
            person: None,
            name: "Priya Shah".to_owned(),
            door: Door::Cli,
        },
        request_key: ulid::Ulid::generate().to_string(),
        seen_revision: None,
        typed: None,
    }
}

/// Waits until nothing is on its way, and says how many deliveries there are.
async fn wait_for_rest(url: &str) -> u64 {
    for _ in 0..6_000 {
        let count = async |condition: &str| -> u64 {
            let sql = format!("SELECT COUNT(*) AS number FROM delivery WHERE {condition}");
            let rows = judge::ask(url, &sql).await;
            rows[0].try_get::<i64>("", "number").unwrap() as u64
        };
        if count("state IN ('ready', 'sending', 'uncertain')").await == 0 {
            return count("channel <> ''").await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited two minutes for everything to end");
}

/// A new database in the cluster.
async fn new_database(cluster: &str) -> String {
    let name = format!("oyez_race_{}", ulid::Ulid::generate()).to_lowercase();
    let admin = Database::connect(cluster).await.expect("connect");
    let create = format!("CREATE DATABASE {name}");
    admin.execute_unprepared(&create).await.expect("create");
    let (server, _) = cluster.rsplit_once('/').expect("a URL");
    format!("{server}/{name}")
}

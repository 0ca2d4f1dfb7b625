//! Mail from the durable outbox beside a program that does nothing but send.
//!
//! `make bench-email` builds this and runs it: 20,000 mails of 4 kB from an outbox on SQLite
//! (on disk, `synchronous=FULL`) through the delivery engine and the mail channel into Postfix's
//! `smtp-sink`, in turn with `smtp-source -d -s 8` into the same sink. What counts is the median of
//! the ratios of the pairs.
//!
//! Arguments: `MAILS PAIRS`, by default `20000 5`. The outbox lies in `TMPDIR`, or in `target`.

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
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use fan_out::{FanOut, Sink};
use oyez::{
    app::deliver::{Engine, Wake},
    clock::SystemClock,
    domain::delivery::State,
    store::{Store, outbox::counts_of},
};

/// Connections, as `smtp-source` is given.
const CONNECTIONS: usize = 8;
/// Bytes of a mail, as `smtp-source` is given.
const BYTES: usize = 4_096;

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let mails = numbers.first().copied().unwrap_or(20_000);
    let pairs = numbers.get(1).copied().unwrap_or(5);
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    println!("{mails} mails of {BYTES} bytes over {CONNECTIONS} connections, {pairs} pairs");
    println!(
        "{:>4} {:>14} {:>12} {:>8} {:>10} {:>10} {:>12}",
        "pair", "smtp-source/s", "oyez/s", "ratio", "enqueue s", "oyez cpu s", "sink cpu s"
    );
    let sink = Sink::start(None);
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        // Each goes first in every other pair, so that neither always finds the warmer sink.
        let (source, oyez) = if pair % 2 == 1 {
            let source = smtp_source(&sink, mails);
            (source, outbox(&sink, mails))
        } else {
            let oyez = outbox(&sink, mails);
            (smtp_source(&sink, mails), oyez)
        };
        let rate = |time: Duration| mails as f64 / time.as_secs_f64();
        let ratio = rate(oyez.send) / rate(source);
        println!(
            "{pair:>4} {:>14.0} {:>12.0} {ratio:>8.2} {:>10.2} {:>10.2} {:>12.2}",
            rate(source),
            rate(oyez.send),
            oyez.enqueue.as_secs_f64(),
            oyez.cpu,
            oyez.sink_cpu,
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[ratios.len() / 2]);
}

/// How long `smtp-source` takes.
fn smtp_source(sink: &Sink, mails: usize) -> Duration {
    let begin = Instant::now();
    let done = Command::new(fan_out::program("smtp-source"))
        .args(["-d", "-s", &CONNECTIONS.to_string()])
        .args(["-m", &mails.to_string(), "-l", &BYTES.to_string()])
        .args([
            "-f",
            "incidents@northshire.example",
            "-t",
            "person@northshire.example",
        ])
        .arg(sink.address())
        .status()
        .expect("run smtp-source");
    assert!(done.success(), "smtp-source: {done}");
    begin.elapsed()
}

/// What was measured of the outbox.
struct Measured {
    /// Writing the deliveries in one transaction.
    enqueue: Duration,
    /// From the start of the engine until the last outcome is on disk.
    send: Duration,
    /// Processor time of this process meanwhile, seconds.
    cpu: f64,
    /// Processor time of the sink meanwhile, seconds.
    sink_cpu: f64,
}

fn outbox(sink: &Sink, mails: usize) -> Measured {
    let folder = tempfile::Builder::new()
        .prefix("bench-email")
        .tempdir_in(std::env::var_os("TMPDIR").unwrap_or_else(|| "target".into()))
        .expect("a folder on disk");
    let url = format!("sqlite://{}/oyez.db", folder.path().display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        let fan_out = FanOut {
            people: mails,
            bytes: BYTES,
            connections: CONNECTIONS,
            per_second: None,
        };
        let channels = fan_out.channels(sink.port);
        let begin = Instant::now();
        let notifications = [fan_out.enqueue(&store, &channels).await];
        let enqueue = begin.elapsed();
        let lock = store.try_lock_delivery("bench").await.unwrap().unwrap();
        let clock = Arc::new(SystemClock::new());
        let engine = Engine::new(store.clone(), channels, clock, lock, Wake::default());
        let (cpu, sink_cpu) = (cpu_of(std::process::id()), cpu_of(sink.id()));
        let begin = Instant::now();
        engine.drain(&notifications).await.unwrap();
        let measured = Measured {
            enqueue,
            send: begin.elapsed(),
            cpu: cpu_of(std::process::id()) - cpu,
            sink_cpu: cpu_of(sink.id()) - sink_cpu,
        };
        let standing = counts_of(store.read(), &notifications).await.unwrap();
        let counts = standing.counts;
        assert_eq!(counts[&State::Accepted], mails as u64, "{counts:?}");
        measured
    })
}

/// Processor time that a process has used, in seconds.
fn cpu_of(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // Behind the name, which may hold blanks: state, then from the 12th on the times in hundredths.
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return 0.0;
    };
    let fields: Vec<f64> = rest
        .split_whitespace()
        .map(|field| field.parse().unwrap_or_default())
        .collect();
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}

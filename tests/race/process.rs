//! A process that delivers, with a clock that runs fast and two ways out that fail as the seed says.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use oyez::{
    app::deliver::{Channels, Engine, Wake},
    channels::{BoxFuture, Channel, OnUncertain, Outgoing, Pace},
    clock::{Clock, Sleep},
    domain::{
        Address, Time,
        channel::{Format, Part},
        delivery::{Class, Outcome},
    },
    store::Store,
};
use tokio::sync::watch;

/// So many times faster than the machine's.
const FASTER: i32 = 10;
/// In each of these spans of the fast clock a way works or does not.
const SPAN_SECONDS: i64 = 40;

/// A clock that began at an instant of the machine's and runs faster from there.
#[derive(Debug, Clone)]
pub(crate) struct FastClock {
    began: Time,
    /// When this process took it up.
    started: Instant,
}

impl FastClock {
    pub(crate) fn starting_now() -> Self {
        Self::beginning(Utc::now().timestamp_micros())
    }

    fn beginning(micros: i64) -> Self {
        let began = DateTime::from_timestamp_micros(micros).expect("an instant");
        Self {
            began,
            started: Instant::now(),
        }
    }

    /// Microseconds since 1970, for another process with the same clock.
    pub(crate) fn began(&self) -> i64 {
        self.began.timestamp_micros()
    }
}

impl Clock for FastClock {
    fn now(&self) -> Time {
        (self.began + (Utc::now() - self.began) * FASTER).trunc_subsecs(6)
    }

    fn sleep_until(&self, at: Time) -> Sleep<'_> {
        let left = ((at - self.now()) / FASTER).to_std().unwrap_or_default();
        Box::pin(tokio::time::sleep(left.max(Duration::from_millis(1))))
    }

    fn running(&self) -> Duration {
        self.started.elapsed() * FASTER.unsigned_abs()
    }

    fn pause_until(&self, running: Duration) -> Sleep<'_> {
        let left = running.saturating_sub(self.running()) / FASTER.unsigned_abs();
        Box::pin(tokio::time::sleep(left.max(Duration::from_millis(1))))
    }
}

/// Lets everything work from now on.
pub(crate) fn calm(folder: &Path) {
    File::create(folder.join("calm")).expect("make a file");
}

/// What was accepted, a line each, in the order in which it was.
pub(crate) fn record(folder: &Path) -> PathBuf {
    folder.join("accepted")
}

/// Runs until it is killed.
pub(crate) fn deliver(url: &str, folder: &Path, seed: u64, began: i64) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(url).await.expect("open the database");
        let token = ulid::Ulid::generate().to_string();
        let lock = store.try_lock_delivery(&token).await.expect("ask for it");
        let clock: Arc<dyn Clock> = Arc::new(FastClock::beginning(began));
        let channels = channels(&clock, folder, seed);
        let lock = lock.expect("every process may deliver on PostgreSQL");
        let engine = Engine::new(store, Arc::new(channels), clock, lock, Wake::default());
        let forever = watch::Sender::new(false);
        engine.run(forever.subscribe()).await;
    });
}

/// The two ways out.
pub(crate) fn channels(clock: &Arc<dyn Clock>, folder: &Path, seed: u64) -> Channels {
    let way = |name: &'static str| -> Arc<dyn Channel> {
        Arc::new(Way {
            name,
            seed,
            clock: Arc::clone(clock),
            folder: folder.to_owned(),
        })
    };
    BTreeMap::from([
        ("email".parse().expect("a name"), way("email")),
        ("teams".parse().expect("a name"), way("teams")),
    ])
}

/// A way out. Some of its addresses never work; sometimes nothing works; it takes up to a second.
struct Way {
    name: &'static str,
    seed: u64,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
}

impl Way {
    /// A number below `of` that follows from the seed and from `what`.
    fn chance(&self, of: u64, what: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, self.name, what).hash(&mut hasher);
        hasher.finish() % of
    }

    fn class(&self, outgoing: &Outgoing<'_>) -> Class {
        if self.name == "teams" && self.chance(15, outgoing.address.as_str()) == 0 {
            return Class::BadDestination;
        }
        if self.folder.join("calm").exists() {
            return Class::Accepted;
        }
        let now = self.clock.now().timestamp();
        if self.chance(3, now / SPAN_SECONDS) == 0 {
            return Class::NotSent;
        }
        match self.chance(20, (outgoing.delivery, now)) {
            0 => Class::RemoteTemporary,
            _ => Class::Accepted,
        }
    }
}

impl Channel for Way {
    fn label(&self) -> &str {
        self.name
    }

    fn parts(&self) -> &'static [Part] {
        const PARTS: [Part; 1] = [Part {
            name: "text",
            format: Format::Plain,
            max_bytes: 10_000,
        }];
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        Ok(Address::new(text))
    }

    fn lane(&self, _: &Address) -> String {
        format!("{}:lane", self.name)
    }

    fn pace(&self) -> Pace {
        Pace {
            concurrency: 8,
            per_second: None,
            burst: 8,
        }
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::Resend
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let takes = TimeDelta::milliseconds(self.chance(1_000, outgoing.delivery) as i64);
            self.clock.sleep_until(self.clock.now() + takes).await;
            let class = self.class(outgoing);
            if class.is_success() {
                // One write of a few bytes: lines of two processes do not mix.
                let line = format!("{}\n", outgoing.delivery);
                let mut options = OpenOptions::new();
                let record = options.append(true).create(true).open(record(&self.folder));
                let written = record.and_then(|mut file| file.write_all(line.as_bytes()));
                written.expect("write the record");
            }
            Outcome {
                class,
                code: None,
                reply: String::new(),
                sentence: "As the seed says.".to_owned(),
                provider_id: class.is_success().then(|| outgoing.delivery.to_owned()),
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("It would take messages.".to_owned()) })
    }
}

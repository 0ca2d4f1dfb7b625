//! The delivery engine: claims what goes on the wire now, sends it, and writes what came of it.
//!
//! One loop does all writing. While a commit is under way, outcomes gather; as soon as it returns
//! they are written together with the next claim, in one commit. So commits are grouped without a
//! timer, and after a crash no more is in doubt than the window of the lanes.
//!
//! Neighbours: [`crate::domain::delivery`] decides what follows from an outcome,
//! [`crate::store::outbox`] keeps it, [`crate::channels`] talk to providers. No transaction is open
//! while a provider is talked to.

mod alarms;
mod bucket;
mod drain;
mod flight;
mod keeper;
mod lane;
mod reap;
mod refusals;
mod turn;
mod wake;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::TimeDelta;
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use super::pages::Pages;
use crate::{
    channels::Channel,
    clock::Clock,
    domain::{Address, ChannelName, DeliveryId, MessageId, Time},
    store::{
        DeliveryLock, Store,
        outbox::{Completion, Flag},
    },
};
use alarms::Alarms;
use bucket::Bucket;
use flight::{Airborne, Landed, Words, shows_true};
use keeper::Keeper;
use lane::LaneState;

pub use drain::Drained;
pub use wake::Wake;

/// The channels that are live, by their name in the settings.
pub type Channels = BTreeMap<ChannelName, Arc<dyn Channel>>;

/// The outbox is looked at this often even if nobody rings.
const LOOK: TimeDelta = TimeDelta::seconds(1);
/// Outcomes about an incident that a command holds are written this long after, or later.
const LEFT: TimeDelta = TimeDelta::milliseconds(20);
/// After the database failed, the loop waits this long.
const AFTER_TROUBLE: TimeDelta = TimeDelta::seconds(1);
/// At stop, what is on the wire gets this long to end by itself, unless it is said otherwise.
const GRACE: TimeDelta = TimeDelta::seconds(20);

/// Delivers, as long as it runs.
pub struct Engine {
    store: Store,
    channels: Arc<Channels>,
    clock: Arc<dyn Clock>,
    lock: DeliveryLock,
    wake: Wake,
    lanes: BTreeMap<String, LaneState>,
    /// What the lanes of a channel share, where its other side counts them as one.
    overall: BTreeMap<ChannelName, Bucket>,
    /// The lane after which the next turn begins, so that none is always last.
    turn_of: String,
    flights: JoinSet<Landed>,
    /// What the flights carry.
    aloft: HashSet<DeliveryId>,
    /// Outcomes that are not written yet.
    outcomes: Vec<Completion>,
    flags: Vec<Flag>,
    /// Addresses on which a mark stood when the outbox was looked at last, by channel and lower case.
    marked: HashSet<(ChannelName, String)>,
    /// Conversations that are no more.
    gone: Vec<(ChannelName, Address, String)>,
    /// Claims of which nothing has left, to be given back.
    unused: Vec<DeliveryId>,
    words: HashMap<MessageId, Words>,
    airborne: Airborne,
    cut: watch::Sender<bool>,
    next_look: Time,
    next_reap: Time,
    next_audit: Time,
    /// A commit failed, and nobody knows whether it was made.
    in_doubt: bool,
    stopping: bool,
    grace: TimeDelta,
    pages: Pages,
    /// Lanes whose channel is not live, so that it is said once.
    without_channel: BTreeSet<String>,
    /// What is on the record about lanes that are stopped.
    alarms: Alarms,
    /// Those of whom it is on the record that no way reaches them.
    untold: BTreeSet<String>,
    /// Faults that the auditor put on the record.
    findings: BTreeSet<String>,
}

impl Engine {
    /// An engine that delivers under a lock on the right to do so.
    pub fn new(
        store: Store,
        channels: Arc<Channels>,
        clock: Arc<dyn Clock>,
        lock: DeliveryLock,
        wake: Wake,
    ) -> Self {
        let now = clock.now();
        let overall = channels.iter().filter_map(|(name, channel)| {
            let pace = channel.overall_pace()?;
            Some((name.clone(), Bucket::new(pace, now)))
        });
        Self {
            overall: overall.collect(),
            store,
            channels,
            clock,
            lock,
            wake,
            lanes: BTreeMap::new(),
            turn_of: String::new(),
            flights: JoinSet::new(),
            aloft: HashSet::new(),
            outcomes: Vec::new(),
            flags: Vec::new(),
            marked: HashSet::new(),
            gone: Vec::new(),
            unused: Vec::new(),
            words: HashMap::new(),
            airborne: Airborne::default(),
            cut: watch::Sender::new(false),
            next_look: now,
            next_reap: now,
            next_audit: now,
            in_doubt: false,
            stopping: false,
            grace: GRACE,
            pages: Pages::default(),
            without_channel: BTreeSet::new(),
            alarms: Alarms::default(),
            untold: BTreeSet::new(),
            findings: BTreeSet::new(),
        }
    }

    /// The same, with another time for what is on the wire at stop.
    #[must_use]
    pub fn with_grace(self, grace: TimeDelta) -> Self {
        Self { grace, ..self }
    }

    /// The same, with links to signed pages in the messages that ask something.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// Delivers until `stop` shows true. Then nothing new is started, what is on the wire gets a
    /// grace period, the rest is given back, and all outcomes are written before it returns.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let relay = tokio::spawn(
            self.wake
                .clone()
                .relay(self.store.clone(), Arc::clone(&self.clock)),
        );
        let relay = AbortOnDrop(relay.abort_handle());
        let mut keeper = self.start_keeper();
        loop {
            if *stop.borrow() {
                break;
            }
            if *self.cut.borrow() {
                self.begin_again().await;
                keeper = self.start_keeper();
            }
            let until = self.turn_or_trouble().await;
            let Some(until) = until else { continue };
            self.rest(until, Some(&mut stop)).await;
        }
        drop(relay);
        self.stop().await;
        drop(keeper);
    }

    /// One turn. `None`: there is more to do at once; else until when there is nothing to do.
    async fn turn_or_trouble(&mut self) -> Option<Time> {
        match self.turn().await {
            Ok(true) => None,
            Ok(false) => Some(self.next_wake()),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the outbox cannot be written, trying again"
                );
                Some(self.clock.now() + AFTER_TROUBLE)
            }
        }
    }

    fn next_wake(&self) -> Time {
        let now = self.clock.now();
        self.lanes
            .values()
            .filter_map(|lane| lane.wakes_at(self.overall.get(&lane.channel_name), now))
            .chain((!self.outcomes.is_empty()).then(|| now + LEFT))
            .fold(self.next_look, Time::min)
            .max(now + TimeDelta::milliseconds(1))
    }

    fn start_keeper(&self) -> AbortOnDrop {
        let keeper = Keeper {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            lock: self.lock.clone(),
            airborne: self.airborne.clone(),
            cut: self.cut.clone(),
        };
        AbortOnDrop(tokio::spawn(keeper.keep()).abort_handle())
    }

    /// After the wire was cut: collects what was broken off and takes a new lease token if the old
    /// one may have been given up for dead.
    async fn begin_again(&mut self) {
        self.collect_all().await;
        if !self.lock.is_held().await.unwrap_or(false) {
            let token = format!("{}-", self.lock.token());
            match self.store.try_lock_delivery(&token).await {
                Ok(Some(lock)) => self.lock = lock,
                Ok(None) | Err(_) => {
                    let again = self.clock.now() + AFTER_TROUBLE;
                    self.clock.sleep_until(again).await;
                    return;
                }
            }
        }
        self.cut.send_replace(false);
    }

    async fn stop(&mut self) {
        self.stopping = true;
        let end = self.clock.now() + self.grace;
        while !self.flights.is_empty() && self.clock.now() < end {
            self.turn_or_trouble().await;
            // The turn may have taken in the last of them: then nothing is left to wait for.
            if !self.flights.is_empty() {
                self.rest(end, None).await;
            }
        }
        self.cut.send_replace(true);
        self.collect_all().await;
        // The last outcomes are worth a few tries: unwritten, they become repeats.
        for _ in 0..5 {
            match self.turn().await {
                Ok(_) if self.outcomes.is_empty() => return,
                // A command holds their incident; it ends by itself, or the database ends it.
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the last outcomes cannot be written, trying again"
                    );
                }
            }
            let again = self.clock.now() + AFTER_TROUBLE;
            self.clock.sleep_until(again).await;
        }
    }

    /// What rings when there is something to deliver.
    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Waits for a message to come back, for the bell, for `stop` or for a time.
    async fn rest(&mut self, until: Time, stop: Option<&mut watch::Receiver<bool>>) {
        let stopped = async {
            match stop {
                Some(stop) => shows_true(stop).await,
                None => std::future::pending().await,
            }
        };
        let landed = tokio::select! {
            Some(landed) = self.flights.join_next() => Some(landed),
            () = self.wake.rung() => {
                self.next_look = self.clock.now();
                None
            }
            () = self.clock.sleep_until(until) => None,
            () = stopped => None,
        };
        if let Some(landed) = landed {
            self.collect(landed);
        }
    }

    async fn collect_all(&mut self) {
        while let Some(landed) = self.flights.join_next().await {
            self.collect(landed);
        }
    }
}

/// A task that ends with its owner.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

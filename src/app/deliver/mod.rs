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
mod board;
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
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use tokio::{
    sync::watch,
    task::{AbortHandle, Id, JoinSet},
};

use super::{
    pages::Pages,
    pulse::{Part, Pulse},
};
use crate::{
    channels::Channel,
    clock::Clock,
    domain::{Address, ChannelName, DeliveryId, MessageId},
    store::{
        DeliveryLock, Store,
        outbox::{Claimed, Completion, Flag, Round},
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
const LOOK: Duration = Duration::from_secs(1);
/// Outcomes about an incident that a command holds are written this long after, or later.
const LEFT: Duration = Duration::from_millis(20);
/// After the database failed, the loop waits this long.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);
/// At stop, what is on the wire gets this long to end by itself, unless it is said otherwise.
const GRACE: Duration = Duration::from_secs(20);

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
    /// Claimed, and not yet on its way. Whatever is left here when a turn begins is given back.
    claimed: VecDeque<Claimed>,
    flights: JoinSet<Landed>,
    /// What each flight carries.
    aloft: HashMap<Id, Claimed>,
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
    /// When the outbox, the dead and the books are looked at next, by how long the clock has run.
    next_look: Duration,
    next_reap: Duration,
    next_audit: Duration,
    /// The time of day, less how long the clock has run: it changes when the time of day is set.
    time_of_day: TimeDelta,
    /// A claim was begun whose end is not known: it may have been made.
    in_doubt: bool,
    /// The database failed since the lock was last seen to be held.
    after_trouble: bool,
    stopping: bool,
    grace: Duration,
    pages: Pages,
    pulse: Arc<Pulse>,
    /// Lanes whose channel is not live, so that it is said once.
    without_channel: BTreeSet<String>,
    /// What is on the record about lanes that are stopped.
    alarms: Alarms,
    /// Those of whom it is on the record that no way reaches them.
    untold: BTreeSet<String>,
    /// How far the auditor is.
    audited: Round,
    /// Faults that the auditor put on the record.
    findings: BTreeSet<String>,
    /// Whether what an earlier process put there was looked for.
    knows_findings: bool,
}

impl Engine {
    /// An engine that delivers under a lock on the right to do so, on connections of its own.
    pub fn new(
        store: Store,
        channels: Arc<Channels>,
        clock: Arc<dyn Clock>,
        lock: DeliveryLock,
        wake: Wake,
    ) -> Self {
        let (now, running) = (clock.now(), clock.running());
        let time_of_day = turn::time_of_day(&*clock);
        let overall = channels.iter().filter_map(|(name, channel)| {
            let pace = channel.overall_pace()?;
            Some((name.clone(), Bucket::new(pace, now)))
        });
        Self {
            overall: overall.collect(),
            store: store.to_deliver(),
            channels,
            clock,
            lock,
            wake,
            lanes: BTreeMap::new(),
            turn_of: String::new(),
            claimed: VecDeque::new(),
            flights: JoinSet::new(),
            aloft: HashMap::new(),
            outcomes: Vec::new(),
            flags: Vec::new(),
            marked: HashSet::new(),
            gone: Vec::new(),
            unused: Vec::new(),
            words: HashMap::new(),
            airborne: Airborne::default(),
            cut: watch::Sender::new(false),
            next_look: running,
            next_reap: running,
            next_audit: running,
            time_of_day,
            in_doubt: false,
            after_trouble: false,
            stopping: false,
            grace: GRACE,
            pages: Pages::default(),
            pulse: Arc::default(),
            without_channel: BTreeSet::new(),
            alarms: Alarms::default(),
            untold: BTreeSet::new(),
            audited: Round::default(),
            findings: BTreeSet::new(),
            knows_findings: false,
        }
    }

    /// The same, with another time for what is on the wire at stop.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// The same, with its beats where others can see them.
    #[must_use]
    pub fn with_pulse(self, pulse: Arc<Pulse>) -> Self {
        Self { pulse, ..self }
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
        self.pulse.end(Part::Delivery);
    }

    /// One turn. `None`: there is more to do at once; else until when there is nothing to do.
    ///
    /// A turn that hangs is given up, and with it the connections that it waited for; what it had
    /// claimed is in doubt until the next one has looked.
    async fn turn_or_trouble(&mut self) -> Option<Duration> {
        let pulse = Arc::clone(&self.pulse);
        pulse.begin(Part::Delivery);
        let turned = tokio::select! {
            biased;
            turned = self.turn() => turned,
            () = pulse.hangs(Part::Delivery) => {
                tracing::error!("a turn of the engine hangs and is given up");
                pulse.look();
                self.after_trouble = true;
                return Some(self.clock.running() + AFTER_TROUBLE);
            }
        };
        match turned {
            Ok(more) => {
                pulse.beat(Part::Delivery);
                (!more).then(|| self.next_wake())
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the outbox cannot be written, trying again"
                );
                self.after_trouble = true;
                Some(self.clock.running() + AFTER_TROUBLE)
            }
        }
    }

    fn next_wake(&self) -> Duration {
        let (now, running) = (self.clock.now(), self.clock.running());
        self.lanes
            .values()
            .filter_map(|lane| lane.wakes_at(self.overall.get(&lane.channel_name), now))
            .map(|at| running + (at - now).to_std().unwrap_or_default())
            .chain((!self.outcomes.is_empty()).then(|| running + LEFT))
            .fold(self.next_look, Duration::min)
            .max(running + Duration::from_millis(1))
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
                    self.clock.pause(AFTER_TROUBLE).await;
                    return;
                }
            }
        }
        self.cut.send_replace(false);
    }

    async fn stop(&mut self) {
        self.stopping = true;
        let end = self.clock.running() + self.grace;
        while !self.flights.is_empty() && self.clock.running() < end {
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
                Err(error) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the last outcomes cannot be written, trying again"
                ),
            }
            self.clock.pause(AFTER_TROUBLE).await;
        }
    }

    /// What rings when there is something to deliver.
    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Waits for a message to come back, for the bell, for `stop`, or until the clock has run so long.
    async fn rest(&mut self, until: Duration, stop: Option<&mut watch::Receiver<bool>>) {
        let stopped = async {
            match stop {
                Some(stop) => shows_true(stop).await,
                None => std::future::pending().await,
            }
        };
        let landed = tokio::select! {
            Some(landed) = self.flights.join_next_with_id() => Some(landed),
            () = self.wake.rung() => {
                self.next_look = self.clock.running();
                None
            }
            () = self.clock.pause_until(until) => None,
            () = stopped => None,
        };
        if let Some(landed) = landed {
            self.collect(landed);
        }
    }

    async fn collect_all(&mut self) {
        while let Some(landed) = self.flights.join_next_with_id().await {
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

//! One lane as the engine sees it: how much may start now, and what its outcomes teach.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Semaphore;

use super::{
    bucket::Bucket,
    refusals::{AtFault, Refusals},
};
use crate::{
    channels::{Channel, Pace},
    domain::{
        ChannelName, DeliveryId, Time,
        delivery::{
            Breaker, Class, LaneEffect, Next, OnUncertain, Outcome, Passage, State, throttled,
        },
    },
    store::outbox::{BadAddress, Claimed, Flag, Lane, LaneStatus},
};

/// One message tries a paused lane this often.
const PAUSED_PROBE: TimeDelta = TimeDelta::seconds(60);

/// A lane in use.
pub(super) struct LaneState {
    pub(super) name: String,
    pub(super) channel_name: ChannelName,
    pub(super) channel: Arc<dyn Channel>,
    /// One permit per message on the wire.
    pub(super) wire: Arc<Semaphore>,
    /// Whether there may be something due that is not claimed.
    hunger: Hunger,
    /// Whether the record of the lane is out of date.
    pub(super) changed: bool,
    /// What the record of faults has to be told.
    pub(super) fault: Option<FaultChange>,
    /// Whether a fault of this lane may be on the record.
    fault_stands: bool,
    window: usize,
    bucket: Bucket,
    breaker: Breaker,
    rests_until: Option<Time>,
    throttled_times: u32,
    paused: Option<Pause>,
    reason: String,
    /// The message that tries whether a lane works again.
    probe: Option<DeliveryId>,
    in_flight: usize,
    in_flight_rest: usize,
    refusals: Refusals,
}

/// What may be due that is not claimed. The two are kept apart, because a window that is full of other
/// messages still has room for urgent ones, and must not ask for those again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Hunger {
    urgent: bool,
    rest: bool,
}

impl Hunger {
    const FOR_ALL: Self = Self {
        urgent: true,
        rest: true,
    };

    fn is_any(self) -> bool {
        self.urgent || self.rest
    }
}

/// A change to the record of faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FaultChange {
    /// This is wrong.
    Raise(String),
    /// It works again.
    Clear,
}

struct Pause {
    probe_at: Time,
    /// Since when it stands.
    since: Time,
}

/// How much of a lane may be claimed now. Tokens for it are taken already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// At most so many altogether.
    pub(super) all: usize,
    /// At most so many that are not urgent.
    pub(super) rest: usize,
    /// Whether the one that goes tries a lane that did not work.
    pub(super) probe: bool,
}

impl LaneState {
    pub(super) fn new(lane: &Lane, channel: Arc<dyn Channel>, now: Time) -> Self {
        let pace = channel.pace();
        Self {
            name: lane.name.clone(),
            channel_name: lane.channel.clone(),
            wire: Arc::new(Semaphore::new(pace.concurrency.max(1))),
            hunger: Hunger::default(),
            changed: false,
            fault: None,
            // An earlier process may have left one; the first success takes it back.
            fault_stands: true,
            window: window(pace, channel.on_uncertain()),
            bucket: Bucket::new(pace, now),
            breaker: Breaker::default(),
            rests_until: lane.status.rests_until,
            throttled_times: 0,
            paused: lane.status.paused.then(|| Pause {
                probe_at: now,
                since: lane.status.paused_since.unwrap_or(now),
            }),
            reason: lane.reason.clone(),
            probe: None,
            in_flight: 0,
            in_flight_rest: 0,
            refusals: Refusals::default(),
            channel,
        }
    }

    /// The lane as the record keeps it.
    pub(super) fn record(&self, now: Time) -> Lane {
        Lane {
            name: self.name.clone(),
            channel: self.channel_name.clone(),
            status: LaneStatus {
                rests_until: self.rests_until.filter(|until| *until > now),
                shut_until: match self.breaker.passage(now) {
                    Passage::Free => None,
                    Passage::Probe => Some(now),
                    Passage::Shut { until } => Some(until),
                },
                paused: self.paused.is_some(),
                paused_since: self.paused.as_ref().map(|pause| pause.since),
            },
            reason: self.reason.clone(),
        }
    }

    /// Whether nothing but its pace holds it up.
    pub(super) fn is_open(&self, now: Time) -> bool {
        self.paused.is_none()
            && self.rests_until.is_none_or(|until| until <= now)
            && self.breaker.passage(now) == Passage::Free
    }

    /// There may be something due.
    pub(super) fn may_be_due(&mut self) {
        self.hunger = Hunger::FOR_ALL;
    }

    /// How much may be claimed now, if anything; takes the tokens for it.
    pub(super) fn room(&mut self, now: Time) -> Option<Room> {
        if !self.hunger.is_any() || self.rests_until.is_some_and(|until| until > now) {
            return None;
        }
        let probe = match (&self.paused, self.breaker.passage(now)) {
            (Some(pause), _) if pause.probe_at > now => return None,
            (Some(_), _) => true,
            (None, Passage::Shut { .. }) => return None,
            (None, Passage::Probe) => true,
            (None, Passage::Free) => false,
        };
        if probe && self.probe.is_some() {
            return None;
        }
        let free = self.window.saturating_sub(self.in_flight);
        // A quarter of the window waits for urgent messages, so that a broadcast cannot fill it.
        let for_rest = (self.window - self.window / 4).saturating_sub(self.in_flight_rest);
        let rest = match self.hunger.rest {
            true if probe => 1,
            true => for_rest,
            false => 0,
        };
        let wanted = match self.hunger.urgent {
            true if probe => 1,
            true => free,
            false => rest.min(free),
        };
        let all = self.bucket.take(wanted, now);
        let rest = rest.min(all);
        (all > 0).then_some(Room { all, rest, probe })
    }

    /// The same room for fewer, whose tokens are there again; none for nobody.
    pub(super) fn shrink(&mut self, room: Room, all: usize) -> Option<Room> {
        self.bucket.put_back(room.all.saturating_sub(all));
        (all > 0).then_some(Room {
            all,
            rest: room.rest.min(all),
            ..room
        })
    }

    /// Gives back what of `room` was not used. Nothing more is due of what did not fill it.
    pub(super) fn claimed(&mut self, room: Room, claimed: &[Claimed]) {
        self.bucket.put_back(room.all.saturating_sub(claimed.len()));
        let rest = claimed.iter().filter(|claimed| claimed.rank > 0).count();
        self.in_flight += claimed.len();
        self.in_flight_rest += rest;
        let urgent = claimed.len() - rest;
        if urgent < room.all {
            self.hunger.urgent = false;
        }
        if rest < room.rest.min(room.all - urgent) {
            self.hunger.rest = false;
        }
        if room.probe
            && let Some(first) = claimed.first()
        {
            self.probe = Some(first.id.clone());
            if let Some(pause) = &mut self.paused {
                pause.probe_at += PAUSED_PROBE;
            }
        }
    }

    /// The claim was not made after all.
    pub(super) fn not_claimed(&mut self, room: Room) {
        self.bucket.put_back(room.all);
    }

    /// A message has left the window, whatever came of it.
    pub(super) fn landed(&mut self, claimed: &Claimed) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if claimed.rank > 0 {
            self.in_flight_rest = self.in_flight_rest.saturating_sub(1);
        }
        if self.probe.as_ref() == Some(&claimed.id) {
            self.probe = None;
        }
        self.may_be_due();
    }

    /// Moves along with a time of day that was set back by so much: what it waits for comes no later.
    pub(super) fn set_back(&mut self, by: TimeDelta) {
        self.rests_until = self.rests_until.map(|until| until - by);
        self.breaker.set_back(by);
        if let Some(pause) = &mut self.paused {
            pause.probe_at -= by;
        }
        self.changed = true;
    }

    /// Why it is stopped until somebody repairs it, if it is.
    pub(super) fn cause(&self) -> Option<&str> {
        self.paused.is_some().then_some(self.reason.as_str())
    }

    /// Whether it is known to be at fault, so that a refusal says nothing about one message.
    pub(super) fn is_at_fault(&self) -> bool {
        self.paused.is_some()
    }

    /// Learns from an outcome: rests, opens or closes the breaker, pauses. Says what that means for
    /// the address.
    pub(super) fn learn(
        &mut self,
        claimed: &Claimed,
        outcome: &Outcome,
        next: &Next,
        now: Time,
    ) -> Option<Flag> {
        let was_shut = self.breaker.passage(now) != Passage::Free;
        if self.breaker.learn(next.sign, now) {
            self.changed = true;
            self.reason = if was_shut {
                String::new()
            } else {
                outcome.sentence.clone()
            };
        }
        match next.lane {
            LaneEffect::None => {}
            LaneEffect::Rest { after_ms } => {
                self.throttled_times = self.throttled_times.saturating_add(1);
                let rest = throttled(after_ms, self.throttled_times);
                let until = now + TimeDelta::from_std(rest).unwrap_or(TimeDelta::hours(1));
                // Several messages may be told at once; the longest wait holds.
                self.rests_until = self.rests_until.max(Some(until));
                self.reason.clone_from(&outcome.sentence);
                self.changed = true;
            }
            LaneEffect::Pause => {
                if is_refusal(outcome.class) {
                    self.refusals.spare(&claimed.address);
                }
                self.pause(outcome.sentence.clone(), now);
            }
        }
        if outcome.class.is_success() {
            self.worked();
            self.refusals.taken(&claimed.address);
        }
        if next.state == State::Dead && is_refusal(outcome.class) {
            return self.refused(claimed, outcome, now);
        }
        None
    }

    fn worked(&mut self) {
        self.throttled_times = 0;
        if self.paused.take().is_some() {
            self.changed = true;
            self.reason.clear();
        }
        if std::mem::take(&mut self.fault_stands) {
            self.fault = Some(FaultChange::Clear);
        }
    }

    /// Stops it, but for one message now and then.
    fn pause(&mut self, reason: String, now: Time) {
        let since = self.paused.as_ref().map(|pause| pause.since);
        if since.is_none() {
            self.changed = true;
            self.reason.clone_from(&reason);
            self.fault = Some(FaultChange::Raise(reason));
            self.fault_stands = true;
        }
        self.paused = Some(Pause {
            probe_at: now + PAUSED_PROBE,
            since: since.unwrap_or(now),
        });
    }

    fn refused(&mut self, claimed: &Claimed, outcome: &Outcome, now: Time) -> Option<Flag> {
        let fault = self.refusals.refused(&claimed.address, &claimed.id, now);
        let Some(AtFault {
            since,
            addresses,
            refused,
        }) = fault
        else {
            return (outcome.class == Class::BadDestination).then(|| {
                Flag::Bad(BadAddress {
                    channel: claimed.channel.clone(),
                    address: claimed.address.clone(),
                    lane: claimed.lane.clone(),
                    failed_at: now,
                    code: outcome.code,
                    sentence: outcome.sentence.clone(),
                    reply: outcome.reply.clone(),
                })
            });
        };
        // The other side refuses everybody. What waits is spared until a probe is accepted.
        let reason = format!(
            "{addresses} addresses in a row were refused for good. The last answer: {}",
            outcome.sentence
        );
        self.pause(reason, now);
        Some(Flag::LaneAtFault {
            lane: self.name.clone(),
            since,
            refused,
        })
    }

    /// When it is worth looking at this lane again, if that can be known. `overall` is the pace that
    /// it shares with the other lanes of its channel.
    pub(super) fn wakes_at(&self, overall: Option<&Bucket>, now: Time) -> Option<Time> {
        // While it rests or is shut, it takes no tokens, and when there is one says nothing.
        if !self.hunger.is_any() || self.in_flight >= self.window || !self.is_open(now) {
            return None;
        }
        self.bucket
            .next_at()
            .max(overall.and_then(|bucket| bucket.next_at()))
    }
}

/// How many may be claimed at once. Twice what is on the wire keeps the wire busy while a commit
/// is under way. Where a repeat cannot be recognised it is exactly what is on the wire, because
/// after a crash everything claimed has to be taken for sent.
fn window(pace: Pace, on_uncertain: OnUncertain) -> usize {
    let wire = pace.concurrency.max(1);
    match on_uncertain {
        OnUncertain::Resend | OnUncertain::Reconcile => wire * 2,
        OnUncertain::HoldUnlessUrgent => wire,
    }
}

/// Whether the other side said for good that it does not take a message there.
fn is_refusal(class: Class) -> bool {
    matches!(class, Class::BadDestination | Class::Refused)
}

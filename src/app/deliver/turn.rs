//! One turn of the engine: look, write what has landed, claim, let go.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::{
    Engine, LOOK, Part, alarms,
    flight::has_plain,
    keeper::LEASE,
    lane::{FaultChange, LaneState, Room},
};
use crate::{
    clock::Clock,
    domain::{
        Time,
        delivery::{Outcome, State, Tried, after},
    },
    store::{
        Step, StoreError, Tx, conversations,
        faults::{self, NewFault},
        outbox::{
            Claimed, Completion, Flag, Share, attempt_id, claim, complete, due_lanes, lanes,
            marked, release, save_lane, sweep,
        },
    },
};

/// Lanes served in one commit: more would make the others wait for too long a transaction.
const LANES_AT_ONCE: usize = 64;
/// A time of day that moved back by less than this was not set.
const SET_BACK: TimeDelta = TimeDelta::seconds(2);
/// Two clocks that are read within this are read together: the process was not stopped between.
const TOGETHER: Duration = Duration::from_millis(100);
/// Sweeps in one look; each ends up to five hundred deliveries.
const SWEEPS: usize = 20;

/// Noted on an attempt, behind what came of it.
const OTHER_BYTES: &str = " Its bytes were not those of the first try.";

/// A try that has ended.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    /// When it began and when its outcome was known.
    pub(super) span: (Time, Time),
    /// Whether it may have left, rather than only have been looked up.
    pub(super) sent: bool,
    /// Digest of the bytes that may have left.
    pub(super) wire_sha256: Option<String>,
    /// Whether it says something about the lane.
    pub(super) teaches: bool,
}

impl Engine {
    /// Does what there is to do now. True: there may be more to do at once, because something was done
    /// or because the turn was cut off by a limit.
    ///
    /// On an error nothing is lost, and neither when the turn is given up before its end: outcomes are
    /// kept and written in a later turn, and what was claimed is on its way, given back or in doubt.
    pub(super) async fn turn(&mut self) -> Result<bool, StoreError> {
        while let Some(landed) = self.flights.try_join_next_with_id() {
            self.collect(landed);
        }
        // Left by a turn that was given up: the lease may be somebody else's by now.
        self.give_back();
        let now = self.clock.now();
        self.follow_the_time_of_day(now).await?;
        if self.in_doubt {
            self.resolve_doubt().await?;
        }
        if self.is_due() {
            self.look(now).await?;
        }
        let (rooms, cut_off) = if self.may_claim().await {
            self.rooms(now)
        } else {
            (Vec::new(), false)
        };
        self.settle_alarms();
        let changed = self
            .lanes
            .values()
            .any(|lane| lane.changed || lane.fault.is_some());
        if rooms.is_empty() && self.outcomes.is_empty() && self.unused.is_empty() && !changed {
            return Ok(self.is_due());
        }
        let known = self.outcomes.len();
        // Until the claims are known, whatever ends the turn.
        self.in_doubt = true;
        let claimed = match self.commit(&rooms, now).await {
            Ok(claimed) => claimed,
            Err(error) => {
                for (name, room) in &rooms {
                    self.put_back(name, room.all);
                    if let Some(lane) = self.lanes.get_mut(name) {
                        lane.not_claimed(*room);
                    }
                }
                return Err(error);
            }
        };
        for ((name, room), claimed) in rooms.into_iter().zip(claimed) {
            self.put_back(&name, room.all.saturating_sub(claimed.len()));
            if let Some(lane) = self.lanes.get_mut(&name) {
                lane.claimed(room, &claimed);
            }
            self.claimed.extend(claimed);
        }
        self.in_doubt = false;
        let wrote = self.outcomes.len() < known;
        let any = !self.claimed.is_empty();
        self.launch().await?;
        Ok(any || wrote || cut_off || self.is_due())
    }

    /// Whether more may be claimed. After trouble with the database our lock may be gone, and others may
    /// take us for dead: then not before there is a new one, which waits for what is under way.
    async fn may_claim(&mut self) -> bool {
        if self.stopping || *self.cut.borrow() {
            return false;
        }
        if !self.after_trouble {
            return true;
        }
        if self.lock.is_held().await.unwrap_or(false) {
            self.after_trouble = false;
            return true;
        }
        let is_idle = self.flights.is_empty()
            && self.outcomes.is_empty()
            && self.unused.is_empty()
            && !self.in_doubt;
        if is_idle {
            // It begins again, with a new lock.
            self.after_trouble = false;
            self.cut.send_replace(true);
        }
        false
    }

    /// Whether it is time to look at the outbox.
    fn is_due(&self) -> bool {
        !self.stopping && self.clock.running() >= self.next_look
    }

    /// Moves along what waits for a time, when the time of day was set back: nothing of it comes later
    /// for that.
    async fn follow_the_time_of_day(&mut self, now: Time) -> Result<(), StoreError> {
        let time_of_day = time_of_day(&*self.clock);
        let by = self.time_of_day - time_of_day;
        if by >= SET_BACK {
            tracing::warn!(
                seconds = by.num_seconds(),
                "the time of day was set back: what waits for a time goes back with it"
            );
            self.store.set_back(by, now).await?;
            // At once, or a turn that is given up now would be followed by one that does it again.
            self.time_of_day = time_of_day;
            for lane in self.lanes.values_mut() {
                lane.set_back(by);
            }
        }
        self.time_of_day = time_of_day;
        Ok(())
    }

    /// Looks for lanes with something due, and does what time does by itself.
    async fn look(&mut self, now: Time) -> Result<(), StoreError> {
        self.next_look = self.clock.running() + LOOK;
        let mut all_swept = false;
        for sweeps in 1.. {
            let swept = sweep(&self.store, now).await?;
            if !swept.more {
                self.name_untold(&swept.nowhere, now).await?;
                all_swept = true;
                break;
            }
            self.pulse.beat(Part::Delivery);
            if sweeps == SWEEPS {
                // The rest in the next turn, so that what is due does not wait for all of it.
                self.next_look = self.clock.running();
                break;
            }
        }
        let took_over = self.reap(now).await?;
        // What is about to be written does not add up before it is: the auditor looks afterwards.
        if all_swept && !took_over {
            self.audit(now).await?;
        }
        self.marked = marked(self.store.read_to_deliver(), now).await?;
        let due = due_lanes(self.store.read_to_deliver(), now).await?;
        if due.iter().any(|name| !self.lanes.contains_key(name)) {
            self.meet_lanes(now).await?;
        }
        for name in due {
            match self.lanes.get_mut(&name) {
                Some(lane) => lane.may_be_due(),
                None => self.miss_channel(&name, now).await?,
            }
        }
        Ok(())
    }

    /// Makes the acquaintance of lanes that were written since the last time.
    async fn meet_lanes(&mut self, now: Time) -> Result<(), StoreError> {
        for lane in lanes(self.store.read_to_deliver()).await? {
            let Some(channel) = self.channels.get(&lane.channel) else {
                continue;
            };
            let channel = Arc::clone(channel);
            self.lanes
                .entry(lane.name.clone())
                .or_insert_with(|| LaneState::new(&lane, channel, now));
        }
        Ok(())
    }

    async fn miss_channel(&mut self, lane: &str, now: Time) -> Result<(), StoreError> {
        if !self.without_channel.insert(lane.to_owned()) {
            return Ok(());
        }
        faults::record(
            self.store.write(),
            NewFault {
                key: &format!("lane:{lane}"),
                sentence: "Messages wait for a channel that is not in the settings. Put the \
                           channel back, or cancel them.",
                detail: lane,
                incident: None,
            },
            now,
        )
        .await
    }

    /// Which lanes have room, beginning behind the one that was served last, and whether there may be
    /// more of them.
    fn rooms(&mut self, now: Time) -> (Vec<(String, Room)>, bool) {
        let last = self.turn_of.clone();
        let mut rooms = Vec::new();
        let (before, behind): (Vec<_>, Vec<_>) = self
            .lanes
            .values_mut()
            .partition(|lane| lane.name.as_str() <= last.as_str());
        for lane in behind.into_iter().chain(before) {
            if rooms.len() == LANES_AT_ONCE {
                break;
            }
            let Some(room) = lane.room(now) else { continue };
            let room = match self.overall.get_mut(&lane.channel_name) {
                Some(overall) => lane.shrink(room, overall.take(room.all, now)),
                None => Some(room),
            };
            if let Some(room) = room {
                rooms.push((lane.name.clone(), room));
            }
        }
        if let Some((name, _)) = rooms.last() {
            self.turn_of.clone_from(name);
        }
        let cut_off = rooms.len() == LANES_AT_ONCE;
        (rooms, cut_off)
    }

    /// Puts back tokens of the pace that a lane shares with others, which it did not use.
    fn put_back(&mut self, lane: &str, tokens: usize) {
        let channel = self.lanes.get(lane).map(|lane| &lane.channel_name);
        if let Some(overall) = channel.and_then(|channel| self.overall.get_mut(channel)) {
            overall.put_back(tokens);
        }
    }

    /// Writes all that is known and claims what there is room for, in one commit.
    async fn commit(
        &mut self,
        rooms: &[(String, Room)],
        now: Time,
    ) -> Result<Vec<Vec<Claimed>>, StoreError> {
        let tx = self.store.begin().await?;
        let settled = complete(&tx, &self.outcomes, &self.flags, now).await?;
        if !self.unused.is_empty() {
            release(&tx, &self.unused, self.lock.token(), now).await?;
        }
        for (channel, address, conversation) in &self.gone {
            conversations::forget(&tx, (channel, address), conversation).await?;
        }
        for lane in self.lanes.values() {
            write_lane(&tx, lane, now).await?;
        }
        let mut claimed = Vec::with_capacity(rooms.len());
        for (lane, room) in rooms {
            claimed.push(self.claim(&tx, lane, *room, now).await?);
        }
        tx.commit().await.step("commit outcomes and claims")?;
        self.outcomes
            .retain(|one| settled.left.contains(&one.delivery));
        self.flags = settled.put_off;
        self.gone.clear();
        self.unused.clear();
        for lane in self.lanes.values_mut() {
            lane.changed = false;
            lane.fault = None;
        }
        if settled.unblocked > 0 || settled.fell_back > 0 {
            self.next_look = self.clock.running();
        }
        Ok(claimed)
    }

    async fn claim(
        &self,
        tx: &Tx,
        lane: &str,
        room: Room,
        now: Time,
    ) -> Result<Vec<Claimed>, StoreError> {
        let (token, until) = (self.lock.token(), now + LEASE);
        let mut claimed = claim(tx, lane, Share::Urgent, room.all, token, until, now).await?;
        let rest = room.rest.min(room.all - claimed.len());
        if rest > 0 {
            claimed.extend(claim(tx, lane, Share::Rest, rest, token, until, now).await?);
        }
        Ok(claimed)
    }

    /// Decides what follows from a try.
    pub(super) fn take_in(&mut self, claimed: &Claimed, ended: Ended) {
        let Ended {
            mut outcome,
            span: (started_at, ended_at),
            sent,
            wire_sha256,
            teaches,
        } = ended;
        let Some(channel) = self.channels.get(&claimed.channel) else {
            return;
        };
        // PostgreSQL keeps no text with a zero byte, and one such reply would stop all others.
        for text in [&mut outcome.reply, &mut outcome.sentence] {
            text.retain(|c| c != '\0');
        }
        let tried = Tried {
            state: State::Sending,
            owned: true,
            attempts: claimed.attempts,
            unsure: claimed.unsure,
            plain: claimed.plain,
            has_plain: has_plain(&**channel),
            urgent: claimed.urgent,
            lane_at_fault: self
                .lanes
                .get(&claimed.lane)
                .is_some_and(LaneState::is_at_fault),
            deliver_by: claimed.deliver_by,
        };
        let jitter = rand::random::<f64>();
        let next = after(&tried, &outcome, channel.on_uncertain(), ended_at, jitter);
        // What is being sent has not ended, so something always follows.
        let Some(next) = next else { return };
        if teaches && let Some(lane) = self.lanes.get_mut(&claimed.lane) {
            self.flags
                .extend(lane.learn(claimed, &outcome, &next, ended_at));
        }
        if outcome.class.is_success() {
            let at = (
                claimed.channel.clone(),
                claimed.address.as_str().to_lowercase(),
            );
            if self.marked.remove(&at) {
                self.flags.push(Flag::Works {
                    channel: claimed.channel.clone(),
                    address: claimed.address.clone(),
                });
            }
        }
        // Sent all the same: late words are better than none. A program of another version may have
        // written them, and a receiver may not recognise the repeat.
        if let (Some(first), Some(now)) = (&claimed.wire_sha256, &wire_sha256)
            && first != now
        {
            outcome.sentence.push_str(OTHER_BYTES);
        }
        self.outcomes.push(Completion {
            attempt: attempt_id(ended_at),
            delivery: claimed.id.clone(),
            incident: claimed.incident,
            lease_token: claimed.lease_token.clone(),
            n: claimed.attempts,
            started_at,
            ended_at,
            outcome,
            next,
            repeat: claimed.unsure && sent,
            related: claimed.related,
            label: channel.label().to_owned(),
            wire_sha256,
        });
    }
}

/// The time of day less how long the clock has run: the two read together, without a pause between.
pub(super) fn time_of_day(clock: &dyn Clock) -> TimeDelta {
    loop {
        let before = clock.running();
        let now = clock.now();
        let running = clock.running();
        if running - before < TOGETHER {
            let running = TimeDelta::from_std(running).unwrap_or(TimeDelta::MAX);
            return (now - Time::UNIX_EPOCH) - running;
        }
    }
}

async fn write_lane(tx: &Tx, lane: &LaneState, now: Time) -> Result<(), StoreError> {
    if lane.changed {
        save_lane(tx, &lane.record(now), now).await?;
    }
    let key = format!("lane:{}", lane.name);
    match &lane.fault {
        None => {}
        Some(FaultChange::Raise(cause)) => {
            let fault = NewFault {
                key: &key,
                sentence: &alarms::sentence(lane, cause),
                detail: &lane.name,
                incident: None,
            };
            faults::record(tx, fault, now).await?;
        }
        Some(FaultChange::Clear) => {
            faults::resolve(tx, &key, now).await?;
        }
    }
    Ok(())
}

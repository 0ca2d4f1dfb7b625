//! Delivering for a command that does not stay: until its own deliveries have ended, or wait for
//! another try.

use crate::{
    domain::NotificationId,
    store::{StoreError, outbox::pending_of},
};

use super::{Engine, LOOK};

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Whether something was left for later because its lane rests, is shut or paused.
    pub held_up: bool,
}

impl Engine {
    /// Delivers what is due until nothing of these notifications is on its first try. Others'
    /// deliveries go along, but are not waited for. Everything known is written before it returns.
    pub async fn drain(mut self, own: &[NotificationId]) -> Result<Drained, StoreError> {
        let keeper = self.start_keeper();
        let drained = self.drain_loop(own).await;
        self.stop().await;
        drop(keeper);
        drained
    }

    async fn drain_loop(&mut self, own: &[NotificationId]) -> Result<Drained, StoreError> {
        let mut next_count = self.clock.running();
        loop {
            let (now, running) = (self.clock.now(), self.clock.running());
            if self.turn().await? {
                continue;
            }
            if self.flights.is_empty() || running >= next_count {
                next_count = running + LOOK;
                let pending = pending_of(self.store.read_to_deliver(), own).await?;
                let moving = |name: &str| {
                    self.lanes.get(name).is_none_or(|lane| lane.is_open(now))
                        && !self.without_channel.contains(name)
                };
                if !pending.iter().any(|(lane, _, _)| moving(lane)) {
                    return Ok(Drained {
                        held_up: !pending.is_empty(),
                    });
                }
            }
            let until = self.next_wake();
            self.rest(until, None).await;
        }
    }

    /// Does all that can be done without waiting for a time. For tests that hold the clock.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        self.next_look = self.clock.running();
        loop {
            if self.turn().await? {
                continue;
            }
            match self.flights.join_next_with_id().await {
                Some(landed) => self.collect(landed),
                None => return Ok(()),
            }
        }
    }
}

//! What was claimed goes on its way, comes back, or is given back: nothing is left between.

use std::{collections::HashSet, sync::Arc};

use tokio::task::{Id, JoinError};

use super::{
    Engine,
    flight::{Flight, Landed, plain_words, unknown},
    turn::Ended,
};
use crate::{
    domain::{
        DeliveryId, Time,
        delivery::{Class, Outcome},
    },
    store::{
        StoreError, Trouble, conversations,
        outbox::{Claimed, held_by, thread_of, words_of},
    },
};

/// Messages whose words are kept at hand.
const WORDS_KEPT: usize = 256;

impl Engine {
    /// Sends what was claimed. What is not on its way when that fails is given back, whatever its
    /// lane, and counts as not tried.
    pub(super) async fn launch(&mut self) -> Result<(), StoreError> {
        while let Some(claimed) = self.claimed.front().cloned() {
            match self.prepare(claimed).await {
                Ok(Some(flight)) => {
                    self.claimed.pop_front();
                    let claimed = flight.claimed.clone();
                    let task = self.flights.spawn(flight.fly());
                    self.aloft.insert(task.id(), claimed);
                }
                Ok(None) => self.give_back(),
                Err(error) if error.trouble() == Trouble::Unreadable => self.end_unreadable(&error),
                Err(error) => {
                    self.give_back();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Reads what is needed to send a message. `None` if its lane is gone.
    async fn prepare(&mut self, claimed: Claimed) -> Result<Option<Flight>, StoreError> {
        let read = self.store.read_to_deliver();
        if !self.words.contains_key(&claimed.message) {
            let words = words_of(read, &claimed.message).await?;
            if self.words.len() >= WORDS_KEPT {
                self.words.clear();
            }
            self.words.insert(claimed.message.clone(), Arc::new(words));
        }
        let (Some(lane), Some(words)) = (
            self.lanes.get(&claimed.lane),
            self.words.get(&claimed.message),
        ) else {
            return Ok(None);
        };
        let words = if claimed.plain {
            plain_words(&*lane.channel, words)
        } else {
            Arc::clone(words)
        };
        let channel = Arc::clone(&lane.channel);
        let thread = if channel.threads() && !claimed.first {
            thread_of(read, &claimed.id).await?
        } else {
            None
        };
        let conversation = if channel.keeps_conversations() {
            conversations::find(read, &claimed.channel, &claimed.address).await?
        } else {
            None
        };
        let link = claimed
            .asks
            .and_then(|ask| self.pages.link(ask, &claimed.id));
        Ok(Some(Flight {
            words,
            link,
            thread,
            conversation,
            channel,
            wire: Arc::clone(&lane.wire),
            clock: Arc::clone(&self.clock),
            cut: self.cut.subscribe(),
            airborne: self.airborne.clone(),
            claimed,
        }))
    }

    /// Gives back all that is claimed and not on its way.
    pub(super) fn give_back(&mut self) {
        for claimed in std::mem::take(&mut self.claimed) {
            self.has_left(&claimed);
            self.unused.push(claimed.id);
        }
    }

    /// Ends the first of what is claimed, which nobody will ever be able to read: to give it back would
    /// only bring it here again, before all others.
    fn end_unreadable(&mut self, error: &StoreError) {
        let Some(claimed) = self.claimed.pop_front() else {
            return;
        };
        tracing::error!(
            delivery = claimed.id.as_str(),
            error = error as &dyn std::error::Error,
            "a message cannot be read and is not sent"
        );
        let sentence = "What it was to say cannot be read from the database, so it was not sent.";
        let outcome = Outcome {
            class: Class::BadPayload,
            ..unknown(sentence)
        };
        let now = self.clock.now();
        self.has_left(&claimed);
        self.take_in(&claimed, not_sent(outcome, now));
    }

    fn has_left(&mut self, claimed: &Claimed) {
        if let Some(lane) = self.lanes.get_mut(&claimed.lane) {
            lane.landed(claimed);
        }
    }

    /// Takes in a message that came back.
    pub(super) fn collect(&mut self, landed: Result<(Id, Landed), JoinError>) {
        let (task, landed) = match landed {
            Ok((task, landed)) => (task, Some(landed)),
            Err(error) => (error.id(), None),
        };
        let Some(claimed) = self.aloft.remove(&task) else {
            return;
        };
        self.has_left(&claimed);
        let Some(landed) = landed else {
            // Its task failed outside of the channel, perhaps after it had left.
            let outcome =
                unknown("The program failed while sending it. Whether it arrived is not known.");
            let now = self.clock.now();
            let ended = Ended {
                sent: true,
                ..not_sent(outcome, now)
            };
            return self.take_in(&claimed, ended);
        };
        if let Some(id) = landed.gone {
            let gone = (claimed.channel.clone(), claimed.address.clone(), id);
            self.gone.push(gone);
        }
        match landed.outcome {
            None => self.unused.push(claimed.id),
            Some(outcome) => {
                let ended = Ended {
                    outcome,
                    span: (landed.started_at, landed.ended_at),
                    sent: landed.sent,
                    wire_sha256: landed.wire_sha256,
                    teaches: true,
                };
                self.take_in(&claimed, ended);
            }
        }
    }

    /// After a claim of which nobody knows whether it was made: gives back what it may have taken and
    /// was never sent.
    pub(super) async fn resolve_doubt(&mut self) -> Result<(), StoreError> {
        self.give_back_lost().await?;
        self.in_doubt = false;
        self.next_look = self.clock.running();
        Ok(())
    }

    /// Gives back what is held in our name and we know nothing of: a commit that was given up may have
    /// been done after all, even after somebody looked.
    pub(super) async fn give_back_lost(&mut self) -> Result<(), StoreError> {
        let token = [self.lock.token().to_owned()];
        let held = held_by(self.store.read_to_deliver(), &token, usize::MAX).await?;
        let aloft = self.aloft.values().map(|claimed| &claimed.id);
        let outcomes = self.outcomes.iter().map(|completion| &completion.delivery);
        let known: HashSet<DeliveryId> =
            aloft.chain(outcomes).chain(&self.unused).cloned().collect();
        let lost = held
            .into_iter()
            .filter(|claimed| !known.contains(&claimed.id));
        self.unused.extend(lost.map(|claimed| claimed.id));
        Ok(())
    }
}

/// A try that ended before anything left, and says nothing about its lane.
fn not_sent(outcome: Outcome, now: Time) -> Ended {
    Ended {
        outcome,
        span: (now, now),
        sent: false,
        wire_sha256: None,
        teaches: false,
    }
}

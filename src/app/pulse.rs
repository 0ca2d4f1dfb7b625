//! Whether the loops that must not stand still go on, seen from outside them.
//!
//! Each loop says when it begins a turn, and beats when one is done or gets on. Who looks needs neither
//! the database nor the loop: `/readyz`, the figures, the heartbeat, and a watch of its own that says
//! once that a loop stands still. The loop itself gives up a turn that hangs, and begins a new one.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::clock::{Clock, SystemClock};

/// A loop that must not stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The engine that delivers.
    Delivery,
    /// The promise clock.
    Timers,
}

impl Part {
    /// The name in figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Timers => "timers",
        }
    }
}

/// In a sentence.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivery => "Delivery",
            Self::Timers => "The promise clock",
        })
    }
}

/// What is known of one loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// Which loop.
    pub part: Part,
    /// How long ago it last got on.
    pub ago: Duration,
    /// Whether that is so long that it hangs.
    pub hangs: bool,
    /// How often it was found to hang since the start.
    pub times: u64,
}

impl Beat {
    /// What is wrong, if it hangs: for people.
    pub fn sentence(&self) -> Option<String> {
        self.hangs.then(|| {
            format!(
                "{} has not got on for {} seconds. Look at the database and at the log.",
                self.part,
                self.ago.as_secs()
            )
        })
    }
}

/// Keeps when each loop last got on, in real time: it bounds what the outside may take, so no clock
/// that is moved by hand changes it.
#[derive(Debug)]
pub struct Pulse {
    clock: Arc<dyn Clock>,
    patience: Duration,
    parts: Mutex<BTreeMap<Part, Kept>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    /// When it last got on; `None` when it does not run.
    at: Option<Duration>,
    /// When it began the turn that it is in.
    began: Duration,
    /// Whether it was found to hang and has not got on since.
    noticed: bool,
    times: u64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock::new()), Self::PATIENCE)
    }
}

impl Pulse {
    /// A loop that has not got on for so long hangs.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// Measures on this clock, and calls it hanging after so long.
    pub fn new(clock: Arc<dyn Clock>, patience: Duration) -> Self {
        Self {
            clock,
            patience,
            parts: Mutex::default(),
        }
    }

    /// Says that a loop runs and begins a turn.
    pub fn begin(&self, part: Part) {
        let now = self.clock.running();
        let mut parts = self.parts();
        let kept = parts.entry(part).or_default();
        kept.at.get_or_insert(now);
        kept.began = now;
    }

    /// Says that a loop gets on.
    pub fn beat(&self, part: Part) {
        let now = self.clock.running();
        let mut parts = self.parts();
        let Some(kept) = parts.get_mut(&part).filter(|kept| kept.at.is_some()) else {
            return;
        };
        kept.at = Some(now);
        if std::mem::take(&mut kept.noticed) {
            tracing::info!(part = part.as_str(), "it gets on again");
        }
    }

    /// Says that a loop has ended as it should.
    pub fn end(&self, part: Part) {
        self.parts().entry(part).or_default().at = None;
    }

    /// How the loops are that run in this process.
    pub fn beats(&self) -> Vec<Beat> {
        let now = self.clock.running();
        let beat = |(part, kept): (&Part, &Kept)| {
            let ago = now.saturating_sub(kept.at?);
            Some(Beat {
                part: *part,
                ago,
                hangs: ago >= self.patience,
                times: kept.times,
            })
        };
        self.parts().iter().filter_map(beat).collect()
    }

    /// What hangs, in sentences for people; empty if all is well.
    pub fn complaints(&self) -> Vec<String> {
        self.beats().iter().filter_map(Beat::sentence).collect()
    }

    /// Whether each loop began a turn, or got on, not long ago. A loop whose turns fail turns over: only
    /// one that cannot even give its turn up does not.
    pub fn turns_over(&self) -> bool {
        let now = self.clock.running();
        let stands = |kept: &Kept| {
            let last = kept.at.map(|at| at.max(kept.began));
            last.is_some_and(|last| now.saturating_sub(last) >= 2 * self.patience)
        };
        !self.parts().values().any(stands)
    }

    /// Looks once, and says and counts what has begun to hang since the last look.
    pub fn look(&self) {
        for beat in self.beats().iter().filter(|beat| beat.hangs) {
            let mut parts = self.parts();
            let kept = parts.entry(beat.part).or_default();
            if !std::mem::replace(&mut kept.noticed, true) {
                kept.times += 1;
                tracing::error!(
                    part = beat.part.as_str(),
                    seconds = beat.ago.as_secs(),
                    "it hangs: it has not got on for too long"
                );
            }
        }
    }

    /// Ends when the turn that a loop is in hangs: what it waits for is then given up.
    pub async fn hangs(&self, part: Part) {
        loop {
            let kept = self.parts().get(&part).copied().unwrap_or_default();
            let since = kept.at.unwrap_or_default().max(kept.began);
            let until = since.saturating_add(self.patience);
            if self.clock.running() >= until {
                return;
            }
            self.clock.pause_until(until).await;
        }
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<Part, Kept>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::ManualClock;

    fn pulse() -> (Arc<ManualClock>, Pulse) {
        let clock = Arc::new(ManualClock::new("2026-11-23T13:20:00Z".parse().unwrap()));
        (clock.clone(), Pulse::new(clock, Pulse::PATIENCE))
    }

    #[test]
    fn a_loop_hangs_when_it_has_not_got_on_for_thirty_seconds_and_not_before() {
        let (clock, pulse) = pulse();
        pulse.beat(Part::Delivery);
        assert!(pulse.beats().is_empty(), "nothing runs here");
        pulse.begin(Part::Delivery);
        clock.advance(TimeDelta::seconds(29));
        assert!(pulse.complaints().is_empty());
        // To begin again is not to get on.
        pulse.begin(Part::Delivery);
        clock.advance(TimeDelta::seconds(1));
        let said = "Delivery has not got on for 30 seconds. Look at the database and at the log.";
        assert_eq!(pulse.complaints(), [said]);
        pulse.beat(Part::Delivery);
        assert!(pulse.complaints().is_empty());
        pulse.end(Part::Delivery);
        clock.advance(TimeDelta::hours(1));
        assert!(pulse.beats().is_empty(), "it was stopped");
    }

    #[test]
    fn a_loop_whose_turns_fail_turns_over_and_one_that_begins_none_does_not() {
        let (clock, pulse) = pulse();
        for _ in 0..5 {
            pulse.begin(Part::Delivery);
            clock.advance(TimeDelta::seconds(35));
        }
        assert_eq!(pulse.complaints().len(), 1);
        assert!(pulse.turns_over());
        clock.advance(TimeDelta::seconds(25));
        assert!(!pulse.turns_over());
    }

    #[test]
    fn that_a_loop_hangs_is_counted_once_until_it_gets_on() {
        let (clock, pulse) = pulse();
        pulse.begin(Part::Timers);
        let times = || pulse.beats()[0].times;
        for _ in 0..2 {
            clock.advance(TimeDelta::seconds(40));
            pulse.look();
        }
        assert_eq!(times(), 1);
        pulse.beat(Part::Timers);
        clock.advance(TimeDelta::seconds(40));
        pulse.look();
        assert_eq!(times(), 2);
    }

    #[tokio::test]
    async fn a_loop_that_gets_on_is_not_given_up() {
        let (clock, pulse) = pulse();
        let pulse = Arc::new(pulse);
        pulse.begin(Part::Delivery);
        let waiting = tokio::spawn({
            let pulse = Arc::clone(&pulse);
            async move { pulse.hangs(Part::Delivery).await }
        });
        let asleep = async || {
            while clock.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
        };
        asleep().await;
        clock.advance(TimeDelta::seconds(20));
        pulse.beat(Part::Delivery);
        clock.advance(TimeDelta::seconds(20));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished());
        clock.advance(TimeDelta::seconds(10));
        waiting.await.unwrap();
    }
}

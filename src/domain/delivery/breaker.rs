//! The breaker of a lane: stops trying a way out that does not work, and finds out when it does.

use std::time::Duration;

use chrono::TimeDelta;

use super::Sign;
use crate::domain::time::Time;

/// Failures in a row that open it.
const IN_A_ROW: u32 = 5;
/// How many of the latest tries are looked at, of which half are enough.
const WINDOW: u32 = 20;
/// The first rest.
const REST: Duration = Duration::from_secs(15);
/// The longest rest.
const REST_MOST: Duration = Duration::from_secs(120);

/// Whether a lane may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// As its pace allows.
    Free,
    /// One message, to see whether it works again.
    Probe,
    /// Not before then.
    Shut {
        /// When a probe may go.
        until: Time,
    },
}

/// Counts what came of the latest tries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breaker {
    /// The latest tries, the newest in the lowest bit; a set bit is a failure.
    recent: u32,
    /// How many bits of `recent` are tries.
    seen: u32,
    in_a_row: u32,
    open: Option<Open>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    until: Time,
    rest: Duration,
}

impl Breaker {
    /// Whether the lane may be used now.
    pub fn passage(&self, now: Time) -> Passage {
        match &self.open {
            None => Passage::Free,
            Some(open) if now >= open.until => Passage::Probe,
            Some(open) => Passage::Shut { until: open.until },
        }
    }

    /// Learns what came of a try. Says whether that opened or closed it.
    pub fn learn(&mut self, sign: Sign, now: Time) -> bool {
        let failed = match sign {
            Sign::Mute => return false,
            Sign::Well => false,
            Sign::Ill => true,
        };
        if self.open.is_some() {
            return self.learn_open(failed, now);
        }
        self.recent = (self.recent << 1) | u32::from(failed);
        self.seen = (self.seen + 1).min(WINDOW);
        self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
        let window = self.recent & ((1 << WINDOW) - 1);
        let half = self.seen == WINDOW && window.count_ones() * 2 >= WINDOW;
        if self.in_a_row >= IN_A_ROW || (failed && half) {
            self.shut(now, REST);
            return true;
        }
        false
    }

    /// Opens it whatever was counted, for a reason that only the caller can see.
    pub fn trip(&mut self, now: Time) {
        if self.open.is_none() {
            self.shut(now, REST);
        }
    }

    /// Moves along with a time of day that was set back by so much.
    pub fn set_back(&mut self, by: TimeDelta) {
        if let Some(open) = &mut self.open {
            open.until -= by;
        }
    }

    fn learn_open(&mut self, failed: bool, now: Time) -> bool {
        let Some(open) = &self.open else { return false };
        if !failed {
            *self = Self::default();
            return true;
        }
        // Tries that were under way when it opened say nothing new; the probe does.
        if now >= open.until {
            let rest = (open.rest * 2).min(REST_MOST);
            self.shut(now, rest);
        }
        false
    }

    fn shut(&mut self, now: Time, rest: Duration) {
        let until = now + TimeDelta::from_std(rest).unwrap_or_default();
        self.open = Some(Open { until, rest });
        self.recent = 0;
        self.seen = 0;
        self.in_a_row = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-11-23T13:20:00Z".parse().unwrap()
    }

    fn later(seconds: i64) -> Time {
        now() + TimeDelta::seconds(seconds)
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert!(!breaker.learn(Sign::Ill, now()));
        }
        breaker.learn(Sign::Mute, now());
        assert_eq!(breaker.passage(now()), Passage::Free);
        assert!(breaker.learn(Sign::Ill, now()));
        assert_eq!(breaker.passage(now()), Passage::Shut { until: later(15) });
    }

    #[test]
    fn half_of_the_last_twenty_open_it() {
        let mut breaker = Breaker::default();
        let mut tries = 0;
        loop {
            let sign = if tries % 2 == 0 {
                Sign::Well
            } else {
                Sign::Ill
            };
            tries += 1;
            if breaker.learn(sign, now()) {
                break;
            }
            assert!(tries < 100);
        }
        assert_eq!(tries, 20);
    }

    #[test]
    fn a_lane_that_mostly_works_stays_free() {
        let mut breaker = Breaker::default();
        for tries in 0..1_000 {
            let sign = if tries % 3 == 0 {
                Sign::Ill
            } else {
                Sign::Well
            };
            assert!(!breaker.learn(sign, now()));
        }
    }

    #[test]
    fn each_failed_probe_doubles_the_rest_up_to_two_minutes_and_a_success_ends_it() {
        let mut breaker = Breaker::default();
        breaker.trip(now());
        let mut at = now();
        for rest in [15, 30, 60, 120, 120] {
            let Passage::Shut { until } = breaker.passage(at) else {
                panic!("it is open");
            };
            assert_eq!(until, at + TimeDelta::seconds(rest));
            at = until;
            assert_eq!(breaker.passage(at), Passage::Probe);
            breaker.learn(Sign::Ill, at);
        }
        assert!(breaker.learn(Sign::Well, at));
        assert_eq!(breaker.passage(at), Passage::Free);
    }

    #[test]
    fn failures_that_were_under_way_when_it_opened_do_not_lengthen_the_rest() {
        let mut breaker = Breaker::default();
        breaker.trip(now());
        breaker.learn(Sign::Ill, later(3));
        assert_eq!(
            breaker.passage(later(3)),
            Passage::Shut { until: later(15) }
        );
    }
}

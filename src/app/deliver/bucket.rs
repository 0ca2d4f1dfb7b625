//! A token bucket: how many may start now. Tokens are taken before the claim, so that a limit never
//! strands a delivery that is already claimed.

use chrono::TimeDelta;

use crate::{channels::Pace, domain::Time};

/// Fills with time, up to the burst.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    /// Per second; `None` never runs dry.
    rate: Option<f64>,
    burst: f64,
    level: f64,
    filled_at: Time,
}

impl Bucket {
    pub(super) fn new(pace: Pace, now: Time) -> Self {
        let burst = f64::from(pace.burst.max(1));
        Self {
            rate: pace.per_second.filter(|rate| *rate > 0.0),
            burst,
            level: burst,
            filled_at: now,
        }
    }

    /// Takes up to `most` tokens and says how many there were.
    pub(super) fn take(&mut self, most: usize, now: Time) -> usize {
        let Some(rate) = self.rate else { return most };
        let seconds = (now - self.filled_at).as_seconds_f64().max(0.0);
        self.level = (self.level + seconds * rate).min(self.burst);
        self.filled_at = now;
        let mut taken = 0;
        while taken < most && self.level >= 1.0 {
            self.level -= 1.0;
            taken += 1;
        }
        taken
    }

    /// Puts back tokens that were not used.
    pub(super) fn put_back(&mut self, tokens: usize) {
        if self.rate.is_some() {
            for _ in 0..tokens {
                self.level = (self.level + 1.0).min(self.burst);
            }
        }
    }

    /// When the next token is there, if there is none now.
    pub(super) fn next_at(&self) -> Option<Time> {
        let rate = self.rate?;
        if self.level >= 1.0 {
            return None;
        }
        let micros = ((1.0 - self.level) / rate * 1e6).ceil();
        // A rate of once a month is the slowest that makes sense, and far below the limit.
        let micros = micros.clamp(1.0, 3e12) as i64;
        Some(self.filled_at + TimeDelta::microseconds(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-11-23T13:20:00Z".parse().unwrap()
    }

    fn bucket(per_second: Option<f64>, burst: u32) -> Bucket {
        let pace = Pace {
            concurrency: 1,
            per_second,
            burst,
        };
        Bucket::new(pace, now())
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_pace_holds() {
        let mut bucket = bucket(Some(0.5), 3);
        assert_eq!(bucket.take(10, now()), 3);
        assert_eq!(bucket.take(10, now()), 0);
        let next = bucket.next_at().unwrap();
        assert_eq!(next, now() + TimeDelta::seconds(2));
        assert_eq!(bucket.take(10, next - TimeDelta::milliseconds(1)), 0);
        assert_eq!(bucket.take(10, next), 1);
    }

    #[test]
    fn what_was_not_used_is_there_again() {
        let mut bucket = bucket(Some(1.0), 4);
        assert_eq!(bucket.take(4, now()), 4);
        bucket.put_back(3);
        assert_eq!(bucket.take(4, now()), 3);
    }

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let mut bucket = bucket(None, 1);
        assert_eq!(bucket.take(1_000, now()), 1_000);
        assert_eq!(bucket.next_at(), None);
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_tokens() {
        let mut bucket = bucket(Some(1.0), 1);
        bucket.take(1, now());
        assert_eq!(bucket.take(1, now() - TimeDelta::hours(1)), 0);
    }
}

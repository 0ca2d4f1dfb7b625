//! When the last of many messages leaves, at the pace of their way out.

use chrono::TimeDelta;

use crate::domain::time::Time;

/// What waits for one way out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    /// Messages that wait, the new ones among them.
    pub waiting: u64,
    /// Starts a second.
    pub per_second: f64,
    /// How many start at once after a pause.
    pub burst: u32,
}

/// What becomes of them if all goes well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// When the last leaves.
    pub ends_at: Time,
    /// How many do not leave before the deadline.
    pub late: u64,
}

/// Nobody looks further ahead than ten years.
const FURTHEST: f64 = 10.0 * 365.0 * 86_400.0;

impl Queue {
    /// Looks ahead from `now` to the end, and to the deadline.
    pub fn forecast(&self, now: Time, deliver_by: Time) -> Forecast {
        let rate = self.per_second.max(f64::MIN_POSITIVE);
        let paced = self.waiting.saturating_sub(u64::from(self.burst)) as f64;
        let seconds = (paced / rate).clamp(0.0, FURTHEST);
        let in_time = (deliver_by - now).as_seconds_f64().max(0.0) * rate;
        Forecast {
            ends_at: now + TimeDelta::seconds(seconds.ceil() as i64),
            late: (paced - in_time).max(0.0).ceil() as u64,
        }
    }

    /// "30 messages a minute", "1 message an hour"
    pub fn pace_words(&self) -> String {
        let (count, unit) = match self.per_second * 60.0 {
            minute if minute >= 1.0 => (minute, "a minute"),
            minute if minute * 60.0 >= 1.0 => (minute * 60.0, "an hour"),
            minute => (minute * 60.0 * 24.0, "a day"),
        };
        match count.round() {
            count if count <= 1.0 => format!("1 message {unit}"),
            count => format!("{count} messages {unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-11-23T13:20:00Z".parse().unwrap()
    }

    fn queue(waiting: u64, per_second: f64) -> Queue {
        Queue {
            waiting,
            per_second,
            burst: 10,
        }
    }

    #[test]
    fn the_end_follows_from_the_pace_behind_the_burst() {
        let ends = |waiting, per_second| {
            let by = now() + TimeDelta::hours(4);
            let forecast = queue(waiting, per_second).forecast(now(), by);
            (forecast.ends_at - now(), forecast.late)
        };
        assert_eq!(ends(1_010, 0.5), (TimeDelta::seconds(2_000), 0));
        assert_eq!(ends(10, 0.5), (TimeDelta::zero(), 0));
        // Half a message a second for four hours is 7,200.
        assert_eq!(ends(10_010, 0.5), (TimeDelta::seconds(20_000), 2_800));
        let (end, late) = ends(u64::MAX, f64::MIN_POSITIVE);
        assert_eq!((end, late > 0), (TimeDelta::days(3_650), true));
    }

    #[test]
    fn a_deadline_that_has_passed_leaves_only_the_burst() {
        let forecast = queue(30, 0.5).forecast(now(), now() - TimeDelta::hours(1));
        assert_eq!(forecast.late, 20);
    }

    #[test]
    fn a_pace_is_said_in_the_unit_that_gives_a_whole_number() {
        let words = |per_second| queue(1, per_second).pace_words();
        assert_eq!(words(48.0), "2880 messages a minute");
        assert_eq!(words(0.5), "30 messages a minute");
        assert_eq!(words(1.0 / 60.0), "1 message a minute");
        assert_eq!(words(0.005), "18 messages an hour");
        assert_eq!(words(0.0001), "9 messages a day");
        assert_eq!(words(0.0), "1 message a day");
    }
}

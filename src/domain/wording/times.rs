//! The one formatter of times, dates and durations that people read.

use chrono::{Datelike, Duration, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::domain::time::{Time, printed};

/// Says times as people do: 2:40pm, midday, 5pm tomorrow (24 November 2026).
#[derive(Debug, Clone, Copy)]
pub struct TimeWords {
    zone: Tz,
    now: Time,
    names_zone: bool,
}

impl TimeWords {
    /// Times in this zone, read at this instant.
    pub fn new(zone: Tz, now: Time) -> Self {
        Self {
            zone,
            now,
            names_zone: false,
        }
    }

    /// Whether each time names its zone ("2:40pm UK time"), because a reader may be in another.
    #[must_use]
    pub fn naming_zone(self, names_zone: bool) -> Self {
        Self { names_zone, ..self }
    }

    /// The time of day: 2:40pm, 5pm, midday. Midnight reads 11:59pm of the day that ends, since
    /// nobody agrees on which day midnight is. Within the hour that a clock change repeats, it says
    /// which of the two is meant.
    pub fn time(&self, at: Time) -> String {
        let at = printed(at, self.zone);
        let local = self.local(at);
        let mut text = clock_face(local);
        if self.names_zone {
            text.push(' ');
            text.push_str(&self.zone_name());
        }
        if let LocalResult::Ambiguous(first, _) = self.zone.from_local_datetime(&local) {
            let first = first == at;
            let which = if first { "before" } else { "after" };
            text.push_str(&format!(" ({which} the clocks go back)"));
        }
        text
    }

    /// The date: 23 November 2026.
    pub fn date(&self, at: Time) -> String {
        long_date(self.local(at).date())
    }

    /// The time, with the date only if it is another day: "2:40pm", "5pm tomorrow (24 November
    /// 2026)", "2pm on 30 November 2026".
    pub fn when(&self, at: Time) -> String {
        match self.day(at) {
            Day::Today => self.time(at),
            _ => self.when_in_full(at),
        }
    }

    /// The time with its date, for readers who may read it another day: "1:20pm today (23 November
    /// 2026)".
    pub fn when_in_full(&self, at: Time) -> String {
        let (time, date) = (self.time(at), self.date(at));
        match self.day(at) {
            Day::Today => format!("{time} today ({date})"),
            Day::Tomorrow => format!("{time} tomorrow ({date})"),
            Day::Yesterday => format!("{time} yesterday ({date})"),
            Day::Other => format!("{time} on {date}"),
        }
    }

    /// From one time to another: "1pm to 3pm", with dates as [`TimeWords::when`].
    pub fn range(&self, from: Time, until: Time) -> String {
        let same_day = self.local(from).date() == self.local(until).date();
        let from = if same_day {
            self.time(from)
        } else {
            self.when(from)
        };
        format!("{from} to {}", self.when(until))
    }

    fn zone_name(&self) -> String {
        match self.zone {
            Tz::Europe__London => "UK time".to_owned(),
            other => {
                let name = other.name();
                let city = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
                format!("{city} time")
            }
        }
    }

    /// Local time as it is printed.
    fn local(&self, at: Time) -> NaiveDateTime {
        printed(at, self.zone)
            .with_timezone(&self.zone)
            .naive_local()
    }

    fn day(&self, at: Time) -> Day {
        let today = self.now.with_timezone(&self.zone).date_naive();
        match (self.local(at).date() - today).num_days() {
            0 => Day::Today,
            1 => Day::Tomorrow,
            -1 => Day::Yesterday,
            _ => Day::Other,
        }
    }
}

enum Day {
    Today,
    Tomorrow,
    Yesterday,
    Other,
}

fn clock_face(local: NaiveDateTime) -> String {
    let (pm, hour) = local.hour12();
    let half = if pm { "pm" } else { "am" };
    match (local.hour(), local.minute()) {
        (12, 0) => "midday".to_owned(),
        (_, 0) => format!("{hour}{half}"),
        (_, minute) => format!("{hour}:{minute:02}{half}"),
    }
}

fn long_date(date: NaiveDate) -> String {
    format!("{} {} {}", date.day(), date.format("%B"), date.year())
}

/// How long, in words: "2 hours 32 minutes", "1 day 3 hours", "less than a minute". Rounded down;
/// from a day on, minutes are left out.
pub fn duration(length: Duration) -> String {
    let minutes = length.num_minutes().max(0);
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let count = |number: i64, unit: &str| match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    };
    let (big, small) = match (days, hours, minutes) {
        (0, 0, 0) => return "less than a minute".to_owned(),
        (0, 0, _) => return count(minutes, "minute"),
        (0, ..) => (
            count(hours, "hour"),
            (minutes > 0).then(|| count(minutes, "minute")),
        ),
        _ => (
            count(days, "day"),
            (hours > 0).then(|| count(hours, "hour")),
        ),
    };
    match small {
        Some(small) => format!("{big} {small}"),
        None => big,
    }
}

/// The same of whole minutes, as a record counts them.
pub fn minutes_in_words(minutes: u32) -> String {
    duration(Duration::minutes(i64::from(minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn words(now: &str) -> TimeWords {
        TimeWords::new(Tz::Europe__London, utc(now))
    }

    #[test]
    fn times_read_as_people_say_them() {
        let words = words("2026-11-23T14:00:00Z");
        let check = |at: &str, expected: &str| assert_eq!(words.time(utc(at)), expected, "{at}");
        check("2026-11-23T14:40:59.999Z", "2:40pm");
        check("2026-11-23T17:00:00Z", "5pm");
        check("2026-11-23T12:00:00Z", "midday");
        check("2026-11-23T12:01:00Z", "12:01pm");
        check("2026-11-23T00:05:00Z", "12:05am");
        check("2026-11-24T00:00:00Z", "11:59pm");
        check("2026-06-01T14:40:00Z", "3:40pm");
    }

    #[test]
    fn dates_appear_when_the_day_could_be_mistaken() {
        let words = words("2026-11-23T14:00:00Z");
        let check = |at: &str, when: &str, in_full: &str| {
            assert_eq!(words.when(utc(at)), when, "{at}");
            assert_eq!(words.when_in_full(utc(at)), in_full, "{at}");
        };
        check(
            "2026-11-23T13:20:00Z",
            "1:20pm",
            "1:20pm today (23 November 2026)",
        );
        let tomorrow = "5pm tomorrow (24 November 2026)";
        check("2026-11-24T17:00:00Z", tomorrow, tomorrow);
        let yesterday = "9am yesterday (22 November 2026)";
        check("2026-11-22T09:00:00Z", yesterday, yesterday);
        let later = "2pm on 30 November 2026";
        check("2026-11-30T14:00:00Z", later, later);
        // The midnight that ends today is still today.
        check(
            "2026-11-24T00:00:00Z",
            "11:59pm",
            "11:59pm today (23 November 2026)",
        );
        assert_eq!(
            words.range(utc("2026-11-23T13:00:00Z"), utc("2026-11-23T15:00:00Z")),
            "1pm to 3pm"
        );
    }

    #[test]
    fn the_hour_that_happens_twice_says_which_it_is() {
        let words = words("2026-10-24T22:00:00Z");
        let check = |at: &str, expected: &str| assert_eq!(words.time(utc(at)), expected, "{at}");
        check("2026-10-25T00:30:00Z", "1:30am (before the clocks go back)");
        check("2026-10-25T01:30:00Z", "1:30am (after the clocks go back)");
        check("2026-10-25T02:00:00Z", "2am");
        check("2026-10-24T23:59:00Z", "12:59am");
    }

    #[test]
    fn the_hour_that_never_happens_is_never_said() {
        let words = words("2026-03-29T00:00:00Z");
        assert_eq!(words.time(utc("2026-03-29T00:59:00Z")), "12:59am");
        assert_eq!(words.time(utc("2026-03-29T01:00:00Z")), "2am");
    }

    #[test]
    fn the_zone_is_named_for_readers_abroad() {
        let words = words("2026-11-23T14:00:00Z").naming_zone(true);
        assert_eq!(words.when(utc("2026-11-23T14:40:00Z")), "2:40pm UK time");
        let paris =
            TimeWords::new(Tz::Europe__Paris, utc("2026-11-23T14:00:00Z")).naming_zone(true);
        assert_eq!(paris.time(utc("2026-11-23T11:00:00Z")), "midday Paris time");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        let check = |minutes, expected: &str| {
            assert_eq!(duration(Duration::minutes(minutes)), expected);
        };
        check(152, "2 hours 32 minutes");
        check(60, "1 hour");
        check(61, "1 hour 1 minute");
        check(1, "1 minute");
        check(0, "less than a minute");
        check(-5, "less than a minute");
        check(27 * 60 + 5, "1 day 3 hours");
        check(48 * 60, "2 days");
        assert_eq!(minutes_in_words(4290), "2 days 23 hours");
    }
}

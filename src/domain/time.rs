//! Instants, the days people work, and which times may come from outside.

use std::fmt;

use chrono::{DateTime, Datelike, Duration, NaiveTime, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// An instant in UTC. Stored with microseconds; shown in the organisation's time zone.
pub type Time = DateTime<Utc>;

/// The first year in which a time from outside may lie.
const FIRST_YEAR: i32 = 2000;
/// The last one: its last day is taken, too.
const LAST_YEAR: i32 = 2100;

/// A time or date that lies outside of the years that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfBounds;

impl OutOfBounds {
    /// What to do about it, as a sentence.
    pub const FIX: &str = "Give a time in the years 2000 to 2100.";
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The time does not lie in the years {FIRST_YEAR} to {LAST_YEAR}"
        )
    }
}

impl std::error::Error for OutOfBounds {}

/// Lets a time or a date from outside pass if it lies in the years 2000 to 2100. The one place that
/// decides it, for every door and every file: what is kept can be calculated with, to centuries on
/// either side, and written as a date of four digits.
pub fn bounded<D: Datelike>(date: D) -> Result<D, OutOfBounds> {
    if (FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
        Ok(date)
    } else {
        Err(OutOfBounds)
    }
}

/// Whether a time that was kept can be calculated with and shown. Times were kept before [`bounded`]
/// was asked, so this takes more: the years that have four digits.
pub fn is_usable(time: Time) -> bool {
    (1000..=9999).contains(&time.year())
}

/// A time as people read it, so that what is kept is what is printed: the whole minute that it lies in, and
/// 11:59pm for midnight, because nobody agrees on which day midnight is. The time must be usable
/// ([`is_usable`]).
pub fn printed(at: Time, zone: Tz) -> Time {
    let minute = whole_minute(at);
    let local = minute.with_timezone(&zone);
    if local.hour() == 0 && local.minute() == 0 {
        minute - Duration::minutes(1)
    } else {
        minute
    }
}

/// The same of a time that is still to come after `now`: where that minute has begun, the next one that is
/// printed as itself.
pub fn printed_after(at: Time, now: Time, zone: Tz) -> Time {
    let next = whole_minute(now) + Duration::minutes(1);
    [at, next, next + Duration::minutes(1)]
        .into_iter()
        .map(|at| printed(at, zone))
        .find(|at| *at > now)
        .unwrap_or(at)
}

/// The whole minute in which a time lies: no zone has been off by less since 1972.
pub fn whole_minute(at: Time) -> Time {
    at.with_second(0)
        .and_then(|at| at.with_nanosecond(0))
        .unwrap_or(at)
}

/// A day of the week, or several from one to another, also over the end of the week: `Mon`, `Sat-Mon`.
/// `None` if the text is neither.
pub fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first: Weekday = first.trim().parse().ok()?;
    let last: Weekday = last.trim().parse().ok()?;
    let mut days = vec![first];
    let mut day = first;
    while day != last {
        day = day.succ();
        days.push(day);
    }
    Some(days)
}

/// The hours in which a person or an organisation works, in their own time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// Days of the week that are worked; bank holidays are taken out by the policy.
    pub days: Vec<Weekday>,
    /// First minute of work, local time.
    pub from: NaiveTime,
    /// First minute after work, local time. Earlier than `from`, the work of a day ends on the day after; the two
    /// are never the same.
    pub until: NaiveTime,
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::wording::TimeWords;

    const LONDON: Tz = Tz::Europe__London;

    #[test]
    fn days_of_the_week_run_over_its_end() {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        for (text, days) in [
            ("Mon", vec![Mon]),
            ("sat-sun", vec![Sat, Sun]),
            ("Sat-Mon", vec![Sat, Sun, Mon]),
            ("Mon - Fri", vec![Mon, Tue, Wed, Thu, Fri]),
            ("Tue-Mon", vec![Tue, Wed, Thu, Fri, Sat, Sun, Mon]),
        ] {
            assert_eq!(weekdays(text), Some(days), "{text}");
        }
        for text in ["", "-", "Mon-", "Mon-Fri-Sun", "1-5", "Fry"] {
            assert_eq!(weekdays(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_from_outside_lies_in_the_years_2000_to_2100() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        for taken in ["2000-01-01T00:00:00Z", "2100-12-31T23:59:59.999999Z"] {
            assert_eq!(bounded(at(taken)), Ok(at(taken)));
        }
        for refused in [
            "1999-12-31T23:59:59Z",
            "2101-01-01T00:00:00Z",
            "+262142-12-31T00:00:00Z",
            "-262143-01-01T00:00:00Z",
        ] {
            assert_eq!(bounded(at(refused)), Err(OutOfBounds), "{refused}");
        }
        assert!(bounded(NaiveDate::MAX).is_err());
    }

    #[test]
    fn a_time_to_come_is_the_minute_that_is_printed_and_never_now() {
        for (at, now, expected) in [
            ("10:47:50", "10:02:50", "10:47:00"),
            ("10:03:20", "10:02:50", "10:03:00"),
            ("10:02:55", "10:02:50", "10:03:00"),
            ("23:59:50", "23:59:20", "00:01:00"),
        ] {
            let on = |day: &str, time: &str| format!("2026-11-{day}T{time}Z").parse().unwrap();
            let day = if expected < now { "24" } else { "23" };
            let said = printed_after(on("23", at), on("23", now), LONDON);
            assert_eq!(said, on(day, expected), "{at} at {now}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_of_a_time_is_what_is_printed_of_it(
            seconds in 0i64..(2 * 366 * 24 * 3600),
            zone in proptest::sample::select(vec![
                LONDON, Tz::Asia__Kathmandu, Tz::Atlantic__Azores, Tz::Australia__Lord_Howe,
            ]),
        ) {
            let now = "2026-01-01T00:00:00Z".parse::<Time>().unwrap();
            let at = now + Duration::seconds(seconds);
            let kept = printed(at, zone);
            let words = TimeWords::new(zone, now);
            prop_assert_eq!(printed(kept, zone), kept);
            prop_assert_eq!(kept.second(), 0);
            prop_assert!((at - kept) < Duration::minutes(2));
            prop_assert_eq!(words.when_in_full(kept), words.when_in_full(at));
        }
    }
}

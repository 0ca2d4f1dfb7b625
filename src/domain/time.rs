//! Instants, the days people work, and which times may come from outside.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveTime, Utc, Weekday};
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

/// The hours in which a person or an organisation works, in their own time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// Days of the week that are worked; bank holidays are taken out by the policy.
    pub days: Vec<Weekday>,
    /// First minute of work, local time.
    pub from: NaiveTime,
    /// First minute after work, local time; later than `from` (no night shifts).
    pub until: NaiveTime,
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

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
}

//! Cron patterns of five fields, in an organisation's time zone.
//!
//! The `cron` crate finds the wall-clock times; the mapping to instants is made here, because the
//! crate is wrong on both nights when the clocks change if it is given a time zone.

use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc, offset::LocalResult};
use chrono_tz::Tz;
use cron::{Schedule, TimeUnitSpec};

use super::days;
use crate::domain::time::{Time, weekdays};

/// A cadence such as `0 10 * * Mon-Fri`: at 10am from Monday to Friday.
#[derive(Debug, Clone)]
pub struct Pattern {
    schedule: Schedule,
    /// One time of day, which happens once even in a night that repeats it.
    is_daily: bool,
}

/// A pattern that cannot be used, with the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence} {fix}")]
pub struct BadPattern {
    /// What is wrong, one sentence with its full stop.
    pub sentence: String,
    /// What to do, one sentence with its full stop.
    pub fix: String,
}

/// Clock changes further than this from an instant cannot disturb the order around it.
const CHANGE: Duration = Duration::hours(3);

const DAYS: [&str; 14] = [
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

impl Pattern {
    /// Reads minute, hour, day of month, month and day of week. Days of the week are names, because
    /// half the world counts Sunday as 0 and half as 1; and only one of the two kinds of day may be
    /// restricted, because half the world joins them with "and" and half with "or".
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let bad = |sentence: String, fix: &str| BadPattern {
            sentence,
            fix: fix.to_owned(),
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [_, _, day, _, weekday] = fields.as_slice() else {
            return Err(bad(
                format!("\"{text}\" has {} fields, not five.", fields.len()),
                "Write minute, hour, day of month, month and day of week, for example \
                 \"0 10 * * Mon-Fri\".",
            ));
        };
        if !weekday.split(',').all(is_named) {
            return Err(bad(
                format!("\"{text}\" does not name its days of the week."),
                "Use names, for example Mon-Fri or Mon,Thu, or * for every day.",
            ));
        }
        let is_free = |field: &str| matches!(field, "*" | "?");
        if !is_free(day) && !is_free(weekday) {
            return Err(bad(
                format!("\"{text}\" restricts both the day of the month and the day of the week."),
                "Restrict one of the two and write * for the other.",
            ));
        }
        let days = day_by_day(weekday);
        let fields = [&fields[..4], &[days.as_str()]].concat();
        let schedule = Schedule::from_str(&format!("0 {}", fields.join(" "))).map_err(|_| {
            bad(
                format!("\"{text}\" is not a pattern of times."),
                "Write minute, hour, day of month, month and day of week, for example \
                 \"0 10 * * Mon-Fri\".",
            )
        })?;
        let start = DateTime::<Utc>::default() + Duration::days(365 * 54);
        if schedule.after(&start).next().is_none() {
            return Err(bad(
                format!("\"{text}\" names a day that never comes."),
                "Correct the day of the month or the month.",
            ));
        }
        let is_daily = schedule.minutes().count() == 1 && schedule.hours().count() == 1;
        Ok(Self { schedule, is_daily })
    }

    /// The first instant of the pattern after `after`; `None` if it never comes again.
    ///
    /// In the hour that is repeated in autumn, a pattern of one time of day takes the first of the
    /// two instants, any other pattern both, in the order in which they happen. A time of day that
    /// is left out in spring happens at the first instant after the gap; a pattern of many times
    /// has other times near, and leaves it out.
    pub fn next_after(&self, after: Time, zone: Tz) -> Option<Time> {
        let local = after.with_timezone(&zone).naive_local();
        let is_near_change = offset(zone, after - CHANGE) != offset(zone, after + CHANGE);
        let start = if is_near_change {
            local - CHANGE
        } else {
            local
        };
        let mut best: Option<Time> = None;
        // Local time dressed as UTC: the crate never sees a zone, so it never meets a change.
        for dressed in self.schedule.after(&start.and_utc()) {
            let wall = dressed.naive_utc();
            if best.is_some() && wall > local + CHANGE + CHANGE {
                break;
            }
            let found = self.instants(wall, zone).into_iter().flatten();
            let next = found.filter(|instant| *instant > after).min();
            best = match (best, next) {
                (Some(have), Some(new)) => Some(have.min(new)),
                (have, new) => have.or(new),
            };
            if best.is_some() && !is_near_change {
                break;
            }
        }
        best
    }

    fn instants(&self, wall: NaiveDateTime, zone: Tz) -> [Option<Time>; 2] {
        match zone.from_local_datetime(&wall) {
            LocalResult::Single(one) => [Some(one.to_utc()), None],
            LocalResult::Ambiguous(first, _) if self.is_daily => [Some(first.to_utc()), None],
            LocalResult::Ambiguous(first, second) => [Some(first.to_utc()), Some(second.to_utc())],
            LocalResult::None if self.is_daily => [Some(days::instant(zone, wall)), None],
            LocalResult::None => [None, None],
        }
    }
}

/// The days of the week with each range written out, because the crate's weeks begin on Sunday and none of its
/// ranges runs over their end.
fn day_by_day(field: &str) -> String {
    let part = |part: &str| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step = step.parse().ok().filter(|step| *step > 0);
        match (weekdays(range), step) {
            (Some(days), Some(step)) if range.contains('-') => {
                let days = days.iter().step_by(step).map(ToString::to_string);
                days.collect::<Vec<_>>().join(",")
            }
            _ => part.to_owned(),
        }
    };
    field.split(',').map(part).collect::<Vec<_>>().join(",")
}

fn is_named(part: &str) -> bool {
    let days = part.split('/').next().unwrap_or_default();
    matches!(days, "*" | "?")
        || days
            .split('-')
            .all(|day| DAYS.contains(&day.to_ascii_lowercase().as_str()))
}

fn offset(zone: Tz, at: Time) -> i32 {
    use chrono::Offset;
    zone.offset_from_utc_datetime(&at.naive_utc())
        .fix()
        .local_minus_utc()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;
    use croner::parser::{CronParser, Seconds, Year};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn points(pattern: &str, from: &str, count: usize) -> Vec<String> {
        let pattern = Pattern::parse(pattern).unwrap();
        let mut time = at(from);
        (0..count)
            .map(|_| {
                time = pattern.next_after(time, London).unwrap();
                time.format("%d %H:%MZ").to_string()
            })
            .collect()
    }

    #[test]
    fn a_daily_time_that_is_left_out_in_spring_comes_right_after_the_gap() {
        assert_eq!(
            points("30 1 * * *", "2026-03-28T12:00:00Z", 2),
            ["29 01:00Z", "30 00:30Z"]
        );
    }

    #[test]
    fn a_daily_time_that_is_repeated_in_autumn_comes_once_and_first() {
        assert_eq!(
            points("30 1 * * *", "2026-10-24T12:00:00Z", 2),
            ["25 00:30Z", "26 01:30Z"]
        );
    }

    #[test]
    fn half_hours_run_through_the_repeated_hour_in_the_order_in_which_they_happen() {
        assert_eq!(
            points("*/30 * * * *", "2026-10-24T23:45:00Z", 5),
            [
                "25 00:00Z",
                "25 00:30Z",
                "25 01:00Z",
                "25 01:30Z",
                "25 02:00Z"
            ]
        );
    }

    #[test]
    fn weekdays_are_those_of_the_local_calendar() {
        // 10am on Friday 23 October is summer time, on Monday 26 October it is not.
        assert_eq!(
            points("0 10 * * Mon-Fri", "2026-10-23T08:00:00Z", 2),
            ["23 09:00Z", "26 10:00Z"]
        );
    }

    #[test]
    fn days_run_over_the_end_of_the_week() {
        // 28 November 2026 is a Saturday.
        let noon = "2026-11-25T12:00:00Z";
        assert_eq!(
            points("0 9 * * Sat-Sun", noon, 3),
            ["28 09:00Z", "29 09:00Z", "05 09:00Z"]
        );
        assert_eq!(
            points("0 9 * * Fri-Mon", noon, 5),
            [
                "27 09:00Z",
                "28 09:00Z",
                "29 09:00Z",
                "30 09:00Z",
                "04 09:00Z"
            ]
        );
        assert_eq!(
            points("0 9 * * Fri-Mon/2,Wed", noon, 3),
            ["27 09:00Z", "29 09:00Z", "02 09:00Z"]
        );
        assert_eq!(
            points("0 9 * * Mon-Fri/2", noon, 2),
            ["27 09:00Z", "30 09:00Z"]
        );
    }

    #[test]
    fn a_leap_day_is_waited_for() {
        let pattern = Pattern::parse("0 9 29 2 *").unwrap();
        let next = pattern.next_after(at("2026-03-01T00:00:00Z"), London);
        assert_eq!(next, Some(at("2028-02-29T09:00:00Z")));
    }

    #[test]
    fn what_two_crons_would_read_differently_is_refused() {
        for (text, expected) in [
            ("0 9 * * 1-5", "does not name its days"),
            ("0 9 13 * Fri", "restricts both"),
            ("0 0 9 * * Mon", "has 6 fields"),
            ("@daily", "has 1 fields"),
            ("0 9 30 2 *", "never comes"),
            ("0 25 * * *", "is not a pattern"),
            ("", "has 0 fields"),
        ] {
            let refused = Pattern::parse(text).unwrap_err();
            assert!(refused.sentence.contains(expected), "{text}: {refused}");
        }
    }

    fn field(from: u32, to: u32) -> impl Strategy<Value = String> {
        prop_oneof![
            Just("*".to_owned()),
            (from..=to).prop_map(|n| n.to_string()),
            (2..=to / 2).prop_map(|step| format!("*/{step}")),
            proptest::collection::btree_set(from..=to, 2..4)
                .prop_map(|set| { set.iter().map(u32::to_string).collect::<Vec<_>>().join(",") }),
            (from..to).prop_flat_map(
                move |low| (low + 1..=to).prop_map(move |high| format!("{low}-{high}"))
            ),
        ]
    }

    fn patterns() -> impl Strategy<Value = String> {
        let days = prop_oneof![
            Just("* * *".to_owned()),
            Just("* * Mon-Fri".to_owned()),
            Just("* * Sun".to_owned()),
            Just("* * Tue,Sat,Sun".to_owned()),
            (1u32..=28).prop_map(|day| format!("{day} * *")),
            (1u32..=12).prop_map(|month| format!("* {month} *")),
        ];
        (field(0, 59), field(0, 23), days)
            .prop_map(|(minute, hour, days)| format!("{minute} {hour} {days}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// `croner` is right on both nights; it is the independent oracle.
        #[test]
        fn it_agrees_with_another_cron_over_both_clock_changes(
            text in patterns(),
            spring in any::<bool>(),
            minutes in -3000i64..1500,
            steps in 1usize..12,
        ) {
            let change = if spring { "2026-03-29T01:00:00Z" } else { "2026-10-25T01:00:00Z" };
            let ours = Pattern::parse(&text).unwrap();
            let theirs = CronParser::builder()
                .seconds(Seconds::Disallowed)
                .year(Year::Disallowed)
                .build()
                .parse(&text)
                .unwrap();
            let mut time = at(change) + Duration::minutes(minutes);
            for _ in 0..steps {
                let next = ours.next_after(time, London);
                let expected = theirs
                    .find_next_occurrence(&time.with_timezone(&London), false)
                    .unwrap()
                    .to_utc();
                prop_assert_eq!(next, Some(expected), "{} after {}", text, time);
                time = expected;
            }
        }
    }
}

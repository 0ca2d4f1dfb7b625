//! Times as people type them: `2:40pm`, `45m`, `30m ago`, `2026-11-24 09:00`, `midday`.
//!
//! Read in the organisation's time zone. A clock time without a date is the next such time for a
//! promise and the last one for something that has happened; which, the caller says.

use chrono::{
    DateTime, Days, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::time::{Time, bounded};

/// Whether a time without a date lies ahead or behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A promise: the next such time.
    Ahead,
    /// Something that has happened: the last such time.
    Behind,
}

/// Reads a time as typed. The error is a sentence with examples.
pub fn parse(text: &str, now: Time, zone: Tz, side: Side) -> Result<Time, String> {
    let text = text.trim().to_ascii_lowercase();
    let read = read(&text, now, zone, side).map(bounded);
    let wrong = match read {
        Some(Ok(time)) => return Ok(time),
        Some(Err(_)) => "lies outside of the years 2000 to 2100",
        None => "is not a time",
    };
    Err(format!(
        "\"{text}\" {wrong}. Use a clock time (2:40pm, 14:40), a length ({}) or a date (2026-11-24 09:00).",
        if side == Side::Ahead {
            "45m, 2h"
        } else {
            "45m ago, 2h ago"
        }
    ))
}

fn read(text: &str, now: Time, zone: Tz, side: Side) -> Option<Time> {
    if text == "now" {
        return Some(now);
    }
    if let Some(length) = text.strip_suffix("ago") {
        return now.checked_sub_signed(length_of(length.trim())?);
    }
    if let Some(length) = length_of(text) {
        return match side {
            Side::Ahead => now.checked_add_signed(length),
            Side::Behind => now.checked_sub_signed(length),
        };
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(&text.to_ascii_uppercase()) {
        return Some(instant.with_timezone(&Utc));
    }
    if let Some(clock) = clock_of(text) {
        return beside(now, zone, clock, side);
    }
    let (date, rest) = text.split_at_checked(10)?;
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    let rest = rest.trim_start_matches(['t', ' ']);
    let clock = if rest.is_empty() {
        NaiveTime::from_hms_opt(9, 0, 0)?
    } else {
        clock_of(rest)?
    };
    local(zone, date.and_time(clock))
}

/// A length such as `45m`, `2h`, `1h30m`, `90d`; every unit at most once, in falling order.
pub fn length_of(text: &str) -> Option<Duration> {
    let units = [
        ('w', 7 * 24 * 3600),
        ('d', 24 * 3600),
        ('h', 3600),
        ('m', 60),
        ('s', 1),
    ];
    let mut rest = text;
    let mut total = Duration::zero();
    for (letter, seconds) in units {
        if let Some((number, after)) = rest.split_once(letter)
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            let number: i64 = number.parse().ok()?;
            total = total.checked_add(&Duration::try_seconds(number.checked_mul(seconds)?)?)?;
            rest = after;
        }
    }
    (rest.is_empty() && !total.is_zero()).then_some(total)
}

fn clock_of(text: &str) -> Option<NaiveTime> {
    match text {
        "midday" | "noon" => return NaiveTime::from_hms_opt(12, 0, 0),
        "midnight" => return NaiveTime::from_hms_opt(0, 0, 0),
        _ => {}
    }
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(digits), _) => (digits.trim_end(), Some(0)),
        (_, Some(digits)) => (digits.trim_end(), Some(12)),
        _ => (text, None),
    };
    let (hour, minute) = match digits.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute.parse().ok()?),
        Some(_) => return None,
        // A bare number is a clock time only with am or pm: "15" could be anything.
        None if half.is_some() => (digits, 0),
        None => return None,
    };
    let hour: u32 = hour.parse().ok()?;
    match half {
        Some(half) if (1..=12).contains(&hour) => {
            NaiveTime::from_hms_opt(hour % 12 + half, minute, 0)
        }
        Some(_) => None,
        None => NaiveTime::from_hms_opt(hour, minute, 0),
    }
}

fn beside(now: Time, zone: Tz, clock: NaiveTime, side: Side) -> Option<Time> {
    let today = now.with_timezone(&zone).date_naive();
    let at = |date: NaiveDate| local(zone, date.and_time(clock));
    let on_day = at(today)?;
    match side {
        Side::Ahead if on_day <= now => at(today.checked_add_days(Days::new(1))?),
        Side::Behind if on_day > now => at(today.checked_sub_days(Days::new(1))?),
        _ => Some(on_day),
    }
}

/// The instant of a wall-clock time; the first where it comes twice, and where it does not exist
/// the instant after the gap.
fn local(zone: Tz, wall: NaiveDateTime) -> Option<Time> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => {
            Some(time.with_timezone(&Utc))
        }
        LocalResult::None => {
            let later = wall.checked_add_signed(Duration::hours(1))?;
            zone.from_local_datetime(&later)
                .earliest()
                .map(|time| time.with_timezone(&Utc))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONDON: Tz = chrono_tz::Europe::London;

    fn at(text: &str) -> Time {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .with_timezone(&Utc)
    }

    fn check(text: &str, now: &str, side: Side, expected: &str) {
        assert_eq!(
            parse(text, at(now), LONDON, side),
            Ok(at(expected)),
            "{text} at {now}"
        );
    }

    #[test]
    fn a_clock_time_is_the_next_one_for_a_promise_and_the_last_one_for_the_past() {
        check(
            "2:40pm",
            "2026-11-23T13:31:00Z",
            Side::Ahead,
            "2026-11-23T14:40:00Z",
        );
        check(
            "14:40",
            "2026-11-23T15:31:00Z",
            Side::Ahead,
            "2026-11-24T14:40:00Z",
        );
        check(
            "1:20pm",
            "2026-11-23T13:31:00Z",
            Side::Behind,
            "2026-11-23T13:20:00Z",
        );
        check(
            "11pm",
            "2026-11-23T01:00:00Z",
            Side::Behind,
            "2026-11-22T23:00:00Z",
        );
        check(
            "midday",
            "2026-06-23T09:00:00Z",
            Side::Ahead,
            "2026-06-23T11:00:00Z",
        );
    }

    #[test]
    fn lengths_and_dates_are_read() {
        check(
            "45m",
            "2026-11-23T13:31:00Z",
            Side::Ahead,
            "2026-11-23T14:16:00Z",
        );
        check(
            "1h30m",
            "2026-11-23T13:00:00Z",
            Side::Ahead,
            "2026-11-23T14:30:00Z",
        );
        check(
            "30m ago",
            "2026-11-23T13:31:00Z",
            Side::Behind,
            "2026-11-23T13:01:00Z",
        );
        check(
            "2026-07-01 09:30",
            "2026-06-23T09:00:00Z",
            Side::Ahead,
            "2026-07-01T08:30:00Z",
        );
        check(
            "2026-07-01",
            "2026-06-23T09:00:00Z",
            Side::Ahead,
            "2026-07-01T08:00:00Z",
        );
        check(
            "2026-07-01T09:30:00+02:00",
            "2026-06-23T09:00:00Z",
            Side::Ahead,
            "2026-07-01T07:30:00Z",
        );
    }

    #[test]
    fn a_time_that_the_clock_change_skips_is_the_first_one_after_it() {
        check(
            "2026-03-29 01:30",
            "2026-03-28T12:00:00Z",
            Side::Ahead,
            "2026-03-29T01:30:00Z",
        );
        check(
            "2026-10-25 01:30",
            "2026-10-24T12:00:00Z",
            Side::Ahead,
            "2026-10-25T00:30:00Z",
        );
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        for text in [
            "",
            "soon",
            "15",
            "25:00",
            "13pm",
            "2:4pm",
            "m",
            "9999999999999999h",
            "2026-13-01",
            "1999-12-31 09:00",
            "2101-01-01",
            "4000w",
            "4000w ago",
            "é:00",
        ] {
            let refusal = parse(text, at("2026-11-23T13:31:00Z"), LONDON, Side::Ahead).unwrap_err();
            assert!(refusal.contains("2:40pm"), "{refusal}");
        }
    }
}

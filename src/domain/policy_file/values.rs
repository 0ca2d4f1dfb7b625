//! Values of a policy that TOML has no type for: durations, times of day, dates, cron patterns.

use chrono::{Duration, NaiveDate, NaiveTime, Weekday};
use toml::de::DeValue;

use super::reader::{Faults, Value};
use crate::domain::{
    clock::pattern::Pattern,
    time::{bounded, weekdays},
    when::length_of,
};

/// A duration such as `10s`, `5m`, `1h`, `2h30m` or `1d`; `0s` is none at all.
pub(super) fn duration(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Duration> {
    let span = value.span();
    let text = faults.text(value)?;
    let read = parse_duration(&text);
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" is not a length of time."),
            "Use numbers with s, m, h or d, for example 10s, 5m, 1h or 2h30m.",
        );
    }
    read
}

/// A duration of at least so many minutes.
pub(super) fn duration_from(
    minutes: i64,
) -> impl Fn(&mut Faults<'_>, Value<'_>) -> Option<Duration> {
    move |faults, value| {
        let span = value.span();
        let read = duration(faults, value)?;
        if read >= Duration::minutes(minutes) {
            return Some(read);
        }
        faults.add(
            &span,
            "This length of time is too short.",
            format!("Use {minutes}m or more."),
        );
        None
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    if text.trim() == "0s" {
        return Some(Duration::zero());
    }
    // A century is more than any promise; beyond it arithmetic on times could overflow.
    length_of(text.trim()).filter(|length| *length <= Duration::days(100 * 366))
}

/// A time of day such as `09:00`.
pub(super) fn time_of_day(faults: &mut Faults<'_>, value: Value<'_>) -> Option<NaiveTime> {
    let span = value.span();
    let text = faults.text(value)?;
    let read = NaiveTime::parse_from_str(&text, "%H:%M").ok();
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" is not a time of day."),
            "Use hours and minutes on the 24-hour clock, for example \"09:00\".",
        );
    }
    read
}

/// A day of the week such as `Mon`, or several such as `Sat-Mon`.
pub(super) fn days_of_week(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Vec<Weekday>> {
    let span = value.span();
    let text = faults.text(value)?;
    let read = weekdays(&text);
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" is not a day of the week."),
            "Use Mon, Tue, Wed, Thu, Fri, Sat or Sun, or from one to another: Mon-Fri.",
        );
    }
    read
}

/// A date such as `2026-12-25`, with or without quotes.
pub(super) fn date(faults: &mut Faults<'_>, value: Value<'_>) -> Option<NaiveDate> {
    let span = value.span();
    let text = match value.get_ref() {
        DeValue::Datetime(datetime) => datetime.to_string(),
        _ => faults.text(value)?,
    };
    let read = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
        .ok()
        .and_then(|date| bounded(date).ok());
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" is not a date in the years 2000 to 2100."),
            "Use year, month and day, for example 2026-12-25.",
        );
    }
    read
}

/// A day of every year such as `07-01`, as (month, day).
pub(super) fn day_of_year(faults: &mut Faults<'_>, value: Value<'_>) -> Option<(u32, u32)> {
    let span = value.span();
    let text = faults.text(value)?;
    let read = text.split_once('-').and_then(|(month, day)| {
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        // 2024 has a 29 February.
        NaiveDate::from_ymd_opt(2024, month, day).map(|_| (month, day))
    });
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" is not a day of the year."),
            "Use month and day, for example \"07-01\" for 1 July.",
        );
    }
    read
}

/// A cron pattern that the clock can use.
pub(super) fn cron(faults: &mut Faults<'_>, value: Value<'_>) -> Option<String> {
    let span = value.span();
    let text = faults.text(value)?;
    match Pattern::parse(&text) {
        Ok(_) => Some(text),
        Err(bad) => {
            faults.add(&span, bad.sentence, bad.fix);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_numbers_with_units() {
        for (text, seconds) in [
            ("0s", Some(0)),
            ("10s", Some(10)),
            ("2h30m", Some(9000)),
            ("1d", Some(86_400)),
            ("", None),
            ("h", None),
            ("10", None),
            ("-5m", None),
            ("5 minutes", None),
            ("99999999999999999999s", None),
            ("9223372036854775807d", None),
            ("5µ", None),
        ] {
            assert_eq!(
                parse_duration(text),
                seconds.map(Duration::seconds),
                "{text}"
            );
        }
    }
}

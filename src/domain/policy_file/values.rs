//! Values of a policy that TOML has no type for: durations, times of day, dates, cron patterns.

use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc, Weekday};
use toml::de::DeValue;

use super::reader::{Faults, Value};

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
    let mut rest = text.trim();
    let mut seconds: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        let unit = match rest.get(digits..digits + 1)? {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(digits + 1..)?.trim_start();
    }
    // A century is more than any promise; beyond it arithmetic on times could overflow.
    (seconds <= 100 * 366 * 86_400).then(|| Duration::seconds(seconds))
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

/// A day of the week such as `Mon`.
pub(super) fn weekday(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Weekday> {
    let span = value.span();
    let text = faults.text(value)?;
    let read = Weekday::from_str(&text).ok();
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" is not a day of the week."),
            "Use Mon, Tue, Wed, Thu, Fri, Sat or Sun.",
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
    let read = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" is not a date."),
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

/// A cron pattern of five fields with day names, which fires at least once.
pub(super) fn cron(faults: &mut Faults<'_>, value: Value<'_>) -> Option<String> {
    let span = value.span();
    let text = faults.text(value)?;
    match check_cron(&text) {
        Ok(()) => Some(text),
        Err((message, fix)) => {
            faults.add(&span, format!("The pattern \"{text}\" {message}."), fix);
            None
        }
    }
}

const CRON_FIX: &str =
    "Use minute, hour, day of month, month and day of week, for example \"0 10 * * Mon-Fri\".";

fn check_cron(text: &str) -> Result<(), (String, &'static str)> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        return Err((format!("has {} fields, not five", fields.len()), CRON_FIX));
    }
    // Whether 1 is Sunday or Monday depends on whom one asks, so numbers are not accepted.
    if fields[4].bytes().any(|byte| byte.is_ascii_digit()) {
        return Err((
            "has a number for the day of the week".to_owned(),
            "Use day names, for example Mon-Fri.",
        ));
    }
    let schedule = cron::Schedule::from_str(&format!("0 {text}"))
        .map_err(|_| ("cannot be read".to_owned(), CRON_FIX))?;
    // A leap year lies ahead of this instant, so "29 2" is found and "30 2" is not.
    let start = DateTime::<Utc>::UNIX_EPOCH + Duration::days(50 * 366);
    if schedule.after(&start).next().is_none() {
        return Err((
            "never comes round".to_owned(),
            "Choose a day that the month has.",
        ));
    }
    Ok(())
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
            ("1h 5m", Some(3900)),
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

    #[test]
    fn cron_patterns_have_five_fields_with_day_names_and_come_round() {
        for good in ["0 10 * * Mon-Fri", "*/15 * * * *", "0 9 29 2 *"] {
            assert_eq!(check_cron(good), Ok(()), "{good}");
        }
        for bad in [
            "0 10 * * 1-5",
            "0 0 10 * * Mon",
            "0 10 * *",
            "0 25 * * *",
            "0 10 30 2 *",
            "a b c d e",
        ] {
            assert!(check_cron(bad).is_err(), "{bad}");
        }
    }
}

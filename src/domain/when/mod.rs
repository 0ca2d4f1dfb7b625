//! Times as people type them: `2:40pm`, `5pm tomorrow`, `1:30am GMT`, `45m`, `30m ago`,
//! `2026-11-24 09:00`, `midday`.
//!
//! Read in the organisation's time zone and cut to the minute, so that what is kept is what is printed; a
//! time with its offset (RFC 3339) is taken at its word. A time of day without a day is today's for a promise
//! and the last one for something that has happened; which, the caller says. Where that could mean two
//! times, nothing is guessed: the answer has both, as somebody would type them.

#[cfg(test)]
mod tests;
mod wall;

use chrono::{DateTime, Days, Duration, LocalResult, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

use super::{
    command::Refusal,
    time::{Time, bounded, printed, printed_after},
};
use wall::{Day, Said, instants, zone_word};

/// Whether a time without a date lies ahead or behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A promise: it must still come.
    Ahead,
    /// Something that has happened: the last such time.
    Behind,
}

/// Why a text was not taken as a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is not a time.
    NotATime,
    /// It lies outside of the years that are taken.
    OutOfBounds,
    /// A time of day that has passed, where one to come is wanted.
    Passed,
    /// A time of day that comes twice, because the clocks go back.
    Twice,
}

/// A text that was not taken as a time, and what could be typed in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// Why.
    pub wrong: Wrong,
    /// The same as a sentence.
    pub sentence: String,
    /// What to type instead, as a sentence.
    pub fix: String,
    /// The times that may be meant, where it is known which.
    pub readings: Vec<Reading>,
}

/// A time that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// In a word or two, for a button.
    pub label: String,
    /// What [`parse`] takes as this time.
    pub text: String,
}

impl From<Misread> for Refusal {
    fn from(misread: Misread) -> Self {
        Self::new("bad-time", misread.sentence, misread.fix)
    }
}

/// Reads a time as typed.
pub fn parse(text: &str, now: Time, zone: Tz, side: Side) -> Result<Time, Misread> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").to_ascii_lowercase();
    let refused = |wrong, says| {
        let length = match side {
            Side::Ahead => "45m, 2h",
            Side::Behind => "45m ago, 2h ago",
        };
        Misread {
            wrong,
            sentence: format!("\"{text}\" {says}."),
            fix: format!(
                "Use a clock time (2:40pm, 14:40), a length ({length}) or a day (tomorrow 9am, 2026-11-24 09:00)."
            ),
            readings: Vec::new(),
        }
    };
    let far = |_| refused(Wrong::OutOfBounds, "lies outside of the years 2000 to 2100");
    if text == "now" {
        return Ok(now);
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(&text.to_ascii_uppercase()) {
        return bounded(instant.with_timezone(&Utc)).map_err(far);
    }
    if let Some((at, side)) = by_length(&text, now, side) {
        let at = bounded(at).map_err(far)?;
        return Ok(match side {
            Side::Ahead => printed_after(at, now, zone),
            Side::Behind => printed(at, zone),
        });
    }
    let at = match Said::of(&text) {
        Some(said) => by_clock(&said, now, zone, side)?,
        None => None,
    };
    let at = at.ok_or_else(|| refused(Wrong::NotATime, "is not a time"))?;
    bounded(at).map_err(far)
}

/// A time as somebody would type it, so that it reads back as the same minute.
pub fn typed(at: Time, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    let wall = local.format("%Y-%m-%d %H:%M").to_string();
    match zone.from_local_datetime(&local.naive_local()) {
        LocalResult::Ambiguous(first, second) => {
            let words = (zone_word(&first), zone_word(&second));
            match words.0 == words.1 {
                true => local.to_rfc3339(),
                false => format!("{wall} {}", zone_word(&local)),
            }
        }
        _ => wall,
    }
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

/// The time that lies a length away, and on which side.
fn by_length(text: &str, now: Time, side: Side) -> Option<(Time, Side)> {
    let (length, side) = match text.strip_suffix("ago") {
        Some(length) => (length_of(length.trim())?, Side::Behind),
        None => (length_of(text)?, side),
    };
    let at = match side {
        Side::Ahead => now.checked_add_signed(length),
        Side::Behind => now.checked_sub_signed(length),
    };
    Some((at?, side))
}

/// The time at which a clock on the wall shows what was said.
fn by_clock(said: &Said<'_>, now: Time, zone: Tz, side: Side) -> Result<Option<Time>, Misread> {
    let today = now.with_timezone(&zone).date_naive();
    let Some(date) = said.day.date(today) else {
        return Ok(None);
    };
    let on = |date| instants(zone, date, said);
    let found = on(date);
    let fits = |at: &&Time| (**at > now) == (side == Side::Ahead);
    let fit: Vec<Time> = found.iter().filter(fits).copied().collect();
    let is_date = matches!(said.day, Day::Date(_));
    if fit.is_empty() && !found.is_empty() && !is_date {
        if side == Side::Ahead {
            return Err(passed(said, today, zone));
        }
        if side == Side::Behind && said.day == Day::Unsaid {
            let before = date.checked_sub_days(Days::new(1));
            let found = before.map(on).unwrap_or_default();
            return one_of(said, before.unwrap_or(date), &found, zone);
        }
    }
    // A date says itself which side it is on; whoever decides says that it is the wrong one.
    one_of(said, date, if fit.is_empty() { &found } else { &fit }, zone)
}

/// The time if there is one, none if there is none, and the question if there are two.
fn one_of(
    said: &Said<'_>,
    date: NaiveDate,
    found: &[Time],
    zone: Tz,
) -> Result<Option<Time>, Misread> {
    let [_, _, ..] = found else {
        return Ok(found.first().copied());
    };
    let readings = readings(said, said.day, found, zone);
    let says: Vec<&str> = readings.iter().map(|it| it.text.as_str()).collect();
    Err(Misread {
        wrong: Wrong::Twice,
        sentence: format!(
            "{} comes twice on {}, because the clocks go back.",
            said.words(),
            date.format("%-d %B %Y")
        ),
        fix: format!(
            "Say {} for the first, or {} for the second.",
            says[0], says[1]
        ),
        readings,
    })
}

fn passed(said: &Said<'_>, today: NaiveDate, zone: Tz) -> Misread {
    let tomorrow = Day::Near("tomorrow", 1);
    let again = said.at_its_end().on(tomorrow);
    let date = tomorrow.date(today);
    let found = date
        .map(|date| instants(zone, date, &again))
        .unwrap_or_default();
    let mut readings = readings(&again, tomorrow, &found, zone);
    if let [only] = readings.as_mut_slice() {
        only.label = "Tomorrow".to_owned();
    }
    let says: Vec<&str> = readings.iter().map(|it| it.text.as_str()).collect();
    let day = match said.day {
        Day::Near(word, _) => word,
        _ => "today",
    };
    Misread {
        wrong: Wrong::Passed,
        sentence: format!("{} {day} has passed.", said.words()),
        fix: format!("Say {}, or a later time today.", says.join(" or ")),
        readings,
    }
}

/// The words that mean each of these times and no other.
fn readings(said: &Said<'_>, day: Day<'_>, found: &[Time], zone: Tz) -> Vec<Reading> {
    let named = |clock: &str| match day {
        Day::Unsaid => clock.to_owned(),
        Day::Near(word, _) => format!("{clock} {word}"),
        Day::Date(date) => format!("{date} {clock}"),
    };
    let [first, second] = found else {
        let clock = said.words();
        return found
            .iter()
            .map(|_| Reading {
                label: clock.clone(),
                text: named(&clock),
            })
            .collect();
    };
    let local = [first, second].map(|at| at.with_timezone(&zone));
    let is_told_apart = zone_word(&local[0]) != zone_word(&local[1]);
    ["The first", "The second"]
        .into_iter()
        .zip(local)
        .map(|(label, at)| {
            let clock = format!("{} {}", said.words(), zone_word(&at));
            match is_told_apart {
                true => Reading {
                    text: named(&clock),
                    label: clock,
                },
                false => Reading {
                    text: at.to_rfc3339(),
                    label: label.to_owned(),
                },
            }
        })
        .collect()
}

//! Days and times of day, and the instants at which a clock on the wall shows them.

use chrono::{
    DateTime, Days, Duration, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime,
    Offset, TimeZone, Utc,
};
use chrono_tz::{OffsetName, Tz};

use crate::domain::time::{Time, printed};

/// Which day was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day<'a> {
    /// None.
    Unsaid,
    /// By a word, so many days from today.
    Near(&'a str, i64),
    /// By its date.
    Date(NaiveDate),
}

impl Day<'_> {
    /// Its date; today's if none was named.
    pub(super) fn date(self, today: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Unsaid => Some(today),
            Self::Near(_, days) => today.checked_add_signed(Duration::days(days)),
            Self::Date(date) => Some(date),
        }
    }
}

/// A time of day as typed, with its day and its zone if they were named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) day: Day<'a>,
    /// The time as typed.
    clock: &'a str,
    time: NaiveTime,
    zone: Option<&'a str>,
}

impl<'a> Said<'a> {
    /// Reads `[DAY] [at] CLOCK [ZONE] [DAY]`, in lower case with single blanks; a day alone is 9am.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (day, rest) = day_of(text);
        let rest = rest.strip_prefix("at ").unwrap_or(rest);
        if rest.is_empty() && day != Day::Unsaid {
            return Some(Self {
                day,
                clock: "9am",
                time: NaiveTime::from_hms_opt(9, 0, 0)?,
                zone: None,
            });
        }
        let (clock, time, zone) = match (clock_of(rest), rest.rsplit_once(' ')) {
            (Some(time), _) => (rest, time, None),
            (None, Some((clock, zone))) => (clock, clock_of(clock)?, Some(zone)),
            (None, None) => return None,
        };
        let said = Self {
            day,
            clock,
            time,
            zone,
        };
        Some(said.on(day))
    }

    /// The same time on another day. Midnight by its word, or without a day, is the end of the day; as digits
    /// with a day it is where that day begins.
    pub(super) fn on(self, day: Day<'a>) -> Self {
        let is_end = self.clock == "midnight" || self.day == Day::Unsaid;
        let on = Self { day, ..self };
        if is_end { on.at_its_end() } else { on }
    }

    /// Midnight as the end of its day; any other time as it is.
    pub(super) fn at_its_end(self) -> Self {
        match self.time == NaiveTime::MIN {
            true => Self {
                clock: "midnight",
                time: NaiveTime::from_hms_opt(23, 59, 0).unwrap_or(self.time),
                ..self
            },
            false => self,
        }
    }

    /// The time of day as it can be typed again.
    pub(super) fn words(&self) -> String {
        match self.zone {
            Some(zone) => format!("{} {}", self.clock, zone.to_ascii_uppercase()),
            None => self.clock.to_owned(),
        }
    }
}

fn day_of(text: &str) -> (Day<'_>, &str) {
    if let Some((date, rest)) = text.split_at_checked(10)
        && let Ok(date) = NaiveDate::parse_from_str(date, "%Y-%m-%d")
    {
        return (Day::Date(date), rest.trim_start_matches(['t', ' ']));
    }
    for (word, days) in [("today", 0), ("tomorrow", 1), ("yesterday", -1)] {
        let rest = text.strip_prefix(word).or_else(|| text.strip_suffix(word));
        if let Some(rest) = rest
            && (rest.is_empty() || rest.starts_with(' ') || rest.ends_with(' '))
        {
            return (Day::Near(word, days), rest.trim());
        }
    }
    (Day::Unsaid, text)
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

/// The instants, as they are printed, at which the clock shows what was said on a day: two where it comes
/// twice, none if the zone that was named is unknown. Where it does not exist, the instant an hour on.
pub(super) fn instants(zone: Tz, date: NaiveDate, said: &Said<'_>) -> Vec<Time> {
    let wall = date.and_time(said.time);
    let found = match said.zone {
        Some(word) => offset_of(zone, wall, word)
            .and_then(|offset| offset.from_local_datetime(&wall).single())
            .map(|at| vec![at.to_utc()])
            .unwrap_or_default(),
        None => match zone.from_local_datetime(&wall) {
            LocalResult::Single(at) => vec![at.to_utc()],
            LocalResult::Ambiguous(first, second) => vec![first.to_utc(), second.to_utc()],
            LocalResult::None => wall
                .checked_add_signed(Duration::hours(1))
                .and_then(|later| zone.from_local_datetime(&later).earliest())
                .map(|at| vec![at.to_utc()])
                .unwrap_or_default(),
        },
    };
    found.into_iter().map(|at| printed(at, zone)).collect()
}

/// What the zone is called at this instant: GMT, BST, CEST.
pub(super) fn zone_word(at: &DateTime<Tz>) -> String {
    at.offset().abbreviation().unwrap_or_default().to_owned()
}

/// The offset that a word means in the organisation's zone: what it is called then, or at another time of
/// the year; and everywhere UTC.
fn offset_of(zone: Tz, wall: NaiveDateTime, word: &str) -> Option<FixedOffset> {
    // The days around it first, and then each month of a year on either side.
    let days = [1, 2].into_iter().chain((1..=12).map(|month| 30 * month));
    let near = days.flat_map(|days| {
        let days = Days::new(days);
        [wall.checked_sub_days(days), wall.checked_add_days(days)]
    });
    let known = near.flatten().find_map(|day| {
        let at = zone.from_utc_datetime(&day);
        zone_word(&at)
            .eq_ignore_ascii_case(word)
            .then(|| at.offset().fix())
    });
    match word {
        "utc" | "gmt" | "z" => known.or(Some(Utc.fix())),
        _ => known,
    }
}

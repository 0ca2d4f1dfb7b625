//! Time zones as people name them.
//!
//! The names are those of the IANA database, "Europe/London". Windows and Outlook have names of their own,
//! which Unicode maps (CLDR's `windowsZones`, in the crate `icu_time`). Everything else is refused: a zone
//! that merely looks like what was written may be hours away, so none is offered that could be meant by
//! nothing but its letters.

use chrono::{NaiveDate, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use icu_time::zone::{WindowsParser, iana::IanaParserExtended};

use super::{
    nearest::{nearest, or_list},
    text::bare,
};

/// What people call the time of the United Kingdom, beside its names in the databases.
const LONDON: [&str; 3] = ["BST", "British Summer Time", "GMT/BST"];

/// How the names of zones begin that are those of places.
const AREAS: [&str; 9] = [
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
];

/// The zone with this name, or what to do, as a sentence.
pub fn named(text: &str) -> Result<Tz, String> {
    let text = bare(text);
    let by_name = TZ_VARIANTS
        .iter()
        .find(|zone| zone.name().eq_ignore_ascii_case(&text))
        .copied();
    if let Some(zone) = by_name.or_else(|| of_windows(&text)) {
        return Ok(zone);
    }
    if LONDON.iter().any(|name| name.eq_ignore_ascii_case(&text)) {
        return Ok(Tz::Europe__London);
    }
    let near = meant(&text);
    if near.is_empty() {
        return Err("Write the name of its place, for example Europe/London.".to_owned());
    }
    let near: Vec<&str> = near.iter().map(|zone| zone.name()).collect();
    Err(format!("Did you mean {}?", or_list(&near)))
}

/// A name that Windows has for a zone, whatever its case.
fn of_windows(text: &str) -> Option<Tz> {
    let windows = WindowsParser::new();
    let as_title = |word: &str| match word.chars().next() {
        Some(first) => {
            let rest = &word[first.len_utf8()..];
            format!(
                "{}{}",
                first.to_ascii_uppercase(),
                rest.to_ascii_lowercase()
            )
        }
        None => String::new(),
    };
    let title = text.split(' ').map(as_title).collect::<Vec<_>>().join(" ");
    // "GMT Standard Time", "FLE Standard Time"
    let (first, rest) = title.split_once(' ').unwrap_or((&title, ""));
    let capitals = format!("{} {rest}", first.to_ascii_uppercase());
    let id = [text, title.as_str(), capitals.as_str()]
        .iter()
        .find_map(|name| windows.parse(name, None))?;
    let known = IanaParserExtended::new();
    let mut names = known.iter().filter(|name| name.time_zone == id);
    names.find_map(|name| name.canonical.parse().ok())
}

/// The zones that a slip of the finger or a bare place can mean; nothing if they differ in what time it is
/// there.
fn meant(text: &str) -> Vec<Tz> {
    let of_places = || {
        TZ_VARIANTS
            .iter()
            .filter(|zone| AREAS.iter().any(|area| zone.name().starts_with(area)))
    };
    let place = text.replace(' ', "_");
    let mut found: Vec<Tz> = of_places()
        .filter(|zone| {
            let last = zone.name().rsplit('/').next().unwrap_or_default();
            last.eq_ignore_ascii_case(&place)
        })
        .copied()
        .collect();
    if found.is_empty() && text.contains('/') {
        let near = nearest(text, of_places().map(|zone| zone.name()));
        found = near.iter().filter_map(|name| name.parse().ok()).collect();
        // Of names that are merely like it the nearest alone.
        found.truncate(1);
        let is_like = |zone: &Tz| strsim::levenshtein(zone.name(), text) <= 2;
        found.retain(is_like);
    }
    let same = found.first().map(|zone| offsets(*zone));
    if found.iter().all(|zone| Some(offsets(*zone)) == same) {
        found
    } else {
        Vec::new()
    }
}

/// How far a zone is from UTC in January and in July, in seconds.
fn offsets(zone: Tz) -> [i32; 2] {
    [1, 7].map(|month| {
        let day = NaiveDate::from_ymd_opt(2026, month, 1).unwrap_or_default();
        zone.offset_from_utc_date(&day).fix().local_minus_utc()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_their_own_name_and_by_that_of_windows() {
        for (written, zone) in [
            ("Europe/London", "Europe/London"),
            ("europe/london", "Europe/London"),
            ("\u{200B}Europe/London", "Europe/London"),
            ("GMT Standard Time", "Europe/London"),
            ("gmt standard time", "Europe/London"),
            ("BST", "Europe/London"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Romance Standard Time", "Europe/Paris"),
            ("Eastern Standard Time", "America/New_York"),
            ("Pacific Standard Time", "America/Los_Angeles"),
            ("India Standard Time", "Asia/Kolkata"),
            ("AUS Eastern Standard Time", "Australia/Sydney"),
            ("Central European Standard Time", "Europe/Warsaw"),
            ("FLE Standard Time", "Europe/Kyiv"),
            ("Greenwich Standard Time", "Atlantic/Reykjavik"),
            ("UTC", "UTC"),
        ] {
            let found = named(written).map(|zone| zone.name());
            assert_eq!(found, Ok(zone), "{written}");
        }
    }

    #[test]
    fn a_slip_gets_the_zone_that_was_meant_and_no_other() {
        for (written, offered) in [
            ("Europe/Lodnon", "Did you mean Europe/London?"),
            ("London", "Did you mean Europe/London?"),
            ("new york", "Did you mean America/New_York?"),
        ] {
            assert_eq!(named(written), Err(offered.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_cannot_be_mapped_is_refused_and_no_other_zone_is_offered() {
        for written in [
            "GMT+1",
            "UTC+01:00",
            "Etc/GMT+15",
            "CEST",
            "IST",
            "Eastern",
            "Standard Time",
            "Europe/Nowhere",
            "somewhere",
            "",
        ] {
            let fix = "Write the name of its place, for example Europe/London.";
            assert_eq!(named(written), Err(fix.to_owned()), "{written}");
        }
    }
}

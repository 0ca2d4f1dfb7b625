//! Reading the columns of one row, with a problem for each that cannot be understood.

use std::{collections::BTreeSet, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use super::{
    columns::Column,
    record::{Record, Value, split},
};
use crate::domain::{
    clock::days::instant,
    directory::{
        merge::{Place, Problem},
        text::{bad_link, bad_list_item, bad_text},
    },
    ids::BadId,
    time::{OutOfBounds, Time, WorkingHours, bounded, weekdays},
    zone,
};

/// A row being read. What a column says is `None` if the file has no such column, and
/// `Some(None)` if nothing stands in it; a column with a problem counts as not there.
pub(super) struct Row<'r> {
    record: &'r Record,
    /// What was wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl<'r> Row<'r> {
    pub(super) fn new(record: &'r Record) -> Self {
        Self {
            record,
            problems: Vec::new(),
        }
    }

    pub(super) fn value(&self, column: &str) -> Option<&'r Value> {
        self.record
            .cells
            .iter()
            .find(|(have, _)| matches!(have, Column::Named(name) if *name == column))
            .map(|(_, value)| value)
    }

    /// Where it stands: its row or line.
    pub(super) fn at(&self) -> u32 {
        self.record.at.row
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.value(column).is_some()
    }

    pub(super) fn problem(
        &mut self,
        column: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.problem_at(self.record.at.row, column, message, fix);
    }

    pub(super) fn problem_at(
        &mut self,
        row: u32,
        column: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.problems.push(Problem {
            at: Place {
                row,
                ..self.record.at.clone()
            },
            column: Some(column.to_owned()),
            message: message.into(),
            fix: fix.into(),
        });
    }

    /// One text, whatever it holds.
    fn raw(&mut self, column: &str) -> Option<Option<&'r str>> {
        match self.value(column)? {
            Value::Text(text) if text.is_empty() => Some(None),
            Value::Text(text) => Some(Some(text)),
            Value::List(_) => {
                self.problem(
                    column,
                    format!("{column} holds a list."),
                    "Write one value there.",
                );
                None
            }
        }
    }

    /// A name or label.
    pub(super) fn text(&mut self, column: &str) -> Option<Option<String>> {
        let Some(text) = self.raw(column)? else {
            return Some(None);
        };
        if let Some(wrong) = bad_text(text) {
            self.problem(
                column,
                format!("The {column} {wrong}."),
                "Write it as people read it, on one line of at most 200 characters.",
            );
            return None;
        }
        Some(Some(text.to_owned()))
    }

    /// A link or an address, of which the channel knows more.
    pub(super) fn link(&mut self, column: &str) -> Option<Option<String>> {
        let Some(text) = self.raw(column)? else {
            return Some(None);
        };
        if let Some(wrong) = bad_link(text) {
            let message = format!("The {column} {wrong}.");
            self.problem(
                column,
                message,
                "Write it on one line of at most 2,000 characters.",
            );
            return None;
        }
        Some(Some(text.to_owned()))
    }

    /// The name of an entry, which can be left out but not emptied.
    pub(super) fn name(&mut self) -> Option<String> {
        match self.text("name")? {
            Some(name) => Some(name),
            None => {
                self.problem("name", "The name is empty.", "Fill in the name.");
                None
            }
        }
    }

    /// An id that may be missing.
    pub(super) fn id<T: FromStr<Err = BadId>>(&mut self, column: &str) -> Option<Option<T>> {
        let Some(text) = self.raw(column)? else {
            return Some(None);
        };
        self.parse_id(self.record.at.row, column, text).map(Some)
    }

    /// An id without which the row says nothing; `hint` is a text from which one can be made.
    pub(super) fn needed_id<T: FromStr<Err = BadId>>(
        &mut self,
        column: &str,
        hint: &str,
    ) -> Option<T> {
        match self.raw(column) {
            Some(Some(text)) => self.parse_id(self.record.at.row, column, text),
            Some(None) | None => {
                // A list in its place is reported already.
                if !matches!(self.value(column), Some(Value::List(_))) {
                    let fix = match slug(hint) {
                        Some(slug) => format!("Fill it in, for example {slug}."),
                        None => "Fill it in.".to_owned(),
                    };
                    self.problem(column, format!("The {column} is empty."), fix);
                }
                None
            }
        }
    }

    /// Several ids, each with its row or line.
    pub(super) fn ids<T: FromStr<Err = BadId>>(&mut self, column: &str) -> Option<Vec<(u32, T)>> {
        let mut ids = Vec::new();
        for (row, text) in self.items(column)? {
            ids.extend(self.parse_id(row, column, &text).map(|id| (row, id)));
        }
        Some(ids)
    }

    fn items(&mut self, column: &str) -> Option<Vec<(u32, String)>> {
        Some(match self.value(column)? {
            Value::Text(text) => {
                let row = self.record.at.row;
                split(text).into_iter().map(|piece| (row, piece)).collect()
            }
            Value::List(items) => items.clone(),
        })
    }

    fn parse_id<T: FromStr<Err = BadId>>(
        &mut self,
        row: u32,
        column: &str,
        text: &str,
    ) -> Option<T> {
        match text.parse() {
            Ok(id) => Some(id),
            Err(bad) => {
                let fix = match slug(text) {
                    Some(slug) => format!("Use {}, for example {slug}.", bad.rule),
                    None => format!("Use {}.", bad.rule),
                };
                let shown: String = text.chars().take(60).filter(|c| !c.is_control()).collect();
                self.problem_at(
                    row,
                    column,
                    format!("\"{shown}\" is not a {}.", bad.what),
                    fix,
                );
                None
            }
        }
    }

    /// Labels.
    pub(super) fn labels(&mut self, column: &str) -> Option<BTreeSet<String>> {
        let mut labels = BTreeSet::new();
        for (row, text) in self.items(column)? {
            match bad_list_item(&text) {
                None => {
                    labels.insert(text);
                }
                Some(wrong) => self.problem_at(
                    row,
                    column,
                    format!("One of the {column} {wrong}."),
                    "Write each as plain words, without commas or semicolons.",
                ),
            }
        }
        Some(labels)
    }

    /// Yes or no.
    pub(super) fn yes_or_no(&mut self, column: &str) -> Option<bool> {
        match self.raw(column)??.to_lowercase().as_str() {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => {
                let message = format!("{column} is neither yes nor no.");
                self.problem(column, message, "Write yes or no.");
                None
            }
        }
    }

    /// A service's tier.
    pub(super) fn tier(&mut self) -> Option<Option<u8>> {
        let Some(text) = self.raw("tier")? else {
            return Some(None);
        };
        match text.parse() {
            Ok(tier @ 1..=9) => Some(Some(tier)),
            _ => {
                let fix = "Write a number from 1, the gravest to lose, to 9.";
                self.problem("tier", "The tier is not a number from 1 to 9.", fix);
                None
            }
        }
    }

    /// A time zone by name.
    pub(super) fn time_zone(&mut self) -> Option<Option<Tz>> {
        let Some(text) = self.raw("time_zone")? else {
            return Some(None);
        };
        match zone::named(text) {
            Ok(zone) => Some(Some(zone)),
            Err(fix) => {
                self.problem("time_zone", "There is no such time zone.", fix);
                None
            }
        }
    }

    /// Working hours, which take three columns.
    pub(super) fn working_hours(&mut self) -> Option<Option<WorkingHours>> {
        const COLUMNS: [&str; 3] = ["working_days", "working_from", "working_until"];
        let values: Vec<&Value> = COLUMNS
            .iter()
            .filter_map(|column| self.value(column))
            .collect();
        if values.is_empty() {
            return None;
        }
        if values.iter().all(|value| value.is_empty()) {
            return Some(None);
        }
        let days = self.days()?;
        let (from, until) = (
            self.time_of_day("working_from")?,
            self.time_of_day("working_until")?,
        );
        if from == until {
            let message = "The working day ends when it begins.";
            let fix = "Give an end later than the start, or earlier where work runs over midnight.";
            self.problem("working_until", message, fix);
            return None;
        }
        Some(Some(WorkingHours { days, from, until }))
    }

    fn days(&mut self) -> Option<Vec<Weekday>> {
        let fix =
            "Write days as Mon, Tue, Wed or Mon-Fri, each once, or leave all three columns empty.";
        let mut days: Vec<Weekday> = Vec::new();
        for (_, text) in self.items("working_days").unwrap_or_default() {
            match weekdays(&text) {
                Some(more) if !more.iter().any(|day| days.contains(day)) => days.extend(more),
                _ => {
                    self.problem(
                        "working_days",
                        "One of the days is no day, or there twice.",
                        fix,
                    );
                    return None;
                }
            }
        }
        if days.is_empty() {
            self.problem("working_days", "No working days are named.", fix);
            return None;
        }
        Some(days)
    }

    fn time_of_day(&mut self, column: &str) -> Option<NaiveTime> {
        let text = self.raw(column).flatten().unwrap_or_default();
        let formats = ["%H:%M", "%H:%M:%S%.f"];
        let time = formats
            .iter()
            .find_map(|format| NaiveTime::parse_from_str(text, format).ok());
        if time.is_none() {
            let fix = "Write it as 09:00, or leave all three columns empty.";
            self.problem(column, format!("{column} is not a time of day."), fix);
        }
        time
    }

    /// An instant: with its offset, or in this time zone; a date alone is its first moment.
    pub(super) fn instant(&mut self, column: &str, zone: Tz) -> Option<Option<Time>> {
        let Some(text) = self.raw(column)? else {
            return Some(None);
        };
        let exact = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc));
        let local = [
            "%Y-%m-%d %H:%M",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%S",
        ]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            Some(date.and_time(NaiveTime::MIN))
        });
        // Bounded before it is brought to a zone, which cannot be done at the ends of all time.
        let time = match (exact, local) {
            (Ok(time), _) => bounded(time).map(Some),
            (_, Some(local)) => bounded(local).map(|local| Some(instant(zone, local))),
            _ => Ok(None),
        };
        let what = match time {
            Ok(Some(time)) => return Some(Some(time)),
            Ok(None) => "is not a date",
            Err(OutOfBounds) => "does not lie in the years 2000 to 2100",
        };
        let fix = "Write it as 2026-12-01 or 2026-12-01 09:00.";
        self.problem(column, format!("{column} {what}."), fix);
        None
    }
}

/// A slug made of a text, if anything is left of it.
pub(super) fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' && c != '’' {
            slug.push('-');
        }
        if slug.len() >= 60 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

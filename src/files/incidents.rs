//! Stories of past incidents, for a database that should not look empty.
//!
//! A story is a list of the commands that people gave, with who gave them and when, so that it is
//! replayed through the same use cases as any incident: nothing in it is made up afterwards.

use chrono::{Days, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::domain::{
    PersonId, Time,
    clock::days::instant,
    command::{Command, Declare},
    fault::Fault,
};

/// One incident, from its declaration on.
#[derive(Debug, Clone)]
pub struct Story {
    /// How many days before the day of the replay it began.
    pub days_ago: u32,
    /// What people did, in order; the first is the declaration, and no other is.
    pub steps: Vec<Step>,
}

/// Something that a person did.
#[derive(Debug, Clone)]
pub struct Step {
    /// Days after the day on which it began.
    pub day: u32,
    /// Time of day in the organisation's time zone.
    pub at: NaiveTime,
    /// Who.
    pub by: PersonId,
    /// What.
    pub act: Act,
}

/// What a person did.
#[derive(Debug, Clone)]
pub enum Act {
    /// They declared the incident.
    Declare(Box<Declare>),
    /// They changed it.
    Command(Box<Command>),
}

impl Story {
    /// When each step happened, if it is replayed now.
    pub fn times(&self, now: Time, zone: Tz) -> Vec<(Time, &Step)> {
        let today = now.with_timezone(&zone).date_naive();
        let begin = today
            .checked_sub_days(Days::new(u64::from(self.days_ago)))
            .unwrap_or(today);
        let time = self.steps.iter().filter_map(|step| {
            let day = begin.checked_add_days(Days::new(u64::from(step.day)))?;
            Some((instant(zone, day.and_time(step.at)), step))
        });
        time.collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoryEntry {
    days_ago: u32,
    steps: Vec<StepEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepEntry {
    #[serde(default)]
    day: u32,
    at: String,
    by: PersonId,
    declare: Option<Box<Declare>>,
    command: Option<Box<Command>>,
}

/// Reads stories, or says what is wrong with the text.
pub fn read(text: &str) -> Result<Vec<Story>, Fault> {
    let entries: Vec<StoryEntry> = serde_saphyr::from_str(text).map_err(|error| {
        let fault = Fault::new(
            "The stories cannot be read.",
            format!("Correct this: {}.", error.without_snippet()),
        );
        match error.location() {
            Some(at) => fault.at_line(usize::try_from(at.line()).unwrap_or(0)),
            None => fault,
        }
    })?;
    entries
        .into_iter()
        .zip(1..)
        .map(|(entry, number)| story(entry, number))
        .collect()
}

fn story(entry: StoryEntry, number: usize) -> Result<Story, Fault> {
    let mut steps: Vec<Step> = Vec::new();
    for (entry, nth) in entry.steps.into_iter().zip(1..) {
        let wrong = |what: &str, fix: &str| {
            Fault::new(
                format!("Step {nth} of story {number} {what}."),
                fix.to_owned(),
            )
        };
        let act = match (entry.declare, entry.command) {
            (Some(declare), None) if nth == 1 => Act::Declare(declare),
            (None, Some(command)) if nth > 1 => Act::Command(command),
            _ => {
                return Err(wrong(
                    "is not what it should be",
                    "Begin with one declare, and give each later step one command.",
                ));
            }
        };
        let at = NaiveTime::parse_from_str(&entry.at, "%H:%M")
            .map_err(|_| wrong("has no time of day", "Write it as \"09:15\"."))?;
        let day = entry.day;
        if steps
            .last()
            .is_some_and(|before| (before.day, before.at) > (day, at))
        {
            return Err(wrong(
                "is before the step before it",
                "Put the steps in order.",
            ));
        }
        steps.push(Step {
            day,
            at,
            by: entry.by,
            act,
        });
    }
    if steps.is_empty() {
        let message = format!("Story {number} has no steps.");
        return Err(Fault::new(message, "Begin it with a declare."));
    }
    Ok(Story {
        days_ago: entry.days_ago,
        steps,
    })
}

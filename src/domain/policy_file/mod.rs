//! The policy as a file: TOML text in, [`Policy`] or every fault out.
//!
//! [`read`] looks at the text alone; [`check`](check::check) looks at the policy beside a directory and the
//! channels that exist. `config/policy.toml` explains every key.

mod check;
mod grave;
mod ladder;
mod reader;
mod rules;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, Weekday};
use chrono_tz::Tz;
use toml::de::DeTable;

use super::{Audience, RuleId, fault::Fault, policy::Policy, time::WorkingHours, zone};
use reader::{Faults, Section, Value};

pub use check::check;
pub(in crate::domain) use check::service_passes;

/// Reads a policy. On any fault there is no policy, and the answer lists all of them in the order
/// of the text, each with its line and column.
pub fn read(text: &str) -> Result<Policy, Vec<Fault>> {
    read_with_places(text).map(|(policy, _)| policy)
}

/// Where the rules of a text begin, as (line, column), so that later checks can point there.
pub type Places = BTreeMap<RuleId, (usize, usize)>;

/// Reads a policy and notes where its rules stand.
pub fn read_with_places(text: &str) -> Result<(Policy, Places), Vec<Fault>> {
    let mut faults = Faults::new(text);
    let (root, broken) = DeTable::parse_recoverable(text);
    for error in broken {
        let span = error.span().unwrap_or(0..0);
        faults.add(
            &span,
            format!(
                "This is not TOML: {}.",
                error.message().trim_end_matches('.')
            ),
            "Put the text right; `https://toml.io` explains the format.",
        );
    }
    let span = root.span();
    let root = Section::new(root.into_inner(), span, "the policy");
    let read = policy(&mut faults, root);
    let list = faults.into_list();
    match read {
        Some(read) if list.is_empty() => Ok(read),
        _ => Err(list),
    }
}

fn policy(faults: &mut Faults<'_>, mut root: Section<'_>) -> Option<(Policy, Places)> {
    let organisation = root.required(
        faults,
        "organisation",
        "Say what the organisation is called in messages.",
        Faults::text,
    );
    let time_zone = root.required(
        faults,
        "time_zone",
        "Name a time zone, for example \"Europe/London\".",
        time_zone,
    );
    let working_hours = root.required(
        faults,
        "working_hours",
        "Give days, from and until.",
        working_hours,
    );
    let bank_holidays = root
        .optional(faults, "bank_holidays", |faults, value| {
            faults.list(value, values::date)
        })
        .unwrap_or_default();
    let priorities = root
        .required(
            faults,
            "priorities",
            "Add at least one [[priorities]], the gravest first.",
            grave::priorities,
        )
        .unwrap_or_default();
    let factors = root
        .optional(faults, "factors", |faults, value| {
            grave::factors(faults, value, &priorities)
        })
        .unwrap_or_default();
    let ceilings = root
        .optional(faults, "ceilings", |faults, value| {
            grave::ceilings(faults, value, &priorities)
        })
        .unwrap_or_default();
    let seasons = root
        .optional(faults, "seasons", |faults, value| {
            grave::seasons(faults, value, &priorities)
        })
        .unwrap_or_default();
    let ladder = root
        .optional(faults, "ladder", ladder::ladder)
        .unwrap_or_else(ladder::usual_ladder);
    let (rules, places) = root
        .optional(faults, "rules", |faults, value| {
            rules::rules(faults, value, &priorities)
        })
        .unwrap_or_default();
    let outside_hold = root
        .optional(faults, "outside_hold", values::duration)
        .unwrap_or_else(|| Duration::seconds(10));
    let second_person = root
        .optional(faults, "second_person", |faults, value| {
            faults.list(value, audience)
        })
        .unwrap_or_default();
    let discouraged_words = root
        .optional(faults, "discouraged_words", |faults, value| {
            faults.list(value, Faults::text)
        })
        .unwrap_or_default();
    root.finish(faults);
    let policy = Policy {
        organisation: organisation?,
        time_zone: time_zone?,
        working_hours: working_hours?,
        bank_holidays: bank_holidays.into_iter().collect(),
        priorities,
        factors,
        ceilings,
        seasons,
        rules,
        ladder,
        outside_hold,
        second_person: second_person.into_iter().collect(),
        discouraged_words: discouraged_words
            .into_iter()
            .map(|word| word.to_lowercase())
            .collect(),
    };
    Some((policy, places))
}

fn time_zone(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Tz> {
    let span = value.span();
    let text = faults.text(value)?;
    match zone::named(&text) {
        Ok(zone) => Some(zone),
        Err(fix) => {
            faults.add(&span, format!("\"{text}\" is not a time zone."), fix);
            None
        }
    }
}

fn working_hours(faults: &mut Faults<'_>, value: Value<'_>) -> Option<WorkingHours> {
    let mut section = faults.section(value, "working_hours")?;
    let span = section.span().clone();
    let days = section.required(
        faults,
        "days",
        "List the days worked, for example [\"Mon\", \"Tue\"].",
        |faults, value| faults.list(value, values::days_of_week),
    );
    let from = section.required(
        faults,
        "from",
        "Say when work begins, for example \"09:00\".",
        values::time_of_day,
    );
    let until = section.required(
        faults,
        "until",
        "Say when work ends, for example \"17:00\".",
        values::time_of_day,
    );
    section.finish(faults);
    let mut days: Vec<Weekday> = days?.concat();
    let mut seen = BTreeSet::new();
    days.retain(|day| seen.insert(day.num_days_from_monday()));
    let hours = WorkingHours {
        days,
        from: from?,
        until: until?,
    };
    if hours.days.is_empty() {
        faults.add(
            &span,
            "No day is worked.",
            "List at least one day, for example \"Mon\".",
        );
        return None;
    }
    if hours.until == hours.from {
        faults.add(
            &span,
            "Work ends when it begins.",
            "Make `until` later than `from`, or earlier where work runs over midnight.",
        );
        return None;
    }
    Some(hours)
}

fn audience(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Audience> {
    let names = Audience::ALL.map(|audience| (audience.as_str(), audience));
    faults.one_of(value, "audience", &names)
}

#[cfg(test)]
mod tests;

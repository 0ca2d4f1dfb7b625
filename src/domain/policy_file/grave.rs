//! How grave, and how often people are told: priorities with their cadence, and triage.

use std::collections::BTreeMap;

use chrono::Duration;

use super::{
    reader::{Faults, Section, Value},
    values,
};
use crate::domain::{
    FactorId, PriorityId,
    incident::Stage,
    nearest::fix_for,
    policy::{Cadence, Ceiling, Cover, Factor, Priority, Rhythm, Season},
};

/// Stages in which people are owed updates, by name.
const OPEN_STAGES: [(&str, Stage); 3] = [
    ("investigating", Stage::Investigating),
    ("identified", Stage::Identified),
    ("monitoring", Stage::Monitoring),
];

/// All priorities whose ids are known, also when they have faults: what refers to them is sound.
pub(super) fn priorities(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Vec<Priority>> {
    let span = value.span();
    let mut known: Vec<Priority> = Vec::new();
    let read = faults.list(value, |faults, value| {
        let at = value.span();
        let read = priority(faults, value)?;
        if known.iter().any(|before| before.id == read.id) {
            faults.add(
                &at,
                format!("The priority {} is there twice.", read.id),
                "Remove one of them, or give it another id.",
            );
            return None;
        }
        known.push(read);
        Some(())
    });
    if read.is_some() && known.is_empty() {
        faults.add(
            &span,
            "There is no priority.",
            "Add at least one [[priorities]], the gravest first.",
        );
    }
    Some(known)
}

fn priority(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Priority> {
    let mut section = faults.section(value, "a priority")?;
    let id: Option<PriorityId> = section.required(
        faults,
        "id",
        "Give it an id, for example \"P1\".",
        Faults::id,
    );
    if let Some(id) = &id {
        section.rename(format!("priority {id}"));
    }
    let meaning = section.required(
        faults,
        "meaning",
        "Say what it means, for example \"most users are affected\".",
        Faults::text,
    );
    let cadence = section.required(
        faults,
        "cadence",
        "Say how often people are told, for example cadence = { every = \"1h\" }.",
        cadences,
    );
    let factors_needed = section.optional(faults, "factors_needed", Faults::count);
    let preview_required = section.optional(faults, "preview_required", Faults::flag);
    let major_incident_report = section.optional(faults, "major_incident_report", Faults::flag);
    let deliver_within = section.optional(faults, "deliver_within", values::duration_from(1));
    let quick_fallback = section.optional(faults, "quick_fallback", Faults::flag);
    section.finish(faults);
    Some(Priority {
        id: id?,
        meaning: meaning.unwrap_or_default(),
        cadence: cadence.unwrap_or_default(),
        factors_needed: factors_needed.unwrap_or(1),
        preview_required: preview_required.unwrap_or(false),
        major_incident_report: major_incident_report.unwrap_or(false),
        deliver_within: deliver_within.unwrap_or_else(|| Duration::hours(24)),
        quick_fallback: quick_fallback.unwrap_or(false),
    })
}

/// One cadence for all open stages, with others for single stages; each stage must end up with one.
fn cadences(faults: &mut Faults<'_>, value: Value<'_>) -> Option<BTreeMap<Stage, Cadence>> {
    let mut section = faults.section(value, "cadence")?;
    let usual = cadence(faults, &mut section);
    let mut stages = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, stage) in OPEN_STAGES {
        let own = section.take(name).map(|value| {
            let mut section = faults.section(value, &format!("the cadence of {name}"))?;
            let span = section.span().clone();
            let read = cadence(faults, &mut section);
            section.finish(faults);
            match read {
                Found::Nothing => {
                    faults.add(
                        &span,
                        format!("The cadence of {name} says no time."),
                        "Give `every` or `cron`.",
                    );
                    None
                }
                Found::Fault => None,
                Found::Cadence(cadence) => Some(cadence),
            }
        });
        match (own, &usual) {
            (Some(own), _) => stages.extend(own.map(|cadence| (stage, cadence))),
            (None, Found::Cadence(usual)) => {
                stages.insert(stage, usual.clone());
            }
            (None, Found::Nothing) => missing.push(name),
            (None, Found::Fault) => {}
        }
    }
    if !missing.is_empty() {
        faults.add(
            section.span(),
            format!("There is no cadence for the stage {}.", missing.join(", ")),
            "Give `every` or `cron` for all stages, or for each of investigating, identified and monitoring.",
        );
    }
    section.finish(faults);
    Some(stages)
}

enum Found {
    Nothing,
    Fault,
    Cadence(Cadence),
}

fn cadence(faults: &mut Faults<'_>, section: &mut Section<'_>) -> Found {
    let every = section.take("every");
    let pattern = section.take("cron");
    let working_hours = section.optional(faults, "working_hours", Faults::flag);
    let rhythm = match (every, pattern) {
        (None, None) if working_hours.is_none() => return Found::Nothing,
        (None, None) => {
            faults.add(
                section.span(),
                "This cadence has `working_hours` and no time.",
                "Give `every` or `cron` beside it.",
            );
            None
        }
        (Some(every), None) => values::duration_from(5)(faults, every).map(Rhythm::Every),
        (None, Some(pattern)) => values::cron(faults, pattern).map(Rhythm::Cron),
        (Some(_), Some(pattern)) => {
            faults.add(
                &pattern.span(),
                "A cadence cannot have both `every` and `cron`.",
                "Keep one of them.",
            );
            None
        }
    };
    rhythm.map_or(Found::Fault, |rhythm| {
        Found::Cadence(Cadence {
            rhythm,
            working_hours: working_hours.unwrap_or(false),
        })
    })
}

/// An id of a priority that exists.
pub(super) fn known_priority(
    faults: &mut Faults<'_>,
    value: Value<'_>,
    priorities: &[Priority],
) -> Option<PriorityId> {
    let span = value.span();
    let id: PriorityId = faults.id(value)?;
    if priorities.iter().any(|priority| priority.id == id) {
        return Some(id);
    }
    faults.add(
        &span,
        format!("There is no priority \"{id}\"."),
        fix_for(
            id.as_str(),
            priorities.iter().map(|priority| priority.id.as_str()),
            "Use the id of one of the [[priorities]].",
        ),
    );
    None
}

pub(super) fn factors(
    faults: &mut Faults<'_>,
    value: Value<'_>,
    priorities: &[Priority],
) -> Option<Vec<Factor>> {
    let mut seen: Vec<FactorId> = Vec::new();
    faults.list(value, |faults, value| {
        let mut section = faults.section(value, "a factor")?;
        let span = section.span().clone();
        let id: Option<FactorId> = section.required(
            faults,
            "id",
            "Give it an id, for example \"most-users\".",
            Faults::id,
        );
        let text = section.required(
            faults,
            "text",
            "Write the statement that people tick.",
            Faults::text,
        );
        let priority = section.required(
            faults,
            "priority",
            "Say for which priority it speaks.",
            |faults, value| known_priority(faults, value, priorities),
        );
        section.finish(faults);
        let id = id?;
        if seen.contains(&id) {
            faults.add(
                &span,
                format!("The factor {id} is there twice."),
                "Remove one of them, or give it another id.",
            );
        }
        seen.push(id.clone());
        Some(Factor {
            id,
            text: text?,
            priority: priority?,
        })
    })
}

fn cover(faults: &mut Faults<'_>, section: &mut Section<'_>) -> Cover {
    let services = section.optional(faults, "services", |faults, value| {
        faults.one_or_list(value, Faults::id)
    });
    let tags = section.optional(faults, "tags", |faults, value| {
        faults.one_or_list(value, Faults::text)
    });
    let cover = Cover {
        services: services.into_iter().flatten().collect(),
        tags: tags.into_iter().flatten().collect(),
    };
    if cover == Cover::default() {
        faults.add(
            section.span(),
            "This covers no service.",
            "List `services` by id, or `tags` that services have.",
        );
    }
    cover
}

pub(super) fn ceilings(
    faults: &mut Faults<'_>,
    value: Value<'_>,
    priorities: &[Priority],
) -> Option<Vec<Ceiling>> {
    faults.list(value, |faults, value| {
        let mut section = faults.section(value, "a ceiling")?;
        let covers = cover(faults, &mut section);
        let at_most = section.required(
            faults,
            "at_most",
            "Name the gravest priority allowed.",
            |faults, value| known_priority(faults, value, priorities),
        );
        let reason = section.required(
            faults,
            "reason",
            "Say why, as a sentence; people read it when they are refused.",
            Faults::text,
        );
        section.finish(faults);
        Some(Ceiling {
            covers,
            at_most: at_most?,
            reason: reason?,
        })
    })
}

pub(super) fn seasons(
    faults: &mut Faults<'_>,
    value: Value<'_>,
    priorities: &[Priority],
) -> Option<Vec<Season>> {
    let rank = |id: &PriorityId| priorities.iter().position(|priority| priority.id == *id);
    let day = "Give month and day, for example \"07-01\" for 1 July.";
    faults.list(value, |faults, value| {
        let mut section = faults.section(value, "a season")?;
        let span = section.span().clone();
        let covers = cover(faults, &mut section);
        let priority =
            |faults: &mut Faults<'_>, value: Value<'_>| known_priority(faults, value, priorities);
        let from_priority = section.required(
            faults,
            "from_priority",
            "Name the priority that is raised.",
            priority,
        );
        let counts_as = section.required(
            faults,
            "counts_as",
            "Name the priority that it counts as.",
            priority,
        );
        let from = section.required(faults, "from", day, values::day_of_year);
        let until = section.required(faults, "until", day, values::day_of_year);
        let reason = section.required(faults, "reason", "Say why, as a sentence.", Faults::text);
        section.finish(faults);
        let (from_priority, counts_as) = (from_priority?, counts_as?);
        if rank(&counts_as) >= rank(&from_priority) {
            faults.add(
                &span,
                format!("A season raises, and {counts_as} is not graver than {from_priority}."),
                "Make `counts_as` a graver priority than `from_priority`.",
            );
        }
        Some(Season {
            covers,
            from_priority,
            counts_as,
            from: from?,
            until: until?,
            reason: reason?,
        })
    })
}

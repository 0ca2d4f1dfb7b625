//! What was filled in, as the same command as the line.

use std::collections::BTreeSet;

use super::{super::grammar::Scene, Asked, Filled, verbs::fields};
use crate::domain::{
    IncidentId, ServiceId, Time,
    command::{Command, Declare, Refusal},
    facts::Facts,
    incident::{self, Stage},
    situation::Relation,
    verbs::Verb,
    when::{self, Side},
};

/// Reads what was filled in.
pub fn read(
    scene: &Scene<'_>,
    verb: Verb,
    incident: Option<IncidentId>,
    filled: &Filled,
) -> Result<Asked, Refusal> {
    if let Some(empty) = fields(scene, verb)
        .into_iter()
        .flatten()
        .find(|field| field.needed && value(filled, field.id).is_none())
    {
        return Err(Refusal::new(
            "missing-field",
            format!("This is still to be filled in: {}", empty.label),
            "Fill it in and go on.",
        ));
    }
    match incident {
        None => declare(scene, filled).map(|declare| Asked::Declare(Box::new(declare))),
        Some(incident) => {
            let command = change(scene, verb, filled)?;
            Ok(Asked::Change(incident, Box::new(command)))
        }
    }
}

fn declare(scene: &Scene<'_>, filled: &Filled) -> Result<Declare, Refusal> {
    let mut services: BTreeSet<ServiceId> = BTreeSet::new();
    for id in ["services", "more_services"] {
        services.extend(scene.services(&value(filled, id).unwrap_or_default())?);
    }
    Ok(Declare {
        title: value(filled, "title").unwrap_or_default(),
        priority: priority(scene, filled)?,
        services: services
            .into_iter()
            .map(|service| (service, Relation::Affected))
            .collect(),
        facts: facts(filled),
        kind: incident::Kind::ALL
            .into_iter()
            .find(|kind| Some(kind.as_str()) == value(filled, "kind").as_deref())
            .unwrap_or_default(),
        started_at: value(filled, "started")
            .map(|text| behind(scene, &text))
            .transpose()?,
        ..Declare::default()
    })
}

fn change(scene: &Scene<'_>, verb: Verb, filled: &Filled) -> Result<Command, Refusal> {
    let text = |id| value(filled, id).unwrap_or_default();
    Ok(match verb {
        Verb::Update => Command::Update {
            text: text("text"),
            facts: facts(filled),
            stage: Stage::ALL
                .into_iter()
                .find(|stage| stage.is_open() && stage.as_str() == text("stage")),
            next_update: None,
        },
        Verb::Resolve => Command::Resolve {
            text: text("text"),
            at: None,
            lost: value(filled, "lost"),
            still_stuck: value(filled, "still_stuck"),
        },
        Verb::Priority => Command::Priority {
            to: priority(scene, filled)?,
            factors: BTreeSet::new(),
            why: text("why"),
            override_ceiling: None,
            next_update: None,
        },
        Verb::Decide => Command::Decide {
            contact_users: text("answer") == "yes",
            reason: text("reason"),
        },
        Verb::Close => Command::Close {
            duplicate_of: None,
            text: value(filled, "text"),
            report: value(filled, "report"),
            review_at: None,
            actions: Vec::new(),
        },
        Verb::Note => Command::Note { text: text("text") },
        Verb::Reopen => Command::Reopen {
            why: text("why"),
            next_update: None,
        },
        Verb::Cancel => Command::Cancel { why: text("why") },
        _ => {
            return Err(Refusal::new(
                "no-form",
                "There is no such form.",
                "Say help to see what you can say.",
            ));
        }
    })
}

fn value(filled: &Filled, id: &str) -> Option<String> {
    let value = filled.get(id)?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

fn facts(filled: &Filled) -> Facts {
    Facts {
        effect: value(filled, "effect"),
        who: value(filled, "who"),
        what_to_do: value(filled, "what_to_do"),
        doing: value(filled, "doing"),
        decision: None,
        theory: None,
    }
}

fn priority(
    scene: &Scene<'_>,
    filled: &Filled,
) -> Result<Option<crate::domain::PriorityId>, Refusal> {
    let word = value(filled, "priority").unwrap_or_default();
    match scene.priority(&word) {
        Some(priority) => Ok(Some(priority)),
        None => Err(Refusal::new(
            "unknown-priority",
            format!("\"{word}\" is no priority."),
            "Choose one of the list.",
        )),
    }
}

fn behind(scene: &Scene<'_>, text: &str) -> Result<Time, Refusal> {
    when::parse(text, scene.now, scene.policy.time_zone, Side::Behind)
        .map_err(|sentence| Refusal::new("bad-time", sentence, "Or leave it empty for now."))
}

//! Which fields the form of each verb has.

use super::{
    super::grammar::Scene,
    fields::{Field, Kind},
};
use crate::domain::{incident, incident::Stage, verbs::Verb};

/// Most services that a list offers; the others are typed.
pub(super) const OFFERED: usize = 100;

const KIND_LABEL: &str = "Kind (security and data breach: only named people are told)";

fn kinds() -> Vec<(String, String)> {
    let words = |kind: incident::Kind| kind.as_str().replace('_', " ");
    incident::Kind::ALL
        .map(|kind| (kind.as_str().to_owned(), words(kind)))
        .into()
}

/// The fields of a verb, all empty; `None` for verbs that have no form.
pub(super) fn fields(scene: &Scene<'_>, verb: Verb) -> Option<Vec<Field>> {
    let field = |id, label, kind, needed| Field {
        id,
        label,
        kind,
        value: String::new(),
        needed,
    };
    let text = |id, label| field(id, label, Kind::Text, false);
    let needed = |id, label| field(id, label, Kind::Text, true);
    let priority = || {
        let known = scene.policy.priorities.iter();
        let known = known.map(|one| (one.id.to_string(), format!("{} {}", one.id, one.meaning)));
        field(
            "priority",
            "How grave is it?",
            Kind::One(known.collect()),
            true,
        )
    };
    Some(match verb {
        Verb::Open => {
            let services = scene.directory.services.values();
            let offered: Vec<(String, String)> = services
                .take(OFFERED)
                .map(|service| (service.id.to_string(), service.name.clone()))
                .collect();
            let mut fields = vec![
                field("title", "What can people not do?", Kind::Line, true),
                priority(),
            ];
            // A list without entries is none.
            if !offered.is_empty() {
                fields.push(field(
                    "services",
                    "Which services?",
                    Kind::Any(offered),
                    false,
                ));
            }
            if scene.directory.services.len() > OFFERED {
                let label = "Services that are not in the list, by name";
                fields.push(field("more_services", label, Kind::Line, false));
            }
            fields.extend([
                text("effect", "Effect: what happens (or: I do not know yet)"),
                text("who", "Who is affected, and how many?"),
                text("what_to_do", "What can they do meanwhile?"),
                text("doing", "What are we doing?"),
                field(
                    "started",
                    "When did it start? (1:20pm, 30m ago)",
                    Kind::Line,
                    false,
                ),
                field("kind", KIND_LABEL, Kind::One(kinds()), false),
            ]);
            fields
        }
        Verb::Update => {
            let stages = Stage::ALL.into_iter().filter(|stage| stage.is_open());
            let stages = stages.map(|stage| (stage.as_str().to_owned(), stage.label().to_owned()));
            vec![
                needed("text", "What has changed?"),
                text("effect", "Effect, if it is another now"),
                text("who", "Who is affected, if it is others now"),
                text("what_to_do", "What they can do, if that changed"),
                text("doing", "What we are doing, if that changed"),
                field("stage", "State", Kind::One(stages.collect()), false),
            ]
        }
        Verb::Resolve => vec![
            needed("text", "What can people do again?"),
            text("lost", "What was lost? (left empty: nothing)"),
            text("still_stuck", "What if somebody is still stuck?"),
        ],
        Verb::Priority => vec![priority(), needed("why", "Why, as people will read it")],
        Verb::Decide => {
            let words = [("yes", "Yes, contact them"), ("no", "No, do not")];
            let words = words.map(|(value, label)| (value.to_owned(), label.to_owned()));
            let label = "Are users contacted?";
            vec![
                field("answer", label, Kind::One(words.into()), true),
                needed("reason", "Why?"),
            ]
        }
        Verb::Close => vec![
            text("text", "What people should read"),
            field("report", "Link to the report", Kind::Line, false),
        ],
        Verb::Note => vec![needed("text", "The line; nobody is told")],
        Verb::Reopen | Verb::Cancel => vec![needed("why", "Why, as people will read it")],
        _ => return None,
    })
}

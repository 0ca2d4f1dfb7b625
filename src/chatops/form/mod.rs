//! Forms: what a verb needs beyond a line, asked field by field.
//!
//! A form carries what was said already. What comes back is read to the same command as the line;
//! if it cannot be, the same form comes again with what was filled in and with what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    grammar::{Opening, Scene},
    reply::{Act, Piece, Reply},
};
use crate::domain::{
    IncidentId, ServiceId, Time,
    command::{Command, Declare, Refusal},
    facts::Facts,
    incident::{self, Stage},
    situation::Relation,
    verbs::Verb,
    when::{self, Side},
};

/// What was filled in, by the id of the field; several choices are joined by commas.
pub type Filled = BTreeMap<String, String>;

/// Most services that a list offers; the others are typed.
const OFFERED: usize = 100;

const KIND_LABEL: &str = "Kind (security and data breach: only named people are told)";

fn kinds() -> Vec<(String, String)> {
    let words = |kind: incident::Kind| kind.as_str().replace('_', " ");
    incident::Kind::ALL
        .map(|kind| (kind.as_str().to_owned(), words(kind)))
        .into()
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in what comes back.
    pub id: &'static str,
    /// What people read.
    pub label: &'static str,
    /// How it is filled in.
    pub kind: Kind,
    /// What is in it already.
    pub value: String,
    /// Whether it may not be left empty.
    pub needed: bool,
}

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Line,
    /// Several lines.
    Text,
    /// One of these: value and label.
    One(Vec<(String, String)>),
    /// Any of these.
    Any(Vec<(String, String)>),
}

/// What a form came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A new incident.
    Declare(Box<Declare>),
    /// A change.
    Change(IncidentId, Box<Command>),
}

/// The form of a new incident, with what was said of it.
pub fn open(scene: &Scene<'_>, opening: &Opening) -> Reply {
    let is_offered = |id: &&ServiceId| {
        scene
            .directory
            .services
            .keys()
            .take(OFFERED)
            .any(|it| it == *id)
    };
    let (offered, others): (Vec<&ServiceId>, Vec<&ServiceId>) =
        opening.services.iter().partition(is_offered);
    let list = |ids: Vec<&ServiceId>| {
        ids.iter()
            .map(|id| id.as_str())
            .collect::<Vec<_>>()
            .join(",")
    };
    let filled = [
        ("title", opening.title.clone()),
        (
            "priority",
            opening
                .priority
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
        ),
        ("services", list(offered)),
        ("more_services", list(others)),
    ];
    let filled = filled.map(|(id, value)| (id.to_owned(), value)).into();
    form(scene, Verb::Open, None, &filled).unwrap_or_default()
}

/// What was said after a verb, in the field where it belongs.
pub fn said(scene: &Scene<'_>, verb: Verb, words: &str) -> Filled {
    let (id, value) = match verb {
        Verb::Priority => {
            let known = scene.priority(words.trim_end_matches([':', ',']));
            (
                "priority",
                known.map_or_else(String::new, |id| id.to_string()),
            )
        }
        Verb::Decide => ("answer", words.trim_end_matches([':', ',']).to_lowercase()),
        Verb::Reopen | Verb::Cancel => ("why", words.to_owned()),
        _ => ("text", words.to_owned()),
    };
    [(id.to_owned(), value)].into()
}

/// The form of a verb with what was filled in; `None` for verbs that have none.
pub fn form(
    scene: &Scene<'_>,
    verb: Verb,
    incident: Option<IncidentId>,
    filled: &Filled,
) -> Option<Reply> {
    let mut reply = Reply::text(
        match incident {
            Some(id) => format!("{id}: {}", verb.entry().does),
            None => "Start an incident".to_owned(),
        },
        [],
    );
    for mut field in fields(scene, verb)? {
        field.value = filled.get(field.id).cloned().unwrap_or_default();
        reply = reply.and(Piece::Field(field));
    }
    Some(reply.button("Go on", Act::Fill(verb, incident)))
}

fn fields(scene: &Scene<'_>, verb: Verb) -> Option<Vec<Field>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::{self, at, id};

    fn with<T>(ask: impl FnOnce(&Scene<'_>) -> T) -> T {
        ask(&Scene {
            directory: &fixture::directory(),
            policy: &fixture::policy(),
            now: at("2026-11-23T14:31:00Z"),
            here: None,
            leads: &BTreeSet::new(),
        })
    }

    fn filled(values: &[(&str, &str)]) -> Filled {
        let own = |(id, value): &(&str, &str)| ((*id).to_owned(), (*value).to_owned());
        values.iter().map(own).collect()
    }

    #[test]
    fn a_new_incident_is_declared_from_its_form() {
        let values = filled(&[
            ("title", "Providers cannot sign in"),
            ("priority", "P1"),
            ("services", "register-trainees,sign-in"),
            ("effect", "I do not know yet"),
            ("who", " "),
            ("started", "1:20pm"),
        ]);
        let asked = with(|scene| read(scene, Verb::Open, None, &values)).unwrap();
        let Asked::Declare(declare) = asked else {
            panic!("{asked:?}");
        };
        assert_eq!(declare.priority, Some(id("P1")));
        assert_eq!(declare.services.len(), 2);
        assert_eq!(declare.facts.effect.as_deref(), Some("I do not know yet"));
        assert_eq!(declare.facts.who, None);
        assert_eq!(declare.started_at, Some(at("2026-11-23T13:20:00Z")));
    }

    #[test]
    fn six_answers_at_most_are_needed_and_an_empty_one_is_named() {
        for entry in &crate::domain::verbs::VERBS {
            let fields = with(|scene| fields(scene, entry.verb)).unwrap_or_default();
            assert!(fields.iter().filter(|field| field.needed).count() <= 6);
            assert!(fields.len() <= 11, "{}", entry.chat);
        }
        let refusal = with(|scene| read(scene, Verb::Open, None, &Filled::new())).unwrap_err();
        assert!(
            refusal.sentence.contains("What can people not do?"),
            "{refusal}"
        );
        let incident = Some(IncidentId(42));
        let late = filled(&[("title", "a"), ("priority", "P1"), ("started", "soon")]);
        let refusal = with(|scene| read(scene, Verb::Open, None, &late)).unwrap_err();
        assert_eq!(refusal.code, "bad-time");
        let refusal = with(|scene| read(scene, Verb::Mute, incident, &late)).unwrap_err();
        assert_eq!(refusal.code, "no-form");
    }

    #[test]
    fn what_was_said_is_in_the_form_already() {
        let opening = Opening {
            title: "It fails".to_owned(),
            priority: Some(id("P2")),
            services: [id("sign-in")].into(),
        };
        let reply = with(|scene| open(scene, &opening));
        let values: Vec<&str> = reply
            .pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Field(field) => Some(field.value.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(values[..3], ["It fails", "P2", "sign-in"]);
    }

    #[test]
    fn every_form_of_a_change_comes_to_its_command() {
        let incident = Some(IncidentId(42));
        for (verb, values) in [
            (
                Verb::Update,
                vec![("text", "Half are back"), ("stage", "monitoring")],
            ),
            (Verb::Resolve, vec![("text", "All are back")]),
            (
                Verb::Priority,
                vec![("priority", "P2"), ("why", "Half are back")],
            ),
            (
                Verb::Decide,
                vec![("answer", "no"), ("reason", "It is over soon")],
            ),
            (
                Verb::Close,
                vec![("report", "https://northshire.example/report")],
            ),
            (Verb::Note, vec![("text", "Rang them")]),
            (Verb::Reopen, vec![("why", "It fails again")]),
            (Verb::Cancel, vec![("why", "A test")]),
        ] {
            let asked = with(|scene| read(scene, verb, incident, &filled(&values)));
            assert!(
                matches!(asked, Ok(Asked::Change(IncidentId(42), _))),
                "{verb:?}: {asked:?}"
            );
        }
        let update = filled(&[("text", "Half are back"), ("stage", "monitoring")]);
        let asked = with(|scene| read(scene, Verb::Update, incident, &update)).unwrap();
        let Asked::Change(_, command) = asked else {
            panic!("{asked:?}");
        };
        let Command::Update { stage, .. } = *command else {
            panic!("{command:?}");
        };
        assert_eq!(stage, Some(Stage::Monitoring));
    }
}

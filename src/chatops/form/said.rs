//! What was said after a verb, in the fields where it belongs.

use super::{
    super::{
        grammar::{Opening, Scene, first_word, lead, noted, without},
        reply::Reply,
    },
    Filled, form,
    lists::as_offered,
};
use crate::domain::verbs::Verb;

/// The form of a new incident, with what was said of it.
pub fn open(scene: &Scene<'_>, opening: &Opening) -> Reply {
    let (offered, others) = as_offered(scene, opening.services.iter());
    let priority = opening.priority.as_ref();
    let filled = [
        ("title", opening.title.clone()),
        (
            "priority",
            priority.map_or_else(String::new, ToString::to_string),
        ),
        ("services", offered),
        ("more_services", others),
    ];
    let filled = filled.map(|(id, value)| (id.to_owned(), value)).into();
    form(scene, Verb::Open, None, &filled).unwrap_or_default()
}

/// What was said after a verb, in the fields where it belongs. What was not said stays as it is
/// known.
pub fn said(scene: &Scene<'_>, verb: Verb, words: &str) -> Filled {
    let bare = |text: &str| text.trim_end_matches([':', ',']).to_owned();
    let fields: Vec<(&str, String)> = match verb {
        Verb::Priority => {
            let known = scene.priority(&bare(words));
            let known = known.map_or_else(String::new, |id| id.to_string());
            vec![("priority", known)]
        }
        Verb::Decide => vec![("answer", bare(words).to_lowercase())],
        Verb::Reopen | Verb::Cancel => vec![("why", words.to_owned())],
        Verb::Correct => vec![("right", words.to_owned())],
        Verb::Step => {
            let (step, _) = first_word(words);
            vec![("step", bare(step).to_lowercase())]
        }
        Verb::Handover => {
            let (who, note) = noted(words);
            let (word, rest) = first_word(who);
            let (role, name) = match lead(word) {
                Ok(role) => (role.as_str(), without(rest, &["to", "lead to"])),
                Err(_) => ("", without(who, &["to"])),
            };
            vec![
                ("role", role.to_owned()),
                ("other", name.to_owned()),
                ("note", note.unwrap_or_default().to_owned()),
            ]
        }
        Verb::Add => {
            let (who, note) = noted(words);
            let (name, audience) = who.rsplit_once(" as ").unwrap_or((who, ""));
            vec![
                ("other", name.trim().to_owned()),
                ("audience", audience.trim().to_lowercase()),
                ("note", note.unwrap_or_default().to_owned()),
            ]
        }
        Verb::Mute => vec![("other", words.to_owned())],
        _ => vec![("text", words.to_owned())],
    };
    let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(id, value)| (id.to_owned(), value)).collect()
}

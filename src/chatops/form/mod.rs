//! Forms: what a verb needs beyond a line, asked field by field.
//!
//! A form carries what was said already. What comes back is read to the same command as the line;
//! if it cannot be, the same form comes again with what was filled in and with what is wrong.

mod fields;
mod reading;
#[cfg(test)]
mod tests;
mod verbs;

use std::collections::BTreeMap;

pub use fields::{Field, Kind};
pub use reading::read;
use verbs::{OFFERED, fields};

use super::{
    grammar::{Opening, Scene},
    reply::{Act, Piece, Reply},
};
use crate::domain::{
    IncidentId, ServiceId,
    command::{Command, Declare},
    verbs::Verb,
};

/// What was filled in, by the id of the field; several choices are joined by commas.
pub type Filled = BTreeMap<String, String>;

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

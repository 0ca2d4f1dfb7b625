//! Forms: what a verb needs beyond a line, asked field by field.
//!
//! A form carries what was said already, and what is known of the incident. What comes back is read
//! to the same command as the line; if it cannot be, the same form comes again with what was filled
//! in and with what is wrong.

mod again;
mod around;
mod fields;
mod lists;
mod names;
mod reading;
mod said;
#[cfg(test)]
mod tests;
mod verbs;

use std::collections::BTreeMap;

pub use again::{of_change, of_declare};
pub use fields::{Field, Kind};
pub use reading::{is_blank, read};
pub use said::{open, said};

use super::{
    grammar::Scene,
    reply::{Act, Piece, Reply},
};
use crate::domain::{
    IncidentId,
    command::{Command, Declare},
    text::cut,
    verbs::Verb,
};

/// What was filled in, by the id of the field; several choices are joined by commas.
pub type Filled = BTreeMap<String, String>;

/// Most characters that a field takes: as many as Slack's inputs.
pub const LONGEST: usize = 3_000;

/// What a form came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A new incident.
    Declare(Box<Declare>),
    /// A change.
    Change(IncidentId, Box<Command>),
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
            Some(id) => {
                let entry = verb.entry();
                format!("{id}, {}: {}", entry.chat, entry.does)
            }
            None => "Start an incident".to_owned(),
        },
        [],
    );
    let fields = verbs::fields(scene, verb, filled)?;
    for piece in around::above(scene, verb) {
        reply = reply.and(piece);
    }
    for mut field in fields {
        if let Some(value) = filled.get(field.id) {
            field.value.clone_from(value);
        }
        if field.value.chars().count() > LONGEST {
            field.value = cut(&field.value, LONGEST);
            reply = reply.and(Piece::Text(format!(
                "This was cut, because a field takes {LONGEST} characters: {}",
                field.label
            )));
        }
        reply = reply.and(Piece::Field(field));
    }
    Some(reply.button("Go on", Act::Fill(verb, incident)))
}

/// With the question why a ceiling does not hold this time, which is asked only where one was met.
pub fn ask_about_ceiling(filled: &mut Filled) {
    filled.entry(verbs::OVERRIDE.to_owned()).or_default();
}

/// With the question whether facts in which wrong words stand are right as they stand, which is asked only
/// where such words were found.
pub fn ask_about_facts(filled: &mut Filled) {
    filled.entry(verbs::KEEP.to_owned()).or_default();
}

//! Taking off what was pasted along and nobody sees, and saying where.

use super::{
    super::{
        columns::Column,
        record::{Record, Value},
    },
    Intake,
};
use crate::domain::{
    directory::merge::Place,
    text::{bare, without_invisible},
};

/// So many places are named one by one; of more only the number is said.
const NAMED: usize = 20;

/// The places where characters that nobody sees were taken off, in the order of the files.
#[derive(Default)]
pub(in crate::files) struct TakenOff(Vec<String>);

impl TakenOff {
    pub(in crate::files) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets the later ones: their file is not taken.
    pub(in crate::files) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// The places as sentences.
    pub(in crate::files) fn notices(&self) -> impl Iterator<Item = String> + '_ {
        let named = self.0.iter().take(NAMED);
        let more = self.0.len().saturating_sub(NAMED);
        named
            .map(|place| {
                format!("{place}: characters that nobody sees were taken off or made plain.")
            })
            .chain((more > 0).then(|| {
                format!("Characters that nobody sees were taken off in {more} more places.")
            }))
    }

    fn add(&mut self, at: &Place, column: &str) {
        let place = format!("{at}, {column}");
        if self.0.last() != Some(&place) {
            self.0.push(place);
        }
    }
}

impl Intake<'_> {
    /// A heading or key without what nobody sees.
    pub(in crate::files) fn heading(&mut self, at: &Place, heading: &str) -> String {
        let shown = bare(heading);
        if shown != heading.trim() {
            self.taken_off.add(at, &shown);
        }
        shown.into_owned()
    }

    /// The row without what nobody sees; `None` if nothing had to go.
    pub(super) fn without_invisible(&mut self, record: &Record) -> Option<Record> {
        let mut changed = false;
        let mut cells = Vec::new();
        for (column, value) in &record.cells {
            let cleaned = match value {
                Value::Text(text) => cleaned(column, text).map(Value::Text),
                Value::List(items) => {
                    let new: Vec<(u32, String)> = items
                        .iter()
                        .map(|(at, text)| {
                            (*at, cleaned(column, text).unwrap_or_else(|| text.clone()))
                        })
                        .collect();
                    (new != *items).then_some(Value::List(new))
                }
            };
            if cleaned.is_some() {
                changed = true;
                self.taken_off.add(&record.at, column.name());
            }
            cells.push((column.clone(), cleaned.unwrap_or_else(|| value.clone())));
        }
        changed.then(|| Record {
            kind: record.kind,
            at: record.at.clone(),
            cells,
        })
    }
}

/// What is left of a cell; `None` if it is as it was.
fn cleaned(column: &Column, text: &str) -> Option<String> {
    let left = if column.is_for_people() {
        without_invisible(text)
    } else {
        bare(text)
    };
    (left != text.trim()).then(|| left.into_owned())
}

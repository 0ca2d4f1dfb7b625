//! What is wrong with a value, in the words of whoever wrote it.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::{Origin, place};
use crate::domain::{fault::Fault, nearest};

/// One step from a table to a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// A value that could not be read. It never holds the value.
#[derive(Debug)]
pub(super) struct ReadError {
    pub(super) path: Vec<Step>,
    origin: Option<Origin>,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Wrong {
        expected: String,
    },
    NotOneOf {
        known: &'static [&'static str],
        given: String,
    },
    UnknownKey {
        known: &'static [&'static str],
    },
    MissingKey,
    Other(String),
}

impl ReadError {
    fn new(problem: Problem) -> Self {
        Self {
            path: Vec::new(),
            origin: None,
            problem,
        }
    }

    pub(super) fn wrong(expected: &str) -> Self {
        Self::new(Problem::Wrong {
            expected: expected.to_owned(),
        })
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self.problem, Problem::MissingKey)
    }

    /// The same error, seen from one table or list further out. The innermost place is kept.
    pub(super) fn under(mut self, step: Step, origin: &Origin) -> Self {
        self.path.insert(0, step);
        self.origin.get_or_insert_with(|| origin.clone());
        self
    }

    /// The same error, about a key that the struct refused by its name.
    pub(super) fn at_key(self, key: &str, origin: &Origin) -> Self {
        if self.path.is_empty() && !self.is_missing() {
            self.under(Step::Key(key.to_owned()), origin)
        } else {
            self
        }
    }

    pub(super) fn into_fault(self, table: &[String], origin: &Origin, taken: &[String]) -> Fault {
        let mut names: Vec<&str> = table.iter().map(String::as_str).collect();
        names.extend(self.path.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Item(_) => None,
        }));
        let name = names.join(".");
        let last = names.last().copied().unwrap_or_default();
        let at_item = matches!(self.path.last(), Some(Step::Item(_)));
        let value = if at_item {
            format!("Each value of {name}")
        } else {
            name.clone()
        };
        let missing = self.is_missing();
        let fault = match self.problem {
            Problem::Wrong { expected } => {
                Fault::new(format!("{value} must be {expected}."), "Correct the value.")
            }
            Problem::NotOneOf { known, given } => Fault::new(
                format!("{value} must be {}.", nearest::or_list(known)),
                match nearest::nearest(&given, known.iter().copied()).as_slice() {
                    [] => "Use one of these.".to_owned(),
                    near => format!("Did you mean {}?", nearest::or_list(near)),
                },
            ),
            Problem::UnknownKey { known } => {
                let known = known
                    .iter()
                    .copied()
                    // Keys of the table itself were perhaps read before the rest of it.
                    .chain(
                        taken
                            .iter()
                            .map(String::as_str)
                            .filter(|_| self.path.len() == 1),
                    );
                Fault::new(
                    format!("There is no setting {name}."),
                    nearest::fix_for(last, known, "Remove it."),
                )
            }
            Problem::MissingKey => Fault::new(
                format!("The setting {name} is missing."),
                format!("Add {last}; config/default.toml explains it."),
            ),
            Problem::Other(message) => Fault::new(
                format!("{value}: {}.", message.trim_end_matches('.')),
                "Correct the value.",
            ),
        };
        match self.origin.as_ref().unwrap_or(origin) {
            // The variable that began a table is not where its missing keys belong.
            Origin::Environment { .. } if missing => fault,
            origin => place(fault, origin),
        }
    }
}

/// What a type wants, in words.
fn words(expected: &str) -> String {
    let whole = |from: &str, to: &str| format!("a whole number from {from} to {to}");
    match expected {
        "u8" => whole("0", "255"),
        "u16" => whole("0", "65535"),
        "u32" => whole("0", "4294967295"),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "string" | "str" | "a borrowed string" => "text in quotes".to_owned(),
        "IP address" => "an IP address".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Other(message.to_string()))
    }

    // The value itself is left out of both: it may be a secret.
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(&words(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(&words(&expected.to_string()))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::NotOneOf {
            known: expected,
            given: variant.to_owned(),
        })
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownKey { known: expected })
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(Problem::MissingKey);
        error.path.push(Step::Key(field.to_owned()));
        error
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a setting cannot be read")
    }
}

impl std::error::Error for ReadError {}

//! What a form asks: fields, and how each is filled in.

use crate::domain::text::cut;

/// Most characters of an option, so that a hundred of them make a card that opens at once.
const OPTION: usize = 60;

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

impl Field {
    pub(super) fn new(id: &'static str, label: &'static str, kind: Kind) -> Self {
        Self {
            id,
            label,
            kind: match kind {
                Kind::One(options) => Kind::One(shortened(options)),
                Kind::Any(options) => Kind::Any(shortened(options)),
                typed => typed,
            },
            value: String::new(),
            needed: false,
        }
    }

    pub(super) fn line(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Kind::Line)
    }

    pub(super) fn text(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Kind::Text)
    }

    pub(super) fn one(id: &'static str, label: &'static str, of: Vec<(String, String)>) -> Self {
        Self::new(id, label, Kind::One(of))
    }

    pub(super) fn any(id: &'static str, label: &'static str, of: Vec<(String, String)>) -> Self {
        Self::new(id, label, Kind::Any(of))
    }

    /// The same, and it may not be left empty.
    pub(super) fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    /// The same with this in it.
    pub(super) fn with(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Whether there is nothing to choose from: neither Teams nor Slack takes a list without
    /// entries.
    pub(super) fn is_empty_list(&self) -> bool {
        matches!(&self.kind, Kind::One(of) | Kind::Any(of) if of.is_empty())
    }
}

/// A label as long as an option may be.
pub(super) fn short(label: &str) -> String {
    cut(label, OPTION)
}

fn shortened(options: Vec<(String, String)>) -> Vec<(String, String)> {
    options
        .into_iter()
        .map(|(value, label)| (value, short(&label)))
        .collect()
}

//! What a form asks: fields, and how each is filled in.

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

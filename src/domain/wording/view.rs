//! The facts of one message, ready for templates.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::domain::{Audience, notification::Moment};

use super::sentences::{cut, cut_line};

/// What a template may say: each declared fact of a moment and audience with its value, and none
/// that this audience may not see. Serialises to a map of all of them, without `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    pub(super) values: BTreeMap<&'static str, (Kind, Value)>,
    /// Where the whole of a text is that was cut.
    pub(super) whole: Option<String>,
}

/// How a fact is written, and how it is cut where a channel has little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words of one line.
    Line,
    /// Text as typed, with paragraphs, lists and links.
    Typed,
    /// Several texts.
    List,
    /// Yes or no.
    Flag,
}

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// For [`Kind::Line`] and [`Kind::Typed`].
    Text(String),
    /// For [`Kind::List`].
    List(Vec<String>),
    /// For [`Kind::Flag`].
    Flag(bool),
}

/// Most items of a list that is cut.
const ITEMS: usize = 10;

impl View {
    /// The text of a fact; empty if it is none, or not one of this message's facts.
    pub fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some((_, Value::Text(text))) => text,
            _ => "",
        }
    }

    /// The value of a fact, if it is one of this message's.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|(_, value)| value)
    }

    /// The same view with another value of one fact; a name that it does not have changes nothing.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if let Some((_, have)) = self.values.get_mut(name) {
            *have = value;
        }
        self
    }

    /// Names of all facts in it, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.values.keys().copied()
    }

    /// The same facts with no text longer than `max_chars`: cut at a sentence, with where to read
    /// the whole; titles and the like end in an ellipsis. A short message ends with that link
    /// anyway, so its texts do not name it.
    #[must_use]
    pub fn cut(&self, max_chars: usize, short: bool) -> Self {
        let rest = match &self.whole {
            Some(_) if short => String::new(),
            Some(link) => format!("Read the rest at {link}"),
            None => "There is more than fits here.".to_owned(),
        };
        let mut view = self.clone();
        for (name, (kind, value)) in &mut view.values {
            match value {
                Value::Text(text) if *kind == Kind::Typed => {
                    if let Some(head) = cut(text, max_chars) {
                        *text = format!("{head}\n\n{rest}").trim_end().to_owned();
                    }
                }
                // A subject is short, and ends with the reference; a link without its end leads
                // nowhere.
                Value::Text(text) if *name != "subject" && !text.starts_with("https://") => {
                    if let Some(head) = cut_line(text, max_chars) {
                        *text = head;
                    }
                }
                Value::List(items) => {
                    let more = items.len().saturating_sub(ITEMS);
                    items.truncate(ITEMS);
                    for item in items.iter_mut() {
                        if let Some(head) = cut(item, max_chars) {
                            *item = head;
                        }
                    }
                    if more > 0 {
                        items.push(format!("And {more} more. {rest}").trim_end().to_owned());
                    }
                }
                Value::Text(_) | Value::Flag(_) => {}
            }
        }
        view
    }
}

impl Serialize for View {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (name, (_, value)) in &self.values {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

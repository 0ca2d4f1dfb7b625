//! A table of settings that still knows where each value came from.
//!
//! Settings come in layers: the documented defaults, a file, the environment. `config` lays them
//! over each other here and hands the tables on; whoever owns a table (a channel, say) reads it
//! into its own struct with [`Section::read`]. All faults of a table are found in one go, each with
//! its place, the whole name of its key and the fix; none of them quotes a value, because it may
//! be a secret.

mod error;
mod layer;
mod reader;

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};

use crate::domain::fault::Fault;
use error::{ReadError, Step};
use reader::Reader;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file, at a line and column counted from 1.
    File {
        /// The file as it was named.
        file: Arc<str>,
        /// Its line.
        line: usize,
        /// The column in characters.
        column: usize,
    },
    /// In an environment variable.
    Environment {
        /// Its name.
        variable: Arc<str>,
    },
    /// In a file of its own, as secrets are.
    SecretFile {
        /// The file as the settings name it.
        file: Arc<str>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, .. } => write!(f, "{file}, line {line}"),
            Self::Environment { variable } => write!(f, "environment {variable}"),
            Self::SecretFile { file } => f.write_str(file),
        }
    }
}

/// One value and where it was written. `Debug` is left out: it may be a secret.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// A value as it was written.
#[derive(Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Entry>),
    Table(Section),
}

/// A table of settings.
#[derive(Clone)]
pub struct Section {
    path: Vec<String>,
    origin: Origin,
    entries: BTreeMap<String, Entry>,
    /// Keys that were taken out; they are offered when somebody misspells one.
    taken: Vec<String>,
}

impl Section {
    /// The whole name of the table, for example `channels.email`; empty for all settings.
    pub fn name(&self) -> String {
        self.path.join(".")
    }

    /// The keys that are set, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether a key is set.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Reads the table into its struct. Give the struct `deny_unknown_fields`, and `Option` or a
    /// default for what may be left out. Finds every fault but for the second required key that
    /// is missing.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Vec<Fault>> {
        let mut left = self.clone();
        let mut faults: Vec<Fault> = Vec::new();
        let mut dropped: Vec<Vec<Step>> = Vec::new();
        // Serde stops at the first fault; so what was wrong is dropped and the rest read again.
        loop {
            let error = match T::deserialize(Reader::table(&left)) {
                Ok(value) if faults.is_empty() => return Ok(value),
                Ok(_) => break,
                Err(error) => error,
            };
            let mut path = error.path.clone();
            // What was dropped because it was wrong is not missing as well.
            if !(error.is_missing() && dropped.contains(&path)) {
                faults.push(error.into_fault(&self.path, &self.origin, &self.taken));
            }
            dropped.push(path.clone());
            // What is missing cannot be dropped, but the table that lacks it can.
            while !path.is_empty() && !left.remove(&path) {
                path.pop();
            }
            if path.is_empty() {
                break;
            }
        }
        faults.sort();
        Err(faults)
    }

    /// Takes one key out of the table and reads it; `None` if it is not set.
    pub fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, Fault> {
        self.taken.push(key.to_owned());
        let Some(entry) = self.entries.remove(key) else {
            return Ok(None);
        };
        T::deserialize(Reader::entry(&entry))
            .map(Some)
            .map_err(|error| {
                let error: ReadError = error.under(Step::Key(key.to_owned()), &entry.origin);
                error.into_fault(&self.path, &self.origin, &self.taken)
            })
    }

    /// Takes a table out of this one; an empty one if it is not set.
    pub fn take_table(&mut self, key: &str) -> Result<Section, Fault> {
        self.taken.push(key.to_owned());
        match self.entries.remove(key) {
            None => Ok(self.nothing_at(key)),
            Some(Entry {
                value: Value::Table(table),
                ..
            }) => Ok(table),
            Some(entry) => Err(place(
                Fault::new(
                    format!("{} must be a table.", self.full(key)),
                    format!("Write [{}] and its keys under it.", self.full(key)),
                ),
                &entry.origin,
            )),
        }
    }

    /// A fault about a key of this table, at its place; for what a struct cannot say of itself.
    /// Message and fix are sentences; the message should begin with [`Section::full`].
    pub fn fault(&self, key: &str, message: impl Into<String>, fix: impl Into<String>) -> Fault {
        let origin = self
            .entries
            .get(key)
            .map_or(&self.origin, |entry| &entry.origin);
        place(Fault::new(message, fix), origin)
    }

    /// The whole name of one of its keys, for example `channels.email.port`.
    pub fn full(&self, key: &str) -> String {
        let mut name = self.name();
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(key);
        name
    }

    /// Every value below, with its whole name, as people may see it: secrets are said to be set.
    pub fn shown(&self) -> Vec<Shown> {
        let mut shown = Vec::new();
        for (key, entry) in &self.entries {
            match &entry.value {
                Value::Table(table) => shown.extend(table.shown()),
                value => shown.push(Shown {
                    key: self.full(key),
                    value: layer::visible(key, value, &entry.origin),
                    origin: entry.origin.clone(),
                }),
            }
        }
        shown
    }

    /// All values below, secrets among them, as one text: the same for the same settings, wherever
    /// they were written. It is for a digest, and is never shown.
    pub fn whole(&self) -> SecretString {
        let mut text = String::new();
        self.write_whole(&mut text);
        SecretString::from(text)
    }

    fn write_whole(&self, text: &mut String) {
        for (key, entry) in &self.entries {
            text.push_str(&format!("{key:?}="));
            entry.value.write_whole(text);
        }
    }

    fn nothing_at(&self, key: &str) -> Section {
        let mut path = self.path.clone();
        path.push(key.to_owned());
        Section {
            path,
            origin: self.origin.clone(),
            entries: BTreeMap::new(),
            taken: Vec::new(),
        }
    }

    fn remove(&mut self, path: &[Step]) -> bool {
        let [Step::Key(key), rest @ ..] = path else {
            return false;
        };
        if rest.is_empty() {
            return self.entries.remove(key).is_some();
        }
        self.entries
            .get_mut(key)
            .is_some_and(|entry| entry.remove(rest))
    }
}

impl Value {
    fn write_whole(&self, text: &mut String) {
        match self {
            // The environment knows text only.
            Self::Text(value) => text.push_str(&format!("{value:?}\n")),
            Self::Integer(value) => text.push_str(&format!("\"{value}\"\n")),
            Self::Float(value) => text.push_str(&format!("\"{value}\"\n")),
            Self::Boolean(value) => text.push_str(&format!("\"{value}\"\n")),
            Self::List(items) => {
                text.push_str("[\n");
                for item in items {
                    item.value.write_whole(text);
                }
                text.push_str("]\n");
            }
            Self::Table(table) => {
                text.push_str("{\n");
                table.write_whole(text);
                text.push_str("}\n");
            }
        }
    }
}

impl Entry {
    fn remove(&mut self, path: &[Step]) -> bool {
        match (&mut self.value, path) {
            (Value::Table(table), _) => table.remove(path),
            (Value::List(items), [Step::Item(at)]) if *at < items.len() => {
                items.remove(*at);
                true
            }
            (Value::List(items), [Step::Item(at), rest @ ..]) => {
                items.get_mut(*at).is_some_and(|item| item.remove(rest))
            }
            _ => false,
        }
    }
}

/// Reads a value through its `FromStr`: for `#[serde(deserialize_with = "section::text")]`.
pub fn text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

/// One setting as people may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its whole name.
    pub key: String,
    /// The value, or that it is set.
    pub value: String,
    /// Where it was written.
    pub origin: Origin,
}

impl Shown {
    /// What is shown of a secret.
    pub const HIDDEN: &str = "(set, not shown)";
}

/// The same fault, at a place.
fn place(fault: Fault, origin: &Origin) -> Fault {
    match origin {
        Origin::File { file, line, column } => fault.in_file(&**file).at(*line, *column),
        Origin::Environment { variable } => fault.in_file(format!("environment {variable}")),
        Origin::SecretFile { file } => fault.in_file(&**file),
    }
}

#[cfg(test)]
mod tests;

//! Makes tables of settings from TOML and lays them over each other.

use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Entry, Origin, Section, Shown, Value, place};
use crate::domain::fault::{Fault, Lines};

impl Section {
    /// Reads a TOML text. `file` is what faults call it. All faults of form are found at once.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Fault>> {
        let source = Source {
            file: file.into(),
            lines: Lines::new(text),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors
                .iter()
                .map(|error| {
                    let span = error.span().unwrap_or(0..0);
                    let what = error.message().lines().next().unwrap_or_default();
                    place(
                        Fault::new(
                            format!("This is not TOML: {what}."),
                            "Correct the line; text goes in quotes.",
                        ),
                        &source.origin(span),
                    )
                })
                .collect());
        }
        let origin = source.origin(0..0);
        source.table(Vec::new(), origin, table.into_inner())
    }

    /// A layer without settings.
    pub fn empty(file: &str) -> Self {
        Self {
            path: Vec::new(),
            origin: Origin::File {
                file: file.into(),
                line: 1,
                column: 1,
            },
            entries: BTreeMap::new(),
            taken: Vec::new(),
        }
    }

    /// Lays another table over this one: its values replace ours, tables are joined.
    pub fn overlay(&mut self, other: Section) {
        for (key, theirs) in other.entries {
            match (self.entries.get_mut(&key), theirs) {
                (
                    Some(Entry {
                        value: Value::Table(ours),
                        origin,
                    }),
                    Entry {
                        value: Value::Table(theirs),
                        origin: over,
                    },
                ) => {
                    // A variable sets one key and begins no table.
                    if matches!(over, Origin::File { .. }) {
                        ours.origin = theirs.origin.clone();
                        *origin = over;
                    }
                    ours.overlay(theirs);
                }
                (_, theirs) => {
                    self.entries.insert(key, theirs);
                }
            }
        }
    }

    /// Makes paths relative to a folder: the values of these keys (whole names), and of every key
    /// that names a file with a secret. `turn` answers `None` for a value that is no relative path.
    pub fn relocate(&mut self, keys: &[&str], turn: &dyn Fn(&str) -> Option<String>) {
        let names: Vec<String> = self.entries.keys().map(|key| self.full(key)).collect();
        for ((key, entry), name) in self.entries.iter_mut().zip(names) {
            match &mut entry.value {
                Value::Table(table) => table.relocate(keys, turn),
                Value::Text(text) if key.ends_with("_file") || keys.contains(&name.as_str()) => {
                    if let Some(turned) = turn(text) {
                        *text = turned;
                    }
                }
                _ => {}
            }
        }
    }

    /// Lays one environment variable over the table, for example `["channels", "email", "port"]`.
    pub fn set_from_environment(
        &mut self,
        path: &[String],
        variable: &str,
        text: String,
    ) -> Result<(), Fault> {
        let origin = Origin::Environment {
            variable: variable.into(),
        };
        let [key, rest @ ..] = path else {
            return Ok(());
        };
        if rest.is_empty() {
            let is_table = self
                .entries
                .get(key)
                .is_some_and(|entry| matches!(entry.value, Value::Table(_)));
            if is_table {
                return Err(place(
                    Fault::new(
                        format!("{} is a table, not a value.", self.full(key)),
                        format!("Name one of its keys, as in {variable}__KEY."),
                    ),
                    &origin,
                ));
            }
            let value = Value::Text(text);
            self.entries.insert(key.clone(), Entry { value, origin });
            return Ok(());
        }
        let mut empty = self.nothing_at(key);
        empty.origin = origin.clone();
        let entry = self.entries.entry(key.clone()).or_insert_with(|| Entry {
            value: Value::Table(empty),
            origin: origin.clone(),
        });
        match &mut entry.value {
            Value::Table(table) => table.set_from_environment(rest, variable, text),
            _ => Err(place(
                Fault::new(
                    format!("{} is a value, not a table.", self.full(key)),
                    "Correct the name of the variable.",
                ),
                &origin,
            )),
        }
    }

    /// Replaces each `KEY_file` by `KEY` with what the file holds, less the line end behind it.
    /// Returns what went wrong.
    pub fn read_secret_files(
        &mut self,
        read: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut secrets = BTreeMap::new();
        for (key, entry) in &mut self.entries {
            match (&mut entry.value, key.strip_suffix("_file")) {
                (Value::Table(table), _) => {
                    faults.extend(table.read_secret_files(read));
                }
                (Value::Text(file), Some(base)) => {
                    secrets.insert(base.to_owned(), (file.clone(), entry.origin.clone()));
                }
                _ => {}
            }
        }
        for (key, (file, origin)) in secrets {
            self.entries.remove(&format!("{key}_file"));
            let name = self.full(&key);
            if self.entries.contains_key(&key) {
                faults.push(place(
                    Fault::new(
                        format!("Both {name} and {name}_file are set."),
                        "Remove one of them.",
                    ),
                    &origin,
                ));
                continue;
            }
            match read(Path::new(&file)) {
                Ok(text) => {
                    let text = text.strip_suffix('\n').unwrap_or(&text);
                    let text = text.strip_suffix('\r').unwrap_or(text);
                    let value = Value::Text(text.to_owned());
                    let origin = Origin::SecretFile { file: file.into() };
                    self.entries.insert(key, Entry { value, origin });
                }
                Err(error) => faults.push(place(
                    Fault::new(
                        format!("The file {file}, named by {name}_file, cannot be read: {error}."),
                        "Correct the path, or let Oyez read the file.",
                    ),
                    &origin,
                )),
            }
        }
        faults
    }
}

struct Source<'a> {
    file: Arc<str>,
    lines: Lines<'a>,
}

impl Source<'_> {
    fn origin(&self, span: Range<usize>) -> Origin {
        let (line, column) = self.lines.position(span.start);
        Origin::File {
            file: Arc::clone(&self.file),
            line,
            column,
        }
    }

    fn table(
        &self,
        path: Vec<String>,
        origin: Origin,
        table: DeTable<'_>,
    ) -> Result<Section, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut entries = BTreeMap::new();
        for (key, value) in table {
            let origin = self.origin(key.span());
            let key = key.into_inner().into_owned();
            let mut path = path.clone();
            path.push(key.clone());
            match self.value(path, &origin, value) {
                Ok(value) => {
                    entries.insert(key, Entry { value, origin });
                }
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() {
            Ok(Section {
                path,
                origin,
                entries,
                taken: Vec::new(),
            })
        } else {
            Err(faults)
        }
    }

    fn value(
        &self,
        path: Vec<String>,
        origin: &Origin,
        value: Spanned<DeValue<'_>>,
    ) -> Result<Value, Vec<Fault>> {
        let too_big = |what: &str| {
            vec![place(
                Fault::new(
                    format!("{} is no {what} that can be used.", path.join(".")),
                    "Correct the value.",
                ),
                origin,
            )]
        };
        Ok(match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => Value::Integer(
                i64::from_str_radix(number.as_str(), number.radix())
                    .map_err(|_| too_big("whole number"))?,
            ),
            DeValue::Float(number) => {
                Value::Float(number.as_str().parse().map_err(|_| too_big("number"))?)
            }
            DeValue::Boolean(yes) => Value::Boolean(yes),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(items) => {
                let mut list = Vec::new();
                let mut faults = Vec::new();
                for item in items {
                    let origin = self.origin(item.span());
                    match self.value(path.clone(), &origin, item) {
                        Ok(value) => list.push(Entry { value, origin }),
                        Err(more) => faults.extend(more),
                    }
                }
                if !faults.is_empty() {
                    return Err(faults);
                }
                Value::List(list)
            }
            DeValue::Table(table) => Value::Table(self.table(path, origin.clone(), table)?),
        })
    }
}

/// A value as people may see it.
pub(super) fn visible(key: &str, value: &Value, origin: &Origin) -> String {
    const SECRET: [&str; 8] = [
        "auth",
        "credential",
        "key",
        "pass",
        "secret",
        "token",
        "user",
        "webhook",
    ];
    let hidden =
        matches!(origin, Origin::SecretFile { .. }) || SECRET.iter().any(|word| key.contains(word));
    match value {
        _ if hidden => Shown::HIDDEN.to_owned(),
        // Of an address that is none, nobody can tell where the password stands.
        Value::Text(text) if key == "url" && !text.contains("://") => Shown::HIDDEN.to_owned(),
        Value::Text(text) => without_credentials(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| visible(key, &item.value, &item.origin))
                .collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(_) => "(a table)".to_owned(),
    }
}

/// A web or database address without the user, the password and the query that may be in it, and
/// without the path of a web address, which may be the secret of a webhook. Credentials go as far as the
/// last @: a password that should have been escaped may hold whatever ends a host.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    // A path of a file may hold an @.
    let is_file = scheme == "sqlite";
    let (hidden, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) if !is_file => ("…@", rest),
        _ => ("", rest),
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    let host = if is_host(host) || is_file {
        host
    } else {
        "…"
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = match scheme {
        "http" | "https" if path.len() > 1 => "/…",
        _ => path,
    };
    format!("{scheme}://{hidden}{host}{path}")
}

/// Whether a text can only be a host, with a port perhaps. What stands behind a colon and is no port may
/// be a password whose host was forgotten.
fn is_host(text: &str) -> bool {
    let port = text.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) || text.ends_with(']');
    is_port
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || ".-_:[],".contains(c))
}

//! Reading a TOML text value by value, collecting every fault on the way.
//!
//! A reader answers `None` after it noted a fault, so the caller goes on with the next value. A
//! [`Section`] remembers which keys were asked for; what is left at the end is unknown.

use std::{ops::Range, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::domain::{
    fault::{Fault, Lines},
    ids::BadId,
    nearest::fix_for,
};

/// A value and where it stands.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// The faults found so far in a text.
#[derive(Debug)]
pub(super) struct Faults<'i> {
    lines: Lines<'i>,
    list: Vec<Fault>,
}

impl<'i> Faults<'i> {
    /// None so far.
    pub(super) fn new(text: &'i str) -> Self {
        Self {
            lines: Lines::new(text),
            list: Vec::new(),
        }
    }

    /// Notes a fault at these bytes.
    pub(super) fn add(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let (line, column) = self.place(span);
        self.list.push(Fault::new(message, fix).at(line, column));
    }

    /// Line and column where these bytes begin.
    pub(super) fn place(&self, span: &Range<usize>) -> (usize, usize) {
        self.lines.position(span.start)
    }

    /// All of them, in the order of the text.
    pub(super) fn into_list(mut self) -> Vec<Fault> {
        self.list.sort_by_key(|fault| (fault.line, fault.column));
        self.list
    }

    /// A text that is not blank.
    pub(super) fn text(&mut self, value: Value<'_>) -> Option<String> {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.add(&span, "This text is empty.", "Write it in quotes.");
                None
            }
            DeValue::String(text) => Some(text.into_owned()),
            other => {
                self.wrong_type(&span, &other, "a text in quotes");
                None
            }
        }
    }

    /// True or false.
    pub(super) fn flag(&mut self, value: Value<'_>) -> Option<bool> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Boolean(flag) => Some(flag),
            other => {
                self.wrong_type(&span, &other, "true or false, without quotes");
                None
            }
        }
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, value: Value<'_>) -> Option<u32> {
        let span = value.span();
        let what = "a whole number, 0 or more, without quotes";
        match value.into_inner() {
            DeValue::Integer(number) => {
                let read = u32::from_str_radix(number.as_str(), number.radix()).ok();
                if read.is_none() {
                    self.add(
                        &span,
                        format!("{} is not a number that fits here.", number.as_str()),
                        format!("Use {what}."),
                    );
                }
                read
            }
            other => {
                self.wrong_type(&span, &other, what);
                None
            }
        }
    }

    /// An id, well-formed.
    pub(super) fn id<T: FromStr<Err = BadId>>(&mut self, value: Value<'_>) -> Option<T> {
        let span = value.span();
        let text = self.text(value)?;
        match text.parse() {
            Ok(id) => Some(id),
            Err(BadId { what, value, rule }) => {
                self.add(
                    &span,
                    format!("\"{value}\" is not a {what}."),
                    format!("Use {rule}."),
                );
                None
            }
        }
    }

    /// One of a few names.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        value: Value<'_>,
        what: &str,
        names: &[(&'static str, T)],
    ) -> Option<T> {
        let span = value.span();
        let text = self.text(value)?;
        let found = names.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let known = names.iter().map(|(name, _)| *name);
            let all: Vec<&str> = known.clone().collect();
            self.add(
                &span,
                format!("\"{text}\" is not {}.", article(what)),
                fix_for(&text, known, &format!("Use one of {}.", all.join(", "))),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// A list. One bad member spoils it, after all members were read.
    pub(super) fn list<T>(
        &mut self,
        value: Value<'_>,
        mut member: impl FnMut(&mut Self, Value<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(values) => {
                let read: Vec<Option<T>> = values
                    .into_iter()
                    .map(|value| member(self, value))
                    .collect();
                read.into_iter().collect()
            }
            other => {
                self.wrong_type(&span, &other, "a list in square brackets");
                None
            }
        }
    }

    /// A list, or one value that stands for a list of one.
    pub(super) fn one_or_list<T>(
        &mut self,
        value: Value<'_>,
        mut member: impl FnMut(&mut Self, Value<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if value.get_ref().is_array() {
            self.list(value, member)
        } else {
            member(self, value).map(|one| vec![one])
        }
    }

    /// A table, named in faults by `what`.
    pub(super) fn section<'v>(&mut self, value: Value<'v>, what: &str) -> Option<Section<'v>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Section::new(table, span, what)),
            other => {
                self.wrong_type(&span, &other, "a table of keys and values");
                None
            }
        }
    }

    fn wrong_type(&mut self, span: &Range<usize>, found: &DeValue<'_>, wanted: &str) {
        self.add(
            span,
            format!(
                "This must be {wanted}, and is {}.",
                article(found.type_str())
            ),
            format!("Write {wanted}."),
        );
    }
}

/// A table whose keys are taken one by one.
#[derive(Debug)]
pub(super) struct Section<'i> {
    what: String,
    span: Range<usize>,
    table: DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'i> Section<'i> {
    /// The table, and what faults call it: "rule p1-owners".
    pub(super) fn new(table: DeTable<'i>, span: Range<usize>, what: &str) -> Self {
        Self {
            what: what.to_owned(),
            span,
            table,
            known: Vec::new(),
        }
    }

    /// Where it begins.
    pub(super) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// Calls it something better, once its id is known.
    pub(super) fn rename(&mut self, what: String) {
        self.what = what;
    }

    /// Takes the value of a key, if it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value<'i>> {
        self.known.push(key);
        self.table.remove(key)
    }

    /// Whether anything is left to take.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Takes a key that may be left out.
    pub(super) fn optional<'f, T>(
        &mut self,
        faults: &mut Faults<'f>,
        key: &'static str,
        read: impl FnOnce(&mut Faults<'f>, Value<'i>) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        read(faults, value)
    }

    /// Takes a key that must be there.
    pub(super) fn required<'f, T>(
        &mut self,
        faults: &mut Faults<'f>,
        key: &'static str,
        fix: &str,
        read: impl FnOnce(&mut Faults<'f>, Value<'i>) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.take(key) else {
            faults.add(
                &self.span,
                format!("The key `{key}` is missing in {}.", self.what),
                fix,
            );
            return None;
        };
        read(faults, value)
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self, faults: &mut Faults<'_>) {
        for (key, _) in &self.table {
            let name = key.get_ref();
            faults.add(
                &key.span(),
                format!("The key `{name}` means nothing in {}.", self.what),
                fix_for(
                    name,
                    self.known.iter().copied(),
                    &format!("Remove it, or use one of {}.", self.known.join(", ")),
                ),
            );
        }
    }
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}

//! What is wrong with a file that people wrote: policy, templates, imports.
//!
//! Whoever reads such a file collects every fault before it answers, so that one run is enough to
//! put them all right.

use std::fmt;

use serde::Serialize;

/// One fault in a file, where it is and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The file as the person named it; `None` where only one can be meant.
    pub file: Option<String>,
    /// Line or row, from 1; `None` where the fault is about the file as a whole.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong, one sentence with its full stop.
    pub message: String,
    /// What to do, one sentence with its full stop.
    pub fix: String,
}

impl Fault {
    /// A fault of which the place is not known, or not yet.
    pub fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            file: None,
            line: None,
            column: None,
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// The same fault, in this file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same fault, on this line or row, from 1.
    #[must_use]
    pub fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The same fault, at this line and column, both from 1.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }
}

impl fmt::Display for Fault {
    /// `policy.toml:12:8: The reason. The fix.`, as editors and build tools recognise it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        match (self.file.is_some(), self.line, self.column) {
            (true, Some(line), Some(column)) => write!(f, "{line}:{column}:")?,
            (true, Some(line), None) => write!(f, "{line}:")?,
            (false, Some(line), Some(column)) => write!(f, "line {line}, column {column}:")?,
            (false, Some(line), None) => write!(f, "line {line}:")?,
            (_, None, _) => {}
        }
        if self.file.is_some() || self.line.is_some() {
            f.write_str(" ")?;
        }
        write!(f, "{} {}", self.message, self.fix)
    }
}

/// Where the bytes of a text are, as lines and columns.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Notes where each line begins.
    pub fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset.min(self.text.len()));
        (line, before.map_or(1, |text| text.chars().count() + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_prints_where_what_and_what_to_do() {
        let fault = Fault::new("There is no priority P4.", "Use P1, P2 or P3.");
        assert_eq!(
            fault.to_string(),
            "There is no priority P4. Use P1, P2 or P3."
        );
        let fault = fault.at(3, 9);
        assert_eq!(
            fault.to_string(),
            "line 3, column 9: There is no priority P4. Use P1, P2 or P3."
        );
        assert_eq!(
            fault.in_file("policy.toml").to_string(),
            "policy.toml:3:9: There is no priority P4. Use P1, P2 or P3."
        );
    }

    #[test]
    fn positions_count_characters_from_one() {
        let lines = Lines::new("a\nçé = 1\n\nb");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(2), (2, 1));
        assert_eq!(lines.position("a\nçé".len()), (2, 3));
        assert_eq!(lines.position("a\nçé = 1\n".len()), (3, 1));
        assert_eq!(lines.position("a\nçé = 1\n\n".len()), (4, 1));
    }
}

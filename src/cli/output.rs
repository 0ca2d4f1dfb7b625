//! How answers reach the terminal: data on standard output, messages on standard error.

use std::io::{self, BufRead, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::{args::Look, json};
use crate::app::{Error, ErrorKind};

/// Exit codes, as documented in `oyez help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done = 0,
    /// A fault of ours.
    Unexpected = 1,
    /// Wrong usage.
    Usage = 2,
    /// No such thing.
    NotFound = 3,
    /// A check or an expectation failed.
    CheckFailed = 4,
    /// Some messages were not sent.
    SendsFailed = 5,
    /// Something needed cannot be reached.
    Unreachable = 6,
    /// Not allowed.
    NotAllowed = 7,
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Refused | ErrorKind::Conflict => Self::CheckFailed,
            ErrorKind::Unavailable => Self::Unreachable,
            ErrorKind::NotAllowed => Self::NotAllowed,
            ErrorKind::Unexpected => Self::Unexpected,
        }
    }
}

/// Where a command writes.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    look: Look,
}

impl Output {
    /// Prints as the person asked for.
    pub fn new(look: Look) -> Self {
        Self { look }
    }

    /// Whether colour is wanted, if the terminal takes it.
    pub fn takes_colour(self) -> bool {
        !self.look.no_color
    }

    /// Whether JSON was asked for.
    pub fn is_json(self) -> bool {
        self.look.json
    }

    /// One answer in two forms: the JSON of `value`, or what `people` writes.
    pub fn answer<T: Serialize>(
        self,
        value: &T,
        people: impl FnOnce(&mut Page) -> io::Result<()>,
    ) -> Result<(), Error> {
        let result = if self.look.json {
            json::pretty(value, chrono::Local)
                .and_then(|text| writeln!(io::stdout().lock(), "{text}"))
        } else {
            let mut page = Page {
                plain: self.look.plain,
                text: String::new(),
            };
            people(&mut page).and_then(|()| io::stdout().lock().write_all(page.text.as_bytes()))
        };
        written(result)
    }

    /// A text that is the answer, as it is; where JSON was asked for, as a string.
    pub fn raw(self, text: &str) -> Result<(), Error> {
        if self.look.json {
            return self.answer(&text, |_| Ok(()));
        }
        written(io::stdout().lock().write_all(text.as_bytes()))
    }

    /// A message beside the answer.
    pub fn say(self, text: &str) {
        // A closed standard error must not end a command half way.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Asks before something that cannot be taken back. Without a terminal the answer is no.
    pub fn confirm(self, question: &str) -> bool {
        if !io::stdin().is_terminal() {
            return false;
        }
        let _ = write!(io::stderr().lock(), "{question} [y/N] ");
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok()
            && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Asks for a word to be typed, for what is graver than a yes.
    pub fn confirm_word(self, question: &str, word: &str) -> bool {
        if !io::stdin().is_terminal() {
            return false;
        }
        let _ = write!(io::stderr().lock(), "{question} ");
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok()
            && answer.trim().eq_ignore_ascii_case(word)
    }

    /// Prints what went wrong: what, why, and what to do; the operator's chain goes to the log.
    pub fn error(self, error: &Error) {
        let mut text = error.sentence.clone();
        for fault in &error.faults {
            text.push_str(&format!("\n  {fault}"));
        }
        if !error.fix.is_empty() {
            text.push('\n');
            text.push_str(&error.fix);
        }
        self.say(&text);
        if error.source.is_some() {
            tracing::error!(code = error.code, chain = error.chain(), "a command failed");
        }
    }
}

/// Whoever reads us may stop reading: `oyez list | head` is no fault.
fn written(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| {
            Error::new(
                ErrorKind::Unexpected,
                "output",
                "The answer could not be printed.",
                "Check the disk and the terminal.",
            )
            .caused_by(error)
        }),
    }
}

/// Text for people, written line by line.
#[derive(Debug, Default)]
pub struct Page {
    plain: bool,
    text: String,
}

impl Page {
    /// What was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A line.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// An empty line; none in plain output.
    pub fn gap(&mut self) {
        if !self.plain {
            self.text.push('\n');
        }
    }

    /// A table that fits the terminal; tab-separated in plain output.
    pub fn table<const N: usize>(
        &mut self,
        heads: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        if self.plain {
            for row in rows {
                self.line(row.map(|cell| cell.replace(['\t', '\n'], " ")).join("\t"));
            }
            return;
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic);
        if !io::stdout().is_terminal() {
            table.set_width(160);
        }
        table.set_header(heads);
        for row in rows {
            table.add_row(row);
        }
        for line in table.to_string().lines() {
            self.line(line.trim_end());
        }
    }
}

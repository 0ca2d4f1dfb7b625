//! How answers reach the terminal: data on standard output, messages on standard error.
//!
//! Nothing else in the command line writes there, because what is written may hold what others said:
//! names, arguments, replies of servers. A terminal would obey some of that, so it is shown instead.

use std::io::{self, BufRead, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::{args::Look, json};
use crate::{
    app::{Error, ErrorKind},
    domain::text::printable,
};

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

    /// Whether messages are read on a terminal.
    pub fn speaks_to_terminal() -> bool {
        io::stderr().is_terminal()
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
            people(&mut page).and_then(|()| show(&mut io::stdout().lock(), &page.text))
        };
        written(result)
    }

    /// A text that is the answer: as it is for files and programs, fit to be shown on a terminal; where
    /// JSON was asked for, as a string.
    pub fn raw(self, text: &str) -> Result<(), Error> {
        if self.look.json {
            return self.answer(&text, |_| Ok(()));
        }
        let mut out = io::stdout().lock();
        written(if out.is_terminal() {
            show(&mut out, text)
        } else {
            out.write_all(text.as_bytes())
        })
    }

    /// A message beside the answer.
    pub fn say(self, text: &str) {
        // A closed standard error must not end a command half way.
        let _ = show(&mut io::stderr().lock(), &format!("{text}\n"));
    }

    /// Asks before something that cannot be taken back. Without a terminal the answer is no.
    pub fn confirm(self, question: &str) -> bool {
        if !io::stdin().is_terminal() {
            return false;
        }
        let _ = show(&mut io::stderr().lock(), &format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok()
            && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Asks for a word to be typed, for what is graver than a yes.
    pub fn confirm_word(self, question: &str, word: &str) -> bool {
        if !io::stdin().is_terminal() {
            return false;
        }
        let _ = show(&mut io::stderr().lock(), &format!("{question} "));
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

/// What is wrong with a command line, or help. It quotes arguments, and they could colour it as it does
/// itself, so with such arguments it goes without colours.
pub fn print_usage(error: &clap::Error) {
    let is_tame = std::env::args_os().all(|argument| {
        let argument = argument.to_string_lossy();
        printable(&argument) == argument
    });
    // A closed terminal is no reason to fail differently.
    let _ = if is_tame {
        error.print()
    } else if error.use_stderr() {
        show(&mut io::stderr().lock(), &error.render().to_string())
    } else {
        show(&mut io::stdout().lock(), &error.render().to_string())
    };
}

/// Writes what people read.
fn show(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(printable(text).as_bytes())?;
    out.flush()
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
        // Written out before the table is laid out, so that its columns stay columns.
        for row in rows {
            table.add_row(row.map(|cell| printable(&cell).into_owned()));
        }
        for line in table.to_string().lines() {
            self.line(line.trim_end());
        }
    }
}

//! The log: lines for the operator, on standard error.
//!
//! A line names ids (`incident`, `delivery`, `lane`, `channel`), durations as `duration_ms` and
//! causes as `error`; it never holds an address, a person's name or a secret. Libraries know
//! nothing of that rule, so they are heard from `warn` up only, whatever the level.

use std::{
    error::Error,
    fmt,
    io::{self, IsTerminal},
    panic,
};

use serde::Deserialize;

use crate::domain::text::{printable, printable_json};
use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt::{MakeWriter, layer},
    layer::SubscriberExt,
    util::{SubscriberInitExt, TryInitError},
};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The least grave lines that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What an operator must act on.
    Error,
    /// What an operator should look at.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// What was decided, and why.
    Debug,
    /// Every step.
    Trace,
}

/// Starts the log, once per process; a panic is logged by its place, not by its words.
///
/// `colour` lets a terminal show colours; without it, or where standard error is no terminal, there
/// are none.
pub fn init(format: Format, level: Level, colour: bool) -> Result<(), TryInitError> {
    let colour = colour && io::stderr().is_terminal();
    lines(format, level, colour, io::stderr).try_init()?;
    panic::set_hook(Box::new(|panic| {
        // The message may quote what people typed.
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a part of the program stopped unexpectedly");
    }));
    Ok(())
}

/// An error with its causes, in one line: for the operator, where the error is handled.
pub fn chain(error: &dyn Error) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        write!(f, "{error}")?;
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    })
}

fn lines<W>(
    format: Format,
    level: Level,
    colour: bool,
    out: W,
) -> impl SubscriberInitExt + tracing::Subscriber
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        // It quotes what it does not know of the address of the database, which may be its password.
        .with_target("sqlx_postgres::options", LevelFilter::OFF)
        .with_target("oyez", level);
    let shown = move |how| Shown { out, how };
    let layer = match format {
        Format::Text => layer()
            .with_writer(shown(if colour { fit_but_colours } else { fit }))
            .with_ansi(colour)
            .boxed(),
        Format::Json => layer()
            .json()
            .flatten_event(true)
            .with_writer(shown(fit_json))
            .with_ansi(false)
            .boxed(),
    };
    Registry::default().with(layer.with_filter(targets))
}

/// Writes lines with nothing in them that a terminal would obey, whatever a library logged.
struct Shown<W> {
    out: W,
    how: fn(&str) -> String,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Shown<W> {
    type Writer = Shown<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Shown {
            out: self.out.make_writer(),
            how: self.how,
        }
    }
}

impl<W: io::Write> io::Write for Shown<W> {
    /// Lines come whole.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = (self.how)(&String::from_utf8_lossy(bytes));
        self.out.write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn fit(line: &str) -> String {
    whole(line, |line| printable(line).into_owned())
}

/// The end of the line is the log's own; a carriage return before it is not.
fn whole(line: &str, fit: impl Fn(&str) -> String) -> String {
    match line.strip_suffix('\n') {
        Some(line) => fit(line) + "\n",
        None => fit(line),
    }
}

fn fit_json(line: &str) -> String {
    printable_json(line).into_owned()
}

/// Leaves the colours that the log itself sets, which are escape sequences as well.
fn fit_but_colours(line: &str) -> String {
    whole(line, leave_colours)
}

fn leave_colours(line: &str) -> String {
    const BEGIN: &str = "\u{1b}[";
    let mut pieces = line.split(BEGIN);
    let mut fit = printable(pieces.next().unwrap_or_default()).into_owned();
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit() && c != ';');
        let is_colour = digits.is_some_and(|end| piece[end..].starts_with('m'));
        fit.push_str(&if is_colour {
            BEGIN.into()
        } else {
            printable(BEGIN)
        });
        fit.push_str(&printable(piece));
    }
    fit
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: Format, level: Level, work: impl FnOnce()) -> String {
        let page = Page::default();
        let out = page.clone();
        tracing::subscriber::with_default(lines(format, level, false, move || out.clone()), work);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_has_its_fields_at_the_top() {
        let line = written(Format::Json, Level::Info, || {
            tracing::info!(incident = "INC-0042", "declared");
        });
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["incident"], "INC-0042");
        assert_eq!(line["message"], "declared");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let hostile = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\r";
        for format in [Format::Text, Format::Json] {
            let text = written(format, Level::Info, || {
                tracing::info!(error = %hostile, "{hostile}");
                tracing::info!(error = ?hostile, "said");
            });
            let obeyed = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\r'];
            assert!(!text.contains(obeyed), "{text:?}");
            assert_eq!(text.lines().count(), 2, "{text:?}");
        }
        assert_eq!(
            fit_but_colours("\u{1b}[32m INFO\u{1b}[0m a\u{1b}[2Jb\u{1b}"),
            "\u{1b}[32m INFO\u{1b}[0m a\\u{1b}[2Jb\\u{1b}"
        );
    }

    #[test]
    fn libraries_are_not_heard_below_warn() {
        let text = written(Format::Text, Level::Trace, || {
            tracing::debug!(target: "hyper::client", "a secret");
            tracing::info!(target: "sqlx", "another");
            tracing::warn!(target: "sqlx", "slow");
            tracing::trace!("ours");
        });
        assert!(!text.contains("secret") && !text.contains("another"));
        assert!(text.contains("slow") && text.contains("ours"));
    }

    #[test]
    fn the_level_holds_for_libraries_too() {
        let text = written(Format::Text, Level::Error, || {
            tracing::warn!(target: "sqlx", "slow");
            tracing::info!("ours");
        });
        assert_eq!(text, "");
    }

    #[test]
    fn a_chain_names_every_cause_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the settings cannot be read")]
        struct Outer(#[source] io::Error);
        let error = Outer(io::Error::new(io::ErrorKind::NotFound, "no such file"));
        assert_eq!(
            chain(&error).to_string(),
            "the settings cannot be read: no such file"
        );
    }
}

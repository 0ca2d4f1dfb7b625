//! Progress of long work: a bar on a terminal, else a line for every tenth.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::ProgressBar;

use super::output::Output;

/// Work below this many steps is over before anybody wonders.
const LONG: usize = 1_000;

/// How far something is.
pub struct Meter {
    output: Output,
    what: &'static str,
    bar: Option<ProgressBar>,
    /// Tenths that were said.
    said: AtomicUsize,
}

impl Meter {
    /// Begins; `what` is happening, as people read it: "Saving".
    pub fn new(output: Output, what: &'static str) -> Self {
        let on_terminal = Output::speaks_to_terminal() && !output.is_json();
        Self {
            output,
            what,
            bar: on_terminal.then(|| ProgressBar::new(0).with_message(what)),
            said: AtomicUsize::new(0),
        }
    }

    /// So many steps of all are done.
    pub fn at(&self, done: usize, all: usize) {
        if let Some(bar) = &self.bar {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        } else if all >= LONG && !self.output.is_json() {
            let tenths = done * 10 / all;
            if tenths > self.said.fetch_max(tenths, Ordering::Relaxed) {
                self.output
                    .say(&format!("{}: {}0 %", self.what, tenths.min(10)));
            }
        }
    }

    /// It is over.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

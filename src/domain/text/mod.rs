//! Text that people type, and how each format writes it so that it appears as typed.
//!
//! Paragraphs, `- ` lists and bare https links have meaning; every other character is literal.
//! One parser ([`mod@parse`]) makes blocks of a text, one writer ([`mod@write`]) turns them into a
//! [`Format`]; [`mod@escape`] is for single lines. Whatever is typed, the result mentions nobody,
//! opens no markup and holds no control, private-use or bidirectional-control character.

mod cut;
mod escape;
mod invisible;
mod parse;
mod personal;
mod printable;
mod reference;
mod write;

#[cfg(test)]
mod hostile;

pub use cut::cut;
pub use escape::{clean, escape};
pub use invisible::{bare, from_visible, is_blank, without_invisible};
pub use parse::{Block, Line, Span, list, one_line, parse};
pub use personal::for_recipient;
pub use printable::{printable, printable_json};
pub use reference::references;
pub use write::{write, write_inline, write_text};

use super::channel::Format;

/// Whether a part of this format is JSON text, so that it can be parsed back.
pub fn is_json(format: Format) -> bool {
    matches!(format, Format::CardJson | Format::SlackJson | Format::Json)
}

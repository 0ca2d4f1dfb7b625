//! CSV: one file a list, `people.csv` and so on, with headings in the first row.
//!
//! Files come out of spreadsheets: a byte order mark, a first line `sep=;`, semicolons or tabs instead of
//! commas, and the line ends of every system are all read. Rows are counted as a spreadsheet counts them.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, which can send
//! the whole sheet elsewhere. Such a cell is written with an apostrophe in front, which spreadsheets
//! show as text, and read without it; so is one that begins with an apostrophe, to keep the two
//! apart. Spreadsheets also put one before a number that is text; what programs read is taken without it.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::time_of_day;
pub use write::write;

use crate::domain::text::from_visible;

/// What a spreadsheet takes for the beginning of a formula, and the full-width forms that some
/// turn into them.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

fn guard(text: &str) -> String {
    if text.starts_with(FORMULA) || text.starts_with('\'') {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// The text of a cell without its apostrophe. `is_for_people` says whether it may begin with one of its own,
/// as names do.
pub(super) fn unguard(text: &str, is_for_people: bool) -> &str {
    match from_visible(text).strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with('\'') => rest,
        Some(rest) if !is_for_people => rest,
        _ => text,
    }
}

//! CSV to rows.

use std::borrow::Cow;

use super::{
    super::{
        columns::{self, Column},
        intake::Intake,
        plan::{Unreadable, in_sheet, kind_of},
        record::{Record, Value},
    },
    unguard,
};
use crate::domain::{
    directory::{Kind, merge::Place},
    nearest::fix_for,
};

/// Reads one file into the intake.
pub(in crate::files) fn read(
    intake: &mut Intake<'_>,
    at: &Place,
    stem: &str,
    bytes: &[u8],
) -> Result<(), Unreadable> {
    let Some(kind) = kind_of(stem) else {
        let names = Kind::ALL.map(Kind::as_str);
        let otherwise = format!("Name the file after its list: {}.", names.join(", "));
        return Err(Unreadable {
            row: 0,
            message: format!("{} does not say which list it is.", at.file),
            fix: fix_for(stem, names, &otherwise),
        });
    };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(not_utf8(0));
    }
    intake.begin(kind);
    let (said, bytes) = separator(bytes);
    let bytes = with_line_feeds(bytes);
    let bytes = bytes.as_ref();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(said.unwrap_or_else(|| delimiter(bytes)))
        .from_reader(bytes);
    let mut rows = Rows {
        text: bytes,
        last: 0,
        breaks_within: 0,
    };
    let mut record = csv::ByteRecord::new();
    let mut headings: Option<Vec<Option<Column>>> = None;
    loop {
        let more = reader
            .read_byte_record(&mut record)
            .map_err(|error| Unreadable {
                row: rows.last + 1,
                message: "The file cannot be read as CSV.".to_owned(),
                fix: format!("Save it again as CSV UTF-8. ({error})"),
            })?;
        if !more {
            break;
        }
        let row = rows.of(&record);
        let at = Place { row, ..at.clone() };
        let cells = record
            .iter()
            .enumerate()
            .map(|(nth, cell)| {
                let column = headings.as_ref().and_then(|columns| columns.get(nth));
                let column = column.and_then(Option::as_ref);
                let is_for_people = column.is_some_and(Column::is_for_people);
                std::str::from_utf8(cell).map(|text| unguard(text.trim(), is_for_people).to_owned())
            })
            .collect::<Result<Vec<String>, _>>()
            .map_err(|_| not_utf8(row))?;
        match &headings {
            None => match intake.headings(kind, &at, &cells) {
                Some(columns) => headings = Some(columns),
                None => return Ok(()),
            },
            Some(columns) => {
                if cells
                    .iter()
                    .skip(columns.len())
                    .any(|cell| !cell.is_empty())
                {
                    let message = "The row has more cells than there are headings.";
                    let fix = "Put a cell that holds a comma in double quotes.";
                    intake.refuse(at, Some(kind), message, fix);
                    continue;
                }
                let cells = columns
                    .iter()
                    .zip(cells)
                    .filter_map(|(column, text)| Some((column.clone()?, Value::Text(text))));
                intake.take(&Record {
                    kind,
                    cells: cells.collect(),
                    at,
                });
            }
        }
    }
    if headings.is_none() {
        let at = Place {
            row: 1,
            ..in_sheet(at, None)
        };
        let fix = format!(
            "Write the headings {} in the first row.",
            columns::names(kind).join(", ")
        );
        intake.refuse(at, Some(kind), "The file is empty.", fix);
    }
    Ok(())
}

fn not_utf8(row: u32) -> Unreadable {
    Unreadable {
        row,
        message: "The file is not in UTF-8, so names would come out wrong.".to_owned(),
        fix: "Save it again as \"CSV UTF-8\".".to_owned(),
    }
}

/// What a first line like `sep=;` says of the file, and the file after it. A spreadsheet does not show that
/// line, so it is not counted either.
fn separator(bytes: &[u8]) -> (Option<u8>, &[u8]) {
    let (first, rest) = first_line(bytes);
    let first = first.strip_prefix(b"\"").unwrap_or(first);
    let first = first.strip_suffix(b"\"").unwrap_or(first);
    let said = match first {
        [s, e, p, b'=', said] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => *said,
        _ => return (None, bytes),
    };
    if said.is_ascii_punctuation() || said == b'\t' {
        (Some(said), rest)
    } else {
        (None, bytes)
    }
}

/// The first line and what follows it, whatever it ends with.
fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| matches!(byte, b'\r' | b'\n'))
        .unwrap_or(bytes.len());
    let (first, rest) = bytes.split_at(end);
    let rest = rest
        .strip_prefix(b"\r\n")
        .or(rest.strip_prefix(b"\r"))
        .or(rest.strip_prefix(b"\n"));
    (first, rest.unwrap_or_default())
}

/// The text with a line feed for each carriage return that stands alone, as old Macs end their lines.
fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_alone = |at: usize| {
        bytes.get(at) == Some(&b'\r') && bytes.get(at.saturating_add(1)) != Some(&b'\n')
    };
    if !(0..bytes.len()).any(is_alone) {
        return Cow::Borrowed(bytes);
    }
    let line_feeds = (bytes.iter().enumerate())
        .map(|(at, byte)| if is_alone(at) { b'\n' } else { *byte })
        .collect();
    Cow::Owned(line_feeds)
}

/// What parts the headings: of comma, semicolon and tab the one of which most stand outside of quotes.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in first_line(bytes).0 {
        quoted ^= *byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += u32::from(byte == delimiter && !quoted);
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    let found = counts.iter().find(|(_, count)| Some(*count) == most);
    found.map_or(b',', |(delimiter, _)| *delimiter)
}

/// Turns positions in the text into rows as a spreadsheet counts them: an empty line is a row, a
/// line break within a cell is not.
struct Rows<'t> {
    text: &'t [u8],
    last: u32,
    breaks_within: u64,
}

impl Rows<'_> {
    fn of(&mut self, record: &csv::ByteRecord) -> u32 {
        let (line, start) = record
            .position()
            .map_or((1, 0), |at| (at.line(), at.byte()));
        // The reader skips empty lines, but says that the record begins before them.
        let rest = usize::try_from(start)
            .ok()
            .and_then(|start| self.text.get(start..));
        let blank = rest
            .unwrap_or_default()
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let skipped = blank.filter(|byte| **byte == b'\n').count() as u64;
        let row = (line + skipped).saturating_sub(self.breaks_within);
        self.last = u32::try_from(row).unwrap_or(u32::MAX);
        let breaks = record
            .iter()
            .flatten()
            .filter(|byte| **byte == b'\n')
            .count();
        self.breaks_within += breaks as u64;
        self.last
    }
}

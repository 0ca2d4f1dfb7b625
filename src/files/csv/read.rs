//! CSV to rows.

use super::{
    super::{
        columns,
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
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut rows = Rows {
        text: bytes,
        last: 0,
        breaks_within: 0,
    };
    let mut record = csv::ByteRecord::new();
    let mut headings = None;
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
            .map(|cell| std::str::from_utf8(cell).map(|text| unguard(text.trim()).to_owned()))
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

/// Comma, unless the headings have none and have semicolons or tabs.
fn delimiter(bytes: &[u8]) -> u8 {
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(bytes.len());
    let first = bytes.get(..end).unwrap_or_default();
    [b',', b';', b'\t']
        .into_iter()
        .find(|delimiter| first.contains(delimiter))
        .unwrap_or(b',')
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

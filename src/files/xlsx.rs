//! XLSX: one sheet a list, named after it, with headings in the first row that has any.
//!
//! Cells are read one after the other; only the workbook's table of texts is in memory as a whole.
//! Formulas count as the value that the spreadsheet computed last; a row with one that was never computed is
//! left out. Of cells that are merged over several rows each row has the value.

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use super::{
    columns::Column,
    csv::unguard,
    intake::Intake,
    merged::Merged,
    plan::{Unreadable, in_sheet, kind_of},
    record::{Record, Value},
    unpacked,
};
use crate::domain::{
    directory::{Kind, merge::Place},
    nearest::nearest,
};

/// Most rows and columns of a sheet, and characters of a cell, in every spreadsheet program. A file that
/// says otherwise was not saved by one.
const ROWS_MAX: u32 = 1_048_576;
const COLUMNS_MAX: u32 = 16_384;
const TEXT_MAX: usize = 32_767;

/// Reads one workbook into the intake.
pub(super) fn read(
    intake: &mut Intake<'_>,
    at: &Place,
    stem: &str,
    bytes: &[u8],
) -> Result<(), Unreadable> {
    unpacked::check(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let sheets = workbook.sheet_names();
    let mut found = Vec::new();
    for sheet in &sheets {
        // A workbook with one sheet may be named after its list instead.
        let only = if sheets.len() == 1 {
            kind_of(stem)
        } else {
            None
        };
        match kind_of(sheet).or(only) {
            Some(kind) if found.iter().any(|(have, _)| *have == kind) => {
                let message = format!("More than one sheet holds {kind}.");
                intake.refuse(at.clone(), Some(kind), message, "Make them one sheet.");
            }
            Some(kind) => found.push((kind, sheet.clone())),
            None => {
                let file = &at.file;
                let near = nearest(sheet, Kind::ALL.map(Kind::as_str));
                match near.first() {
                    Some(near) => {
                        let message = format!("{file} has a sheet \"{sheet}\", which is no list.");
                        let fix = format!("Rename it to {near}, or delete it.");
                        intake.refuse(at.clone(), None, message, fix);
                    }
                    None => intake
                        .notices
                        .push(format!("The sheet \"{sheet}\" of {file} is not read.")),
                }
            }
        }
    }
    if found.is_empty() {
        return Err(Unreadable {
            row: 0,
            message: format!("{} has no sheet that is a list.", at.file),
            fix: format!(
                "Name each sheet after its list: {}.",
                Kind::ALL.map(Kind::as_str).join(", ")
            ),
        });
    }
    for (kind, sheet) in found {
        intake.begin(kind);
        read_sheet(
            intake,
            &in_sheet(at, Some(kind)),
            kind,
            &mut workbook,
            &sheet,
        )?;
    }
    Ok(())
}

fn read_sheet(
    intake: &mut Intake<'_>,
    at: &Place,
    kind: Kind,
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
) -> Result<(), Unreadable> {
    let areas = workbook
        .merge_cells_by_sheet_name(sheet)
        .map_err(unreadable)?;
    let merged = Merged::new(areas).ok_or_else(|| larger_than_lists(sheet))?;
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(unreadable)?;
    let mut table = Table {
        intake,
        at,
        kind,
        columns: None,
        refused: false,
        merged,
    };
    let mut row = Cells::default();
    let mut rows = 0;
    while let Some(cell) = cells
        .next_cell_with_formula_metadata()
        .map_err(unreadable)?
    {
        let (line, column) = cell.pos;
        if line != row.line {
            table.rows(std::mem::take(&mut row));
            row.line = line;
            rows += 1;
        }
        if rows.max(line) >= ROWS_MAX || column >= COLUMNS_MAX {
            return Err(larger_than_lists(sheet));
        }
        // A program that writes workbooks leaves it to the spreadsheet to compute them.
        let not_computed = cell.formula.is_some() && cell.value == DataRef::Empty;
        row.has_error |= not_computed || matches!(cell.value, DataRef::Error(_));
        let text = text_of(&cell.value);
        row.has_long_text |= text.len() > TEXT_MAX && text.chars().count() > TEXT_MAX;
        if !text.is_empty() && !row.has_long_text {
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            row.texts.push((column, text));
        }
    }
    table.rows(row);
    Ok(())
}

/// The cells of one row that hold something.
#[derive(Default)]
struct Cells {
    /// Counted from 0.
    line: u32,
    texts: Vec<(usize, String)>,
    /// Whether a cell shows an error like `#REF!`.
    has_error: bool,
    /// Whether a cell holds more than it can.
    has_long_text: bool,
}

struct Table<'t, 'i> {
    intake: &'t mut Intake<'i>,
    at: &'t Place,
    kind: Kind,
    columns: Option<Vec<Option<Column>>>,
    /// Whether the headings cannot be understood, so that no row can.
    refused: bool,
    merged: Merged,
}

impl Table<'_, '_> {
    /// Takes a row, with what is merged into it. One in which nothing else stands says nothing.
    fn rows(&mut self, mut cells: Cells) {
        let says_nothing = cells.texts.is_empty() && !cells.has_error && !cells.has_long_text;
        self.merged.fill(cells.line, &mut cells.texts);
        if !says_nothing {
            self.row(cells);
        }
    }

    fn row(&mut self, cells: Cells) {
        let at = Place {
            row: cells.line.saturating_add(1),
            ..self.at.clone()
        };
        if self.refused {
            return;
        }
        if cells.has_error {
            let message = "A formula in this row has no result.";
            let fix =
                "Open the file in a spreadsheet and save it, or replace the formula by its value.";
            self.intake.refuse(at, Some(self.kind), message, fix);
            return;
        }
        if cells.has_long_text {
            let message = format!("A cell in this row has more than {TEXT_MAX} characters.");
            let fix = "Shorten it.";
            self.intake.refuse(at, Some(self.kind), message, fix);
            return;
        }
        let cells = cells.texts;
        if cells.is_empty() {
            return;
        }
        let Some(columns) = &self.columns else {
            let width = cells
                .iter()
                .map(|(column, _)| column + 1)
                .max()
                .unwrap_or(0);
            let mut headings = vec![String::new(); width];
            for (column, text) in cells {
                if let Some(heading) = headings.get_mut(column) {
                    *heading = text;
                }
            }
            self.columns = self.intake.headings(self.kind, &at, &headings);
            self.refused = self.columns.is_none();
            return;
        };
        if cells.iter().any(|(column, _)| *column >= columns.len()) {
            let message = "A cell stands beside the columns that have a heading.";
            self.intake.refuse(
                at,
                Some(self.kind),
                message,
                "Delete the cell, or give it a heading.",
            );
            return;
        }
        // A spreadsheet has every cell, so one without content says that nothing is there.
        let mut values: Vec<(Column, Value)> = Vec::new();
        for (nth, column) in columns.iter().enumerate() {
            if let Some(column) = column {
                let text = cells
                    .iter()
                    .find(|(at, _)| *at == nth)
                    .map(|(_, text)| unguard(text, column.is_for_people()).to_owned());
                values.push((column.clone(), Value::Text(text.unwrap_or_default())));
            }
        }
        self.intake.take(&Record {
            kind: self.kind,
            at,
            cells: values,
        });
    }
}

/// What a person sees in the cell, near enough: dates and times as the lists write them.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            // A time of day alone is a part of day nought.
            if time.as_f64() < 1.0 {
                format!("{hour:02}:{minute:02}:{second:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

fn larger_than_lists(sheet: &str) -> Unreadable {
    Unreadable {
        row: 0,
        message: format!("The sheet \"{sheet}\" is larger than a sheet can be."),
        fix: "Copy the list into a new workbook, or save it as CSV.".to_owned(),
    }
}

fn unreadable(error: XlsxError) -> Unreadable {
    Unreadable {
        row: 0,
        message: "The workbook cannot be read.".to_owned(),
        fix: format!("Save it again as an Excel workbook (.xlsx), without a password. ({error})"),
    }
}

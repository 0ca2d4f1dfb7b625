//! Workbooks and the dialects of CSV that spreadsheets write.

use std::io::{Cursor, Read, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::*;

fn save(mut workbook: Workbook) -> Input {
    input("lists.xlsx", workbook.save_to_buffer().unwrap())
}

fn sheet(workbook: &mut Workbook, name: &str, rows: &[&[&str]]) {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name).unwrap();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            sheet.write(row, column, *cell).unwrap();
        }
    }
}

#[test]
fn a_workbook_holds_a_list_per_sheet() {
    let mut workbook = Workbook::new();
    sheet(
        &mut workbook,
        "People",
        &[
            &["ID", "Name", "Email", "Notify SMS"],
            &[
                "mei-lin",
                "Mei Lin",
                "mei@northshire.example",
                "07700 900101",
            ],
            &["Bad Id", "Bad", "bad@northshire.example"],
        ],
    );
    sheet(
        &mut workbook,
        "services",
        &[&["id", "name"], &["maps", "Maps"]],
    );
    sheet(
        &mut workbook,
        "roles",
        &[
            &["service", "role", "person"],
            &["maps", "tech-lead", "mei-lin"],
        ],
    );
    sheet(&mut workbook, "About this file", &[&["Written by hand"]]);
    let plan = import(&Directory::default(), &[save(workbook)], false);
    let places: Vec<String> = plan.problems.iter().map(|it| it.at.to_string()).collect();
    assert_eq!(places, ["lists.xlsx, sheet people, row 3"]);
    assert_eq!(
        plan.notices,
        ["The sheet \"About this file\" of lists.xlsx is not read."]
    );
    assert_eq!(plan.result.roles.len(), 1);
    assert_eq!(
        plan.result.people[&"mei-lin".parse().unwrap()]
            .addresses
            .len(),
        2
    );
}

#[test]
fn numbers_dates_times_and_yes_are_read_as_people_see_them() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("people").unwrap();
    let headings = [
        "id",
        "name",
        "working_days",
        "working_from",
        "working_until",
        "muted_until",
    ];
    for (column, heading) in (0..).zip(headings) {
        sheet.write(0, column, heading).unwrap();
    }
    let time = Format::new().set_num_format("hh:mm");
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(1, 0, 42).unwrap();
    sheet.write(1, 1, "Mei Lin").unwrap();
    sheet.write(1, 2, "Mon, Tue").unwrap();
    let nine = ExcelDateTime::from_hms(9, 0, 0.0).unwrap();
    sheet.write_with_format(1, 3, &nine, &time).unwrap();
    let half_past_five = ExcelDateTime::from_hms(17, 30, 0.0).unwrap();
    sheet
        .write_with_format(1, 4, &half_past_five, &time)
        .unwrap();
    let day = ExcelDateTime::from_ymd(2026, 12, 1).unwrap();
    sheet.write_with_format(1, 5, &day, &date).unwrap();
    let organisations = workbook.add_worksheet();
    organisations.set_name("organisations").unwrap();
    for (column, heading) in (0..).zip(["id", "name", "external"]) {
        organisations.write(0, column, heading).unwrap();
    }
    organisations.write(1, 0, "northshire").unwrap();
    organisations.write(1, 1, "Northshire").unwrap();
    organisations.write(1, 2, false).unwrap();

    let plan = import(&Directory::default(), &[save(workbook)], false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    let person = &plan.result.people[&"42".parse().unwrap()];
    let hours = person.working_hours.as_ref().unwrap();
    assert_eq!(
        (hours.days.len(), hours.from.to_string().as_str()),
        (2, "09:00:00")
    );
    assert_eq!(hours.until.to_string(), "17:30:00");
    assert_eq!(
        person.muted_until.unwrap().to_rfc3339(),
        "2026-12-01T00:00:00+00:00"
    );
    assert!(!plan.result.organisations[&"northshire".parse().unwrap()].external);
}

#[test]
fn a_row_with_a_formula_without_result_is_left_out() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("services").unwrap();
    for (column, heading) in (0..).zip(["id", "name", "programme"]) {
        sheet.write(0, column, heading).unwrap();
    }
    sheet.write(1, 0, "maps").unwrap();
    sheet.write(1, 1, "Maps").unwrap();
    sheet
        .write(1, 2, Formula::new("=NOWHERE!A1").set_result("#REF!"))
        .unwrap();
    let plan = import(&Directory::default(), &[save(workbook)], false);
    let shown = problems(&plan);
    assert_eq!(plan.result.services.len() + shown.len(), 1, "{shown:?}");
}

#[test]
fn the_only_sheet_may_have_any_name_if_the_file_is_named_after_the_list() {
    let mut workbook = Workbook::new();
    sheet(
        &mut workbook,
        "Sheet1",
        &[&["id", "name"], &["mei-lin", "Mei Lin"]],
    );
    let file = Input {
        name: "People (2).xlsx".to_owned(),
        ..save(workbook)
    };
    let plan = import(&Directory::default(), &[file], false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(plan.result.people.len(), 1);
}

#[test]
fn csv_out_of_any_spreadsheet_is_read() {
    let commas = "\u{FEFF}ID,Name,Email\r\nmei-lin,\"Lin, Mei\",mei@northshire.example\r\n";
    let semicolons = "ID;Name;Email\nmei-lin;Lin, Mei;mei@northshire.example\n";
    let tabs = "ID\tName\tEmail\nmei-lin\tLin, Mei\tmei@northshire.example\n";
    for text in [commas, semicolons, tabs] {
        let plan = import(&Directory::default(), &[input("people.csv", text)], false);
        assert_eq!(problems(&plan), Vec::<String>::new());
        let person = &plan.result.people[&"mei-lin".parse().unwrap()];
        assert_eq!(
            (person.name.as_str(), person.addresses.len()),
            ("Lin, Mei", 1)
        );
    }
}

#[test]
fn an_apostrophe_before_a_formula_is_not_part_of_the_name() {
    let csv = "id,name\na,'=SUM(A1)\nb,'Amara\nc,''x\n";
    let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
    let name = |id: &str| plan.result.people[&id.parse().unwrap()].name.as_str();
    assert_eq!(
        (name("a"), name("b"), name("c")),
        ("=SUM(A1)", "'Amara", "'x")
    );
}

#[test]
fn a_cell_beside_the_headings_leaves_the_row_out() {
    let csv = "id,name\nmei-lin,Lin, Mei\ntom,Tom,\n";
    let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
    assert_eq!(
        problems(&plan),
        [
            "people.csv row 2: The row has more cells than there are headings. Put a cell that holds \
          a comma in double quotes."
        ]
    );
    assert_eq!(plan.result.people.len(), 1);
}

/// The workbook with one of its parts made anew, by pieces so that a large one needs no memory.
fn with_part(workbook: &Input, name: &str, pieces: impl Iterator<Item = Vec<u8>>) -> Input {
    let mut from = ZipArchive::new(Cursor::new(&workbook.bytes)).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for nth in 0..from.len() {
        let mut part = from.by_index(nth).unwrap();
        let own = part.name().unwrap().into_owned();
        if own == name {
            continue;
        }
        to.start_file(own, SimpleFileOptions::default()).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        to.write_all(&bytes).unwrap();
    }
    to.start_file(name, SimpleFileOptions::default()).unwrap();
    for piece in pieces {
        to.write_all(&piece).unwrap();
    }
    input("lists.xlsx", to.finish().unwrap().into_inner())
}

fn one_service() -> Input {
    let mut workbook = Workbook::new();
    let rows: [&[&str]; 2] = [&["id", "name"], &["maps", "Maps"]];
    sheet(&mut workbook, "services", &rows);
    save(workbook)
}

#[test]
fn a_sheet_that_is_larger_than_sheets_can_be_ends_in_a_sentence() {
    for cell in ["ZZZZZA1", "A4000000000", "XFE1", "A1048577"] {
        let text = format!(
            "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
             <sheetData><row><c r=\"{cell}\" t=\"str\"><v>id</v></c></row></sheetData></worksheet>"
        );
        let part = std::iter::once(text.into_bytes());
        let wide = with_part(&one_service(), "xl/worksheets/sheet1.xml", part);
        let plan = import(&Directory::default(), &[wide], false);
        assert_eq!(plan.problems.len(), 1, "{cell}: {:?}", problems(&plan));
        assert!(plan.changes.is_empty());
    }
}

#[test]
fn a_cell_that_is_longer_than_cells_can_be_is_named_with_its_row() {
    let long = "x".repeat(40_000);
    let text = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>\
         <row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>id</t></is></c>\
         <c r=\"B1\" t=\"inlineStr\"><is><t>name</t></is></c></row>\
         <row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>maps</t></is></c>\
         <c r=\"B2\" t=\"inlineStr\"><is><t>{long}</t></is></c></row></sheetData></worksheet>"
    );
    let part = std::iter::once(text.into_bytes());
    let sheet = with_part(&one_service(), "xl/worksheets/sheet1.xml", part);
    let plan = import(&Directory::default(), &[sheet], false);
    assert_eq!(
        problems(&plan),
        [
            "lists.xlsx, sheet services, row 2: A cell in this row has more than 32767 characters. \
             Shorten it."
        ]
    );
}

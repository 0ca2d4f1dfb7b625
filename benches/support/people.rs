//! A hundred thousand people and five hundred organisations, as the files that an import reads.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use oyez::files::Input;

/// How many people there are.
pub(crate) const PEOPLE: usize = 100_000;

const HEADINGS: [&str; 5] = ["id", "name", "organisation", "email", "notify_sms"];

fn row(n: usize) -> [String; 5] {
    [
        format!("person-{n}"),
        format!("Person Number {n}"),
        format!("organisation-{}", n % 500),
        format!("person.{n}@organisation-{}.example", n % 500),
        format!("07700 9{:05}", n % 100_000),
    ]
}

/// The organisations that the people belong to.
pub(crate) fn organisations() -> Input {
    let rows = (0..500).map(|n| format!("organisation-{n},Organisation {n},yes\n"));
    Input {
        name: "organisations.csv".to_owned(),
        bytes: format!("id,name,external\n{}", rows.collect::<String>()).into_bytes(),
    }
}

/// The people as CSV.
pub(crate) fn csv() -> Input {
    let rows = (0..PEOPLE).map(|n| row(n).join(",") + "\n");
    Input {
        name: "people.csv".to_owned(),
        bytes: format!("{}\n{}", HEADINGS.join(","), rows.collect::<String>()).into_bytes(),
    }
}

/// The people as a spreadsheet.
pub(crate) fn xlsx() -> Input {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("people").unwrap();
    sheet.write_row(0, 0, HEADINGS).unwrap();
    for n in 0..PEOPLE {
        let at = u32::try_from(n).unwrap() + 1;
        sheet.write_row(at, 0, row(n)).unwrap();
    }
    Input {
        name: "people.xlsx".to_owned(),
        bytes: workbook.save_to_buffer().unwrap(),
    }
}

//! Lists as people keep them: pasted, exported, merged and computed.

use super::*;
use crate::domain::directory::{Person, to_confirm};

/// The example organisation.
fn northshire() -> Directory {
    let yaml = include_str!("../../../config/northshire/directory.yaml");
    import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    )
    .result
}

macro_rules! case {
    ($name:literal) => {
        input(
            $name,
            include_bytes!(concat!("../../../tests/it/fixtures/contacts/", $name)),
        )
    };
}

/// A file of the folder, under the name of its list.
fn people(mut file: Input) -> Input {
    let ending = file.name.rsplit('.').next().unwrap();
    file.name = format!("people.{ending}");
    file
}

fn person<'p>(plan: &'p ImportPlan, id: &str) -> &'p Person {
    &plan.result.people[&id.parse().unwrap()]
}

fn addresses<'p>(plan: &'p ImportPlan, id: &str) -> Vec<&'p str> {
    let addresses = &person(plan, id).addresses;
    addresses.iter().map(|it| it.address.as_str()).collect()
}

#[test]
fn a_merged_cell_belongs_to_all_rows_of_the_merge() {
    let before = northshire();
    let plan = import(&before, &[people(case!("merged-organisation.xlsx"))], false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    let of = |id: &str| person(&plan, id).organisation.as_ref().unwrap().to_string();
    assert_eq!(of("amara-nwosu"), "larkfield-training");
    assert_eq!(of("sian-pritchard"), "larkfield-training");
    assert_eq!(plan.to_confirm, []);
}

#[test]
fn a_merge_gives_no_row_to_what_is_empty_and_nothing_to_the_row_below_it() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("people").unwrap();
    for (column, heading) in (0..).zip(["id", "name", "organisation"]) {
        sheet.write(0, column, heading).unwrap();
    }
    for (row, id) in [(1, "mei"), (2, "tom"), (5, "zoe")] {
        sheet.write(row, 0, id).unwrap();
        sheet.write(row, 1, id).unwrap();
    }
    let plain = rust_xlsxwriter::Format::new();
    sheet
        .merge_range(1, 2, 4, 2, "larkfield-training", &plain)
        .unwrap();
    let file = input("people.xlsx", workbook.save_to_buffer().unwrap());
    let plan = import(&northshire(), &[file], false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    let is_of_larkfield = |id: &str| person(&plan, id).organisation.is_some();
    assert!(is_of_larkfield("mei") && is_of_larkfield("tom"));
    assert!(!is_of_larkfield("zoe"));
}

#[test]
fn a_row_with_a_formula_that_was_never_computed_is_left_out() {
    let before = northshire();
    let file = people(case!("formula-without-cached-result.xlsx"));
    let plan = import(&before, &[file], false);
    assert_eq!(
        problems(&plan),
        [
            "people.xlsx, sheet people, row 2: A formula in this row has no result. Open the file in \
             a spreadsheet and save it, or replace the formula by its value."
        ]
    );
    assert!(plan.changes.is_empty());
}

#[test]
fn what_nobody_sees_is_taken_off_and_that_is_said() {
    let empty = Directory::default();
    let plan = import(
        &empty,
        &[people(case!("invisible-in-mail.people.csv"))],
        false,
    );
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(
        addresses(&plan, "zz-one"),
        ["test.person@northshire.example"]
    );
    assert_eq!(addresses(&plan, "zz-two"), ["test.two@northshire.example"]);
    assert_eq!(
        addresses(&plan, "zz-three"),
        ["test.three@northshire.example"]
    );
    assert_eq!(
        plan.notices,
        [
            "people.csv row 2, email: characters that nobody sees were taken off or made plain.",
            "people.csv row 3, email: characters that nobody sees were taken off or made plain.",
            "people.csv row 4, email: characters that nobody sees were taken off or made plain.",
        ]
    );

    let plan = import(
        &empty,
        &[people(case!("invisible-around-phone.people.csv"))],
        false,
    );
    assert_eq!(addresses(&plan, "zz-one"), ["+44 7700 900123"]);
    assert_eq!(addresses(&plan, "zz-two"), ["07700 900123"]);
    assert_eq!(addresses(&plan, "zz-three"), ["07700-900-123"]);

    let plan = import(
        &empty,
        &[people(case!("invisible-heading.people.csv"))],
        false,
    );
    assert_eq!(addresses(&plan, "zz-one"), ["zz1@northshire.example"]);
    assert!(plan.notices[0].starts_with("people.csv row 1, email: "));

    let yaml = "people:\n  - {\"\u{200B}id\": me\u{AD}i, name: Mei, e\u{2060}mail: [\"mei@a.example\u{200E}\"]}\n";
    let plan = import(&empty, &[input("a.yaml", yaml)], false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(addresses(&plan, "mei"), ["mei@a.example"]);
}

#[test]
fn a_name_of_which_nothing_would_be_left_is_refused() {
    let plan = import(
        &Directory::default(),
        &[people(case!("invisible-name.people.csv"))],
        false,
    );
    assert_eq!(
        problems(&plan),
        ["people.csv row 2 [name]: The name is empty. Fill in the name."]
    );
    assert_eq!(person(&plan, "zz-two").name, "Dana Whitlock");
}

#[test]
fn a_name_keeps_its_joiners_and_its_apostrophe() {
    let csv = "id,name,email\na,می\u{200C}خواهم,'a@b.example\nb,'t Hooft,b@b.example\n";
    let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(person(&plan, "a").name, "می\u{200C}خواهم");
    assert_eq!(addresses(&plan, "a"), ["a@b.example"]);
    assert_eq!(person(&plan, "b").name, "'t Hooft");
    assert_eq!(plan.notices, Vec::<String>::new());
}

#[test]
fn the_line_that_names_the_separator_is_read_and_is_no_row() {
    let plan = import(
        &Directory::default(),
        &[people(case!("sep-line.people.csv"))],
        false,
    );
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(person(&plan, "zz-one").name, "Zo");
    for first in ["sep=;\n", "SEP=;\r\n", "\"sep=;\"\r", "\u{FEFF}sep=;\n"] {
        let csv = format!("{first}id;name\nbad id;Bad, worse\nmei;Mei\n");
        let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
        assert_eq!(plan.problems.len(), 1, "{first:?}: {:?}", problems(&plan));
        assert_eq!(plan.problems[0].at.row, 2, "{first:?}");
        assert_eq!(plan.result.people.len(), 1);
    }
}

#[test]
fn lines_may_end_with_a_carriage_return_alone() {
    let plan = import(
        &Directory::default(),
        &[people(case!("mac-cr.people.csv"))],
        false,
    );
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(person(&plan, "zz-one").name, "Oz, Zo");
    let csv = "id;name;email\rmei;Mei;\"mei@a.example\rmei@b.example\"\rbad id;Bad;\r";
    let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
    assert_eq!(addresses(&plan, "mei"), ["mei@a.example", "mei@b.example"]);
    assert_eq!(plan.problems[0].at.row, 3);
}

#[test]
fn an_apostrophe_that_marks_text_is_taken_off_what_programs_read() {
    let plan = import(
        &Directory::default(),
        &[people(case!("text-marker.people.csv"))],
        false,
    );
    assert_eq!(addresses(&plan, "zz-one"), ["07700900123"]);
}

#[test]
fn zones_of_windows_are_read_and_no_other_zone_is_offered() {
    let plan = import(
        &Directory::default(),
        &[people(case!("windows-zone.people.csv"))],
        false,
    );
    for id in ["zz-one", "zz-two"] {
        assert_eq!(person(&plan, id).time_zone, Some(Europe::London));
    }
    assert_eq!(
        problems(&plan),
        [
            "people.csv row 4 [time_zone]: There is no such time zone. Write the name of its place, \
             for example Europe/London."
        ]
    );
}

/// What has to be confirmed if this is imported into the example organisation.
fn asked(file: &str, text: &str) -> Vec<String> {
    let before = northshire();
    let plan = import(&before, &[input(file, text)], false);
    assert_eq!(problems(&plan), Vec::<String>::new(), "{text}");
    assert_eq!(plan.to_confirm, to_confirm(&before, &plan.result));
    let each = plan.to_confirm.iter();
    each.map(|it| format!("{}: {}", it.id, it.sentence))
        .collect()
}

#[test]
fn an_outsider_becomes_one_of_ours_only_by_name() {
    assert_eq!(
        asked("people.csv", "id,organisation\nsian-pritchard,\n"),
        ["sian-pritchard: Sian Pritchard belongs to Ashmere College, and would count as ours."]
    );
    assert_eq!(
        asked(
            "people.csv",
            "id,organisation\nsian-pritchard,larkfield-training\n"
        ),
        Vec::<String>::new()
    );
    let ours = asked("organisations.csv", "id,external\nashmere-college,no\n");
    assert_eq!(
        ours,
        [
            "ashmere-college: Ashmere College is another organisation, and its people would count as \
             ours."
        ]
    );
    assert_eq!(
        asked(
            "people.csv",
            "id,name,email\nsian,Sian Pritchard,Sian.Pritchard@ashmere-college.example\n"
        ),
        [
            "sian: Sian Pritchard would count as ours, and has an address of Sian Pritchard, who \
             belongs to Ashmere College."
        ]
    );
}

#[test]
fn an_address_is_blanked_only_by_name() {
    let dana = &northshire().people[&"dana-whitlock".parse().unwrap()];
    assert!(dana.addresses.len() > 1);
    assert_eq!(
        asked("people.csv", "id,email\ndana-whitlock,\n"),
        ["dana-whitlock: Dana Whitlock would lose their address on email."]
    );
    let all = asked("people.csv", "id,addresses\ndana-whitlock,\n");
    assert_eq!(all.len(), 1);
    assert!(all[0].ends_with(", and have none left."), "{all:?}");
    assert_eq!(
        asked(
            "people.csv",
            "id,email\ndana-whitlock,dana@northshire.example\n"
        ),
        Vec::<String>::new()
    );
}

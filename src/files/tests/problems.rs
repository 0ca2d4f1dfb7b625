//! What is wrong with a row is said with its number and the fix; good rows are taken.

use super::*;
use crate::domain::directory::Kind;

#[test]
fn fifty_people_with_three_bad_rows_add_forty_seven() {
    let mut csv = "id,name,email\n".to_owned();
    for n in 0..50 {
        csv += &match n {
            7 => "Dana Whitlock,Dana Whitlock,dana@northshire.example\n".to_owned(),
            20 => "person-20,Person 20,person-20.northshire.example\n".to_owned(),
            41 => ",Mei Lin,mei@northshire.example\n".to_owned(),
            _ => format!("person-{n},Person {n},person-{n}@northshire.example\n"),
        };
    }
    let plan = import(&Directory::default(), &[input("people.csv", &csv)], false);
    assert_eq!(
        problems(&plan),
        [
            "people.csv row 9 [id]: \"Dana Whitlock\" is not a person id. Use 1 to 64 lower-case \
             letters, digits and hyphens, not starting or ending with a hyphen, for example \
             dana-whitlock.",
            "people.csv row 22 [email]: The address has no @. Correct the email address.",
            "people.csv row 43 [id]: The id is empty. Fill it in, for example mei-lin.",
        ]
    );
    assert_eq!(plan.rows_left_out(), 3);
    assert_eq!(plan.changes.counts(Kind::People), (47, 0, 0));
    assert_eq!(plan.result.people.len(), 47);
}

#[test]
fn an_unknown_heading_refuses_the_list_and_names_the_nearest() {
    let plan = import(
        &Directory::default(),
        &[input(
            "people.csv",
            "id,name,emial\nmei-lin,Mei Lin,mei@northshire.example\n",
        )],
        false,
    );
    assert_eq!(
        problems(&plan),
        ["people.csv row 1: \"emial\" is not a heading of the list of people. Did you mean email?"]
    );
    assert!(plan.changes.is_empty());
}

#[test]
fn a_missing_heading_and_a_repeated_one_refuse_the_list() {
    let plan = import(
        &Directory::default(),
        &[input("roles.csv", "service,person,Person\n")],
        false,
    );
    assert_eq!(
        problems(&plan),
        [
            "roles.csv row 1: The heading \"Person\" is there twice. Delete one of the columns.",
            "roles.csv row 1: The list of roles has no heading role. Add the heading role to its \
             first row.",
        ]
    );
}

#[test]
fn rows_are_counted_as_a_spreadsheet_counts_them() {
    let csv = "id,name,addresses\n\nmei-lin,Mei Lin,\"email: a@b.example\nemail: c@d.example\"\n\
               \nBad Id,Bad,\n";
    let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
    let rows: Vec<u32> = plan.problems.iter().map(|problem| problem.at.row).collect();
    assert_eq!(rows, [5]);
    let windows = csv.replace('\n', "\r\n");
    let again = import(
        &Directory::default(),
        &[input("people.csv", windows)],
        false,
    );
    assert_eq!(again.problems, plan.problems);
    assert_eq!(
        plan.result.people[&"mei-lin".parse().unwrap()]
            .addresses
            .len(),
        2
    );
}

#[test]
fn every_fault_of_a_row_is_named_and_lines_are_those_of_the_file() {
    let yaml = "people:\n  - id: mei-lin\n    name: Mei Lin\n    time_zone: Europe/Londn\n    \
                addresses:\n      - email: mei@northshire.example\n      - pager: 1\n      - nothing\n\
                \x20   working_days: [Mon]\n  - id: tom-okafor\n    name: Tom Okafor\n";
    let plan = import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    );
    let shown: Vec<String> = plan
        .problems
        .iter()
        .map(|problem| format!("{}: {}", problem.at, problem.message))
        .collect();
    assert_eq!(
        shown,
        [
            "directory.yaml line 2: There is no such time zone.",
            "directory.yaml line 2: working_from is not a time of day.",
            "directory.yaml line 7: There is no channel pager in the settings.",
            "directory.yaml line 8: An address does not name its channel.",
        ]
    );
    assert_eq!(plan.result.people.len(), 1);
}

#[test]
fn a_fault_in_the_yaml_itself_refuses_the_file_with_its_line() {
    let yaml = "people:\n  - id: mei-lin\n    name: Mei Lin\n  - id: [\n";
    let plan = import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    );
    assert_eq!(plan.problems.len(), 1);
    assert!(plan.problems[0].at.row >= 4, "{:?}", plan.problems);
    assert!(plan.changes.is_empty());
}

#[test]
fn an_alias_is_refused() {
    let yaml = "people:\n  - &a {id: mei-lin, name: Mei}\n  - *a\n";
    let plan = import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    );
    assert_eq!(
        problems(&plan),
        [
            "directory.yaml line 3: The file uses an alias, which is not read. Write the value out \
          where it is needed."
        ]
    );
}

#[test]
fn a_list_of_an_unknown_name_and_a_key_of_an_unknown_name_are_named() {
    let yaml = "poeple:\n  - id: a\nservices:\n  - id: b\n    name: B\n    teir: 1\n";
    let plan = import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    );
    assert_eq!(
        problems(&plan),
        [
            "directory.yaml line 1: There is no list \"poeple\". Did you mean people?",
            "directory.yaml line 6: The list of services has no \"teir\". Did you mean tier?",
        ]
    );
}

#[test]
fn values_are_taken_as_they_are_written() {
    let yaml = "people:\n  - {id: no, name: 007, notify_sms: 07700 900101}\n  - {id: 1e5, name: null-and-void}\n";
    let plan = import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    );
    assert_eq!(problems(&plan), Vec::<String>::new());
    let person = &plan.result.people[&"no".parse().unwrap()];
    assert_eq!(person.name, "007");
    assert_eq!(person.addresses[0].address.as_str(), "07700 900101");
}

#[test]
fn a_file_that_is_not_a_list_says_what_to_do() {
    let say = |name: &str, text: &[u8]| {
        let plan = import(&Directory::default(), &[input(name, text)], false);
        problems(&plan).join(" ")
    };
    assert_eq!(
        say("list.txt", b"x"),
        "list.txt: list.txt is not a file that can be imported. Give a file that ends in .yaml, \
         .csv or .xlsx."
    );
    assert_eq!(
        say("poeple.csv", b"id,name\n"),
        "poeple.csv: poeple.csv does not say which list it is. Did you mean people?"
    );
    assert!(say("people.csv", b"").contains("The file is empty."));
    assert!(say("people.csv", b"id,name\nzoe,Zo\xEB\n").contains("not in UTF-8"));
    assert!(say("people.csv", b"\xFF\xFEi\0d\0").contains("not in UTF-8"));
    assert!(say("people.xlsx", b"PK nonsense").contains("The workbook cannot be read."));
    assert!(say("a.yaml", b"").contains("The file is empty."));
}

#[test]
fn no_problem_repeats_an_address() {
    let csv = "id,name,addresses\nmei-lin,Mei Lin,secret.example\ntom,Tom,email: secret\n";
    let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
    assert_eq!(plan.problems.len(), 2);
    assert!(
        !format!("{plan:?}").contains("secret"),
        "{:?}",
        plan.problems
    );
}

#[test]
fn an_address_on_a_channel_of_no_setting_is_a_problem_with_the_nearest_name() {
    let yaml = "destinations:\n  - {id: a, name: A, channel: slack, address: b}\n\
                people:\n  - {id: mei, name: Mei, addresses: \"emial: mei@northshire.example\"}\n  \
                - {id: tom, name: Tom, addresses: \"fax: 1\"}\n";
    let plan = import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    );
    assert_eq!(
        problems(&plan),
        [
            "directory.yaml line 2 [channel]: There is no channel slack in the settings. \
             Did you mean slack_webhook?",
            "directory.yaml line 4 [addresses]: There is no channel emial in the settings. \
             Did you mean email?",
            "directory.yaml line 5 [addresses]: There is no channel fax in the settings. \
             Use email, notify_sms, slack_webhook, teams_workflow or webhook.",
        ]
    );
    assert!(plan.changes.is_empty());
}

#[test]
fn an_address_in_force_stays_when_its_channel_has_left_the_settings() {
    let mut directory = Directory::default();
    let person = "people:\n  - {id: mei, name: Mei, email: mei@northshire.example}\n\
                  destinations:\n  - {id: a, name: A, channel: email, address: a@b.example}\n";
    directory.clone_from(&import(&directory, &[input("a.yaml", person)], false).result);
    let pager: ChannelName = "pager".parse().unwrap();
    for person in directory.people.values_mut() {
        person.addresses[0].channel = pager.clone();
    }
    for destination in directory.destinations.values_mut() {
        destination.channel = pager.clone();
    }
    let yaml = crate::files::yaml::write(&ShownDirectory::with_secrets(directory.clone())).unwrap();
    let plan = import(&directory, &[input("a.yaml", yaml)], false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert!(plan.changes.is_empty());
    // A new address there is no longer taken.
    let csv = "id,pager\nmei,another\n";
    let plan = import(&directory, &[input("people.csv", csv)], false);
    assert_eq!(plan.problems.len(), 1);
    assert!(plan.changes.is_empty());
}

#[test]
fn removing_more_than_a_fifth_asks_for_the_number() {
    let people = |ids: std::ops::Range<u32>| {
        let rows = ids.map(|n| format!("person-{n},Person {n}\n"));
        input(
            "people.csv",
            format!("id,name\n{}", rows.collect::<String>()),
        )
    };
    let ten = import(&Directory::default(), &[people(0..10)], false).result;
    assert_eq!(
        import(&ten, &[people(2..10)], false).changes.removed.len(),
        0
    );
    let two = import(&ten, &[people(2..10)], true);
    assert_eq!((two.changes.removed.len(), two.must_type), (2, None));
    let three = import(&ten, &[people(3..10)], true);
    assert_eq!((three.changes.removed.len(), three.must_type), (3, Some(3)));
}

#[test]
fn pruning_one_list_leaves_the_others_alone() {
    let yaml = "people:\n  - {id: mei, name: Mei}\nservices:\n  - {id: maps, name: Maps}\n";
    let both = import(&Directory::default(), &[input("a.yaml", yaml)], false).result;
    let plan = import(&both, &[input("people.csv", "id,name\nmei,Mei\n")], true);
    assert!(plan.changes.is_empty());
}

#[test]
fn a_date_is_its_first_moment_where_the_person_is() {
    let csv = "id,name,time_zone,muted_until\n\
               a,A,,2026-07-01\nb,B,Europe/Lisbon,2026-07-01 09:00\nc,C,,2026-07-01T09:00:00+02:00\n\
               d,D,,2026-03-29 01:30\n";
    let plan = import(&Directory::default(), &[input("people.csv", csv)], false);
    let until = |id: &str| {
        let until = plan.result.people[&id.parse().unwrap()]
            .muted_until
            .unwrap();
        until.to_rfc3339()
    };
    assert_eq!(until("a"), "2026-06-30T23:00:00+00:00");
    assert_eq!(until("b"), "2026-07-01T08:00:00+00:00");
    assert_eq!(until("c"), "2026-07-01T07:00:00+00:00");
    // Half past one does not exist that night: the first moment after it does.
    assert_eq!(until("d"), "2026-03-29T01:00:00+00:00");
}

#[test]
fn several_files_are_one_import_in_any_order() {
    let files = [
        input("roles.csv", "service,role,person\nmaps,tech-lead,mei\n"),
        input("people.csv", "id,name\nmei,Mei Lin\n"),
        input("services.csv", "id,name\nmaps,Maps\n"),
    ];
    let plan = import(&Directory::default(), &files, false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(plan.result.roles.len(), 1);
}

#[test]
fn a_time_outside_of_the_years_2000_to_2100_is_refused_in_every_format() {
    for time in [
        "1999-12-31",
        "2101-01-01 09:00",
        "9999-12-31T23:59:59-12:00",
    ] {
        let csv = input("people.csv", format!("id,name,muted_until\na,A,{time}\n"));
        let yaml = format!("people:\n  - {{id: a, name: A, muted_until: \"{time}\"}}\n");
        for file in [csv, input("people.yaml", yaml)] {
            let plan = import(&Directory::default(), &[file], false);
            assert_eq!(plan.problems.len(), 1, "{time}: {:?}", problems(&plan));
            let problem = &problems(&plan)[0];
            assert!(
                problem.contains("muted_until does not lie in the years 2000 to 2100."),
                "{problem}"
            );
        }
    }
    for time in ["+262142-12-31", "+262142-12-31T23:59:59Z", "-262143-01-01"] {
        let csv = input("people.csv", format!("id,name,muted_until\na,A,{time}\n"));
        let plan = import(&Directory::default(), &[csv], false);
        assert_eq!(plan.problems.len(), 1, "{time}");
    }
}

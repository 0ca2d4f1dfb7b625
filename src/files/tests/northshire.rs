use super::*;
use crate::domain::directory::{Severity, check};

pub(super) fn northshire() -> Directory {
    let yaml = include_str!("../../../config/northshire/directory.yaml");
    let plan = import(
        &Directory::default(),
        &[input("directory.yaml", yaml)],
        false,
    );
    assert_eq!(problems(&plan), Vec::<String>::new());
    plan.result
}

#[test]
fn the_example_organisation_has_its_size() {
    let directory = northshire();
    assert_eq!(directory.services.len(), 8);
    assert_eq!(directory.people.len(), 60);
    let outsiders = directory
        .people
        .values()
        .filter(|person| directory.is_outsider(person));
    assert_eq!(outsiders.count(), 8);
    assert_eq!(directory.organisations.len(), 5);
}

#[test]
fn the_example_organisation_is_sound_but_for_one_person_without_address() {
    let findings = check(&northshire());
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "{findings:?}");
    let notes: Vec<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(notes, ["hannah-cole"]);
}

#[test]
fn the_sample_csv_files_hold_the_same_directory() {
    let files = [
        input(
            "organisations.csv",
            include_str!("../../../config/northshire/organisations.csv"),
        ),
        input(
            "destinations.csv",
            include_str!("../../../config/northshire/destinations.csv"),
        ),
        input(
            "services.csv",
            include_str!("../../../config/northshire/services.csv"),
        ),
        input(
            "people.csv",
            include_str!("../../../config/northshire/people.csv"),
        ),
        input(
            "groups.csv",
            include_str!("../../../config/northshire/groups.csv"),
        ),
        input(
            "contacts.csv",
            include_str!("../../../config/northshire/contacts.csv"),
        ),
        input(
            "roles.csv",
            include_str!("../../../config/northshire/roles.csv"),
        ),
    ];
    let plan = import(&Directory::default(), &files, false);
    assert_eq!(problems(&plan), Vec::<String>::new());
    assert_eq!(plan.result, northshire());
    // They are an export, so that whoever exports sees the same headings in the same order.
    for ((name, bytes), file) in
        crate::files::csv::write(&ShownDirectory::with_secrets(northshire()))
            .iter()
            .zip(&files)
    {
        assert_eq!(name, &file.name);
        assert_eq!(
            String::from_utf8_lossy(bytes),
            String::from_utf8_lossy(&file.bytes)
        );
    }
}

#[test]
fn the_commented_example_is_read_without_a_problem() {
    let yaml = include_str!("../../../config/directory.example.yaml");
    let plan = import(
        &Directory::default(),
        &[input("directory.example.yaml", yaml)],
        false,
    );
    assert_eq!(problems(&plan), Vec::<String>::new());
    let errors = plan
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    assert_eq!(errors.count(), 0);
}

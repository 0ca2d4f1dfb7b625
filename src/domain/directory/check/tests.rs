use super::*;
use crate::domain::directory::{Organisation, PersonAddress};
use crate::domain::{Address, GroupId};

fn directory() -> Directory {
    let mut directory = Directory::default();
    for id in ["dana", "tom"] {
        let id: PersonId = id.parse().unwrap();
        let person = Person {
            id: id.clone(),
            name: id.to_string(),
            organisation: None,
            addresses: vec![PersonAddress {
                channel: "email".parse().unwrap(),
                address: Address::new(&format!("{id}@northshire.example")),
            }],
            time_zone: None,
            working_hours: None,
            muted_until: None,
        };
        directory.people.insert(id, person);
    }
    directory
}

fn group(directory: &mut Directory, id: &str, members: &[&str]) {
    let id: GroupId = id.parse().unwrap();
    let group = Group {
        id: id.clone(),
        name: id.to_string(),
        members: members
            .iter()
            .map(|id| Member::Group(id.parse().unwrap()))
            .collect(),
    };
    directory.groups.insert(id, group);
}

fn sentences(directory: &Directory, severity: Severity) -> Vec<String> {
    let findings = check(directory)
        .into_iter()
        .filter(|finding| finding.severity == severity);
    findings
        .map(|finding| format!("{} {}", finding.message, finding.fix))
        .collect()
}

#[test]
fn a_sound_directory_has_no_findings() {
    assert_eq!(check(&directory()), []);
}

#[test]
fn a_dangling_id_is_an_error_with_the_nearest_name() {
    let mut directory = directory();
    directory.organisations.insert(
        "larkfield".parse().unwrap(),
        Organisation {
            id: "larkfield".parse().unwrap(),
            name: "Larkfield".to_owned(),
            external: true,
            contacts: BTreeSet::new(),
        },
    );
    let dana = directory.people.get_mut(&"dana".parse().unwrap()).unwrap();
    dana.organisation = Some("larkfeld".parse().unwrap());
    assert_eq!(
        sentences(&directory, Severity::Error),
        [
            "The person dana names the organisation larkfeld, which does not exist. \
          Did you mean larkfield?"
        ]
    );
}

#[test]
fn a_circle_of_groups_is_found_once() {
    let mut directory = directory();
    group(&mut directory, "a", &["b"]);
    group(&mut directory, "b", &["c"]);
    group(&mut directory, "c", &["a"]);
    group(&mut directory, "d", &["a"]);
    assert_eq!(
        sentences(&directory, Severity::Error),
        ["The group a contains itself: a contains b contains c contains a. Take a out of c."]
    );
}

#[test]
fn people_who_share_an_address_are_noted_without_the_address() {
    let mut directory = directory();
    for person in directory.people.values_mut() {
        for address in &mut person.addresses {
            address.address = Address::new("Team@northshire.example");
        }
    }
    let notes = sentences(&directory, Severity::Note);
    assert_eq!(
        notes,
        ["dana, tom share one email address and get one message. \
          Give each their own address, unless it is a shared mailbox."]
    );
}

#[test]
fn a_role_on_an_unknown_service_is_an_error() {
    let mut directory = directory();
    directory.roles.insert(RoleHolding {
        service: "register".parse().unwrap(),
        role: "service-owner".parse().unwrap(),
        person: "dana".parse().unwrap(),
    });
    let findings = sentences(&directory, Severity::Error);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings
            .iter()
            .all(|finding| finding.contains("Add the service register,"))
    );
}

#[test]
fn a_name_with_a_line_break_is_an_error() {
    let mut directory = directory();
    for person in directory.people.values_mut() {
        person.name = "Dana\r\nBcc: all".to_owned();
    }
    assert_eq!(sentences(&directory, Severity::Error).len(), 2);
}

#![allow(clippy::indexing_slicing, reason = "a test may fail by panicking")]

use super::*;
use crate::domain::{
    Address,
    directory::{
        Contact, Finding, Member, Person, PersonAddress, RoleHolding, Severity, check, diff,
    },
};

/// Dana owns `register`, which depends on `sign-in`; Tom is in a group; Amara is an outsider.
fn seed() -> Directory {
    let mentions = at([
        organisation("larkfield", "Larkfield Training"),
        service("sign-in", "Sign-in", &[]),
        service("register", "Register", &["sign-in"]),
        person("dana", Some("Dana Whitlock"), None),
        person("tom", Some("Tom Okafor"), None),
        person("amara", Some("Amara Nwosu"), Some("larkfield")),
        group("ops", "Operations"),
        member_person("ops", "tom"),
        member_person("ops", "dana"),
        contact("larkfield", "register", "amara"),
        role("register", "service-owner", "dana"),
    ]);
    let merged = merge(&Directory::default(), &mentions, &[], &BTreeSet::new());
    assert_eq!(merged.left_out, []);
    merged.directory
}

fn at(mentions: impl IntoIterator<Item = Mention>) -> Vec<Mentioned> {
    mentions
        .into_iter()
        .zip(2..)
        .map(|(what, row)| Mentioned {
            at: place(row),
            what,
        })
        .collect()
}

fn place(row: u32) -> Place {
    Place {
        nth: 0,
        file: "lists.csv".into(),
        sheet: None,
        row,
        is_line: false,
    }
}

fn organisation(id: &str, name: &str) -> Mention {
    Mention::Organisation(OrganisationPatch {
        id: id.parse().unwrap(),
        name: Some(name.to_owned()),
        external: None,
    })
}

fn service(id: &str, name: &str, depends_on: &[&str]) -> Mention {
    Mention::Service(Box::new(ServicePatch {
        id: id.parse().unwrap(),
        name: Some(name.to_owned()),
        outside_name: None,
        programme: None,
        tags: None,
        tier: None,
        organisation: None,
        depends_on: Some(depends_on.iter().map(|id| id.parse().unwrap()).collect()),
        status_page: None,
        support_queue: None,
        disaster_recovery: None,
        destinations: None,
    }))
}

fn person_patch(id: &str) -> PersonPatch {
    PersonPatch {
        id: id.parse().unwrap(),
        name: None,
        organisation: None,
        addresses: None,
        on_channels: Vec::new(),
        time_zone: None,
        working_hours: None,
        muted_until: None,
    }
}

fn person(id: &str, name: Option<&str>, organisation: Option<&str>) -> Mention {
    Mention::Person(Box::new(PersonPatch {
        name: name.map(ToOwned::to_owned),
        organisation: organisation.map(|id| Some(id.parse().unwrap())),
        ..person_patch(id)
    }))
}

fn group(id: &str, name: &str) -> Mention {
    Mention::Group(GroupPatch {
        id: id.parse().unwrap(),
        name: Some(name.to_owned()),
        lists_members: true,
    })
}

fn member_person(group: &str, person: &str) -> Mention {
    Mention::Member(
        group.parse().unwrap(),
        Member::Person(person.parse().unwrap()),
    )
}

fn member_group(group: &str, inner: &str) -> Mention {
    Mention::Member(
        group.parse().unwrap(),
        Member::Group(inner.parse().unwrap()),
    )
}

fn contact(organisation: &str, service: &str, person: &str) -> Mention {
    Mention::Contact(
        organisation.parse().unwrap(),
        Contact {
            service: service.parse().unwrap(),
            person: person.parse().unwrap(),
        },
    )
}

fn role(service: &str, role: &str, person: &str) -> Mention {
    Mention::Role(RoleHolding {
        service: service.parse().unwrap(),
        role: role.parse().unwrap(),
        person: person.parse().unwrap(),
    })
}

fn errors(directory: &Directory) -> Vec<Finding> {
    let mut findings = check(directory);
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

fn rows(merged: &Merged) -> Vec<u32> {
    merged
        .left_out
        .iter()
        .map(|problem| problem.at.row)
        .collect()
}

fn merge_into_seed(mentions: impl IntoIterator<Item = Mention>, prune: &[Kind]) -> Merged {
    let merged = merge(
        &seed(),
        &at(mentions),
        &[],
        &prune.iter().copied().collect(),
    );
    assert_eq!(errors(&merged.directory), []);
    merged
}

#[test]
fn what_no_file_mentions_stays() {
    let merged = merge_into_seed([person("mei", Some("Mei Lin"), None)], &[]);
    let changes = diff(&seed(), &merged.directory);
    assert_eq!(
        (
            changes.added.len(),
            changes.changed.len(),
            changes.removed.len()
        ),
        (1, 0, 0)
    );
}

#[test]
fn a_field_that_is_not_mentioned_stays_and_an_emptied_one_is_emptied() {
    let mut merged = merge_into_seed([person("amara", Some("Amara N."), None)], &[]);
    let amara = merged
        .directory
        .people
        .remove(&"amara".parse().unwrap())
        .unwrap();
    assert_eq!(amara.name, "Amara N.");
    assert_eq!(amara.organisation, Some("larkfield".parse().unwrap()));

    let ours = Mention::Person(Box::new(PersonPatch {
        organisation: Some(None),
        ..person_patch("amara")
    }));
    let merged = merge_into_seed([ours], &[]);
    assert_eq!(
        merged.directory.people[&"amara".parse().unwrap()].organisation,
        None
    );
}

#[test]
fn a_column_for_one_channel_leaves_addresses_on_others() {
    let address = |channel: &str, text: &str| PersonAddress {
        channel: channel.parse().unwrap(),
        address: Address::new(text),
    };
    let mut directory = seed();
    let dana: &mut Person = directory.people.get_mut(&"dana".parse().unwrap()).unwrap();
    dana.addresses = vec![
        address("slack", "U1"),
        address("email", "old@northshire.example"),
    ];
    let new_mail = Mention::Person(Box::new(PersonPatch {
        on_channels: vec![(
            "email".parse().unwrap(),
            vec![Address::new("new@northshire.example")],
        )],
        ..person_patch("dana")
    }));
    let merged = merge(&directory, &at([new_mail]), &[], &BTreeSet::new());
    assert_eq!(
        merged.directory.people[&"dana".parse().unwrap()].addresses,
        [
            address("email", "new@northshire.example"),
            address("slack", "U1")
        ]
    );
}

#[test]
fn a_row_that_names_nothing_known_is_left_out_with_the_nearest_name() {
    let merged = merge_into_seed([role("regster", "tech-lead", "tom")], &[]);
    assert_eq!(rows(&merged), [2]);
    assert_eq!(merged.left_out[0].message, "There is no service regster.");
    assert_eq!(merged.left_out[0].fix, "Did you mean register?");
}

#[test]
fn rows_that_rely_on_a_row_left_out_are_left_out_and_say_so() {
    let merged = merge_into_seed(
        [
            role("courses", "tech-lead", "tom"),
            service("courses", "Courses", &["maps"]),
            service("maps", "Maps", &["nothing"]),
        ],
        &[],
    );
    assert_eq!(rows(&merged), [2, 3, 4]);
    assert_eq!(
        merged.left_out[0].message,
        "It names the service courses, which is left out because of lists.csv row 3."
    );
}

#[test]
fn of_two_rows_with_one_id_the_first_is_taken() {
    let merged = merge_into_seed(
        [
            person("mei", Some("Mei Lin"), None),
            person("mei", Some("Another Mei"), None),
        ],
        &[],
    );
    assert_eq!(rows(&merged), [3]);
    assert_eq!(
        merged.left_out[0].message,
        "The person mei is already in lists.csv row 2."
    );
    assert_eq!(
        merged.directory.people[&"mei".parse().unwrap()].name,
        "Mei Lin"
    );
}

#[test]
fn a_new_entry_needs_a_name() {
    let merged = merge_into_seed([person("mei", None, None)], &[]);
    assert_eq!(
        merged.left_out[0].message,
        "The person mei is new and has no name."
    );
}

#[test]
fn a_row_that_would_close_a_circle_of_groups_is_left_out() {
    let merged = merge_into_seed(
        [
            group("all", "All"),
            member_group("all", "ops"),
            group("night", "Night"),
            member_group("night", "all"),
            group("ops", "Operations"),
            member_group("ops", "night"),
        ],
        &[],
    );
    assert_eq!(rows(&merged), [7]);
    // Its group keeps those who were in it.
    assert_eq!(
        merged.directory.groups[&"ops".parse().unwrap()]
            .members
            .len(),
        2
    );
}

#[test]
fn a_group_that_a_file_lists_has_the_members_listed() {
    let merged = merge_into_seed(
        [group("ops", "Operations"), member_person("ops", "dana")],
        &[],
    );
    let changes = diff(&seed(), &merged.directory);
    assert_eq!(changes.changed[0].details, ["members: removed tom"]);
}

#[test]
fn a_bad_row_takes_nobody_out_of_a_group() {
    let merged = merge_into_seed(
        [group("ops", "Operations"), member_person("ops", "danna")],
        &[],
    );
    assert_eq!(rows(&merged), [3]);
    assert!(diff(&seed(), &merged.directory).is_empty());
}

#[test]
fn pruning_removes_what_is_not_mentioned_and_what_hangs_on_it() {
    let merged = merge_into_seed(
        [person("dana", None, None), person("amara", None, None)],
        &[Kind::People],
    );
    let changes = diff(&seed(), &merged.directory);
    let removed: Vec<&str> = changes
        .removed
        .iter()
        .map(|change| change.id.as_str())
        .collect();
    assert_eq!(removed, ["tom"]);
    assert_eq!(changes.changed[0].details, ["members: removed tom"]);
}

#[test]
fn pruning_spares_a_list_of_which_a_row_is_bad() {
    let merged = merge_into_seed(
        [person("dana", None, None), person("mei", None, None)],
        &[Kind::People],
    );
    assert!(diff(&seed(), &merged.directory).is_empty());
    assert_eq!(
        merged.notices,
        ["Nothing is removed from people, because a row of people has a problem."]
    );
}

#[test]
fn pruning_never_turns_an_outsider_into_one_of_ours() {
    let merged = merge_into_seed([organisation("ours", "Ours")], &[Kind::Organisations]);
    let amara = &merged.directory.people[&"amara".parse().unwrap()];
    assert!(merged.directory.is_outsider(amara));
    assert_eq!(merged.notices.len(), 1);
}

#[test]
fn a_row_that_names_what_the_import_removes_is_left_out() {
    let merged = merge_into_seed(
        [
            person("dana", None, None),
            person("amara", None, None),
            role("sign-in", "tech-lead", "tom"),
        ],
        &[Kind::People],
    );
    assert_eq!(
        merged.left_out[0].message,
        "It names the person tom, which this import removes."
    );
}

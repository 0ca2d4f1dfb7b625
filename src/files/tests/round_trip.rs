//! What is exported and imported again is the same, on random directories.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveTime, Weekday};
use proptest::prelude::*;

use super::*;
use crate::{
    domain::directory::{
        Contact, Destination, Group, Member, Organisation, Person, PersonAddress, RoleHolding,
        Service,
        text::{bad_list_item, bad_text},
    },
    domain::{text::bare, time::WorkingHours},
    files::{csv, yaml},
};

/// Names as people have them, and as nobody should: formulas, quotes, YAML and CSV signs.
fn name() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "=HYPERLINK(\"https://x.example\",\"a\")",
        "+447700900123",
        "-1",
        "@sum",
        "'=1",
        "''",
        "＝1",
        "null",
        "~",
        "no",
        "1e5",
        "007",
        "a, b; c",
        "# not a comment",
        "key: value",
        "- item",
        "O'Brien, \"Pat\"",
        "Zoë 🚒",
        "{x}",
        "[x]",
        "*a",
        "&a",
        "!tag",
        "%",
        "|",
        ">",
        "?",
        "email: a@b",
    ]);
    prop_oneof![
        1 => odd.prop_map(str::to_owned),
        2 => "\\PC{1,20}".prop_map(|text| text.trim().to_owned()),
    ]
    .prop_filter("a name", |text| {
        bad_text(text).is_none() && bare(text) == text.as_str()
    })
}

fn tag() -> impl Strategy<Value = String> {
    name().prop_filter("a tag", |text| bad_list_item(text).is_none())
}

/// `prefix` and a number below `count`: few enough that entries refer to each other.
fn id<T>(prefix: &'static str, count: usize) -> impl Strategy<Value = T>
where
    T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug,
{
    (0..count).prop_map(move |n| format!("{prefix}{n}").parse().unwrap())
}

fn address() -> impl Strategy<Value = PersonAddress> {
    // A list of addresses ends at a semicolon, so that no address of a person does.
    let text = "[!-~é=+]{0,8}@[!-~]{0,8}[a-z]";
    let channel = prop::sample::select(vec!["email", "notify_sms", "slack_webhook"]);
    (channel, text).prop_map(|(channel, text)| PersonAddress {
        channel: channel.parse().unwrap(),
        address: Address::new(&text),
    })
}

fn hours() -> impl Strategy<Value = WorkingHours> {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let days = prop::sample::subsequence(vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun], 1..=7);
    let micros = 86_400_000_000_i64;
    let time = prop_oneof![
        (0..1440_i64).prop_map(|minute| minute * 60_000_000),
        0..micros
    ];
    (days.prop_shuffle(), time.clone(), time)
        .prop_filter("a working day", |(_, a, b)| a != b)
        .prop_map(|(days, a, b)| {
            let at = |micros| NaiveTime::MIN + Duration::microseconds(micros);
            WorkingHours {
                days,
                from: at(a),
                until: at(b),
            }
        })
}

fn organisation_id() -> impl Strategy<Value = Option<crate::domain::OrganisationId>> {
    prop::option::of(id("org", 3))
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    let zone = prop::sample::select(vec![Europe::London, Europe::Lisbon]);
    let muted = (946_684_800_000_000..4_000_000_000_000_000_i64)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap());
    let person = (
        name(),
        organisation_id(),
        prop::collection::vec(address(), 0..4),
        prop::option::of(zone),
        prop::option::of(hours()),
        prop::option::of(muted),
    );
    prop::collection::vec(person, 0..6).prop_map(|people| {
        let person = people.into_iter().enumerate().map(|(n, it)| Person {
            id: format!("person{n}").parse().unwrap(),
            name: it.0,
            organisation: it.1,
            addresses: it.2,
            time_zone: it.3,
            working_hours: it.4,
            muted_until: it.5,
        });
        person.collect()
    })
}

fn services() -> impl Strategy<Value = Vec<Service>> {
    let text = || prop::option::of(name());
    let service = (
        name(),
        (text(), text(), text(), text(), text()),
        prop::collection::btree_set(tag(), 0..3),
        prop::option::of(1_u8..=9),
        organisation_id(),
        prop::collection::btree_set(id("service", 4), 0..3),
        prop::collection::vec(id("destination", 3), 0..3),
    );
    prop::collection::vec(service, 0..5).prop_map(|services| {
        let service = services.into_iter().enumerate().map(|(n, it)| Service {
            id: format!("service{n}").parse().unwrap(),
            name: it.0,
            outside_name: it.1.0,
            programme: it.1.1,
            tags: it.2,
            tier: it.3,
            organisation: it.4,
            depends_on: it.5,
            status_page: it.1.2,
            support_queue: it.1.3,
            disaster_recovery: it.1.4,
            destinations: it.6,
        });
        service.collect()
    })
}

fn groups() -> impl Strategy<Value = Vec<Group>> {
    let members = (
        prop::collection::btree_set(id("person", 5), 0..4),
        prop::collection::btree_set(id("group", 4), 0..3),
    );
    prop::collection::vec((name(), members), 0..5).prop_map(|groups| {
        let group = groups.into_iter().enumerate().map(|(n, (name, members))| {
            let inner = members
                .1
                .into_iter()
                .filter(|inner: &crate::domain::GroupId| {
                    // Only later groups, so that none contains itself.
                    inner.as_str() > format!("group{n}").as_str()
                });
            let people = members.0.into_iter().map(Member::Person);
            Group {
                id: format!("group{n}").parse().unwrap(),
                name,
                members: people.chain(inner.map(Member::Group)).collect(),
            }
        });
        group.collect()
    })
}

prop_compose! {
    fn directory()(
        organisations in prop::collection::vec((name(), any::<bool>()), 0..4),
        destinations in prop::collection::vec((name(), address(), organisation_id()), 0..4),
        services in services(),
        people in people(),
        groups in groups(),
        contacts in prop::collection::vec(
            (
                id::<crate::domain::OrganisationId>("org", 3),
                id::<crate::domain::ServiceId>("service", 4),
                id::<crate::domain::PersonId>("person", 5),
            ),
            0..6
        ),
        roles in prop::collection::btree_set(
            (id("service", 4), prop::sample::select(vec!["service-owner", "tech-lead"]), id("person", 5)),
            0..8
        ),
    ) -> Directory {
        let mut directory = Directory::default();
        for (n, (name, external)) in organisations.into_iter().enumerate() {
            let id: crate::domain::OrganisationId = format!("org{n}").parse().unwrap();
            let mine = contacts.iter().filter(|(organisation, ..)| *organisation == id);
            let contacts = mine.map(|(_, service, person)| Contact {
                service: service.clone(),
                person: person.clone(),
            });
            let contacts = contacts.collect();
            let organisation = Organisation { id: id.clone(), name, external, contacts };
            directory.organisations.insert(id, organisation);
        }
        for (n, (name, address, organisation)) in destinations.into_iter().enumerate() {
            let id: crate::domain::DestinationId = format!("destination{n}").parse().unwrap();
            let PersonAddress { channel, address } = address;
            let it = Destination { id: id.clone(), name, channel, address, organisation };
            directory.destinations.insert(id, it);
        }
        directory.services = keyed(services, |it| it.id.clone());
        directory.people = keyed(people, |it| it.id.clone());
        directory.groups = keyed(groups, |it| it.id.clone());
        directory.roles = roles
            .into_iter()
            .map(|(service, role, person)| RoleHolding {
                service,
                role: role.parse().unwrap(),
                person,
            })
            .collect();
        without_dangling(directory)
    }
}

fn keyed<K: Ord, V>(values: Vec<V>, key: fn(&V) -> K) -> BTreeMap<K, V> {
    values
        .into_iter()
        .map(|value| (key(&value), value))
        .collect()
}

fn without_dangling(mut directory: Directory) -> Directory {
    let services: BTreeSet<_> = directory.services.keys().cloned().collect();
    let people: BTreeSet<_> = directory.people.keys().cloned().collect();
    let groups: BTreeSet<_> = directory.groups.keys().cloned().collect();
    let organisations: BTreeSet<_> = directory.organisations.keys().cloned().collect();
    let destinations: BTreeSet<_> = directory.destinations.keys().cloned().collect();
    let known = |it: Option<_>| it.filter(|id| organisations.contains(id));
    for it in directory.organisations.values_mut() {
        it.contacts
            .retain(|it| services.contains(&it.service) && people.contains(&it.person));
    }
    for it in directory.destinations.values_mut() {
        it.organisation = known(it.organisation.take());
    }
    for it in directory.people.values_mut() {
        it.organisation = known(it.organisation.take());
    }
    for (id, it) in &mut directory.services {
        it.organisation = known(it.organisation.take());
        it.depends_on
            .retain(|needed| needed != id && services.contains(needed));
        it.destinations.retain(|it| destinations.contains(it));
    }
    for it in directory.groups.values_mut() {
        it.members.retain(|member| match member {
            Member::Person(id) => people.contains(id),
            Member::Group(id) => groups.contains(id),
        });
    }
    directory
        .roles
        .retain(|it| services.contains(&it.service) && people.contains(&it.person));
    directory
}

fn as_csv(directory: &Directory) -> Vec<Input> {
    let files = csv::write(&ShownDirectory::with_secrets(directory.clone())).into_iter();
    files.map(|(name, bytes)| Input { name, bytes }).collect()
}

fn as_yaml(directory: &Directory) -> Vec<Input> {
    vec![input(
        "directory.yaml",
        yaml::write(&ShownDirectory::with_secrets(directory.clone())).unwrap(),
    )]
}

fn check_round_trip(directory: &Directory, other: &Directory, files: &[Input]) {
    let again = import(directory, files, false);
    assert_eq!(problems(&again), Vec::<String>::new());
    assert!(again.changes.is_empty(), "{:?}", again.changes);
    assert_eq!(again.result, *directory);

    let afresh = import(&Directory::default(), files, false);
    assert_eq!(problems(&afresh), Vec::<String>::new());
    assert_eq!(afresh.result, *directory);

    let over_another = import(other, files, true);
    assert_eq!(problems(&over_another), Vec::<String>::new());
    assert_eq!(over_another.result, *directory);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn importing_an_export_changes_nothing_in_csv(directory in directory(), other in directory()) {
        check_round_trip(&directory, &other, &as_csv(&directory));
    }

    #[test]
    fn importing_an_export_changes_nothing_in_yaml(directory in directory(), other in directory()) {
        check_round_trip(&directory, &other, &as_yaml(&directory));
    }

    #[test]
    fn no_cell_of_an_export_is_a_formula(directory in directory()) {
        for (name, bytes) in csv::write(&ShownDirectory::with_secrets(directory.clone())) {
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            let mut reader = ::csv::Reader::from_reader(bytes);
            for record in reader.records() {
                for cell in record.unwrap().iter() {
                    prop_assert!(
                        !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                        "{name}: {cell}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_import_never_adds_a_fault_to_a_directory(
        directory in directory(), other in directory(), prune in any::<bool>(), part in 0_usize..7
    ) {
        let files = as_csv(&other);
        let result = import(&directory, &files[part..=part], prune);
        let errors = result.findings.iter()
            .filter(|finding| finding.severity == crate::domain::directory::Severity::Error);
        prop_assert_eq!(errors.count(), 0);
        if !prune {
            prop_assert_eq!(result.changes.removed.len(), 0);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        name in prop::sample::select(vec!["people.csv", "groups.csv", "a.yaml", "people.xlsx"]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        import(&Directory::default(), &[input(name, bytes)], true);
    }

    #[test]
    fn no_text_makes_it_panic(
        name in prop::sample::select(vec!["people.csv", "services.csv", "a.yaml"]),
        text in "(people|groups|id|name|email|working_days|muted_until|-|:|,|;|\n|  |\\[|\\{|\\}|\\]|\"|'|&a|\\*a|\\PC){0,40}",
    ) {
        import(&Directory::default(), &[input(name, text)], true);
    }
}

//! The directory in the database: what was put in comes out, at any size, and nothing is lost.

use chrono::{NaiveTime, Weekday};
use oyez::{
    domain::{
        Address,
        directory::{
            Contact, Destination, Directory, Group, Member, Organisation, Person, PersonAddress,
            RoleHolding, Service,
        },
        time::WorkingHours,
    },
    store::{Store, directory},
};

use crate::support::{at, database::databases};

const NOW: &str = "2026-11-23T13:20:00Z";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn person(slug: &str) -> Person {
    Person {
        id: id(slug),
        name: format!("Person {slug}"),
        organisation: None,
        addresses: vec![PersonAddress {
            channel: id("email"),
            address: Address::new(&format!("{slug}@northshire.example")),
        }],
        time_zone: None,
        working_hours: None,
        muted_until: None,
    }
}

fn service(slug: &str) -> Service {
    Service {
        id: id(slug),
        name: format!("Service {slug}"),
        outside_name: None,
        programme: None,
        tags: [].into(),
        tier: None,
        organisation: None,
        depends_on: [].into(),
        status_page: None,
        support_queue: None,
        disaster_recovery: None,
        destinations: vec![],
    }
}

fn holding(service: &str, role: &str, person: &str) -> RoleHolding {
    RoleHolding {
        service: id(service),
        role: id(role),
        person: id(person),
    }
}

/// Every field of every kind filled in once and left empty once.
fn small() -> Directory {
    let mut directory = Directory::default();
    let full = Service {
        outside_name: Some("Register".to_owned()),
        programme: Some("Trainees".to_owned()),
        tags: ["bigquery".to_owned(), "a, \"b\"".to_owned()].into(),
        tier: Some(1),
        organisation: Some(id("partner")),
        depends_on: [id("sign-in"), id("not-there")].into(),
        status_page: Some("register".to_owned()),
        support_queue: Some("Register support".to_owned()),
        disaster_recovery: Some("https://northshire.example/dr".to_owned()),
        destinations: vec![id("z-channel"), id("a-channel")],
        ..service("register-trainees")
    };
    for service in [full, service("sign-in")] {
        directory.services.insert(service.id.clone(), service);
    }
    let full = Person {
        name: "Siân O’Brien".to_owned(),
        organisation: Some(id("partner")),
        addresses: vec![
            PersonAddress {
                channel: id("teams"),
                address: Address::new("sian"),
            },
            PersonAddress {
                channel: id("email"),
                address: Address::new("SIAN@partner.example"),
            },
            PersonAddress {
                channel: id("email"),
                address: Address::new("s@partner.example"),
            },
        ],
        time_zone: Some(chrono_tz::Europe::Dublin),
        working_hours: Some(WorkingHours {
            days: vec![Weekday::Mon, Weekday::Fri],
            from: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            until: NaiveTime::from_hms_opt(17, 30, 0).unwrap(),
        }),
        muted_until: Some(at("2026-12-01T00:00:00.000001Z")),
        ..person("sian-obrien")
    };
    for person in [full, person("priya-shah"), person("dev-patel")] {
        directory.people.insert(person.id.clone(), person);
    }
    let group = Group {
        id: id("on-call"),
        name: "On call".to_owned(),
        members: [
            Member::Person(id("priya-shah")),
            Member::Group(id("on-call")),
        ]
        .into(),
    };
    directory.groups.insert(group.id.clone(), group);
    let destination = Destination {
        id: id("a-channel"),
        name: "Register channel".to_owned(),
        channel: id("teams_workflow"),
        address: Address::new("https://hooks.northshire.example/secret"),
        organisation: Some(id("partner")),
    };
    directory
        .destinations
        .insert(destination.id.clone(), destination);
    let organisation = Organisation {
        id: id("partner"),
        name: "Partner".to_owned(),
        external: true,
        contacts: [Contact {
            service: id("sign-in"),
            person: id("sian-obrien"),
        }]
        .into(),
    };
    directory
        .organisations
        .insert(organisation.id.clone(), organisation);
    directory
        .roles
        .insert(holding("register-trainees", "service-owner", "priya-shah"));
    directory
        .roles
        .insert(holding("register-trainees", "tech-lead", "dev-patel"));
    directory
}

/// Replaces what is there, in a transaction of its own.
async fn put(store: &Store, after: &Directory, now: &str) -> Option<u64> {
    let before = directory::load(store.read()).await.unwrap();
    let tx = store.begin().await.unwrap();
    let version = directory::replace(
        &tx,
        before.version,
        &before.directory,
        after,
        at(now),
        &mut |_, _| {},
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    version
}

#[tokio::test]
async fn what_was_put_in_comes_out() {
    for db in databases().await {
        let empty = directory::load(db.store.read()).await.unwrap();
        assert_eq!((empty.directory, empty.version), (Directory::default(), 0));
        assert_eq!(put(&db.store, &small(), NOW).await, Some(1));
        let loaded = directory::load(db.store.read()).await.unwrap();
        assert_eq!(loaded.directory, small());
        assert_eq!(loaded.version, 1);
    }
}

#[tokio::test]
async fn the_same_again_changes_nothing_and_anything_else_raises_the_version() {
    for db in databases().await {
        put(&db.store, &small(), NOW).await;
        assert_eq!(put(&db.store, &small(), NOW).await, Some(1));

        let mut changed = small();
        changed
            .people
            .get_mut(&id("priya-shah"))
            .unwrap()
            .muted_until = Some(at(NOW));
        changed
            .people
            .get_mut(&id("sian-obrien"))
            .unwrap()
            .working_hours = None;
        changed
            .services
            .get_mut(&id("register-trainees"))
            .unwrap()
            .tier = None;
        changed
            .roles
            .remove(&holding("register-trainees", "tech-lead", "dev-patel"));
        changed
            .roles
            .insert(holding("sign-in", "tech-lead", "dev-patel"));
        assert_eq!(put(&db.store, &changed, NOW).await, Some(2));
        assert_eq!(directory::version(db.store.read()).await.unwrap(), 2);
        assert_eq!(
            directory::load(db.store.read()).await.unwrap().directory,
            changed
        );
    }
}

#[tokio::test]
async fn what_is_removed_leaves_its_name_and_nothing_else() {
    for db in databases().await {
        put(&db.store, &small(), NOW).await;
        put(&db.store, &Directory::default(), "2026-11-24T09:00:00Z").await;
        assert_eq!(
            directory::load(db.store.read()).await.unwrap().directory,
            Directory::default()
        );
        let removed = directory::removed(db.store.read()).await.unwrap();
        let sian = &removed.people[&id("sian-obrien")];
        assert_eq!(sian.name, "Siân O’Brien");
        assert_eq!(sian.at, at("2026-11-24T09:00:00Z"));
        assert_eq!(removed.people.len(), 3);
        assert_eq!(removed.services[&id("sign-in")].name, "Service sign-in");
        assert_eq!(removed.groups.len(), 1);
        assert_eq!(removed.destinations.len(), 1);
        assert_eq!(removed.organisations.len(), 1);

        use sea_orm::EntityTrait;
        let rows = entity::person::Entity::find()
            .all(db.store.read())
            .await
            .unwrap();
        assert!(
            rows.iter()
                .all(|row| row.addresses == "[]" && row.working_hours.is_none())
        );
        let rows = entity::destination::Entity::find()
            .all(db.store.read())
            .await
            .unwrap();
        assert!(rows.iter().all(|row| row.address.is_empty()));

        // Somebody who comes back is no longer removed.
        put(&db.store, &small(), NOW).await;
        assert_eq!(
            directory::load(db.store.read()).await.unwrap().directory,
            small()
        );
        let removed = directory::removed(db.store.read()).await.unwrap();
        assert_eq!(removed, directory::Removed::default());
    }
}

#[tokio::test]
async fn a_directory_that_has_moved_on_is_not_overwritten() {
    for db in databases().await {
        put(&db.store, &small(), NOW).await;
        let tx = db.store.begin().await.unwrap();
        let stale = directory::replace(
            &tx,
            0,
            &Directory::default(),
            &Directory::default(),
            at(NOW),
            &mut |_, _| {},
        )
        .await
        .unwrap();
        assert_eq!(stale, None);
        tx.commit().await.unwrap();
        assert_eq!(
            directory::load(db.store.read()).await.unwrap().directory,
            small()
        );
    }
}

#[tokio::test]
async fn one_of_two_imports_at_once_is_told_to_read_again() {
    for db in databases().await {
        let imports: Vec<_> = ["ada", "ben"]
            .map(|slug| {
                let url = db.url.clone();
                tokio::spawn(async move {
                    let store = Store::open(&url).await.unwrap();
                    let mut after = Directory::default();
                    after.people.insert(id(slug), person(slug));
                    let tx = store.begin().await.unwrap();
                    let version = directory::replace(
                        &tx,
                        0,
                        &Directory::default(),
                        &after,
                        at(NOW),
                        &mut |_, _| {},
                    )
                    .await
                    .unwrap();
                    tx.commit().await.unwrap();
                    version
                })
            })
            .into_iter()
            .collect();
        let mut versions = Vec::new();
        for import in imports {
            versions.push(import.await.unwrap());
        }
        versions.sort();
        assert_eq!(versions, [None, Some(1)]);
        let loaded = directory::load(db.store.read()).await.unwrap();
        assert_eq!(loaded.directory.people.len(), 1);
    }
}

#[tokio::test]
async fn an_import_that_fails_half_way_leaves_what_was_there() {
    for db in databases().await {
        put(&db.store, &small(), NOW).await;
        let tx = db.store.begin().await.unwrap();
        directory::replace(
            &tx,
            1,
            &small(),
            &Directory::default(),
            at(NOW),
            &mut |_, _| {},
        )
        .await
        .unwrap();
        drop(tx);
        let loaded = directory::load(db.store.read()).await.unwrap();
        assert_eq!((loaded.directory, loaded.version), (small(), 1));
    }
}

#[tokio::test]
async fn damaged_rows_are_an_error_that_shows_none_of_their_text() {
    use sea_orm::ConnectionTrait;
    for db in databases().await {
        put(&db.store, &small(), NOW).await;
        db.store
            .write()
            .execute_unprepared("UPDATE person SET addresses = '[\"hidden@x.example\"'")
            .await
            .unwrap();
        let error = directory::load(db.store.read()).await.unwrap_err();
        assert_eq!(error.trouble(), oyez::store::Trouble::Unreadable);
        let shown = format!("{error} {error:?} {}", error.sentence());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}

/// People, services and roles of a very large organisation.
fn large(people: usize) -> Directory {
    let mut directory = Directory::default();
    for n in 0..people {
        let person = Person {
            working_hours: (n % 10 == 0).then(|| WorkingHours {
                days: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu],
                from: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
                until: NaiveTime::from_hms_opt(17, 0, 0).unwrap(),
            }),
            ..person(&format!("person-{n}"))
        };
        directory.people.insert(person.id.clone(), person);
    }
    for n in 0..1_000.min(people) {
        let slug = format!("service-{n}");
        directory.services.insert(id(&slug), service(&slug));
        for role in ["service-owner", "delivery-manager", "tech-lead"] {
            directory
                .roles
                .insert(holding(&slug, role, &format!("person-{n}")));
        }
    }
    directory
}

#[tokio::test]
async fn many_people_go_in_and_out_whatever_the_size_of_a_statement() {
    for db in databases().await {
        let directory = large(12_001);
        put(&db.store, &directory, NOW).await.unwrap();
        let loaded = directory::load(db.store.read()).await.unwrap();
        assert!(loaded.directory == directory);
        // All of it goes again, roles and all.
        put(&db.store, &Directory::default(), NOW).await.unwrap();
        let removed = directory::removed(db.store.read()).await.unwrap();
        assert_eq!(removed.people.len(), 12_001);
    }
}

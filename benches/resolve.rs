//! Resolving a P1 on three services in a large organisation.
//!
//! The bound to hold is 1 ms for 2,500 matches among 100,000 people, 1,000 services and 5,000
//! rules. The cost has to grow with the matches: a tenth and ten times of the people cost the same
//! with the same matches, and half of the matches cost about half.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may fail by panicking"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{Duration, NaiveTime};
use divan::Bencher;
use oyez::domain::{
    Address, Audience,
    directory::{Contact, Directory, Organisation, Person, PersonAddress, RoleHolding, Service},
    incident::{Kind, Stage},
    notification::Moment,
    policy::{By, Ladder, Policy, Priority, Rule, Target, Test, When},
    resolution::Compiled,
    situation::{Relation, Situation},
    time::WorkingHours,
};

fn main() {
    divan::main();
}

/// An organisation, and how many of its people one incident concerns.
#[derive(Clone, Copy)]
struct Size {
    people: usize,
    services: usize,
    rules: usize,
    matches: usize,
}

const FULL: Size = Size {
    people: 100_000,
    services: 1_000,
    rules: 5_000,
    matches: 2_500,
};

fn id<T: std::str::FromStr>(text: String) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn directory(size: Size) -> Directory {
    let mut directory = Directory::default();
    for n in 0..size.people {
        // Neighbours by number are far apart by name, as they are in life.
        let scattered = n * 7_919 % size.people;
        let person = Person {
            id: id(format!("person-{n}")),
            name: format!("Person {scattered:07}"),
            organisation: (n % 2 == 0).then(|| id("partner".to_owned())),
            addresses: ["email", "notify_sms"]
                .map(|channel| PersonAddress {
                    channel: id(channel.to_owned()),
                    address: Address::new(&format!("{channel}.{n}@people.example")),
                })
                .to_vec(),
            time_zone: None,
            working_hours: None,
            muted_until: None,
        };
        directory.people.insert(person.id.clone(), person);
    }
    for n in 0..size.services {
        let service = Service {
            id: id(format!("service-{n}")),
            name: format!("Service {n}"),
            outside_name: Some(format!("Outside service {n}")),
            programme: Some(format!("programme-{}", n % 20)),
            tags: BTreeSet::from([format!("tag-{}", n % 50)]),
            tier: Some(1 + (n % 4) as u8),
            organisation: None,
            depends_on: BTreeSet::from([id(format!("service-{}", (n + 1) % size.services))]),
            status_page: None,
            support_queue: None,
            disaster_recovery: None,
            destinations: Vec::new(),
        };
        directory.services.insert(service.id.clone(), service);
    }
    let mut partner = Organisation {
        id: id("partner".to_owned()),
        name: "Partner".to_owned(),
        external: true,
        contacts: BTreeSet::new(),
    };
    // Outsiders (even numbers) are contacts of the three services, insiders hold roles on them.
    for n in 0..size.matches {
        let service = id(format!("service-{}", n / 2 % 3));
        let stride = (size.people / size.matches / 2 * 2).max(2);
        let person = id(format!("person-{}", n * stride + n % 2));
        if n % 2 == 0 {
            partner.contacts.insert(Contact { service, person });
        } else {
            let role = ["service-owner", "tech-lead", "delivery-manager"][n / 6 % 3];
            directory.roles.insert(RoleHolding {
                service,
                role: id(role.to_owned()),
                person,
            });
        }
    }
    // Everyone else has roles somewhere else.
    for n in (1..size.people).step_by(2) {
        directory.roles.insert(RoleHolding {
            service: id(format!("service-{}", 10 + n % (size.services - 20))),
            role: id("tester".to_owned()),
            person: id(format!("person-{n}")),
        });
    }
    directory.organisations.insert(partner.id.clone(), partner);
    directory
}

fn rule(number: usize, when: When, tell: Vec<Target>, audience: Audience) -> Rule {
    Rule {
        id: id(format!("rule-{number}")),
        says: format!("Rule {number}"),
        when,
        tell,
        audience,
        by: By::FirstOf(vec![id("email".to_owned()), id("notify_sms".to_owned())]),
        overrides_mute: false,
        acknowledge: false,
    }
}

fn one<T: std::str::FromStr>(value: &str) -> Test<T>
where
    T::Err: std::fmt::Debug,
{
    Test {
        any: vec![id(value.to_owned())],
        none: Vec::new(),
    }
}

fn policy(size: Size) -> Policy {
    let affected = Test {
        any: vec![Relation::Affected],
        none: Vec::new(),
    };
    let p1 = When {
        priority: one("P1"),
        relation: affected.clone(),
        depth: 1,
        ..When::default()
    };
    let role = |role: &str| Target::Role(id(role.to_owned()));
    let mut rules = vec![
        rule(0, p1.clone(), vec![role("service-owner")], Audience::Owners),
        rule(
            1,
            p1.clone(),
            vec![role("tech-lead"), role("delivery-manager")],
            Audience::Responders,
        ),
        rule(
            2,
            p1.clone(),
            vec![Target::Contacts(None)],
            Audience::External,
        ),
    ];
    // Rules for single services, tags and programmes, as a large organisation collects them.
    for n in 3..size.rules {
        let mut when = p1.clone();
        match n % 4 {
            0 => when.service = one(&format!("service-{}", n % size.services)),
            1 => when.tag.any = vec![format!("tag-{}", n % 50)],
            2 => when.programme.any = vec![format!("programme-{}", n % 20)],
            _ => {
                when.priority = one(["P1", "P2", "P3"][n % 3]);
                when.relation.any = vec![Relation::Upstream];
            }
        }
        rules.push(rule(
            n,
            when,
            vec![role("deputy-director")],
            Audience::Owners,
        ));
    }
    Policy {
        organisation: "Large".to_owned(),
        time_zone: chrono_tz::Europe::London,
        working_hours: WorkingHours {
            days: Vec::new(),
            from: NaiveTime::MIN,
            until: NaiveTime::MIN,
        },
        bank_holidays: BTreeSet::new(),
        priorities: ["P1", "P2", "P3"]
            .map(|name| Priority {
                id: id(name.to_owned()),
                meaning: String::new(),
                cadence: BTreeMap::new(),
                factors_needed: 1,
                preview_required: false,
                major_incident_report: false,
                deliver_within: Duration::hours(4),
                quick_fallback: true,
            })
            .to_vec(),
        factors: Vec::new(),
        ceilings: Vec::new(),
        seasons: Vec::new(),
        rules,
        ladder: Ladder {
            prompt_lead: Duration::minutes(10),
            prompt_others: Duration::minutes(5),
            escalate: Duration::minutes(10),
            late_to: Vec::new(),
            snooze: Duration::minutes(15),
            snoozes: 2,
            holding_line_after: None,
        },
        outside_hold: Duration::zero(),
        second_person: BTreeSet::new(),
        discouraged_words: Vec::new(),
    }
}

fn situation() -> Situation {
    Situation {
        priority: id("P1".to_owned()),
        kind: Kind::Technical,
        stage: Stage::Investigating,
        moment: Moment::Declared,
        services: (0..3)
            .map(|n| (id(format!("service-{n}")), Relation::Affected))
            .collect(),
        leads: BTreeMap::new(),
        added: Vec::new(),
        muted: BTreeMap::new(),
        users_contact: None,
        restricted: false,
        now: "2026-11-23T13:00:00Z".parse().unwrap(),
    }
}

fn compiled(size: Size) -> Compiled {
    let channels = ["email", "notify_sms"].map(|name| id(name.to_owned()));
    Compiled::new(
        Arc::new(policy(size)),
        Arc::new(directory(size)),
        &BTreeSet::from(channels),
        &[],
    )
}

fn resolve(bencher: Bencher<'_, '_>, size: Size) {
    let compiled = compiled(size);
    let situation = situation();
    let told = compiled.resolve(&situation).recipients.len();
    assert_eq!(told, size.matches);
    bencher.bench_local(|| compiled.resolve(&situation));
}

#[divan::bench]
fn full(bencher: Bencher<'_, '_>) {
    resolve(bencher, FULL);
}

#[divan::bench]
fn half_the_matches(bencher: Bencher<'_, '_>) {
    resolve(
        bencher,
        Size {
            matches: FULL.matches / 2,
            ..FULL
        },
    );
}

#[divan::bench]
fn a_tenth_of_the_people(bencher: Bencher<'_, '_>) {
    resolve(
        bencher,
        Size {
            people: FULL.people / 10,
            ..FULL
        },
    );
}

#[divan::bench]
fn half_the_people(bencher: Bencher<'_, '_>) {
    resolve(
        bencher,
        Size {
            people: FULL.people / 2,
            ..FULL
        },
    );
}

#[divan::bench]
fn ten_times_the_people(bencher: Bencher<'_, '_>) {
    resolve(
        bencher,
        Size {
            people: FULL.people * 10,
            ..FULL
        },
    );
}

#[divan::bench]
fn totals(bencher: Bencher<'_, '_>) {
    let resolution = compiled(FULL).resolve(&situation());
    bencher.bench_local(|| resolution.totals());
}

#[divan::bench(sample_count = 3)]
fn compile(bencher: Bencher<'_, '_>) {
    let policy = Arc::new(policy(FULL));
    let directory = Arc::new(directory(FULL));
    let channels = BTreeSet::from(["email", "notify_sms"].map(|name| id(name.to_owned())));
    bencher
        .bench_local(|| Compiled::new(Arc::clone(&policy), Arc::clone(&directory), &channels, &[]));
}

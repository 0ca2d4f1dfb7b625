//! A small organisation for the tests of the domain: two services, a few people, three priorities.

#![allow(
    clippy::unwrap_used,
    reason = "tests state what they expect, and the texts here are constants"
)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveTime, Weekday};
use chrono_tz::Europe::London;

use super::{
    Address, Time,
    directory::{
        Directory, Group, Member, Organisation, Person, PersonAddress, RoleHolding, Service,
    },
    event::{Actor, Door, Event, Record},
    incident::{Incident, LeadRole, Stage},
    policy::{Cadence, Ladder, LateTo, Policy, Priority, Rhythm},
    situation::Relation,
    time::WorkingHours,
};

/// An instant from RFC 3339 text.
pub(crate) fn at(text: &str) -> Time {
    text.parse().unwrap()
}

/// Any id from its text.
pub(crate) fn id<T>(text: &str) -> T
where
    T: std::str::FromStr<Err: std::fmt::Debug>,
{
    text.parse().unwrap()
}

pub(crate) fn every(minutes: i64) -> Cadence {
    Cadence {
        rhythm: Rhythm::Every(Duration::minutes(minutes)),
        working_hours: false,
    }
}

pub(crate) fn cron(pattern: &str) -> Cadence {
    Cadence {
        rhythm: Rhythm::Cron(pattern.to_owned()),
        working_hours: false,
    }
}

pub(crate) fn priority(name: &str, cadence: Cadence) -> Priority {
    let open = Stage::ALL.into_iter().filter(|stage| stage.is_open());
    Priority {
        id: id(name),
        meaning: "most users are affected".to_owned(),
        cadence: open.map(|stage| (stage, cadence.clone())).collect(),
        factors_needed: 1,
        preview_required: false,
        major_incident_report: name == "P1",
        deliver_within: Duration::hours(4),
        quick_fallback: name == "P1",
    }
}

/// P1 every hour, P2 every two hours, P3 on weekdays at 10am; two bank holidays.
pub(crate) fn policy() -> Policy {
    Policy {
        organisation: "Northshire Learning Agency".to_owned(),
        time_zone: London,
        working_hours: WorkingHours {
            days: vec![
                Weekday::Mon,
                Weekday::Tue,
                Weekday::Wed,
                Weekday::Thu,
                Weekday::Fri,
            ],
            from: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            until: NaiveTime::from_hms_opt(17, 0, 0).unwrap(),
        },
        bank_holidays: ["2026-12-25", "2026-12-28"]
            .map(|day| day.parse().unwrap())
            .into(),
        priorities: vec![
            priority("P1", every(60)),
            priority("P2", every(120)),
            priority("P3", cron("0 10 * * Mon-Fri")),
        ],
        factors: Vec::new(),
        ceilings: Vec::new(),
        seasons: Vec::new(),
        rules: Vec::new(),
        ladder: Ladder {
            prompt_lead: Duration::minutes(10),
            prompt_others: Duration::minutes(5),
            escalate: Duration::minutes(10),
            late_to: vec![
                LateTo::Lead(LeadRole::Tech),
                LateTo::Role(id("programme-delivery-manager")),
            ],
            snooze: Duration::minutes(15),
            snoozes: 2,
            holding_line_after: None,
        },
        outside_hold: Duration::seconds(10),
        second_person: BTreeSet::new(),
        discouraged_words: Vec::new(),
    }
}

/// `register-trainees` depends on `sign-in`; Priya, Tom and Mei are the leads, Olu the programme
/// delivery manager, Dana the delivery manager, Amara belongs to another organisation.
pub(crate) fn directory() -> Directory {
    let mut directory = Directory::default();
    for (service, depends_on) in [("register-trainees", vec!["sign-in"]), ("sign-in", vec![])] {
        directory.services.insert(
            id(service),
            Service {
                id: id(service),
                name: service.replace('-', " "),
                outside_name: (service == "register-trainees")
                    .then(|| "Register trainee teachers".to_owned()),
                programme: None,
                tags: BTreeSet::new(),
                tier: None,
                organisation: None,
                depends_on: depends_on.into_iter().map(id).collect(),
                status_page: Some(service.to_owned()),
                support_queue: None,
                disaster_recovery: (service == "sign-in")
                    .then(|| "https://northshire.example/recovery".to_owned()),
                destinations: Vec::new(),
            },
        );
    }
    for name in [
        "priya-shah",
        "tom-okafor",
        "mei-lin",
        "olu-ade",
        "dana-whitlock",
    ] {
        add_person(&mut directory, name, None);
    }
    directory.organisations.insert(
        id("larkfield"),
        Organisation {
            id: id("larkfield"),
            name: "Larkfield Training".to_owned(),
            external: true,
            contacts: BTreeSet::new(),
        },
    );
    add_person(&mut directory, "amara-nwosu", Some("larkfield"));
    for (role, person) in [
        ("programme-delivery-manager", "olu-ade"),
        ("programme-delivery-manager", "amara-nwosu"),
        ("delivery-manager", "dana-whitlock"),
    ] {
        directory.roles.insert(RoleHolding {
            service: id("register-trainees"),
            role: id(role),
            person: id(person),
        });
    }
    directory.groups.insert(
        id("directors"),
        Group {
            id: id("directors"),
            name: "Directors".to_owned(),
            members: [
                Member::Person(id("olu-ade")),
                Member::Group(id("directors")),
            ]
            .into(),
        },
    );
    directory
}

pub(crate) fn add_person(directory: &mut Directory, name: &str, organisation: Option<&str>) {
    let address = PersonAddress {
        channel: id("email"),
        address: Address::new(&format!("{name}@northshire.example")),
    };
    directory.people.insert(
        id(name),
        Person {
            id: id(name),
            name: name.replace('-', " "),
            organisation: organisation.map(id),
            addresses: vec![address],
            time_zone: None,
            working_hours: None,
            muted_until: None,
        },
    );
}

pub(crate) fn actor(person: &str) -> Actor {
    Actor {
        id: format!("person:{person}"),
        person: Some(id(person)),
        name: person.replace('-', " "),
        door: Door::Cli,
    }
}

/// A P1 on `register-trainees`, promised to everyone by `due`.
pub(crate) fn declared(due: Time) -> Event {
    use super::Audience;
    Event::Declared {
        title: "Providers cannot sign in".to_owned(),
        priority: id("P1"),
        factors: BTreeSet::new(),
        triage: Vec::new(),
        kind: Default::default(),
        restricted: false,
        exercise: false,
        services: BTreeMap::from([(id("register-trainees"), Relation::Affected)]),
        facts: Default::default(),
        started_at: due - Duration::minutes(80),
        leads: BTreeMap::from([
            (LeadRole::Comms, id("priya-shah")),
            (LeadRole::Tech, id("tom-okafor")),
            (LeadRole::Support, id("mei-lin")),
        ]),
        promised: [Audience::Responders, Audience::Owners, Audience::External]
            .map(|audience| (audience, due))
            .into(),
        holding_line: None,
        references: Vec::new(),
        unrestricted_because: None,
    }
}

/// A log that grows as events are written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(pub(crate) Vec<Record>);

impl Log {
    pub(crate) fn write(&mut self, at: Time, event: Event) -> &mut Self {
        self.0.push(Record {
            seq: u32::try_from(self.0.len()).unwrap() + 1,
            at,
            actor: actor("priya-shah"),
            request_key: String::new(),
            event,
            said: None,
        });
        self
    }

    pub(crate) fn incident(&self) -> Incident {
        Incident::from_log(id("INC-0042"), &self.0).unwrap()
    }
}

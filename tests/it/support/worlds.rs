//! Random organisations, policies and situations, small enough that everything meets everything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveTime, Weekday};
use oyez::domain::{
    Address, Audience, ChannelName, DestinationId, GroupId, OrganisationId, PersonId, ServiceId,
    Time,
    directory::{
        BadAddress, Contact, Destination, Directory, Group, Member, Organisation, Person,
        PersonAddress, RoleHolding, Service,
    },
    incident::{Kind, LeadRole, Stage},
    notification::Moment,
    policy::{By, Hours, Ladder, Policy, Priority, Rule, Target, Test, When},
    situation::{ByHand, RecipientId, Relation, Situation},
    time::WorkingHours,
};

/// Throws that a property test chooses and shrinks: used up, they are all 0.
pub(crate) struct Dice<'a> {
    throws: std::slice::Iter<'a, u16>,
}

impl<'a> Dice<'a> {
    pub(crate) fn new(throws: &'a [u16]) -> Self {
        Self {
            throws: throws.iter(),
        }
    }

    /// A number below `sides`.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        let throw = usize::from(self.throws.next().copied().unwrap_or(0));
        throw % sides.max(1)
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn pick<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        &from[self.below(from.len())]
    }

    fn word<'b>(&mut self, from: &[&'b str]) -> &'b str {
        from[self.below(from.len())]
    }

    fn some<T: Clone>(&mut self, from: &[T], most: usize) -> Vec<T> {
        let count = self.below(most + 1);
        (0..count).map(|_| self.pick(from).clone()).collect()
    }
}

/// Everything that resolution looks at.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) directory: Directory,
    pub(crate) channels: BTreeSet<ChannelName>,
    pub(crate) bad: Vec<BadAddress>,
    pub(crate) situation: Situation,
}

const CHANNELS: [&str; 4] = ["email", "notify_sms", "slack_webhook", "teams_workflow"];
const PRIORITIES: [&str; 3] = ["P1", "P2", "P3"];
const ROLES: [&str; 3] = ["service-owner", "tech-lead", "deputy-director"];
const TAGS: [&str; 3] = ["bigquery", "public", "seasonal"];
const PROGRAMMES: [&str; 2] = ["courses", "records"];
const MOMENTS: [Moment; 3] = [Moment::Declared, Moment::Update, Moment::Resolved];

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn ids<T: std::str::FromStr>(stem: &str, count: usize) -> Vec<T>
where
    T::Err: std::fmt::Debug,
{
    (0..count).map(|n| id(&format!("{stem}-{n}"))).collect()
}

/// Monday 23 November 2026, 1pm in London.
pub(crate) fn monday() -> Time {
    "2026-11-23T13:00:00Z".parse().unwrap()
}

pub(crate) fn world(throws: &[u16]) -> World {
    let mut dice = Dice::new(throws);
    let directory = directory(&mut dice);
    let policy = policy(&mut dice, &directory);
    let situation = situation(&mut dice, &directory);
    let channels = CHANNELS
        .into_iter()
        .filter(|_| !dice.one_in(6))
        .map(id)
        .collect();
    let bad = bad(&mut dice, &directory);
    World {
        policy,
        directory,
        channels,
        bad,
        situation,
    }
}

fn directory(dice: &mut Dice<'_>) -> Directory {
    let mut directory = Directory::default();
    for (number, external) in [false, true, true].into_iter().enumerate() {
        let organisation = Organisation {
            id: id(&format!("org-{number}")),
            name: format!("Organisation {number}"),
            external,
            contacts: BTreeSet::new(),
        };
        directory
            .organisations
            .insert(organisation.id.clone(), organisation);
    }
    // The last organisation is not in the directory: its people count as outsiders.
    let organisations: Vec<OrganisationId> = ids("org", 4);
    let services: Vec<ServiceId> = ids("service", 1 + dice.below(6));
    let people: Vec<PersonId> = ids("person", 3 + dice.below(6));
    let groups: Vec<GroupId> = ids("group", dice.below(4));
    let destinations: Vec<DestinationId> = ids("destination", 2 + dice.below(3));

    for person in &people {
        let addresses = (0..[2, 3, 5, 4, 1, 0][dice.below(6)])
            .map(|_| PersonAddress {
                channel: id(dice.word(&CHANNELS)),
                // Two people often share one, also with other capitals.
                address: Address::new(dice.word(&["a@x.example", "A@x.example", "b@x.example"])),
            })
            .collect();
        let person = Person {
            id: person.clone(),
            name: dice.word(&["Amal", "Bo", "Cleo"]).to_owned(),
            organisation: dice.one_in(3).then(|| dice.pick(&organisations).clone()),
            addresses,
            time_zone: None,
            working_hours: None,
            muted_until: dice
                .one_in(4)
                .then(|| monday() + Duration::hours(dice.below(5) as i64 * 6 - 6)),
        };
        directory.people.insert(person.id.clone(), person);
    }
    for destination in &destinations {
        let destination = Destination {
            id: destination.clone(),
            name: dice.word(&["Amal", "Channel", "Room"]).to_owned(),
            channel: id(dice.word(&CHANNELS)),
            address: Address::new(dice.word(&["a@x.example", "https://x.example/1"])),
            organisation: dice.one_in(4).then(|| dice.pick(&organisations).clone()),
        };
        directory
            .destinations
            .insert(destination.id.clone(), destination);
    }
    for service in &services {
        let number = service.as_str().to_owned();
        let service = Service {
            id: service.clone(),
            name: format!("Inside {number}"),
            outside_name: dice.one_in(2).then(|| format!("Outside {number}")),
            programme: dice.one_in(2).then(|| dice.word(&PROGRAMMES).to_owned()),
            tags: dice.some(&TAGS, 2).into_iter().map(str::to_owned).collect(),
            tier: dice.one_in(2).then(|| 1 + dice.below(2) as u8),
            organisation: None,
            depends_on: dice.some(&services, 2).into_iter().collect(),
            status_page: None,
            support_queue: None,
            disaster_recovery: None,
            destinations: if destinations.is_empty() {
                Vec::new()
            } else {
                dice.some(&destinations, 2)
            },
        };
        directory.services.insert(service.id.clone(), service);
    }
    for group in &groups {
        let mut members: BTreeSet<Member> = dice
            .some(&people, 3)
            .into_iter()
            .map(Member::Person)
            .collect();
        members.extend(dice.some(&groups, 1).into_iter().map(Member::Group));
        let group = Group {
            id: group.clone(),
            name: format!("Group {group}"),
            members,
        };
        directory.groups.insert(group.id.clone(), group);
    }
    for _ in 0..dice.below(12) {
        directory.roles.insert(RoleHolding {
            service: dice.pick(&services).clone(),
            role: id(dice.word(&ROLES)),
            person: dice.pick(&people).clone(),
        });
    }
    for _ in 0..dice.below(5) {
        let organisation = dice.pick(&organisations[..3]).clone();
        let contact = Contact {
            service: dice.pick(&services).clone(),
            person: dice.pick(&people).clone(),
        };
        if let Some(known) = directory.organisations.get_mut(&organisation) {
            known.contacts.insert(contact);
        }
    }
    directory
}

fn policy(dice: &mut Dice<'_>, directory: &Directory) -> Policy {
    let priorities = PRIORITIES
        .map(|name| Priority {
            id: id(name),
            meaning: String::new(),
            cadence: BTreeMap::new(),
            factors_needed: 1,
            preview_required: false,
            major_incident_report: false,
            deliver_within: Duration::hours(4),
            quick_fallback: false,
        })
        .to_vec();
    let rules = (0..2 + dice.below(8))
        .map(|number| rule(dice, directory, number))
        .collect();
    Policy {
        organisation: "Northshire Learning Agency".to_owned(),
        time_zone: chrono_tz::Europe::London,
        working_hours: WorkingHours {
            days: vec![Weekday::Mon, Weekday::Tue],
            from: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            until: NaiveTime::from_hms_opt(17, 0, 0).unwrap(),
        },
        bank_holidays: BTreeSet::from([(monday() + Duration::days(1)).date_naive()]),
        priorities,
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

fn test<T: Clone>(dice: &mut Dice<'_>, one_in: usize, values: &[T]) -> Test<T> {
    if values.is_empty() || !dice.one_in(one_in) {
        return Test::default();
    }
    if dice.one_in(3) {
        Test {
            any: Vec::new(),
            none: vec![dice.pick(values).clone()],
        }
    } else {
        Test {
            any: vec![dice.pick(values).clone(), dice.pick(values).clone()],
            none: if dice.one_in(6) {
                vec![dice.pick(values).clone()]
            } else {
                Vec::new()
            },
        }
    }
}

pub(crate) fn rule(dice: &mut Dice<'_>, directory: &Directory, number: usize) -> Rule {
    let services: Vec<_> = directory.services.keys().cloned().collect();
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    let when = When {
        priority: test(dice, 3, &PRIORITIES.map(id)),
        service: test(dice, 6, &services),
        tag: test(dice, 6, &texts(&TAGS)),
        programme: test(dice, 6, &texts(&PROGRAMMES)),
        tier: test(dice, 6, &[1, 2]),
        relation: match dice.below(5) {
            0 | 1 => Test {
                any: vec![Relation::Affected],
                none: Vec::new(),
            },
            2 => Test::default(),
            _ => {
                let all = [Relation::Affected, Relation::Upstream, Relation::Downstream];
                test(dice, 1, &all)
            }
        },
        depth: 1 + dice.below(3) as u32,
        stage: test(dice, 6, &[Stage::Investigating, Stage::Monitoring]),
        moment: test(dice, 6, &MOMENTS),
        kind: test(dice, 4, &Kind::ALL),
        hours: match dice.below(6) {
            4 => Some(Hours::Inside),
            5 => Some(Hours::Outside),
            _ => None,
        },
        services_affected_at_least: if dice.one_in(5) {
            dice.below(4) as u32
        } else {
            0
        },
    };
    let tell = (0..1 + dice.below(3))
        .map(|_| target(dice, directory))
        .collect();
    let channels: Vec<ChannelName> = (0..2 + dice.below(3))
        .map(|_| id(dice.word(&CHANNELS)))
        .collect();
    Rule {
        // Ids that sort otherwise than numbers do.
        id: id(&format!("rule-{}", number * 7 % 10)),
        says: format!("Rule {number}"),
        when,
        tell,
        audience: *dice.pick(&Audience::ALL),
        by: if dice.one_in(2) {
            By::FirstOf(channels)
        } else {
            By::All(channels)
        },
        overrides_mute: dice.one_in(4),
        acknowledge: false,
    }
}

fn target(dice: &mut Dice<'_>, directory: &Directory) -> Target {
    let number = dice.below(5);
    match dice.below(8) {
        0 | 1 => Target::Role(id(dice.word(&ROLES))),
        // Numbers may be higher than what there is: dangling names tell nobody.
        2 => Target::Group(id(&format!("group-{number}"))),
        3 => Target::Person(id(&format!("person-{number}"))),
        4 => Target::Contacts(dice.one_in(2).then(|| id(&format!("org-{}", number % 3)))),
        5 => Target::Destination(id(&format!("destination-{number}"))),
        6 => Target::ServiceDestinations,
        _ if directory.people.is_empty() => Target::ServiceDestinations,
        _ => Target::Leads,
    }
}

fn situation(dice: &mut Dice<'_>, directory: &Directory) -> Situation {
    let mut services = BTreeMap::new();
    for service in directory.services.keys() {
        if dice.one_in(2) {
            let relation = *dice.pick(&[
                Relation::Affected,
                Relation::Affected,
                Relation::Upstream,
                Relation::Downstream,
            ]);
            services.insert(service.clone(), relation);
        }
    }
    if dice.one_in(12) {
        services.insert(id("gone-service"), Relation::Affected);
    }
    let mut leads = BTreeMap::new();
    for role in LeadRole::ALL {
        if dice.one_in(3) {
            leads.insert(role, id(&format!("person-{}", dice.below(6))));
        }
    }
    let added = (0..dice.below(3))
        .map(|number| ByHand {
            who: if dice.one_in(3) {
                RecipientId::Destination(id(&format!("destination-{}", dice.below(4))))
            } else {
                RecipientId::Person(id(&format!("person-{}", dice.below(6))))
            },
            audience: *dice.pick(&Audience::ALL),
            channels: (0..dice.below(3))
                .map(|_| id(dice.word(&CHANNELS)))
                .collect(),
            note: format!("note {number}"),
            by: "Priya Shah".to_owned(),
        })
        .collect();
    let mut muted = BTreeMap::new();
    if dice.one_in(3) {
        muted.insert(
            id(&format!("person-{}", dice.below(6))),
            monday() + Duration::hours(dice.below(5) as i64 * 6 - 6),
        );
    }
    Situation {
        priority: id(dice.word(&["P1", "P1", "P2", "P1", "P2", "P3", "P9"])),
        kind: *dice.pick(&Kind::ALL),
        stage: *dice.pick(&[Stage::Investigating, Stage::Monitoring]),
        moment: *dice.pick(&MOMENTS),
        services,
        leads,
        added,
        muted,
        users_contact: *dice.pick(&[Some(true), None, Some(false)]),
        restricted: dice.one_in(5),
        now: monday()
            + Duration::hours(*dice.pick(&[0, 10]))
            + Duration::days(*dice.pick(&[0, 1, 2])),
    }
}

fn bad(dice: &mut Dice<'_>, directory: &Directory) -> Vec<BadAddress> {
    let mut bad = Vec::new();
    for person in directory.people.values() {
        for known in &person.addresses {
            if dice.one_in(25) {
                bad.push(BadAddress {
                    channel: known.channel.clone(),
                    address: Address::new(&known.address.as_str().to_lowercase()),
                    since: monday(),
                    sentence: "The address does not exist.".to_owned(),
                    helps: String::new(),
                });
            }
        }
    }
    bad
}

//! An organisation of 10,000 people as the files that are imported, and beside each person whom a
//! P1 concerns, written down by hand, what they must read as their reason.

use std::collections::BTreeMap;

const PEOPLE: usize = 10_000;
/// Every fourth person is told.
pub(super) const TOLD: usize = PEOPLE / 4;
/// Half of them muted, half without an address.
pub(super) const MATCHED_BUT_NOT_SENT_TO: usize = 50;
const PROVIDERS: usize = 20;

/// The affected services. The first depends on `northshire-sign-in`, and `apply-to-train` depends
/// on the second.
pub(super) const A: &str = "register-trainees";
pub(super) const B: &str = "find-courses";

/// Priorities and rules. Those of P2 and of neighbours downstream would reach many more people.
pub(super) const POLICY: &str = r#"
organisation = "Northshire Learning Agency"
time_zone = "Europe/London"
outside_hold = "0s"

[working_hours]
days = ["Mon", "Tue", "Wed", "Thu", "Fri"]
from = "09:00"
until = "17:30"

[[priorities]]
id = "P1"
meaning = "most users are affected"
cadence = { every = "1h" }

[[priorities]]
id = "P2"
meaning = "a good part of the users is affected"
cadence = { every = "2h" }

[[rules]]
id = "owners"
says = "P1 tells service owners"
when = { priority = "P1" }
tell = "role:service-owner"
audience = "owners"
by = { all = ["email"] }

[[rules]]
id = "engineers"
says = "Every incident tells tech leads"
when = {}
tell = "role:tech-lead"
audience = "responders"
by = { first_of = ["email"] }

[[rules]]
id = "architects"
says = "P1 tells the architects"
when = { priority = "P1" }
tell = "group:architecture-team"
audience = "owners"
by = { all = ["email"] }

[[rules]]
id = "upstream"
says = "P1 warns those on whom the affected services depend"
when = { priority = "P1", relation = "upstream" }
tell = "role:delivery-manager"
audience = "owners"
by = { all = ["email"] }

[[rules]]
id = "providers"
says = "P1 tells the contacts of training providers"
when = { priority = "P1" }
tell = "org:*"
audience = "external"
by = { all = ["email"] }

[[rules]]
id = "p2-testers"
says = "P2 tells testers and service support"
when = { priority = "P2" }
tell = ["role:tester", "group:service-support"]
audience = "responders"
by = { all = ["email"] }

[[rules]]
id = "grave-for-all"
says = "P1 on three services tells product managers"
when = { priority = "P1", services_affected_at_least = 3 }
tell = "role:product-manager"
audience = "owners"
by = { all = ["email"] }
"#;

const SERVICES: &str = "\
id,name,outside_name,depends_on
register-trainees,Register trainees,Training registration,northshire-sign-in
find-courses,Find courses,,
northshire-sign-in,Northshire sign-in,,
apply-to-train,Apply to train,,find-courses
check-a-certificate,Check a certificate,,
";

/// What somebody who is told must read.
pub(super) struct Told {
    pub(super) name: String,
    pub(super) audience: &'static str,
    /// The whole reason line.
    pub(super) reason: String,
}

impl Told {
    /// The reason lines in their mail's text and HTML.
    pub(super) fn printed(&self) -> [&str; 2] {
        [&self.reason; 2]
    }
}

/// The organisation.
pub(super) struct World {
    /// Everyone told, by address.
    pub(super) told: BTreeMap<String, Told>,
    /// Name and text of each file of the directory.
    pub(super) files: Vec<(&'static str, String)>,
}

impl World {
    /// The names of the files of the directory.
    pub(super) const FILES: [&'static str; 6] = [
        "organisations.csv",
        "services.csv",
        "people.csv",
        "groups.csv",
        "roles.csv",
        "contacts.csv",
    ];

    pub(super) fn new() -> Self {
        let mut build = Build::new();
        for number in 0..PEOPLE {
            build.person(number);
        }
        let [organisations, people, groups, roles, contacts] = build.lists;
        let texts = [
            organisations,
            SERVICES.to_owned(),
            people,
            groups,
            roles,
            contacts,
        ];
        Self {
            told: build.told,
            files: Self::FILES.into_iter().zip(texts).collect(),
        }
    }
}

struct Build {
    told: BTreeMap<String, Told>,
    /// Organisations, people, groups, roles and contacts, as rows.
    lists: [String; 5],
}

/// What a person is to the organisation.
enum Tie {
    Role(&'static str, &'static str),
    Group(&'static str),
    Contact(&'static str),
}

use Tie::{Contact, Group, Role};

impl Build {
    fn new() -> Self {
        let mut organisations = "id,name,external\n".to_owned();
        for number in 0..PROVIDERS {
            organisations += &format!("provider-{number},Provider {number},yes\n");
        }
        let groups =
            "id,name,people,groups\narchitecture-team,Architecture team,,data-architects\n";
        Self {
            told: BTreeMap::new(),
            lists: [
                organisations,
                "id,name,organisation,email,muted_until\n".to_owned(),
                groups.to_owned(),
                "service,role,person\n".to_owned(),
                "organisation,service,person\n".to_owned(),
            ],
        }
    }

    fn person(&mut self, number: usize) {
        let provider = number / 40 % PROVIDERS;
        let is_told = number.is_multiple_of(4);
        let ties: &[Tie] = if is_told {
            let (audience, ties, why) = concerned(number / 4 % 10, provider);
            let told = Told {
                name: name(number),
                audience,
                reason: format!("You get this because you are {why}."),
            };
            self.told.insert(address(number), told);
            ties
        } else if is_muted(number) || is_unreachable(number) {
            &[Role(A, "service-owner")]
        } else {
            not_concerned(number % 20)
        };
        let is_outside = ties.iter().any(|tie| matches!(tie, Contact(_)));
        let [_, people, groups, roles, contacts] = &mut self.lists;
        *people += &format!(
            "person-{number},{},{},{},{}\n",
            name(number),
            if is_outside {
                format!("provider-{provider}")
            } else {
                String::new()
            },
            if is_unreachable(number) {
                String::new()
            } else {
                address(number)
            },
            if is_muted(number) {
                "2099-01-01T00:00:00Z"
            } else {
                ""
            },
        );
        for tie in ties {
            match tie {
                Role(service, role) => *roles += &format!("{service},{role},person-{number}\n"),
                Contact(service) => {
                    *contacts += &format!("provider-{provider},{service},person-{number}\n");
                }
                Group(group) => {
                    let name = match *group {
                        "architecture-team" => "Architecture team",
                        "data-architects" => "Data architects",
                        _ => "Service support",
                    };
                    *groups += &format!("{group},{name},person-{number},\n");
                }
            }
        }
    }
}

fn name(number: usize) -> String {
    format!("Person {number}")
}

fn address(number: usize) -> String {
    format!("person-{number}@people.example")
}

fn is_muted(number: usize) -> bool {
    number % 4 == 1 && number < 2 * MATCHED_BUT_NOT_SENT_TO
}

fn is_unreachable(number: usize) -> bool {
    number % 4 == 2 && number < 2 * MATCHED_BUT_NOT_SENT_TO
}

/// The ten ways in which somebody is told: as which reader, through which ties, and why.
fn concerned(way: usize, provider: usize) -> (&'static str, &'static [Tie], String) {
    const SIGN_IN: &str = "northshire-sign-in";
    let (audience, ties, why): (_, &[Tie], _) = match way {
        0 => (
            "owners",
            &[Role(A, "service-owner")],
            "the service owner of Register trainees",
        ),
        1 => (
            "responders",
            &[Role(B, "tech-lead")],
            "the tech lead of Find courses",
        ),
        2 => (
            "responders",
            &[Role(A, "tech-lead"), Role(B, "tech-lead")],
            "the tech lead of Find courses and the tech lead of Register trainees,",
        ),
        3 => (
            "owners",
            &[Role(B, "service-owner"), Group("architecture-team")],
            "the service owner of Find courses and in the group Architecture team,",
        ),
        4 => (
            "owners",
            &[Group("architecture-team")],
            "in the group Architecture team",
        ),
        5 => (
            "owners",
            &[Group("data-architects")],
            "in the group Architecture team",
        ),
        6 => (
            "owners",
            &[Role(SIGN_IN, "delivery-manager")],
            "the delivery manager of Northshire sign-in, which an affected service depends on",
        ),
        7 => (
            "owners",
            &[
                Group("data-architects"),
                Role(SIGN_IN, "delivery-manager"),
                Role(A, "service-owner"),
            ],
            "the service owner of Register trainees and the delivery manager of Northshire \
             sign-in, which an affected service depends on,",
        ),
        8 => {
            let why = format!("the named contact of Provider {provider} for Training registration");
            return ("external", &[Contact(A)], why);
        }
        _ => {
            let why = format!(
                "the named contact of Provider {provider} for Find courses and the named contact \
                 of Provider {provider} for Training registration"
            );
            return ("external", &[Contact(A), Contact(B)], why);
        }
    };
    (audience, ties, format!("{why} and this is a P1"))
}

/// Ties through which nobody is told of this incident.
fn not_concerned(way: usize) -> &'static [Tie] {
    match way {
        1 => &[Role("check-a-certificate", "service-owner")],
        2 => &[Role(A, "tester"), Group("service-support")],
        3 => &[Contact("check-a-certificate")],
        5 => &[
            Role("apply-to-train", "delivery-manager"),
            Role("apply-to-train", "service-owner"),
        ],
        6 => &[Role(B, "product-manager")],
        7 => &[
            Group("service-support"),
            Role("check-a-certificate", "tech-lead"),
        ],
        9 => &[Role(A, "delivery-manager")],
        _ => &[],
    }
}

//! An organisation whose people have two ways each, and rules that drop some of them with the priority.

use std::fmt::Write;

use oyez::{
    app::App,
    domain::event::{Actor, Door},
};

/// People of the agency, each with Teams first and mail after it; every third hears of P1 alone.
const PEOPLE: usize = 150;
/// People of another organisation, by mail alone; their messages are held for ten seconds.
const OUTSIDE: usize = 30;

const POLICY: &str = r#"
organisation = "Northshire Learning Agency"
time_zone = "Europe/London"
outside_hold = "10s"

[working_hours]
days = ["Mon", "Tue", "Wed", "Thu", "Fri"]
from = "09:00"
until = "17:30"

[[priorities]]
id = "P1"
meaning = "most users are affected"
cadence = { every = "4h" }
deliver_within = "4h"
quick_fallback = true

[[priorities]]
id = "P3"
meaning = "few users are affected"
cadence = { every = "8h" }
deliver_within = "24h"

[[rules]]
id = "everybody"
says = "Every incident tells everybody"
when = {}
tell = "group:everybody"
audience = "owners"
by = { first_of = ["teams", "email"] }

[[rules]]
id = "p1-alone"
says = "P1 tells some more"
when = { priority = "P1" }
tell = "group:p1-alone"
audience = "owners"
by = { first_of = ["teams", "email"] }

[[rules]]
id = "providers"
says = "P1 tells the contacts of training providers"
when = { priority = "P1" }
tell = "org:*"
audience = "external"
by = { all = ["email"] }
"#;

/// Writes policy and directory.
pub(crate) async fn put_in_force(app: &App) {
    app.replace_directory(&directory())
        .await
        .expect("a directory");
    let by = Actor {
        id: "cli:race".to_owned(),
        person: None,
        name: "race".to_owned(),
        door: Door::Cli,
    };
    let applied = app.apply_policy_text(POLICY, &by, None, false).await;
    applied.expect("a policy");
}

fn directory() -> String {
    let mut text = String::from(
        "organisations:\n  - {id: northshire, name: Northshire Learning Agency, external: false}\n  \
         - {id: larkfield-training, name: Larkfield Training, external: true}\n\
         services:\n  - {id: register-trainees, name: Register trainees, outside_name: Register trainees}\n\
         people:\n",
    );
    for number in 0..PEOPLE {
        let _ = write!(
            text,
            "  - id: person-{number}\n    name: Person {number}\n    addresses:\n      \
             - teams: chat-{number}\n      - email: person-{number}@northshire.example\n"
        );
    }
    for number in 0..OUTSIDE {
        let _ = write!(
            text,
            "  - id: outside-{number}\n    name: Outside {number}\n    \
             organisation: larkfield-training\n    email: outside-{number}@larkfield.example\n"
        );
    }
    let ids = |some: &dyn Fn(&usize) -> bool| {
        let ids = (0..PEOPLE).filter(some);
        let ids: Vec<String> = ids.map(|number| format!("person-{number}")).collect();
        ids.join(", ")
    };
    let _ = write!(
        text,
        "groups:\n  - id: everybody\n    name: Everybody\n    people: [{}]\n  \
         - id: p1-alone\n    name: P1 alone\n    people: [{}]\ncontacts:\n",
        ids(&|number| number % 3 != 0),
        ids(&|number| number % 3 == 0),
    );
    for number in 0..OUTSIDE {
        let _ = writeln!(
            text,
            "  - {{organisation: larkfield-training, service: register-trainees, \
             person: outside-{number}}}"
        );
    }
    text
}

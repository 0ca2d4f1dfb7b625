#![allow(
    clippy::panic,
    reason = "a test that finds no fault where one must be says so by panicking"
)]

use super::*;
use crate::domain::{
    directory::{
        Destination, Directory, Group, Member, Organisation, Person, RoleHolding, Service,
    },
    incident::{LeadRole, Stage},
    policy::{By, Hours, LateTo, Rhythm, Target},
    situation::Relation,
};
use std::collections::BTreeSet;

const START: &str = r#"
organisation = "Northshire Learning Agency"
time_zone = "Europe/London"
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
meaning = "some users are affected"
cadence = { every = "2h", monitoring = { cron = "0 10 * * Mon-Fri", working_hours = true } }
"#;

fn good(rest: &str) -> Policy {
    let text = format!("{START}{rest}");
    read(&text).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The line within `rest` and the message of each fault.
fn faults(rest: &str) -> Vec<(usize, String)> {
    let text = format!("{START}{rest}");
    let before = START.lines().count();
    let Err(faults) = read(&text) else {
        panic!("there is no fault in {rest}");
    };
    for fault in &faults {
        assert!(fault.message.ends_with('.'), "{fault}");
        assert!(!fault.fix.is_empty(), "{fault}");
    }
    faults
        .into_iter()
        .map(|fault| (fault.line.unwrap() - before, fault.message))
        .collect()
}

fn rule(body: &str) -> String {
    format!(
        "[[rules]]\nid = \"one\"\nsays = \"P1 tells service owners\"\naudience = \"owners\"\n{body}\n"
    )
}

#[test]
fn a_rule_reads_with_all_its_conditions() {
    let policy = good(&rule(
        r#"
        by = { first_of = ["teams_workflow", "email"] }
        tell = ["role:service-owner", "group:architecture-team", "person:dana-whitlock",
                "destination:sd-incidents-teams", "destination:service", "leads"]
        overrides_mute = true
        acknowledge = true
        [rules.when]
        priority = "P1"
        service = { not = "data-hub" }
        tag = ["public", "bigquery"]
        programme = { any = ["teaching"], not = ["data"] }
        tier = [1, 2]
        relation = ["upstream", "downstream"]
        depth = 2
        stage = { not = ["closed"] }
        moment = "declared"
        kind = { any = ["technical"] }
        hours = { not = "inside" }
        services_affected_at_least = 2
        "#,
    ));
    let rule = &policy.rules[0];
    assert_eq!(rule.when.priority.any, ["P1".parse().unwrap()]);
    assert_eq!(rule.when.service.none, ["data-hub".parse().unwrap()]);
    assert_eq!(
        rule.when.relation.any,
        [Relation::Upstream, Relation::Downstream]
    );
    assert_eq!(rule.when.depth, 2);
    assert_eq!(rule.when.hours, Some(Hours::Outside));
    assert_eq!(rule.when.services_affected_at_least, 2);
    assert_eq!(rule.when.stage.none, [Stage::Closed]);
    assert_eq!(rule.tell.len(), 6);
    assert_eq!(rule.tell[4], Target::ServiceDestinations);
    assert!(rule.overrides_mute);
    assert!(rule.acknowledge);
    assert!(matches!(&rule.by, By::FirstOf(names) if names.len() == 2));
}

#[test]
fn what_a_policy_leaves_out_has_the_usual_value() {
    let policy = good(&rule(
        "when = {}\ntell = \"role:service-owner\"\nby = { all = \"email\" }",
    ));
    let when = &policy.rules[0].when;
    assert!(!policy.rules[0].acknowledge);
    assert_eq!(when.relation.any, [Relation::Affected]);
    assert_eq!(when.depth, 1);
    assert_eq!(policy.outside_hold, Duration::seconds(10));
    assert_eq!(policy.ladder.prompt_lead, Duration::minutes(10));
    assert_eq!(policy.ladder.late_to[0], LateTo::Lead(LeadRole::Tech));
    assert_eq!(policy.priorities[0].factors_needed, 1);
}

#[test]
fn one_cadence_serves_all_stages_and_a_stage_may_have_its_own() {
    let policy = good("");
    let p2 = &policy.priorities[1].cadence;
    assert_eq!(
        p2[&Stage::Investigating].rhythm,
        Rhythm::Every(Duration::hours(2))
    );
    assert_eq!(
        p2[&Stage::Monitoring].rhythm,
        Rhythm::Cron("0 10 * * Mon-Fri".to_owned())
    );
    assert!(p2[&Stage::Monitoring].working_hours);
    assert_eq!(p2.len(), 3);
}

#[test]
fn every_fault_of_a_text_comes_in_one_run_with_its_line() {
    let found = faults(
        r#"[[rules]]
id = "one"
says = "P1 tells service owners"
audience = "owner"
when = { priority = "P4", moment = "declard", relation = "sideways" }
tell = ["rol:service-owner", "role:Service Owner"]
by = { all = [] }
colour = "red"

[[factors]]
id = "most-users"
text = "Most users"
priority = "P7"

[[ceilings]]
at_most = "P2"
reason = 3
"#,
    );
    let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [4, 5, 5, 5, 6, 6, 7, 8, 13, 15, 17], "{found:#?}");
    assert_eq!(found[0].1, "\"owner\" is not an audience.");
    assert_eq!(found[1].1, "There is no priority \"P4\".");
    assert!(found[9].1.contains("covers no service"));
}

#[test]
fn a_misspelt_name_is_met_with_the_nearest() {
    let text = format!(
        "{START}{}",
        rule(
            "when = { moment = \"declard\" }\ntell = \"leads\"\nby = { all = \"email\" }\nover_mute = true"
        )
    );
    let faults = read(&text).unwrap_err();
    assert_eq!(faults[0].fix, "Did you mean declared?");
    assert!(faults[1].fix.contains("overrides_mute"), "{}", faults[1]);
}

#[test]
fn columns_point_at_the_value() {
    let text = format!("second_person = [\"external\", \"outsiders\"]\n{START}");
    let faults = read(&text).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].line, faults[0].column), (Some(1), Some(30)));
}

#[test]
fn a_text_that_is_not_toml_still_has_its_other_faults_listed() {
    let found = faults("[[factors]]\nid = \"a\ntext = \"A\"\npriority = \"P9\"\n");
    assert!(
        found
            .iter()
            .any(|(line, why)| *line == 2 && why.starts_with("This is not TOML"))
    );
    assert!(
        found
            .iter()
            .any(|(line, why)| *line == 4 && why.contains("P9")),
        "{found:#?}"
    );
}

#[test]
fn single_faults_are_found() {
    let by = "by = { all = \"email\" }\n";
    for (rest, expected) in [
        (
            "[[priorities]]\nid = \"P3\"\nmeaning = \"few\"\ncadence = { identified = { every = \"1h\" } }\n".to_owned(),
            "There is no cadence for the stage investigating, monitoring.",
        ),
        (
            "[[priorities]]\nid = \"P1\"\nmeaning = \"few\"\ncadence = { every = \"1h\" }\n".to_owned(),
            "The priority P1 is there twice.",
        ),
        (
            "[[priorities]]\nid = \"P3\"\nmeaning = \"few\"\ncadence = { cron = \"0 10 * * 1-5\" }\n".to_owned(),
            "does not name its days of the week",
        ),
        (
            "[[priorities]]\nid = \"P3\"\nmeaning = \"few\"\ncadence = { every = \"1m\" }\n".to_owned(),
            "This length of time is too short.",
        ),
        (rule("when = {}\ntell = \"leads\""), "does not say on which channels"),
        (rule(&format!("when = {{}}\ntell = \"org:*\"\n{by}")), "more than outsiders may read"),
        (rule(&format!("when = {{ depth = 2 }}\ntell = \"leads\"\n{by}")), "means nothing for affected services"),
        (rule(&format!("when = {{ hours = {{ any = \"inside\", not = \"inside\" }} }}\ntell = \"leads\"\n{by}")), "neither inside nor outside"),
        (rule("when = {}\ntell = \"leads\"\nby = { all = \"capture\" }"), "Practice capture"),
        (rule(&format!("tell = \"leads\"\n{by}")), "The key `when` is missing in rule one."),
        (rule(&format!("when = {{}}\ntell = []\n{by}")), "This rule tells nobody."),
        (rule("when = {}\ntell = \"destination:service\"\nacknowledge = true\n"), "tells no people"),
        (format!("{0}{0}", rule(&format!("when = {{}}\ntell = \"leads\"\n{by}"))), "The rule one is there twice, first on line"),
        (
            "[[seasons]]\nservices = \"a\"\nfrom_priority = \"P1\"\ncounts_as = \"P2\"\nfrom = \"07-01\"\nuntil = \"10-31\"\nreason = \"x\"\n".to_owned(),
            "A season raises, and P2 is not graver than P1.",
        ),
        (
            "[[seasons]]\nservices = \"a\"\nfrom_priority = \"P2\"\ncounts_as = \"P1\"\nfrom = \"13-01\"\nuntil = \"10-31\"\nreason = \"x\"\n".to_owned(),
            "\"13-01\" is not a day of the year.",
        ),
        ("[ladder]\nlate_to = [\"lead:boss\"]\n".to_owned(), "\"lead:boss\" names nobody"),
        ("[ladder]\nsnoozes = -1\n".to_owned(), "-1 is not a number that fits here."),
    ] {
        let found = faults(&rest);
        assert_eq!(found.len(), 1, "{rest}: {found:#?}");
        assert!(found[0].1.contains(expected), "{}", found[0].1);
    }
}

fn directory() -> Directory {
    let mut directory = Directory::default();
    for (id, external) in [("northshire", false), ("larkfield-training", true)] {
        let organisation = Organisation {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            external,
            contacts: BTreeSet::new(),
        };
        directory
            .organisations
            .insert(organisation.id.clone(), organisation);
    }
    for (id, organisation) in [
        ("dana-whitlock", None),
        ("amara-nwosu", Some("larkfield-training")),
    ] {
        let person = Person {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            organisation: organisation.map(|id: &str| id.parse().unwrap()),
            addresses: Vec::new(),
            time_zone: None,
            working_hours: None,
            muted_until: None,
        };
        directory.people.insert(person.id.clone(), person);
    }
    let destination = Destination {
        id: "sd-incidents-teams".parse().unwrap(),
        name: "SD Incidents".to_owned(),
        channel: "teams_workflow".parse().unwrap(),
        address: crate::domain::Address::new("https://teams.northshire.example/1"),
        organisation: None,
    };
    let service = Service {
        id: "register-trainees".parse().unwrap(),
        name: "Register trainees".to_owned(),
        outside_name: None,
        programme: Some("teaching".to_owned()),
        tags: BTreeSet::from(["public".to_owned()]),
        tier: Some(1),
        organisation: None,
        depends_on: BTreeSet::new(),
        status_page: None,
        support_queue: None,
        disaster_recovery: None,
        destinations: vec![destination.id.clone()],
    };
    directory.roles.insert(RoleHolding {
        service: service.id.clone(),
        role: "service-owner".parse().unwrap(),
        person: "dana-whitlock".parse().unwrap(),
    });
    directory.roles.insert(RoleHolding {
        service: service.id.clone(),
        role: "programme-delivery-manager".parse().unwrap(),
        person: "dana-whitlock".parse().unwrap(),
    });
    directory.services.insert(service.id.clone(), service);
    directory
        .destinations
        .insert(destination.id.clone(), destination);
    for (id, members) in [
        ("outer", vec![Member::Group("inner".parse().unwrap())]),
        (
            "inner",
            vec![Member::Person("amara-nwosu".parse().unwrap())],
        ),
    ] {
        let group = Group {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            members: members.into_iter().collect(),
        };
        directory.groups.insert(group.id.clone(), group);
    }
    directory
}

fn checked(rest: &str, directory: &Directory) -> Vec<Fault> {
    let text = format!("{START}{rest}");
    let (policy, places) = read_with_places(&text).unwrap();
    let channels = ["email", "teams_workflow"].map(|name| name.parse().unwrap());
    check(&policy, directory, &places, Some(&channels.into()))
}

#[test]
fn a_policy_that_fits_the_directory_has_no_faults() {
    let rules = rule(
        "when = { service = \"register-trainees\", tag = \"public\", programme = \"teaching\" }\ntell = [\"role:service-owner\", \"person:dana-whitlock\", \"destination:service\", \"leads\"]\nby = { all = \"email\" }",
    );
    assert_eq!(checked(&rules, &directory()), []);
}

#[test]
fn names_that_lead_nowhere_are_found_on_the_line_of_their_rule() {
    let rules = rule(
        "when = { service = \"register-trainee\" }\ntell = [\"person:dana\", \"group:outr\", \"destination:nowhere\"]\nby = { all = [\"email\", \"emial\"] }",
    );
    let found = checked(&rules, &directory());
    let expected = [
        ("service \"register-trainee\"", "register-trainees"),
        ("person \"dana\"", "dana-whitlock"),
        ("group \"outr\"", "outer"),
        ("destination \"nowhere\"", "sd-incidents-teams"),
        ("channel \"emial\"", "email"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (fault, (message, fix)) in found.iter().zip(expected) {
        assert!(fault.message.contains(message), "{fault}");
        assert!(fault.fix.contains(fix), "{fault}");
        assert_eq!(fault.line, Some(START.lines().count() + 1));
    }
}

#[test]
fn no_rule_may_tell_an_outsider_what_is_for_insiders() {
    for (tell, faulty) in [
        ("person:amara-nwosu", true),
        ("group:outer", true),
        ("person:dana-whitlock", false),
    ] {
        let rules = rule(&format!(
            "when = {{}}\ntell = \"{tell}\"\nby = {{ all = \"email\" }}"
        ));
        let found = checked(&rules, &directory());
        assert_eq!(!found.is_empty(), faulty, "{tell}: {found:?}");
        let outside = rules.replace("\"owners\"", "\"external\"");
        assert_eq!(checked(&outside, &directory()), []);
    }
}

#[test]
fn a_destination_has_one_readership() {
    let first = rule("when = {}\ntell = \"destination:sd-incidents-teams\"");
    let second = rule("when = {}\ntell = \"destination:service\"")
        .replace("\"one\"", "\"two\"")
        .replace("\"owners\"", "\"responders\"");
    let found = checked(&format!("{first}{second}"), &directory());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0]
            .message
            .starts_with("Rule two: The destination sd-incidents-teams")
    );
}

#[test]
fn groups_that_contain_themselves_are_named_once() {
    let mut directory = directory();
    let inner = directory.groups.get_mut(&"inner".parse().unwrap()).unwrap();
    inner
        .members
        .insert(Member::Group("outer".parse().unwrap()));
    let found = checked("", &directory);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        found[0].message,
        "The group inner contains itself: inner contains outer contains inner."
    );
    let mut selfish = self::directory();
    let inner = selfish.groups.get_mut(&"inner".parse().unwrap()).unwrap();
    inner
        .members
        .insert(Member::Group("inner".parse().unwrap()));
    let found = checked("", &selfish);
    assert_eq!(
        found[0].message,
        "The group inner contains itself: inner contains inner."
    );
}

#[test]
fn days_may_run_over_the_end_of_the_week_and_hours_over_midnight() {
    let text = START
        .replace(
            "[\"Mon\", \"Tue\", \"Wed\", \"Thu\", \"Fri\"]",
            "[\"Sat-Mon\", \"Mon\", \"Wed\"]",
        )
        .replace("from = \"09:00\"", "from = \"22:00\"")
        .replace("0 10 * * Mon-Fri", "0 9 * * Fri-Mon")
        .replace("Europe/London", "GMT Standard Time");
    let policy = read(&text).unwrap();
    use chrono::Weekday::{Mon, Sat, Sun, Wed};
    assert_eq!(policy.working_hours.days, [Sat, Sun, Mon, Wed]);
    assert!(policy.working_hours.until < policy.working_hours.from);
    assert_eq!(policy.time_zone, chrono_tz::Europe::London);
}

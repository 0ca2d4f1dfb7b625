//! Small cases in words; `tests/it/resolution_oracle.rs` has the many random ones.

use std::collections::BTreeSet;

use super::*;
use crate::domain::{
    PersonId,
    directory::{
        BadAddress, Contact, Destination, Directory, Group, Member, Organisation, Person,
        PersonAddress, RoleHolding, Service,
    },
    incident::{Kind, LeadRole, Stage},
    notification::Moment,
    policy_file,
    situation::{ByHand, Relation, Situation},
    time::Time,
};

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
cadence = { every = "2h" }
"#;

/// Monday at 1pm.
fn monday() -> Time {
    "2026-11-23T13:00:00Z".parse().unwrap()
}

fn person(id: &str, name: &str, addresses: &[(&str, &str)]) -> Person {
    Person {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        organisation: None,
        addresses: addresses
            .iter()
            .map(|(channel, address)| PersonAddress {
                channel: channel.parse().unwrap(),
                address: Address::new(address),
            })
            .collect(),
        time_zone: None,
        working_hours: None,
        muted_until: None,
    }
}

/// Register trainees depends on Northshire Sign-in. Dana owns the first, Helen the second; Priya
/// and Tom share a mailbox and are on call; Amara is a contact outside.
fn directory() -> Directory {
    let mut directory = Directory::default();
    for (id, name, depends_on) in [
        (
            "register-trainees",
            "Register trainees",
            Some("northshire-sign-in"),
        ),
        ("northshire-sign-in", "Northshire Sign-in", None),
    ] {
        let service = Service {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            outside_name: None,
            programme: None,
            tags: BTreeSet::from(["public".to_owned()]),
            tier: Some(1),
            organisation: None,
            depends_on: depends_on
                .into_iter()
                .map(|id: &str| id.parse().unwrap())
                .collect(),
            status_page: None,
            support_queue: None,
            disaster_recovery: None,
            destinations: vec!["incidents".parse().unwrap()],
        };
        directory.services.insert(service.id.clone(), service);
    }
    for person in [
        person(
            "dana-whitlock",
            "Dana Whitlock",
            &[("email", "dana@northshire.example"), ("notify_sms", "1")],
        ),
        person(
            "helen-marsh",
            "Helen Marsh",
            &[("email", "helen@northshire.example")],
        ),
        person(
            "priya-shah",
            "Priya Shah",
            &[("email", "on-call@northshire.example")],
        ),
        person(
            "tom-okafor",
            "Tom Okafor",
            &[("email", "On-Call@northshire.example")],
        ),
        person(
            "amara-nwosu",
            "Amara Nwosu",
            &[("email", "amara@larkfield-training.example")],
        ),
        person("ann-other", "Ann Other", &[]),
    ] {
        directory.people.insert(person.id.clone(), person);
    }
    let mut larkfield = Organisation {
        id: "larkfield-training".parse().unwrap(),
        name: "Larkfield Training".to_owned(),
        external: true,
        contacts: BTreeSet::new(),
    };
    larkfield.contacts.insert(Contact {
        service: "register-trainees".parse().unwrap(),
        person: "amara-nwosu".parse().unwrap(),
    });
    let amara = directory
        .people
        .get_mut(&"amara-nwosu".parse::<PersonId>().unwrap())
        .unwrap();
    amara.organisation = Some(larkfield.id.clone());
    directory
        .organisations
        .insert(larkfield.id.clone(), larkfield);
    for (service, person) in [
        ("register-trainees", "dana-whitlock"),
        ("northshire-sign-in", "helen-marsh"),
    ] {
        directory.roles.insert(RoleHolding {
            service: service.parse().unwrap(),
            role: "service-owner".parse().unwrap(),
            person: person.parse().unwrap(),
        });
    }
    let group = Group {
        id: "on-call".parse().unwrap(),
        name: "On call".to_owned(),
        members: ["priya-shah", "tom-okafor"]
            .map(|id| Member::Person(id.parse().unwrap()))
            .into(),
    };
    directory.groups.insert(group.id.clone(), group);
    let destination = Destination {
        id: "incidents".parse().unwrap(),
        name: "Incidents channel".to_owned(),
        channel: "teams_workflow".parse().unwrap(),
        address: Address::new("https://teams.northshire.example/1"),
        organisation: None,
    };
    directory
        .destinations
        .insert(destination.id.clone(), destination);
    directory
}

fn rule(id: &str, when: &str, tell: &str, more: &str) -> String {
    let audience = if more.contains("audience") {
        ""
    } else {
        "audience = \"owners\"\n"
    };
    let by = if more.contains("by =") {
        ""
    } else {
        "by = { all = [\"email\"] }\n"
    };
    format!(
        "[[rules]]\nid = \"{id}\"\nsays = \"Rule {id}\"\nwhen = {when}\ntell = {tell}\n{audience}{by}{more}\n"
    )
}

fn compiled_with(rules: &str, directory: Directory, bad: &[BadAddress]) -> Compiled {
    let policy = policy_file::read(&format!("{START}{rules}")).unwrap();
    let channels = ["email", "teams_workflow"].map(|name| name.parse().unwrap());
    Compiled::new(Arc::new(policy), Arc::new(directory), &channels.into(), bad)
}

fn compiled(rules: &str) -> Compiled {
    compiled_with(rules, directory(), &[])
}

fn situation() -> Situation {
    Situation {
        priority: "P1".parse().unwrap(),
        kind: Kind::Technical,
        stage: Stage::Investigating,
        moment: Moment::Declared,
        services: [("register-trainees".parse().unwrap(), Relation::Affected)].into(),
        leads: [].into(),
        added: Vec::new(),
        muted: [].into(),
        users_contact: None,
        restricted: false,
        now: monday(),
    }
}

fn who(person: &str) -> RecipientId {
    RecipientId::Person(person.parse().unwrap())
}

fn told(resolution: &Resolution) -> Vec<&str> {
    resolution
        .recipients
        .iter()
        .map(|one| one.who.as_str())
        .collect()
}

fn texts(reasons: &[Reason]) -> Vec<&str> {
    reasons.iter().map(|reason| &*reason.text).collect()
}

#[test]
fn an_owner_upstream_hears_why_it_concerns_them() {
    let rules = rule(
        "walk",
        "{ relation = [\"affected\", \"upstream\"] }",
        "\"role:service-owner\"",
        "",
    );
    let resolution = compiled(&rules).resolve(&situation());
    assert_eq!(told(&resolution), ["dana-whitlock", "helen-marsh"]);
    assert_eq!(
        texts(&resolution.recipients[1].reasons),
        ["the service owner of Northshire Sign-in, which an affected service depends on"]
    );
    assert_eq!(
        resolution.recipients[1].reasons[0].standing,
        Standing::Related
    );
}

#[test]
fn people_who_share_a_mailbox_count_as_one_message() {
    let resolution = compiled(&rule("call", "{}", "\"group:on-call\"", "")).resolve(&situation());
    let totals = resolution.totals();
    assert_eq!((totals.people, totals.messages), (2, 1));
}

#[test]
fn an_incident_of_which_no_service_is_known_still_tells_those_who_need_none() {
    let rules = rule(
        "call",
        "{ priority = \"P1\" }",
        "[\"group:on-call\", \"role:service-owner\"]",
        "",
    ) + &rule(
        "tagged",
        "{ tag = \"public\" }",
        "\"person:helen-marsh\"",
        "",
    );
    let mut situation = situation();
    situation.services.clear();
    assert_eq!(
        told(&compiled(&rules).resolve(&situation)),
        ["priya-shah", "tom-okafor"]
    );
}

#[test]
fn hours_are_those_of_the_organisation_and_its_zone() {
    let rules = rule("night", "{ hours = \"outside\" }", "\"group:on-call\"", "");
    let compiled = compiled(&rules);
    let told_at = |now: &str| {
        let mut situation = situation();
        situation.now = now.parse().unwrap();
        compiled.resolve(&situation).recipients.len()
    };
    assert_eq!(told_at("2026-11-23T09:00:00Z"), 0);
    assert_eq!(told_at("2026-11-23T17:29:59Z"), 0);
    assert_eq!(told_at("2026-11-23T17:30:00Z"), 2);
    // In summer London is an hour ahead of UTC.
    assert_eq!(told_at("2026-07-06T08:00:00Z"), 0);
    assert_eq!(told_at("2026-07-06T07:59:59Z"), 2);
    assert_eq!(told_at("2026-11-22T13:00:00Z"), 2);
}

#[test]
fn an_address_that_was_refused_is_named_with_the_day_and_the_sentence() {
    let bad = BadAddress {
        channel: "email".parse().unwrap(),
        address: Address::new("dana@northshire.example"),
        since: "2026-11-02T23:30:00Z".parse().unwrap(),
        sentence: "The mailbox does not exist.".to_owned(),
        helps: "It is used again in thirty days.".to_owned(),
    };
    let rules = rule(
        "own",
        "{}",
        "\"role:service-owner\"",
        "by = { all = [\"email\", \"notify_sms\"] }",
    );
    let compiled = compiled_with(&rules, directory(), &[bad]);
    let mut situation = situation();
    situation.priority = "P2".parse().unwrap();
    let resolution = compiled.resolve(&situation);
    assert_eq!(resolution.withheld[0].because, WithheldBecause::Unreachable);
    assert_eq!(
        resolution.withheld[0].sentence,
        "No usable address on email or notify_sms. The channel notify_sms is off. The address on email was refused on 2 November 2026: The mailbox does not exist. It is used again in thirty days."
    );
    // At the gravest priority it is tried, because there is no other way.
    situation.priority = "P1".parse().unwrap();
    let resolution = compiled.resolve(&situation);
    assert_eq!(told(&resolution), ["dana-whitlock"]);
    let choice = &resolution.recipients[0].choices[0];
    assert_eq!(choice.address.as_str(), "dana@northshire.example");
}

#[test]
fn a_mute_gives_way_to_a_rule_that_overrides_it_and_in_the_directory_to_a_person() {
    let quiet = rule("own", "{}", "\"role:service-owner\"", "");
    let loud = rule(
        "own",
        "{}",
        "\"role:service-owner\"",
        "overrides_mute = true",
    );
    let dana: PersonId = "dana-whitlock".parse().unwrap();
    let mut muted = directory();
    let until = monday() + chrono::Duration::days(2);
    muted.people.get_mut(&dana).unwrap().muted_until = Some(until);

    let resolution = compiled_with(&quiet, muted.clone(), &[]).resolve(&situation());
    assert_eq!(resolution.withheld[0].because, WithheldBecause::Muted);
    assert_eq!(
        resolution.withheld[0].sentence,
        "Muted until 1pm on 25 November 2026."
    );
    let resolution = compiled_with(&loud, muted.clone(), &[]).resolve(&situation());
    assert_eq!(told(&resolution), ["dana-whitlock"]);

    let mut added = situation();
    added.added.push(ByHand {
        who: who("dana-whitlock"),
        audience: Audience::Responders,
        channels: Vec::new(),
        note: "she asked".to_owned(),
        by: "Priya Shah".to_owned(),
    });
    let resolution = compiled_with(&quiet, muted.clone(), &[]).resolve(&added);
    assert_eq!(resolution.recipients[0].audience, Audience::Responders);
    // Only what reaches through the mute gives a reason.
    assert_eq!(
        texts(&resolution.recipients[0].reasons),
        ["added by Priya Shah: she asked"]
    );
    added.muted.insert(dana, until);
    let resolution = compiled_with(&quiet, muted, &[]).resolve(&added);
    assert_eq!(resolution.withheld[0].because, WithheldBecause::Muted);
}

#[test]
fn people_who_left_are_named_as_such() {
    let mut situation = situation();
    situation
        .leads
        .insert(LeadRole::Tech, "long-gone".parse().unwrap());
    let resolution = compiled(&rule("leads", "{}", "\"leads\"", "")).resolve(&situation);
    assert_eq!(
        resolution.withheld[0].sentence,
        "No longer in the directory."
    );
    assert_eq!(texts(&resolution.withheld[0].reasons), ["the tech lead"]);
}

#[test]
fn somebody_whom_no_rule_matched_learns_what_the_nearest_lacks() {
    let rules = rule(
        "far",
        "{ priority = \"P2\", kind = \"security\" }",
        "\"role:service-owner\"",
        "",
    ) + &rule(
        "near",
        "{ priority = \"P2\" }",
        "\"role:service-owner\"",
        "",
    );
    let compiled = compiled(&rules);
    let explain = |person: &str| compiled.explain(&situation(), &who(person)).sentence();
    assert_eq!(
        explain("dana-whitlock"),
        "Dana Whitlock is not told. The nearest rule is \"Rule near\". It is for P2, and this is a P1."
    );
    assert_eq!(
        explain("helen-marsh"),
        "Helen Marsh is not told. The nearest rule is \"Rule near\". It is for P2, and this is a P1. It is for affected services, and Northshire Sign-in is not touched."
    );
    assert_eq!(
        explain("priya-shah"),
        "Priya Shah is not told. No rule names them."
    );
    assert_eq!(
        explain("nobody-here"),
        "The directory does not know nobody-here."
    );
}

#[test]
fn somebody_who_is_told_or_withheld_is_explained_by_that() {
    let rules = rule(
        "own",
        "{}",
        "[\"role:service-owner\", \"person:ann-other\"]",
        "",
    );
    let compiled = compiled(&rules);
    let explain = |person: &str| compiled.explain(&situation(), &who(person)).sentence();
    assert_eq!(
        explain("dana-whitlock"),
        "Dana Whitlock is told by email: the service owner of Register trainees."
    );
    assert_eq!(
        explain("ann-other"),
        "Ann Other is not told. No usable address on email."
    );
}

fn findings(rules: &str) -> Vec<(FindingKind, String)> {
    let findings = compiled(rules).lint(monday()).into_iter();
    findings
        .filter(|one| one.kind != FindingKind::NoSeniorContact)
        .map(|one| (one.kind, format!("{} {}", one.sentence, one.fix)))
        .collect()
}

fn check_finding(rules: &str, kind: FindingKind, words: &str) {
    let found = findings(rules);
    assert_eq!(found.len(), 1, "{rules}: {found:?}");
    assert_eq!(found[0].0, kind);
    assert!(found[0].1.contains(words), "{}", found[0].1);
}

#[test]
fn rules_that_reach_nobody_are_found() {
    let nobody = FindingKind::ReachesNobody;
    check_finding(
        &rule("a", "{}", "\"role:service-owners\"", ""),
        nobody,
        "did you mean service-owner?",
    );
    check_finding(
        &rule("a", "{}", "\"person:ann-other\"", ""),
        nobody,
        "has a usable address",
    );
    check_finding(
        &rule(
            "a",
            "{ service = \"northshire-sign-in\" }",
            "\"org:*\"",
            "audience = \"external\"",
        ),
        nobody,
        "nobody in the directory",
    );
    check_finding(
        &rule("a", "{}", "[\"leads\", \"person:ann-other\"]", ""),
        FindingKind::TargetReachesNobody,
        "by person:ann-other: nobody it names has a usable address",
    );
}

#[test]
fn each_of_several_whom_a_rule_tells_is_looked_at() {
    check_finding(
        &rule(
            "a",
            "{}",
            "[\"group:on-call\", \"role:service-owners\"]",
            "",
        ),
        FindingKind::TargetReachesNobody,
        "Rule a tells nobody by role:service-owners: nobody in the directory is named by it. Nobody \
         holds the role service-owners; did you mean service-owner?",
    );
    // What is not in the directory at all is a fault of the policy, and is not told twice.
    assert_eq!(
        findings(&rule(
            "a",
            "{}",
            "[\"group:on-call\", \"group:no-such\"]",
            ""
        )),
        []
    );
}

#[test]
fn a_rule_on_a_restricted_kind_that_can_tell_nobody_of_it_is_found() {
    let silent = FindingKind::SilentWhenRestricted;
    let security = "{ kind = \"security\" }";
    check_finding(
        &rule(
            "a",
            security,
            "\"role:service-owner\"",
            "audience = \"external\"",
        ),
        silent,
        "Rule a tells nobody of a restricted incident (security): nobody outside hears of it.",
    );
    check_finding(
        &rule(
            "a",
            "{ kind = [\"technical\", \"data_breach\"] }",
            "\"destination:service\"",
            "",
        ),
        silent,
        "(data breach): destination:service does not count there. Name the destination itself.",
    );
    for told in [
        "\"role:service-owner\"",
        "\"destination:incidents\"",
        "\"leads\"",
    ] {
        assert_eq!(findings(&rule("a", security, told, "")), [], "{told}");
    }
}

#[test]
fn rules_that_name_no_kind_are_said_to_tell_no_one_of_a_restricted_incident() {
    let notes = |rules: &str| compiled(rules).notes_on_restricted();
    let every = rule("every", "{}", "\"role:service-owner\"", "");
    let mixed = rule(
        "mixed",
        "{ priority = \"P1\" }",
        "[\"leads\", \"group:on-call\"]",
        "",
    );
    let named = rule(
        "named",
        "{ kind = [\"security\", \"data_breach\"] }",
        "\"leads\"",
        "",
    );
    assert_eq!(
        notes(&format!("{every}{mixed}{named}")),
        [
            "An incident of the kind data breach or security is restricted, and only rules that name \
             its kind tell roles, leads and channels of it. So these rules tell no one of one, though \
             their conditions hold: every. These tell only the people and groups that they name: \
             mixed."
        ]
    );
    assert_eq!(notes(&named), Vec::<String>::new());
    let silent = notes(&every);
    assert_eq!(silent.len(), 3, "{silent:?}");
    assert!(
        silent[2]
            .starts_with("No rule tells anybody of a restricted incident of the kind security")
    );
}

#[test]
fn rules_that_can_never_match_are_found() {
    for (when, words) in [
        (
            "{ priority = { any = \"P1\", not = \"P1\" } }",
            "no priority",
        ),
        ("{ tag = \"secret\" }", "no service in the directory"),
        (
            "{ tag = { not = \"public\" } }",
            "no service in the directory",
        ),
        (
            "{ moment = \"prompt\" }",
            "no moment that rules are asked about",
        ),
        (
            "{ stage = { not = [\"investigating\", \"identified\", \"monitoring\", \"resolved\", \"closed\", \"cancelled\"] } }",
            "no stage",
        ),
        ("{ services_affected_at_least = 3 }", "the directory has 2"),
    ] {
        check_finding(
            &rule("a", when, "\"group:on-call\"", ""),
            FindingKind::NeverMatches,
            words,
        );
    }
}

#[test]
fn a_rule_that_another_covers_is_found_and_of_two_equals_the_later() {
    let wide = rule(
        "wide",
        "{}",
        "[\"role:service-owner\", \"group:on-call\"]",
        "",
    );
    for narrow in [
        rule(
            "narrow",
            "{ priority = \"P1\" }",
            "\"role:service-owner\"",
            "",
        ),
        rule(
            "narrow",
            "{ service = \"register-trainees\" }",
            "\"person:tom-okafor\"",
            "",
        ),
        rule("narrow", "{ hours = \"inside\" }", "\"group:on-call\"", ""),
        rule(
            "zzz",
            "{}",
            "[\"group:on-call\", \"role:service-owner\"]",
            "",
        ),
    ] {
        check_finding(
            &format!("{wide}{narrow}"),
            FindingKind::Covered,
            "rule wide tells the same people",
        );
    }
    for other in [
        rule("narrow", "{ priority = \"P1\" }", "\"leads\"", ""),
        rule(
            "narrow",
            "{ kind = \"technical\" }",
            "\"role:service-owner\"",
            "",
        ),
        rule(
            "narrow",
            "{ relation = \"upstream\" }",
            "\"role:service-owner\"",
            "",
        ),
        rule(
            "narrow",
            "{}",
            "\"role:service-owner\"",
            "overrides_mute = true",
        ),
        rule(
            "narrow",
            "{}",
            "\"role:service-owner\"",
            "audience = \"responders\"",
        ),
        rule(
            "narrow",
            "{}",
            "\"role:service-owner\"",
            "by = { first_of = [\"email\"] }",
        ),
    ] {
        assert_eq!(findings(&format!("{wide}{other}")), [], "{other}");
    }
}

#[test]
fn ceilings_and_seasons_for_no_service_are_found() {
    check_finding(
        "[[ceilings]]\ntags = \"bigquery\"\nat_most = \"P2\"\nreason = \"It can wait.\"\n",
        FindingKind::CoversNothing,
        "The ceiling at P2",
    );
}

#[test]
fn services_without_a_senior_contact_at_the_gravest_priority_are_found() {
    let senior = |rules: &str| {
        let found = compiled(rules).lint(monday()).into_iter();
        found
            .filter(|one| one.kind == FindingKind::NoSeniorContact)
            .filter_map(|one| one.service.map(|id| id.to_string()))
            .collect::<Vec<_>>()
    };
    let both = ["northshire-sign-in", "register-trainees"];
    assert_eq!(
        senior(&rule(
            "p1",
            "{ priority = \"P1\" }",
            "\"role:service-owner\"",
            ""
        )),
        Vec::<String>::new()
    );
    assert_eq!(
        senior(&rule(
            "p2",
            "{ priority = \"P2\" }",
            "\"role:service-owner\"",
            ""
        )),
        both
    );
    assert_eq!(senior(&rule("call", "{}", "\"group:on-call\"", "")), both);
    assert_eq!(
        senior(&rule(
            "one",
            "{ service = \"register-trainees\" }",
            "\"role:service-owner\"",
            ""
        )),
        ["northshire-sign-in"]
    );
}

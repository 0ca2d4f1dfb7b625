//! The policies that Oyez ships, beside the directory of the fictional organisation.

use std::{collections::BTreeSet, sync::Arc};

use oyez::{
    domain::{
        Address, Audience, ChannelName, Time,
        directory::Directory,
        incident::{Kind, Stage},
        notification::Moment,
        policy::Policy,
        policy_file::{check, read, read_with_places},
        resolution::{Compiled, FindingKind, Resolution, WithheldBecause},
        situation::{Relation, Situation},
    },
    files::{Input, Options, plan},
};

use crate::support::at;

const STARTING_POINT: &str = include_str!("../../config/policy.toml");
const NORTHSHIRE: &str = include_str!("../../config/northshire/policy.toml");
const DIRECTORY: &str = include_str!("../../config/northshire/directory.yaml");

fn channels() -> BTreeSet<ChannelName> {
    let names = [
        "email",
        "notify_sms",
        "slack_webhook",
        "teams",
        "teams_workflow",
        "webhook",
    ];
    names
        .into_iter()
        .map(|name| name.parse().unwrap())
        .collect()
}

fn directory() -> Directory {
    let channels: Vec<ChannelName> = channels().into_iter().collect();
    let takes_all = |_: &ChannelName, text: &str| Ok(Address::new(text));
    let options = Options {
        prune: false,
        channels: &channels,
        check_address: &takes_all,
        means: &|text, _, address| text == address.as_str(),
        time_zone: chrono_tz::Europe::London,
    };
    let input = Input {
        name: "directory.yaml".to_owned(),
        bytes: DIRECTORY.as_bytes().to_vec(),
    };
    let plan = plan(&Directory::default(), &[input], &options);
    assert_eq!(plan.problems, []);
    plan.result
}

fn northshire() -> Policy {
    read(NORTHSHIRE).unwrap()
}

fn compiled(policy: Policy) -> Compiled {
    Compiled::new(Arc::new(policy), Arc::new(directory()), &channels(), &[])
}

/// Monday at 1pm.
fn monday() -> Time {
    at("2026-11-23T13:00:00Z")
}

fn situation(priority: &str, service: &str) -> Situation {
    Situation {
        priority: priority.parse().unwrap(),
        kind: Kind::Technical,
        stage: Stage::Investigating,
        moment: Moment::Declared,
        services: [(service.parse().unwrap(), Relation::Affected)].into(),
        leads: [].into(),
        added: Vec::new(),
        muted: [].into(),
        users_contact: None,
        restricted: false,
        now: monday(),
    }
}

fn told(resolution: &Resolution, audience: Audience) -> Vec<&str> {
    resolution
        .recipients
        .iter()
        .filter(|one| one.audience == audience)
        .map(|one| one.who.as_str())
        .collect()
}

#[test]
fn both_shipped_policies_fit_the_directory_and_the_channels() {
    for text in [STARTING_POINT, NORTHSHIRE] {
        let (policy, places) = read_with_places(text).unwrap();
        assert_eq!(places.len(), policy.rules.len());
        assert_eq!(check(&policy, &directory(), &places, Some(&channels())), []);
    }
}

#[test]
fn the_starting_point_fits_a_directory_that_is_still_empty() {
    let (policy, places) = read_with_places(STARTING_POINT).unwrap();
    let empty = Directory::default();
    assert_eq!(check(&policy, &empty, &places, None), []);
}

#[test]
fn northshire_has_fourteen_rules_and_none_of_them_is_odd() {
    let policy = northshire();
    assert_eq!(policy.rules.len(), 14);
    assert_eq!(compiled(policy).lint(monday()), []);
}

#[test]
fn the_starting_point_leaves_no_service_without_a_senior_contact() {
    let findings = compiled(read(STARTING_POINT).unwrap()).lint(monday());
    let senior = |kind| kind == FindingKind::NoSeniorContact;
    assert!(!findings.iter().any(|one| senior(one.kind)), "{findings:?}");
}

#[test]
fn the_commented_rules_of_the_starting_point_are_sound() {
    let (start, commented) = STARTING_POINT
        .split_once("# Rules that need names of your own directory")
        .unwrap();
    let rules: String = commented
        .lines()
        .skip(1)
        .map(|line| {
            format!(
                "{}\n",
                line.trim_start_matches("# ").trim_start_matches('#')
            )
        })
        .collect();
    let policy = read(&format!("{start}{rules}")).unwrap();
    assert_eq!(
        policy.rules.len(),
        read(STARTING_POINT).unwrap().rules.len() + 4
    );
}

#[test]
fn a_p1_on_register_trainees_tells_owners_seniors_team_neighbours_and_lead_providers() {
    let resolution = compiled(northshire()).resolve(&situation("P1", "register-trainees"));
    assert_eq!(
        told(&resolution, Audience::Owners),
        [
            "dana-whitlock",
            "elena-petrova",
            "fiona-mcrae",
            "judith-harcourt",
            "leah-simmons",
            "owen-garside",
            "ravi-menon"
        ]
    );
    assert_eq!(
        told(&resolution, Audience::External),
        [
            "amara-nwosu",
            "david-oyelaran",
            "joe-lambert",
            "marta-kowalska",
            "neil-draper",
            "sian-pritchard"
        ]
    );
    // 60 people are in the directory.
    assert_eq!(resolution.totals().people, 42);
    let responders = told(&resolution, Audience::Responders);
    for expected in [
        "priya-shah",
        "aisha-karim",
        "sd-incidents-teams",
        "patrick-quinn",
    ] {
        assert!(responders.contains(&expected), "{expected}: {responders:?}");
    }
    assert_eq!(told(&resolution, Audience::Users), Vec::<&str>::new());
    let undecided: Vec<&str> = resolution
        .withheld
        .iter()
        .filter(|one| one.because == WithheldBecause::NoUsersDecision)
        .map(|one| one.who.as_str())
        .collect();
    assert_eq!(undecided, ["status-mailbox"]);

    let reasons = |id: &str| -> Vec<String> {
        let mut recipients = resolution.recipients.iter();
        let one = recipients.find(|one| one.who.as_str() == id).unwrap();
        one.reasons.iter().map(|it| it.text.to_string()).collect()
    };
    assert_eq!(
        reasons("dana-whitlock"),
        ["the service owner of Register trainees"]
    );
    assert_eq!(
        reasons("amara-nwosu"),
        ["the named contact of Larkfield Training for Register trainees"]
    );
}

#[test]
fn a_security_incident_tells_only_those_whom_a_rule_names_for_it() {
    let mut situation = situation("P1", "register-trainees");
    situation.kind = Kind::Security;
    situation.restricted = true;
    let resolution = compiled(northshire()).resolve(&situation);
    let everyone: Vec<&str> = resolution
        .recipients
        .iter()
        .map(|one| one.who.as_str())
        .collect();
    let mut sorted = everyone.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "bronwen-hughes",
            "dana-whitlock",
            "dev-patel",
            "ingrid-holm",
            "judith-harcourt",
            "naomi-clarke",
            "tariq-aziz",
            "wei-zhang"
        ]
    );
}

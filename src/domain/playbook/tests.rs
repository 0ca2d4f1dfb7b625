//! What is left to do, and for whom.

use std::collections::BTreeSet;

use super::*;
use crate::domain::{
    event::{AffectedAnswer, Event},
    fixture::{Log, at, declared, directory, id, policy},
};

fn log() -> Log {
    let mut log = Log::default();
    log.write(
        at("2026-11-23T13:20:00Z"),
        declared(at("2026-11-23T14:40:00Z")),
    );
    log
}

fn items(incident: &Incident) -> Vec<Item> {
    playbook(incident, &directory(), &policy())
}

fn item(incident: &Incident, step: &str) -> Option<Item> {
    items(incident)
        .into_iter()
        .find(|item| item.id.as_str() == step)
}

fn fixed() -> Log {
    let mut log = log();
    let now = at("2026-11-23T16:00:00Z");
    let resolved = Event::Resolved {
        at: now,
        text: "It works.".to_owned(),
        lost: None,
        still_stuck: None,
    };
    log.write(now, resolved);
    log
}

#[test]
fn every_step_has_an_id_that_can_be_recorded() {
    let ids: BTreeSet<StepId> = STEPS.into_iter().map(id).collect();
    assert_eq!(ids.len(), STEPS.len());
    let shown = items(&fixed().incident());
    assert!(shown.iter().all(|item| ids.contains(&item.id)));
    let order: Vec<usize> = shown.iter().map(|item| position(&item.id)).collect();
    assert!(order.is_sorted());
}

#[test]
fn what_the_incident_shows_is_done_without_being_recorded() {
    let mut incident = log().incident();
    let state = |incident: &Incident, step| item(incident, step).unwrap().state;
    assert_eq!(state(&incident, APPOINT_COMMS), StepState::Done);
    assert_eq!(state(&incident, DECIDE_USERS), StepState::Open);
    incident.leads.clear();
    incident.users_contact = Some(false);
    assert_eq!(state(&incident, APPOINT_COMMS), StepState::Open);
    assert_eq!(state(&incident, DECIDE_USERS), StepState::Done);
}

#[test]
fn a_step_belongs_to_somebody_and_has_its_link() {
    let recovery = item(&log().incident(), DISASTER_RECOVERY).unwrap();
    assert_eq!(recovery.person, Some(id("tom-okafor")));
    // The affected service has no procedure of its own, but stands on one that has.
    assert_eq!(
        recovery.link.as_deref(),
        Some("https://northshire.example/recovery")
    );
}

#[test]
fn a_step_that_was_recorded_keeps_its_reason() {
    let mut log = log();
    let recorded = Event::StepRecorded {
        step: id(START_REPORT),
        state: StepState::NotNeeded,
        note: Some("Covered by INC-0007".to_owned()),
    };
    log.write(at("2026-11-23T13:30:00Z"), recorded);
    let report = item(&log.incident(), START_REPORT).unwrap();
    assert_eq!(report.state, StepState::NotNeeded);
    assert_eq!(report.note.as_deref(), Some("Covered by INC-0007"));
}

#[test]
fn other_services_are_asked_until_each_has_answered() {
    let mut log = log();
    let directory = directory();
    assert_eq!(
        services_to_ask(&log.incident(), &directory),
        [id("sign-in")]
    );
    assert!(
        item(&log.incident(), ASK_OTHERS)
            .unwrap()
            .words
            .contains("sign in")
    );
    let answered = Event::AffectedAnswered {
        service: id("sign-in"),
        answer: AffectedAnswer::No,
        person: None,
    };
    log.write(at("2026-11-23T13:30:00Z"), answered);
    assert_eq!(
        item(&log.incident(), ASK_OTHERS).unwrap().state,
        StepState::Done
    );
}

#[test]
fn the_review_comes_after_the_fix_and_nothing_after_a_mistake() {
    let incident = log().incident();
    assert_eq!(item(&incident, HOLD_REVIEW), None);
    assert!(item(&incident, REPORT_MAJOR).is_some());
    let incident = fixed().incident();
    assert!(item(&incident, HOLD_REVIEW).is_some());
    assert_eq!(item(&incident, CLOSE).unwrap().state, StepState::Open);
    let mut cancelled = fixed();
    cancelled.write(
        at("2026-11-23T16:10:00Z"),
        Event::Cancelled {
            why: "By mistake.".to_owned(),
        },
    );
    assert_eq!(items(&cancelled.incident()), []);
}

#[test]
fn a_restricted_incident_has_no_public_steps_and_a_breach_has_its_own() {
    let mut incident = log().incident();
    assert!(item(&incident, UPDATE_DASHBOARD).is_some());
    assert_eq!(item(&incident, LINK_SECURITY), None);
    incident.restricted = true;
    incident.kind = Kind::DataBreach;
    assert_eq!(item(&incident, UPDATE_DASHBOARD), None);
    assert!(item(&incident, LINK_SECURITY).is_some());
}

#[test]
fn an_exercise_is_reported_to_nobody_outside() {
    let mut incident = log().incident();
    incident.exercise = true;
    assert_eq!(item(&incident, REPORT_MAJOR), None);
}

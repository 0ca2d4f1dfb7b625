//! Every form, what was said in it, and what it comes to.

use std::collections::BTreeSet;

use super::{verbs::fields, *};
use crate::domain::{
    fixture::{self, at, id},
    incident::Stage,
};

fn with<T>(ask: impl FnOnce(&Scene<'_>) -> T) -> T {
    ask(&Scene {
        directory: &fixture::directory(),
        policy: &fixture::policy(),
        now: at("2026-11-23T14:31:00Z"),
        here: None,
        leads: &BTreeSet::new(),
    })
}

fn filled(values: &[(&str, &str)]) -> Filled {
    let own = |(id, value): &(&str, &str)| ((*id).to_owned(), (*value).to_owned());
    values.iter().map(own).collect()
}

#[test]
fn a_new_incident_is_declared_from_its_form() {
    let values = filled(&[
        ("title", "Providers cannot sign in"),
        ("priority", "P1"),
        ("services", "register-trainees,sign-in"),
        ("effect", "I do not know yet"),
        ("who", " "),
        ("started", "1:20pm"),
    ]);
    let asked = with(|scene| read(scene, Verb::Open, None, &values)).unwrap();
    let Asked::Declare(declare) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(declare.priority, Some(id("P1")));
    assert_eq!(declare.services.len(), 2);
    assert_eq!(declare.facts.effect.as_deref(), Some("I do not know yet"));
    assert_eq!(declare.facts.who, None);
    assert_eq!(declare.started_at, Some(at("2026-11-23T13:20:00Z")));
}

#[test]
fn six_answers_at_most_are_needed_and_an_empty_one_is_named() {
    for entry in &crate::domain::verbs::VERBS {
        let fields = with(|scene| fields(scene, entry.verb)).unwrap_or_default();
        assert!(fields.iter().filter(|field| field.needed).count() <= 6);
        assert!(fields.len() <= 11, "{}", entry.chat);
    }
    let refusal = with(|scene| read(scene, Verb::Open, None, &Filled::new())).unwrap_err();
    assert!(
        refusal.sentence.contains("What can people not do?"),
        "{refusal}"
    );
    let incident = Some(IncidentId(42));
    let late = filled(&[("title", "a"), ("priority", "P1"), ("started", "soon")]);
    let refusal = with(|scene| read(scene, Verb::Open, None, &late)).unwrap_err();
    assert_eq!(refusal.code, "bad-time");
    let refusal = with(|scene| read(scene, Verb::Mute, incident, &late)).unwrap_err();
    assert_eq!(refusal.code, "no-form");
}

#[test]
fn what_was_said_is_in_the_form_already() {
    let opening = Opening {
        title: "It fails".to_owned(),
        priority: Some(id("P2")),
        services: [id("sign-in")].into(),
    };
    let reply = with(|scene| open(scene, &opening));
    let values: Vec<&str> = reply
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Field(field) => Some(field.value.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(values[..3], ["It fails", "P2", "sign-in"]);
}

#[test]
fn every_form_of_a_change_comes_to_its_command() {
    let incident = Some(IncidentId(42));
    for (verb, values) in [
        (
            Verb::Update,
            vec![("text", "Half are back"), ("stage", "monitoring")],
        ),
        (Verb::Resolve, vec![("text", "All are back")]),
        (
            Verb::Priority,
            vec![("priority", "P2"), ("why", "Half are back")],
        ),
        (
            Verb::Decide,
            vec![("answer", "no"), ("reason", "It is over soon")],
        ),
        (
            Verb::Close,
            vec![("report", "https://northshire.example/report")],
        ),
        (Verb::Note, vec![("text", "Rang them")]),
        (Verb::Reopen, vec![("why", "It fails again")]),
        (Verb::Cancel, vec![("why", "A test")]),
    ] {
        let asked = with(|scene| read(scene, verb, incident, &filled(&values)));
        assert!(
            matches!(asked, Ok(Asked::Change(IncidentId(42), _))),
            "{verb:?}: {asked:?}"
        );
    }
    let update = filled(&[("text", "Half are back"), ("stage", "monitoring")]);
    let asked = with(|scene| read(scene, Verb::Update, incident, &update)).unwrap();
    let Asked::Change(_, command) = asked else {
        panic!("{asked:?}");
    };
    let Command::Update { stage, .. } = *command else {
        panic!("{command:?}");
    };
    assert_eq!(stage, Some(Stage::Monitoring));
}

//! Which timers stand, and what they do when they go off.

use std::collections::BTreeSet;

use chrono::Duration;

use super::{Answer, Fire, Rung, answer, fire, ladder, promise_record};
use crate::domain::{
    Audience, Time,
    event::{Event, Frozen, RungKind},
    fixture::{Log, at, declared, directory, id, policy},
    incident::{Incident, LeadRole},
    policy::{LateTo, Policy},
};

const DUE: &str = "2026-11-23T14:40:00Z";

fn minutes(offset: i64) -> Time {
    at(DUE) + Duration::minutes(offset)
}

fn log() -> Log {
    let mut log = Log::default();
    log.write(minutes(-60), declared(at(DUE)));
    log
}

fn rungs(incident: &Incident, policy: &Policy, now: Time) -> Vec<(&'static str, i64)> {
    ladder(incident, policy, &directory(), now)
        .into_iter()
        .map(|rung| (rung.kind.as_str(), (rung.at - at(DUE)).num_minutes()))
        .collect()
}

fn fired(log: &Log, kind: RungKind, policy: &Policy, now: Time) -> Option<Fire> {
    let incident = log.incident();
    let rungs = ladder(&incident, policy, &directory(), now);
    let rung = rungs.iter().find(|rung| rung.kind == kind).unwrap();
    fire(rung, &incident, policy, &directory(), now)
}

fn people(fire: Option<Fire>) -> Vec<String> {
    let to = match fire.map(|fire| fire.event) {
        Some(
            Event::Prompted { to, .. } | Event::Overdue { to, .. } | Event::Reminded { to, .. },
        ) => to,
        _ => BTreeSet::new(),
    };
    to.iter().map(ToString::to_string).collect()
}

#[test]
fn a_promise_has_its_four_steps() {
    assert_eq!(
        rungs(&log().incident(), &policy(), minutes(-60)),
        [
            ("prompt-lead", -10),
            ("prompt-others", -5),
            ("overdue", 0),
            ("escalate", 10)
        ]
    );
}

#[test]
fn of_the_steps_slept_through_only_the_gravest_goes_off() {
    let incident = log().incident();
    for (now, expected) in [
        (-3, vec!["prompt-others", "overdue", "escalate"]),
        (2, vec!["overdue", "escalate"]),
        (600, vec!["escalate"]),
    ] {
        let kinds: Vec<&str> = rungs(&incident, &policy(), minutes(now))
            .into_iter()
            .map(|(kind, _)| kind)
            .collect();
        assert_eq!(kinds, expected, "{now} minutes after");
    }
}

#[test]
fn whoever_slept_through_a_milder_step_hears_of_the_graver_one() {
    assert_eq!(
        people(fired(
            &log(),
            RungKind::PromptOthers,
            &policy(),
            minutes(-3)
        )),
        ["mei-lin", "priya-shah", "tom-okafor"]
    );
    assert_eq!(
        people(fired(&log(), RungKind::Escalate, &policy(), minutes(600))),
        ["olu-ade", "priya-shah", "tom-okafor"]
    );
}

#[test]
fn each_step_tells_its_own_people_and_is_climbed_once() {
    let mut log = log();
    let policy = policy();
    for (kind, now, expected) in [
        (RungKind::PromptLead, -10, vec!["priya-shah"]),
        (RungKind::PromptOthers, -5, vec!["mei-lin", "tom-okafor"]),
        (RungKind::Overdue, 0, vec!["priya-shah"]),
        (RungKind::Escalate, 10, vec!["olu-ade", "tom-okafor"]),
    ] {
        let fire = fired(&log, kind, &policy, minutes(now)).unwrap();
        assert_eq!(people(Some(fire.clone())), expected);
        log.write(minutes(now), fire.event);
        let left = ladder(&log.incident(), &policy, &directory(), minutes(now));
        assert!(left.iter().all(|rung| rung.kind > kind), "{left:?}");
    }
}

#[test]
fn a_step_says_how_late_it_is() {
    let fire = fired(&log(), RungKind::Escalate, &policy(), minutes(125)).unwrap();
    assert!(matches!(
        fire.event,
        Event::Overdue {
            minutes_late: 125,
            ..
        }
    ));
}

#[test]
fn an_answer_takes_the_old_steps_down_and_puts_new_ones_up() {
    let mut log = log();
    let next = minutes(60);
    log.write(
        minutes(-9),
        Event::NothingChanged {
            audiences: Audience::ALL.into(),
            promised: Audience::ALL.map(|audience| (audience, next)).into(),
            holding_line: false,
        },
    );
    assert_eq!(
        rungs(&log.incident(), &policy(), minutes(-9)),
        [
            ("prompt-lead", 50),
            ("prompt-others", 55),
            ("overdue", 60),
            ("escalate", 70)
        ]
    );
}

#[test]
fn the_earliest_promise_is_the_one_at_stake() {
    let mut log = log();
    log.write(
        minutes(-40),
        Event::NothingChanged {
            audiences: [Audience::Responders, Audience::Owners].into(),
            promised: [
                (Audience::Responders, minutes(20)),
                (Audience::Owners, minutes(20)),
            ]
            .into(),
            holding_line: false,
        },
    );
    let incident = log.incident();
    assert_eq!(
        incident.next_promise(),
        Some((at(DUE), BTreeSet::from([Audience::External])))
    );
    assert_eq!(
        rungs(&incident, &policy(), minutes(-40))[0],
        ("prompt-lead", -10)
    );
}

#[test]
fn a_snooze_silences_prompts_and_nothing_else() {
    let mut log = log();
    log.write(
        minutes(-9),
        Event::Snoozed {
            until: minutes(6),
            count: 1,
        },
    );
    assert_eq!(
        rungs(&log.incident(), &policy(), minutes(-9)),
        [
            ("overdue", 0),
            ("prompt-lead", 6),
            ("escalate", 10),
            ("prompt-others", 11)
        ]
    );
    // It does not move the promise.
    assert_eq!(log.incident().next_promise().unwrap().0, at(DUE));
    // The next prompt is a timer of its own, and stands although the overdue one went off.
    let key = |log: &Log, now| {
        let rungs = ladder(&log.incident(), &policy(), &directory(), now);
        rungs
            .iter()
            .find(|rung| rung.kind == RungKind::PromptLead)
            .map(Rung::key)
    };
    assert_eq!(
        key(&log, minutes(7)).as_deref(),
        Some("2026-11-23T14:40:00.000000Z/prompt-lead/1")
    );
    log.write(
        minutes(6),
        Event::Snoozed {
            until: minutes(21),
            count: 2,
        },
    );
    assert_eq!(
        key(&log, minutes(22)).as_deref(),
        Some("2026-11-23T14:40:00.000000Z/prompt-lead/2")
    );
}

#[test]
fn without_a_comms_lead_the_prompt_finds_somebody() {
    let directory = directory();
    let policy = policy();
    let mut incident = log().incident();
    let rung = ladder(&incident, &policy, &directory, minutes(-10))[0];
    let to = |incident: &Incident| people(fire(&rung, incident, &policy, &directory, minutes(-10)));
    incident.leads.remove(&LeadRole::Comms);
    incident.declared_by = Some(id("olu-ade"));
    assert_eq!(to(&incident), ["olu-ade"]);
    incident.declared_by = Some(id("left-long-ago"));
    assert_eq!(to(&incident), ["mei-lin", "tom-okafor"]);
    incident.leads.clear();
    assert_eq!(to(&incident), ["dana-whitlock"]);
    incident.restricted = true;
    assert_eq!(to(&incident), Vec::<String>::new());
}

#[test]
fn outsiders_are_not_told_that_we_are_late_because_of_a_role_or_group() {
    let mut policy = policy();
    policy.ladder.late_to = vec![
        LateTo::Role(id("programme-delivery-manager")),
        LateTo::Group(id("directors")),
        LateTo::Person(id("nobody-known")),
    ];
    let mut log = log();
    let overdue = fired(&log, RungKind::Overdue, &policy, minutes(0)).unwrap();
    log.write(minutes(0), overdue.event);
    assert_eq!(
        people(fired(&log, RungKind::Escalate, &policy, minutes(10))),
        ["olu-ade"]
    );
}

#[test]
fn a_holding_line_goes_to_those_to_whom_we_are_late_and_keeps_their_promise() {
    let mut policy = policy();
    let mut log = Log::default();
    let mut first = declared(at(DUE));
    if let Event::Declared {
        holding_line,
        promised,
        ..
    } = &mut first
    {
        *holding_line = Some("We are still working on it.".to_owned());
        promised.insert(Audience::Owners, minutes(90));
    }
    log.write(minutes(-60), first);
    assert!(
        !rungs(&log.incident(), &policy, minutes(0))
            .iter()
            .any(|(kind, _)| *kind == "holding-line")
    );
    policy.ladder.holding_line_after = Some(Duration::minutes(15));
    let fire = fired(&log, RungKind::HoldingLine, &policy, minutes(15)).unwrap();
    let Event::NothingChanged {
        audiences,
        promised,
        holding_line: true,
    } = &fire.event
    else {
        panic!("{fire:?}");
    };
    assert_eq!(
        *audiences,
        BTreeSet::from([Audience::Responders, Audience::External])
    );
    assert_eq!(promised[&Audience::External], minutes(75));
    log.write(minutes(15), fire.event);
    assert_eq!(log.incident().next_promise().unwrap().0, minutes(75));
    let late: Vec<u32> = promise_record(&log.0)
        .iter()
        .map(|kept| kept.minutes_late)
        .collect();
    assert_eq!(late, [15, 15]);
}

#[test]
fn a_tap_sends_the_words_it_showed_or_nothing() {
    let mut log = log();
    let Some(Fire { event, .. }) = fired(&log, RungKind::PromptLead, &policy(), minutes(-10))
    else {
        panic!("nobody was prompted");
    };
    log.write(minutes(-10), event);
    let incident = log.incident();
    let seen = incident.revision;
    assert!(matches!(
        answer(&incident, seen, minutes(10)),
        Answer::Frozen(Frozen { promised, .. }) if promised[&Audience::External] == minutes(60)
    ));
    assert_eq!(answer(&incident, seen, minutes(11)), Answer::Stale);
    assert_eq!(answer(&incident, seen + 1, minutes(0)), Answer::Stale);
    log.write(
        minutes(-8),
        Event::LeadAppointed {
            role: LeadRole::Comms,
            person: id("dana-whitlock"),
            from: None,
            note: None,
        },
    );
    assert_eq!(answer(&log.incident(), seen, minutes(0)), Answer::Stale);
}

#[test]
fn after_the_fix_what_is_left_is_named_at_ten_on_each_working_day() {
    let mut log = log();
    let policy = policy();
    // Christmas Eve, a Thursday; then a bank holiday, a weekend and another bank holiday.
    let fixed = at("2026-12-24T15:00:00Z");
    log.write(
        fixed,
        Event::Resolved {
            at: fixed,
            text: "It works.".to_owned(),
            lost: None,
            still_stuck: None,
        },
    );
    let next = |log: &Log| ladder(&log.incident(), &policy, &directory(), fixed)[0];
    assert_eq!(next(&log).at, at("2026-12-29T10:00:00Z"));
    // Slept until Thursday: it goes off once, late, and then on the next working day.
    let rung = next(&log);
    let now = at("2026-12-31T12:00:00Z");
    let fire = fire(&rung, &log.incident(), &policy, &directory(), now).unwrap();
    assert_eq!(people(Some(fire.clone())), ["priya-shah"]);
    log.write(now, fire.event);
    assert_eq!(next(&log).at, at("2027-01-01T10:00:00Z"));
    // Every step done or not needed: silence.
    for step in crate::domain::playbook::STEPS {
        log.write(
            now,
            Event::StepRecorded {
                step: id(step),
                state: crate::domain::event::StepState::NotNeeded,
                note: Some("An exercise in silence".to_owned()),
            },
        );
    }
    assert_eq!(ladder(&log.incident(), &policy, &directory(), now), []);
}

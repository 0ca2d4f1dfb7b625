use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    domain::{
        IncidentId,
        decide::{Context, Sending, decide, declare},
        directory::Directory,
        event::{Actor, Door, Event, Record},
        fixture,
        incident::{Incident, Stage},
    },
    files::incidents::{Act, Story, read},
};

const TEXT: &str = include_str!("../../../config/northshire/incidents.yaml");

/// Gives a story's commands one after the other, each at its time.
fn replay(story: &Story, directory: &Directory) -> Incident {
    let policy = fixture::policy();
    let id = IncidentId(1);
    let mut log: Vec<Record> = Vec::new();
    for (now, step) in story.times(fixture::at("2026-11-23T12:00:00Z"), policy.time_zone) {
        let person = &directory.people[&step.by];
        let actor = Actor {
            id: format!("person:{}", person.id),
            person: Some(person.id.clone()),
            name: person.name.clone(),
            door: Door::Web,
        };
        let incidents = BTreeSet::from([id]);
        let sending: BTreeMap<u32, Sending> = BTreeMap::new();
        let context = Context {
            policy: &policy,
            directory,
            now,
            actor: &actor,
            log: &log,
            incidents: &incidents,
            sending: &sending,
        };
        let events: Vec<Event> = match &step.act {
            Act::Declare(command) => vec![declare(command, &context).unwrap()],
            Act::Command(command) => {
                let incident = Incident::from_log(id, &log).unwrap();
                decide(&incident, command, &context).unwrap()
            }
        };
        for event in events {
            log.push(Record {
                seq: u32::try_from(log.len()).unwrap() + 1,
                at: now,
                actor: actor.clone(),
                request_key: format!("story-{}", log.len()),
                event,
                said: None,
            });
        }
    }
    Incident::from_log(id, &log).unwrap()
}

#[test]
fn the_example_has_five_incidents_that_can_be_replayed_to_their_end() {
    let directory = northshire::northshire();
    let stories = read(TEXT).unwrap();
    assert_eq!(stories.len(), 5);
    for story in &stories {
        let incident = replay(story, &directory);
        assert!(
            matches!(incident.stage, Stage::Closed | Stage::Cancelled),
            "{} ends as {}",
            incident.title,
            incident.stage.label()
        );
    }
}

#[test]
fn the_last_one_was_fixed_twelve_days_ago() {
    let directory = northshire::northshire();
    let stories = read(TEXT).unwrap();
    let fixed = stories
        .iter()
        .filter_map(|story| replay(story, &directory).resolved_at)
        .max();
    let now = fixture::at("2026-11-23T12:00:00Z");
    assert_eq!(
        (now.date_naive() - fixed.unwrap().date_naive()).num_days(),
        12
    );
}

#[test]
fn a_correction_names_what_was_said() {
    for story in read(TEXT).unwrap() {
        for (nth, step) in story.steps.iter().enumerate() {
            let Act::Command(command) = &step.act else {
                continue;
            };
            if let crate::domain::command::Command::Correct { events, wrong, .. } = command.as_ref()
            {
                let event = usize::try_from(*events.first().unwrap()).unwrap();
                assert!(event <= nth, "it corrects something later");
                let said = format!("{:?}", story.steps[event - 1].act);
                assert!(said.contains(wrong.as_str()));
            }
        }
    }
}

#[test]
fn a_fault_in_a_story_is_named_with_its_line() {
    let fault =
        read("- days_ago: 1\n  steps:\n    - {at: \"09:00\", by: Not An Id}\n").unwrap_err();
    assert_eq!(fault.line, Some(3));
    let fault = read("- days_ago: 1\n  steps: []\n").unwrap_err();
    assert_eq!(fault.message, "Story 1 has no steps.");
    let backwards = "- days_ago: 1\n  steps:\n    - {at: \"09:00\", by: a, declare: {title: A}}\n    \
                     - {at: \"08:00\", by: a, command: {command: snooze}}\n";
    assert_eq!(
        read(backwards).unwrap_err().message,
        "Step 2 of story 1 is before the step before it."
    );
}

//! What stands above the fields of a form: what it is about, and what handing it in will do.

use super::super::{
    grammar::{Scene, Subject},
    reply::Piece,
};
use crate::domain::{
    clock::minutes_late,
    event::StepState,
    incident::LeadRole,
    playbook,
    time::Time,
    verbs::Verb,
    wording::{TimeWords, minutes_in_words},
};

/// So many steps are listed; the others are counted.
const STEPS: usize = 8;

/// The pieces above the fields.
pub(super) fn above(scene: &Scene<'_>, verb: Verb) -> Vec<Piece> {
    let Some(subject) = scene.subject else {
        return match verb {
            Verb::Open => vec![text(
                "It is fine not to know everything yet. Nothing is sent before you have seen who \
                 is told, and in which words.",
            )],
            _ => Vec::new(),
        };
    };
    match verb {
        Verb::Update => due(scene, subject).into_iter().collect(),
        Verb::Priority => vec![text(&format!("It is {} now.", subject.incident.priority))],
        Verb::Resolve => vec![text(
            "Everyone who was told of it is told that it is fixed, and how long it lasted.",
        )],
        Verb::Handover => handover(scene, subject),
        Verb::Decide => vec![
            text(
                "Users are contacted if they will be affected for a long time, or if it saves \
                 many support tickets. Decide it with all leads.",
            ),
            text(
                "Yes: users are told now, and with each update. No: they are told nothing. Either \
                 can be changed later.",
            ),
        ],
        Verb::Correct => vec![text(
            "The correction goes to exactly those who got the wrong message. Where the wrong words \
             are whole sentences of the title or of the facts, what is right takes their place. \
             Change what else is wrong there: later messages say it again.",
        )],
        Verb::Close => close(scene, subject),
        Verb::Mute => vec![text("Rules that override muting still tell them.")],
        _ => Vec::new(),
    }
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

/// What was promised, and how much time is left.
fn due(scene: &Scene<'_>, subject: Subject<'_>) -> Option<Piece> {
    let due = subject.incident.next_due()?;
    Some(text(&promise(scene, due)))
}

fn promise(scene: &Scene<'_>, due: Time) -> String {
    let clock = TimeWords::new(scene.policy.time_zone, scene.now);
    if due > scene.now {
        return format!("The next update is due by {}.", clock.when(due));
    }
    match minutes_late(due, scene.now) {
        0 => "The update is due now.".to_owned(),
        late => format!("The update is overdue by {}.", minutes_in_words(late)),
    }
}

fn handover(scene: &Scene<'_>, subject: Subject<'_>) -> Vec<Piece> {
    let facts = LeadRole::ALL.into_iter().map(|role| {
        let person = subject.incident.leads.get(&role);
        let name = person.map(|id| {
            let known = scene.directory.people.get(id);
            known.map_or_else(|| id.to_string(), |person| person.name.clone())
        });
        let label = match role {
            LeadRole::Comms => "Comms lead",
            LeadRole::Tech => "Tech lead",
            LeadRole::Support => "Support lead",
        };
        let name = name.unwrap_or_else(|| "nobody yet".to_owned());
        (label.to_owned(), name)
    });
    let mut gets = "Whoever takes over gets the story so far and your note".to_owned();
    if let Some(due) = subject.incident.next_due() {
        let clock = TimeWords::new(scene.policy.time_zone, scene.now);
        gets.push_str(&format!(
            ", and a comms lead the prompts, the next for {}",
            clock.when(due)
        ));
    }
    gets.push('.');
    vec![Piece::Facts(facts.collect()), text(&gets)]
}

fn close(scene: &Scene<'_>, subject: Subject<'_>) -> Vec<Piece> {
    let steps = playbook::playbook(subject.incident, scene.directory, scene.policy);
    let open: Vec<String> = steps
        .into_iter()
        .filter(|step| step.state == StepState::Open && step.id.as_str() != "close-incident")
        .map(|step| step.words)
        .collect();
    match open.is_empty() {
        true => vec![text("Nothing else is left to do.")],
        false => vec![
            text("Left to do. It can be closed all the same; you are reminded of the rest:"),
            Piece::List(some_of(open, STEPS)),
        ],
    }
}

/// The first of some lines, and how many more there are.
pub(super) fn some_of(mut lines: Vec<String>, most: usize) -> Vec<String> {
    if lines.len() > most {
        let more = lines.len() - (most - 1);
        lines.truncate(most - 1);
        lines.push(format!("and {more} more"));
    }
    lines
}

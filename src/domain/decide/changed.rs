//! What happened since somebody looked, for people who acted on what they saw then.

use crate::domain::{
    command::Refusal,
    event::{Event, Record},
    incident::Incident,
};

/// The refusal for somebody who saw an older revision; `None` if nothing has changed since.
pub fn revision_conflict(
    incident: &Incident,
    log: &[Record],
    seen_revision: Option<u32>,
) -> Option<Refusal> {
    let seen = seen_revision?;
    if seen == incident.revision {
        return None;
    }
    let changes = what_changed_since(log, seen);
    let what = if changes.is_empty() {
        "It is not at the revision that was given.".to_owned()
    } else {
        changes.join(" ")
    };
    Some(Refusal::new(
        "revision-conflict",
        format!("{} has changed, so nothing was done. {what}", incident.id),
        "Look at it as it is now, and try again if it is still right.",
    ))
}

/// A sentence for each change after a revision, the oldest first.
pub fn what_changed_since(log: &[Record], revision: u32) -> Vec<String> {
    let mut at = 0_u32;
    let mut sentences = Vec::new();
    for record in log {
        if record.event.raises_revision() {
            at = at.saturating_add(1);
            if at > revision {
                sentences.push(format!("{} {}.", record.actor.name, what(&record.event)));
            }
        }
    }
    sentences
}

fn what(event: &Event) -> String {
    match event {
        Event::Declared { priority, .. } => format!("declared it as {priority}"),
        Event::Updated { text, .. } => format!("posted an update: {}", first_sentence(text)),
        Event::NothingChanged {
            holding_line: true, ..
        } => "sent the holding line".to_owned(),
        Event::NothingChanged { .. } => "said that nothing has changed".to_owned(),
        Event::PriorityChanged { from, to, .. } => {
            format!("changed the priority from {from} to {to}")
        }
        Event::ServicesChanged { text, .. } => {
            format!("changed the services: {}", first_sentence(text))
        }
        Event::LeadAppointed { role, person, .. } => {
            format!("made {person} the {} lead", role.as_str())
        }
        Event::StageChanged { to, .. } => format!("changed the stage to \"{}\"", to.label()),
        Event::Resolved { .. } => "said that it is fixed".to_owned(),
        Event::Closed {
            duplicate_of: Some(other),
            ..
        } => format!("closed it as a duplicate of {other}"),
        Event::Closed { .. } => "closed it".to_owned(),
        Event::Corrected { right, .. } => {
            format!("corrected what was said: {}", first_sentence(right))
        }
        Event::Reopened { .. } => "reopened it".to_owned(),
        Event::Cancelled { .. } => "cancelled it".to_owned(),
        Event::SendingCancelled { stopped: 1, .. } => "stopped 1 message".to_owned(),
        Event::SendingCancelled { stopped, .. } => format!("stopped {stopped} messages"),
        // None of the others raises the revision.
        _ => "changed it".to_owned(),
    }
}

/// The beginning of a text, without its full stop, of at most 200 characters.
fn first_sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let end = line.find(". ").unwrap_or(line.len());
    let sentence = line.get(..end).unwrap_or(line).trim_end_matches('.');
    if sentence.chars().count() <= 200 {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(199).collect();
    format!("{cut}…")
}

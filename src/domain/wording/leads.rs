//! Facts of the messages to whoever leads: prompts, overdue promises, roles, reminders; and of the
//! question to a neighbouring service and of a test.
//!
//! Each is total, as in [`moments`](super::moments).

use crate::domain::{
    clock::minutes_late, event::Event, incident::LeadRole, playbook::playbook, time::Time,
};

use super::{
    context::Context,
    moments::{line, typed},
    no_change,
    sentences::list_of,
    subject,
    times::{duration as duration_words, minutes_in_words},
    view::Value,
};

fn due_at(context: &Context<'_>) -> Option<Time> {
    let due = context.latest(|event| match event {
        Event::Prompted { due, .. } | Event::Overdue { due, .. } => Some(*due),
        _ => None,
    });
    let promised = context.saying.incident.next_promise().map(|(due, _)| due);
    due.or(promised).or(context.saying.next_update)
}

pub(super) fn due(context: &Context<'_>) -> Value {
    match due_at(context) {
        Some(due) => line(context.times.when(due)),
        None => line("a time that is not set yet"),
    }
}

pub(super) fn last_update(context: &Context<'_>) -> Value {
    let said = context
        .earlier()
        .find(|record| record.event.says_something())
        .map_or(context.saying.incident.declared_at, |record| record.at);
    line(context.times.when(said))
}

pub(super) fn open_for(context: &Context<'_>) -> Value {
    let since = context.saying.incident.declared_at;
    line(duration_words(context.saying.now - since))
}

/// What an answer of "no change" would send, each with its readers.
pub(super) fn would_send(context: &Context<'_>) -> Value {
    let frozen = context.latest(|event| match event {
        Event::Prompted { frozen, .. } => Some(frozen),
        _ => None,
    });
    let frozen = frozen.or(context.saying.incident.prompt.as_ref());
    let words: Vec<_> = frozen
        .iter()
        .flat_map(|frozen| &frozen.words)
        .map(|(audience, words)| format!("To {}: {words}", readers(*audience)))
        .collect();
    if words.is_empty() {
        return Value::List(vec![format!(
            "To everyone told so far: {}",
            no_change::no_change_words(context.saying)
        )]);
    }
    Value::List(words)
}

fn readers(audience: crate::domain::Audience) -> &'static str {
    use crate::domain::Audience;
    match audience {
        Audience::Responders => "responders",
        Audience::Owners => "owners",
        Audience::External => "other organisations",
        Audience::Users => "users",
    }
}

pub(super) fn late_by(context: &Context<'_>) -> Value {
    let minutes = match &context.saying.event.event {
        Event::Overdue { minutes_late, .. } => *minutes_late,
        _ => due_at(context).map_or(0, |due| minutes_late(due, context.saying.now)),
    };
    line(minutes_in_words(minutes))
}

pub(super) fn no_change_command(context: &Context<'_>) -> Value {
    line(format!("oyez no-change {}", context.saying.incident.id))
}

/// The revision that its readers see, so that a tap on what is old by then does nothing.
pub(super) fn revision(context: &Context<'_>) -> Value {
    line(context.saying.incident.revision.to_string())
}

pub(super) fn update_command(context: &Context<'_>) -> Value {
    line(format!("oyez update {}", context.saying.incident.id))
}

pub(super) fn role(context: &Context<'_>) -> Value {
    line(format!("{} lead", subject::role(context).as_str()))
}

pub(super) fn duties(context: &Context<'_>) -> Value {
    line(match subject::role(context) {
        LeadRole::Comms => "You own what is said, to whom and when.",
        LeadRole::Tech => "You own the fix, and tell the comms lead how it goes.",
        LeadRole::Support => {
            "You watch what users report, and tell the other leads when it changes."
        }
    })
}

pub(super) fn takes_over_from(context: &Context<'_>) -> Value {
    let from = context.latest(|event| match event {
        Event::LeadAppointed { from, .. } => Some(from.as_ref()),
        _ => None,
    });
    // Names of leads stay inside.
    let from = from.flatten().filter(|_| !context.is_outside());
    line(from.map(|id| context.person(id)).unwrap_or_default())
}

pub(super) fn note(context: &Context<'_>) -> Value {
    let note = context.latest(|event| match event {
        Event::LeadAppointed { note, .. } => Some(note.as_ref()),
        _ => None,
    });
    typed(note.flatten(), "")
}

pub(super) fn asked(context: &Context<'_>) -> Value {
    let services = context.latest(|event| match event {
        Event::AskedIfAffected { services, .. } => Some(services),
        _ => None,
    });
    let names: Vec<_> = services
        .into_iter()
        .flatten()
        .map(|id| context.service(id))
        .collect();
    if names.is_empty() {
        line("your service")
    } else {
        line(list_of(&names))
    }
}

/// To whom the answer goes; outsiders are not told names.
pub(super) fn answer_to(context: &Context<'_>) -> Value {
    if context.is_outside() {
        return line("us");
    }
    match context.lead(LeadRole::Comms) {
        Some(name) => line(format!("{name}, the comms lead")),
        None => line("the team, as there is no comms lead yet"),
    }
}

/// What is left to do, each as a sentence.
pub(super) fn steps(context: &Context<'_>) -> Value {
    let saying = context.saying;
    let steps = context.latest(|event| match event {
        Event::Reminded { steps, .. } => Some(steps),
        _ => None,
    });
    let items = playbook(saying.incident, saying.directory, saying.policy);
    let words: Vec<String> = steps
        .into_iter()
        .flatten()
        .map(|step| match items.iter().find(|item| item.id == *step) {
            Some(item) => item.words.clone(),
            None => step.as_str().replace('-', " "),
        })
        .collect();
    if words.is_empty() {
        return Value::List(vec!["Nothing is left to do.".to_owned()]);
    }
    Value::List(words)
}

pub(super) fn sent_at(context: &Context<'_>) -> Value {
    line(context.times.when_in_full(context.saying.now))
}

//! Events as sentences: what the timeline, the report and the story of an incident say.

use super::{
    PersonId, ServiceId,
    delivery::RetryWay,
    directory::Directory,
    event::{AffectedAnswer, Event, Record, StepState},
    situation::RecipientId,
    wording::minutes_in_words,
};

/// What happened, as one short text. People and services go by their names, ids only where the
/// directory knows them no more.
pub fn sentence(record: &Record, directory: &Directory) -> String {
    let names = Names(directory);
    match &record.event {
        Event::Declared {
            title,
            priority,
            exercise,
            ..
        } => {
            let exercise = if *exercise { " as an exercise" } else { "" };
            format!("Declared{exercise} as {priority}: {title}")
        }
        Event::Noted { text } => format!("Noted: {text}"),
        Event::Updated { text, stage, .. } => match stage {
            Some(stage) => format!("Update ({}): {text}", stage.label()),
            None => format!("Update: {text}"),
        },
        Event::NothingChanged {
            holding_line: true, ..
        } => "The holding line went out".to_owned(),
        Event::NothingChanged { .. } => "Told people that nothing has changed".to_owned(),
        Event::PriorityChanged { from, to, why, .. } => format!("Now {to}, was {from}. {why}"),
        Event::ServicesChanged { text, .. } => format!("Services: {text}"),
        Event::LeadAppointed {
            role, person, from, ..
        } => {
            let from = from
                .as_ref()
                .map(|from| format!(", taking over from {}", names.person(from)));
            format!(
                "{} is {} lead{}",
                names.person(person),
                role.as_str(),
                from.unwrap_or_default()
            )
        }
        Event::StageChanged { from, to } => format!("{}, was: {}", to.label(), from.label()),
        Event::Resolved { text, .. } => format!("Fixed: {text}"),
        Event::Closed {
            duplicate_of: Some(other),
            ..
        } => format!("Closed as a duplicate of {other}"),
        Event::Closed { .. } => "Closed".to_owned(),
        Event::Corrected {
            events,
            wrong,
            right,
            ..
        } => {
            let events: Vec<String> = events.iter().map(u32::to_string).collect();
            format!(
                "Corrected event {}: \"{wrong}\" was wrong. {right}",
                events.join(", ")
            )
        }
        Event::Reopened { why, .. } => format!("Reopened: {why}"),
        Event::Cancelled { why } => format!("Cancelled: {why}"),
        Event::PersonAdded { by_hand, .. } => {
            format!("Added {}: {}", names.recipient(&by_hand.who), by_hand.note)
        }
        Event::Muted { person, note, .. } => {
            let note = note.as_ref().map(|note| format!(": {note}"));
            format!("Muted {}{}", names.person(person), note.unwrap_or_default())
        }
        Event::UsersContactDecided {
            contact: true,
            reason,
            ..
        } => format!("Decided to contact users: {reason}"),
        Event::UsersContactDecided {
            contact: false,
            reason,
            ..
        } => format!("Decided not to contact users: {reason}"),
        Event::StepRecorded { step, state, note } => {
            let state = match state {
                StepState::Open => "open again",
                StepState::Done => "done",
                StepState::NotNeeded => "not needed",
            };
            let note = note.as_ref().map(|note| format!(": {note}"));
            format!("Step {step} is {state}{}", note.unwrap_or_default())
        }
        Event::Prompted { to, .. } => {
            format!("Prompted {} that an update is due", names.people(to))
        }
        Event::Snoozed { count, .. } => format!("Prompts put off for the {} time", ordinal(*count)),
        Event::Overdue {
            minutes_late: 0,
            to,
            ..
        } => format!("An update is due now. Told {}", names.people(to)),
        Event::Overdue {
            minutes_late, to, ..
        } => format!(
            "An update is {} late. Told {}",
            minutes_in_words(*minutes_late),
            names.people(to)
        ),
        Event::SendingCancelled { event, stopped, .. } => {
            format!("Stopped {stopped} messages of event {event} before they were sent")
        }
        Event::SendingApproved {
            messages, alone, ..
        } => {
            let messages = match messages {
                1 => "1 message".to_owned(),
                many => format!("{many} messages"),
            };
            match alone {
                Some(reason) => {
                    format!("Agreed to {messages} without a second person: {reason}")
                }
                None => format!("Agreed to {messages} as the second person"),
            }
        }
        Event::SendingRetried { way, messages, .. } => {
            let messages = match messages {
                1 => "1 failed message".to_owned(),
                many => format!("{many} failed messages"),
            };
            match way {
                RetryWay::SameKey => format!("Had {messages} tried again"),
                RetryWay::Anew => format!("Had {messages} sent anew"),
                RetryWay::By(channel) => format!("Had {messages} sent by {channel} instead"),
            }
        }
        Event::AffectedAnswered {
            service, answer, ..
        } => {
            let answer = match answer {
                AffectedAnswer::Yes => "is affected",
                AffectedAnswer::No => "is not affected",
                AffectedAnswer::Checking => "is checking whether it is affected",
            };
            format!("{} {answer}", names.service(service))
        }
        Event::AskedIfAffected { services, .. } => {
            let services: Vec<String> = services
                .iter()
                .map(|service| names.service(service))
                .collect();
            format!("Asked whether they are affected: {}", services.join(", "))
        }
        Event::Seen { person } if record.actor.person.as_ref() == Some(person) => {
            format!("{} has seen this", names.person(person))
        }
        Event::Seen { person } => {
            format!("Recorded that {} has seen this", names.person(person))
        }
        Event::RoomOpened { room } => format!("Opened the channel #{}", room.name),
        Event::Reminded { steps, to } => {
            format!(
                "Reminded {} of {} open steps",
                names.people(to),
                steps.len()
            )
        }
    }
}

fn ordinal(count: u32) -> String {
    match count {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        more => format!("{more}th"),
    }
}

struct Names<'a>(&'a Directory);

impl Names<'_> {
    fn person(&self, id: &PersonId) -> String {
        self.0
            .people
            .get(id)
            .map_or_else(|| id.to_string(), |person| person.name.clone())
    }

    fn people<'i>(&self, ids: impl IntoIterator<Item = &'i PersonId>) -> String {
        let names: Vec<String> = ids.into_iter().map(|id| self.person(id)).collect();
        if names.is_empty() {
            "nobody".to_owned()
        } else {
            names.join(", ")
        }
    }

    fn service(&self, id: &ServiceId) -> String {
        self.0
            .services
            .get(id)
            .map_or_else(|| id.to_string(), |service| service.name.clone())
    }

    fn recipient(&self, who: &RecipientId) -> String {
        match who {
            RecipientId::Person(id) => self.person(id),
            RecipientId::Destination(id) => self
                .0
                .destinations
                .get(id)
                .map_or_else(|| id.to_string(), |destination| destination.name.clone()),
        }
    }
}

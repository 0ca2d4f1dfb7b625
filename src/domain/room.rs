//! The room of an incident: a channel in chat that it has to itself, for those who work on it.
//!
//! What is said to the responders is said in it too; [`topic`] is what stands above it.

use serde::{Deserialize, Serialize};

use super::{
    Address, Audience, ChannelName, IncidentId, incident::Incident, situation::RecipientId,
    text::one_line, wording::TimeWords,
};

/// Most characters of a title in a topic, so that what changes is read on a phone as well.
const TITLE_CHARS: usize = 80;

/// The channel in chat that an incident has to itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// On which channel of the settings.
    pub channel: ChannelName,
    /// Its address there: that of a place which we made, and of no person.
    #[serde(serialize_with = "Address::record")]
    pub address: Address,
    /// What people call it, without the sign that chats put before it.
    pub name: String,
}

impl Room {
    /// As whom the record knows the room of an incident; no destination of the directory.
    pub fn recipient(incident: IncidentId) -> Option<RecipientId> {
        let id = format!("channel-of-{incident}").to_lowercase();
        id.parse().ok().map(RecipientId::Destination)
    }
}

/// What stands above the room: how grave it is, how far, and when the responders hear next. It
/// changes when one of these does, and with nothing else.
pub fn topic(incident: &Incident, times: &TimeWords) -> String {
    let title = one_line(&incident.title);
    let mut short: String = title.chars().take(TITLE_CHARS).collect();
    if short.len() < title.len() {
        short.push('…');
    }
    let exercise = if incident.exercise { "Exercise. " } else { "" };
    let mut topic = format!(
        "{exercise}{} {}: {short}. {}.",
        incident.id,
        incident.priority,
        incident.stage.label()
    );
    let promise = incident.promises.get(&Audience::Responders);
    if let Some(promise) = promise.filter(|_| incident.stage.is_open()) {
        // It is read on another day as well, so it never says "tomorrow".
        let (time, date) = (times.time(promise.due), times.date(promise.due));
        topic.push_str(&format!(" Next update by {time} on {date}."));
    }
    topic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::Event,
        fixture::{Log, at, declared, id},
        incident::{LeadRole, Stage},
    };

    #[test]
    fn the_topic_changes_with_what_it_says_and_with_nothing_else() {
        let now = at("2026-11-23T13:30:00Z");
        let times = TimeWords::new(chrono_tz::Europe::London, now);
        let mut log = Log::default();
        log.write(now, declared(at("2026-11-23T14:40:00Z")));
        let before = topic(&log.incident(), &times);
        assert_eq!(
            before,
            "INC-0042 P1: Providers cannot sign in. Looking into it. Next update by 2:40pm on 23 \
             November 2026."
        );
        let appointed = Event::LeadAppointed {
            role: LeadRole::Tech,
            person: id("tom-okafor"),
            from: None,
            note: None,
        };
        log.write(now, appointed);
        assert_eq!(topic(&log.incident(), &times), before);
        let stage = Event::StageChanged {
            from: Stage::Investigating,
            to: Stage::Identified,
        };
        log.write(now, stage);
        assert!(topic(&log.incident(), &times).contains(". Fixing it. Next"));
    }

    #[test]
    fn a_room_is_a_recipient_with_an_id_of_its_own() {
        let who = Room::recipient(IncidentId(7)).unwrap();
        assert_eq!(
            (who.kind(), who.as_str()),
            ("destination", "channel-of-inc-0007")
        );
    }
}

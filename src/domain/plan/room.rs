//! The room of an incident among those who are told.

use std::sync::Arc;

use super::Ways;
use crate::domain::{
    Audience,
    incident::Incident,
    resolution::{Choice, Reason, Recipient, Resolution, Standing, Withheld, WithheldBecause},
    room::Room,
};

/// Adds the room of an incident, if it has one, to those who are told: as a responder, whatever the
/// rules say. Nothing is said in the room of a restricted incident, where people may read whom
/// nobody has named.
pub fn with_room(resolution: &mut Resolution, incident: &Incident, ways: Ways<'_>) {
    let room = incident.room.as_ref().filter(|_| !incident.restricted);
    let (Some(room), Some(who)) = (room, Room::recipient(incident.id)) else {
        return;
    };
    let name: Arc<str> = format!("#{}", room.name).into();
    let reason = Reason {
        standing: Standing::Affected,
        text: "the channel of this incident".into(),
        rule: None,
        service: None,
        says: "".into(),
    };
    if !ways.is_usable(&room.channel, &room.address) {
        resolution.withheld.push(Withheld {
            who,
            name,
            audience: Audience::Responders,
            reasons: vec![reason],
            because: WithheldBecause::Unreachable,
            sentence: format!("No usable address on {}", room.channel),
        });
        return;
    }
    // They are in the order of audiences, and this is of the first.
    resolution.recipients.insert(
        0,
        Recipient {
            who,
            name,
            audience: Audience::Responders,
            choices: vec![Choice {
                channel: room.channel.clone(),
                address: room.address.clone(),
                fallbacks: Vec::new(),
            }],
            reasons: [reason].into(),
        },
    );
}

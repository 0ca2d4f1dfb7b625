//! What waits for a second person to agree, with its words.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::sql::{Reader, rows};
use crate::{
    domain::{Audience, ChannelName, IncidentId, notification::Moment},
    store::StoreError,
};

/// Messages of one event with the same words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaiting {
    /// Position of the event.
    pub event_seq: u32,
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// How many would get them.
    pub messages: usize,
    /// The words, by part.
    pub parts: BTreeMap<String, String>,
}

/// What of an incident waits for a second person, oldest event first.
pub async fn awaiting(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<Awaiting>, StoreError> {
    const STEP: &str = "read what waits for a second person";
    let found = rows(
        conn,
        STEP,
        "SELECT d.event_seq, m.moment, m.audience, m.channel, COUNT(*), m.parts \
         FROM notification n JOIN delivery d ON d.notification_id = n.id \
         JOIN message m ON m.id = d.message_id \
         WHERE n.incident = $1 AND d.awaits_word AND d.state = 'ready' \
         GROUP BY d.event_seq, m.id, m.moment, m.audience, m.channel, m.parts \
         ORDER BY d.event_seq, m.audience, m.channel",
        vec![i64::from(incident.0).into()],
    )
    .await?;
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(Awaiting {
                event_seq: row.count()?,
                moment: row.parse()?,
                audience: row.parse()?,
                channel: row.parse()?,
                messages: usize::try_from(row.get::<i64>()?).unwrap_or_default(),
                parts: row.json()?,
            })
        })
        .collect()
}

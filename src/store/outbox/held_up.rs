//! What waits because its lane stands still, and which lanes do.

use sea_orm::ConnectionTrait;

use super::sql::{Reader, micros, rows};
use crate::{
    domain::{ChannelName, IncidentId, Time},
    store::StoreError,
};

/// Deliveries of an incident that wait for one and the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldUp {
    /// The channel.
    pub channel: ChannelName,
    /// Whether it is stopped until somebody repairs it, rather than resting by itself.
    pub stopped: bool,
    /// Why, as a sentence; may be empty.
    pub reason: String,
    /// How many wait.
    pub waiting: u64,
}

/// What of an incident waits because its lanes stand still.
pub async fn held_up(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    now: Time,
) -> Result<Vec<HeldUp>, StoreError> {
    const STEP: &str = "look what holds messages up";
    // The states are those of the index of what is open, so that only that is read.
    let found = rows(
        conn,
        STEP,
        "SELECT l.channel, l.paused, l.reason, COUNT(*) FROM delivery d \
         JOIN lane l ON l.name = d.lane \
         WHERE d.incident = $1 AND d.state IN ('ready', 'sending', 'uncertain') \
         AND d.state <> 'sending' \
         AND (l.paused OR l.rests_until > $2 OR l.shut_until > $2) \
         GROUP BY l.channel, l.paused, l.reason ORDER BY l.channel, l.reason",
        vec![i64::from(incident.0).into(), micros(now).into()],
    )
    .await?;
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(HeldUp {
                channel: row.parse()?,
                stopped: row.get()?,
                reason: row.get()?,
                waiting: u64::try_from(row.get::<i64>()?).unwrap_or_default(),
            })
        })
        .collect()
}

/// How many lanes of each channel are stopped until somebody repairs them.
pub async fn stopped_lanes(
    conn: &impl ConnectionTrait,
) -> Result<Vec<(ChannelName, u64)>, StoreError> {
    const STEP: &str = "count the lanes that are stopped";
    let found = rows(
        conn,
        STEP,
        "SELECT channel, COUNT(*) FROM lane WHERE paused GROUP BY channel ORDER BY channel",
        vec![],
    )
    .await?;
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            let channel = row.parse()?;
            Ok((
                channel,
                u64::try_from(row.get::<i64>()?).unwrap_or_default(),
            ))
        })
        .collect()
}

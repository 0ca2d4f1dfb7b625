//! What is known of the lanes: for the operator, and for the next start.

use sea_orm::ConnectionTrait;

use super::sql::{Reader, micros, rows, run};
use crate::{
    domain::{ChannelName, Time},
    store::StoreError,
};

/// A limit domain as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its name; no secrets in it.
    pub name: String,
    /// The channel that serves it.
    pub channel: ChannelName,
    /// What holds it up, if anything does.
    pub status: LaneStatus,
    /// Why, as a sentence; may be empty.
    pub reason: String,
}

/// What holds a lane up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaneStatus {
    /// It rests until then, because the provider asked for it.
    pub rests_until: Option<Time>,
    /// It is not used until then, because it does not work.
    pub shut_until: Option<Time>,
    /// It is stopped until somebody repairs the settings.
    pub paused: bool,
    /// Since when it is stopped.
    pub paused_since: Option<Time>,
}

impl LaneStatus {
    /// Until when nothing goes that way, as far as is known: the provider asked for a rest, or it does
    /// not work.
    pub fn held_until(&self, now: Time) -> Option<Time> {
        self.rests_until
            .max(self.shut_until)
            .filter(|until| *until > now)
    }
}

/// All lanes that were ever used, by name.
pub async fn lanes(conn: &impl ConnectionTrait) -> Result<Vec<Lane>, StoreError> {
    const STEP: &str = "read the lanes";
    let found = rows(
        conn,
        STEP,
        "SELECT name, channel, rests_until, shut_until, paused, paused_since, reason FROM lane ORDER BY name",
        vec![],
    )
    .await?;
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(Lane {
                name: row.get()?,
                channel: row.parse()?,
                status: LaneStatus {
                    rests_until: row.time_or_none()?,
                    shut_until: row.time_or_none()?,
                    paused: row.get()?,
                    paused_since: row.time_or_none()?,
                },
                reason: row.get()?,
            })
        })
        .collect()
}

/// Writes how a lane stands.
pub async fn save_lane(
    conn: &impl ConnectionTrait,
    lane: &Lane,
    now: Time,
) -> Result<(), StoreError> {
    run(
        conn,
        "write a lane",
        "INSERT INTO lane (name, channel, rests_until, shut_until, paused, paused_since, \
         reason, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (name) DO UPDATE SET channel = excluded.channel, \
         rests_until = excluded.rests_until, shut_until = excluded.shut_until, \
         paused = excluded.paused, paused_since = excluded.paused_since, reason = excluded.reason, updated_at = excluded.updated_at",
        vec![
            lane.name.clone().into(),
            lane.channel.as_str().into(),
            lane.status.rests_until.map(micros).into(),
            lane.status.shut_until.map(micros).into(),
            lane.status.paused.into(),
            lane.status.paused_since.map(micros).into(),
            lane.reason.clone().into(),
            micros(now).into(),
        ],
    )
    .await?;
    Ok(())
}

//! What waits for a way out that is stopped, and could leave by another.
//!
//! A way out is stopped for want of credentials or permission, until somebody repairs it. Whoever is
//! told by the first of several ways does not wait for that: two minutes after it was stopped their
//! message falls to the next way that is not, at every priority, but never before its own time.

use std::collections::{BTreeSet, HashSet};

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;

use super::{
    addresses::marked,
    fallback::KeptFallback,
    sql::{Reader, column, micros, rows},
    sweep::Due,
};
use crate::{
    domain::{ChannelName, IncidentId, Time},
    store::StoreError,
};

/// A repair within this time changes nothing for anybody.
const PATIENCE: TimeDelta = TimeDelta::seconds(120);
/// How many are looked at in one sweep.
const AT_ONCE: i64 = 5_000;

/// Which deliveries wait for a way out that has been stopped for too long, as SQL; `$2` is now and
/// `$3` the latest time at which it may have been stopped.
pub(super) const WAITS_TOO_LONG: &str = "state = 'ready' AND NOT awaits_word \
     AND (not_before IS NULL OR not_before <= $2) AND lane IN (SELECT l.name FROM lane l \
       WHERE l.paused AND l.paused_since <= $3)";

/// The latest time at which a lane may have been stopped for its messages to leave another way.
pub(super) fn stopped_by(now: Time) -> i64 {
    micros(now - PATIENCE)
}

/// Deliveries whose way out is stopped.
#[derive(Debug, Default)]
pub(super) struct Stuck {
    /// Those that have another way.
    pub(super) falls: Vec<Due>,
    /// Names of those every way to whom is stopped.
    pub(super) nowhere: BTreeSet<String>,
}

/// The lanes that are stopped.
pub(super) async fn stopped(conn: &impl ConnectionTrait) -> Result<HashSet<String>, StoreError> {
    let sql = "SELECT name FROM lane WHERE paused";
    let found: Vec<String> = column(conn, "look for lanes that are stopped", sql, vec![]).await?;
    Ok(found.into_iter().collect())
}

/// Looks for what waits for a way out that is stopped and names others.
pub(super) async fn stuck(conn: &impl ConnectionTrait, now: Time) -> Result<Stuck, StoreError> {
    const STEP: &str = "look for what waits for a way out that is stopped";
    let stopped = stopped(conn).await?;
    let mut stuck = Stuck::default();
    if stopped.is_empty() {
        return Ok(stuck);
    }
    let sql = format!(
        "SELECT id, incident, name, fallbacks FROM delivery \
         WHERE fallbacks IS NOT NULL AND fallbacks <> '[]' AND {WAITS_TOO_LONG} \
         ORDER BY id LIMIT $1"
    );
    let values = vec![AT_ONCE.into(), micros(now).into(), stopped_by(now).into()];
    let found = rows(conn, STEP, &sql, values).await?;
    if found.is_empty() {
        return Ok(stuck);
    }
    let marks = marked(conn, now).await?;
    for row in &found {
        let mut row = Reader::new(row, STEP);
        let id = row.get()?;
        let incident = row.get::<Option<i64>>()?;
        let incident = incident.and_then(|id| u32::try_from(id).ok());
        let name: String = row.get()?;
        let choices: Vec<KeptFallback> = row.json()?;
        if choices.iter().any(|it| it.is_open(&marks, &stopped, now)) {
            stuck.falls.push(Due {
                id,
                incident: incident.map(IncidentId),
            });
        } else {
            stuck.nowhere.insert(name);
        }
    }
    Ok(stuck)
}

impl KeptFallback {
    /// Whether it may be used: its address carries no mark, and its time has not passed.
    pub(super) fn is_usable(&self, marks: &HashSet<(ChannelName, String)>, now: Time) -> bool {
        let at = (self.channel.clone(), self.address.as_str().to_lowercase());
        self.deliver_by > micros(now) && !marks.contains(&at)
    }

    /// Whether it may be used, and its way out is not stopped.
    pub(super) fn is_open(
        &self,
        marks: &HashSet<(ChannelName, String)>,
        stopped: &HashSet<String>,
        now: Time,
    ) -> bool {
        !stopped.contains(&self.lane) && self.is_usable(marks, now)
    }
}

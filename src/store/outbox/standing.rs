//! The notifications of an incident, and how their deliveries stand.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, Value};

use super::sql::{Reader, numbers, one_of, rows};
use crate::{
    domain::{IncidentId, NotificationId, delivery::State},
    store::StoreError,
};

/// The notifications of an incident, oldest first.
pub async fn notifications_of(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<NotificationId>, StoreError> {
    const STEP: &str = "list the notifications of an incident";
    let sql = "SELECT id FROM notification WHERE incident = $1 ORDER BY event_seq, id";
    let found = rows(conn, STEP, sql, vec![i64::from(incident.0).into()]).await?;
    found
        .iter()
        .map(|row| Reader::new(row, STEP).parse())
        .collect()
}

/// The latest notification of an incident.
pub async fn latest_of(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Option<NotificationId>, StoreError> {
    const STEP: &str = "look for the latest notification of an incident";
    let sql =
        "SELECT id FROM notification WHERE incident = $1 ORDER BY event_seq DESC, id DESC LIMIT 1";
    let found = rows(conn, STEP, sql, vec![i64::from(incident.0).into()]).await?;
    found
        .first()
        .map(|row| Reader::new(row, STEP).parse())
        .transpose()
}

/// The notifications of some events of an incident, oldest first.
pub async fn notifications_about(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    events: &BTreeSet<u32>,
) -> Result<Vec<NotificationId>, StoreError> {
    const STEP: &str = "find the notifications of events";
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT id FROM notification WHERE incident = $1 AND event_seq {} ORDER BY event_seq, id",
        numbers(events.iter().copied())
    );
    let found = rows(conn, STEP, &sql, vec![i64::from(incident.0).into()]).await?;
    found
        .iter()
        .map(|row| Reader::new(row, STEP).parse())
        .collect()
}

/// How many deliveries are in each state.
pub type Counts = BTreeMap<State, u64>;

/// Deliveries per state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// All of them.
    pub counts: Counts,
    /// Those of the waiting that were tried, and are to be tried again or looked after.
    pub again: u64,
    /// Those of the waiting that wait for a second person.
    pub awaits_word: u64,
}

/// How the deliveries of these notifications stand.
pub async fn counts_of(
    conn: &impl ConnectionTrait,
    notifications: &[NotificationId],
) -> Result<Standing, StoreError> {
    const STEP: &str = "count the deliveries of a notification";
    if notifications.is_empty() {
        return Ok(Standing::default());
    }
    let sql = format!(
        "SELECT state, CASE WHEN state = 'uncertain' THEN 1 WHEN state <> 'ready' THEN 0 \
           WHEN awaits_word THEN 2 \
           WHEN attempts > 0 OR last_class IS NOT NULL THEN 1 ELSE 0 END AS why, \
           COUNT(*) FROM delivery WHERE notification_id {} GROUP BY state, why",
        one_of(notifications.len())
    );
    let values: Vec<Value> = notifications
        .iter()
        .map(|id| id.to_string().into())
        .collect();
    let mut standing = Standing::default();
    for row in &rows(conn, STEP, &sql, values).await? {
        let mut row = Reader::new(row, STEP);
        let state: State = row.parse()?;
        let why: i32 = row.get()?;
        let count = u64::try_from(row.get::<i64>()?).unwrap_or_default();
        *standing.counts.entry(state).or_default() += count;
        match why {
            1 => standing.again += count,
            2 => standing.awaits_word += count,
            _ => {}
        }
    }
    Ok(standing)
}

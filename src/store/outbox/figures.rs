//! How the outbox is doing, for those who watch it. Of restricted incidents nothing is counted.
//!
//! Each figure costs what is open, or what ended within a day, and not what was ever sent.

use sea_orm::ConnectionTrait;

use super::{
    sql::{Reader, micros, rows},
    standing::Counts,
};
use crate::{domain::Time, store::StoreError};
use chrono::TimeDelta;

/// What has ended is counted for so long.
const LATELY: TimeDelta = TimeDelta::hours(24);

/// That a delivery is of no restricted incident.
const MAY_BE_COUNTED: &str =
    "(incident IS NULL OR incident NOT IN (SELECT id FROM incident WHERE restricted))";

/// Deliveries by state: all that have not ended, and those that ended within the last 24 hours.
pub async fn counts(conn: &impl ConnectionTrait, now: Time) -> Result<Counts, StoreError> {
    const STEP: &str = "count the deliveries";
    // The first part of each condition is that of the index which answers it.
    let sql = format!(
        "SELECT state, COUNT(*) FROM delivery \
           WHERE state IN ('ready', 'sending', 'uncertain') AND {MAY_BE_COUNTED} GROUP BY state \
         UNION ALL SELECT state, COUNT(*) FROM delivery \
           WHERE state IN ('dead', 'bounced', 'expired', 'held') AND state = 'held' \
           AND {MAY_BE_COUNTED} GROUP BY state \
         UNION ALL SELECT state, COUNT(*) FROM delivery \
           WHERE ended_at IS NOT NULL AND ended_at > $1 AND {MAY_BE_COUNTED} GROUP BY state"
    );
    let mut counts = Counts::new();
    for row in &rows(conn, STEP, &sql, vec![micros(now - LATELY).into()]).await? {
        let mut row = Reader::new(row, STEP);
        let state = row.parse()?;
        let count: i64 = row.get()?;
        *counts.entry(state).or_default() += u64::try_from(count).unwrap_or_default();
    }
    Ok(counts)
}

/// How many deliveries wait per lane, and since when the oldest of them is due. The lane's name holds
/// no address.
pub async fn backlog(
    conn: &impl ConnectionTrait,
    now: Time,
) -> Result<Vec<(String, u64, Time)>, StoreError> {
    const STEP: &str = "measure the backlog";
    let waits = format!("state = 'ready' AND next_at <= $1 AND {MAY_BE_COUNTED}");
    // Two questions, because each is answered from a small index of its own.
    let sql = format!(
        "SELECT lane, COUNT(*), MIN(next_at) FROM ( \
           SELECT lane, next_at FROM delivery \
             WHERE state IN ('ready', 'uncertain') AND blocked_by IS NULL AND {waits} \
           UNION ALL SELECT lane, next_at FROM delivery WHERE blocked_by IS NOT NULL AND {waits} \
         ) AS waiting GROUP BY lane"
    );
    rows(conn, STEP, &sql, vec![micros(now).into()])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            let lane = row.get()?;
            let count = u64::try_from(row.get::<i64>()?).unwrap_or_default();
            Ok((lane, count, row.time()?))
        })
        .collect()
}

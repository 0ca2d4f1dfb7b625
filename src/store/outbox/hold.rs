//! Who may change the deliveries of an incident: one command, or any number of tries and deadlines.
//!
//! A command that says, stops, corrects or ends something [`hold`]s the incident's deliveries before it
//! reads who was told, so that what it reads is still true when it commits. Whatever a try or the passing
//! of time changes first asks for its [`share`]. Nobody who shares waits: it leaves the incidents that a
//! command holds, goes on with the others, and comes back. So a command that hangs holds up its own
//! incident alone, and the two never wait for each other crosswise.
//!
//! On SQLite a write transaction has the whole database to itself, which is all of this.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend};

use super::{
    enqueue::incident,
    sql::{column, json, run},
};
use crate::{
    domain::IncidentId,
    store::{StoreError, Tx},
};

/// The first key of the advisory locks of PostgreSQL that are about an incident; the second is its number.
const LOCKS: i32 = 0x6f79_6578;

/// Takes all deliveries of an incident that have not ended, until the transaction ends: from now on
/// none of them is claimed, and nothing that came of a try is written. Take the incident's own lock
/// before ([`lock`](crate::store::incidents::lock)).
pub async fn hold(tx: &Tx, id: IncidentId) -> Result<(), StoreError> {
    const STEP: &str = "hold the deliveries of an incident";
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let number = i32::try_from(id.0).unwrap_or(i32::MAX);
    run(
        tx,
        STEP,
        "SELECT pg_advisory_xact_lock($1, $2)",
        vec![LOCKS.into(), number.into()],
    )
    .await?;
    // A claim asks for no share, because it is about many incidents. It passes over locked rows; one
    // that is being claimed now is waited for. What is being sent already can only end, which needs a
    // share, and its lease must not wait for us.
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM delivery WHERE incident = $1 \
               AND state IN ('ready', 'uncertain') ORDER BY id FOR UPDATE) AS held";
    run(tx, STEP, sql, vec![incident(Some(id))]).await?;
    Ok(())
}

/// Which of these incidents no command holds: until the transaction ends, none will.
pub async fn share(
    tx: &Tx,
    incidents: &BTreeSet<IncidentId>,
) -> Result<BTreeSet<IncidentId>, StoreError> {
    if tx.get_database_backend() != DbBackend::Postgres || incidents.is_empty() {
        return Ok(incidents.clone());
    }
    let numbers: Vec<i64> = incidents.iter().map(|id| i64::from(id.0)).collect();
    let sql = "SELECT i FROM (SELECT CAST(json_array_elements_text(CAST($1 AS json)) AS bigint) AS i) \
               AS asked WHERE pg_try_advisory_xact_lock_shared($2, CAST(LEAST(i, 2147483647) AS int))";
    let free: Vec<i64> = column(
        tx,
        "share the deliveries of incidents",
        sql,
        vec![json(&numbers)?, LOCKS.into()],
    )
    .await?;
    Ok(free
        .into_iter()
        .filter_map(|number| u32::try_from(number).ok())
        .map(IncidentId)
        .collect())
}

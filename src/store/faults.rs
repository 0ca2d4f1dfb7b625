//! Faults that an operator has to put right: a template that fell back to the built-in words, a
//! policy that was refused, a lane that stands still.
//!
//! A fault is listed once while it stands, however often it shows.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use super::{
    Step, StoreError,
    rows::{instant, instant_or_none, micros, narrow, new_ulid, statement},
};
use crate::domain::{IncidentId, Time};
use entity::fault::{Column, Entity, Model};

/// A fault that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewFault<'a> {
    /// Names the fault, for example `template:email/update.owners.text`.
    pub key: &'a str,
    /// What is wrong and what to do. No addresses, no secrets.
    pub sentence: &'a str,
    /// The cause, for the operator. No addresses, no secrets.
    pub detail: &'a str,
    /// The incident where it showed.
    pub incident: Option<IncidentId>,
}

/// A fault on the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// ULID.
    pub id: String,
    /// Names the fault.
    pub key: String,
    /// What is wrong and what to do.
    pub sentence: String,
    /// The cause, as it showed last.
    pub detail: String,
    /// The incident where it showed last.
    pub incident: Option<IncidentId>,
    /// How often it showed.
    pub times: u32,
    /// When it showed first.
    pub first_at: Time,
    /// When it showed last.
    pub last_at: Time,
    /// When it was put right.
    pub resolved_at: Option<Time>,
}

/// Puts a fault on the record, or counts it if it stands already.
pub async fn record(
    conn: &impl ConnectionTrait,
    fault: NewFault<'_>,
    now: Time,
) -> Result<(), StoreError> {
    conn.execute_raw(statement(
        conn,
        "INSERT INTO fault (id, key, sentence, detail, incident_id, times, first_at, last_at) \
         VALUES ($1, $2, $3, $4, $5, 1, $6, $6) \
         ON CONFLICT (key) WHERE resolved_at IS NULL DO UPDATE SET \
         sentence = excluded.sentence, detail = excluded.detail, \
         incident_id = excluded.incident_id, times = fault.times + 1, last_at = excluded.last_at",
        [
            new_ulid(now).into(),
            fault.key.into(),
            fault.sentence.into(),
            fault.detail.into(),
            fault.incident.map(|id| i64::from(id.0)).into(),
            micros(now).into(),
        ],
    ))
    .await
    .step("put a fault on the record")
    .map(drop)
}

/// Faults that stand, the latest first.
pub async fn standing(conn: &impl ConnectionTrait) -> Result<Vec<Fault>, StoreError> {
    // Put in order here: SQLite would read all that ever were for the sake of their order.
    let rows = Entity::find()
        .filter(Column::ResolvedAt.is_null())
        .all(conn)
        .await
        .step("list the faults that stand")?;
    let mut faults: Vec<Fault> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    faults.sort_by(|one, other| (other.last_at, &other.id).cmp(&(one.last_at, &one.id)));
    Ok(faults)
}

/// How many faults stand that are about no restricted incident.
pub async fn standing_to_count(conn: &impl ConnectionTrait) -> Result<u64, StoreError> {
    const STEP: &str = "count the faults that stand";
    let sql = "SELECT COUNT(*) AS faults FROM fault WHERE resolved_at IS NULL \
               AND (incident_id IS NULL \
                 OR incident_id NOT IN (SELECT id FROM incident WHERE restricted))";
    let row = conn
        .query_one_raw(statement(conn, sql, []))
        .await
        .step(STEP)?;
    match row {
        Some(row) => narrow(row.try_get("", "faults").step(STEP)?, STEP),
        None => Ok(0),
    }
}

/// At most `limit` faults, the latest first, those put right among them.
pub async fn recent(conn: &impl ConnectionTrait, limit: u32) -> Result<Vec<Fault>, StoreError> {
    Entity::find()
        .order_by_desc(Column::LastAt)
        .order_by_desc(Column::Id)
        .limit(u64::from(limit))
        .all(conn)
        .await
        .step("list recent faults")?
        .into_iter()
        .map(read)
        .collect()
}

/// Marks the faults with this key as put right. False if none stands.
pub async fn resolve(
    conn: &impl ConnectionTrait,
    key: &str,
    now: Time,
) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::ResolvedAt, Expr::value(micros(now)))
        .filter(Column::Key.eq(key))
        .filter(Column::ResolvedAt.is_null())
        .exec(conn)
        .await
        .step("mark a fault as put right")?;
    Ok(changed.rows_affected > 0)
}

fn read(row: Model) -> Result<Fault, StoreError> {
    const STEP: &str = "read a fault";
    Ok(Fault {
        id: row.id,
        key: row.key,
        sentence: row.sentence,
        detail: row.detail,
        incident: row
            .incident_id
            .map(|id| narrow(id, STEP).map(IncidentId))
            .transpose()?,
        times: narrow(row.times, STEP)?,
        first_at: instant(row.first_at, STEP)?,
        last_at: instant(row.last_at, STEP)?,
        resolved_at: instant_or_none(row.resolved_at, STEP)?,
    })
}

//! What is due at a time: the steps of promises, as rows.
//!
//! A timer is named within its incident by a key that says which step of which promise it is. A
//! key that has fired never fires again, whatever restarts, replicas or new plans there are.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use super::{
    Step, StoreError, Tx,
    rows::{instant, micros, narrow},
};
use crate::domain::{IncidentId, Time};
use entity::timer::{ActiveModel, Column, Entity, Model};

/// One timer that there should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerRow {
    /// Names the step within the incident, for example `2026-11-23T14:40:00Z/prompt-lead/0`.
    pub key: String,
    /// What is to be done.
    pub kind: String,
    /// When.
    pub due: Time,
    /// What is needed to do it, JSON.
    pub payload: String,
}

/// A timer that has not fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Whose.
    pub incident: IncidentId,
    /// The timer.
    pub row: TimerRow,
}

/// Makes the timers of an incident those of the list: new ones are added, those not in the list
/// are dropped, those in it get its time and payload. Timers that have fired stay as they are.
pub async fn reschedule(
    tx: &Tx,
    incident: IncidentId,
    wanted: &[TimerRow],
) -> Result<(), StoreError> {
    const STEP: &str = "plan what is due";
    let incident_id = i64::from(incident.0);
    let keys: BTreeSet<&str> = wanted.iter().map(|row| row.key.as_str()).collect();
    let waiting: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Key)
        .filter(Column::IncidentId.eq(incident_id))
        .filter(Column::FiredAt.is_null())
        .into_tuple()
        .all(tx)
        .await
        .step(STEP)?;
    let obsolete: Vec<String> = waiting
        .into_iter()
        .filter(|key| !keys.contains(key.as_str()))
        .collect();
    if !obsolete.is_empty() {
        Entity::delete_many()
            .filter(Column::IncidentId.eq(incident_id))
            .filter(Column::FiredAt.is_null())
            .filter(Column::Key.is_in(obsolete))
            .exec(tx)
            .await
            .step(STEP)?;
    }
    let rows = wanted.iter().map(|row| ActiveModel {
        incident_id: Set(incident_id),
        key: Set(row.key.clone()),
        kind: Set(row.kind.clone()),
        due: Set(micros(row.due)),
        fired_at: Set(None),
        payload: Set(row.payload.clone()),
    });
    let unless_fired = OnConflict::columns([Column::IncidentId, Column::Key])
        .update_columns([Column::Kind, Column::Due, Column::Payload])
        .action_and_where(Expr::col((Entity, Column::FiredAt)).is_null())
        .to_owned();
    Entity::insert_many(rows)
        .on_conflict(unless_fired)
        .exec_without_returning(tx)
        .await
        .step(STEP)
        .map(drop)
}

/// At most `limit` timers that are due at `now`, the longest due first, but for those of some
/// incidents. Whoever acts on one [`fire`]s it first.
pub async fn due(
    conn: &impl ConnectionTrait,
    now: Time,
    but_of: &[IncidentId],
    limit: u32,
) -> Result<Vec<Timer>, StoreError> {
    const STEP: &str = "look for what is due";
    waiting_but_of(but_of)
        .filter(Column::Due.lte(micros(now)))
        .limit(u64::from(limit))
        .all(conn)
        .await
        .step(STEP)?
        .into_iter()
        .map(|row| timer(row, STEP))
        .collect()
}

/// The timers of an incident that have not fired, the next first.
pub async fn of_incident(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<Timer>, StoreError> {
    const STEP: &str = "look at what is due for an incident";
    waiting()
        .filter(Column::IncidentId.eq(i64::from(incident.0)))
        .all(conn)
        .await
        .step(STEP)?
        .into_iter()
        .map(|row| timer(row, STEP))
        .collect()
}

/// Marks a timer as fired. True for exactly one caller, and only if the transaction is committed;
/// false if it fired before or is planned no more.
pub async fn fire(tx: &Tx, incident: IncidentId, key: &str, now: Time) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::FiredAt, Expr::value(micros(now)))
        .filter(Column::IncidentId.eq(i64::from(incident.0)))
        .filter(Column::Key.eq(key))
        .filter(Column::FiredAt.is_null())
        .exec(tx)
        .await
        .step("fire a timer")?;
    Ok(changed.rows_affected == 1)
}

/// When the next timer is due, overdue ones included, but for those of some incidents; `None` if
/// nothing is planned.
pub async fn next_due(
    conn: &impl ConnectionTrait,
    but_of: &[IncidentId],
) -> Result<Option<Time>, StoreError> {
    const STEP: &str = "look for what is due next";
    let next: Option<i64> = waiting_but_of(but_of)
        .select_only()
        .column(Column::Due)
        .limit(1)
        .into_tuple()
        .one(conn)
        .await
        .step(STEP)?;
    // A time that is no instant is far away: it is as if nothing were planned.
    Ok(next.and_then(|due| instant(due, STEP).ok()))
}

/// The earliest that is due, of those that are about no restricted incident.
pub async fn next_due_to_count(conn: &impl ConnectionTrait) -> Result<Option<Time>, StoreError> {
    const STEP: &str = "look for what is due next";
    let hidden = Query::select()
        .column(entity::incident::Column::Id)
        .from(entity::incident::Entity)
        .and_where(entity::incident::Column::Restricted.into_expr())
        .take();
    let next: Option<i64> = waiting()
        .select_only()
        .column(Column::Due)
        .filter(Column::IncidentId.not_in_subquery(hidden))
        .limit(1)
        .into_tuple()
        .one(conn)
        .await
        .step(STEP)?;
    Ok(next.and_then(|due| instant(due, STEP).ok()))
}

fn waiting() -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::FiredAt.is_null())
        .order_by_asc(Column::Due)
        .order_by_asc(Column::IncidentId)
        .order_by_asc(Column::Key)
}

fn waiting_but_of(incidents: &[IncidentId]) -> sea_orm::Select<Entity> {
    if incidents.is_empty() {
        return waiting();
    }
    waiting().filter(Column::IncidentId.is_not_in(incidents.iter().map(|id| i64::from(id.0))))
}

fn timer(row: Model, step: &'static str) -> Result<Timer, StoreError> {
    Ok(Timer {
        incident: IncidentId(narrow(row.incident_id, step)?),
        row: TimerRow {
            key: row.key,
            kind: row.kind,
            due: instant(row.due, step)?,
            payload: row.payload,
        },
    })
}

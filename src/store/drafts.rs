//! Commands that somebody was shown and has not sent yet.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{
    Step, StoreError,
    rows::{instant, micros, narrow, new_ulid},
};
use crate::domain::{IncidentId, Time};
use entity::draft::{ActiveModel, Column, Entity};

/// A command that waits for whoever asked for it to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// ULID.
    pub id: String,
    /// Whose it is, as the record names them.
    pub actor: String,
    /// The incident; `None` for a new one.
    pub incident: Option<IncidentId>,
    /// The revision that they saw.
    pub revision: u32,
    /// The command, JSON.
    pub command: String,
    /// From when on it can no longer be sent.
    pub expires_at: Time,
}

/// Keeps a draft until `expires_at`. Says under which id.
pub async fn keep(
    conn: &impl ConnectionTrait,
    actor: &str,
    about: Option<(IncidentId, u32)>,
    command: String,
    expires_at: Time,
    now: Time,
) -> Result<String, StoreError> {
    let id = new_ulid(now);
    let row = ActiveModel {
        id: Set(id.clone()),
        actor: Set(actor.to_owned()),
        incident: Set(about.map(|(incident, _)| i64::from(incident.0))),
        revision: Set(about.map_or(0, |(_, revision)| i64::from(revision))),
        command: Set(command),
        expires_at: Set(micros(expires_at)),
    };
    Entity::insert(row)
        .exec_without_returning(conn)
        .await
        .step("keep a draft")?;
    Ok(id)
}

/// The draft with this id, if there is one, expired or not.
pub async fn find(conn: &impl ConnectionTrait, id: &str) -> Result<Option<Draft>, StoreError> {
    const STEP: &str = "read a draft";
    let Some(row) = Entity::find_by_id(id).one(conn).await.step(STEP)? else {
        return Ok(None);
    };
    let incident = row.incident.map(|id| narrow(id, STEP).map(IncidentId));
    Ok(Some(Draft {
        id: row.id,
        actor: row.actor,
        incident: incident.transpose()?,
        revision: narrow(row.revision, STEP)?,
        command: row.command,
        expires_at: instant(row.expires_at, STEP)?,
    }))
}

/// Throws a draft away.
pub async fn drop(conn: &impl ConnectionTrait, id: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(id)
        .exec(conn)
        .await
        .step("drop a draft")?;
    Ok(())
}

/// Throws away those that can no longer be sent. Says how many there were.
pub async fn forget_old(conn: &impl ConnectionTrait, now: Time) -> Result<u64, StoreError> {
    let done = Entity::delete_many()
        .filter(Column::ExpiresAt.lt(micros(now)))
        .exec(conn)
        .await
        .step("forget old drafts")?;
    Ok(done.rows_affected)
}

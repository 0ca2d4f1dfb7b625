//! Request keys: the second arrival of a command gets the first one's answer.
//!
//! [`begin`] and [`finish`] belong in the transaction of the command itself. Then a command that
//! fails leaves no trace, and a second arrival waits until the first is through: on the write lock
//! of SQLite, on the key's row on PostgreSQL.

use std::{fmt, time::Duration};

use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{
    Step, StoreError, Tx,
    rows::{micros, narrow},
};
use crate::domain::{Time, event::Door};
use entity::request::{ActiveModel, Column, Entity};

/// Answers are kept for so long.
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// The first arrival is waited for so long.
const FIRST: Duration = Duration::from_secs(5);

/// A command that was begun so long ago and never finished is dead: its process was killed.
const ABANDONED: TimeDelta = TimeDelta::minutes(5);

/// Names one command at one door.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestKey<'a> {
    /// Through which door.
    pub door: Door,
    /// Whose key: two people may use the same one.
    pub actor: &'a str,
    /// The key as it came.
    pub key: &'a str,
}

/// A key may be anything that a client thought of, so it is kept out of logs.
impl fmt::Debug for RequestKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestKey")
            .field("door", &self.door)
            .finish_non_exhaustive()
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: do it, and [`finish`] in the same transaction.
    New,
    /// The same was asked before, and this was the answer.
    Same(String),
    /// Something else was asked under this key.
    Different,
    /// The same was asked and is still being done. The transaction is of no more use.
    Running,
}

/// Takes a key for a command whose hash is given, or says what became of the key.
pub async fn begin(
    tx: &Tx,
    key: RequestKey<'_>,
    request_sha256: &str,
    now: Time,
) -> Result<Begun, StoreError> {
    const STEP: &str = "take a request key";
    let row = ActiveModel {
        door: Set(key.door.as_str().to_owned()),
        actor: Set(key.actor.to_owned()),
        key: Set(key.key.to_owned()),
        request_sha256: Set(request_sha256.to_owned()),
        answer: Set(None),
        began_at: Set(micros(now)),
    };
    tx.wait_for_locks(Some(FIRST)).await.step(STEP)?;
    drop_key(tx, key, Some(now)).await?;
    let insert = Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::Door, Column::Actor, Column::Key])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .step(STEP);
    let inserted = match insert {
        Err(error) if error.is_busy() => return Ok(Begun::Running),
        other => other?,
    };
    tx.wait_for_locks(None).await.step(STEP)?;
    if inserted == 1 {
        return Ok(Begun::New);
    }
    let found = Entity::find_by_id((
        key.door.as_str().to_owned(),
        key.actor.to_owned(),
        key.key.to_owned(),
    ))
    .one(tx)
    .await
    .step(STEP)?;
    Ok(match found {
        Some(row) if row.request_sha256 != request_sha256 => Begun::Different,
        Some(row) => row.answer.map_or(Begun::Running, Begun::Same),
        // Given up between the two statements: whoever asks again may have it.
        None => Begun::Running,
    })
}

/// Keeps the answer, JSON, under the key.
pub async fn finish(tx: &Tx, key: RequestKey<'_>, answer: &str) -> Result<(), StoreError> {
    const STEP: &str = "keep an answer";
    let changed = Entity::update_many()
        .col_expr(Column::Answer, Expr::value(answer))
        .filter(Column::Door.eq(key.door.as_str()))
        .filter(Column::Actor.eq(key.actor))
        .filter(Column::Key.eq(key.key))
        .exec(tx)
        .await
        .step(STEP)?;
    if changed.rows_affected == 1 {
        Ok(())
    } else {
        Err(sea_orm::DbErr::RecordNotUpdated).step(STEP)
    }
}

/// Gives a key up, so that the same command can be asked for again.
pub async fn give_up(tx: &Tx, key: RequestKey<'_>) -> Result<(), StoreError> {
    drop_key(tx, key, None).await
}

/// Forgets the answers that are older than [`KEPT`] and returns how many there were.
pub async fn forget_old(conn: &impl ConnectionTrait, now: Time) -> Result<u64, StoreError> {
    let gone = Entity::delete_many()
        .filter(Column::BeganAt.lt(micros(now - KEPT)))
        .exec(conn)
        .await
        .step("forget old answers")?;
    narrow(
        i64::try_from(gone.rows_affected).unwrap_or(i64::MAX),
        "forget old answers",
    )
}

/// Drops a key; with a time, only if it is too old or was abandoned by then.
async fn drop_key(
    tx: &Tx,
    key: RequestKey<'_>,
    unless_fresh: Option<Time>,
) -> Result<(), StoreError> {
    let mut delete = Entity::delete_many()
        .filter(Column::Door.eq(key.door.as_str()))
        .filter(Column::Actor.eq(key.actor))
        .filter(Column::Key.eq(key.key));
    if let Some(now) = unless_fresh {
        let abandoned = Column::Answer
            .is_null()
            .and(Column::BeganAt.lt(micros(now - ABANDONED)));
        delete = delete.filter(abandoned.or(Column::BeganAt.lt(micros(now - KEPT))));
    }
    delete
        .exec(tx)
        .await
        .step("give up a request key")
        .map(drop)
}

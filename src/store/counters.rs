//! Numbers without a gap.
//!
//! The row stays locked until the transaction ends, so that the numbers of a transaction that is
//! rolled back are handed out again, and whoever sees a number sees all lower ones.

use sea_orm::ConnectionTrait;

use super::{Step, StoreError, Tx, rows::statement};

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counter {
    Incident,
    Event,
    Directory,
    Policy,
}

impl Counter {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Event => "event",
            Self::Directory => "directory",
            Self::Policy => "policy",
        }
    }
}

/// Takes the next `count` numbers and gives the last of them; with 0, locks the row and gives the
/// last number that was taken.
pub(super) async fn take(tx: &Tx, counter: Counter, count: i64) -> Result<i64, StoreError> {
    const STEP: &str = "take the next number";
    let row = tx
        .query_one_raw(statement(
            tx,
            "UPDATE counter SET value = value + $1 WHERE name = $2 RETURNING value",
            [count.into(), counter.as_str().into()],
        ))
        .await
        .step(STEP)?
        .ok_or_else(|| StoreError::unreadable(STEP, "the counter is missing"))?;
    row.try_get("", "value").step(STEP)
}

/// The last number that was taken.
pub(super) async fn last(conn: &impl ConnectionTrait, counter: Counter) -> Result<i64, StoreError> {
    const STEP: &str = "look at the last number";
    let row = conn
        .query_one_raw(statement(
            conn,
            "SELECT value FROM counter WHERE name = $1",
            [counter.as_str().into()],
        ))
        .await
        .step(STEP)?
        .ok_or_else(|| StoreError::unreadable(STEP, "the counter is missing"))?;
    row.try_get("", "value").step(STEP)
}

//! When the time of day is set back, what waits for a time would wait for it to come a second time.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend};

use super::{
    Step, Store, StoreError,
    rows::{micros, statement},
};
use crate::domain::Time;

/// What is due within this comes soon enough; it may have been written since, by the new time.
const SOON: TimeDelta = TimeDelta::seconds(60);

/// The tries of deliveries, and of rooms. Times that people were told stay as they are.
const WAITING: [&str; 2] = [
    "UPDATE delivery SET \
     next_at = CASE WHEN next_at > $3 THEN MAX(next_at - $1, $2) ELSE next_at END, \
     fallback_at = CASE WHEN fallback_at > $3 THEN MAX(fallback_at - $1, $2) ELSE fallback_at END \
     WHERE state IN ('ready', 'uncertain', 'sending') AND (next_at > $3 OR fallback_at > $3)",
    "UPDATE room SET next_at = MAX(next_at - $1, $2), lease_until = MAX(lease_until - $1, $2) \
     WHERE next_at > $3 OR lease_until > $3",
];

impl Store {
    /// Lets no try wait longer because the time of day was set back by so much. Does nothing on
    /// PostgreSQL, whose own time counts there.
    pub async fn set_back(&self, by: TimeDelta, now: Time) -> Result<(), StoreError> {
        const STEP: &str = "move what waits along with the time of day";
        if self.backend() == DbBackend::Postgres {
            return Ok(());
        }
        let tx = self.begin().await?;
        for sql in WAITING {
            let values = [
                by.num_microseconds().unwrap_or(i64::MAX).into(),
                micros(now).into(),
                micros(now + SOON).into(),
            ];
            tx.execute_raw(statement(&tx, sql, values))
                .await
                .step(STEP)?;
        }
        tx.commit().await.step(STEP)
    }
}

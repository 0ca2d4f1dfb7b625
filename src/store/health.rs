//! Is the database there, and what time does it think it is?

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Step, Store, StoreError, rows::instant};
use crate::domain::Time;

/// How far the database's clock is from the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// The database's time less the machine's.
    pub offset: TimeDelta,
    /// It may be wrong by so much either way.
    pub uncertainty: TimeDelta,
}

impl Store {
    /// Asks the database for an answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        const STEP: &str = "ask the database for an answer";
        if let Some(file) = &self.file {
            file.check()?;
        }
        // Reads something, or SQLite would answer without looking at its file.
        let sql = match self.backend() {
            DbBackend::Sqlite => "SELECT count(*) FROM sqlite_master",
            _ => "SELECT 1",
        };
        let asked = Statement::from_string(self.backend(), sql);
        self.read().query_one_raw(asked).await.step(STEP).map(drop)
    }

    /// Measures the clock of the PostgreSQL server against `local`, a clock of this machine; the best of
    /// three. `None` on SQLite, which has no clock of its own.
    pub async fn clock_offset(
        &self,
        local: impl Fn() -> Time,
    ) -> Result<Option<ClockOffset>, StoreError> {
        const STEP: &str = "ask the database for the time";
        if self.backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let mut best: Option<ClockOffset> = None;
        for _ in 0..3 {
            let before = local();
            let row = self
                .read()
                .query_one_raw(Statement::from_string(
                    DbBackend::Postgres,
                    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now",
                ))
                .await
                .step(STEP)?
                .ok_or_else(|| StoreError::unreadable(STEP, "it gave no time"))?;
            let after = local();
            let theirs = instant(row.try_get("", "now").step(STEP)?, STEP)?;
            let uncertainty = (after - before) / 2;
            if best.is_none_or(|best| uncertainty < best.uncertainty) {
                best = Some(ClockOffset {
                    offset: theirs - (before + uncertainty),
                    uncertainty,
                });
            }
        }
        Ok(best)
    }
}

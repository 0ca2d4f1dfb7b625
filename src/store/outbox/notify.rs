//! Telling other processes that there is something to send. A signal carries no content: whoever
//! hears it looks for itself, and looks from time to time anyway.

use sea_orm::{
    DbBackend,
    sqlx::postgres::{PgListener, PgPoolOptions},
};

use super::sql::rows;
use crate::store::{Step, Store, StoreError};

/// The name of the signal within a PostgreSQL database.
const CHANNEL: &str = "oyez_outbox";

/// Tells other processes on the same database. Call it after the commit, never within: PostgreSQL
/// takes a lock for the whole instance when a transaction that notifies commits. SQLite has no
/// other process that delivers.
pub async fn announce(store: &Store) -> Result<(), StoreError> {
    if store.backend() == DbBackend::Postgres {
        let sql = "SELECT CAST(pg_notify($1, '') AS text)";
        rows(
            store.write(),
            "tell other processes",
            sql,
            vec![CHANNEL.into()],
        )
        .await?;
    }
    Ok(())
}

/// Hears what other processes tell.
#[derive(Debug)]
pub struct Listener(PgListener);

/// Begins to listen; `None` where there is nobody to hear.
pub async fn listen(store: &Store) -> Result<Option<Listener>, StoreError> {
    const STEP: &str = "listen to other processes";
    if store.backend() != DbBackend::Postgres {
        return Ok(None);
    }
    // A listener keeps its connection for good, so it gets one of its own.
    let options = store
        .write()
        .get_postgres_connection_pool()
        .connect_options();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options.as_ref().clone());
    let mut listener = PgListener::connect_with(&pool).await.step(STEP)?;
    listener.listen(CHANNEL).await.step(STEP)?;
    Ok(Some(Listener(listener)))
}

impl Listener {
    /// Ends when there may be something to send. A lost connection counts: something may have
    /// been told meanwhile.
    pub async fn heard(&mut self) -> Result<(), StoreError> {
        self.0.try_recv().await.step("hear other processes")?;
        Ok(())
    }
}

//! Telling other processes that there is something to send. A signal carries no content: whoever
//! hears it looks for itself, and looks from time to time anyway.

use std::time::Duration;

use sea_orm::{
    DbBackend,
    sqlx::{
        self,
        postgres::{PgListener, PgPoolOptions},
    },
};

use super::sql::rows;
use crate::store::{Step, Store, StoreError, session::within};

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
pub struct Listener {
    listener: PgListener,
    /// The server answers within this, or is not there.
    answer: Duration,
}

/// After a silence of so long it is asked whether somebody is still there.
const SILENCE: Duration = Duration::from_secs(60);

/// Begins to listen; `None` where there is nobody to hear.
pub async fn listen(store: &Store) -> Result<Option<Listener>, StoreError> {
    const STEP: &str = "listen to other processes";
    let Some((options, limits)) = store.server() else {
        return Ok(None);
    };
    // A listener keeps its connection for good, so it gets one of its own.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options.clone());
    let begun = within(limits.connect, async {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    });
    let listener = begun.await.step(STEP)?;
    Ok(Some(Listener {
        listener,
        answer: limits.connect,
    }))
}

impl Listener {
    /// Ends when there may be something to send. A lost connection counts: something may have
    /// been told meanwhile. So does a long silence.
    pub async fn heard(&mut self) -> Result<(), StoreError> {
        const STEP: &str = "hear other processes";
        let heard = tokio::time::timeout(SILENCE, self.listener.try_recv()).await;
        if let Ok(heard) = heard {
            return heard.step(STEP).map(drop);
        }
        // A network that swallows packets looks the same as nobody saying anything.
        let there = sqlx::query("SELECT 1").execute(&mut self.listener);
        within(self.answer, there).await.step(STEP).map(drop)
    }
}

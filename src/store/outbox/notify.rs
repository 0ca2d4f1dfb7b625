//! Telling other processes that there is something to send. A signal carries no content: the one who
//! hears it looks for itself, and looks from time to time anyway.
//!
//! PostgreSQL passes signals on. SQLite has none: there the one who delivers sees that its file was
//! changed ([`super::watch`]).

use std::time::Duration;

use sea_orm::{
    DbBackend,
    sqlx::{
        self,
        postgres::{PgListener, PgPoolOptions},
    },
};

use super::{sql::rows, watch::Watch};
use crate::store::{Step, Store, StoreError, session::within};

/// The name of the signal within a PostgreSQL database.
const CHANNEL: &str = "oyez_outbox";

/// Tells other processes on the same database. Call it after the commit, never within: PostgreSQL
/// takes a lock for the whole instance when a transaction that notifies commits. On SQLite the commit
/// itself is seen.
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
pub struct Listener(Ear);

#[derive(Debug)]
enum Ear {
    Server {
        listener: PgListener,
        /// The server answers within this, or is not there.
        answer: Duration,
    },
    File(Watch),
}

/// After a silence of so long the server is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(60);

/// Begins to listen, on a connection of its own: a listener keeps it for good.
pub async fn listen(store: &Store) -> Result<Listener, StoreError> {
    let Some((options, limits)) = store.server() else {
        return Ok(Listener(Ear::File(Watch::begin(store).await?)));
    };
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options.clone());
    let begun = within(limits.connect, async {
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    });
    Ok(Listener(Ear::Server {
        listener: begun.await.step("listen to other processes")?,
        answer: limits.connect,
    }))
}

impl Listener {
    /// Ends when there may be something to send. A lost connection counts: something may have
    /// been told meanwhile. So does a long silence of a server.
    pub async fn heard(&mut self) -> Result<(), StoreError> {
        const STEP: &str = "hear other processes";
        match &mut self.0 {
            Ear::Server { listener, answer } => {
                let heard = tokio::time::timeout(SILENCE, listener.try_recv()).await;
                if let Ok(heard) = heard {
                    return heard.step(STEP).map(drop);
                }
                // A network that swallows packets looks the same as nobody saying anything.
                let there = sqlx::query("SELECT 1").execute(listener);
                within(*answer, there).await.step(STEP).map(drop)
            }
            Ear::File(watch) => watch.changed().await,
        }
    }
}

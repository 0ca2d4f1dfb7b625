//! What the store asks through: a pool in which each statement has a connection for itself, or a
//! transaction. Both are the same for all who use them, whichever engine is below.

use std::{
    fmt, iter,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
    prelude::async_trait::async_trait,
    sqlx::{self, Sqlite, pool::PoolConnection},
};
use tokio::{runtime::Handle, sync::Mutex};

use super::{
    error::NO_ANSWER,
    incidents,
    session::{Session, Sessions},
};

/// What is given each statement that goes through a connection, with its values.
pub(super) type Hear = Arc<dyn Fn(&Statement) + Send + Sync>;

/// Connections to one database.
#[derive(Clone)]
pub struct Pool {
    pub(super) engine: Engine,
    hear: Option<Hear>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.engine).finish()
    }
}

#[derive(Debug, Clone)]
pub(super) enum Engine {
    Sqlite(DatabaseConnection),
    Postgres(Sessions),
}

impl Pool {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, hear: None }
    }

    /// The same connections, heard.
    pub(super) fn heard_by(&self, hear: Hear) -> Self {
        Self {
            engine: self.engine.clone(),
            hear: Some(hear),
        }
    }

    /// Begins a write transaction; on SQLite it takes the write lock at once.
    pub(super) async fn begin(&self) -> Result<Tx, DbErr> {
        let open = match &self.engine {
            Engine::Sqlite(connection) => Open::Sqlite(begin(connection).await?),
            Engine::Postgres(sessions) => {
                let mut session = sessions.session().await?;
                session.run("BEGIN").await?;
                Open::Postgres(Work {
                    session: Mutex::new(Some(session)),
                    lock: sessions.limits().lock,
                })
            }
        };
        Ok(Tx {
            open,
            hear: self.hear.clone(),
            unnumbered: std::sync::Mutex::default(),
        })
    }

    /// Takes all connections until what is returned is dropped. It is for tests of who waits for whom.
    pub async fn take_all(&self) -> Taken {
        let mut taken = Taken::default();
        match &self.engine {
            Engine::Sqlite(connection) => {
                let pool = connection.get_sqlite_connection_pool();
                taken.files.extend(iter::from_fn(|| pool.try_acquire()));
            }
            Engine::Postgres(sessions) => taken.sessions = sessions.take_all().await,
        }
        taken
    }

    /// Closes all connections.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        match &self.engine {
            Engine::Sqlite(connection) => connection.clone().close().await,
            Engine::Postgres(sessions) => {
                sessions.close();
                Ok(())
            }
        }
    }
}

/// Connections that nobody else can use meanwhile.
#[derive(Default)]
pub struct Taken {
    files: Vec<PoolConnection<Sqlite>>,
    sessions: Vec<Session>,
}

/// Begins a transaction of sea-orm's own; on SQLite it takes the write lock at once.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that begins a write transaction"
)]
pub(super) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    connection.begin_with_options(options).await
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        match &self.engine {
            Engine::Sqlite(_) => DbBackend::Sqlite,
            Engine::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        heard(self.hear.as_ref(), &statement);
        match &self.engine {
            Engine::Sqlite(connection) => connection.execute_raw(statement).await,
            Engine::Postgres(sessions) => sessions.session().await?.execute(&statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.engine {
            Engine::Sqlite(connection) => connection.execute_unprepared(sql).await,
            Engine::Postgres(sessions) => sessions.session().await?.run(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        heard(self.hear.as_ref(), &statement);
        match &self.engine {
            Engine::Sqlite(connection) => connection.query_one_raw(statement).await,
            Engine::Postgres(sessions) => sessions.session().await?.one(&statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        heard(self.hear.as_ref(), &statement);
        match &self.engine {
            Engine::Sqlite(connection) => connection.query_all_raw(statement).await,
            Engine::Postgres(sessions) => sessions.session().await?.all(&statement).await,
        }
    }
}

/// A write transaction; dropping it takes it back.
pub struct Tx {
    open: Open,
    hear: Option<Hear>,
    /// Records that get their place in the event stream as the last thing before the commit.
    unnumbered: std::sync::Mutex<Vec<entity::event::Model>>,
}

enum Open {
    Sqlite(DatabaseTransaction),
    Postgres(Work),
}

/// A transaction of PostgreSQL.
struct Work {
    /// `None` once it has ended.
    session: Mutex<Option<Session>>,
    /// How long it waits for a lock, unless it is told otherwise.
    lock: Duration,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}

impl Tx {
    /// Leaves records to be numbered in the event stream and written just before the commit: whoever
    /// takes numbers there holds up all others until it has ended.
    pub(super) fn number_last(&self, records: Vec<entity::event::Model>) {
        self.unnumbered().extend(records);
    }

    /// Makes it so. An error may be of the kind that says that it may have been done all the same:
    /// [`Trouble::InDoubt`](super::Trouble::InDoubt).
    pub async fn commit(self) -> Result<(), DbErr> {
        let records = std::mem::take(&mut *self.unnumbered());
        if !records.is_empty() {
            let numbered = incidents::number(&self, records).await;
            numbered.map_err(|error| error.source)?;
        }
        match self.open {
            Open::Sqlite(tx) => tx.commit().await,
            Open::Postgres(work) => work.end("COMMIT").await.map_err(|error| {
                if is_silence(&error) {
                    return DbErr::Exec(RuntimeErr::Internal(NO_ANSWER.to_owned()));
                }
                error
            }),
        }
    }

    /// Takes it back.
    pub async fn rollback(self) -> Result<(), DbErr> {
        match self.open {
            Open::Sqlite(tx) => tx.rollback().await,
            Open::Postgres(work) => work.end("ROLLBACK").await,
        }
    }

    /// From now on it waits for locks so long; `None`: as long as others do. SQLite has its busy
    /// timeout.
    pub(super) async fn wait_for_locks(&self, limit: Option<Duration>) -> Result<(), DbErr> {
        let Open::Postgres(work) = &self.open else {
            return Ok(());
        };
        let millis = limit.unwrap_or(work.lock).as_millis();
        let sql = format!("SET LOCAL lock_timeout = {millis}");
        self.execute_unprepared(&sql).await.map(drop)
    }

    fn unnumbered(&self) -> MutexGuard<'_, Vec<entity::event::Model>> {
        self.unnumbered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    async fn end(mut self, how: &str) -> Result<(), DbErr> {
        let session = self.session.get_mut().take();
        let mut session = session.ok_or_else(ended)?;
        let done = session.run(how).await;
        if done.is_err() {
            session.close();
        }
        done.map(drop)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let Some(mut session) = self.session.get_mut().take() else {
            return;
        };
        match Handle::try_current() {
            // The session goes back to the pool when that is done, and is closed if it cannot be.
            Ok(runtime) => drop(runtime.spawn(async move {
                if session.run("ROLLBACK").await.is_err() {
                    session.close();
                }
            })),
            Err(_) => session.close(),
        }
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        match &self.open {
            Open::Sqlite(_) => DbBackend::Sqlite,
            Open::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        heard(self.hear.as_ref(), &statement);
        match &self.open {
            Open::Sqlite(tx) => tx.execute_raw(statement).await,
            Open::Postgres(work) => {
                let mut session = work.session.lock().await;
                session
                    .as_mut()
                    .ok_or_else(ended)?
                    .execute(&statement)
                    .await
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.open {
            Open::Sqlite(tx) => tx.execute_unprepared(sql).await,
            Open::Postgres(work) => {
                let mut session = work.session.lock().await;
                session.as_mut().ok_or_else(ended)?.run(sql).await
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        heard(self.hear.as_ref(), &statement);
        match &self.open {
            Open::Sqlite(tx) => tx.query_one_raw(statement).await,
            Open::Postgres(work) => {
                let mut session = work.session.lock().await;
                session.as_mut().ok_or_else(ended)?.one(&statement).await
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        heard(self.hear.as_ref(), &statement);
        match &self.open {
            Open::Sqlite(tx) => tx.query_all_raw(statement).await,
            Open::Postgres(work) => {
                let mut session = work.session.lock().await;
                session.as_mut().ok_or_else(ended)?.all(&statement).await
            }
        }
    }
}

fn heard(hear: Option<&Hear>, statement: &Statement) {
    if let Some(hear) = hear {
        hear(statement);
    }
}

fn ended() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the transaction has ended".to_owned()))
}

/// Whether nothing, or nothing that makes sense, was heard from the other side.
fn is_silence(error: &DbErr) -> bool {
    let DbErr::Exec(RuntimeErr::SqlxError(error)) = error else {
        return false;
    };
    matches!(
        error.as_ref(),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)
    )
}

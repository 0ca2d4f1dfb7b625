//! The database: the only place that knows it.
//!
//! SQLite by default, PostgreSQL by URL, one set of entities and migrations for both. Everything
//! that changes more than one row happens in a [`Tx`], which takes SQLite's write lock at once:
//! a transaction that reads first and writes later would fail with "locked" under load.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};

/// A step of the store that failed.
#[derive(Debug, thiserror::Error)]
#[error("{step}")]
pub struct StoreError {
    /// What was being done, for the operator.
    pub step: &'static str,
    /// Why it failed.
    #[source]
    pub source: DbErr,
}

/// Names the step in which a database error happened.
pub trait Step<T> {
    /// Turns the error into one that says what was being done.
    fn step(self, step: &'static str) -> Result<T, StoreError>;
}

impl<T> Step<T> for Result<T, DbErr> {
    fn step(self, step: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError { step, source })
    }
}

/// Open connections to one database.
#[derive(Debug, Clone)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

/// A write transaction; dropping it rolls it back.
pub type Tx = DatabaseTransaction;

impl Store {
    /// Opens the database at a URL (`sqlite://PATH`, `sqlite::memory:` is refused, `postgres://…`).
    /// A SQLite file that is missing is created; no migration is run.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            let writer = connect(sqlite(url, 1)).await?;
            let reader = connect(sqlite(url, 4)).await?;
            Ok(Self { writer, reader })
        } else {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(10)
                .acquire_timeout(Duration::from_secs(5))
                .sqlx_logging(false);
            let pool = connect(options).await?;
            Ok(Self {
                writer: pool.clone(),
                reader: pool,
            })
        }
    }

    /// Begins a write transaction. The one place that begins any.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer
            .begin_with_options(options)
            .await
            .step("begin a write transaction")
    }

    /// A connection for reading, which never waits for the writer.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connection for single-statement writes and migrations.
    pub fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Which engine it is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }
}

async fn connect(options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    Database::connect(options)
        .await
        .step("connect to the database")
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5))
                .foreign_keys(true)
                .create_if_missing(true)
        });
    options
}

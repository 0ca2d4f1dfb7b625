//! The database: the only place that knows it.
//!
//! SQLite by default, PostgreSQL by URL, one set of entities and migrations for both. Everything
//! that changes more than one row happens in a [`Tx`], which takes SQLite's write lock at once:
//! a transaction that reads first and writes later would fail with "locked" under load.

mod error;
mod schema;

use std::{path::Path, sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

pub use error::{Step, StoreError, Trouble};
pub use schema::Schema;

/// Open connections to one database.
#[derive(Debug, Clone)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// The file of a SQLite database.
    file: Option<Arc<Path>>,
}

/// A write transaction; dropping it rolls it back.
pub type Tx = DatabaseTransaction;

impl Store {
    /// Opens the database at a URL (`sqlite://PATH`, `sqlite::memory:` is refused, `postgres://…`).
    /// A SQLite file that is missing is created; no migration is run.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            let file = sqlite_file(url)?;
            let writer = connect(sqlite(url, 1)).await?;
            let reader = connect(sqlite(url, 4)).await?;
            Ok(Self {
                writer,
                reader,
                file: Some(file),
            })
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
                file: None,
            })
        }
    }

    /// Begins a write transaction. The one place that begins any.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that begins a write transaction"
    )]
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

/// The file behind a SQLite URL.
fn sqlite_file(url: &str) -> Result<Arc<Path>, StoreError> {
    const STEP: &str = "read the address of the database";
    let options = url.parse::<SqliteConnectOptions>().step(STEP)?;
    let file = options.get_filename();
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    if in_memory || file.as_os_str().is_empty() {
        return Err(StoreError::refused(
            STEP,
            "A database in memory forgets everything when it stops. Give database.url a file, \
             for example sqlite://oyez.db.",
        ));
    }
    Ok(file.into())
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

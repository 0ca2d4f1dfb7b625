//! The database: the only place that knows it.
//!
//! SQLite by default, PostgreSQL by URL, one set of entities and migrations for both. Everything
//! that changes more than one row happens in a [`Tx`], which takes SQLite's write lock at once:
//! a transaction that reads first and writes later would fail with "locked" under load.

pub mod conversations;
mod counters;
pub mod directory;
pub mod drafts;
mod error;
pub mod faults;
mod file;
mod health;
pub mod incidents;
mod lock;
pub mod outbox;
pub mod policies;
mod postgres;
pub mod requests;
pub mod rooms;
pub(crate) mod rows;
mod schema;
pub mod settings;
pub mod timers;
pub mod tokens;

use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};

use file::DatabaseFile;

pub use error::{Step, StoreError, Trouble};
pub use health::ClockOffset;
pub use lock::DeliveryLock;
pub use schema::Schema;

/// Open connections to one database.
#[derive(Debug, Clone)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    /// The file of a SQLite database.
    file: Option<DatabaseFile>,
}

/// What can be asked: a connection, or a transaction. The name by which other layers know it.
pub use sea_orm::ConnectionTrait as Connection;

/// A write transaction; dropping it rolls it back.
pub type Tx = DatabaseTransaction;

impl Store {
    /// Opens the database at a URL (`sqlite://PATH`, `sqlite::memory:` is refused, `postgres://…`).
    /// A SQLite file that is missing is created; no migration is run.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            let file = DatabaseFile::of_url(url)?;
            DatabaseFile::make_private(&file);
            let open = async |access| {
                let opened = connect(sqlite(url, access)).await;
                opened.map_err(|error| file::why_not_opened(&file, error))
            };
            let writer = open(Access::Write).await?;
            let reader = open(Access::Read).await?;
            Ok(Self {
                writer,
                reader,
                file: Some(DatabaseFile::opened(file)),
            })
        } else {
            postgres::reach(&postgres::options_of(url)?).await?;
            Ok(Self {
                writer: connect(postgres::pool(url)).await?,
                reader: connect(postgres::pool(url)).await?,
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
        if let Some(file) = &self.file {
            file.check()?;
        }
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = self
            .writer
            .begin_with_options(options)
            .await
            .step("begin a write transaction");
        match begun {
            Err(error) => Err(self.explain(error).await),
            begun => begun,
        }
    }

    /// A connection for reading, which never waits for the writer.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// A connection for what the engine reads, which waits for nobody who asks.
    pub fn read_to_deliver(&self) -> &DatabaseConnection {
        match self.file {
            // Its reader never waits for the writer, who has one connection for all.
            Some(_) => &self.reader,
            None => &self.writer,
        }
    }

    /// The connection for single-statement writes and migrations.
    pub fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Ends all connections; open transactions are taken back.
    pub async fn close(&self) {
        // What was committed is safe, and there is nobody left to tell about the rest.
        let _ = self.writer.clone().close().await;
        let _ = self.reader.clone().close().await;
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

/// What a pool of SQLite connections is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// One connection: SQLite has one writer at a time, and here they queue in order.
    Write,
    /// Connections that cannot write, so that a write that went astray fails at once.
    Read,
}

fn sqlite(url: &str, access: Access) -> ConnectOptions {
    let connections = match access {
        Access::Write => 1,
        Access::Read => 4,
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        // A file does not go away as a server does, and asking it costs as much as a statement.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = match access {
                Access::Write => sqlite.create_if_missing(true),
                Access::Read => sqlite.read_only(true),
            };
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5))
                .foreign_keys(true)
        });
    options
}

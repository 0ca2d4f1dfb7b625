//! The database: the only place that knows it.
//!
//! SQLite by default, PostgreSQL by URL, one set of entities and migrations for both. Everything
//! that changes more than one row happens in a [`Tx`], which takes SQLite's write lock at once:
//! a transaction that reads first and writes later would fail with "locked" under load.

mod connection;
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
mod session;
mod set_back;
pub mod settings;
pub mod timers;
pub mod tokens;

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbBackend, Statement,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};

use connection::{Engine, Hear};
use file::DatabaseFile;

pub use connection::{Pool, Tx};
pub use error::{Step, StoreError, Trouble};
pub use health::ClockOffset;
pub use lock::DeliveryLock;
pub use schema::Schema;
pub use session::Limits;

/// Open connections to one database.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Pool,
    reader: Pool,
    /// For what may take long.
    patient: Pool,
    /// What the engine writes with and reads with, and nobody else.
    engine: [Pool; 2],
    /// The file of a SQLite database.
    file: Option<DatabaseFile>,
}

/// What can be asked: a connection, or a transaction. The name by which other layers know it.
pub use sea_orm::ConnectionTrait as Connection;

impl Store {
    /// Opens the database at a URL (`sqlite://PATH`, `sqlite::memory:` is refused, `postgres://…`).
    /// A SQLite file that is missing is created; no migration is run.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_within(url, Limits::default()).await
    }

    /// The same, with other limits of time on what PostgreSQL is asked.
    pub async fn open_within(url: &str, limits: Limits) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            let file = DatabaseFile::of_url(url)?;
            DatabaseFile::make_private(&file);
            let open = async |access| {
                let opened = connect(sqlite(url, access)).await;
                opened.map_err(|error| file::why_not_opened(&file, error))
            };
            let pool = async |access| open(access).await.map(|c| Pool::new(Engine::Sqlite(c)));
            let writer = pool(Access::Write).await?;
            let reader = pool(Access::Read).await?;
            Ok(Self {
                patient: reader.clone(),
                engine: [writer.clone(), pool(Access::Deliver).await?],
                writer,
                reader,
                file: Some(DatabaseFile::opened(file)),
            })
        } else {
            let options = postgres::options_of(url)?;
            postgres::reach(&options, &limits).await?;
            let pool = |limits, most| postgres::pool(&options, limits, most);
            let engine = pool(limits, postgres::OF_THE_ENGINE)?;
            Ok(Self {
                writer: pool(limits, postgres::CONNECTIONS)?,
                reader: pool(limits, postgres::CONNECTIONS)?,
                patient: pool(limits.patient(), postgres::PATIENT)?,
                engine: [engine.clone(), engine],
                file: None,
            })
        }
    }

    /// Begins a write transaction. The one place that begins any.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        self.writer.begin().await.step("begin a write transaction")
    }

    /// A connection for reading, which never waits for the writer.
    pub fn read(&self) -> &Pool {
        &self.reader
    }

    /// A connection for what the engine reads, which waits for nobody who asks.
    pub fn read_to_deliver(&self) -> &Pool {
        &self.engine[1]
    }

    /// The same database on the connections of the engine: whoever asks, or holds a transaction open,
    /// takes none of them away. SQLite has one writer for all.
    #[must_use]
    pub fn to_deliver(&self) -> Self {
        let [writer, reader] = self.engine.clone();
        Self {
            writer,
            reader,
            ..self.clone()
        }
    }

    /// The same connections, and `hear` is given each statement that goes through them, with its
    /// values. It is for measuring, and for tests of how the database answers.
    #[must_use]
    pub fn heard_by(&self, hear: impl Fn(&Statement) + Send + Sync + 'static) -> Self {
        let hear: Hear = Arc::new(hear);
        let heard = |pool: &Pool| pool.heard_by(Arc::clone(&hear));
        Self {
            writer: heard(&self.writer),
            reader: heard(&self.reader),
            patient: heard(&self.patient),
            engine: self.engine.each_ref().map(heard),
            file: self.file.clone(),
        }
    }

    /// The same database, of which all that there is may be read, however long it takes.
    #[must_use]
    pub fn patiently(&self) -> Self {
        Self {
            reader: self.patient.clone(),
            ..self.clone()
        }
    }

    /// The connection for single-statement writes.
    pub fn write(&self) -> &Pool {
        &self.writer
    }

    /// Ends all connections; open transactions are taken back.
    pub async fn close(&self) {
        // What was committed is safe, and there is nobody left to tell about the rest.
        let [writing, reading] = &self.engine;
        for pool in [&self.writer, &self.reader, &self.patient, writing, reading] {
            let _ = pool.close().await;
        }
    }

    /// Which engine it is.
    pub fn backend(&self) -> DbBackend {
        Connection::get_database_backend(&self.writer)
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
    /// The same for the engine, opened when it is used: most commands deliver nothing.
    Deliver,
}

fn sqlite(url: &str, access: Access) -> ConnectOptions {
    let connections = match access {
        Access::Write => 1,
        Access::Read => 4,
        Access::Deliver => 2,
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .connect_lazy(access == Access::Deliver)
        .acquire_timeout(Duration::from_secs(5))
        // A file does not go away as a server does, and asking it costs as much as a statement.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = match access {
                Access::Write => sqlite.create_if_missing(true),
                Access::Read | Access::Deliver => sqlite.read_only(true),
            };
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5))
                .foreign_keys(true)
        });
    options
}

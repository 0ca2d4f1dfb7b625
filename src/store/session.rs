//! Connections to PostgreSQL, each wait with a limit.
//!
//! The server ends what takes too long, if it can; a server that is stopped, or a network that swallows
//! packets, ends nothing, and the driver waits for ever. So the answer to each statement is waited for
//! so long and no longer, and a connection on which that ran out is closed: it never goes back to the
//! pool, and neither does one whose statement was given up half-way.

use std::{fmt, future::Future, io, time::Duration};

use deadpool::{
    Runtime,
    managed::{self, Metrics, Object, PoolError, RecycleResult},
};
use sea_orm::{
    ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    sqlx::{
        self, AssertSqlSafe, Connection, Executor, PgConnection, Postgres,
        postgres::PgConnectOptions, query::Query,
    },
};
use sea_query_sqlx::SqlxValues;

/// Limits of time on a session with PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The server ends a statement that runs for so long.
    pub statement: Duration,
    /// The server gives up waiting for a lock after so long.
    pub lock: Duration,
    /// The server ends a session that does nothing within a transaction for so long, and with it the
    /// locks of a process that was stopped.
    pub idle_in_transaction: Duration,
    /// The answer to a statement is waited for so long: a little longer than the server takes to end
    /// it, so that this runs out only where nothing answers.
    pub answer: Duration,
    /// So long for a free connection, or for a new one.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(30),
            lock: Duration::from_secs(10),
            idle_in_transaction: Duration::from_secs(30),
            answer: Duration::from_secs(35),
            connect: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// For what reads or changes everything there is, and may take long: no limit to a statement.
    #[must_use]
    pub fn patient(self) -> Self {
        Self {
            statement: Duration::ZERO,
            answer: Duration::MAX,
            ..self
        }
    }

    /// What each session is told at its beginning.
    fn settings(&self) -> String {
        format!(
            "{SESSION}; SET statement_timeout = {}; SET lock_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}",
            self.statement.as_millis(),
            self.lock.as_millis(),
            self.idle_in_transaction.as_millis(),
        )
    }
}

/// What each connection asks for. A fan-out makes a table of a few rows one of ten thousand within a
/// second: a plan that is kept from before reads all of it each time, until somebody has counted the
/// rows. And no statement of ours runs for so long that it should be compiled first. A machine that
/// vanished without a word is noticed in 25 s, and its locks freed.
const SESSION: &str = "SET plan_cache_mode = force_custom_plan; SET jit = off; \
     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
     SET tcp_user_timeout = 25000";

/// A resting connection that does not answer within this is not used.
const ALIVE: Duration = Duration::from_secs(1);

/// Waits for an answer, and no longer than the limit.
pub(super) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            "the database did not answer in time",
        ))),
    }
}

/// Begins a session at a server.
pub(super) async fn connect(
    options: &PgConnectOptions,
    limits: &Limits,
) -> Result<PgConnection, sqlx::Error> {
    within(limits.connect, async {
        let mut connection = PgConnection::connect_with(options).await?;
        connection.execute(AssertSqlSafe(limits.settings())).await?;
        Ok(connection)
    })
    .await
}

/// Some connections to one server.
#[derive(Clone)]
pub(super) struct Sessions {
    pool: managed::Pool<Server>,
    limits: Limits,
}

/// The server's address holds a password.
impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

struct Server {
    options: PgConnectOptions,
    limits: Limits,
}

impl managed::Manager for Server {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        // It is done rarely and is large; every statement would carry its room along.
        Box::pin(connect(&self.options, &self.limits)).await
    }

    async fn recycle(
        &self,
        connection: &mut PgConnection,
        _: &Metrics,
    ) -> RecycleResult<sqlx::Error> {
        Ok(within(ALIVE, connection.ping()).await?)
    }
}

impl Sessions {
    /// At most so many; none is opened yet.
    pub(super) fn new(
        options: PgConnectOptions,
        limits: Limits,
        most: usize,
    ) -> Result<Self, DbErr> {
        let pool = managed::Pool::builder(Server { options, limits })
            .max_size(most)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))?;
        Ok(Self { pool, limits })
    }

    /// The server, and who we are there.
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.pool.manager().options
    }

    /// The limits of its sessions.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A session of one's own.
    pub(super) async fn session(&self) -> Result<Session, DbErr> {
        let got = tokio::time::timeout(self.limits.connect, self.pool.get()).await;
        let connection = match got {
            Ok(Ok(connection)) => connection,
            Ok(Err(PoolError::Backend(error))) => return Err(lost(error)),
            Ok(Err(PoolError::Closed)) => {
                return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
            }
            Ok(Err(_)) | Err(_) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        };
        Ok(Session {
            connection: Some(connection),
            under_way: false,
            answer: self.limits.answer,
        })
    }

    /// All that can be had.
    pub(super) async fn take_all(&self) -> Vec<Session> {
        let mut taken = Vec::new();
        for _ in 0..self.pool.status().max_size {
            taken.extend(self.session().await.ok());
        }
        taken
    }

    /// Closes them; those in use when they come back.
    pub(super) fn close(&self) {
        self.pool.close();
    }
}

/// One connection, until it is dropped.
pub(super) struct Session {
    /// `None` once it was closed.
    connection: Option<Object<Server>>,
    /// Whether something was asked and not yet answered.
    under_way: bool,
    answer: Duration,
}

impl Session {
    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let (limit, connection) = self.begin()?;
        let done = within(limit, query(statement).execute(connection)).await;
        self.end(done).map(Into::into).map_err(DbErr::executing)
    }

    /// Runs a text of one or more statements without parameters.
    pub(super) async fn run(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let (limit, connection) = self.begin()?;
        let done = within(limit, connection.execute(AssertSqlSafe(sql.to_owned()))).await;
        self.end(done).map(Into::into).map_err(DbErr::executing)
    }

    pub(super) async fn one(
        &mut self,
        statement: &Statement,
    ) -> Result<Option<QueryResult>, DbErr> {
        let (limit, connection) = self.begin()?;
        let row = within(limit, query(statement).fetch_optional(connection)).await;
        let row = self.end(row).map_err(DbErr::querying)?;
        Ok(row.map(Into::into))
    }

    pub(super) async fn all(&mut self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (limit, connection) = self.begin()?;
        let rows = within(limit, query(statement).fetch_all(connection)).await;
        let rows = self.end(rows).map_err(DbErr::querying)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    fn begin(&mut self) -> Result<(Duration, &mut PgConnection), DbErr> {
        if self.under_way {
            // What was asked before was given up half-way.
            self.close();
        }
        let Some(connection) = &mut self.connection else {
            return Err(DbErr::Conn(RuntimeErr::SqlxError(
                sqlx::Error::PoolClosed.into(),
            )));
        };
        let connection: &mut PgConnection = connection;
        self.under_way = true;
        Ok((self.answer, connection))
    }

    /// Takes in an answer; after one that never came, or that makes no sense, the connection is closed.
    fn end<T>(&mut self, answer: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.under_way = false;
        let is_lost = |error: &sqlx::Error| {
            matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)
            )
        };
        if answer.as_ref().is_err_and(is_lost) {
            self.close();
        }
        answer
    }

    /// Hangs up, whatever the other side does.
    pub(super) fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.under_way {
            self.close();
        }
    }
}

fn query(statement: &Statement) -> Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone();
    let values = values.unwrap_or(sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

/// Errors as sea-orm sorts them.
trait Sorted {
    fn executing(error: sqlx::Error) -> Self;
    fn querying(error: sqlx::Error) -> Self;
}

impl Sorted for DbErr {
    fn executing(error: sqlx::Error) -> Self {
        Self::Exec(RuntimeErr::SqlxError(error.into()))
    }

    fn querying(error: sqlx::Error) -> Self {
        Self::Query(RuntimeErr::SqlxError(error.into()))
    }
}

fn lost(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

//! Reaching PostgreSQL, and why it cannot be reached.

use sea_orm::{
    ConnectOptions, DatabaseConnection,
    sqlx::{Connection, postgres::PgConnectOptions},
};

use super::{
    Step, Store, StoreError,
    connection::{Engine, Pool},
    session::{Limits, Sessions, connect},
};

/// Of the connections for reading, and of those for writing: whoever asks does not wait for those who
/// deliver.
pub(super) const CONNECTIONS: usize = 6;
/// Of those that the engine has for itself: for its turn, its leases and what it reads.
pub(super) const OF_THE_ENGINE: usize = 4;
/// Of those for what may take long.
pub(super) const PATIENT: usize = 2;

/// A pool of connections to a server; none is opened yet.
pub(super) fn pool(
    options: &PgConnectOptions,
    limits: Limits,
    most: usize,
) -> Result<Pool, StoreError> {
    let sessions = Sessions::new(options.clone(), limits, most);
    let sessions = sessions.step("make room for connections")?;
    Ok(Pool::new(Engine::Postgres(sessions)))
}

/// The address of a server, from the setting.
pub(super) fn options_of(url: &str) -> Result<PgConnectOptions, StoreError> {
    use sea_orm::sqlx::ConnectOptions;
    const STEP: &str = "read the address of the database";
    // The text may hold a password, so it is never shown.
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StoreError::refused(
            STEP,
            "The address of the database is not one that can be used. Give database.url as \
             sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME.",
        ));
    }
    let options = url.parse::<PgConnectOptions>().step(STEP)?;
    Ok(options.disable_statement_logging())
}

/// Connects once and hangs up.
pub(super) async fn reach(options: &PgConnectOptions, limits: &Limits) -> Result<(), StoreError> {
    let connection = connect(options, limits)
        .await
        .step("connect to the database")?;
    // It was reached, and that is all.
    let _ = connection.close_hard().await;
    Ok(())
}

impl Store {
    /// The server, who we are there, and the limits of time; `None` for a file.
    pub(super) fn server(&self) -> Option<(&PgConnectOptions, &Limits)> {
        match &self.writer.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(sessions) => Some((sessions.options(), sessions.limits())),
        }
    }

    /// One connection for changing the tables, as the migrations want it: it waits for its turn and
    /// works as long as it takes.
    pub(super) async fn to_migrate(&self) -> Result<DatabaseConnection, StoreError> {
        let options = match &self.writer.engine {
            Engine::Sqlite(connection) => return Ok(connection.clone()),
            Engine::Postgres(sessions) => sessions.options().clone(),
        };
        // Where the connection goes is in the options; the address only names the engine.
        let mut one = ConnectOptions::new("postgres://localhost");
        one.max_connections(1)
            .sqlx_logging(false)
            .map_sqlx_postgres_opts(move |_| options.clone());
        super::connect(one).await
    }
}

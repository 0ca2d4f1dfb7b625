//! Connections to PostgreSQL, and why there is none.
//!
//! A pool that cannot connect tries again until its time is up and then says that it was busy,
//! whatever the reason. One plain connection says what is really wrong.

use std::{io, time::Duration};

use sea_orm::{
    ConnectOptions,
    sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions},
};

use super::{Step, Store, StoreError, file::io_error};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

const STEP: &str = "connect to the database";

/// What each connection asks for. A fan-out makes a table of a few rows one of ten thousand within a
/// second: a plan that is kept from before reads all of it each time, until somebody has counted the
/// rows. And no statement of ours runs for so long that it should be compiled first.
const SESSION: &str = "SET plan_cache_mode = force_custom_plan; SET jit = off";

/// Of the connections for reading, and of those for writing: whoever asks does not wait for those who
/// deliver.
const CONNECTIONS: u32 = 6;

/// A pool of connections to the server at a URL.
pub(super) fn pool(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(5))
        .sqlx_logging(false)
        .map_sqlx_postgres_pool_opts(|pool| {
            pool.after_connect(|connection, _| {
                Box::pin(async { connection.execute(SESSION).await.map(drop) })
            })
        });
    options
}

/// The address of a server, from the setting.
pub(super) fn options_of(url: &str) -> Result<PgConnectOptions, StoreError> {
    const STEP: &str = "read the address of the database";
    // The text may hold a password, so it is never shown.
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(StoreError::refused(
            STEP,
            "The address of the database is not one that can be used. Give database.url as \
             sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME.",
        ));
    }
    url.parse::<PgConnectOptions>().step(STEP)
}

/// Connects once and hangs up.
pub(super) async fn reach(options: &PgConnectOptions) -> Result<(), StoreError> {
    let connected = tokio::time::timeout(PATIENCE, PgConnection::connect_with(options)).await;
    match connected {
        Ok(connection) => connection.step(STEP)?.close().await.step(STEP),
        Err(_) => Err(io_error(STEP, io::ErrorKind::TimedOut.into())),
    }
}

impl Store {
    /// The real cause of an error that may only look like a busy pool.
    pub(super) async fn explain(&self, error: StoreError) -> StoreError {
        if self.file.is_some() || !error.is_busy() {
            return error;
        }
        let options = self
            .write()
            .get_postgres_connection_pool()
            .connect_options();
        match reach(&options).await {
            Err(cause) => cause,
            Ok(()) => error,
        }
    }
}

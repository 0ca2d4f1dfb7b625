//! A look at a SQLite file from time to time: whether another process wrote something to send. A look
//! costs some microseconds; two numbers in the file say whether the change was by a command.

use std::time::Duration;

use sea_orm::sqlx::{self, ConnectOptions as _, SqliteConnection};

use crate::store::{Step, Store, StoreError};

/// The file is looked at this often.
const LOOK: Duration = Duration::from_millis(20);

const STEP: &str = "look whether another process wrote";

/// A connection that only looks.
#[derive(Debug)]
pub(super) struct Watch {
    connection: SqliteConnection,
    /// Another number after each change by another connection.
    version: i64,
    /// The newest notification and the newest event. What the engine writes itself changes neither.
    said: (Option<String>, i64),
}

impl Watch {
    pub(super) async fn begin(store: &Store) -> Result<Self, StoreError> {
        let options = store
            .file_options()
            .ok_or_else(|| StoreError::refused(STEP, "Only a database in a file is looked at."))?;
        let connection = options.connect().await.step(STEP)?;
        let mut watch = Self {
            connection,
            version: 0,
            said: (None, 0),
        };
        watch.version = watch.version().await?;
        watch.said = watch.said().await?;
        Ok(watch)
    }

    /// Ends when a command of another process was written.
    pub(super) async fn changed(&mut self) -> Result<(), StoreError> {
        loop {
            #[expect(
                clippy::disallowed_methods,
                reason = "it looks at what is outside of the program, whatever its clock shows"
            )]
            tokio::time::sleep(LOOK).await;
            let version = self.version().await?;
            if version == self.version {
                continue;
            }
            self.version = version;
            let said = self.said().await?;
            if said != self.said {
                self.said = said;
                return Ok(());
            }
        }
    }

    async fn version(&mut self) -> Result<i64, StoreError> {
        sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut self.connection)
            .await
            .step(STEP)
    }

    async fn said(&mut self) -> Result<(Option<String>, i64), StoreError> {
        sqlx::query_as(
            "SELECT (SELECT MAX(id) FROM notification), \
             COALESCE((SELECT value FROM counter WHERE name = 'event'), 0)",
        )
        .fetch_one(&mut self.connection)
        .await
        .step(STEP)
    }
}

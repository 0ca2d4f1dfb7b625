//! Bringing the tables up to date, and knowing whether they are.

use std::collections::BTreeSet;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement,
};

use super::{Step, Store, StoreError, connection::begin};

/// Any number that nothing else in the same PostgreSQL database locks.
const MIGRATION_LOCK: i64 = 0x6f79_657a_0001;

/// How the tables compare with what this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// There is nothing yet.
    Empty,
    /// So many changes are missing.
    Behind(usize),
    /// Exactly what the program knows.
    UpToDate,
    /// A newer program changed it. Changes only expand, so this one can still run on it.
    Ahead,
}

impl Store {
    /// Brings the tables up to date; all missing changes or none. Processes that start together
    /// wait for each other. A database that a newer program changed is left as it is.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        const STEP: &str = "change the tables";
        let connection = self.to_migrate().await?;
        let tx = self.begin_to_migrate(&connection).await?;
        // Looked at under the lock: another process may just have done it.
        if matches!(schema(&tx).await?, Schema::UpToDate | Schema::Ahead) {
            tx.rollback().await.step(STEP)?;
        } else {
            Migrator::up(&tx, None).await.step(STEP)?;
            tx.commit().await.step(STEP)?;
        }
        self.end_to_migrate(connection).await;
        Ok(())
    }

    /// Takes back the last `steps` changes, or all of them, with whatever the tables hold.
    pub async fn migrate_down(&self, steps: Option<u32>) -> Result<(), StoreError> {
        const STEP: &str = "take back changes of the tables";
        let connection = self.to_migrate().await?;
        let tx = self.begin_to_migrate(&connection).await?;
        Migrator::down(&tx, steps).await.step(STEP)?;
        tx.commit().await.step(STEP)?;
        self.end_to_migrate(connection).await;
        Ok(())
    }

    /// How the tables compare with what this program knows. Changes nothing.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        schema(self.read()).await
    }

    /// Whether the program can run on the tables as they are.
    pub async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        Ok(matches!(
            self.schema().await?,
            Schema::UpToDate | Schema::Ahead
        ))
    }

    /// A transaction with the tables to itself: SQLite's write lock is held already; PostgreSQL wants
    /// one of its own.
    async fn begin_to_migrate(
        &self,
        connection: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, StoreError> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        let tx = begin(connection).await.step("begin a write transaction")?;
        if self.backend() == DbBackend::Postgres {
            tx.execute_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_advisory_xact_lock($1)",
                [MIGRATION_LOCK.into()],
            ))
            .await
            .step("wait for another process that changes the tables")?;
        }
        Ok(tx)
    }

    /// Hangs up, where the connection was made for this.
    async fn end_to_migrate(&self, connection: DatabaseConnection) {
        if self.backend() == DbBackend::Postgres {
            // What was to be done is done.
            let _ = connection.close().await;
        }
    }
}

async fn schema(conn: &impl ConnectionTrait) -> Result<Schema, StoreError> {
    const STEP: &str = "look at the version of the tables";
    let known: BTreeSet<String> = Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    let applied = applied(conn).await.step(STEP)?;
    let missing = known.difference(&applied).count();
    Ok(if applied.is_empty() {
        Schema::Empty
    } else if missing > 0 {
        Schema::Behind(missing)
    } else if applied.len() > known.len() {
        Schema::Ahead
    } else {
        Schema::UpToDate
    })
}

/// The names of the changes that were made; empty where there is no list of them.
async fn applied(conn: &impl ConnectionTrait) -> Result<BTreeSet<String>, DbErr> {
    let engine = conn.get_database_backend();
    let is_there = match engine {
        DbBackend::Postgres => {
            "SELECT 1 AS found FROM pg_tables \
             WHERE schemaname = current_schema() AND tablename = 'seaql_migrations'"
        }
        _ => {
            "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'"
        }
    };
    let found = conn
        .query_one_raw(Statement::from_string(engine, is_there))
        .await?;
    if found.is_none() {
        return Ok(BTreeSet::new());
    }
    conn.query_all_raw(Statement::from_string(
        engine,
        "SELECT version FROM seaql_migrations",
    ))
    .await?
    .iter()
    .map(|row| row.try_get("", "version"))
    .collect()
}

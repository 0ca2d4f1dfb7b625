//! A database of its own for each test, on each engine there is.
//!
//! SQLite always, in a folder that goes with the test. PostgreSQL when `OYEZ_TEST_POSTGRES_URL`
//! names a cluster whose user may create databases; it is a throw-away one, so what the tests
//! create is left in it.

use oyez::store::Store;
use sea_orm::{ConnectionTrait, Database, DbBackend};
use tempfile::TempDir;

/// A database with all tables and nothing in them.
pub(crate) struct TestDb {
    /// The store, open.
    pub(crate) store: Store,
    /// Where it is, for a second store or another process on the same database.
    pub(crate) url: String,
    /// Holds the files of a SQLite database, and is there for any others a test needs.
    pub(crate) folder: TempDir,
}

impl TestDb {
    /// Which engine it is.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.store.backend() == DbBackend::Sqlite
    }

    /// A second store on the same database, as another process would have.
    pub(crate) async fn another_store(&self) -> Store {
        Store::open(&self.url).await.expect("open it again")
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was on {:?}", self.store.backend());
        }
    }
}

/// One database per engine, with all tables.
pub(crate) async fn databases() -> Vec<TestDb> {
    let databases = empty_databases().await;
    for db in &databases {
        db.store.migrate().await.expect("make the tables");
    }
    databases
}

/// One database per engine, without tables.
pub(crate) async fn empty_databases() -> Vec<TestDb> {
    let mut databases = vec![sqlite().await];
    if let Some(cluster) = cluster() {
        databases.push(postgres(&cluster).await);
    }
    databases
}

/// A SQLite database without tables.
async fn sqlite() -> TestDb {
    let folder = tempfile::tempdir().expect("make a folder");
    let url = format!("sqlite://{}/oyez.db", folder.path().display());
    TestDb {
        store: Store::open(&url).await.expect("open SQLite"),
        url,
        folder,
    }
}

/// A new PostgreSQL database without tables, in the given cluster.
async fn postgres(cluster: &str) -> TestDb {
    let url = create_postgres(cluster).await;
    TestDb {
        store: Store::open(&url).await.expect("open PostgreSQL"),
        url,
        folder: tempfile::tempdir().expect("make a folder"),
    }
}

/// The URL of a new PostgreSQL database without tables, if there is a cluster.
pub(crate) async fn new_postgres() -> Option<String> {
    Some(create_postgres(&cluster()?).await)
}

async fn create_postgres(cluster: &str) -> String {
    let name = format!("oyez_test_{}", ulid::Ulid::generate()).to_lowercase();
    let admin = Database::connect(cluster)
        .await
        .expect("connect to the cluster of OYEZ_TEST_POSTGRES_URL");
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .expect("create a database");
    admin.close().await.expect("close");
    let (server, _) = cluster.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}")
}

/// The URL of the PostgreSQL cluster, with the database to connect to first.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting, which the program does not have"
)]
pub(crate) fn cluster() -> Option<String> {
    std::env::var("OYEZ_TEST_POSTGRES_URL").ok()
}

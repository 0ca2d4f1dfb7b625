//! The tables: made, unmade and made again on both engines, by one process or by several.

use std::collections::BTreeSet;

use oyez::store::{Schema, Store};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::database::{databases, empty_databases};

/// All tables, columns and indexes.
async fn things(store: &Store) -> BTreeSet<String> {
    let sql = match store.backend() {
        DbBackend::Postgres => {
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' \
             UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public' \
             UNION SELECT table_name || '.' || column_name || ' ' || data_type \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
        _ => {
            "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' \
             UNION SELECT name || ': ' || sql FROM sqlite_master WHERE sql IS NOT NULL"
        }
    };
    let rows = store
        .read()
        .query_all_raw(Statement::from_string(store.backend(), sql))
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.try_get("", "name").unwrap())
        .filter(|name: &String| !name.starts_with("seaql_migrations"))
        .collect()
}

#[tokio::test]
async fn the_tables_go_up_down_and_up_again() {
    for db in empty_databases().await {
        assert_eq!(db.store.schema().await.unwrap(), Schema::Empty);
        assert!(!db.store.is_up_to_date().await.unwrap());

        db.store.migrate().await.unwrap();
        let made = things(&db.store).await;
        assert!(made.contains("incident") && made.contains("timer_due"));
        assert_eq!(db.store.schema().await.unwrap(), Schema::UpToDate);

        db.store.migrate_down(None).await.unwrap();
        assert_eq!(things(&db.store).await, BTreeSet::new());
        assert_eq!(db.store.schema().await.unwrap(), Schema::Empty);

        db.store.migrate().await.unwrap();
        assert_eq!(things(&db.store).await, made);
    }
}

#[tokio::test]
async fn each_change_can_be_taken_back_alone() {
    for db in databases().await {
        let made = things(&db.store).await;
        while db.store.schema().await.unwrap() != Schema::Empty {
            let before = things(&db.store).await;
            db.store.migrate_down(Some(1)).await.unwrap();
            assert_ne!(
                things(&db.store).await,
                before,
                "a change that changes nothing"
            );
        }
        assert_eq!(things(&db.store).await, BTreeSet::new());
        db.store.migrate().await.unwrap();
        assert_eq!(things(&db.store).await, made);
    }
}

#[tokio::test]
async fn processes_that_start_together_make_the_tables_once() {
    for db in empty_databases().await {
        let mut starts = Vec::new();
        for _ in 0..4 {
            let store = db.another_store().await;
            starts.push(tokio::spawn(async move { store.migrate().await }));
        }
        for start in starts {
            start.await.unwrap().unwrap();
        }
        assert_eq!(db.store.schema().await.unwrap(), Schema::UpToDate);
    }
}

#[tokio::test]
async fn a_database_that_a_newer_program_changed_is_used_and_left_alone() {
    for db in databases().await {
        db.store
            .write()
            .execute_unprepared(
                "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_x', 0)",
            )
            .await
            .unwrap();
        assert_eq!(db.store.schema().await.unwrap(), Schema::Ahead);
        db.store.migrate().await.unwrap();
        assert!(db.store.is_up_to_date().await.unwrap());
    }
}

#[tokio::test]
async fn a_database_in_memory_is_refused_with_the_fix() {
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite://x?mode=memory",
    ] {
        let error = Store::open(url).await.unwrap_err();
        assert!(
            error.sentence().contains("sqlite://oyez.db"),
            "{url}: {error:?}"
        );
    }
}

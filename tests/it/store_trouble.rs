//! When the database is gone, locked, full or damaged: a clear error, and nothing half-done.

use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
};

use oyez::store::{Store, Trouble, incidents};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::support::{
    at,
    database::{TestDb, cluster, databases},
    incident::{declare, go_on, noted},
};

async fn sqlite() -> TestDb {
    let mut all = databases().await;
    all.swap_remove(0)
}

async fn postgres() -> Option<TestDb> {
    databases().await.into_iter().find(|db| !db.is_sqlite())
}

/// Whether all counts agree with a number of incidents that were declared and nothing more.
async fn holds_exactly(store: &Store, declared: u64) {
    let events = incidents::events_after(store.read(), 0, 10_000)
        .await
        .unwrap();
    assert_eq!(events.len() as u64, declared);
    assert_eq!(
        incidents::last_stream_id(store.read()).await.unwrap(),
        declared
    );
    let filter = incidents::Filter {
        visible: incidents::Visible::All,
        ..Default::default()
    };
    let page = incidents::list(store.read(), &filter, None, 10_000)
        .await
        .unwrap();
    assert_eq!(page.incidents.len() as u64, declared);
}

#[tokio::test]
async fn a_database_held_by_another_program_is_busy() {
    let db = sqlite().await;
    declare(&db.store, json!({})).await.unwrap();
    let other = db.another_store().await;
    let held = other.begin().await.unwrap();
    // Five seconds of patience are long for a test.
    db.store
        .write()
        .execute_unprepared("PRAGMA busy_timeout = 20")
        .await
        .unwrap();
    let error = declare(&db.store, json!({})).await.unwrap_err();
    assert!(error.is_busy(), "{error:?}");
    assert!(error.sentence().contains("busy"), "{}", error.sentence());
    // Reading goes on meanwhile, and writing afterwards.
    holds_exactly(&db.store, 1).await;
    drop(held);
    other.ping().await.unwrap();
    declare(&db.store, json!({})).await.unwrap();
    holds_exactly(&db.store, 2).await;
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_half_done() {
    let db = sqlite().await;
    declare(&db.store, json!({})).await.unwrap();
    let pages = db
        .store
        .write()
        .query_one_raw(Statement::from_string(
            db.store.backend(),
            "PRAGMA page_count",
        ))
        .await
        .unwrap()
        .unwrap()
        .try_get_by_index::<i64>(0)
        .unwrap();
    let limit = |pages: i64| format!("PRAGMA max_page_count = {pages}");
    db.store
        .write()
        .execute_unprepared(&limit(pages))
        .await
        .unwrap();

    let long = "The queue is long. ".repeat(10_000);
    let error = declare(&db.store, json!({ "holding_line": long }))
        .await
        .unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert!(error.sentence().contains("space"), "{}", error.sentence());
    holds_exactly(&db.store, 1).await;

    db.store
        .write()
        .execute_unprepared(&limit(1_000_000))
        .await
        .unwrap();
    let next = declare(&db.store, json!({ "holding_line": long }))
        .await
        .unwrap();
    assert_eq!(next.id.to_string(), "INC-0002", "the number was given back");
    holds_exactly(&db.store, 2).await;
}

#[tokio::test]
async fn a_database_file_that_is_deleted_or_replaced_takes_no_more_writes() {
    let db = sqlite().await;
    let file = db.folder.path().join("oyez.db");
    fs::rename(&file, db.folder.path().join("elsewhere.db")).unwrap();
    for _ in 0..2 {
        let error = declare(&db.store, json!({})).await.unwrap_err();
        assert!(error.is_unreachable(), "{error:?}");
        assert!(db.store.ping().await.unwrap_err().is_unreachable());
        // The same when another file has come in its place.
        fs::write(&file, "").unwrap();
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/none/oyez.db", folder.path().display());
    let error = Store::open(&url).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    assert!(error.sentence().contains("database.url"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("oyez.db");
    fs::write(&file, "Dear diary, ".repeat(1_000)).unwrap();
    let url = format!("sqlite://{}", file.display());
    let error = match Store::open(&url).await {
        Err(error) => error,
        Ok(store) => store.migrate().await.unwrap_err(),
    };
    assert_eq!(error.trouble(), Trouble::Unreadable, "{error:?}");
    assert!(fs::read_to_string(&file).unwrap().starts_with("Dear diary"));
}

#[tokio::test]
async fn a_database_without_tables_says_what_to_do() {
    for db in crate::support::database::empty_databases().await {
        let error = declare(&db.store, json!({})).await.unwrap_err();
        assert_eq!(error.trouble(), Trouble::WrongSchema, "{error:?}");
        assert!(error.sentence().contains("oyez serve"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_refuses_is_told_apart() {
    // Nothing listens on port 1.
    let error = Store::open("postgres://oyez:hunter2@127.0.0.1:1/oyez")
        .await
        .unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("hunter2"));

    let error = Store::open("mysql://oyez:hunter2@127.0.0.1/oyez")
        .await
        .unwrap_err();
    assert!(error.sentence().contains("postgres://"), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("hunter2"));

    let Some(cluster) = cluster() else { return };
    let (server, _) = cluster.rsplit_once('/').unwrap();
    let error = Store::open(&format!("{server}/no_such_database"))
        .await
        .unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}

#[tokio::test]
async fn a_database_that_goes_away_while_it_is_used_is_unreachable() {
    let Some(db) = postgres().await else { return };
    declare(&db.store, json!({})).await.unwrap();
    let name = db.url.rsplit_once('/').unwrap().1;
    let admin = Store::open(&cluster().unwrap()).await.unwrap();
    for sql in [
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        format!("ALTER DATABASE {name} RENAME TO {name}_elsewhere"),
    ] {
        admin.write().execute_unprepared(&sql).await.unwrap();
    }
    let error = declare(&db.store, json!({})).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    let error = db.store.ping().await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}

#[tokio::test]
async fn a_server_that_cuts_the_line_in_the_middle_has_saved_nothing() {
    let Some(db) = postgres().await else { return };
    let one = declare(&db.store, json!({})).await.unwrap();
    let tx = db.store.begin().await.unwrap();
    let head = incidents::lock(&tx, one.id).await.unwrap().unwrap();
    let mut after = one.clone();
    let record = noted(2, "lost");
    after.apply(&record);
    incidents::append(&tx, Some(&head), &after, &[record])
        .await
        .unwrap();
    let other = db.another_store().await;
    other
        .write()
        .execute_unprepared(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
    assert!(tx.commit().await.is_err());
    holds_exactly(&db.store, 1).await;
    go_on(&db.store, one.id, |seq| noted(seq, "kept"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_backup_is_a_whole_database_made_while_it_is_in_use() {
    let db = sqlite().await;
    declare(&db.store, json!({})).await.unwrap();
    // A write that is not committed holds nothing up and is not in it.
    let tx = db.store.begin().await.unwrap();
    incidents::next_id(&tx).await.unwrap();
    let to = db.folder.path().join("copy.db");
    db.store.backup(&to).await.unwrap();
    drop(tx);

    let copy = Store::open(&format!("sqlite://{}", to.display()))
        .await
        .unwrap();
    assert!(copy.is_up_to_date().await.unwrap());
    holds_exactly(&copy, 1).await;
    let next = declare(&copy, json!({})).await.unwrap();
    assert_eq!(next.id.to_string(), "INC-0002");
    let left: Vec<_> = fs::read_dir(db.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("partial"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_and_its_backups_are_for_their_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let db = sqlite().await;
    let to = db.folder.path().join("copy.db");
    db.store.backup(&to).await.unwrap();
    for file in [to, db.folder.path().join("oyez.db")] {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_leaves_nothing_when_it_fails() {
    let db = sqlite().await;
    let taken = db.folder.path().join("notes.txt");
    fs::write(&taken, "mine").unwrap();
    let error = db.store.backup(&taken).await.unwrap_err();
    assert!(
        error.sentence().contains("another file name"),
        "{}",
        error.sentence()
    );
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");

    let nowhere = db.folder.path().join("none").join("copy.db");
    assert!(db.store.backup(&nowhere).await.is_err());
    assert!(!nowhere.exists());
}

#[tokio::test]
async fn a_backup_of_postgresql_names_the_right_tool() {
    let Some(db) = postgres().await else { return };
    let error = db
        .store
        .backup(&db.folder.path().join("copy.db"))
        .await
        .unwrap_err();
    assert!(error.sentence().contains("pg_dump"));
}

#[tokio::test]
async fn on_sqlite_one_process_delivers_and_knows_that_all_before_it_are_dead() {
    let db = sqlite().await;
    assert!(!db.store.is_delivering().await.unwrap());
    let lock = db.store.try_lock_delivery("first").await.unwrap().unwrap();
    let other = db.another_store().await;
    assert!(other.is_delivering().await.unwrap());
    assert!(other.try_lock_delivery("second").await.unwrap().is_none());
    assert!(lock.is_held().await.unwrap());
    let dead = lock.dead_among(&["first", "old", "older"]).await.unwrap();
    assert_eq!(dead, ["old", "older"]);
    drop(lock);
    assert!(!other.is_delivering().await.unwrap());
    assert!(other.try_lock_delivery("second").await.unwrap().is_some());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_lock_of_a_process_that_was_killed_is_free() {
    let db = sqlite().await;
    let mut holder = Command::new("flock")
        .arg("--no-fork")
        .arg(db.folder.path().join("oyez.db.lock"))
        .args(["sh", "-c", "echo held; exec sleep 600"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("flock, of the package util-linux");
    let mut said = [0; 5];
    holder
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut said)
        .unwrap();
    assert!(db.store.is_delivering().await.unwrap());
    assert!(db.store.try_lock_delivery("mine").await.unwrap().is_none());
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(!db.store.is_delivering().await.unwrap());
    assert!(db.store.try_lock_delivery("mine").await.unwrap().is_some());
}

#[tokio::test]
async fn on_postgresql_several_deliver_and_the_dead_are_known_at_once() {
    let Some(db) = postgres().await else { return };
    assert!(!db.store.is_delivering().await.unwrap());
    let first = db.store.try_lock_delivery("first").await.unwrap().unwrap();
    let other = db.another_store().await;
    let second = other.try_lock_delivery("second").await.unwrap().unwrap();
    assert!(other.try_lock_delivery("first").await.unwrap().is_none());
    assert!(db.store.is_delivering().await.unwrap());
    let all = ["first", "second", "never"];
    assert_eq!(first.dead_among(&all).await.unwrap(), ["never"]);

    // A process dies when its connection does; nobody waits for its leases to lapse.
    db.store
        .write()
        .execute_unprepared(
            "SELECT pg_terminate_backend(max(pid)) FROM pg_locks \
             WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND database = \
             (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .await
        .unwrap();
    let (dead, alive) = match first.is_held().await {
        Ok(true) => (second, first),
        _ => (first, second),
    };
    assert!(dead.is_held().await.is_err());
    // The server frees the lock when the backend has ended, which is a moment after it was told.
    while alive.dead_among(&[dead.token()]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(alive.is_held().await.unwrap());
    assert!(db.store.is_delivering().await.unwrap());
    drop(alive);
}

#[tokio::test]
async fn the_clock_of_the_server_is_measured_against_ours() {
    let fixed = at("2026-11-23T13:20:00Z");
    for db in databases().await {
        let measured = db.store.clock_offset(|| fixed).await.unwrap();
        if db.is_sqlite() {
            assert_eq!(measured, None);
            continue;
        }
        // Our clock stands still, so the offset is the server's time less ours.
        let measured = measured.unwrap();
        assert_eq!(measured.uncertainty, chrono::TimeDelta::zero());
        let again = db
            .store
            .clock_offset(|| fixed + measured.offset)
            .await
            .unwrap()
            .unwrap();
        assert!(again.offset >= chrono::TimeDelta::zero());
        assert!(again.offset < chrono::TimeDelta::minutes(10));
    }
}

//! PostgreSQL over a network that swallows packets: nothing is waited for without end.

use std::time::Duration;

use oyez::{
    app::Mode,
    clock::{Clock, SystemClock},
    domain::{
        command::{Asked, Declare},
        facts::Facts,
        situation::Relation,
    },
    store::{Limits, Store, Trouble},
};
use sea_orm::ConnectionTrait;

use crate::support::{
    at,
    database::{TestDb, new_postgres},
    program::{Program, operator},
    proxy::Proxy,
};

const LIMITS: Limits = Limits {
    statement: Duration::from_secs(30),
    lock: Duration::from_secs(10),
    idle_in_transaction: Duration::from_secs(30),
    answer: Duration::from_secs(2),
    connect: Duration::from_secs(2),
};

/// A database behind a line that can fall silent; `None` where there is no PostgreSQL.
async fn behind_a_line() -> Option<(Proxy, TestDb)> {
    let url = new_postgres().await?;
    let straight = Store::open(&url).await.unwrap();
    straight.migrate().await.unwrap();
    straight.close().await;
    let (before, rest) = url.rsplit_once(':').unwrap();
    let (port, name) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(port.parse().unwrap()).await;
    let through = format!("{before}:{}/{name}", proxy.port);
    let db = TestDb {
        store: Store::open_within(&through, LIMITS).await.unwrap(),
        url,
        folder: tempfile::tempdir().unwrap(),
    };
    Some((proxy, db))
}

/// How long something takes, and what comes of it.
async fn timed<T>(what: impl Future<Output = T>) -> (Duration, T) {
    let clock = SystemClock::new();
    let done = what.await;
    (clock.running(), done)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_falls_silent_is_given_up_and_found_again() {
    let Some((proxy, db)) = behind_a_line().await else {
        return;
    };
    let store = &db.store;
    let tx = store.begin().await.unwrap();
    tx.execute_unprepared("UPDATE counter SET value = value + 1")
        .await
        .unwrap();
    store.ping().await.unwrap();
    proxy.silence();
    // A resting connection is given a second, a new one and the answer to a statement two.
    let (took, asked) = timed(store.ping()).await;
    assert!(asked.is_err() && took < Duration::from_secs(6), "{took:?}");
    let (took, asked) = timed(tx.execute_unprepared("SELECT 1")).await;
    assert!(asked.is_err() && took < Duration::from_secs(6), "{took:?}");
    let (took, asked) = timed(store.begin()).await;
    assert!(asked.is_err() && took < Duration::from_secs(6), "{took:?}");
    proxy.mend();
    let (took, asked) = timed(store.ping()).await;
    assert!(
        asked.is_ok() && took < Duration::from_secs(6),
        "{took:?} {asked:?}"
    );
    // What was given up is closed, so the server takes it back and lets go of its locks.
    drop(tx);
    let again = store.begin().await.unwrap();
    let freed = again.execute_unprepared("UPDATE counter SET value = value + 1");
    freed.await.unwrap();
    again.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_never_came_may_have_been_done_and_its_key_says_so() {
    let Some((proxy, db)) = behind_a_line().await else {
        return;
    };
    let program = Program::northshire(db, at("2026-11-23T13:30:00Z")).await;
    let asked = || Asked {
        command: Declare {
            title: "Providers cannot sign in".to_owned(),
            priority: Some("P1".parse().unwrap()),
            services: [("register-trainees".parse().unwrap(), Relation::Affected)].into(),
            facts: Facts {
                effect: Some("Training providers cannot sign in.".to_owned()),
                ..Facts::default()
            },
            ..Declare::default()
        },
        actor: operator(),
        request_key: "the same key".to_owned(),
        seen_revision: None,
        typed: None,
    };
    proxy.silence_after(b"COMMIT");
    let error = program
        .app
        .declare(asked(), Mode::Commit)
        .await
        .unwrap_err();
    assert_eq!(error.code, "may-have-been-done", "{error}");
    assert!(error.sentence.contains("may have been saved"), "{error}");
    proxy.mend();
    let receipt = program.app.declare(asked(), Mode::Commit).await.unwrap();
    assert_eq!(receipt.incident.to_string(), "INC-0001");
    let again = program.app.declare(asked(), Mode::Commit).await.unwrap();
    let text = |receipt: &oyez::app::answers::Receipt| serde_json::to_value(receipt).unwrap();
    assert_eq!(text(&again), text(&receipt));
    let written = oyez::store::incidents::last_stream_id(program.app.store.read());
    assert_eq!(written.await.unwrap(), 1, "it was done once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_before_the_commit_is_no_doubt() {
    let Some((proxy, db)) = behind_a_line().await else {
        return;
    };
    let tx = db.store.begin().await.unwrap();
    proxy.silence();
    let error = tx.execute_unprepared("SELECT 1").await.unwrap_err();
    let error = oyez::store::StoreError {
        step: "ask",
        source: error,
    };
    assert_eq!(error.trouble(), Trouble::Unreachable);
}

#[tokio::test]
async fn each_session_has_its_limits_on_the_server() {
    let Some((_proxy, db)) = behind_a_line().await else {
        return;
    };
    let shows = async |conn: &oyez::store::Pool, what: &str| -> String {
        let sql = format!("SELECT current_setting('{what}') AS it");
        let asked = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let row = conn.query_one_raw(asked).await.unwrap().unwrap();
        row.try_get("", "it").unwrap()
    };
    let store = &db.store;
    let patient = store.patiently();
    for (conn, statement) in [
        (store.read(), "30s"),
        (store.write(), "30s"),
        (patient.read(), "0"),
    ] {
        assert_eq!(shows(conn, "statement_timeout").await, statement);
        assert_eq!(shows(conn, "lock_timeout").await, "10s");
        assert_eq!(
            shows(conn, "idle_in_transaction_session_timeout").await,
            "30s"
        );
        assert_eq!(shows(conn, "tcp_keepalives_idle").await, "10");
    }
}

#[tokio::test]
async fn a_long_transaction_on_one_incident_holds_no_other_up() {
    let Some((_proxy, db)) = behind_a_line().await else {
        return;
    };
    use crate::support::incident::{declare, declared, go_on, noted};
    use oyez::{domain::incident::Incident, store::incidents};
    let (one, other) = (
        declare(&db.store, serde_json::json!({})).await.unwrap().id,
        declare(&db.store, serde_json::json!({})).await.unwrap().id,
    );
    // As far as a fan-out has come when it still has its deliveries to write.
    let tx = db.store.begin().await.unwrap();
    let head = incidents::lock(&tx, one).await.unwrap().unwrap();
    let mut after = Incident::declared(one, &declared(serde_json::json!({}))).unwrap();
    let record = noted(2, "a long one");
    after.apply(&record);
    incidents::append(&tx, Some(&head), &after, &[record])
        .await
        .unwrap();
    // Its answer is waited for no longer than two seconds.
    go_on(&db.store, other, |seq| noted(seq, "meanwhile"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let stream = incidents::events_after(db.store.read(), 0, 9)
        .await
        .unwrap();
    let order: Vec<(u64, u32)> = stream
        .iter()
        .map(|event| (event.record.stream_id, event.incident.0))
        .collect();
    assert_eq!(
        order,
        [(1, 1), (2, 2), (3, 2), (4, 1)],
        "as they were committed"
    );
}

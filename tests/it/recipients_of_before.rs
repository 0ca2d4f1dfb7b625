//! The version before writes into the tables of this one: beside it, while they are changed, or when it
//! is put back for a day. It knows no rows of who a delivery is to, and none of who is named in an
//! incident.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use oyez::{
    domain::{
        IncidentId,
        delivery::{Class, State, ToldPerson},
        notification::Moment,
    },
    store::{
        Store, incidents,
        outbox::{Share, claim, complete, history},
    },
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::support::{
    database::databases,
    incident::{declare, declared, go_on, noted},
    outbox::{completion, notification, person, say, start, with_fallback},
};

/// Writes an accepted delivery of incident 1 as the version before does; one without a channel is
/// deliberately not sent.
async fn write_as_before(
    conn: &impl ConnectionTrait,
    seq: u32,
    channel: &str,
    people: &[ToldPerson],
) {
    let sql = "INSERT INTO delivery (id, notification_id, message_id, incident, event_seq, moment, \
               audience, channel, address, lane, order_key, rank, urgent, state, deliver_by, \
               attempts, unsure, plain, first, name, recipients, reason, sentence, created_at, \
               ended_at) \
               VALUES ($1, $1, $1, 1, $2, 'update', 'owners', $3, 'somewhere', 'smtp:relay', $1, 1, \
               false, 'accepted', $4, 1, false, false, false, 'Somebody', $5, '', '', $4, $4)";
    let values = [
        format!("{seq:026}").into(),
        i64::from(seq).into(),
        channel.into(),
        start().timestamp_micros().into(),
        serde_json::to_string(people).unwrap().into(),
    ];
    let engine = conn.get_database_backend();
    let statement = Statement::from_sql_and_values(engine, sql, values);
    conn.execute_raw(statement).await.unwrap();
}

/// Of whom the history of incident 1 knows, and by which event they were told last.
async fn known(store: &Store) -> BTreeSet<(String, u32)> {
    let told = history(store.read(), IncidentId(1), &BTreeSet::new())
        .await
        .unwrap();
    told.iter()
        .map(|row| (row.who.as_str().to_owned(), row.seq))
        .collect()
}

fn told(people: &[(usize, u32)]) -> BTreeSet<(String, u32)> {
    let name = |(who, seq): &(usize, u32)| (format!("person-{who}"), *seq);
    people.iter().map(name).collect()
}

async fn count(store: &Store, of: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {of}");
    let statement = Statement::from_string(store.backend(), sql);
    let row = store.read().query_one_raw(statement).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn who_was_told_by_the_version_before_is_known() {
    for db in databases().await {
        let store = &db.store;
        write_as_before(store.write(), 1, "email", &[person(0), person(7)]).await;
        write_as_before(store.write(), 2, "email", &[person(0)]).await;
        write_as_before(store.write(), 3, "", &[person(8)]).await;
        assert_eq!(known(store).await, told(&[(0, 2), (7, 1)]));
        assert_eq!(count(store, "recipient").await, 3);
    }
}

#[tokio::test]
async fn on_sqlite_the_trigger_leaves_alone_what_this_version_writes() {
    for db in databases().await.into_iter().filter(|db| db.is_sqlite()) {
        let store = &db.store;
        let new = with_fallback(notification(1, Moment::Update, 2, start()), "teams");
        say(store, &new, start()).await;
        let tx = store.begin().await.unwrap();
        let until = start() + TimeDelta::seconds(30);
        let claimed = claim(&tx, "smtp:relay", Share::Urgent, 9, "one", until, start());
        let dead: Vec<_> = claimed
            .await
            .unwrap()
            .iter()
            .map(|one| completion(one, Class::BadDestination, State::Dead, None, start()))
            .collect();
        complete(&tx, &dead, &[], start()).await.unwrap();
        tx.commit().await.unwrap();
        let fell = count(store, "delivery WHERE fell_from IS NOT NULL");
        assert_eq!(fell.await, 2);
        let silent = count(store, "delivery WHERE recipients_written IS NULL");
        assert_eq!(silent.await, 0);
        assert_eq!(count(store, "recipient").await, 4);
    }
}

#[tokio::test]
async fn a_command_of_the_version_before_and_the_change_of_the_tables_do_not_wait_for_each_other() {
    for db in databases().await.into_iter().filter(|db| !db.is_sqlite()) {
        let store = &db.store;
        declare(store, json!({})).await.unwrap();
        let there = Statement::from_string(store.backend(), "SELECT 1 FROM recipient LIMIT 1");
        while store.read().query_one_raw(there.clone()).await.is_ok() {
            store.migrate_down(Some(1)).await.unwrap();
        }
        // It locks its incident and then writes deliveries.
        let command = store.begin().await.unwrap();
        let lock = "SELECT 1 FROM incident WHERE id = 1 FOR UPDATE";
        command.execute_unprepared(lock).await.unwrap();
        let another = db.another_store().await;
        let change = tokio::spawn(async move { another.migrate().await });
        let waits = "pg_locks WHERE NOT granted AND relation = CAST('incident' AS regclass) AND \
                     database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while count(store, waits).await == 0 && !change.is_finished() {
            tokio::task::yield_now().await;
        }
        write_as_before(&command, 1, "email", &[person(0)]).await;
        command.commit().await.unwrap();
        change.await.unwrap().unwrap();
        assert_eq!(known(store).await, told(&[(0, 1)]));
    }
}

#[tokio::test]
async fn who_declared_an_incident_with_the_version_before_stays_named_in_it() {
    for db in databases().await {
        let store = &db.store;
        let secret = json!({ "restricted": true });
        let id = declare(store, secret.clone()).await.unwrap().id;
        // What the version before leaves.
        for sql in [
            "DELETE FROM incident_member",
            "UPDATE incident SET members_seq = NULL",
        ] {
            store.write().execute_unprepared(sql).await.unwrap();
        }
        let unwritten = async || incidents::without_members(store.read()).await.unwrap();
        assert_eq!(unwritten().await, [id]);
        let note = |seq| noted(seq, "The queue is at 40,000.");
        let after = go_on(store, id, note).await.unwrap();
        assert_eq!(unwritten().await, [id], "who declared it is not written");

        let tx = store.begin().await.unwrap();
        let first = declared(secret);
        incidents::catch_up(&tx, &after, &first).await.unwrap();
        tx.commit().await.unwrap();
        let of_key = async || {
            let found = incidents::of_member(store.read(), "cli:priya", None);
            found.await.unwrap()
        };
        assert_eq!(of_key().await, [id]);
        assert!(unwritten().await.is_empty());
        go_on(store, id, note).await.unwrap();
        assert_eq!(of_key().await, [id]);
        assert!(unwritten().await.is_empty(), "from then on it keeps step");
    }
}

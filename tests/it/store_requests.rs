//! Request keys: done once, answered twice.

use oyez::{
    domain::event::Door,
    store::{
        Store,
        requests::{self, Begun, RequestKey},
    },
};

use crate::support::{at, database::databases};

const KEY: RequestKey<'static> = RequestKey {
    door: Door::Api,
    actor: "token:ci",
    key: "c0ffee",
};

async fn begin(store: &Store, key: RequestKey<'_>, hash: &str, now: &str) -> Begun {
    let tx = store.begin().await.unwrap();
    let begun = requests::begin(&tx, key, hash, at(now)).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

async fn finish(store: &Store, key: RequestKey<'_>, answer: &str) {
    let tx = store.begin().await.unwrap();
    requests::finish(&tx, key, answer).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_second_arrival_gets_the_first_answer() {
    for db in databases().await {
        let store = &db.store;
        assert_eq!(
            begin(store, KEY, "h1", "2026-11-23T13:20:00Z").await,
            Begun::New
        );
        assert_eq!(
            begin(store, KEY, "h1", "2026-11-23T13:20:01Z").await,
            Begun::Running
        );
        finish(store, KEY, r#"{"incident":"INC-0001"}"#).await;
        let same = Begun::Same(r#"{"incident":"INC-0001"}"#.to_owned());
        assert_eq!(begin(store, KEY, "h1", "2026-11-23T13:20:02Z").await, same);
        assert_eq!(
            begin(store, KEY, "h2", "2026-11-23T13:20:03Z").await,
            Begun::Different
        );
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_door_and_one_actor() {
    for db in databases().await {
        let others = [
            KEY,
            RequestKey {
                door: Door::Cli,
                ..KEY
            },
            RequestKey {
                actor: "token:other",
                ..KEY
            },
            RequestKey {
                key: "C0FFEE",
                ..KEY
            },
        ];
        for key in others {
            let begun = begin(&db.store, key, "h1", "2026-11-23T13:20:00Z").await;
            assert_eq!(begun, Begun::New, "{key:?}");
        }
    }
}

#[tokio::test]
async fn a_command_that_fails_leaves_no_key() {
    for db in databases().await {
        let tx = db.store.begin().await.unwrap();
        let begun = requests::begin(&tx, KEY, "h1", at("2026-11-23T13:20:00Z"))
            .await
            .unwrap();
        assert_eq!(begun, Begun::New);
        drop(tx);
        assert_eq!(
            begin(&db.store, KEY, "h2", "2026-11-23T13:20:01Z").await,
            Begun::New
        );

        let tx = db.store.begin().await.unwrap();
        requests::give_up(&tx, KEY).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            begin(&db.store, KEY, "h3", "2026-11-23T13:20:02Z").await,
            Begun::New
        );
    }
}

#[tokio::test]
async fn answers_are_kept_for_seven_days() {
    for db in databases().await {
        let store = &db.store;
        begin(store, KEY, "h1", "2026-11-23T13:20:00Z").await;
        finish(store, KEY, "{}").await;
        let last = begin(store, KEY, "h1", "2026-11-30T13:20:00Z").await;
        assert_eq!(last, Begun::Same("{}".to_owned()));
        assert_eq!(
            begin(store, KEY, "h2", "2026-11-30T13:20:00.000001Z").await,
            Begun::New
        );

        let forget = async |now: &str| requests::forget_old(store.write(), at(now)).await.unwrap();
        assert_eq!(forget("2026-12-07T13:20:00Z").await, 0);
        assert_eq!(forget("2026-12-07T13:21:00Z").await, 1);
    }
}

#[tokio::test]
async fn a_key_whose_process_was_killed_can_be_taken_again() {
    for db in databases().await {
        let store = &db.store;
        begin(store, KEY, "h1", "2026-11-23T13:20:00Z").await;
        assert_eq!(
            begin(store, KEY, "h1", "2026-11-23T13:25:00Z").await,
            Begun::Running
        );
        assert_eq!(
            begin(store, KEY, "h1", "2026-11-23T13:25:01Z").await,
            Begun::New
        );
    }
}

#[tokio::test]
async fn an_answer_without_a_key_is_an_error() {
    for db in databases().await {
        let tx = db.store.begin().await.unwrap();
        assert!(requests::finish(&tx, KEY, "{}").await.is_err());
    }
}

#[tokio::test]
async fn of_many_arrivals_at_once_one_does_it_and_all_get_its_answer() {
    for db in databases().await {
        let mut arrivals = Vec::new();
        for n in 0..8 {
            let store = db.another_store().await;
            arrivals.push(tokio::spawn(async move {
                let tx = store.begin().await.unwrap();
                let now = at("2026-11-23T13:20:00Z");
                match requests::begin(&tx, KEY, "h1", now).await.unwrap() {
                    Begun::New => {
                        let answer = format!("{{\"by\":{n}}}");
                        requests::finish(&tx, KEY, &answer).await.unwrap();
                        tx.commit().await.unwrap();
                        (true, answer)
                    }
                    Begun::Same(answer) => (false, answer),
                    other => panic!("{other:?}"),
                }
            }));
        }
        let mut answers = Vec::new();
        for arrival in arrivals {
            answers.push(arrival.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|(did_it, _)| *did_it).count(), 1);
        assert!(answers.iter().all(|(_, answer)| *answer == answers[0].1));
    }
}

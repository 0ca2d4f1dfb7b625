//! Timers: planned, moved, dropped, and fired by exactly one.

use oyez::{
    domain::IncidentId,
    store::{
        Store,
        timers::{self, TimerRow},
    },
};

use crate::support::{at, database::databases};

const ONE: IncidentId = IncidentId(1);
const TWO: IncidentId = IncidentId(2);

fn row(key: &str, due: &str) -> TimerRow {
    TimerRow {
        key: key.to_owned(),
        kind: "prompt-lead".to_owned(),
        due: at(due),
        payload: format!("{{\"due\":\"{due}\"}}"),
    }
}

async fn plan(store: &Store, incident: IncidentId, rows: &[TimerRow]) {
    let tx = store.begin().await.unwrap();
    timers::reschedule(&tx, incident, rows).await.unwrap();
    tx.commit().await.unwrap();
}

async fn fire(store: &Store, incident: IncidentId, key: &str) -> bool {
    let tx = store.begin().await.unwrap();
    let fired = timers::fire(&tx, incident, key, at("2026-11-23T15:00:00Z"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    fired
}

async fn due(store: &Store, now: &str) -> Vec<String> {
    let due = timers::due(store.read(), at(now), &[], 100).await.unwrap();
    due.into_iter()
        .map(|timer| format!("{}/{}", timer.incident, timer.row.key))
        .collect()
}

#[tokio::test]
async fn timers_are_due_at_their_time_the_longest_due_first() {
    for db in databases().await {
        let store = &db.store;
        assert_eq!(timers::next_due(store.read(), &[]).await.unwrap(), None);
        plan(
            store,
            ONE,
            &[
                row("b", "2026-11-23T14:35:00Z"),
                row("a", "2026-11-23T14:30:00Z"),
            ],
        )
        .await;
        plan(store, TWO, &[row("a", "2026-11-23T14:30:00Z")]).await;

        assert_eq!(due(store, "2026-11-23T14:29:59.999999Z").await, [""; 0]);
        assert_eq!(
            due(store, "2026-11-23T14:30:00Z").await,
            ["INC-0001/a", "INC-0002/a"]
        );
        let all = ["INC-0001/a", "INC-0002/a", "INC-0001/b"];
        assert_eq!(due(store, "2026-11-24T00:00:00Z").await, all);
        let next = timers::next_due(store.read(), &[]).await.unwrap();
        assert_eq!(next, Some(at("2026-11-23T14:30:00Z")));
        let first = timers::due(store.read(), at("2026-11-24T00:00:00Z"), &[], 1)
            .await
            .unwrap();
        assert_eq!(first[0].row, row("a", "2026-11-23T14:30:00Z"));
        assert_eq!(first.len(), 1);
    }
}

#[tokio::test]
async fn a_new_plan_replaces_what_has_not_fired_and_never_arms_again_what_has() {
    for db in databases().await {
        let store = &db.store;
        let first = [
            row("fired", "2026-11-23T14:30:00Z"),
            row("kept", "2026-11-23T14:35:00Z"),
            row("dropped", "2026-11-23T14:40:00Z"),
        ];
        plan(store, ONE, &first).await;
        plan(store, TWO, &[row("dropped", "2026-11-23T14:40:00Z")]).await;
        assert!(fire(store, ONE, "fired").await);

        let second = [
            row("fired", "2026-11-23T14:50:00Z"),
            row("kept", "2026-11-23T14:55:00Z"),
            row("new", "2026-11-23T14:59:00Z"),
        ];
        plan(store, ONE, &second).await;
        let waiting = timers::of_incident(store.read(), ONE).await.unwrap();
        let waiting: Vec<TimerRow> = waiting.into_iter().map(|timer| timer.row).collect();
        assert_eq!(waiting, second[1..]);
        assert_eq!(
            timers::of_incident(store.read(), TWO).await.unwrap().len(),
            1
        );
        assert!(!fire(store, ONE, "fired").await);
        assert!(!fire(store, ONE, "dropped").await);

        plan(store, ONE, &[]).await;
        assert_eq!(
            timers::of_incident(store.read(), ONE).await.unwrap(),
            vec![]
        );
        assert_eq!(
            due(store, "2026-11-24T00:00:00Z").await,
            ["INC-0002/dropped"]
        );
    }
}

#[tokio::test]
async fn a_timer_whose_work_fails_is_due_again() {
    for db in databases().await {
        let store = &db.store;
        plan(store, ONE, &[row("a", "2026-11-23T14:30:00Z")]).await;
        let tx = store.begin().await.unwrap();
        assert!(
            timers::fire(&tx, ONE, "a", at("2026-11-23T14:30:00Z"))
                .await
                .unwrap()
        );
        drop(tx);
        assert_eq!(due(store, "2026-11-23T14:30:00Z").await, ["INC-0001/a"]);
        assert!(fire(store, ONE, "a").await);
        assert_eq!(due(store, "2026-11-24T00:00:00Z").await, [""; 0]);
        assert_eq!(timers::next_due(store.read(), &[]).await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_several_claimers_exactly_one_fires_each_timer() {
    for db in databases().await {
        let rows: Vec<TimerRow> = (0..20)
            .map(|n| row(&format!("step-{n}"), "2026-11-23T14:30:00Z"))
            .collect();
        plan(&db.store, ONE, &rows).await;
        let mut claimers = Vec::new();
        for _ in 0..4 {
            let store = db.another_store().await;
            claimers.push(tokio::spawn(async move {
                let now = at("2026-11-23T14:31:00Z");
                let mut fired = 0;
                for timer in timers::due(store.read(), now, &[], 100).await.unwrap() {
                    fired += usize::from(fire(&store, timer.incident, &timer.row.key).await);
                }
                fired
            }));
        }
        let mut fired = 0;
        for claimer in claimers {
            fired += claimer.await.unwrap();
        }
        assert_eq!(fired, 20);
    }
}

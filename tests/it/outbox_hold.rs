//! Commands and tries meet: a command holds the deliveries of its incident, and whatever tries, waits or
//! falls to another channel leaves them until it has committed.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use oyez::{
    domain::{
        IncidentId,
        delivery::{Class, State},
        notification::Moment,
    },
    store::{
        Store,
        incidents::lock,
        outbox::{Claimed, Share, claim, complete, end_waiting, hold, share, sweep},
    },
};

use crate::support::{
    database::databases,
    outbox::{completion, log, notification, say, start, states, with_fallback},
};

const INCIDENT: IncidentId = IncidentId(1);

async fn claimed(store: &Store, limit: usize) -> Vec<Claimed> {
    let until = start() + TimeDelta::seconds(30);
    let tx = store.begin().await.unwrap();
    let lane = "smtp:relay";
    let claimed = claim(&tx, lane, Share::Urgent, limit, "one", until, start()).await;
    tx.commit().await.unwrap();
    claimed.unwrap()
}

#[tokio::test]
async fn what_a_command_holds_is_neither_claimed_nor_written_nor_waited_for() {
    for db in databases().await {
        // On SQLite nobody else can begin a transaction meanwhile.
        if db.is_sqlite() {
            continue;
        }
        let now = start();
        say(&db.store, &notification(1, Moment::Declared, 3, now), now).await;
        let on_the_wire = claimed(&db.store, 1).await;
        let another = db.another_store().await;

        let command = another.begin().await.unwrap();
        lock(&command, INCIDENT).await.unwrap();
        hold(&command, INCIDENT).await.unwrap();
        assert_eq!(claimed(&db.store, 3).await, []);
        let outcome = completion(&on_the_wire[0], Class::Accepted, State::Accepted, None, now);
        let tx = db.store.begin().await.unwrap();
        let settled = complete(&tx, std::slice::from_ref(&outcome), &[], now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(settled.left.contains(&on_the_wire[0].id));
        let much_later = now + TimeDelta::days(30);
        let swept = sweep(&db.store, much_later).await.unwrap();
        assert_eq!((swept.expired, swept.more), (0, false));
        assert_eq!(
            states(&db.store).await,
            [State::Sending, State::Ready, State::Ready]
        );
        command.commit().await.unwrap();

        let tx = db.store.begin().await.unwrap();
        let settled = complete(&tx, &[outcome], &[], now).await.unwrap();
        tx.commit().await.unwrap();
        assert!(settled.left.is_empty());
        assert_eq!(claimed(&db.store, 3).await.len(), 2);
    }
}

#[tokio::test]
async fn a_command_on_one_incident_leaves_the_others_alone() {
    for db in databases().await {
        if db.is_sqlite() {
            continue;
        }
        let command = db.store.begin().await.unwrap();
        hold(&command, INCIDENT).await.unwrap();
        let another = db.another_store().await;
        let tx = another.begin().await.unwrap();
        let both = BTreeSet::from([INCIDENT, IncidentId(2)]);
        let free = share(&tx, &both).await.unwrap();
        assert_eq!(free, BTreeSet::from([IncidentId(2)]));
        // Several may share one.
        let third = db.store.begin().await.unwrap();
        assert_eq!(share(&third, &both).await.unwrap(), free);
    }
}

#[tokio::test]
async fn an_update_that_was_overtaken_does_not_go_out_on_another_channel() {
    for db in databases().await {
        let store = &db.store;
        let now = start();
        let first = with_fallback(notification(1, Moment::Update, 2, now), "teams");
        say(store, &first, now).await;
        // One of the two is on the wire, and nobody knows yet what becomes of it.
        assert_eq!(claimed(store, 1).await.len(), 1);
        let second = with_fallback(notification(2, Moment::Update, 2, now), "teams");
        say(store, &second, now).await;

        let later = now + TimeDelta::seconds(90);
        let swept = sweep(store, later).await.unwrap();
        let said: Vec<(u32, String)> = log(store)
            .await
            .into_iter()
            .filter(|one| {
                one.channel
                    .as_ref()
                    .is_some_and(|it| it.as_str() == "teams")
            })
            .map(|one| (one.event_seq, one.state.as_str().to_owned()))
            .collect();
        // What is new falls, for both of them; what is old does not.
        assert_eq!(swept.fell_back, 2);
        let ready = || "ready".to_owned();
        assert_eq!(said, [(2, ready()), (2, ready())]);
    }
}

#[tokio::test]
async fn an_overtaken_update_that_fails_for_good_does_not_go_out_on_another_channel() {
    for db in databases().await {
        let store = &db.store;
        let now = start();
        let first = with_fallback(notification(1, Moment::Update, 1, now), "teams");
        say(store, &first, now).await;
        let on_the_wire = claimed(store, 1).await;
        say(store, &notification(2, Moment::NoChange, 1, now), now).await;
        let failed = completion(
            &on_the_wire[0],
            Class::BadDestination,
            State::Dead,
            None,
            now,
        );
        let tx = store.begin().await.unwrap();
        let settled = complete(&tx, &[failed], &[], now).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(settled.fell_back, 0);
        assert_eq!(states(store).await, [State::Dead, State::Ready]);
    }
}

#[tokio::test]
async fn a_declaration_falls_to_the_next_channel_though_an_update_follows_it() {
    for db in databases().await {
        let store = &db.store;
        let now = start();
        let first = with_fallback(notification(1, Moment::Declared, 1, now), "teams");
        say(store, &first, now).await;
        let second = with_fallback(notification(2, Moment::Update, 1, now), "teams");
        say(store, &second, now).await;
        let later = now + TimeDelta::seconds(61);
        assert_eq!(sweep(store, later).await.unwrap().fell_back, 2);
    }
}

#[tokio::test]
async fn the_end_ends_all_that_waits_and_leaves_no_other_channel_to_what_is_sent() {
    for db in databases().await {
        let store = &db.store;
        let now = start();
        let first = with_fallback(notification(1, Moment::Declared, 2, now), "teams");
        say(store, &first, now).await;
        claimed(store, 1).await;
        // To the one on whose wire it is, and to the other.
        say(store, &notification(2, Moment::Correction, 2, now), now).await;
        let tx = store.begin().await.unwrap();
        hold(&tx, INCIDENT).await.unwrap();
        assert_eq!(end_waiting(&tx, INCIDENT, 3, now).await.unwrap(), 2);
        tx.commit().await.unwrap();
        // A correction of words that never left is not needed.
        assert_eq!(
            states(store).await,
            [
                State::Sending,
                State::Superseded,
                State::Ready,
                State::Superseded
            ]
        );
        let later = now + TimeDelta::minutes(5);
        assert_eq!(sweep(store, later).await.unwrap().fell_back, 0);
    }
}

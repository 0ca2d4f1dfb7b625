//! What an incident's people were told, as the next command reads it: however often the same was said,
//! it is looked up person by person.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use oyez::{
    domain::{IncidentId, delivery::State, notification::Moment, plan::Told},
    store::{
        Store,
        outbox::{self, Share, claim, complete, history, told_by},
    },
};
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{
    database::databases,
    outbox::{completion, notification, person, say, start},
};

/// Says something to so many people; all of it is accepted.
async fn told(store: &Store, seq: u32, moment: Moment, people: usize) {
    say(store, &notification(seq, moment, people, start()), start()).await;
    let tx = store.begin().await.unwrap();
    let until = start() + TimeDelta::seconds(30);
    let claimed = claim(&tx, "smtp:relay", Share::Urgent, 999, "one", until, start())
        .await
        .unwrap();
    let done: Vec<_> = claimed
        .iter()
        .map(|one| {
            completion(
                one,
                oyez::domain::delivery::Class::Accepted,
                State::Accepted,
                None,
                start(),
            )
        })
        .collect();
    complete(&tx, &done, &[], start()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn read(store: &Store, events: &[u32]) -> Vec<Told> {
    let events: BTreeSet<u32> = events.iter().copied().collect();
    history(store.read(), IncidentId(1), &events).await.unwrap()
}

/// Moments and positions of what a person was told.
fn of(told: &[Told], who: usize) -> Vec<(Moment, u32, bool)> {
    told.iter()
        .filter(|row| row.who == person(who).who)
        .map(|row| (row.moment, row.seq, row.waiting))
        .collect()
}

/// The rows that say who each delivery is to.
async fn recipients(store: &Store) -> Vec<(i64, String, i64, String, String)> {
    let sql = "SELECT incident, told_as, event_seq, delivery_id, name FROM recipient \
               ORDER BY incident, told_as, event_seq, delivery_id";
    let statement = Statement::from_string(store.backend(), sql);
    let rows = store.read().query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| {
            (
                row.try_get_by_index(0).unwrap(),
                row.try_get_by_index(1).unwrap(),
                row.try_get_by_index(2).unwrap(),
                row.try_get_by_index(3).unwrap(),
                row.try_get_by_index(4).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn of_what_was_said_again_and_again_the_newest_is_read() {
    for db in databases().await {
        let store = &db.store;
        told(store, 1, Moment::Declared, 3).await;
        for seq in 2..40 {
            told(store, seq, Moment::Update, 2).await;
        }
        let found = read(store, &[]).await;
        let last = [(Moment::Declared, 1, false), (Moment::Update, 39, false)];
        assert_eq!(of(&found, 0), last);
        assert_eq!(of(&found, 1), last);
        assert_eq!(of(&found, 2), [(Moment::Declared, 1, false)]);
        assert_eq!(found.len(), 5, "and nothing else: {found:?}");
        assert_eq!(&*found[0].name, "Person 0");
        assert_eq!(found[0].address.as_str(), "person-0@northshire.example");
    }
}

#[tokio::test]
async fn all_that_waits_is_read_and_all_of_an_event_that_is_asked_for() {
    for db in databases().await {
        let store = &db.store;
        for seq in 1..5 {
            told(store, seq, Moment::Update, 2).await;
        }
        for seq in [5, 6] {
            say(
                store,
                &notification(seq, Moment::Correction, 1, start()),
                start(),
            )
            .await;
        }
        let found = read(store, &[2]).await;
        let waits = [(Moment::Correction, 5, true), (Moment::Correction, 6, true)];
        let out = [(Moment::Update, 2, false), (Moment::Update, 4, false)];
        assert_eq!(of(&found, 0), [out, waits].concat());
        assert_eq!(of(&found, 1), out);
        let count = |events: &[u32]| events.iter().copied().collect::<BTreeSet<u32>>();
        let conn = store.read();
        let people = told_by(conn, IncidentId(1), &count(&[2])).await.unwrap();
        assert_eq!(people, 2);
        let people = told_by(conn, IncidentId(1), &count(&[5, 6])).await.unwrap();
        assert_eq!(people, 1);
    }
}

#[tokio::test]
async fn a_shared_address_told_each_of_its_people() {
    for db in databases().await {
        let store = &db.store;
        let mut new = notification(1, Moment::Declared, 1, start());
        new.deliveries[0].recipients.push(person(7));
        say(store, &new, start()).await;
        let kinds: Vec<String> = recipients(store).await.into_iter().map(|it| it.1).collect();
        assert_eq!(
            kinds,
            [
                "person:person-0/email/owners/declared",
                "person:person-7/email/owners/declared"
            ]
        );
        let id = "person-7".parse().unwrap();
        let of = [IncidentId(1), IncidentId(2)];
        let told_of = outbox::told_of(store.read(), &id, &of);
        assert_eq!(told_of.await.unwrap(), BTreeSet::new(), "it waits");
        told(store, 2, Moment::Update, 0).await;
        let told_of = outbox::told_of(store.read(), &id, &of);
        assert_eq!(told_of.await.unwrap(), [IncidentId(1)].into());
    }
}

#[tokio::test]
async fn what_was_stored_before_there_were_rows_is_moved() {
    for db in databases().await {
        let store = &db.store;
        told(store, 1, Moment::Declared, 300).await;
        let mut new = notification(2, Moment::Update, 2, start());
        new.deliveries[0].recipients.push(person(7));
        say(store, &new, start()).await;
        let before = recipients(store).await;
        assert_eq!(before.len(), 303);
        let there = Statement::from_string(store.backend(), "SELECT 1 FROM recipient LIMIT 1");
        while store.read().query_one_raw(there.clone()).await.is_ok() {
            store.migrate_down(Some(1)).await.unwrap();
        }
        store.migrate().await.unwrap();
        assert_eq!(recipients(store).await, before);
    }
}

//! Deliveries that a newer version wrote and this one cannot read.

use chrono::TimeDelta;
use oyez::{
    domain::notification::Moment,
    store::{
        Connection,
        faults::standing,
        outbox::{Share, UNREAD, claim, lapsed},
    },
};

use crate::support::{
    database::databases,
    outbox::{notification, say, start},
};

#[tokio::test]
async fn a_delivery_that_cannot_be_read_keeps_no_other_from_being_sent() {
    for db in databases().await {
        let store = &db.store;
        let new = notification(1, Moment::Declared, 5, start());
        say(store, &new, start()).await;
        let newer =
            "UPDATE delivery SET moment = 'foreseen' WHERE id = (SELECT MIN(id) FROM delivery)";
        store.write().execute_unprepared(newer).await.unwrap();
        let take = async |limit: usize, seconds: i64| {
            let now = start() + TimeDelta::seconds(seconds);
            let until = now + TimeDelta::seconds(30);
            let tx = store.begin().await.unwrap();
            let mut claimed = Vec::new();
            for share in [Share::Urgent, Share::Rest] {
                let of_share = claim(&tx, "smtp:relay", share, limit, "one", until, now);
                claimed.extend(of_share.await.unwrap());
            }
            tx.commit().await.unwrap();
            claimed.len()
        };
        // It is the first in line, and those behind it are claimed all the same.
        assert_eq!(take(5, 0).await, 4);
        let faults = standing(store.read()).await.unwrap();
        let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, [UNREAD]);
        assert_eq!(take(5, 59).await, 0);

        // The newer version sends it when it runs again; until then it is looked at every minute.
        assert_eq!(take(5, 61).await, 0);
        let known = "UPDATE delivery SET moment = 'declared' WHERE moment = 'foreseen'";
        store.write().execute_unprepared(known).await.unwrap();
        assert_eq!(take(5, 122).await, 1);
    }
}

#[tokio::test]
async fn one_that_a_newer_version_was_sending_keeps_no_other_from_being_taken_over() {
    for db in databases().await {
        let store = &db.store;
        let new = notification(1, Moment::Declared, 3, start());
        say(store, &new, start()).await;
        let until = start() + TimeDelta::seconds(30);
        let tx = store.begin().await.unwrap();
        for share in [Share::Urgent, Share::Rest] {
            let claimed = claim(&tx, "smtp:relay", share, 3, "newer", until, start());
            claimed.await.unwrap();
        }
        tx.commit().await.unwrap();
        let newer =
            "UPDATE delivery SET moment = 'foreseen' WHERE id = (SELECT MIN(id) FROM delivery)";
        store.write().execute_unprepared(newer).await.unwrap();
        let later = start() + TimeDelta::seconds(60);
        assert_eq!(lapsed(store.read(), later, 10).await.unwrap().len(), 2);
    }
}

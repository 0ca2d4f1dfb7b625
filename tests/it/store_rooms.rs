//! Rooms of incidents: wanted once, looked after by one, and written down by nobody else.

use chrono::TimeDelta;
use oyez::{
    domain::{Address, ChannelName, IncidentId, Time},
    store::{
        Store,
        rooms::{Lease, Next, claim, due, incident_at, keep, release, want},
    },
};
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{database::databases, outbox::start};

const INCIDENT: IncidentId = IncidentId(7);

fn slack() -> ChannelName {
    "slack".parse().unwrap()
}

fn lease(token: &str, now: Time) -> Lease {
    Lease {
        token: token.to_owned(),
        until: now + TimeDelta::minutes(2),
    }
}

/// Something happens to the incident.
async fn reaches(store: &Store, seq: u32) {
    let now = start().timestamp_micros();
    let sql = format!(
        "INSERT INTO incident (id, title, priority, kind, stage, is_open, restricted, exercise, \
         revision, seq, hash, started_at, declared_at, changed_at) VALUES (7, 'x', 'P1', \
         'technical', 'investigating', TRUE, FALSE, FALSE, 1, {seq}, '', 0, 0, {now}) \
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq"
    );
    let statement = Statement::from_string(store.backend(), sql);
    store.write().execute_raw(statement).await.unwrap();
}

#[tokio::test]
async fn a_room_is_wanted_once_and_due_while_it_is_behind_its_incident() {
    for db in databases().await {
        let (store, now) = (&db.store, start());
        reaches(store, 1).await;
        for name in ["inc-0007-one", "inc-0007-other"] {
            want(store.write(), INCIDENT, &slack(), name, now)
                .await
                .unwrap();
        }
        let behind = async |at| due(store.read(), &slack(), at, 10).await.unwrap();
        assert_eq!(behind(now).await, [INCIDENT]);
        let too_late = now + TimeDelta::days(31);
        assert!(
            behind(too_late).await.is_empty(),
            "nothing happens any more"
        );
        let other: ChannelName = "teams".parse().unwrap();
        assert!(due(store.read(), &other, now, 10).await.unwrap().is_empty());

        let held = lease("one", now);
        let mut room = claim(store.write(), INCIDENT, &held, now)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((room.name.as_str(), &room.address), ("inc-0007-one", &None));
        assert!(behind(now).await.is_empty(), "somebody looks after it");
        room.address = Some(Address::new("C0MADE001"));
        room.invited.insert(Address::new("U0PRIYA001"));
        room.pointed.insert("C1/1.2".to_owned());
        room.topic = "P1".to_owned();
        assert!(keep(store.write(), &room, &held).await.unwrap());
        let at = async |address| incident_at(store.read(), &slack(), address).await.unwrap();
        assert_eq!(at("C0MADE001").await, Some(INCIDENT));
        assert_eq!(at("C0MADE002").await, None);

        let next = Next {
            seen: Some(1),
            attempts: 0,
            at: now,
        };
        release(store.write(), INCIDENT, &held, next).await.unwrap();
        assert!(behind(now).await.is_empty(), "it is up to date");
        reaches(store, 2).await;
        assert_eq!(behind(now).await, [INCIDENT]);
        let again = claim(store.write(), INCIDENT, &lease("two", now), now)
            .await
            .unwrap();
        assert_eq!(again, Some(room));
    }
}

#[tokio::test]
async fn whoever_lost_the_lease_writes_nothing() {
    for db in databases().await {
        let (store, now) = (&db.store, start());
        reaches(store, 1).await;
        want(store.write(), INCIDENT, &slack(), "inc-0007", now)
            .await
            .unwrap();
        let (one, two) = (lease("one", now), lease("two", now + TimeDelta::minutes(5)));
        let mut room = claim(store.write(), INCIDENT, &one, now)
            .await
            .unwrap()
            .unwrap();
        let refused = claim(store.write(), INCIDENT, &two, now).await.unwrap();
        assert_eq!(refused, None);
        // It stopped, and somebody else took over.
        let later = now + TimeDelta::minutes(3);
        let taken = claim(store.write(), INCIDENT, &two, later).await.unwrap();
        assert_eq!(taken.as_ref(), Some(&room));
        room.address = Some(Address::new("C0MADE001"));
        assert!(!keep(store.write(), &room, &one).await.unwrap());
        let done = Next {
            seen: Some(1),
            attempts: 0,
            at: later,
        };
        release(store.write(), INCIDENT, &one, done).await.unwrap();
        let waits = Next {
            seen: None,
            attempts: 1,
            at: later + TimeDelta::seconds(5),
        };
        release(store.write(), INCIDENT, &two, waits).await.unwrap();
        let behind = async |at| due(store.read(), &slack(), at, 10).await.unwrap();
        assert!(behind(later).await.is_empty());
        let then = later + TimeDelta::seconds(5);
        assert_eq!(behind(then).await, [INCIDENT]);
        let room = claim(store.write(), INCIDENT, &lease("three", then), then)
            .await
            .unwrap();
        let room = room.unwrap();
        assert_eq!((room.attempts, room.address), (1, None));
    }
}

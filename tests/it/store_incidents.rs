//! Logs of incidents and the lists made from them, on both engines.

use std::collections::BTreeSet;

use oyez::{
    domain::{
        IncidentId, chain,
        event::Event,
        incident::{Incident, Stage},
    },
    store::incidents::{self, Filter, SummaryPage, Visible},
};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::{
    at,
    database::databases,
    incident::{declare, declared, folded, go_on, noted, record},
};

#[tokio::test]
async fn a_log_is_read_as_it_was_written() {
    for db in databases().await {
        let id = declare(&db.store, json!({ "title": "Émilie’s “café” \\ \u{0} 🚨" }))
            .await
            .unwrap()
            .id;
        go_on(&db.store, id, |seq| noted(seq, "The queue is at 40,000."))
            .await
            .unwrap();

        let log = incidents::log(db.store.read(), id).await.unwrap();
        assert_eq!(log.len(), 2);
        assert_eq!(log[0].prev_hash, chain::GENESIS);
        assert_eq!(log[1].prev_hash, log[0].hash);
        assert_eq!(log[1].at, at("2026-11-23T13:21:00Z"));
        assert_eq!(
            log[1].record().unwrap(),
            Some(noted(2, "The queue is at 40,000."))
        );
        let head = chain::verify(log.iter().map(|record| record.link())).unwrap();
        let tx = db.store.begin().await.unwrap();
        let locked = incidents::lock(&tx, id).await.unwrap().unwrap();
        assert_eq!((locked.seq, locked.hash), (2, head));
    }
}

#[tokio::test]
async fn an_incident_that_is_not_there_is_none() {
    for db in databases().await {
        let id = IncidentId(42);
        let tx = db.store.begin().await.unwrap();
        assert_eq!(incidents::lock(&tx, id).await.unwrap(), None);
        assert_eq!(incidents::log(&tx, id).await.unwrap(), vec![]);
        assert_eq!(incidents::summary(&tx, id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_log_that_has_moved_on_takes_no_more_from_who_read_it_before() {
    for db in databases().await {
        let id = declare(&db.store, json!({})).await.unwrap().id;
        let tx = db.store.begin().await.unwrap();
        let stale = incidents::lock(&tx, id).await.unwrap().unwrap();
        tx.rollback().await.unwrap();
        go_on(&db.store, id, |seq| noted(seq, "first"))
            .await
            .unwrap();

        let tx = db.store.begin().await.unwrap();
        let mut incident = folded(&tx, id).await.unwrap();
        incident.seq = 2;
        let late = [noted(2, "second")];
        let error = incidents::append(&tx, Some(&stale), &incident, &late)
            .await
            .unwrap_err();
        assert!(error.is_unique_violation(), "{error:?}");
        drop(tx);
        let log = incidents::log(db.store.read(), id).await.unwrap();
        assert_eq!(log.len(), 2);
        assert_eq!(log[1].record().unwrap(), Some(noted(2, "first")));
    }
}

#[tokio::test]
async fn records_out_of_order_are_refused() {
    for db in databases().await {
        let tx = db.store.begin().await.unwrap();
        let id = incidents::next_id(&tx).await.unwrap();
        let first = declared(json!({}));
        let incident = Incident::declared(id, &first).unwrap();
        for records in [
            vec![],
            vec![noted(2, "x")],
            vec![first.clone(), first.clone()],
        ] {
            incidents::append(&tx, None, &incident, &records)
                .await
                .unwrap_err();
        }
    }
}

#[tokio::test]
async fn numbers_and_stream_positions_have_no_gaps_whoever_writes_and_whatever_fails() {
    for db in databases().await {
        let one = declare(&db.store, json!({})).await.unwrap().id;
        let mut writers = Vec::new();
        for writer in 0..6_u32 {
            // As from several processes, each with a store of its own.
            let store = db.another_store().await;
            writers.push(tokio::spawn(async move {
                for round in 0..4 {
                    go_on(&store, one, |seq| noted(seq, &format!("{writer}/{round}")))
                        .await
                        .unwrap();
                    declare(&store, json!({})).await.unwrap();
                    // One that fails in the middle gives its numbers back.
                    let tx = store.begin().await.unwrap();
                    let id = incidents::next_id(&tx).await.unwrap();
                    let first = declared(json!({}));
                    let incident = Incident::declared(id, &first).unwrap();
                    incidents::append(&tx, None, &incident, &[first])
                        .await
                        .unwrap();
                    drop(tx);
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let stream = incidents::events_after(db.store.read(), 0, 1_000)
            .await
            .unwrap();
        let positions: Vec<u64> = stream.iter().map(|event| event.record.stream_id).collect();
        assert_eq!(positions, (1..=49).collect::<Vec<u64>>());
        assert_eq!(
            incidents::last_stream_id(db.store.read()).await.unwrap(),
            49
        );

        let log = incidents::log(db.store.read(), one).await.unwrap();
        assert_eq!(log.len(), 25);
        chain::verify(log.iter().map(|record| record.link())).unwrap();
        let numbers: BTreeSet<u32> = stream.iter().map(|event| event.incident.0).collect();
        assert_eq!(numbers, (1..=25).collect());
    }
}

#[tokio::test]
async fn the_stream_goes_on_where_a_reader_left_it() {
    for db in databases().await {
        let open = declare(&db.store, json!({})).await.unwrap().id;
        let secret = declare(&db.store, json!({ "restricted": true }))
            .await
            .unwrap()
            .id;
        go_on(&db.store, open, |seq| noted(seq, "x")).await.unwrap();

        let read = |after, limit| incidents::events_after(db.store.read(), after, limit);
        let first = read(0, 2).await.unwrap();
        let whose: Vec<_> = first.iter().map(|e| (e.incident, e.restricted)).collect();
        assert_eq!(whose, [(open, false), (secret, true)]);
        let rest = read(first[1].record.stream_id, 100).await.unwrap();
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].record.record().unwrap(), Some(noted(2, "x")));
        assert_eq!(read(rest[0].record.stream_id, 100).await.unwrap(), vec![]);
    }
}

#[tokio::test]
async fn an_erased_record_says_so_and_the_chain_can_still_be_followed() {
    for db in databases().await {
        let id = declare(&db.store, json!({})).await.unwrap().id;
        go_on(&db.store, id, |seq| noted(seq, "Call 07700 900000"))
            .await
            .unwrap();
        go_on(&db.store, id, |seq| noted(seq, "after"))
            .await
            .unwrap();
        let before = incidents::log(db.store.read(), id).await.unwrap();

        let now = at("2026-12-01T09:00:00Z");
        for (position, done) in [(2, true), (2, false), (9, false)] {
            let tx = db.store.begin().await.unwrap();
            let erased = incidents::erase(&tx, id, position, now, "A phone number.").await;
            assert_eq!(erased.unwrap(), done, "position {position}");
            tx.commit().await.unwrap();
        }
        let log = incidents::log(db.store.read(), id).await.unwrap();
        assert_eq!(log[1].text, chain::digest(&before[1].text));
        assert_eq!(log[1].record().unwrap(), None);
        let erasure = log[1].erased.as_ref().unwrap();
        assert_eq!((erasure.at, &*erasure.because), (now, "A phone number."));
        assert_eq!(log[1].hash, before[1].hash);
        chain::verify(log.iter().map(|record| record.link())).unwrap();
    }
}

#[tokio::test]
async fn the_row_of_an_incident_keeps_step_with_its_log() {
    for db in databases().await {
        let id = declare(&db.store, json!({})).await.unwrap().id;
        let row = incidents::summary(db.store.read(), id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.title, "Trainees cannot sign in");
        assert_eq!(row.next_due, Some(at("2026-11-23T14:20:00Z")));
        assert_eq!((row.stage, row.revision), (Stage::Investigating, 1));
        assert_eq!(row.services.len(), 1);

        let change: Event = serde_json::from_value(json!({
            "type": "services-changed",
            "added": { "find-courses": "downstream", "publish-courses": "affected" },
            "removed": ["register-trainees"],
            "text": "Courses are affected too.",
            "promised": { "responders": "2026-11-23T15:20:00Z" },
        }))
        .unwrap();
        let after = go_on(&db.store, id, |seq| record(seq, change))
            .await
            .unwrap();
        let row = incidents::summary(db.store.read(), id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.services, after.services);
        assert_eq!(row.revision, after.revision);
        assert_eq!(row.next_due, after.next_promise().map(|(due, _)| due));
        assert_eq!(row.changed_at, at("2026-11-23T13:21:00Z"));
        assert_eq!(row.declared_at, at("2026-11-23T13:20:00Z"));

        let fixed: Event = serde_json::from_value(json!({
            "type": "resolved", "at": "2026-11-23T13:30:00Z", "text": "Restarted.",
        }))
        .unwrap();
        go_on(&db.store, id, |seq| record(seq, fixed))
            .await
            .unwrap();
        let row = incidents::summary(db.store.read(), id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.stage, Stage::Resolved);
        assert_eq!(row.resolved_at, Some(at("2026-11-23T13:30:00Z")));
        assert_eq!(row.next_due, None);
    }
}

#[tokio::test]
async fn lists_are_filtered_paged_and_newest_first() {
    for db in databases().await {
        for number in 1..=7 {
            let service = if number % 2 == 0 {
                "find-courses"
            } else {
                "register-trainees"
            };
            let mut services = serde_json::Map::new();
            services.insert(service.to_owned(), json!("affected"));
            let priority = if number > 5 { "P2" } else { "P1" };
            declare(
                &db.store,
                json!({
                    "services": services, "priority": priority, "restricted": number == 3,
                }),
            )
            .await
            .unwrap();
        }
        let cancelled = Event::Cancelled {
            why: "A mistake.".to_owned(),
        };
        go_on(&db.store, IncidentId(1), |seq| record(seq, cancelled))
            .await
            .unwrap();

        let numbers = |page: &SummaryPage| -> Vec<u32> {
            page.incidents.iter().map(|summary| summary.id.0).collect()
        };
        let conn = db.store.read();
        let check = async |filter: Filter, expected: &[u32]| {
            let page = incidents::list(conn, &filter, None, 100).await.unwrap();
            assert_eq!(numbers(&page), expected, "{filter:?}");
            assert_eq!(page.next, None);
        };
        let all = || Filter {
            visible: Visible::All,
            ..Filter::default()
        };
        check(all(), &[7, 6, 5, 4, 3, 2, 1]).await;
        check(Filter::default(), &[7, 6, 5, 4, 2, 1]).await;
        check(
            Filter {
                open_only: true,
                ..all()
            },
            &[7, 6, 5, 4, 3, 2],
        )
        .await;
        check(
            Filter {
                stage: Some(Stage::Cancelled),
                ..all()
            },
            &[1],
        )
        .await;
        check(
            Filter {
                priority: Some("P2".parse().unwrap()),
                ..all()
            },
            &[7, 6],
        )
        .await;
        check(
            Filter {
                service: Some("find-courses".parse().unwrap()),
                ..all()
            },
            &[6, 4, 2],
        )
        .await;
        let named = Visible::PublicAnd([IncidentId(3)].into());
        check(
            Filter {
                visible: named,
                ..all()
            },
            &[7, 6, 5, 4, 3, 2, 1],
        )
        .await;
        let other = Visible::PublicAnd(BTreeSet::new());
        check(
            Filter {
                visible: other,
                ..all()
            },
            &[7, 6, 5, 4, 2, 1],
        )
        .await;

        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = incidents::list(conn, &all(), before, 3).await.unwrap();
            seen.push(numbers(&page));
            let Some(next) = page.next else { break };
            before = Some(next);
        }
        assert_eq!(seen, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
    }
}

#[tokio::test]
async fn a_reader_cannot_write_on_sqlite() {
    for db in databases().await.into_iter().filter(|db| db.is_sqlite()) {
        let stray = db
            .store
            .read()
            .execute_unprepared("DELETE FROM counter")
            .await;
        assert!(stray.is_err());
        declare(&db.store, json!({})).await.unwrap();
    }
}

//! The outbox as a record: what is written, in which order it may leave, who owns what.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use oyez::{
    domain::{
        Address, IncidentId,
        delivery::{Class, NewWithheld, State},
        notification::Moment,
    },
    store::{
        Store,
        outbox::{
            Claimed, Completion, Filter, Queued, Retried, Settled, Share, attempts_of, cancel,
            claim, complete, due_lanes, extend, history, lapsed, queued, release, retry, sweep,
            waiting,
        },
    },
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::{
    database::databases,
    outbox::{
        audit, completion, counts, log, notification, outcome, person, say, start, states, to,
        with_fallback, words,
    },
};

/// Claims up to `limit` of a lane for worker `token`, leases of 30 seconds.
async fn take(store: &Store, lane: &str, limit: usize, token: &str, seconds: i64) -> Vec<Claimed> {
    let now = start() + TimeDelta::seconds(seconds);
    let until = now + TimeDelta::seconds(30);
    let tx = store.begin().await.unwrap();
    let mut claimed = claim(&tx, lane, Share::Urgent, limit, token, until, now)
        .await
        .unwrap();
    let rest = limit - claimed.len();
    claimed.extend(
        claim(&tx, lane, Share::Rest, rest, token, until, now)
            .await
            .unwrap(),
    );
    tx.commit().await.unwrap();
    claimed
}

async fn finish(store: &Store, completions: &[Completion], seconds: i64) -> Settled {
    let now = start() + TimeDelta::seconds(seconds);
    let tx = store.begin().await.unwrap();
    let settled = complete(&tx, completions, &[], now).await.unwrap();
    tx.commit().await.unwrap();
    settled
}

fn accepted(claimed: &Claimed) -> Completion {
    completion(claimed, Class::Accepted, State::Accepted, None, start())
}

#[tokio::test]
async fn what_was_said_is_claimed_once_and_completed_once() {
    for db in databases().await {
        let store = &db.store;
        let said = say(
            store,
            &notification(1, Moment::Declared, 5, start()),
            start(),
        )
        .await;
        assert_eq!((said.waiting, said.superseded), (5, 0));
        assert_eq!(
            due_lanes(store.read(), start()).await.unwrap(),
            ["smtp:relay"]
        );

        let first = take(store, "smtp:relay", 3, "one", 0).await;
        let second = take(store, "smtp:relay", 3, "two", 0).await;
        assert_eq!((first.len(), second.len()), (3, 2));
        assert!(
            first
                .iter()
                .all(|one| second.iter().all(|two| one.id != two.id))
        );
        assert!(first.iter().all(|one| one.first && one.attempts == 1));
        assert!(due_lanes(store.read(), start()).await.unwrap().is_empty());

        let done: Vec<_> = first.iter().map(accepted).collect();
        assert_eq!(finish(store, &done, 1).await.late, 0);
        let mut again: Vec<_> = first.iter().map(accepted).collect();
        again.truncate(1);
        assert_eq!(finish(store, &again, 2).await.late, 1);
        assert_eq!(
            finish(store, &done, 2).await.late,
            3,
            "the same tries once more"
        );
        let by_state = counts(store).await;
        assert_eq!(by_state[&State::Accepted], 3);
        assert_eq!(by_state[&State::Sending], 2);
        let tries = attempts_of(store.read(), &first[0].id).await.unwrap();
        assert_eq!(
            tries.iter().map(|one| one.late).collect::<Vec<_>>(),
            [false, true]
        );
        assert!(audit(store, start()).await.is_empty());
    }
}

#[tokio::test]
async fn a_notification_is_all_there_or_not_at_all() {
    for db in databases().await {
        let mut new = notification(1, Moment::Declared, 2, start());
        new.deliveries.push(to(0, start()));
        let tx = db.store.begin().await.unwrap();
        let refused = oyez::store::outbox::enqueue(&tx, &new, start()).await;
        assert!(refused.unwrap_err().is_unique_violation());
        drop(tx);
        assert!(log(&db.store).await.is_empty());
    }
}

#[tokio::test]
async fn who_is_not_sent_to_is_on_the_record_with_the_reason() {
    for db in databases().await {
        let mut new = notification(1, Moment::Declared, 1, start());
        new.withheld.push(NewWithheld {
            recipient: person(7),
            moment: Moment::Declared,
            audience: oyez::domain::Audience::Owners,
            sentence: "Muted until 5pm.".to_owned(),
            unreachable: false,
        });
        say(&db.store, &new, start()).await;
        let log = log(&db.store).await;
        assert_eq!(log[1].state, State::NotSent);
        assert_eq!(log[1].sentence, "Muted until 5pm.");
        assert_eq!((&log[1].channel, &log[1].address), (&None, &None));
        assert_eq!(log[1].recipients, [person(7)]);
        assert!(audit(&db.store, start()).await.is_empty());
    }
}

#[tokio::test]
async fn the_gravest_goes_first_and_the_rest_by_how_long_it_waits() {
    for db in databases().await {
        let mut calm = notification(1, Moment::Declared, 2, start());
        calm.urgent = false;
        calm.rank = 2;
        say(&db.store, &calm, start()).await;
        let mut grave = notification(1, Moment::Declared, 1, start());
        grave.incident = Some(IncidentId(2));
        say(&db.store, &grave, start() + TimeDelta::seconds(1)).await;
        let first = take(&db.store, "smtp:relay", 1, "one", 1).await;
        assert_eq!(first[0].incident, Some(IncidentId(2)));
        let rest = take(&db.store, "smtp:relay", 9, "one", 1).await;
        assert_eq!(rest.len(), 2);
    }
}

#[tokio::test]
async fn nothing_leaves_before_its_time_or_after_its_deadline() {
    for db in databases().await {
        let mut new = notification(1, Moment::Declared, 2, start());
        new.deliveries[0].not_before = Some(start() + TimeDelta::seconds(10));
        new.deliveries[1].deliver_by = start() + TimeDelta::seconds(5);
        say(&db.store, &new, start()).await;
        assert!(take(&db.store, "smtp:relay", 9, "one", 6).await.is_empty());
        let swept = sweep(&db.store, start() + TimeDelta::seconds(6))
            .await
            .unwrap();
        assert_eq!(swept.expired, 1);
        assert_eq!(states(&db.store).await, [State::Ready, State::Expired]);
        let sentence = &log(&db.store).await[1].sentence;
        assert_eq!(sentence, "Its time ran out before it could be delivered.");
        assert_eq!(take(&db.store, "smtp:relay", 9, "one", 10).await.len(), 1);
    }
}

#[tokio::test]
async fn an_update_waits_for_the_declaration_and_replaces_a_waiting_update() {
    for db in databases().await {
        let store = &db.store;
        say(
            store,
            &notification(1, Moment::Declared, 1, start()),
            start(),
        )
        .await;
        say(store, &notification(2, Moment::Update, 1, start()), start()).await;
        let said = say(store, &notification(3, Moment::Update, 1, start()), start()).await;
        assert_eq!(said.superseded, 1);
        assert_eq!(
            states(store).await,
            [State::Ready, State::Superseded, State::Ready]
        );
        let declared = take(store, "smtp:relay", 9, "one", 0).await;
        assert_eq!(declared.len(), 1, "the update waits");
        assert_eq!(declared[0].moment, Moment::Declared);
        assert!(take(store, "smtp:relay", 9, "one", 1).await.is_empty());

        let settled = finish(store, &[accepted(&declared[0])], 1).await;
        assert_eq!(settled.unblocked, 1);
        let update = take(store, "smtp:relay", 9, "one", 1).await;
        assert_eq!((update[0].moment, update[0].first), (Moment::Update, false));
    }
}

#[tokio::test]
async fn the_last_word_replaces_all_that_waits_but_a_correction() {
    for db in databases().await {
        let store = &db.store;
        for (seq, moment) in [
            (1, Moment::Declared),
            (2, Moment::Correction),
            (3, Moment::Update),
            (4, Moment::Resolved),
        ] {
            say(store, &notification(seq, moment, 1, start()), start()).await;
        }
        assert_eq!(
            states(store).await,
            [
                State::Superseded,
                State::Ready,
                State::Superseded,
                State::Ready
            ]
        );
        let first = take(store, "smtp:relay", 9, "one", 0).await;
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].moment, Moment::Correction);
    }
}

#[tokio::test]
async fn what_is_sent_or_checked_is_never_superseded_and_is_waited_for() {
    for db in databases().await {
        let store = &db.store;
        say(store, &notification(1, Moment::Update, 2, start()), start()).await;
        let taken = take(store, "smtp:relay", 9, "one", 0).await;
        let later = Some(start() + TimeDelta::seconds(5));
        let unsure = completion(
            &taken[0],
            Class::Uncertain,
            State::Uncertain,
            later,
            start(),
        );
        finish(store, &[unsure], 0).await;
        let said = say(store, &notification(2, Moment::Update, 2, start()), start()).await;
        assert_eq!(said.superseded, 0);
        assert_eq!(
            states(store).await,
            [State::Uncertain, State::Sending, State::Ready, State::Ready]
        );
        assert!(take(store, "smtp:relay", 9, "two", 1).await.is_empty());
        // The one that is checked comes back after five seconds, and is still before the newer.
        let again = take(store, "smtp:relay", 9, "two", 5).await;
        assert_eq!(again.len(), 1);
        assert!(again[0].unsure && again[0].attempts == 2);
    }
}

#[tokio::test]
async fn a_newer_message_makes_the_head_of_its_queue_due_at_once() {
    for db in databases().await {
        let store = &db.store;
        say(
            store,
            &notification(1, Moment::Declared, 1, start()),
            start(),
        )
        .await;
        let taken = take(store, "smtp:relay", 9, "one", 0).await;
        let in_half_an_hour = Some(start() + TimeDelta::minutes(30));
        let failed = completion(
            &taken[0],
            Class::RemoteTemporary,
            State::Ready,
            in_half_an_hour,
            start(),
        );
        finish(store, &[failed], 0).await;
        assert!(take(store, "smtp:relay", 9, "one", 1).await.is_empty());
        let now = start() + TimeDelta::seconds(2);
        say(store, &notification(2, Moment::Update, 1, now), now).await;
        let head = take(store, "smtp:relay", 9, "one", 2).await;
        assert_eq!(head.len(), 1);
        assert_eq!(head[0].moment, Moment::Declared);
    }
}

#[tokio::test]
async fn whatever_ends_the_earlier_one_lets_the_later_go() {
    for db in databases().await {
        let store = &db.store;
        let mut declared = notification(1, Moment::Declared, 4, start());
        declared.deliveries[0].deliver_by = start() + TimeDelta::seconds(20);
        say(store, &declared, start()).await;
        let taken = take(store, "smtp:relay", 2, "one", 0).await;
        let later = Some(start() + TimeDelta::minutes(1));
        finish(
            store,
            &[
                completion(&taken[0], Class::NotSent, State::Ready, later, start()),
                completion(&taken[1], Class::Uncertain, State::Held, None, start()),
            ],
            0,
        )
        .await;
        let update = notification(2, Moment::StandDown, 4, start());
        say(store, &update, start()).await;
        // The second is held, so nothing waits for it.
        let ready = take(store, "smtp:relay", 1, "two", 0).await;
        assert_eq!(ready[0].name, "Person 0", "its head was made due");
        let later = Some(start() + TimeDelta::minutes(1));
        finish(
            store,
            &[completion(
                &ready[0],
                Class::NotSent,
                State::Ready,
                later,
                start(),
            )],
            0,
        )
        .await;
        // Expiry of the first, cancelling of the third.
        sweep(store, start() + TimeDelta::seconds(20))
            .await
            .unwrap();
        let tx = store.begin().await.unwrap();
        let third = log(store).await[2].id.clone();
        let filter = Filter {
            delivery: Some(third),
            ..Filter::default()
        };
        let stopped = cancel(&tx, &filter, "Stopped by Priya Shah.", start())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(stopped, 1);
        let now_free = take(store, "smtp:relay", 9, "one", 20).await;
        let mut names: Vec<_> = now_free
            .iter()
            .map(|claimed| (claimed.moment, claimed.name.as_str()))
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                (Moment::Declared, "Person 3"),
                (Moment::StandDown, "Person 0"),
                (Moment::StandDown, "Person 1"),
                (Moment::StandDown, "Person 2"),
            ]
        );
    }
}

#[tokio::test]
async fn a_permanent_failure_turns_to_the_next_channel_in_the_same_commit() {
    for db in databases().await {
        let store = &db.store;
        let new = with_fallback(notification(1, Moment::Declared, 1, start()), "teams");
        say(store, &new, start()).await;
        let taken = take(store, "smtp:relay", 9, "one", 0).await;
        let dead = completion(&taken[0], Class::BadDestination, State::Dead, None, start());
        assert_eq!(finish(store, &[dead], 1).await.fell_back, 1);
        let log = log(store).await;
        assert_eq!(log[1].fell_from.as_ref(), Some(&log[0].id));
        assert_eq!(log[1].state, State::Ready);
        assert_eq!(log[1].recipients, log[0].recipients);
        let next = take(store, "teams:lane", 9, "one", 1).await;
        assert!(next[0].related && next[0].first);
        assert!(audit(store, start()).await.is_empty());
    }
}

#[tokio::test]
async fn a_slow_first_choice_is_replaced_after_a_minute_and_only_once() {
    for db in databases().await {
        let store = &db.store;
        let new = with_fallback(notification(1, Moment::Declared, 1, start()), "teams");
        say(store, &new, start()).await;
        let minute = |seconds| start() + TimeDelta::seconds(seconds);
        assert_eq!(sweep(store, minute(59)).await.unwrap().fell_back, 0);
        assert_eq!(sweep(store, minute(60)).await.unwrap().fell_back, 1);
        assert_eq!(sweep(store, minute(119)).await.unwrap().fell_back, 0);

        let teams = take(store, "teams:lane", 9, "one", 61).await;
        finish(store, &[accepted(&teams[0])], 61).await;
        assert_eq!(
            states(store).await,
            [State::Superseded, State::Accepted],
            "the first choice need not be sent any more"
        );
        assert_eq!(log(store).await[0].sentence, "Told by teams.");
    }
}

#[tokio::test]
async fn a_waiting_fallback_is_superseded_with_what_it_stands_for() {
    for db in databases().await {
        let store = &db.store;
        let new = with_fallback(notification(1, Moment::Update, 1, start()), "teams");
        say(store, &new, start()).await;
        let taken = take(store, "smtp:relay", 9, "one", 0).await;
        let dead = completion(&taken[0], Class::BadDestination, State::Dead, None, start());
        finish(store, &[dead], 0).await;
        say(store, &notification(2, Moment::Update, 1, start()), start()).await;
        assert_eq!(
            states(store).await,
            [State::Dead, State::Superseded, State::Ready]
        );
    }
}

#[tokio::test]
async fn a_lost_lease_changes_nothing_unless_the_message_is_out() {
    for db in databases().await {
        let store = &db.store;
        say(
            store,
            &notification(1, Moment::Declared, 2, start()),
            start(),
        )
        .await;
        let lost = take(store, "smtp:relay", 9, "one", 0).await;
        let gone = lapsed(store.read(), start() + TimeDelta::seconds(31), 99)
            .await
            .unwrap();
        assert_eq!(gone.len(), 2);
        let back = Some(start() + TimeDelta::seconds(36));
        let reaped: Vec<_> = gone
            .iter()
            .map(|claimed| completion(claimed, Class::Uncertain, State::Uncertain, back, start()))
            .collect();
        finish(store, &reaped, 31).await;
        take(store, "smtp:relay", 9, "two", 36).await;

        let failed = completion(&lost[0], Class::BadDestination, State::Dead, None, start());
        assert_eq!(
            finish(store, &[failed, accepted(&lost[1])], 40).await.late,
            2
        );
        assert_eq!(states(store).await, [State::Sending, State::Accepted]);
    }
}

#[tokio::test]
async fn leases_are_kept_and_given_back() {
    for db in databases().await {
        let store = &db.store;
        say(
            store,
            &notification(1, Moment::Declared, 2, start()),
            start(),
        )
        .await;
        let taken = take(store, "smtp:relay", 9, "one", 0).await;
        let until = start() + TimeDelta::seconds(60);
        assert_eq!(extend(store.write(), "one", until).await.unwrap(), 2);
        let later = start() + TimeDelta::seconds(45);
        assert!(lapsed(store.read(), later, 99).await.unwrap().is_empty());
        let ids = [taken[0].id.clone()];
        assert_eq!(release(store.write(), &ids, "two", later).await.unwrap(), 0);
        assert_eq!(release(store.write(), &ids, "one", later).await.unwrap(), 1);
        let again = take(store, "smtp:relay", 9, "two", 45).await;
        assert_eq!((again.len(), again[0].attempts), (1, 1));
        assert_eq!(again[0].wire_date, start(), "the first date stays");
    }
}

#[tokio::test]
async fn only_who_may_have_heard_of_it_was_told() {
    for db in databases().await {
        let store = &db.store;
        let mut new = notification(1, Moment::Declared, 4, start());
        new.deliveries[3].recipients.push(person(9));
        say(store, &new, start()).await;
        let taken = take(store, "smtp:relay", 4, "one", 0).await;
        let later = Some(start() + TimeDelta::minutes(1));
        finish(
            store,
            &[
                completion(&taken[0], Class::BadDestination, State::Dead, None, start()),
                completion(&taken[1], Class::NotSent, State::Ready, later, start()),
                completion(
                    &taken[2],
                    Class::Uncertain,
                    State::Uncertain,
                    later,
                    start(),
                ),
                accepted(&taken[3]),
            ],
            0,
        )
        .await;
        let told = history(store.read(), IncidentId(1), &BTreeSet::new())
            .await
            .unwrap();
        let told: Vec<_> = told.iter().filter(|row| !row.waiting).collect();
        let who: Vec<_> = told.iter().map(|told| told.who.as_str()).collect();
        assert_eq!(who, ["person-2", "person-3", "person-9"]);
        assert_eq!(told[0].seq, 1);
        assert_eq!(told[2].address, Address::new("person-3@northshire.example"));
    }
}

#[tokio::test]
async fn a_failed_one_is_tried_again_unless_something_newer_was_said() {
    for db in databases().await {
        let store = &db.store;
        say(
            store,
            &notification(1, Moment::Declared, 2, start()),
            start(),
        )
        .await;
        let taken = take(store, "smtp:relay", 9, "one", 0).await;
        let dead: Vec<_> = taken
            .iter()
            .map(|claimed| completion(claimed, Class::BadPayload, State::Dead, None, start()))
            .collect();
        finish(store, &dead, 0).await;
        say(store, &notification(2, Moment::Update, 1, start()), start()).await;
        let update = take(store, "smtp:relay", 9, "one", 1).await;
        finish(store, &[accepted(&update[0])], 1).await;

        let tx = store.begin().await.unwrap();
        let filter = Filter {
            incident: Some(IncidentId(1)),
            ..Filter::default()
        };
        let deadline = start() + TimeDelta::hours(9);
        let retried = retry(&tx, &filter, deadline, start()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            retried,
            Retried {
                waiting: 1,
                events: [1].into(),
                overtaken: 1
            }
        );
        let again = take(store, "smtp:relay", 9, "one", 2).await;
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].name, "Person 1");
        assert_eq!((again[0].attempts, again[0].deliver_by), (1, deadline));
    }
}

#[tokio::test]
async fn the_audit_finds_what_does_not_add_up() {
    for db in databases().await {
        let store = &db.store;
        say(
            store,
            &notification(1, Moment::Declared, 2, start()),
            start(),
        )
        .await;
        let gone = log(store).await[0].id.clone();
        let sql = format!("DELETE FROM delivery WHERE id = '{gone}'");
        store.write().execute_unprepared(&sql).await.unwrap();
        take(store, "smtp:relay", 9, "one", 0).await;
        let findings = audit(store, start() + TimeDelta::minutes(5)).await;
        let keys: Vec<_> = findings
            .iter()
            .map(|finding| finding.key.as_str())
            .collect();
        assert!(keys[0].starts_with("outbox:count:"), "{keys:?}");
        assert_eq!(keys[1..], ["outbox:lease"]);
    }
}

#[tokio::test]
async fn the_claim_is_one_search_in_the_index_of_what_is_due() {
    for db in databases().await {
        if db.store.backend() != DbBackend::Sqlite {
            continue;
        }
        let plan = "EXPLAIN QUERY PLAN SELECT id FROM delivery WHERE \
                    state IN ('ready', 'uncertain') AND blocked_by IS NULL \
                    AND lane = 'smtp:relay' AND rank = 0 AND next_at <= 1 AND deliver_by > 1 \
                    ORDER BY next_at, id LIMIT 10";
        let rows = db
            .store
            .read()
            .query_all_raw(Statement::from_string(DbBackend::Sqlite, plan))
            .await
            .unwrap();
        let steps: Vec<String> = rows
            .iter()
            .map(|row| row.try_get("", "detail").unwrap())
            .collect();
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert!(steps[0].contains("SEARCH delivery USING"), "{steps:?}");
        assert!(steps[0].contains("delivery_due"), "{steps:?}");
    }
}

#[tokio::test]
async fn words_can_differ_by_audience_and_moment_in_one_notification() {
    for db in databases().await {
        let mut new = notification(2, Moment::Update, 2, start());
        new.messages.push(words(Moment::CatchUp, "email"));
        new.deliveries[1].message = 1;
        say(&db.store, &new, start()).await;
        let moments: Vec<_> = log(&db.store).await.iter().map(|one| one.moment).collect();
        assert_eq!(moments, [Moment::Update, Moment::CatchUp]);
        assert!(!outcome(Class::NotSent).class.is_success());
    }
}

#[tokio::test]
async fn what_waits_is_counted_in_all_and_for_each_lane() {
    for db in databases().await {
        let store = &db.store;
        let first = say(
            store,
            &notification(1, Moment::Declared, 3, start()),
            start(),
        )
        .await;
        // Behind the first ones to the same people.
        let second = say(
            store,
            &notification(2, Moment::Correction, 2, start()),
            start(),
        )
        .await;
        assert_eq!(waiting(store.read(), 100).await.unwrap(), 5);
        assert_eq!(waiting(store.read(), 4).await.unwrap(), 4);
        let email = "email".parse().unwrap();
        let both = [first.notification, second.notification];
        let found = queued(store.read(), &both, &[&email]).await.unwrap();
        let lane = Queued {
            lane: "smtp:relay".to_owned(),
            channel: email,
            waiting: 3,
            deliver_by: start() + TimeDelta::hours(4),
        };
        assert_eq!(found, [lane]);
        let other = "teams".parse().unwrap();
        assert_eq!(queued(store.read(), &both, &[&other]).await.unwrap(), []);
        take(store, "smtp:relay", 2, "one", 0).await;
        assert_eq!(waiting(store.read(), 100).await.unwrap(), 3);
    }
}

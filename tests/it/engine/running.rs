//! The engine as it starts, runs, stops, dies, and shares the work.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use oyez::{
    app::deliver::{Engine, Wake},
    clock::Clock,
    domain::{
        IncidentId,
        delivery::{Class, State},
        notification::Moment,
    },
    store::{
        faults,
        outbox::{Share, announce, claim},
    },
};
use sea_orm::ConnectionTrait;
use tokio::sync::watch;

use super::World;
use crate::support::{
    fake_channel::FakeChannel,
    outbox::{counts, notification, say, start, states},
};

#[tokio::test]
async fn a_broadcast_leaves_room_for_what_is_urgent() {
    for world in World::all().await {
        let mut calm = notification(1, Moment::Declared, 50, start());
        calm.urgent = false;
        calm.rank = 1;
        say(world.store(), &calm, start()).await;
        world.mail.hang.send_replace(true);
        let engine = world.engine("one").await;
        let wake = engine.wake().clone();
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        let in_state = async |state, at_least| loop {
            let counts = counts(world.store()).await;
            if counts.get(&state).copied().unwrap_or_default() >= at_least {
                return counts;
            }
            tokio::task::yield_now().await;
        };
        // The window of a lane of 4 connections is 8; a quarter of it stays free.
        let counted = in_state(State::Sending, 6).await;
        assert_eq!(counted[&State::Sending], 6);
        let mut grave = notification(1, Moment::Declared, 3, start());
        grave.incident = Some(IncidentId(2));
        say(world.store(), &grave, start()).await;
        wake.ring();
        let counted = in_state(State::Sending, 8).await;
        assert_eq!(counted[&State::Sending], 8);
        world.mail.hang.send_replace(false);
        in_state(State::Accepted, 53).await;
        stop.send_replace(true);
        running.await.unwrap();
    }
}

#[tokio::test]
async fn what_a_dead_process_was_sending_is_sent_again_with_the_same_bytes() {
    for world in World::all().await {
        world.declare(3).await;
        world.mail.hang.send_replace(true);
        let engine = world.engine("one").await;
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        while world.mail.count() < 3 {
            tokio::task::yield_now().await;
        }
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        world.mail.hang.send_replace(false);
        // The lock is free as soon as the process is gone, so nobody waits for the lease.
        let mut engine = loop {
            if let Some(lock) = world.store().try_lock_delivery("two").await.unwrap() {
                break Engine::new(
                    world.store().clone(),
                    world.channels(),
                    world.clock.clone(),
                    lock,
                    Wake::default(),
                );
            }
            tokio::task::yield_now().await;
        };
        while states(world.store()).await != [State::Uncertain; 3] {
            world.pass(5);
            engine.settle().await.unwrap();
            if states(world.store()).await == [State::Accepted; 3] {
                break;
            }
        }
        world.pass(6);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted; 3]);
        let sent = world.mail.sent();
        assert_eq!(sent.len(), 6);
        for again in &sent[3..] {
            let before = sent[..3].iter().find(|one| one.delivery == again.delivery);
            assert_eq!(before.unwrap().date, again.date);
        }
    }
}

#[tokio::test]
async fn later_messages_know_which_one_began_the_thread() {
    for world in World::with(FakeChannel::threading).await {
        let mut engine = world.engine("one").await;
        // The first is refused, so the thread begins with the second.
        world.mail.script(&[Class::BadDestination]);
        for (seq, moment) in [
            (1, Moment::Declared),
            (2, Moment::Update),
            (3, Moment::Update),
            (4, Moment::Resolved),
        ] {
            let mut said = notification(seq, moment, 1, world.clock.now());
            said.incident = Some(IncidentId(1));
            say(world.store(), &said, world.clock.now()).await;
            engine.settle().await.unwrap();
            world.pass(60);
        }
        let sent = world.mail.sent();
        let threads: Vec<Option<&str>> = sent.iter().map(|it| it.thread.as_deref()).collect();
        let began = format!("post {}", sent[1].delivery);
        assert_eq!(threads, [None, None, Some(&*began), Some(&*began)]);
    }
}

#[tokio::test]
async fn at_stop_what_is_on_the_wire_ends_and_the_rest_is_given_back() {
    for world in World::with(|mail| mail.paced(2, None)).await {
        world.declare(10).await;
        world.mail.hang.send_replace(true);
        let engine = world.engine("one").await;
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        while world.mail.count() < 2 {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        world.mail.hang.send_replace(false);
        running.await.unwrap();
        let states = counts(world.store()).await;
        let accepted = states[&State::Accepted];
        assert_eq!(
            accepted,
            world.mail.count() as u64,
            "all that left is written"
        );
        assert!((2..=4).contains(&accepted));
        assert_eq!(states[&State::Ready], 10 - accepted);
    }
}

#[tokio::test]
async fn what_hangs_at_stop_is_broken_off_after_the_grace_period() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        world.declare(2).await;
        world.mail.hang.send_replace(true);
        let engine = world.engine("one").await;
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        while world.mail.count() < 1 {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        while !running.is_finished() {
            world.pass(1);
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
        running.await.unwrap();
        assert_eq!(
            states(world.store()).await,
            [State::Uncertain, State::Ready],
            "one may be out, the other never left"
        );
    }
}

#[tokio::test]
async fn leases_are_kept_while_a_message_hangs() {
    for world in World::all().await {
        world.declare(1).await;
        world.mail.hang.send_replace(true);
        let engine = world.engine("one").await;
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        while world.mail.count() < 1 {
            tokio::task::yield_now().await;
        }
        let lapsed = async || {
            oyez::store::outbox::lapsed(world.store().read(), world.clock.now(), 9)
                .await
                .unwrap()
                .len()
        };
        for _ in 0..12 {
            world.pass(10);
            while lapsed().await > 0 || world.clock.sleepers() < 2 {
                tokio::task::yield_now().await;
            }
        }
        world.mail.hang.send_replace(false);
        while states(world.store()).await != [State::Accepted] {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.mail.count(), 1);
        stop.send_replace(true);
        running.await.unwrap();
    }
}

#[tokio::test]
async fn a_command_delivers_its_own_and_leaves_retries_to_the_server() {
    for world in World::all().await {
        let said = say(
            world.store(),
            &notification(1, Moment::Declared, 3, start()),
            start(),
        )
        .await;
        world.mail.script(&[Class::RemoteTemporary]);
        let engine = world.engine("one").await;
        let drained = engine.drain(&[said.notification]).await.unwrap();
        assert!(!drained.held_up);
        let counts = counts(world.store()).await;
        assert_eq!((counts[&State::Accepted], counts[&State::Ready]), (2, 1));
    }
}

#[tokio::test]
async fn a_command_does_not_wait_for_a_lane_that_does_not_work() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        let said = say(
            world.store(),
            &notification(1, Moment::Declared, 30, start()),
            start(),
        )
        .await;
        world.mail.answer(|_| Class::NotSent);
        let engine = world.engine("one").await;
        let drained = engine.drain(&[said.notification]).await.unwrap();
        assert!(drained.held_up);
        assert_eq!(states(world.store()).await, [State::Ready; 30]);
    }
}

#[tokio::test]
async fn two_engines_on_one_database_share_the_work_and_tell_nobody_twice() {
    for world in World::all().await {
        let second = world.store().try_lock_delivery("two").await.unwrap();
        drop(second);
        let first = world.engine("one").await;
        let Some(lock) = world.store().try_lock_delivery("two").await.unwrap() else {
            assert!(world.db.is_sqlite(), "only there one process delivers");
            continue;
        };
        let other_store = world.db.another_store().await;
        let second = Engine::new(
            other_store,
            world.channels(),
            world.clock.clone(),
            lock,
            Wake::default(),
        );
        world.declare(500).await;
        let stop = watch::Sender::new(false);
        let running = [
            tokio::spawn(first.run(stop.subscribe())),
            tokio::spawn(second.run(stop.subscribe())),
        ];
        while world.mail.count() < 500 {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        for engine in running {
            engine.await.unwrap();
        }
        let counts = counts(world.store()).await;
        assert_eq!(counts, BTreeMap::from([(State::Accepted, 500)]));
        let mut ids: Vec<_> = world
            .mail
            .sent()
            .into_iter()
            .map(|sent| sent.delivery)
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), world.mail.count()), (500, 500));
    }
}

#[tokio::test]
async fn what_is_being_taken_over_is_accused_of_nothing() {
    for world in World::all().await {
        world.declare(3).await;
        let now = world.clock.now();
        let tx = world.store().begin().await.unwrap();
        let until = now + TimeDelta::seconds(30);
        let lost = claim(&tx, "smtp:relay", Share::Urgent, 2, "dead", until, now).await;
        assert_eq!(lost.unwrap().len(), 2);
        tx.commit().await.unwrap();
        // Long enough for the auditor, had nobody taken them over.
        world.pass(300);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        world.pass(1);
        engine.settle().await.unwrap();
        let standing = faults::standing(world.store().read()).await.unwrap();
        assert_eq!(standing, []);
    }
}

#[tokio::test]
async fn what_waits_for_one_that_has_ended_is_let_go() {
    for world in World::all().await {
        let mut engine = world.engine("one").await;
        world.declare(2).await;
        engine.settle().await.unwrap();
        let update = notification(2, Moment::Update, 2, world.clock.now());
        say(world.store(), &update, world.clock.now()).await;
        // As two processes leave it that did not see each other: one ended the first while the other
        // put the second behind it.
        let sql = "UPDATE delivery SET blocked_by = (SELECT e.id FROM delivery e \
                   WHERE e.order_key = delivery.order_key AND e.event_seq = 1) WHERE event_seq = 2";
        let write = world.store().write();
        write.execute_unprepared(sql).await.unwrap();
        world.pass(5);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), 4);
        let standing = faults::standing(world.store().read()).await.unwrap();
        assert_eq!(standing, [], "and an operator hears nothing of it");
    }
}

#[tokio::test]
async fn those_who_ask_take_no_connection_from_the_engine() {
    for world in World::all().await {
        world.declare(3).await;
        let mut engine = world.engine("one").await;
        let (reading, writing) = (world.store().read(), world.store().write());
        let mut taken = vec![reading.take_all().await];
        if !world.db.is_sqlite() {
            // SQLite has one writer for all.
            taken.push(writing.take_all().await);
        }
        engine.settle().await.unwrap();
        drop(taken);
        assert_eq!(world.mail.count(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_says_is_sent_at_once() {
    for world in World::all().await {
        let engine = world.engine("one").await;
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        // It looked, found nothing, and rests until a second has passed, which it never does.
        while world.clock.sleepers() < 2 {
            tokio::task::yield_now().await;
        }
        let other = world.db.another_store().await;
        say(
            &other,
            &notification(1, Moment::Declared, 1, start()),
            start(),
        )
        .await;
        announce(&other).await.unwrap();
        let sent = async {
            while world.mail.count() < 1 {
                tokio::task::yield_now().await;
            }
        };
        let soon = Duration::from_secs(30);
        tokio::time::timeout(soon, sent).await.expect("it is sent");
        stop.send_replace(true);
        running.await.unwrap();
    }
}

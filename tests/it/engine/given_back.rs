//! What is claimed is on its way, given back, or in doubt: whatever fails between.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use oyez::{
    app::Pulse,
    clock::{Clock, ManualClock},
    domain::{IncidentId, delivery::State, notification::Moment},
    store::{
        Store,
        outbox::{Share, claim, hold},
    },
};
use sea_orm::ConnectionTrait;
use tokio::sync::watch;

use super::World;
use crate::support::{
    fake_channel::FakeChannel,
    outbox::{counts, log, notification, say, start, states, to, words},
};

/// Two people by mail on one lane, and two by Teams on a lane behind it.
async fn on_two_lanes(store: &Store) {
    let mut said = notification(1, Moment::Declared, 2, start());
    said.messages.push(words(Moment::Declared, "teams"));
    for number in 2..4 {
        let mut delivery = to(number, start());
        delivery.message = 1;
        delivery.lane = "teams:lane".to_owned();
        said.deliveries.push(delivery);
    }
    say(store, &said, start()).await;
}

async fn execute(store: &Store, sql: &str) {
    store.write().execute_unprepared(sql).await.unwrap();
}

#[tokio::test]
async fn a_read_that_fails_for_one_lane_strands_no_other() {
    for world in World::with(FakeChannel::keeping).await {
        on_two_lanes(world.store()).await;
        let mut engine = world.engine("one").await;
        // Only mail keeps conversations, so only its lane reads them.
        execute(world.store(), "ALTER TABLE conversation RENAME TO away").await;
        engine.settle().await.unwrap_err();
        execute(world.store(), "ALTER TABLE away RENAME TO conversation").await;
        world.pass(1);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted; 4]);
        assert_eq!((world.mail.count(), world.teams.count()), (2, 2));
        let log = log(world.store()).await;
        assert!(
            log.iter().all(|row| row.attempts == 1),
            "not a try: {log:?}"
        );
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_ends_with_its_reason_and_holds_up_no_other() {
    for world in World::all().await {
        on_two_lanes(world.store()).await;
        execute(
            world.store(),
            "UPDATE message SET parts = 'no words' WHERE channel = 'email'",
        )
        .await;
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let log = log(world.store()).await;
        for row in &log[..2] {
            assert_eq!(row.state, State::Dead);
            assert!(row.sentence.contains("cannot be read"), "{}", row.sentence);
        }
        for row in &log[2..] {
            assert_eq!(row.state, State::Accepted);
        }
        assert_eq!((world.mail.count(), world.teams.count()), (0, 2));
    }
}

#[tokio::test]
async fn a_turn_that_hangs_is_given_up_and_what_it_had_claimed_goes_out_once() {
    for world in World::all().await {
        if world.db.is_sqlite() {
            continue;
        }
        world.declare(20).await;
        let other = world.db.another_store().await;
        let blocker = other.begin().await.unwrap();
        blocker
            .execute_unprepared("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
        let time = Arc::new(ManualClock::new(start()));
        let pulse = Arc::new(Pulse::new(time.clone(), Pulse::PATIENCE));
        let engine = world.engine("one").await.with_pulse(Arc::clone(&pulse));
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        let waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND database = \
             (SELECT oid FROM pg_database WHERE datname = current_database())";
        let waiting = || sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, waiting);
        while other
            .read()
            .query_one_raw(waiting())
            .await
            .unwrap()
            .is_none()
        {
            tokio::task::yield_now().await;
        }
        time.advance(TimeDelta::seconds(30));
        while pulse.beats()[0].times == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            pulse.complaints().len(),
            1,
            "others see that it stands still"
        );
        blocker.rollback().await.unwrap();
        while states(world.store()).await != [State::Accepted; 20] {
            // It pauses after trouble.
            world.clock.advance(TimeDelta::milliseconds(100));
            tokio::task::yield_now().await;
        }
        assert_eq!(world.mail.count(), 20);
        assert!(pulse.complaints().is_empty());
        stop.send_replace(true);
        running.await.unwrap();
        assert!(world.clock.running() < Duration::from_secs(3_600));
    }
}

#[tokio::test]
async fn a_long_transaction_on_one_incident_holds_up_no_message_of_another() {
    for world in World::all().await {
        if world.db.is_sqlite() {
            continue;
        }
        world.declare(3).await;
        world.mail.hang.send_replace(true);
        let engine = world.engine("one").await;
        let stop = watch::Sender::new(false);
        let running = tokio::spawn(engine.run(stop.subscribe()));
        while world.mail.count() < 3 {
            tokio::task::yield_now().await;
        }
        // As a command does that has much to write about its incident.
        let other = world.db.another_store().await;
        let command = other.begin().await.unwrap();
        hold(&command, IncidentId(1)).await.unwrap();
        world.mail.hang.send_replace(false);
        let mut grave = notification(1, Moment::Declared, 3, start());
        grave.incident = Some(IncidentId(2));
        say(world.store(), &grave, start()).await;
        world.pass(1);
        let accepted = async || {
            let counts = counts(world.store()).await;
            counts.get(&State::Accepted).copied().unwrap_or_default()
        };
        while accepted().await < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(states(world.store()).await, [State::Sending; 3]);
        command.rollback().await.unwrap();
        while accepted().await < 6 {
            world.clock.advance(TimeDelta::milliseconds(100));
            tokio::task::yield_now().await;
        }
        assert_eq!(world.mail.count(), 6, "each went once");
        stop.send_replace(true);
        running.await.unwrap();
    }
}

#[tokio::test]
async fn a_claim_whose_commit_was_given_up_and_came_late_is_given_back() {
    for world in World::all().await {
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        world.declare(3).await;
        // As a commit leaves it that was done after the turn which waited for it had been given up, and
        // after the next turn had looked.
        let now = world.clock.now();
        let until = now + TimeDelta::minutes(2);
        let tx = world.store().begin().await.unwrap();
        let lost = claim(&tx, "smtp:relay", Share::Urgent, 2, "one", until, now).await;
        assert_eq!(lost.unwrap().len(), 2);
        tx.commit().await.unwrap();
        world.pass(5);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted; 3]);
        assert_eq!(world.mail.count(), 3, "each went once");
    }
}

//! The engine loses no time: not where a limit cuts a turn off, and not where a clock is set back.

use std::time::Duration;

use chrono::TimeDelta;
use oyez::{
    app::deliver::Engine,
    clock::Clock,
    domain::{
        Time,
        delivery::{Class, State},
        notification::Moment,
    },
};
use tokio::{sync::watch, task::JoinHandle};

use super::World;
use crate::support::{
    fake_channel::FakeChannel,
    outbox::{counts, notification, say, start, states, to, words},
};

/// Fails, rather than hang, when an engine waits for a time that does not come.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(60);
    let done = tokio::time::timeout(patience, what).await;
    done.expect("it waits for the clock, which stands still")
}

/// So many deliveries are in the state.
async fn reaches(world: &World, state: State, count: u64) {
    soon(async {
        while counts(world.store()).await.get(&state) != Some(&count) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn run(engine: Engine) -> (watch::Sender<bool>, JoinHandle<()>) {
    let stop = watch::Sender::new(false);
    let running = tokio::spawn(engine.run(stop.subscribe()));
    (stop, running)
}

#[tokio::test]
async fn many_lanes_that_are_empty_cost_no_time() {
    for world in World::all().await {
        let now = start();
        let mut said = notification(1, Moment::Declared, 300, now);
        said.messages.push(words(Moment::Declared, "teams"));
        for number in 300..700 {
            let mut delivery = to(number, now);
            delivery.message = 1;
            delivery.lane = format!("hook:{number}");
            said.deliveries.push(delivery);
        }
        say(world.store(), &said, now).await;
        let (stop, running) = run(world.engine("one").await);
        reaches(&world, State::Accepted, 700).await;
        assert_eq!(world.clock.now(), now, "no time has passed");
        stop.send_replace(true);
        running.await.unwrap();
    }
}

#[tokio::test]
async fn lanes_with_room_for_urgent_messages_only_are_not_asked_without_end() {
    for world in World::all().await {
        // Full of other messages, each has a quarter of its window free, and nothing urgent for it.
        let mut calm = notification(1, Moment::Declared, 0, start());
        (calm.urgent, calm.rank) = (false, 1);
        for number in 0..700 {
            let mut delivery = to(number, start());
            delivery.lane = format!("relay:{}", number / 10);
            calm.deliveries.push(delivery);
        }
        say(world.store(), &calm, start()).await;
        world.mail.hang.send_replace(true);
        let (stop, running) = run(world.engine("one").await);
        // Each of the 70 windows of 8 has its six; then the engine sleeps, with its keeper beside it.
        reaches(&world, State::Sending, 420).await;
        soon(async {
            while world.clock.sleepers() < 2 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        world.mail.hang.send_replace(false);
        reaches(&world, State::Accepted, 700).await;
        stop.send_replace(true);
        running.await.unwrap();
    }
}

#[tokio::test]
async fn more_deadlines_than_one_look_ends_are_ended_at_once() {
    for world in World::all().await {
        world.declare(10_600).await;
        world.clock.advance(TimeDelta::hours(5));
        let now = world.clock.now();
        let (stop, running) = run(world.engine("one").await);
        reaches(&world, State::Expired, 10_600).await;
        assert_eq!(world.clock.now(), now, "no time has passed");
        stop.send_replace(true);
        running.await.unwrap();
    }
}

/// Sets the clock back an hour under an engine that rests.
async fn set_back(world: &World) -> Time {
    soon(async {
        while world.clock.sleepers() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let back = world.clock.now() - TimeDelta::hours(1);
    world.clock.set(back);
    back
}

#[tokio::test]
async fn a_clock_that_is_set_back_an_hour_holds_up_no_message() {
    for world in World::all().await {
        let (stop, running) = run(world.engine("one").await);
        set_back(&world).await;
        world.declare(3).await;
        world.pass(1);
        reaches(&world, State::Accepted, 3).await;
        stop.send_replace(true);
        running.await.unwrap();
    }
}

#[tokio::test]
async fn what_waits_for_another_try_waits_no_longer_when_the_clock_is_set_back() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        if !world.db.is_sqlite() {
            // There the times are the server's.
            continue;
        }
        world.declare(1).await;
        let busy = Class::Throttled {
            after_ms: Some(300_000),
        };
        world.mail.script(&[busy, Class::Accepted]);
        let (stop, running) = run(world.engine("one").await);
        soon(async {
            while world.mail.count() < 1 || states(world.store()).await != [State::Ready] {
                tokio::task::yield_now().await;
            }
        })
        .await;
        set_back(&world).await;
        // Once so that the engine sees it, and once through the rest of the five minutes and more.
        for seconds in [1, 400] {
            world.pass(seconds);
            set_asleep(&world).await;
        }
        reaches(&world, State::Accepted, 1).await;
        stop.send_replace(true);
        running.await.unwrap();
    }
}

/// Waits until the engine rests again.
async fn set_asleep(world: &World) {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    soon(async {
        while world.clock.sleepers() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_engine_that_is_stopped_under_a_clock_that_is_set_back_keeps_to_its_grace() {
    for world in World::with(FakeChannel::holding).await {
        world.declare(1).await;
        world.mail.hang.send_replace(true);
        let (stop, running) = run(world.engine("one").await);
        soon(async {
            while world.mail.count() < 1 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        stop.send_replace(true);
        set_asleep(&world).await;
        world.clock.set(world.clock.now() - TimeDelta::hours(1));
        soon(async {
            while !running.is_finished() {
                // Time passes while it rests, and not while it works.
                if world.clock.sleepers() >= 2 {
                    world.pass(1);
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        running.await.unwrap();
        assert!(world.clock.running() < Duration::from_secs(60));
    }
}

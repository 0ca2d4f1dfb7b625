//! A channel that cannot sign in: said once, and no reason to leave those untold who have another way.

use chrono::TimeDelta;
use oyez::{
    domain::{
        delivery::{Class, NewNotification, State},
        notification::Moment,
    },
    store::faults,
};

use super::World;
use crate::support::outbox::{log, notification, say, start, states, with_fallback};

/// Something that is not grave, by mail and else by Teams.
fn calm(people: usize) -> NewNotification {
    let mut new = notification(1, Moment::Declared, people, start());
    new.urgent = false;
    new.rank = 2;
    with_fallback(new, "teams")
}

async fn faults_of(world: &World) -> Vec<String> {
    let standing = faults::standing(world.store().read()).await.unwrap();
    standing.into_iter().map(|fault| fault.sentence).collect()
}

#[tokio::test]
async fn two_minutes_after_a_lane_was_stopped_its_readers_are_told_by_their_next_way() {
    for world in World::all().await {
        say(world.store(), &calm(3), start()).await;
        world.mail.answer(|_| Class::BadConfiguration);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        world.pass(119);
        engine.settle().await.unwrap();
        assert_eq!(world.teams.count(), 0);
        world.pass(2);
        engine.settle().await.unwrap();
        assert_eq!(world.teams.count(), 3);
        let (by_mail, by_teams) = ([State::Superseded; 3], [State::Accepted; 3]);
        assert_eq!(states(world.store()).await, [by_mail, by_teams].concat());
        world.mail.answer(|_| Class::Accepted);
        for _ in 0..5 {
            world.pass(60);
            engine.settle().await.unwrap();
        }
        assert_eq!(states(world.store()).await, [by_mail, by_teams].concat());
    }
}

#[tokio::test]
async fn what_can_still_be_stopped_does_not_leave_another_way_before_its_time() {
    for world in World::all().await {
        let mut new = calm(1);
        new.deliveries[0].not_before = Some(start() + TimeDelta::minutes(10));
        say(world.store(), &new, start()).await;
        let mut first = notification(1, Moment::Declared, 1, start());
        first.incident = None;
        say(world.store(), &first, start()).await;
        world.mail.answer(|_| Class::BadConfiguration);
        let mut engine = world.engine("one").await;
        for minute in 0..10 {
            engine.settle().await.unwrap();
            assert_eq!(world.teams.count(), 0, "after {minute} minutes");
            world.pass(60);
        }
        engine.settle().await.unwrap();
        assert_eq!(world.teams.count(), 1);
    }
}

#[tokio::test]
async fn a_lane_that_is_only_away_or_slow_keeps_its_messages() {
    for world in World::all().await {
        say(world.store(), &calm(6), start()).await;
        world.mail.answer(|_| Class::NotSent);
        let mut engine = world.engine("one").await;
        for _ in 0..30 {
            engine.settle().await.unwrap();
            world.pass(20);
        }
        assert_eq!(world.teams.count(), 0);
    }
}

#[tokio::test]
async fn where_every_way_is_stopped_the_first_waits_and_the_alarm_names_the_people() {
    for world in World::all().await {
        let mut other = notification(2, Moment::Declared, 1, start());
        other.incident = None;
        other.messages[0].channel = "teams".parse().unwrap();
        other.deliveries[0].lane = "teams:lane".to_owned();
        say(world.store(), &other, start()).await;
        say(world.store(), &calm(2), start()).await;
        for channel in [&world.mail, &world.teams] {
            channel.answer(|_| Class::BadConfiguration);
        }
        let mut engine = world.engine("one").await;
        for _ in 0..5 {
            engine.settle().await.unwrap();
            world.pass(60);
        }
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Ready; 2]);
        let said = faults_of(&world).await;
        let named = said.iter().find(|said| said.contains("Person 0"));
        let named = named.unwrap_or_else(|| panic!("{said:?}"));
        assert_eq!(
            named,
            "Every way to Person 0 and Person 1 is stopped. Tell them yourself, and repair a way: \
             see oyez doctor"
        );
        // One way is repaired, and they are told by it, once.
        world.teams.answer(|_| Class::Accepted);
        for _ in 0..3 {
            world.pass(60);
            engine.settle().await.unwrap();
        }
        let told = log(world.store()).await;
        let told = told.iter().filter(|logged| logged.state.is_told());
        assert_eq!(told.count(), 2);
        let said = faults_of(&world).await;
        assert!(
            said.iter().all(|said| !said.contains("Person 0")),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn one_cause_is_on_the_record_once_however_many_lanes_it_stops() {
    for world in World::all().await {
        for number in 0..4 {
            let mut new = notification(1, Moment::Declared, 1, start());
            new.incident = None;
            new.deliveries[0].lane = format!("smtp:relay-{number}");
            say(world.store(), &new, start()).await;
        }
        world.mail.answer(|_| Class::BadConfiguration);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        assert_eq!(
            faults_of(&world).await,
            ["Messages by email wait: What a person reads."]
        );
        world.mail.answer(|_| Class::Accepted);
        world.pass(60);
        engine.settle().await.unwrap();
        engine.settle().await.unwrap();
        assert_eq!(faults_of(&world).await, Vec::<String>::new());
    }
}

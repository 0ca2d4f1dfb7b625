//! What the lanes of a channel share: a pace over all of them, and where its bot was met.

use chrono::TimeDelta;
use oyez::{
    clock::Clock,
    domain::{
        Address, Time,
        channel::Conversation,
        delivery::{Class, NewNotification},
        notification::Moment,
    },
    store::conversations,
};

use super::World;
use crate::support::{
    fake_channel::FakeChannel,
    outbox::{notification, say, start, to},
};

/// To so many people, each in a conversation of their own.
fn conversations_of(people: usize, now: Time) -> NewNotification {
    let mut notification = notification(1, Moment::Declared, 0, now);
    notification.deliveries = (0..people)
        .map(|number| {
            let mut delivery = to(number, now);
            delivery.lane = format!("chat:{number}");
            delivery
        })
        .collect();
    notification
}

/// When the messages were sent, within a minute, by an engine that looks every ten milliseconds.
async fn sent_at(world: &World, people: usize) -> Vec<Time> {
    let now = world.clock.now();
    say(world.store(), &conversations_of(people, now), now).await;
    let mut engine = world.engine("one").await;
    while world.mail.count() < people && world.clock.now() < now + TimeDelta::seconds(60) {
        engine.settle().await.unwrap();
        world.clock.advance(TimeDelta::milliseconds(10));
    }
    world.mail.sent().iter().map(|sent| sent.at).collect()
}

#[tokio::test]
async fn two_hundred_conversations_together_keep_to_the_pace_of_the_app() {
    for world in World::with(|fake| fake.overall(20.0, 2)).await {
        let at = sent_at(&world, 200).await;
        assert_eq!(at.len(), 200);
        for (first, time) in at.iter().enumerate() {
            let within =
                |other: &&Time| **other >= *time && **other < *time + TimeDelta::seconds(1);
            let in_a_second = at[first..].iter().filter(within).count();
            assert!(in_a_second <= 22, "{in_a_second} from {time}");
        }
        // And it does not lag: 200 at 20 a second.
        assert!(at[199] - at[0] <= TimeDelta::milliseconds(10_100), "{at:?}");
    }
}

#[tokio::test]
async fn a_channel_without_such_a_pace_goes_as_fast_as_its_lanes_do() {
    for world in World::all().await {
        let at = sent_at(&world, 100).await;
        assert_eq!(at.len(), 100);
        assert!(at.iter().all(|time| *time == start()), "{at:?}");
    }
}

#[tokio::test]
async fn a_channel_is_told_where_it_was_met_until_that_is_gone() {
    for world in World::with(FakeChannel::keeping).await {
        let channel = "email".parse().unwrap();
        let met = |number: usize| Address::new(&format!("person-{number}@northshire.example"));
        for number in 0..2 {
            let conversation = Conversation {
                id: format!("a:{number}"),
                service_url: "https://smba.trafficmanager.net/emea".to_owned(),
                kind: "personal".to_owned(),
                member: None,
            };
            let at = (&channel, &met(number));
            let write = world.store().write();
            conversations::learn(write, at, &conversation, start())
                .await
                .unwrap();
        }
        world
            .mail
            .answer(|sent| match sent.conversation.as_deref() {
                Some("a:1") => Class::BadDestination,
                _ => Class::Accepted,
            });
        say(world.store(), &conversations_of(3, start()), start()).await;
        world.engine("one").await.settle().await.unwrap();
        let mut told: Vec<Option<String>> = world
            .mail
            .sent()
            .into_iter()
            .map(|sent| sent.conversation)
            .collect();
        told.sort();
        assert_eq!(told, [None, Some("a:0".to_owned()), Some("a:1".to_owned())]);
        for (number, stays) in [(0, true), (1, false)] {
            let found = conversations::find(world.store().read(), &channel, &met(number)).await;
            assert_eq!(found.unwrap().is_some(), stays, "{number}");
        }
    }
}

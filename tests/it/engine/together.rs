//! What a channel is told beside the message.

use oyez::{
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

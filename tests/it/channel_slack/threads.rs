//! An incident in a channel, from the outbox to the workspace.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use oyez::{
    app::deliver::{Engine, Wake},
    channels::Channel,
    clock::{Clock, ManualClock},
    domain::{delivery::State, notification::Moment},
};

use super::{BLOCKS, CHANNEL, PERSON, bench};
use crate::support::{
    database::databases,
    outbox::{notification, say, start, states},
};

#[tokio::test]
async fn an_incident_is_one_thread_even_if_the_answer_to_its_beginning_was_lost() {
    for db in databases().await {
        let (workspace, channel) = bench().await;
        let clock = Arc::new(ManualClock::new(start()));
        let lock = db.store.try_lock_delivery("one").await.unwrap().unwrap();
        let channels: BTreeMap<_, Arc<dyn Channel>> =
            BTreeMap::from([("slack".parse().unwrap(), Arc::clone(&channel))]);
        let mut engine = Engine::new(
            db.store.clone(),
            Arc::new(channels),
            clock.clone(),
            lock,
            Wake::default(),
        );
        workspace.loses_answers(true);
        for (seq, moment) in [
            (1, Moment::Declared),
            (2, Moment::Update),
            (3, Moment::Resolved),
        ] {
            let now = clock.now();
            let mut said = notification(seq, moment, 2, now);
            said.messages[0].channel = "slack".parse().unwrap();
            let blocks = ("blocks".to_owned(), BLOCKS.to_owned());
            said.messages[0].parts.extend([blocks]);
            for (delivery, to) in said.deliveries.iter_mut().zip([CHANNEL, PERSON]) {
                delivery.address = channel.check_address(to).unwrap();
                delivery.lane = channel.lane(&delivery.address);
            }
            say(&db.store, &said, now).await;
            for _ in 0..2 {
                engine.settle().await.unwrap();
                workspace.loses_answers(false);
                clock.advance(TimeDelta::seconds(30));
            }
        }
        assert_eq!(states(&db.store).await, [State::Delivered; 6]);
        let posts = workspace.posts();
        assert_eq!(posts.len(), 6, "nothing was said twice");
        for root in &posts[..2] {
            let in_thread: Vec<bool> = posts
                .iter()
                .filter(|post| post.body["thread_ts"] == root.ts.as_str())
                .map(|post| {
                    assert_eq!(post.channel, root.channel);
                    post.body["reply_broadcast"] == true
                })
                .collect();
            assert_eq!(in_thread, [false, true]);
        }
    }
}

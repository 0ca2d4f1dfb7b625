//! An incident in a channel, from the outbox to the workspace.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use oyez::{
    app::deliver::{Engine, Wake},
    channels::Channel,
    clock::{Clock, ManualClock},
    domain::{
        delivery::{Class, State},
        notification::Moment,
    },
};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::{BLOCKS, CHANNEL, PERSON, bench, letter};
use crate::support::{
    database::databases,
    outbox::{notification, say, start, states},
    slack::distinct_methods,
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
            let standing = BLOCKS.replace("Providers", moment.as_str());
            let parts = [("blocks", BLOCKS.to_owned()), ("incident", standing)];
            let parts = parts.map(|(name, words)| (name.to_owned(), words));
            said.messages[0].parts.extend(parts);
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
            // Whoever opens the thread in the channel reads how things stand now; what a person was
            // told, and may have to answer, stays as it was.
            let words = &root.body["blocks"][0]["text"]["text"];
            let stands = match root.channel == CHANNEL {
                true => "resolved cannot sign in",
                false => "Providers cannot sign in",
            };
            assert_eq!(words, stands);
        }
    }
}

#[tokio::test]
async fn a_first_message_that_cannot_be_edited_keeps_nobody_from_reading_the_next() {
    let (workspace, channel) = bench().await;
    let mut letter = letter(&*channel, CHANNEL);
    letter.parts.insert("incident".into(), BLOCKS.into());
    let first = channel.send(&letter.outgoing()).await;
    letter.thread = first.provider_id;
    for (answer, is_out) in [
        (json!({ "ok": false, "error": "edit_window_closed" }), true),
        (json!({ "ok": false, "error": "internal_error" }), true),
    ] {
        workspace.refuses("chat.update", &answer);
        let outcome = channel.send(&letter.outgoing()).await;
        assert_eq!(outcome.class.is_success(), is_out, "{answer} {outcome:?}");
    }
    assert_eq!(workspace.posts().len(), 3);
    // Asked to wait, it waits with all of it.
    let wait = ResponseTemplate::new(429).insert_header("Retry-After", "7");
    workspace.answers("chat.update", wait);
    let outcome = channel.send(&letter.outgoing()).await;
    let after_ms = Some(7_000);
    assert_eq!(outcome.class, Class::Throttled { after_ms });
    assert_eq!(workspace.posts().len(), 3);
}

#[tokio::test]
async fn a_question_or_a_prompt_leaves_the_first_message_as_it_is() {
    let (workspace, channel) = bench().await;
    let mut letter = letter(&*channel, CHANNEL);
    letter.parts.insert("incident".into(), "[]".into());
    letter.thread = Some(format!("{CHANNEL}/{}", workspace.hears(CHANNEL, json!({}))));
    for moment in [Moment::Prompt, Moment::Overdue, Moment::AreYouAffected] {
        letter.moment = moment;
        assert!(channel.send(&letter.outgoing()).await.class.is_success());
    }
    let asked = distinct_methods(&workspace).await;
    assert_eq!(asked, ["chat.postMessage".to_owned()].into());
}

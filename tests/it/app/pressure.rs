//! More messages than their ways out can take.

use std::sync::Arc;

use chrono::TimeDelta;
use oyez::domain::{Time, command::Command};

use super::{Agency, update};
use crate::support::{at, fake_channel::FakeChannel};

/// The agency with mail that goes at this pace.
async fn paced(per_second: f64) -> Vec<Agency> {
    let agencies = Agency::all(str::to_owned).await.into_iter();
    let pace = |agency: Agency| {
        let mail = FakeChannel::new("email", agency.app.clock.clone());
        agency
            .with_channel("email", mail.paced(4, Some(per_second)))
            .0
    };
    agencies.map(pace).collect()
}

/// "2:05pm" in the time of the agency, which is UTC in November.
fn words(time: Time) -> String {
    let text = time.format("%-I:%M%P").to_string();
    text.replace(":00", "")
}

fn end_of(messages: usize, every: i64) -> Time {
    // The first leaves at once.
    at("2026-11-23T13:30:00Z") + TimeDelta::seconds(every) * (messages as i32 - 1)
}

#[tokio::test]
async fn a_slow_way_out_says_when_the_last_message_leaves() {
    for agency in paced(0.1).await {
        let receipt = agency.declare("Providers cannot sign in.").await.unwrap();
        let first = receipt.messages;
        let end = words(end_of(first, 10));
        let says =
            |end| format!("At 6 messages a minute by email the last one leaves at about {end}.");
        let sentences = receipt.sentences;
        assert!(sentences.contains(&says(end)), "{sentences:?}");
        let late = |line: &String| line.contains("would not be sent");
        assert!(!sentences.iter().any(late), "{sentences:?}");

        // What waits already goes first: nothing has left yet.
        let second = agency.declare("Nobody can sign in.").await.unwrap();
        let end = words(end_of(first + second.messages, 10));
        let sentences = second.sentences;
        assert!(sentences.contains(&says(end)), "{sentences:?}");
    }
}

#[tokio::test]
async fn a_fast_way_out_says_nothing() {
    for agency in paced(10.0).await {
        let receipt = agency.declare("Providers cannot sign in.").await.unwrap();
        let paces = |line: &String| line.contains("the last one leaves");
        assert!(!receipt.sentences.iter().any(paces), "{receipt:?}");
    }
}

#[tokio::test]
async fn messages_that_cannot_all_leave_in_time_warn_and_refuse_nothing() {
    // Six an hour, and trying a P1 is worth it for an hour.
    for agency in paced(1.0 / 600.0).await {
        let receipt = agency.declare("Providers cannot sign in.").await.unwrap();
        let in_time = 1 + 6;
        assert!(receipt.messages > in_time);
        let left = receipt.messages - in_time;
        let warning = format!(
            "Messages are given up at 2:30pm, so about {left} would not be sent. Use another channel \
             as well, or tell fewer people."
        );
        assert!(
            receipt.sentences.contains(&warning),
            "{:?}",
            receipt.sentences
        );
        assert!(agency.app.status(receipt.incident).await.is_ok());
    }
}

#[tokio::test]
async fn nothing_is_taken_while_too_many_messages_wait_and_nothing_is_half_done() {
    for mut agency in Agency::all(str::to_owned).await {
        let most = 5;
        Arc::get_mut(&mut agency.0.app).unwrap().most_waiting = most;
        let id = agency.declared().await;
        let before = agency.app.status(id).await.unwrap();
        for refused in [
            agency.declare("Nobody can sign in.").await.unwrap_err(),
            agency
                .change(id, update("Most can sign in."), "priya-shah")
                .await
                .unwrap_err(),
        ] {
            assert_eq!(refused.code, "too-many-waiting");
            assert!(refused.sentence.starts_with("5 messages wait already"));
        }
        let list = agency.app.list(true, None, None, 10).await.unwrap();
        assert_eq!(list.len(), 1);
        let after = agency.app.status(id).await.unwrap();
        assert_eq!(after.timeline.len(), before.timeline.len());
        // What tells nobody is recorded all the same, and room is made by sending.
        let note = Command::Note {
            text: "The queue is full.".to_owned(),
        };
        agency.change(id, note, "priya-shah").await.unwrap();
        agency.pass(60);
        agency.deliver().await;
        agency.declare("Nobody can sign in.").await.unwrap();
    }
}

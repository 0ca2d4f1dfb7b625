//! Times as they are typed are held as they are printed, and what may mean two times is asked about.

use serde_json::{Value, json};

use crate::support::{
    agency::Agency,
    api::Api,
    slack_door::{Door, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_held_at_the_minute_that_is_printed_at_every_door() {
    let agency = Agency::open().await;
    let receipt = agency.declare("--next-update 45m").await;
    let is_whole = |receipt: &Value| {
        let due = receipt["next_update"].as_str().expect("a time");
        let seconds = due.get(16..20).expect("seconds");
        assert!(matches!(seconds, ":00Z" | ":00+" | ":00-"), "{due}");
    };
    is_whole(&receipt);
    let update = "update INC-0001 'Some can sign in again.' --next-update 2h --yes";
    is_whole(&agency.json(update).await);
    is_whole(&agency.json("no-change INC-0001 --yes").await);

    let api = Api::start(&agency).await;
    let key = api.key(&["admin"]).await;
    let path = "/api/v1/incidents/INC-0001/commands";
    let command = |time: &str| json!({"command": "update", "text": "All can sign in again.", "next_update": time});
    for (time, held) in [
        ("2090-11-23T17:03:21Z", "2090-11-23T17:03:00Z"),
        // Midnight, in summer.
        ("2090-07-01T00:00:00+01:00", "2090-06-30T22:59:00Z"),
    ] {
        let receipt = api.post(path, &key, &command(time)).await.is(200);
        assert_eq!(receipt["next_update"], held);
    }
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_refuses_a_time_that_may_mean_two_with_both() {
    let agency = Agency::open().await;
    agency.declare("").await;
    for (time, says) in [
        (
            "yesterday 5pm",
            "5pm yesterday has passed. Say 5pm tomorrow, or a later time today.",
        ),
        (
            "2090-10-29 1:30am",
            "Say 2090-10-29 1:30am BST for the first, or 2090-10-29 1:30am GMT for the second.",
        ),
    ] {
        for line in [
            format!("no-change INC-0001 --next-update '{time}' --yes"),
            format!("mute INC-0001 callum-reid --until '{time}' --yes"),
        ] {
            let ran = agency.oyez(&line).await.exits(2);
            let words: Vec<&str> = ran.err.split_whitespace().collect();
            assert!(words.join(" ").contains(says), "{ran}");
        }
    }
    let muted = "mute INC-0001 callum-reid --until 'tomorrow 5pm' --yes";
    let receipt = agency.json(muted).await;
    let sentences = receipt["sentences"].to_string();
    assert!(
        sentences.contains("Muted until 5pm tomorrow ("),
        "{sentences}"
    );
}

#[tokio::test]
async fn chat_asks_which_time_is_meant_with_a_button_for_each() {
    let mut slack = Door::open().await;
    slack.agency.declare("").await;
    let line = "mute INC-1 dana-whitlock until yesterday 5pm: on leave";
    let asked = slack.says("U0PRIYA001", line).await;
    assert!(
        text(&asked).contains("5pm yesterday has passed."),
        "{asked}"
    );
    let done = slack.taps("U0PRIYA001", &asked, "Tomorrow").await;
    assert!(text(&done).contains("Muted until 5pm tomorrow ("), "{done}");
}

//! An incident with a Slack channel to itself, from its declaration to its end, and what goes wrong.

use std::sync::Arc;

use chrono::TimeDelta;
use oyez::{app::App, clock::ManualClock, store::faults};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{
    agency::deliver,
    database::new_postgres,
    slack::{BOT_USER, Post, methods},
    slack_door::{DIRECTORY, Door, text, with_slack},
};

const ON: &str = "channel_per_incident = true\n";
const NAME: &str = "inc-0001-providers-cannot-sign-in";
const DECLARE: &str = "declare --title 'Providers cannot sign in' --priority P1 --service \
    register-trainees --effect 'Training providers cannot sign in.' --yes --no-wait";

/// With a channel in which incidents are told of, too.
fn directory() -> String {
    with_slack(DIRECTORY).replace(
        "  - id: incidents-slack\n",
        "  - id: incident-channel\n    name: The channel of incidents\n    channel: slack\n    \
         address: C0INCIDENTS\n  - id: incidents-slack\n",
    )
}

/// The program by a clock that stands still.
fn stopped(app: &App) -> (Arc<ManualClock>, App) {
    let clock = Arc::new(ManualClock::new(app.clock.now()));
    (clock.clone(), app.at(clock))
}

fn in_room(slack: &Door) -> Vec<Post> {
    let mut posts = slack.real().posts();
    posts.retain(|post| post.channel == "C0MADE001");
    posts
}

/// Says a line and sends what is shown.
async fn sends(slack: &mut Door, line: &str) {
    let shown = slack.says("U0PRIYA001", line).await;
    let sent = slack.taps("U0PRIYA001", &shown, "Send").await;
    assert!(text(&sent).contains("On its way to "), "{line}: {sent}");
}

#[tokio::test]
async fn an_incident_has_one_channel_with_its_people_its_topic_and_its_words_to_its_end() {
    let mut engines = vec![None];
    engines.extend(new_postgres().await.map(Some));
    for database in engines {
        let mut slack = Door::with_keys(database, ON, directory()).await;
        slack.agency.done(DECLARE).await;
        sends(&mut slack, "add INC-1 incident-channel: where we talk").await;
        assert_eq!(slack.real().channels().len(), 0, "no command waits for it");
        // Two replicas look at once, and again.
        let other = slack.agency.start().await.app;
        for _ in 0..2 {
            let (one, two) =
                tokio::join!(slack.api.app.look_after_rooms(), other.look_after_rooms());
            one.unwrap();
            two.unwrap();
        }
        deliver(&slack.api.app).await;
        let (clock, later) = stopped(&slack.api.app);
        clock.advance(TimeDelta::seconds(6));
        later.look_after_rooms().await.unwrap();
        let made = slack.real().channels();
        assert_eq!(made.len(), 1);
        assert_eq!((made[0].name.as_str(), made[0].is_private), (NAME, false));
        // Both are told as responders, by mail, and have an address in Slack.
        let members: Vec<&str> = made[0].members.iter().map(String::as_str).collect();
        assert_eq!(members, ["U0PRIYA001", "U0TOMOKA01"]);
        assert_eq!(made[0].topics.len(), 1, "{made:?}");
        assert!(made[0].topics[0].starts_with("INC-0001 P1: Providers cannot sign in. Looking"));
        let posts = in_room(&slack);
        assert_eq!(posts.len(), 1, "{posts:?}");
        assert!(
            posts[0].body["text"]
                .as_str()
                .unwrap()
                .contains("cannot sign in")
        );
        let pointers: Vec<Post> = slack.real().posts();
        let pointers = pointers
            .iter()
            .filter(|post| post.body["text"].as_str().unwrap().contains("<#C0MADE001>"));
        let pointers: Vec<&Post> = pointers.collect();
        assert_eq!(pointers.len(), 1);
        assert_eq!(pointers[0].channel, "C0INCIDENTS");
        assert!(pointers[0].body["thread_ts"].is_string());

        // In the channel, nobody has to name the incident.
        slack.channel = "C0MADE001".to_owned();
        let modal = slack.opens("U0PRIYA001", "update Half can sign in.").await;
        assert!(modal.view().to_string().contains("INC-0001"), "{modal:?}");
        sends(&mut slack, "nochange").await;
        for line in [
            "update INC-1 'Half of the providers can sign in.'",
            "priority INC-1 P2 --why 'Half can sign in.'",
            "resolve INC-1 'Everybody can sign in.'",
            "close INC-1",
        ] {
            let done = slack.agency.json(&format!("{line} --yes --no-wait")).await;
            // That the channel was told alone is no measure of what is usual.
            assert!(!done.to_string().contains("last time it was"), "{done}");
        }
        // Even when it is over.
        let status = slack.says("U0PRIYA001", "status").await;
        assert!(text(&status).starts_with("INC-0001: "), "{status}");
        later.look_after_rooms().await.unwrap();
        deliver(&later).await;
        let posts = in_room(&slack);
        let is_open = |post: &Post| post.body.get("thread_ts").is_none();
        assert!(posts.iter().all(is_open), "{posts:#?}");
        let texts: Vec<&str> = posts
            .iter()
            .map(|post| post.body["text"].as_str().unwrap())
            .collect();
        assert!(texts.last().unwrap().contains("Closed"), "{texts:#?}");
        let made = slack.real().channels();
        assert!(made[0].topics.last().unwrap().contains(" P2: "), "{made:?}");
        assert!(
            made[0].topics.last().unwrap().ends_with(" Closed."),
            "{made:?}"
        );
        let asked = methods(slack.real()).await;
        let before = asked.len();
        for _ in 0..2 {
            clock.advance(TimeDelta::hours(1));
            later.look_after_rooms().await.unwrap();
        }
        assert_eq!(
            methods(slack.real()).await.len(),
            before,
            "there is nothing more to do"
        );
        let timeline = slack.agency.json("status INC-0001").await["timeline"].to_string();
        assert!(
            timeline.contains(&format!("Opened the channel #{NAME}")),
            "{timeline}"
        );
        slack.agency.done("verify").await;
    }
}

#[tokio::test]
async fn a_lead_who_comes_later_is_asked_in_and_whoever_left_is_left_alone() {
    let mut slack = Door::with_keys(None, ON, with_slack(DIRECTORY)).await;
    slack
        .agency
        .done(
            &DECLARE
                .replace("register-trainees", "find-courses")
                .replace("P1", "P3"),
        )
        .await;
    let app = &slack.api.app;
    app.look_after_rooms().await.unwrap();
    let members = |slack: &Door| slack.real().channels()[0].members.clone();
    assert!(
        !members(&slack).contains("U0TOMOKA01"),
        "{:?}",
        members(&slack)
    );
    let topics = slack.real().channels()[0].topics.len();
    sends(&mut slack, "leads INC-1 tech tom-okafor").await;
    slack.api.app.look_after_rooms().await.unwrap();
    assert!(members(&slack).contains("U0TOMOKA01"));
    assert_eq!(
        slack.real().channels()[0].topics.len(),
        topics,
        "it says the same"
    );
    slack.real().leaves("C0MADE001", "U0TOMOKA01");
    slack
        .agency
        .done("update INC-1 'Half can sign in.' --yes --no-wait")
        .await;
    slack.api.app.look_after_rooms().await.unwrap();
    assert!(!members(&slack).contains("U0TOMOKA01"));
}

#[tokio::test]
async fn a_crash_between_making_it_and_writing_it_down_makes_no_second_one() {
    let slack = Door::with_keys(None, ON, with_slack(DIRECTORY)).await;
    slack.agency.done(DECLARE).await;
    let (clock, app) = stopped(&slack.api.app);
    slack.real().loses_answers_to("conversations.create", true);
    app.look_after_rooms().await.unwrap();
    assert_eq!(slack.real().channels().len(), 1);
    slack.real().loses_answers_to("conversations.create", false);
    app.look_after_rooms().await.unwrap();
    assert!(in_room(&slack).is_empty(), "it waits a little");
    clock.advance(TimeDelta::seconds(5));
    // The program that comes after.
    let again = slack.agency.start().await.app.at(clock.clone());
    again.look_after_rooms().await.unwrap();
    deliver(&again).await;
    assert_eq!(slack.real().channels().len(), 1);
    assert_eq!(in_room(&slack).len(), 1);
}

#[tokio::test]
async fn a_name_that_somebody_else_has_is_left_to_them() {
    let slack = Door::with_keys(None, ON, with_slack(DIRECTORY)).await;
    slack.real().has_channel(NAME, "U0SOMEBODY", i64::MAX);
    slack.real().has_channel(&format!("{NAME}-2"), BOT_USER, 0);
    slack.agency.done(DECLARE).await;
    slack.api.app.look_after_rooms().await.unwrap();
    let made = slack.real().channels();
    assert_eq!(made.len(), 3);
    assert_eq!(made[2].name, format!("{NAME}-3"));
    assert!(
        made[..2]
            .iter()
            .all(|place| place.members.is_empty() && place.topics.is_empty())
    );
}

#[tokio::test]
async fn slack_being_down_delays_the_channel_and_nothing_else() {
    let slack = Door::with_keys(None, ON, with_slack(DIRECTORY)).await;
    let methods_of_rooms = [
        "conversations.create",
        "conversations.invite",
        "conversations.setTopic",
    ];
    for method in methods_of_rooms {
        slack.real().answers(method, ResponseTemplate::new(503));
    }
    slack.agency.done(DECLARE).await;
    let (clock, app) = stopped(&slack.api.app);
    app.look_after_rooms().await.unwrap();
    deliver(&app).await;
    assert!(!slack.agency.mail.taken().is_empty());
    for _ in 0..6 {
        clock.advance(TimeDelta::minutes(5));
        app.look_after_rooms().await.unwrap();
    }
    let standing = faults::standing(app.store.read()).await.unwrap();
    assert!(
        standing.iter().any(|fault| fault.key == "room:slack"),
        "{standing:?}"
    );
    // Made at last, but not yet to be entered: its words are there all the same.
    slack.real().recovers("conversations.create");
    clock.advance(TimeDelta::hours(1));
    app.look_after_rooms().await.unwrap();
    deliver(&app).await;
    assert_eq!(in_room(&slack).len(), 1);
    assert_eq!(slack.real().channels()[0].members.len(), 0);
    for method in methods_of_rooms {
        slack.real().recovers(method);
    }
    clock.advance(TimeDelta::hours(1));
    app.look_after_rooms().await.unwrap();
    let made = slack.real().channels();
    assert_eq!(
        (made.len(), made[0].members.len(), made[0].topics.len()),
        (1, 2, 1)
    );
    assert!(faults::standing(app.store.read()).await.unwrap().is_empty());
}

#[tokio::test]
async fn without_the_permission_an_operator_reads_which_it_is() {
    let slack = Door::with_keys(None, ON, with_slack(DIRECTORY)).await;
    let error = json!({ "ok": false, "error": "missing_scope", "needed": "channels:manage" });
    slack.real().refuses("conversations.create", &error);
    slack.agency.done(DECLARE).await;
    slack.api.app.look_after_rooms().await.unwrap();
    let standing = faults::standing(slack.api.app.store.read()).await.unwrap();
    assert!(
        standing[0].sentence.contains("channels:manage"),
        "{standing:?}"
    );
}

#[tokio::test]
async fn a_restricted_incident_has_no_channel_and_by_default_none_has() {
    for (keys, kind) in [(ON, "security"), ("", "technical")] {
        let slack = Door::with_keys(None, keys, with_slack(DIRECTORY)).await;
        slack.agency.done(&format!("{DECLARE} --kind {kind}")).await;
        let (clock, app) = stopped(&slack.api.app);
        for _ in 0..2 {
            app.look_after_rooms().await.unwrap();
            clock.advance(TimeDelta::minutes(1));
        }
        assert!(slack.real().channels().is_empty(), "{kind}");
        let asked = methods(slack.real()).await;
        assert!(
            !asked.iter().any(|method| method.contains("conversations")),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn an_incident_that_is_over_before_slack_answers_gets_none() {
    let slack = Door::with_keys(None, ON, with_slack(DIRECTORY)).await;
    slack.agency.done(DECLARE).await;
    slack
        .agency
        .done("cancel INC-1 --why 'It was a rehearsal.' --yes --no-wait")
        .await;
    slack.api.app.look_after_rooms().await.unwrap();
    assert!(slack.real().channels().is_empty());
}

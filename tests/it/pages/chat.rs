//! "Seen", by one tap.

use crate::support::{
    agency::deliver,
    slack_door::{DIRECTORY, Door, text, with_slack},
};

#[tokio::test]
async fn one_tap_says_that_somebody_who_was_asked_has_seen_it() {
    let directory = with_slack(DIRECTORY).replace(
        "      - email: dana.whitlock@northshire.example\n",
        "      - email: dana.whitlock@northshire.example\n      - slack: U0DANA0001\n",
    );
    let mut slack = Door::with("", directory).await;
    slack.agency.declare("").await;
    deliver(&slack.api.app).await;
    let said = slack.taps_value("U0DANA0001", "seen:INC-0001").await;
    let said = text(&said);
    assert!(
        said.starts_with("You have seen INC-0001: Providers cannot sign in"),
        "{said}"
    );
    assert!(said.contains("P1"), "{said}");
    let again = slack.taps_value("U0DANA0001", "seen:INC-0001").await;
    assert!(text(&again).contains("You said so at "), "{again}");
    // Whoever was not asked has nothing to say.
    let other = slack.taps_value("U0TOMOKA01", "seen:INC-0001").await;
    assert!(text(&other).starts_with("You were not asked"), "{other}");
    let who = slack.says("U0PRIYA001", "who INC-1").await;
    assert!(
        text(&who).contains("Seen by the one who was asked"),
        "{who}"
    );
}

//! The same request twice is done once, and nobody changes what they have not seen.

use crate::support::agency::{Agency, DECLARE};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_is_done_once() {
    for agency in Agency::on_each_engine().await {
        // "45m" is another instant the second time, and the same request all the same.
        let key = "--request-key deploy-17 --next-update 45m";
        let first = agency.declare(key).await;
        let mails = agency.mail.taken().len();
        let second = agency.declare(key).await;
        for part in [
            "incident",
            "revision",
            "event",
            "headline",
            "messages",
            "next_update",
        ] {
            assert_eq!(first[part], second[part]);
        }
        assert_eq!(agency.mail.taken().len(), mails, "nobody heard twice");
        let list = agency.json("list").await;
        assert_eq!(list.as_array().map(Vec::len), Some(1));

        let update = "update INC-0001 'Some can sign in.' --request-key update-1 --yes";
        let once = agency.json(update).await;
        let again = agency.json(update).await;
        assert_eq!(once["event"], again["event"]);
        let status = agency.json("status INC-0001").await;
        assert_eq!(status["timeline"].as_array().map(Vec::len), Some(2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_request_under_the_same_key_is_refused() {
    let agency = Agency::open().await;
    agency.declare("--request-key deploy-17").await;
    for line in [
        "declare --title Another --priority P1 --request-key deploy-17 --yes",
        "update INC-0001 X --request-key deploy-17 --yes",
    ] {
        agency
            .oyez(line)
            .await
            .exits(4)
            .says(&["This request key was used for something else before."]);
    }
    let list = agency.json("list").await;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_refused_leaves_its_key_free() {
    let agency = Agency::open().await;
    let key = "--request-key deploy-17";
    let wrong = DECLARE.replace("P1", "P7");
    agency.oyez(&format!("{wrong} {key}")).await.exits(3);
    agency.declare(key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_saw_an_older_revision_is_told_what_changed_and_nothing_is_sent() {
    let agency = Agency::open().await;
    agency.declare("").await;
    agency
        .done("update INC-0001 'Some can sign in.' --as priya-shah --revision 1 --yes")
        .await;
    let (before, mails) = (agency.dump().await, agency.mail.taken().len());
    for line in [
        "update INC-0001 X --revision 1 --yes",
        "leads INC-0001 --tech tom-okafor --revision 1 --yes",
    ] {
        agency.oyez(line).await.exits(4).says(&[
            "nothing was done",
            "Priya Shah posted an update: Some can sign in.",
        ]);
    }
    assert_eq!(agency.dump().await, before);
    assert_eq!(agency.mail.taken().len(), mails);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_leads_are_appointed_together_or_not_at_all() {
    let agency = Agency::open().await;
    agency.declare("").await;
    agency
        .oyez("leads INC-0001 --comms priya-shah --tech tom-okafo --yes")
        .await
        .exits(3)
        .says(&["Did you mean tom-okafor?"]);
    let leads = agency.json("leads INC-0001").await;
    assert_eq!(leads, serde_json::json!({}));

    let all = "leads INC-0001 --comms priya-shah --tech tom-okafor --support mei-lin \
               --revision 1 --request-key hand-over --yes";
    let receipt = agency.json(all).await;
    assert_eq!(receipt["progress"]["accepted"], 3, "{receipt}");
    let headline = receipt["headline"].as_str().unwrap();
    for name in ["Priya Shah", "Tom Okafor", "Mei Lin"] {
        assert!(headline.contains(name), "{headline}");
    }
    assert_eq!(receipt["messages"], 3, "{receipt}");
    assert_eq!(receipt["people"], 3, "{receipt}");
    let leads = agency.json("leads INC-0001").await;
    assert_eq!(leads["comms"]["id"], "priya-shah");
    assert_eq!(leads["tech"]["id"], "tom-okafor");
    assert_eq!(leads["support"]["id"], "mei-lin");
    let mails = agency.mail.taken().len();
    agency.json(all).await;
    assert_eq!(
        agency.mail.taken().len(),
        mails,
        "the same request is done once"
    );
}

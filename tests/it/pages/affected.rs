//! "Are you affected?", from the mail to the offer to add the service.

use super::{Reached, page};
use crate::support::agency::deliver;

/// An incident led by Priya Shah, of which the people of Find courses were asked.
async fn asked() -> (Reached, String) {
    let reached = Reached::open().await;
    reached.declare("--comms-lead priya-shah").await;
    let before = reached.links();
    reached.agency.done("ask INC-0001 find-courses --yes").await;
    deliver(&reached.api.app).await;
    let mut links = reached.links();
    links.retain(|mailbox, link| before.get(mailbox) != Some(link));
    assert_eq!(links.len(), 1, "{links:?}");
    let link = links.into_values().next().expect("a link");
    (reached, link)
}

#[tokio::test]
async fn the_question_is_answered_on_the_page_that_its_mail_links_to() {
    let (reached, link) = asked().await;
    let before = reached.agency.dump().await;
    let answer = reached.looks(&link).await;
    let text = page(&answer, 200);
    assert!(text.contains("Is Find courses affected?"), "{text}");
    for button in ["value=\"yes\"", "value=\"no\"", "value=\"checking\""] {
        assert!(text.contains(button), "{text}");
    }
    assert_eq!(before, reached.agency.dump().await);

    let answer = reached.presses(&link, &[("answer", "checking")]).await;
    let text = page(&answer, 200).to_owned();
    assert!(
        text.contains("Find courses is being checked, says "),
        "{text}"
    );
    let again = reached.presses(&link, &[("answer", "checking")]).await;
    assert_eq!(page(&again, 200), text);
    assert_eq!(reached.count("affected-answered").await, 1);
    let status = reached.agency.json("status INC-0001").await;
    assert_eq!(status["affected"]["find-courses"], "checking");

    for nonsense in [[("answer", "perhaps")], [("answer", "add")], [("x", "y")]] {
        let answer = reached.presses(&link, &nonsense).await;
        assert!(page(&answer, 400).contains("Nothing was recorded."));
    }
    assert_eq!(reached.count("affected-answered").await, 1);
}

#[tokio::test]
async fn yes_says_who_decides_and_who_would_then_be_told_and_adds_nothing() {
    let (reached, link) = asked().await;
    let sent = reached.agency.send_log("INC-0001").await.len();
    let answer = reached.presses(&link, &[("answer", "yes")]).await;
    let text = page(&answer, 200).to_owned();
    assert!(text.contains("Find courses is affected, says "), "{text}");
    assert!(
        text.contains("Priya Shah, the comms lead, decides whether Find courses is added"),
        "{text}"
    );
    assert!(text.contains("If Find courses is added, "), "{text}");
    assert!(text.contains(" more people would be told: "), "{text}");
    // Whoever answers does not lead the incident, so they may not add it.
    assert!(!text.contains("value=\"add\""), "{text}");
    let form = [("answer", "add"), ("revision", "1")];
    let refused = reached.presses(&link, &form).await;
    assert!(page(&refused, 403).contains("Nothing was sent."));
    assert_eq!(page(&reached.looks(&link).await, 200), text);
    assert_eq!(reached.agency.send_log("INC-0001").await.len(), sent);
}

#[tokio::test]
async fn a_lead_who_says_yes_may_add_the_service_and_sees_first_whom_that_tells() {
    let (reached, link) = asked().await;
    let answers = reached.agency.json("send-log INC-0001").await;
    let mut asked = answers.as_array().expect("a list").iter();
    let asked = asked.rfind(|one| one["asks"] == "affected").expect("it");
    let who = asked["recipient"].as_str().expect("an id").to_owned();
    reached
        .agency
        .done(&format!("leads INC-0001 --tech {who} --yes"))
        .await;
    deliver(&reached.api.app).await;
    let answer = reached.presses(&link, &[("answer", "yes")]).await;
    let text = page(&answer, 200).to_owned();
    assert!(text.contains("Add Find courses and tell "), "{text}");
    let (_, rest) = text
        .split_once("name=\"revision\" value=\"")
        .expect("a revision");
    let revision = rest.split('"').next().expect("a number").to_owned();

    // What was shown is stale once the incident has moved on.
    reached
        .agency
        .done("update INC-0001 'Half can sign in.' --yes")
        .await;
    let form = [("answer", "add"), ("revision", revision.as_str())];
    let stale = reached.presses(&link, &form).await;
    page(&stale, 409);
    let answer = reached.looks(&link).await;
    let (_, rest) = answer
        .text
        .split_once("name=\"revision\" value=\"")
        .expect("a revision");
    let revision = rest.split('"').next().expect("a number").to_owned();
    let form = [("answer", "add"), ("revision", revision.as_str())];
    let before = reached.agency.send_log("INC-0001").await.len();
    let added = reached.presses(&link, &form).await;
    let text = page(&added, 200);
    assert!(text.contains("one of the affected services"), "{text}");
    let after = reached.agency.send_log("INC-0001").await.len();
    assert!(after > before);
    page(&reached.presses(&link, &form).await, 200);
    assert_eq!(reached.agency.send_log("INC-0001").await.len(), after);
}

//! Links that are none, were changed, or are not good any more; and what is not there for others.

use chrono::TimeDelta;
use reqwest::Method;

use super::{Reached, page, policy};
use crate::support::{agency::deliver, api::Answer};

#[tokio::test]
async fn a_changed_or_guessed_link_leads_nowhere_and_records_nothing() {
    let reached = Reached::open().await;
    reached.declare("").await;
    let link = reached.link_of("dana.whitlock");
    let before = reached.agency.dump().await;
    let mut changed = link.clone();
    let last = if changed.ends_with('A') { 'B' } else { 'A' };
    changed.replace_range(10..11, if &link[10..11] == "x" { "y" } else { "x" });
    let other = reached.api.app.pages.token(
        oyez::domain::ask::Ask::Affected,
        &reached.api.app.pages.read(&link[3..]).expect("a token").1,
    );
    let unknown = reached.api.app.pages.token(
        oyez::domain::ask::Ask::Seen,
        &"01JDM4T9Q0000000000000000D".parse().unwrap(),
    );
    let wrong = [
        changed,
        format!("{}{last}x", &link[..link.len() - 2]),
        link[..link.len() - 1].to_owned(),
        format!("{link}AAAA"),
        "/a/x".to_owned(),
        "/a/%00%ff".to_owned(),
        format!("/a/{}", "x".repeat(5_000)),
        // Signed by us, and for something that this delivery does not ask, or for no delivery.
        format!("/a/{}", other.expect("a token")),
        format!("/a/{}", unknown.expect("a token")),
    ];
    for link in &wrong {
        for answer in [reached.looks(link).await, reached.presses(link, &[]).await] {
            let text = page(&answer, 404);
            assert!(text.contains("This link leads nowhere."), "{link}: {text}");
            assert!(text.contains("reply to the message"), "{text}");
            assert!(!text.contains("Providers"), "{text}");
        }
    }
    assert_eq!(before, reached.agency.dump().await);
}

#[tokio::test]
async fn a_link_is_good_while_the_incident_goes_on_and_for_thirty_days() {
    let reached = Reached::open().await;
    reached.declare("").await;
    let link = reached.link_of("dana.whitlock");
    let almost = reached.later(TimeDelta::days(30) - TimeDelta::minutes(5));
    let answer = Answer::of(almost.request(Method::GET, &link)).await;
    page(&answer, 200);
    let late = reached.later(TimeDelta::days(30) + TimeDelta::minutes(5));
    for method in [Method::GET, Method::POST] {
        let form: [(&str, &str); 0] = [];
        let answer = Answer::of(late.request(method, &link).form(&form)).await;
        assert!(page(&answer, 410).contains("This link was good for 30 days."));
    }
    let agency = &reached.agency;
    agency.done("resolve INC-0001 'It is fixed.' --yes").await;
    page(&reached.looks(&link).await, 200);
    agency.done("close INC-0001 --yes").await;
    for answer in [
        reached.looks(&link).await,
        reached.presses(&link, &[]).await,
    ] {
        let text = page(&answer, 410);
        assert!(text.contains("INC-0001 is closed"), "{text}");
    }
    assert_eq!(reached.count("seen").await, 0);
}

#[tokio::test]
async fn what_is_no_form_of_ours_is_refused_in_words() {
    let reached = Reached::open().await;
    reached.declare("").await;
    let link = reached.link_of("dana.whitlock");
    let long = "x".repeat(5_000);
    let answer = reached.presses(&link, &[("who", &long)]).await;
    assert!(page(&answer, 413).contains("Nothing was recorded."));
    let json = reached.api.request(Method::POST, &link).json(&1);
    let answer = Answer::of(json).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    page(&answer, answer.status.as_u16());
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = Answer::of(reached.api.request(method, &link)).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
    }
    assert_eq!(reached.count("seen").await, 0);
    let style = reached.looks("/pages/style.css").await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert!(style.text.contains("prefers-color-scheme: dark"));
}

#[tokio::test]
async fn a_restricted_incident_asks_only_those_who_are_told_of_it() {
    let asking = policy().replace(
        "says = \"Security incidents and data breaches tell",
        "acknowledge = true\nsays = \"Security incidents and data breaches tell",
    );
    let reached = Reached::with(asking).await;
    reached
        .agency
        .json(
            "declare --title 'Somebody got in' --priority P1 --kind security \
             --service register-trainees --effect 'Somebody read records.' --yes",
        )
        .await;
    deliver(&reached.api.app).await;
    let links = reached.links();
    let log = reached.agency.send_log("INC-0001").await;
    // Others are told by rules that do not ask.
    let asked = log.iter().filter(|one| one["asks"] == "seen").count();
    assert!(asked > 1 && links.len() == asked, "{links:?} of {asked}");
    assert!(
        links
            .keys()
            .all(|mailbox| mailbox.ends_with("@northshire.example"))
    );
    let link = reached.link_of("dana.whitlock");
    assert!(page(&reached.looks(&link).await, 200).contains("Somebody got in"));
    page(&reached.presses(&link, &[]).await, 200);
    // Who has said so is for those alone who may see the incident.
    let key = reached.api.key(&["respond"]).await;
    let hidden = reached
        .api
        .get("/api/v1/incidents/INC-0001/who", &key)
        .await;
    assert_eq!(hidden.status.as_u16(), 404, "{hidden:?}");
    let command = serde_json::json!({ "command": "seen", "person": "dana-whitlock" });
    let path = "/api/v1/incidents/INC-0001/commands";
    let hidden = reached.api.post(path, &key, &command).await;
    assert_eq!(hidden.status.as_u16(), 404, "{hidden:?}");
}

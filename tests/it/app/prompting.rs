//! What a lead reads who is asked for an update.

use super::Agency;
use oyez::domain::{command::Command, notification::Moment};

#[tokio::test]
async fn a_prompt_says_how_many_people_wait_for_news() {
    for agency in Agency::all(str::to_owned).await {
        let receipt = agency.declare("Providers cannot sign in.").await.unwrap();
        assert!(receipt.people > 2);
        agency.deliver().await;
        agency.pass(51 * 60);
        agency.app.tick().await.unwrap();
        agency.deliver().await;
        let sent = agency.mail.sent();
        let prompt = sent.iter().find(|mail| mail.moment == Moment::Prompt);
        let text = &prompt.unwrap().text;
        let words = format!("{} people", receipt.people);
        assert!(text.contains(&words), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_prompt_that_is_answered_after_midnight_prints_its_promise_once() {
    for agency in Agency::all(str::to_owned).await {
        // From 1:30pm to 10:55pm: the next update is due by 11:55pm.
        agency.pass((9 * 60 + 25) * 60);
        let id = agency.declared().await;
        agency.pass(52 * 60);
        agency.app.tick().await.unwrap();
        agency.deliver().await;
        agency.pass(15 * 60);
        let no_change = Command::NoChange { next_update: None };
        agency.change(id, no_change, "priya-shah").await.unwrap();
        agency.deliver().await;
        let sent = agency.mail.sent();
        let told = sent.iter().filter(|mail| mail.moment == Moment::NoChange);
        let told: Vec<&String> = told.map(|mail| &mail.text).collect();
        assert!(!told.is_empty());
        for text in told {
            assert_eq!(text.matches("Next update by").count(), 1, "{text}");
            assert!(text.contains("Next update by 12:55am UK time,"), "{text}");
        }
    }
}

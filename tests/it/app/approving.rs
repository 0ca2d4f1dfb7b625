//! A second person's word: what waits for it, who may give it, and what follows.

use oyez::domain::{command::Command, notification::Moment};

use super::{Agency, update};

async fn agencies() -> Vec<Agency> {
    Agency::all(|policy| format!("second_person = [\"external\"]\n{policy}")).await
}

fn approve(up_to: u32) -> Command {
    Command::Approve { up_to, alone: None }
}

fn moments(agency: &Agency) -> Vec<Moment> {
    agency
        .sent_outside()
        .iter()
        .map(|mail| mail.moment)
        .collect()
}

#[tokio::test]
async fn outsiders_hear_nothing_before_somebody_else_agreed() {
    for agency in agencies().await {
        let receipt = agency.declare("Providers cannot sign in.").await.unwrap();
        let id = receipt.incident;
        assert!(receipt.awaiting > 0);
        assert!(
            receipt
                .sentences
                .iter()
                .any(|it| it.contains(&format!("oyez approve {id}")))
        );
        agency.pass(60);
        agency.deliver().await;
        assert!(agency.mail.count() > 0, "those inside are told");
        assert!(moments(&agency).is_empty());

        let own = agency
            .change(id, approve(1), "priya-shah")
            .await
            .unwrap_err();
        assert_eq!(own.code, "same-person");
        let let_go = agency.change(id, approve(1), "tom-okafor").await.unwrap();
        assert_eq!(let_go.messages, receipt.awaiting);
        // They can be stopped for another ten seconds, as all messages to outsiders.
        agency.deliver().await;
        assert!(moments(&agency).is_empty());
        agency.pass(10);
        agency.deliver().await;
        assert_eq!(moments(&agency), vec![Moment::Declared; receipt.awaiting]);
        assert!(agency.app.awaiting(id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_words_that_wait_can_be_read_and_a_later_message_goes_on_waiting() {
    for agency in agencies().await {
        let id = agency.declared().await;
        agency
            .change(id, update("Some providers can sign in."), "priya-shah")
            .await
            .unwrap();
        let waiting = agency.app.awaiting(id).await.unwrap();
        assert_eq!(
            waiting.iter().map(|it| it.event).collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(waiting[1].parts["text"].contains("Some providers can sign in."));
        assert_eq!(waiting[1].by, "priya-shah");

        agency.change(id, approve(1), "tom-okafor").await.unwrap();
        agency.pass(10);
        agency.deliver().await;
        assert!(
            moments(&agency)
                .iter()
                .all(|moment| *moment == Moment::Declared)
        );
        let waiting = agency.app.awaiting(id).await.unwrap();
        assert_eq!(waiting.iter().map(|it| it.event).collect::<Vec<_>>(), [2]);
    }
}

#[tokio::test]
async fn what_nobody_agreed_to_can_be_stopped_and_runs_out() {
    for agency in agencies().await {
        let id = agency.declared().await;
        let stop = Command::CancelSending { event: None };
        agency.change(id, stop, "priya-shah").await.unwrap();
        assert!(agency.app.awaiting(id).await.unwrap().is_empty());
        // Whoever was not told is caught up by the next message, which waits as well.
        agency
            .change(id, update("Some providers can sign in."), "priya-shah")
            .await
            .unwrap();
        let waiting = agency.app.awaiting(id).await.unwrap();
        assert_eq!(waiting[0].moment, "catch-up");
        agency.deliver().await;
        agency.pass(5 * 3600);
        agency.deliver().await;
        let log = agency.app.send_log(id).await.unwrap();
        let expired: Vec<&str> = log
            .iter()
            .filter(|row| row.state == "expired")
            .map(|row| row.result.as_str())
            .collect();
        assert!(!expired.is_empty());
        assert!(
            expired
                .iter()
                .all(|it| it.contains("before a second person agreed")),
            "{expired:?}"
        );
        assert!(moments(&agency).is_empty());
    }
}

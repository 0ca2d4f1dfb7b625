//! The checker where it meets the sender: warnings are shown, errors stop the message.

use oyez::app::{Mode, answers::Receipt};

use super::{Agency, asked, update};

fn codes(receipt: &Receipt) -> Vec<(&str, &str, Vec<&str>)> {
    let findings = receipt.findings.iter();
    findings
        .map(|finding| {
            let audiences = finding.audiences.iter().map(String::as_str).collect();
            (finding.code.as_str(), finding.quoted.as_str(), audiences)
        })
        .collect()
}

#[tokio::test]
async fn warnings_are_shown_for_the_readers_concerned_and_stop_nothing() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        let text = "It is due to a certificate, and we can't say more.";
        let receipt = agency.change(id, update(text), "priya-shah").await.unwrap();
        assert!(!receipt.blocked);
        assert_eq!(
            codes(&receipt),
            [
                ("cause", "due to", vec!["external"]),
                (
                    "contraction",
                    "can't",
                    vec!["responders", "owners", "external"]
                ),
            ]
        );
        assert_eq!(receipt.findings[0].field, "What has changed");
    }
}

#[tokio::test]
async fn a_placeholder_stops_the_declaration_and_nothing_is_left_of_it() {
    for agency in Agency::all(str::to_owned).await {
        let refused = agency.declare("[SERVICE] is down.").await.unwrap_err();
        assert_eq!(refused.code, "not-sendable");
        let faults: Vec<String> = refused.faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("Effect, \"[SERVICE]\""), "{faults:?}");
        assert!(
            agency
                .app
                .list(false, None, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
        agency.deliver().await;
        assert_eq!(agency.mail.count(), 0);
    }
}

#[tokio::test]
async fn a_rehearsal_shows_what_would_stop_it() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        let asked = asked(update("Back at XX:XX."), "priya-shah");
        let receipt = agency.app.change(id, asked, Mode::Rehearse).await.unwrap();
        assert!(receipt.blocked, "{:?}", receipt.findings);
    }
}

#[tokio::test]
async fn words_that_were_said_last_are_noticed() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        for expected in [0, 1] {
            let receipt = agency
                .change(id, update("Some providers can sign in."), "priya-shah")
                .await
                .unwrap();
            let same = receipt
                .findings
                .iter()
                .filter(|it| it.code == "same-as-last");
            assert_eq!(same.count(), expected);
        }
    }
}

//! What is done at once because it tells nobody, and what is only shown because it would.

use oyez::{app::Mode, domain::command::Command};

use super::{Agency, asked, update};
use crate::support::program::POLICY;

#[tokio::test]
async fn what_would_tell_somebody_is_taken_back_and_shown_and_its_key_stays_free() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        agency.deliver().await;
        let mails = agency.mail.count();
        let told = asked(update("Half of the providers are back."), "priya-shah");
        let shown = agency
            .app
            .change(id, told.clone(), Mode::CommitUntold)
            .await
            .unwrap();
        assert_eq!(shown.event, None);
        assert!(shown.messages > 0 && !shown.recipients.is_empty() && !shown.words.is_empty());
        agency.deliver().await;
        assert_eq!(agency.mail.count(), mails);
        assert_eq!(agency.app.status(id).await.unwrap().timeline.len(), 1);

        let sent = agency.app.change(id, told, Mode::Commit).await.unwrap();
        assert!(sent.event.is_some());

        let quiet = asked(
            Command::Note {
                text: "Rang the supplier".to_owned(),
            },
            "priya-shah",
        );
        let noted = |mode| agency.app.change(id, quiet.clone(), mode);
        let first = noted(Mode::CommitUntold).await.unwrap();
        assert!(first.event.is_some());
        let again = noted(Mode::CommitUntold).await.unwrap();
        assert_eq!(again.event, first.event, "twice is once");
    }
}

/// What counts are the rules in force when it is done, not those when somebody last looked.
#[tokio::test]
async fn the_rules_in_force_at_that_moment_decide() {
    let (without_rules, _) = POLICY.split_once("[[rules]]").unwrap();
    for agency in Agency::all(|_| without_rules.to_owned()).await {
        let id = agency.declared().await;
        let say = |text: &str| {
            let asked = asked(update(text), "priya-shah");
            agency.app.change(id, asked, Mode::CommitUntold)
        };
        let done = say("Nobody hears this.").await.unwrap();
        assert!(done.event.is_some() && done.messages == 0);
        agency.put_in_force(POLICY).await;
        let shown = say("Somebody would hear this.").await.unwrap();
        assert!(shown.event.is_none() && shown.messages > 0);
        assert_eq!(agency.app.status(id).await.unwrap().timeline.len(), 2);
    }
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_named_in_every_preview_and_answer() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        for mode in [Mode::Rehearse, Mode::CommitUntold, Mode::Commit] {
            let say = asked(update("Half of the providers are back."), "priya-shah");
            let receipt = agency.app.change(id, say, mode).await.unwrap();
            let named = receipt.sentences.iter().any(|sentence| {
                sentence.contains("SD Incidents channel")
                    && sentence.ends_with(
                        " cannot be reached: No usable address on teams_workflow. The channel \
                         teams_workflow is off.",
                    )
            });
            assert!(named, "{:?}", receipt.sentences);
        }
    }
}

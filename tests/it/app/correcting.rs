//! Words that were wrong are not said again by the messages that come after their correction.

use oyez::domain::{IncidentId, command::Command, facts::Facts, notification::Moment};

use super::{Agency, update};
use crate::support::fake_channel::Sent;

const WRONG: &str = "All trainees are affected";
const NO_CHANGE: Command = Command::NoChange { next_update: None };

fn correct(wrong: &str, right: &str) -> Command {
    Command::Correct {
        events: [1].into(),
        wrong: wrong.to_owned(),
        right: right.to_owned(),
        facts: Facts::default(),
        title: None,
        holding_line: None,
    }
}

/// A P1 that says the wrong words in each of its facts, and was told.
async fn wrongly_declared(agency: &Agency) -> IncidentId {
    let id = agency.declare("All trainees are affected.").await;
    let id = id.unwrap().incident;
    let facts = Facts {
        who: Some(format!("Since 1pm nobody can sign in. {WRONG}!")),
        what_to_do: Some("- Wait\n- all  trainees ARE affected".to_owned()),
        doing: Some("Tom is looking into it.".to_owned()),
        ..Facts::default()
    };
    let said = Command::Update {
        text: "We know more.".to_owned(),
        facts,
        stage: None,
        next_update: None,
    };
    agency.change(id, said, "priya-shah").await.unwrap();
    agency.pass(60);
    agency.deliver().await;
    id
}

/// What was sent since so many mails, but for the correction itself, which quotes what was wrong.
fn since(agency: &Agency, mails: usize) -> Vec<Sent> {
    let sent = agency.mail.sent().into_iter().skip(mails);
    sent.filter(|mail| mail.moment != Moment::Correction)
        .collect()
}

#[track_caller]
fn assert_right(sent: &[Sent], moments: &[Moment]) {
    for moment in moments {
        assert!(sent.iter().any(|mail| mail.moment == *moment), "{moment}");
    }
    for mail in sent {
        let text = mail.text.to_lowercase().replace(['\n', ' '], "");
        assert!(!text.contains("alltraineesareaffected"), "{}", mail.text);
    }
}

#[tokio::test]
async fn the_next_update_prompt_and_no_change_say_what_is_right() {
    for agency in Agency::all(str::to_owned).await {
        let id = wrongly_declared(&agency).await;
        let mails = agency.mail.count();
        let receipt = agency
            .change(
                id,
                correct("all trainees are affected", "Only half"),
                "priya-shah",
            )
            .await
            .unwrap();
        for now in [
            "Effect, from now on: Only half.",
            "Who is affected, from now on: Since 1pm nobody can sign in. Only half.",
            "What to do, from now on: - Wait\n- Only half",
        ] {
            let said = receipt.sentences.iter().any(|sentence| sentence == now);
            assert!(said, "{now}: {:#?}", receipt.sentences);
        }
        agency.deliver().await;
        agency.pass(51 * 60);
        agency.app.tick().await.unwrap();
        agency.deliver().await;
        agency.change(id, NO_CHANGE, "priya-shah").await.unwrap();
        agency.deliver().await;
        let told = update("Tom found it.");
        agency.change(id, told, "priya-shah").await.unwrap();
        agency.deliver().await;
        let sent = since(&agency, mails);
        assert_right(&sent, &[Moment::Prompt, Moment::NoChange, Moment::Update]);
        let update = sent.iter().find(|mail| mail.moment == Moment::Update);
        assert!(update.unwrap().text.contains("Only half"));
    }
}

#[tokio::test]
async fn the_words_that_a_prompt_froze_are_not_sent_after_they_were_corrected() {
    for agency in Agency::all(str::to_owned).await {
        let id = wrongly_declared(&agency).await;
        agency.pass(51 * 60);
        agency.app.tick().await.unwrap();
        agency.deliver().await;
        let mails = agency.mail.count();
        let corrected = correct(WRONG, "Only half");
        agency.change(id, corrected, "priya-shah").await.unwrap();
        agency.deliver().await;
        agency.change(id, NO_CHANGE, "priya-shah").await.unwrap();
        agency.deliver().await;
        assert_right(&since(&agency, mails), &[Moment::NoChange]);
    }
}

#[tokio::test]
async fn a_title_that_was_wrong_is_not_in_the_next_subject() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        agency.deliver().await;
        let right = "Some providers cannot sign in.";
        let corrected = correct("providers cannot sign in", right);
        agency.change(id, corrected, "priya-shah").await.unwrap();
        let status = agency.app.status(id).await.unwrap();
        assert_eq!(status.summary.title, "Some providers cannot sign in");
        assert_eq!(status.facts["effect"], right);
        let mails = agency.mail.count();
        agency.deliver().await;
        let told = update("Tom found it.");
        agency.change(id, told, "priya-shah").await.unwrap();
        agency.deliver().await;
        let sent = since(&agency, mails);
        assert!(!sent.is_empty());
        for mail in sent {
            assert!(mail.text.contains("Some providers cannot"), "{}", mail.text);
        }
    }
}

#[tokio::test]
async fn where_nobody_but_people_know_what_a_fact_should_be_the_correction_asks() {
    for agency in Agency::all(str::to_owned).await {
        let id = wrongly_declared(&agency).await;
        let before = agency.app.status(id).await.unwrap().timeline.len();
        let fragment = correct("1pm", "It began at 2pm.");
        let refused = agency.change(id, fragment.clone(), "priya-shah").await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, "stands-in-facts");
        assert!(
            refused.sentence.contains("who is affected (--affects)"),
            "{}",
            refused.sentence
        );
        let after = agency.app.status(id).await.unwrap().timeline.len();
        assert_eq!(after, before, "nothing was written");
        let who = "Since 2pm nobody can sign in.";
        let mut answered = fragment;
        if let Command::Correct { facts, .. } = &mut answered {
            facts.who = Some(who.to_owned());
        }
        agency.change(id, answered, "priya-shah").await.unwrap();
        let status = agency.app.status(id).await.unwrap();
        assert_eq!(status.facts["who"], who);
    }
}

#[tokio::test]
async fn every_fact_in_which_the_words_stand_in_part_is_asked_about() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        let refused = agency
            .change(id, correct("sign in", "register"), "priya-shah")
            .await
            .unwrap_err();
        assert!(
            refused
                .sentence
                .contains("the title (--title) and the effect (--effect)"),
            "{}",
            refused.sentence
        );
    }
}

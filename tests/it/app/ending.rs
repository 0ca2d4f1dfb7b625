//! The last word is last, and words that were wrong before anybody had them are said rightly.

use std::collections::BTreeSet;

use oyez::domain::{command::Command, delivery::Class, facts::Facts, notification::Moment};

use super::{Agency, update};

async fn agencies() -> Vec<Agency> {
    Agency::all(str::to_owned).await
}

fn resolve(text: &str) -> Command {
    Command::Resolve {
        text: text.to_owned(),
        at: None,
        lost: None,
        still_stuck: None,
    }
}

fn correct(event: u32, wrong: &str, right: &str) -> Command {
    Command::Correct {
        events: [event].into(),
        wrong: wrong.to_owned(),
        right: right.to_owned(),
        facts: Facts::default(),
        title: None,
        holding_line: None,
    }
}

/// What an address was mailed, in order.
fn mailed(agency: &Agency, address: &str) -> Vec<Moment> {
    let sent = agency.mail.sent().into_iter();
    sent.filter(|mail| mail.address == address)
        .map(|mail| mail.moment)
        .collect()
}

/// Takes the mail server away, or gives it back.
fn mail_is(agency: &Agency, away: bool) {
    agency.mail.answer(move |_| {
        if away {
            Class::NotSent
        } else {
            Class::Accepted
        }
    });
}

#[tokio::test]
async fn nobody_hears_of_an_incident_for_the_first_time_after_its_end() {
    for agency in agencies().await {
        mail_is(&agency, true);
        let id = agency.declared().await;
        let lower = Command::Priority {
            to: Some("P3".parse().unwrap()),
            factors: BTreeSet::new(),
            why: "Only a few are affected.".to_owned(),
            override_ceiling: None,
            next_update: None,
        };
        agency.change(id, lower, "priya-shah").await.unwrap();
        agency.deliver().await;
        agency
            .change(id, resolve("The server was restarted."), "priya-shah")
            .await
            .unwrap();
        mail_is(&agency, false);
        let tried = agency.mail.count();
        agency.pass(7_200);
        agency.deliver().await;
        let after: Vec<Moment> = agency.mail.sent()[tried..]
            .iter()
            .map(|mail| mail.moment)
            .collect();
        assert!(!after.is_empty());
        assert_eq!(
            after.iter().filter(|it| **it != Moment::Resolved).count(),
            0,
            "{after:?}"
        );
    }
}

#[tokio::test]
async fn a_fix_that_is_corrected_before_it_left_is_said_as_a_fix_with_what_is_right() {
    for agency in agencies().await {
        let id = agency.declared().await;
        agency.pass(60);
        agency.deliver().await;
        let told = agency.mail.sent().into_iter();
        let told: BTreeSet<String> = told.map(|mail| mail.address).collect();
        let tried = agency.mail.count();
        let resolved = agency
            .change(
                id,
                resolve("All data is safe. We restarted it."),
                "priya-shah",
            )
            .await
            .unwrap();
        let answer = agency
            .change(
                id,
                correct(
                    resolved.event.unwrap(),
                    "all data is safe",
                    "Data of Monday has to be sent again",
                ),
                "priya-shah",
            )
            .await
            .unwrap();
        assert!(answer.people > 0, "{:?}", answer.sentences);
        agency.pass(60);
        agency.deliver().await;
        let sent = agency.mail.sent().split_off(tried);
        let reached: BTreeSet<String> = sent.iter().map(|mail| mail.address.clone()).collect();
        assert_eq!(reached, told);
        for mail in &sent {
            assert_eq!(mail.moment, Moment::Resolved);
            let words = &mail.text;
            assert!(!words.contains("All data is safe"), "{words}");
            assert!(words.contains("Data of Monday has to be sent again. We restarted it."));
        }
    }
}

#[tokio::test]
async fn who_had_the_wrong_words_gets_a_correction_and_who_waited_for_them_what_is_right() {
    for agency in agencies().await {
        let id = agency.declared().await;
        agency.pass(60);
        agency.deliver().await;
        let late = mailed_last(&agency);
        let address = late.clone();
        agency.mail.answer(move |mail| {
            if mail.address == address {
                Class::NotSent
            } else {
                Class::Accepted
            }
        });
        let wrong = agency
            .change(id, update("It will be back at 3pm."), "priya-shah")
            .await
            .unwrap();
        agency.pass(60);
        agency.deliver().await;
        mail_is(&agency, false);
        let tried = agency.mail.count();
        agency
            .change(
                id,
                correct(wrong.event.unwrap(), "3pm", "5pm"),
                "priya-shah",
            )
            .await
            .unwrap();
        agency.pass(600);
        agency.deliver().await;
        let sent = agency.mail.sent().split_off(tried);
        assert!(sent.len() > 1);
        for mail in &sent {
            let words = &mail.text;
            if mail.address == late {
                assert_eq!(mail.moment, Moment::Update);
                assert!(words.contains("It will be back at 5pm."), "{words}");
                assert!(!words.contains("3pm."), "{words}");
            } else {
                assert_eq!(mail.moment, Moment::Correction);
            }
        }
        assert_eq!(mailed(&agency, &late).last(), Some(&Moment::Update));
    }
}

/// The address that was mailed last.
fn mailed_last(agency: &Agency) -> String {
    agency.mail.sent().pop().unwrap().address
}

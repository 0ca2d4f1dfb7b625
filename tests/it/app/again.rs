//! Failed messages on their way again: under the key they had, anew, and by another channel.

use std::collections::BTreeSet;

use oyez::{
    app::{Mode, Retry, RetryFilter, answers::RetryAnswer},
    domain::{
        ChannelName, IncidentId,
        delivery::{Class, RetryWay},
    },
};

use super::{Agency, actor, update};
use crate::support::fake_channel::FakeChannel;

const TOM: &str = "tom.okafor@northshire.example";
const MEI: &str = "mei.lin@northshire.example";

async fn agencies() -> Vec<Agency> {
    Agency::all(str::to_owned).await
}

/// A P1 of which the mails to these addresses failed; all others arrived.
async fn failed(agency: &Agency, addresses: &'static [&'static str]) -> IncidentId {
    agency.mail.answer(move |mail| {
        if addresses.contains(&mail.address.as_str()) {
            Class::BadPayload
        } else {
            Class::Accepted
        }
    });
    let id = agency.declared().await;
    agency.pass(60);
    agency.deliver().await;
    agency.mail.answer(|_| Class::Accepted);
    assert_eq!(states(agency, id, addresses[0]).await, ["dead"]);
    id
}

/// States of the deliveries to an address, oldest first.
async fn states(agency: &Agency, id: IncidentId, address: &str) -> Vec<String> {
    let log = agency.app.send_log(id).await.unwrap().into_iter();
    log.filter(|one| one.address.is(address))
        .map(|one| one.state)
        .collect()
}

async fn retry(agency: &Agency, id: IncidentId, way: RetryWay, mode: Mode) -> RetryAnswer {
    let wanted = Retry {
        way,
        ..Retry::default()
    };
    let by = actor("priya-shah");
    let answer = agency.app.retry(id, &wanted, &by, mode, false).await;
    let answer = answer.unwrap();
    agency.deliver().await;
    answer
}

async fn timeline(agency: &Agency, id: IncidentId) -> Vec<(String, String)> {
    let status = agency.app.status(id).await.unwrap();
    let lines = status.timeline.into_iter();
    lines.map(|line| (line.who, line.text)).collect()
}

/// What is written in the stead of a first choice is no part of what the record proves.
async fn assert_proven(agency: &Agency, id: IncidentId) {
    let verified = agency.app.verify(Some(id), None).await.unwrap().remove(0);
    assert!(verified.intact, "{}", verified.sentence);
}

fn said(text: &str) -> (String, String) {
    ("priya-shah".to_owned(), text.to_owned())
}

/// How often, and under how many keys, something was mailed to an address.
fn mailed(agency: &Agency, address: &str) -> (usize, usize) {
    let sent = agency.mail.sent().into_iter();
    let keys: Vec<String> = sent
        .filter(|mail| mail.address == address)
        .map(|mail| mail.delivery)
        .collect();
    let distinct: BTreeSet<&String> = keys.iter().collect();
    (keys.len(), distinct.len())
}

#[tokio::test]
async fn a_retry_keeps_the_key_and_is_on_the_timeline() {
    for agency in agencies().await {
        let id = failed(&agency, &[TOM]).await;
        let before = mailed(&agency, TOM).0;
        let answer = retry(&agency, id, RetryWay::SameKey, Mode::Commit).await;
        assert_eq!(answer.messages, 1);
        assert_eq!(mailed(&agency, TOM), (before + 1, 1));
        assert_eq!(states(&agency, id, TOM).await, ["accepted"]);
        let told = timeline(&agency, id).await;
        assert!(
            told.contains(&said("Had 1 failed message tried again")),
            "{told:?}"
        );
        assert_proven(&agency, id).await;
    }
}

#[tokio::test]
async fn a_message_that_is_sent_anew_has_a_key_of_its_own_and_the_old_one_says_so() {
    for agency in agencies().await {
        let id = failed(&agency, &[TOM]).await;
        let before = mailed(&agency, TOM).0;
        let answer = retry(&agency, id, RetryWay::Anew, Mode::Commit).await;
        assert_eq!((answer.messages, answer.progress.failed), (1, 0));
        assert_eq!(mailed(&agency, TOM), (before + 1, 2));
        assert_eq!(states(&agency, id, TOM).await, ["superseded", "accepted"]);
        let log = agency.app.send_log(id).await.unwrap();
        let old = log.iter().find(|one| one.state == "superseded").unwrap();
        assert_eq!(
            old.result,
            "priya-shah had it sent anew. What a person reads."
        );
        let told = timeline(&agency, id).await;
        assert!(
            told.contains(&said("Had 1 failed message sent anew")),
            "{told:?}"
        );
        assert_proven(&agency, id).await;
        let again = retry(&agency, id, RetryWay::Anew, Mode::Commit).await;
        assert_eq!(again.messages, 0);
        assert_eq!(again.sentences, ["No failed message is like that."]);
        assert_eq!(timeline(&agency, id).await.len(), told.len());
    }
}

#[tokio::test]
async fn a_rehearsal_says_what_would_happen_and_changes_nothing() {
    for agency in agencies().await {
        let id = failed(&agency, &[TOM, MEI]).await;
        let before = (agency.mail.count(), timeline(&agency, id).await);
        for way in [RetryWay::SameKey, RetryWay::Anew] {
            let answer = retry(&agency, id, way, Mode::Rehearse).await;
            assert_eq!(answer.messages, 2);
            assert!(answer.sentences[0].starts_with("2 messages: "));
        }
        assert_eq!(states(&agency, id, TOM).await, ["dead"]);
        assert_eq!((agency.mail.count(), timeline(&agency, id).await), before);
    }
}

#[tokio::test]
async fn only_what_the_filter_names_is_sent_again() {
    for agency in agencies().await {
        let id = failed(&agency, &[TOM, MEI]).await;
        let only = async |filter: RetryFilter| {
            let wanted = Retry {
                filter,
                way: RetryWay::Anew,
            };
            let by = actor("priya-shah");
            let answer = agency.app.retry(id, &wanted, &by, Mode::Rehearse, false);
            answer.await.unwrap().messages
        };
        let log = agency.app.send_log(id).await.unwrap();
        let tom = log.iter().find(|one| one.address.is(TOM)).unwrap();
        let class = |class| RetryFilter {
            class: Some(class),
            ..RetryFilter::default()
        };
        let delivery = RetryFilter {
            delivery: Some(tom.delivery.clone()),
            ..RetryFilter::default()
        };
        let channel = RetryFilter {
            channel: Some("teams_workflow".parse().unwrap()),
            ..RetryFilter::default()
        };
        assert_eq!(only(delivery).await, 1);
        assert_eq!(only(channel).await, 0);
        assert_eq!(only(class(Class::BadPayload)).await, 2);
        assert_eq!(only(class(Class::BadDestination)).await, 0);
    }
}

#[tokio::test]
async fn nobody_is_sent_anew_what_something_newer_has_overtaken() {
    for agency in agencies().await {
        let id = failed(&agency, &[TOM]).await;
        agency
            .change(id, update("Most can sign in again."), "priya-shah")
            .await
            .unwrap();
        agency.deliver().await;
        let before = mailed(&agency, TOM).0;
        let answer = retry(&agency, id, RetryWay::Anew, Mode::Commit).await;
        assert_eq!((answer.messages, answer.overtaken), (0, 1));
        assert!(answer.sentences[0].contains("something newer was said"));
        assert_eq!(mailed(&agency, TOM).0, before);
    }
}

fn text_message() -> ChannelName {
    "notify_sms".parse().unwrap()
}

#[tokio::test]
async fn a_message_moves_to_another_channel_for_whom_it_reaches_there() {
    for agency in agencies().await {
        let id = failed(&agency, &[TOM, MEI]).await;
        let texts = FakeChannel::new("text message", agency.app.clock.clone());
        let (agency, texts) = agency.with_channel("notify_sms", texts);
        let way = RetryWay::By(text_message());
        let answer = retry(&agency, id, way.clone(), Mode::Commit).await;
        assert_eq!(answer.messages, 1);
        assert_eq!(answer.no_address, ["Mei Lin"]);
        assert_eq!(
            answer.sentences,
            [
                "1 message: sent by text message.",
                "Left, because they have no usable text message address: Mei Lin."
            ]
        );
        let sent = texts.sent();
        assert_eq!(sent.len(), 1);
        assert!(sent[0].address.ends_with("900103"), "{}", sent[0].address);
        assert!(sent[0].first, "it is the first there");
        assert_eq!(states(&agency, id, TOM).await, ["superseded"]);
        assert_eq!(states(&agency, id, MEI).await, ["dead"]);
        let log = agency.app.send_log(id).await.unwrap();
        let old = log.iter().find(|one| one.address.is(TOM)).unwrap();
        assert!(
            old.result
                .starts_with("priya-shah had it sent by text message instead."),
            "{}",
            old.result
        );
        let told = timeline(&agency, id).await;
        let line = said("Had 1 failed message sent by notify_sms instead");
        assert!(told.contains(&line), "{told:?}");
        assert_proven(&agency, id).await;
        let again = retry(&agency, id, way, Mode::Commit).await;
        assert_eq!(again.messages, 0);
        assert_eq!(texts.count(), 1);
    }
}

#[tokio::test]
async fn a_message_that_fell_to_the_next_channel_leaves_the_proof_whole() {
    let by = |policy: &str| {
        let changed = policy.replace("[\"teams\", \"email\"]", "[\"email\", \"notify_sms\"]");
        assert_ne!(changed, policy, "it is written otherwise now");
        changed
    };
    for agency in Agency::all(by).await {
        let texts = FakeChannel::new("text message", agency.app.clock.clone());
        let (agency, texts) = agency.with_channel("notify_sms", texts);
        agency.mail.answer(|mail| match mail.address == TOM {
            true => Class::BadPayload,
            false => Class::Accepted,
        });
        let id = agency.declared().await;
        agency.deliver().await;
        assert_eq!(states(&agency, id, TOM).await, ["dead"]);
        assert_eq!(texts.count(), 1);
        assert_proven(&agency, id).await;
    }
}

#[tokio::test]
async fn a_channel_that_is_not_in_use_is_refused_with_those_that_are() {
    for agency in agencies().await {
        let id = failed(&agency, &[TOM]).await;
        let wanted = Retry {
            way: RetryWay::By(text_message()),
            ..Retry::default()
        };
        let by = actor("priya-shah");
        let refused = agency
            .app
            .retry(id, &wanted, &by, Mode::Commit, false)
            .await
            .unwrap_err();
        assert_eq!(refused.code, "unknown-channel");
        assert!(refused.fix.contains("email"), "{}", refused.fix);
        assert_eq!(states(&agency, id, TOM).await, ["dead"]);
    }
}

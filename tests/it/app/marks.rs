//! Marks on addresses that were refused: who is tried in spite of one, and what takes it away.

use oyez::{
    domain::delivery::Class,
    store::outbox::{self, BadAddress},
};

use super::{Agency, update};
use crate::support::fake_channel::FakeChannel;

async fn marks(agency: &Agency) -> Vec<BadAddress> {
    let read = agency.app.store.read();
    outbox::bad_addresses(read, agency.app.clock.now())
        .await
        .unwrap()
}

/// Lets the mail server refuse one of those who are told by an update, and says whose address it is.
async fn refused(agency: &Agency, id: oyez::domain::IncidentId) -> String {
    agency.deliver().await;
    let address = agency.mail.sent()[0].address.clone();
    let theirs = address.clone();
    agency
        .mail
        .answer(move |sent| match sent.address == theirs {
            true => Class::BadDestination,
            false => Class::Accepted,
        });
    agency.pass(60);
    let text = "Half of the providers are back.";
    agency.change(id, update(text), "priya-shah").await.unwrap();
    agency.deliver().await;
    assert_eq!(marks(agency).await.len(), 1);
    address
}

#[tokio::test]
async fn whoever_has_no_other_way_is_tried_in_spite_of_a_mark_at_the_gravest_priority() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        let address = refused(&agency, id).await;
        let to_them = || {
            let sent = agency.mail.sent().into_iter();
            sent.filter(|sent| sent.address == address).count()
        };
        let before = to_them();
        agency.mail.answer(|_| Class::RemoteTemporary);
        agency.pass(60);
        let text = "Nearly all of the providers are back.";
        agency.change(id, update(text), "priya-shah").await.unwrap();
        agency.deliver().await;
        assert_eq!(to_them(), before + 1);
        let log = agency.app.send_log(id).await.unwrap();
        let says = "Tried because the priority is the gravest and there is no other way, although the \
                    address was refused on 23 November 2026: ";
        let despite = log.iter().filter(|row| row.result.starts_with(says));
        assert_eq!(despite.count(), 1);
        // What arrives takes the mark away.
        agency.mail.answer(|_| Class::Accepted);
        agency.pass(60);
        agency.deliver().await;
        assert_eq!(marks(&agency).await, []);
    }
}

#[tokio::test]
async fn what_is_listed_is_what_the_server_said_and_what_would_help() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        refused(&agency, id).await;
        let bad = agency.app.bad_addresses().await.unwrap().remove(0);
        assert_eq!((bad.channel.as_str(), bad.code), ("email", None));
        assert_eq!(bad.sentence, "what the provider said");
        assert!(
            bad.helps
                .contains("after oyez directory heal ADDRESS, or in thirty days"),
            "{}",
            bad.helps
        );
    }
}

#[tokio::test]
async fn a_call_from_there_or_other_settings_of_a_chat_take_a_mark_away() {
    for agency in Agency::all(str::to_owned).await {
        let fake = FakeChannel::new("Teams", agency.app.clock.clone()).keeping();
        let (agency, _) = agency.with_channel("email", fake);
        let channel = "email".parse().unwrap();
        let mark = async || {
            let marked = BadAddress {
                channel: "email".parse().unwrap(),
                address: oyez::domain::Address::new("19:Room@thread.tacv2"),
                lane: "email:lane".to_owned(),
                failed_at: agency.app.clock.now(),
                code: Some(403),
                sentence: "The bot is not there.".to_owned(),
                reply: String::new(),
            };
            let write = agency.app.store.write();
            outbox::flag_address(write, &marked).await.unwrap();
        };
        let app = &agency.app;
        mark().await;
        app.heard_from(&channel, "19:other@thread.tacv2")
            .await
            .unwrap();
        assert_eq!(marks(&agency).await.len(), 1);
        app.heard_from(&channel, "19:room@thread.tacv2")
            .await
            .unwrap();
        assert_eq!(marks(&agency).await, []);

        mark().await;
        app.settings_seen(&channel, "one").await.unwrap();
        app.settings_seen(&channel, "one").await.unwrap();
        assert_eq!(marks(&agency).await.len(), 1, "nothing has changed");
        app.settings_seen(&channel, "two").await.unwrap();
        assert_eq!(marks(&agency).await, []);
    }
}

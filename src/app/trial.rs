//! Marked test messages: does this person's mailbox, this address, really work?

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{App, Error, ErrorKind, answers::Progress};
use crate::{
    domain::{
        Address, Audience, ChannelName, PersonId, Time,
        delivery::{NewDelivery, NewMessage, NewNotification, ToldPerson},
        notification::Moment,
        situation::RecipientId,
        variant::Variant,
        wording,
    },
    store::{Step, outbox},
};

/// A test that did not arrive by then tells enough.
const WITHIN: TimeDelta = TimeDelta::minutes(10);
const REASON: &str = "You get this because somebody tests whether messages reach you.";

impl App {
    /// Sends a marked test message to every address of a person on a live channel.
    pub async fn test_person(&self, id: &PersonId, wait: bool) -> Result<Progress, Error> {
        let person = self.find_person(id).await?;
        let ways: Vec<(ChannelName, Address)> = person
            .addresses
            .iter()
            .filter(|address| self.channels.contains_key(&address.channel))
            .map(|address| (address.channel.clone(), address.address.clone()))
            .collect();
        if ways.is_empty() {
            return Err(Error::new(
                ErrorKind::Refused,
                "no-address",
                format!(
                    "{} has no address on a channel that is in use.",
                    person.name
                ),
                "Add one with oyez directory import, or see oyez doctor.",
            ));
        }
        let told = ToldPerson {
            who: RecipientId::Person(person.id),
            name: person.name.into(),
            reasons: Vec::new(),
        };
        self.send_test(told, ways, wait).await
    }

    /// Sends a marked test mail to an address that need not be in the directory.
    pub async fn test_address(&self, text: &str) -> Result<Progress, Error> {
        let found = self.channels.iter().find_map(|(name, channel)| {
            let address = channel.check_address(text).ok()?;
            Some((name.clone(), address))
        });
        let Some(way) = found else {
            return Err(Error::new(
                ErrorKind::Usage,
                "bad-address",
                "No channel in use takes this address.",
                "Check the address, and see oyez doctor for the channels in use.",
            ));
        };
        let (who, name) = match self.find_recipient(text).await {
            Ok((who, _)) => (who, text.to_owned()),
            Err(_) => (
                RecipientId::Person("test-address".parse().map_err(|_| unnamed())?),
                "Test".to_owned(),
            ),
        };
        self.send_test(
            ToldPerson {
                who,
                name: name.into(),
                reasons: Vec::new(),
            },
            vec![way],
            true,
        )
        .await
    }

    async fn send_test(
        &self,
        told: ToldPerson,
        ways: Vec<(ChannelName, Address)>,
        wait: bool,
    ) -> Result<Progress, Error> {
        let book = self.rulebook().await?;
        let now = self.clock.now();
        let view = wording::test_view(&book.policy, Audience::Responders, now);
        let (mut messages, mut deliveries) = (Vec::new(), Vec::new());
        let mut index: BTreeMap<ChannelName, usize> = BTreeMap::new();
        for (name, address) in ways {
            let Some(channel) = self.channels.get(&name) else {
                continue;
            };
            let message = *index.entry(name.clone()).or_insert_with(|| {
                let rendered = self.renderer.render(
                    &name,
                    channel.parts(),
                    Moment::Test,
                    Audience::Responders,
                    &view,
                );
                messages.push(NewMessage {
                    moment: Moment::Test,
                    audience: Audience::Responders,
                    channel: name.clone(),
                    variant: Variant::Follows,
                    parts: rendered.parts,
                    fault: rendered.fault.map(|fault| fault.to_string()),
                });
                messages.len() - 1
            });
            deliveries.push(delivery(
                message,
                channel.lane(&address),
                address,
                told.clone(),
                now,
            ));
        }
        let new = NewNotification {
            incident: None,
            event_seq: 0,
            priority: None,
            rank: u32::MAX,
            urgent: false,
            policy_version: Some(book.policy_version),
            context: "{}".to_owned(),
            messages,
            deliveries,
            withheld: Vec::new(),
        };
        let tx = self.store.begin().await?;
        self.must_have_room(&tx).await?;
        let notification = outbox::enqueue(&tx, &new, now).await?.notification;
        tx.commit().await.step("commit a test message")?;
        self.wake.ring();
        let notifications = [notification];
        if wait {
            self.deliver(&notifications, &mut |_| {}).await
        } else {
            self.progress_of(&notifications).await
        }
    }
}

fn delivery(
    message: usize,
    lane: String,
    address: Address,
    told: ToldPerson,
    now: Time,
) -> NewDelivery {
    NewDelivery {
        awaits_word: false,
        asks: None,
        message,
        address,
        despite: None,
        lane,
        recipients: vec![told],
        reason: REASON.to_owned(),
        not_before: None,
        deliver_by: now + WITHIN,
        fallbacks: Vec::new(),
        quick_fallback: false,
    }
}

fn unnamed() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "no-name",
        "The test has no recipient.",
        "Report this as a fault.",
    )
}

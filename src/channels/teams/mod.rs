//! Teams, through a bot of our own.
//!
//! It posts to channels, group chats and people, and gets the id of each post, so a post counts as
//! delivered and can be edited later. Teams does not recognise a repeat. In a channel, the first
//! message of an incident begins a thread and the later ones are replies in it; chats have no
//! threads. Where a checked call has named the conversation of an address and the web address at which
//! it is answered, those are used; without them a chat is made, which gives the same one each time, so
//! what is made is not kept.

mod activity;
mod bot;
mod connector;
mod login;
mod own_view;
mod place;
mod settings;
mod trouble;

use std::collections::BTreeMap;

use super::{
    BoxFuture, Channel, INCIDENT, Kind, OnUncertain, Outgoing, Pace, Wire,
    build::{Refusal, Setup},
    card::SUMMARY,
    signing::fingerprint,
};
use crate::domain::{
    Address, IncidentId,
    channel::{Conversation, Format, Part},
    delivery::{Class, Outcome},
    shown::Secrecy,
};
use activity::Posting;
pub use bot::Bot;
use connector::Connector;
use place::Place;

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "teams",
    label: "Teams",
    parts: &PARTS,
    addresses: Secrecy::Contact,
    build,
};

/// Half of it would do for Teams, and a phone shows this much without waiting.
const CARD: Part = Part {
    name: "card",
    format: Format::CardJson,
    max_bytes: 20 * 1024,
};
/// The card of the first post of a thread, which later messages keep true.
const FIRST: Part = Part {
    name: INCIDENT,
    ..CARD
};
static PARTS: [Part; 3] = [CARD, SUMMARY, FIRST];

struct Teams {
    label: String,
    app_id: String,
    tenant: String,
    hosts: Vec<String>,
    connector: Connector,
    setup: super::ChannelContext,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    let settings = settings::read(&setup.section, &setup.context.http)?;
    Ok(Box::new(Teams {
        label: setup.label,
        app_id: settings.app_id.clone(),
        tenant: settings.tenant.clone(),
        hosts: settings.every_host(),
        connector: Connector::new(settings, setup.context),
        setup: setup.context.clone(),
    }))
}

impl Teams {
    fn posting(&self, outgoing: &Outgoing<'_>) -> Result<Posting, Outcome> {
        let activity = activity::activity(outgoing, &CARD)?;
        let place = Place::of(outgoing.address);
        let posting = match place {
            Place::Person(id) => Posting::ToPerson { id, activity },
            Place::Chat(conversation) => Posting::Into {
                conversation,
                activity,
            },
            Place::Channel(channel) => match outgoing.thread.and_then(|id| channel.thread(id)) {
                Some(conversation) => Posting::Into {
                    conversation,
                    activity,
                },
                None => self.root(&channel, outgoing)?,
            },
        };
        posting.fits().map(|()| posting)
    }

    /// The first post of a thread.
    fn root(&self, channel: &place::Channel, outgoing: &Outgoing<'_>) -> Result<Posting, Outcome> {
        let part = if outgoing.keeps_incident() {
            &FIRST
        } else {
            &CARD
        };
        Ok(Posting::NewThread(activity::thread(
            &self.app_id,
            &self.tenant,
            channel.id(),
            activity::activity(outgoing, part)?,
        )))
    }

    /// Brings the first post of the thread up to date. Whatever comes of it, the words themselves go
    /// out, unless Teams wants us to wait: the next message brings it up to date again.
    async fn keep(&self, outgoing: &Outgoing<'_>) -> Option<Outcome> {
        let Place::Channel(channel) = Place::of(outgoing.address) else {
            return None;
        };
        let first = outgoing.thread.filter(|_| outgoing.keeps_incident())?;
        let conversation = channel.thread(first)?;
        let (_, post) = first.split_once('|')?;
        let mut activity = activity::activity(outgoing, &FIRST).ok()?;
        activity["id"] = post.into();
        let address = outgoing.address.as_str();
        let at = self.connector.at(outgoing.conversation);
        let post = (conversation.as_str(), post);
        let outcome = self.connector.edit(&at, post, &activity, address).await;
        if !outcome.class.is_success() {
            tracing::debug!(
                class = outcome.class.as_str(),
                "the first post of a thread in Teams is not up to date"
            );
        }
        matches!(outcome.class, Class::Throttled { .. }).then_some(outcome)
    }

    async fn post(&self, outgoing: &Outgoing<'_>) -> Outcome {
        let address = outgoing.address.as_str();
        let posting = match self.posting(outgoing) {
            Ok(posting) => posting,
            Err(outcome) => return outcome,
        };
        if let Some(throttled) = self.keep(outgoing).await {
            return throttled;
        }
        let at = self.connector.at(outgoing.conversation);
        match posting {
            Posting::NewThread(body) => self.connector.begin(&at, &body, address).await,
            Posting::ToPerson { id, activity } => {
                if let Some(met) = outgoing.conversation {
                    let outcome = self.connector.send(&at, &met.id, &activity, address).await;
                    // Nothing was posted. The person may still have the bot, in another chat.
                    if !matches!(outcome.code, Some(403 | 404)) {
                        return outcome;
                    }
                }
                let open = activity::chat(&self.app_id, &self.tenant, &id);
                match self.connector.open(&at, &open, address).await {
                    Ok(chat) => self.connector.send(&at, &chat, &activity, address).await,
                    Err(outcome) => outcome,
                }
            }
            Posting::Into {
                conversation,
                activity,
            } => {
                let outcome = self
                    .connector
                    .send(&at, &conversation, &activity, address)
                    .await;
                match Place::of(outgoing.address) {
                    // Somebody deleted the first post. Nothing was posted, and the channel is
                    // still there, or else this says so.
                    Place::Channel(channel) if outcome.code == Some(404) => {
                        match self.root(&channel, outgoing) {
                            Ok(Posting::NewThread(body)) => {
                                self.connector.begin(&at, &body, address).await
                            }
                            _ => outcome,
                        }
                    }
                    _ => outcome,
                }
            }
        }
    }
}

impl Channel for Teams {
    fn label(&self) -> &str {
        &self.label
    }

    fn parts(&self) -> &'static [Part] {
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        place::check(text)
    }

    fn lane(&self, address: &Address) -> String {
        let of = [self.app_id.as_str(), address.as_str()];
        format!("teams:{}", fingerprint(&self.setup.install_secret, &of))
    }

    fn hosts(&self) -> Vec<String> {
        self.hosts.clone()
    }

    fn threads(&self) -> bool {
        true
    }

    fn keeps_conversations(&self) -> bool {
        true
    }

    fn is_gone(&self, conversation: &Conversation, outcome: &Outcome) -> bool {
        match &outcome.provider_id {
            // Posted, but elsewhere.
            Some(id) => {
                let at = id.split(['|', ';']).next().unwrap_or_default();
                at != conversation.id
            }
            None => {
                outcome.class == Class::BadDestination && matches!(outcome.code, Some(403 | 404))
            }
        }
    }

    fn own_view(&self, parts: &mut BTreeMap<String, String>, of: IncidentId, members: &[String]) {
        if let Some(card) = parts.get_mut(INCIDENT) {
            own_view::offer(card, of, members);
        }
    }

    fn pace(&self) -> Pace {
        // Teams takes from a bot into one conversation 7 posts in 1 second, 8 in 2, 60 in 30 and
        // 1,800 in an hour (msteams-docs, "Rate limiting for agents"); with the burst this stays
        // below each. Two at once into one conversation it answers with 412.
        Pace {
            concurrency: 1,
            per_second: Some(0.49),
            burst: 5,
        }
    }

    fn overall_pace(&self) -> Option<Pace> {
        // Teams takes 50 requests in a second from an app in a tenant, over all conversations. A
        // message may need two, one of them to make the chat, and answers to people go beside these.
        Some(Pace {
            concurrency: 1,
            per_second: Some(20.0),
            burst: 2,
        })
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::HoldUnlessUrgent
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        Ok(Wire {
            extension: "json",
            bytes: self.posting(outgoing)?.bytes(),
        })
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.post(outgoing))
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async {
            match self.connector.sign_in().await {
                Ok(()) => Ok("Microsoft Entra signs the bot in".to_owned()),
                Err(outcome) => Err(outcome.sentence),
            }
        })
    }
}

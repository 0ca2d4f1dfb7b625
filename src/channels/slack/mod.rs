//! Slack, through an app of the organisation's own: channels, and direct messages to people.
//!
//! An app hears what became of a post: Slack answers with the channel and the time stamp by which
//! the post can be replied to and edited. Slack does not recognise a repeat, but shows a post's
//! metadata to the app that made it, and ours is the delivery; so a message in doubt is looked up
//! before it is sent again.
//!
//! [`api`] calls Slack, for [`app`] too, which answers whoever spoke to the app. [`answers`] has what
//! Slack says, [`find`] the looking up, [`place`] addresses and threads, [`room`] the channels that
//! incidents have to themselves, and [`message`] what the webhook of `slack_webhook` takes as well.

mod answers;
mod api;
mod app;
mod find;
pub(super) mod message;
mod place;
mod room;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{
    BoxFuture, Channel, Kind, LookUp, OnUncertain, Outgoing, Pace, Rooms, Wire,
    build::{Refusal, Setup},
};
use crate::{
    domain::{
        Address,
        channel::Part,
        delivery::{Class, Look, Outcome},
        shown::Secrecy,
        slack_scopes::{self, Scope, TO_MAKE_CHANNELS, TO_TELL},
        text,
    },
    http_client::Reply,
};
use api::Api;
pub use app::{SlackApp, Trouble};
use message::PARTS_OF_APP;

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "slack",
    label: "Slack",
    parts: &PARTS_OF_APP,
    addresses: Secrecy::Contact,
    build,
};

/// What sentences call the other side.
const SERVICE: &str = "Slack";
/// Most blocks in a message. Slack takes 50, and people read fewer.
const BLOCKS_MAX: usize = 20;
/// What a post's metadata say that it is.
const EVENT: &str = "oyez_message";

struct Slack {
    label: String,
    api: Api,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    Ok(Box::new(Slack {
        api: Api::read(&setup.section, setup.context)?,
        label: setup.label,
    }))
}

impl Slack {
    async fn post(&self, outgoing: &Outgoing<'_>) -> Outcome {
        let wire = match self.wire(outgoing) {
            Ok(wire) => wire,
            Err(outcome) => return outcome,
        };
        if let Some(throttled) = self.keep(outgoing).await {
            return throttled;
        }
        let url = self.api.url("chat.postMessage");
        let address = outgoing.address.as_str();
        let (outcome, reply) = self.api.call(Method::POST, &url, wire.bytes, address).await;
        match reply {
            Some(reply) if outcome.class == Class::Accepted => answers::posted(&reply, outcome),
            // Nothing was posted. Whoever deleted the beginning did not mean to silence the rest.
            Some(reply) if outgoing.thread.is_some() && answers::has_lost_its_thread(&reply) => {
                let in_the_open = Outgoing {
                    thread: None,
                    ..*outgoing
                };
                Box::pin(self.post(&in_the_open)).await
            }
            _ => outcome,
        }
    }

    /// Brings the first message of the thread up to date. Whatever comes of it, the words themselves
    /// go out, unless Slack wants us to wait: the next message brings it up to date again.
    async fn keep(&self, outgoing: &Outgoing<'_>) -> Option<Outcome> {
        let thread = place::thread(outgoing).filter(|_| keeps_first(outgoing))?;
        let mut body = message::first(outgoing, BLOCKS_MAX).ok()?;
        body["channel"] = thread.channel.into();
        body["ts"] = thread.ts.into();
        let url = self.api.url("chat.update");
        let body = body.to_string().into_bytes();
        let address = outgoing.address.as_str();
        let (outcome, _) = self.api.call(Method::POST, &url, body, address).await;
        if !outcome.class.is_success() {
            tracing::debug!(
                class = outcome.class.as_str(),
                "the first message of a thread in Slack is not up to date"
            );
        }
        matches!(outcome.class, Class::Throttled { .. }).then_some(outcome)
    }

    async fn test_token(&self) -> Result<String, String> {
        let url = self.api.url("auth.test");
        let (outcome, reply) = self.api.call(Method::POST, &url, b"{}".to_vec(), "").await;
        let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
            return Err(outcome.sentence);
        };
        let holder: Holder = serde_json::from_str(&reply.body).unwrap_or_default();
        if holder.bot_id.is_none() {
            return Err(
                "The token is a person's and not the app's. Copy the Bot User OAuth Token of the \
                 app, which starts with xoxb-, into the settings."
                    .to_owned(),
            );
        }
        let for_channels = TO_MAKE_CHANNELS
            .iter()
            .filter(|_| self.api.prefix.is_some());
        if let Some(lacks) = lacks(&reply, TO_TELL.iter().chain(for_channels)) {
            return Err(lacks);
        }
        Ok(format!(
            "Slack knows the token: the app is {} in the workspace {}",
            name_of(holder.user),
            name_of(holder.team)
        ))
    }
}

/// Whose a token is.
#[derive(Default, Deserialize)]
struct Holder {
    team: Option<String>,
    user: Option<String>,
    bot_id: Option<String>,
}

/// What the token may not do of this, in sentences. Where Slack does not say what it may do, nobody can
/// tell.
fn lacks<'s>(reply: &Reply, needed: impl IntoIterator<Item = &'s Scope>) -> Option<String> {
    let granted = reply.oauth_scopes.as_deref()?;
    slack_scopes::sentence(&slack_scopes::missing(granted, needed))
}

/// A name that people gave, fit for a sentence.
fn name_of(name: Option<String>) -> String {
    let name = text::one_line(&name.unwrap_or_default());
    let short: String = name.chars().take(80).collect();
    if short.is_empty() {
        "without a name".to_owned()
    } else {
        short
    }
}

/// Whether the first message of the thread is kept true: in channels. To a person it is what they
/// were told then, and its button says that they have seen it.
fn keeps_first(outgoing: &Outgoing<'_>) -> bool {
    outgoing.keeps_incident() && !place::is_person(outgoing.address.as_str())
}

impl Channel for Slack {
    fn label(&self) -> &str {
        &self.label
    }

    fn parts(&self) -> &'static [Part] {
        &PARTS_OF_APP
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        place::id(text).map(|id| Address::new(&id))
    }

    fn lane(&self, address: &Address) -> String {
        self.api.hook.lane_of(address)
    }

    fn hosts(&self) -> Vec<String> {
        self.api.host().map(str::to_owned).into_iter().collect()
    }

    fn threads(&self) -> bool {
        true
    }

    /// Rooms are kept there, so that what is said in them is known to be.
    fn keeps_conversations(&self) -> bool {
        true
    }

    fn rooms(&self) -> Option<&dyn Rooms> {
        let prefix = self.api.prefix.as_ref();
        prefix.map(|_| self as &dyn Rooms)
    }

    fn pace(&self) -> Pace {
        // One post a second for each channel; Slack lets short bursts pass.
        Pace {
            concurrency: 1,
            per_second: Some(1.0),
            burst: 3,
        }
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::Reconcile
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        let is_first = outgoing.thread.is_none() && keeps_first(outgoing);
        let mut body = if is_first {
            message::first(outgoing, BLOCKS_MAX)?
        } else {
            message::body(outgoing, BLOCKS_MAX)?
        };
        body["channel"] = outgoing.address.as_str().into();
        body["link_names"] = false.into();
        body["metadata"] = json!({
            "event_type": EVENT,
            "event_payload": { "id": outgoing.delivery },
        });
        // In its own channel everything is about the incident, and stands there for all to read.
        if let Some(thread) = place::thread(outgoing).filter(|_| !room::is_own(outgoing)) {
            body["channel"] = thread.channel.into();
            body["thread_ts"] = thread.ts.into();
            body["reply_broadcast"] = place::is_for_all(outgoing.moment).into();
        }
        Ok(Wire {
            extension: "json",
            bytes: body.to_string().into_bytes(),
        })
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.post(outgoing))
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(self.test_token())
    }
}

impl LookUp for Slack {
    fn look<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Look> {
        Box::pin(self.find(outgoing))
    }
}

//! Slack, through an app of the organisation's own: channels, and direct messages to people.
//!
//! An app hears what became of a post: Slack answers with the channel and the time stamp by which
//! the post can be replied to and edited. Slack does not recognise a repeat, but shows a post's
//! metadata to the app that made it, and ours is the delivery; so a message in doubt is looked up
//! before it is sent again.
//!
//! [`answers`] has what Slack says, [`find`] the looking up, [`place`] addresses and threads, and
//! [`message`] what the webhook of `slack_webhook` takes as well.

mod answers;
mod find;
pub(super) mod message;
mod place;

use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderMap},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    BoxFuture, Channel, Kind, LookUp, OnUncertain, Outgoing, Pace, Wire,
    build::{Refusal, Setup},
    hook::Hook,
};
use crate::{
    domain::{
        Address,
        channel::Part,
        delivery::{Class, Look, Outcome},
        text,
    },
    http_client::{Repeats, Reply, secret_header},
};
use message::PARTS_OF_APP;

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "slack",
    label: "Slack",
    parts: &PARTS_OF_APP,
    build,
};

/// What sentences call the other side.
const SERVICE: &str = "Slack";
const API: &str = "https://slack.com/api";
/// Most blocks in a message. Slack takes 50, and people read fewer.
const BLOCKS_MAX: usize = 20;
/// What a post's metadata say that it is.
const EVENT: &str = "oyez_message";
/// Answers repeat whole messages with their blocks, and lists hold many.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    token: Option<SecretString>,
    api: Option<String>,
}

struct Slack {
    label: String,
    token: SecretString,
    api: Url,
    hook: Hook,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    let config: Config = setup.section.read()?;
    let section = &setup.section;
    let hook = Hook::new(
        SERVICE,
        "slack",
        Repeats::Shown,
        answers::exceptions,
        setup.context,
    )
    .reading(ANSWER_MAX);
    let mut faults = Vec::new();
    let api = hook.http().check_url(config.api.as_deref().unwrap_or(API));
    let api = api.map_err(|sentence| {
        let message = format!("{} cannot be called.", section.full("api"));
        faults.push(section.fault("api", message, format!("{sentence}.")));
    });
    if config
        .token
        .as_ref()
        .is_some_and(|token| !is_bot_token(token))
    {
        faults.push(section.fault(
            "token",
            format!(
                "{} is not the bot token of a Slack app.",
                section.full("token")
            ),
            "Copy the Bot User OAuth Token of the app, which starts with xoxb-.",
        ));
    }
    let Ok(api) = api else {
        return Err(faults.into());
    };
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let Some(token) = config.token else {
        return Err(Refusal::Missing(vec!["token"]));
    };
    Ok(Box::new(Slack {
        label: setup.label,
        token: token.expose_secret().trim().into(),
        api,
        hook,
    }))
}

/// Whether it is an app's token for acting as itself; those that Slack renews have a word before.
fn is_bot_token(token: &SecretString) -> bool {
    let token = token.expose_secret().trim();
    ["xoxb-", "xoxe.xoxb-"].iter().any(|start| {
        token
            .strip_prefix(start)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic()))
    })
}

impl Slack {
    fn url(&self, method: &str) -> Url {
        let mut url = self.api.clone();
        url.set_path(&format!(
            "{}/{method}",
            self.api.path().trim_end_matches('/')
        ));
        url
    }

    /// Calls Slack; what comes back holds neither the address nor the token.
    async fn call(
        &self,
        method: Method,
        url: &Url,
        body: Vec<u8>,
        address: &str,
    ) -> (Outcome, Option<Reply>) {
        let token = self.token.expose_secret();
        let mut headers = HeaderMap::new();
        // A token was checked to be of plain characters, so the header can always be made.
        if let Ok(bearer) = secret_header(&format!("Bearer {token}").into()) {
            headers.insert(AUTHORIZATION, bearer);
        }
        let secrets = [address, token];
        let (mut outcome, reply) = self.hook.call(method, url, headers, body, &secrets).await;
        // Where we call is a matter of the settings, and no fault of the recipient's address.
        if reply.is_none() && outcome.class == Class::BadDestination {
            outcome.class = Class::BadConfiguration;
        }
        (outcome, reply)
    }

    async fn post(&self, outgoing: &Outgoing<'_>) -> Outcome {
        let wire = match self.wire(outgoing) {
            Ok(wire) => wire,
            Err(outcome) => return outcome,
        };
        if let Some(throttled) = self.keep(outgoing).await {
            return throttled;
        }
        let url = self.url("chat.postMessage");
        let address = outgoing.address.as_str();
        let (outcome, reply) = self.call(Method::POST, &url, wire.bytes, address).await;
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
        let thread = place::thread(outgoing).filter(|_| outgoing.keeps_incident())?;
        let mut body = message::first(outgoing, BLOCKS_MAX).ok()?;
        body["channel"] = thread.channel.into();
        body["ts"] = thread.ts.into();
        let url = self.url("chat.update");
        let body = body.to_string().into_bytes();
        let address = outgoing.address.as_str();
        let (outcome, _) = self.call(Method::POST, &url, body, address).await;
        if !outcome.class.is_success() {
            tracing::debug!(
                class = outcome.class.as_str(),
                "the first message of a thread in Slack is not up to date"
            );
        }
        matches!(outcome.class, Class::Throttled { .. }).then_some(outcome)
    }

    async fn test_token(&self) -> Result<String, String> {
        let url = self.url("auth.test");
        let (outcome, reply) = self.call(Method::POST, &url, b"{}".to_vec(), "").await;
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
        self.hook.lane_of(address)
    }

    fn threads(&self) -> bool {
        true
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
        let is_first = outgoing.thread.is_none() && outgoing.keeps_incident();
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
        if let Some(thread) = place::thread(outgoing) {
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

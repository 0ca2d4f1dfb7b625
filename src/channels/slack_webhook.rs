//! Slack, through an incoming webhook.
//!
//! Channel, name and icon are fixed by whoever installed the webhook. It answers `ok` and no id, so
//! a post can neither be edited nor be recognised when it is repeated. The address is the credential.

use serde::Deserialize;

use super::{
    BoxFuture, Channel, Kind, OnUncertain, Outgoing, Pace, Wire,
    build::{Refusal, Setup},
    hook::{Hook, nothing_to_probe},
    slack::message::{self, PARTS},
};
use crate::{
    domain::{
        Address,
        channel::Part,
        delivery::{Class, Outcome},
        shown::Secrecy,
    },
    http_client::{Repeats, Reply},
};

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "slack_webhook",
    label: "Slack",
    parts: &PARTS,
    addresses: Secrecy::Secret,
    build,
};

/// Most blocks that Slack takes in a message.
const BLOCKS_MAX: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    hosts: Option<Vec<String>>,
}

struct SlackWebhook {
    label: String,
    hosts: Vec<String>,
    hook: Hook,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    let config: Config = setup.section.read()?;
    let usual = || {
        ["hooks.slack.com", "hooks.slack-gov.com"]
            .map(str::to_owned)
            .to_vec()
    };
    Ok(Box::new(SlackWebhook {
        label: setup.label,
        hosts: config.hosts.unwrap_or_else(usual),
        hook: Hook::new("Slack", "slack", Repeats::Shown, exceptions, setup.context),
    }))
}

impl Channel for SlackWebhook {
    fn label(&self) -> &str {
        &self.label
    }

    fn parts(&self) -> &'static [Part] {
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        let url = self.hook.http().check_url(text)?;
        let host = url.host_str().unwrap_or_default();
        if !self.hosts.iter().any(|known| known == host)
            && !self.hook.http().is_allowed_network(&url)
        {
            return Err(format!(
                "This is not the address of a Slack webhook: it should start with https://{}/",
                self.hosts.first().map_or("hooks.slack.com", String::as_str)
            ));
        }
        Ok(Address::new(url.as_str()))
    }

    fn lane(&self, address: &Address) -> String {
        self.hook.lane_of(address)
    }

    fn pace(&self) -> Pace {
        // One post a second for each webhook; Slack lets short bursts pass.
        Pace {
            concurrency: 1,
            per_second: Some(1.0),
            burst: 3,
        }
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::HoldUnlessUrgent
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        Ok(Wire {
            extension: "json",
            bytes: message::body(outgoing, BLOCKS_MAX)?
                .to_string()
                .into_bytes(),
        })
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.wire(outgoing) {
                Ok(wire) => {
                    self.hook
                        .post(outgoing.address, Default::default(), wire.bytes)
                        .await
                }
                Err(outcome) => outcome,
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async { nothing_to_probe() })
    }
}

/// Slack names its errors in the body; the names say more than the status.
fn exceptions(reply: &Reply) -> Option<(Class, String)> {
    let gone = "The Slack webhook was removed or turned off. Make a new one and put its address into the directory.";
    let (class, sentence) = match (reply.status, reply.body.trim()) {
        (200, "ok") => return None,
        (200..=299, _) => (
            Class::RemoteTemporary,
            "Slack's answer is not the usual \"ok\". Check that no proxy stands between.",
        ),
        (
            _,
            "invalid_payload"
            | "invalid_blocks"
            | "invalid_blocks_format"
            | "no_text"
            | "too_many_attachments"
            | "msg_too_long",
        ) => (
            Class::BadPayload,
            "Slack does not accept the message. Check its template with: oyez template check",
        ),
        (_, "user_not_found" | "channel_not_found") => (
            Class::BadDestination,
            "The Slack channel or person of this webhook does not exist any more. Make a new webhook and put its address into the directory.",
        ),
        (_, "channel_is_archived") => (
            Class::BadDestination,
            "The Slack channel is archived. Open it again, or put another webhook into the directory.",
        ),
        (_, "no_service" | "no_service_id" | "no_active_hooks" | "no_team" | "team_disabled") => {
            (Class::BadDestination, gone)
        }
        (_, "action_prohibited" | "posting_to_general_channel_denied") => (
            Class::BadConfiguration,
            "An administrator of Slack does not let this webhook post there. Ask them to allow it.",
        ),
        (_, "invalid_token") => (
            Class::BadConfiguration,
            "Slack does not accept the webhook's address. Copy it again.",
        ),
        // Slack answered for itself, so nothing was posted.
        (500.., "rollup_error") => (
            Class::RemoteTemporary,
            "Slack had a fault of its own and did not post the message.",
        ),
        _ => return None,
    };
    Some((class, sentence.to_owned()))
}

//! Teams, through a workflow that posts what a webhook gets.
//!
//! The workflow queues an Adaptive Card and answers 202 without an id, so a post can neither be
//! edited nor be recognised when it is repeated. The address is the credential.

use serde::Deserialize;
use serde_json::json;

use super::{
    BoxFuture, Channel, Kind, OnUncertain, Outgoing, Pace, Wire,
    build::{Refusal, Setup},
    card::{self, SUMMARY},
    hook::{Hook, nothing_to_probe},
    words,
};
use crate::{
    domain::{
        Address,
        channel::{Format, Part},
        delivery::{Class, Outcome},
        shown::Secrecy,
    },
    http_client::{Repeats, Reply},
};

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "teams_workflow",
    label: "Teams",
    parts: &PARTS,
    addresses: Secrecy::Secret,
    build,
};

/// Most bytes that a workflow takes, envelope included.
const MESSAGE_MAX: usize = 28 * 1024;

const CARD: Part = Part {
    name: "card",
    format: Format::CardJson,
    // Leaves room for the envelope, and for the summary once more in JSON.
    max_bytes: MESSAGE_MAX - 2 * SUMMARY.max_bytes - 512,
};
static PARTS: [Part; 2] = [CARD, SUMMARY];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {}

struct TeamsWorkflow {
    label: String,
    hook: Hook,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    setup.section.read::<Config>()?;
    let hook = Hook::new("Teams", "teams", Repeats::Shown, exceptions, setup.context);
    Ok(Box::new(TeamsWorkflow {
        label: setup.label,
        hook,
    }))
}

impl Channel for TeamsWorkflow {
    fn label(&self) -> &str {
        &self.label
    }

    fn parts(&self) -> &'static [Part] {
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        let url = self.hook.http().check_url(text)?;
        let host = url.host_str().unwrap_or_default();
        if host.ends_with("webhook.office.com")
            || (host.starts_with("outlook.office") && url.path().starts_with("/webhook"))
        {
            return Err("This is the address of an Office 365 connector, which Microsoft has switched off: in the Teams channel, choose Workflows, then \"Send webhook alerts to a channel\", and give the address that it shows".to_owned());
        }
        if host == "hooks.slack.com" {
            return Err(
                "This is the address of a Slack webhook: put it under slack_webhook".to_owned(),
            );
        }
        Ok(Address::new(url.as_str()))
    }

    fn lane(&self, address: &Address) -> String {
        self.hook.lane_of(address)
    }

    fn pace(&self) -> Pace {
        // A workflow is slowed down above 4 requests a second; its posts above 25 in 5 minutes.
        Pace {
            concurrency: 1,
            per_second: Some(1.0),
            burst: 4,
        }
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::HoldUnlessUrgent
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        let (card, summary) = card::card(outgoing, &CARD)?;
        let envelope = json!({
            "type": "message",
            "summary": summary,
            "attachments": [{
                "contentType": card::CONTENT_TYPE,
                "contentUrl": null,
                "content": card,
            }],
        });
        let bytes = envelope.to_string().into_bytes();
        if bytes.len() > MESSAGE_MAX {
            return Err(words::too_long("Teams", bytes.len(), MESSAGE_MAX));
        }
        Ok(Wire {
            extension: "json",
            bytes,
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

fn exceptions(reply: &Reply) -> Option<(Class, String)> {
    let (class, sentence) = match reply.status {
        202 | 200 => (
            Class::Accepted,
            "Teams queued the message; whether it was posted is in the workflow's run history.",
        ),
        400 => (
            Class::BadPayload,
            "The Teams workflow is turned off or does not take this card. Look at the workflow's run history.",
        ),
        401 | 403 => (
            Class::BadConfiguration,
            "The Teams workflow refused us. Set its trigger to \"Anyone\", or copy its address again.",
        ),
        404 | 410 => (
            Class::BadDestination,
            "The Teams workflow does not exist any more. Make a new one in the channel and put its address into the directory.",
        ),
        _ => return None,
    };
    Some((class, sentence.to_owned()))
}

//! Any service that takes JSON, signed as Standard Webhooks say.
//!
//! `webhook-id` is the delivery, the same at every repeat, so that a receiver can drop a second
//! one. While a key is being changed the old one signs too.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;

use super::{
    BoxFuture, Channel, Kind, OnUncertain, Outgoing, Pace, Wire,
    build::{Refusal, Setup},
    hook::{Hook, nothing_to_probe},
    signing::hmac_sha256,
    words,
};
use crate::{
    domain::{
        Address,
        channel::{Format, Part},
        delivery::Outcome,
        shown::Secrecy,
    },
    http_client::Repeats,
};

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "webhook",
    label: "Webhook",
    parts: &PARTS,
    addresses: Secrecy::Secret,
    build,
};

const BODY: Part = Part {
    name: "body",
    format: Format::Json,
    max_bytes: 64 * 1024,
};
static PARTS: [Part; 1] = [BODY];

/// What the standard asks of a key.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    signing_key: Option<SecretString>,
    previous_signing_key: Option<SecretString>,
}

struct Webhook {
    label: String,
    keys: Vec<SecretSlice<u8>>,
    hook: Hook,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    let config: Config = setup.section.read()?;
    let given = [
        ("signing_key", &config.signing_key),
        ("previous_signing_key", &config.previous_signing_key),
    ];
    let (mut keys, mut faults) = (Vec::new(), Vec::new());
    for (name, key) in given {
        match key.as_ref().map(signing_key) {
            None => {}
            Some(Ok(key)) => keys.push(key),
            Some(Err(message)) => faults.push(setup.section.fault(
                name,
                format!("{} {message}.", setup.section.full(name)),
                "Make one with: openssl rand -base64 32.",
            )),
        }
    }
    if !faults.is_empty() {
        return Err(faults.into());
    }
    if config.signing_key.is_none() {
        return Err(Refusal::Missing(vec!["signing_key"]));
    }
    let hook = Hook::new(
        "The receiver",
        "webhook",
        Repeats::Recognised,
        |_| None,
        setup.context,
    );
    Ok(Box::new(Webhook {
        label: setup.label,
        keys,
        hook,
    }))
}

fn signing_key(text: &SecretString) -> Result<SecretSlice<u8>, String> {
    let text = text.expose_secret().trim();
    let key = BASE64_STANDARD
        .decode(text.strip_prefix("whsec_").unwrap_or(text))
        .map_err(|_| "must be whsec_ and base64".to_owned())?;
    if !KEY_BYTES.contains(&key.len()) {
        return Err("must hold 24 to 64 bytes".to_owned());
    }
    Ok(SecretSlice::from(key))
}

impl Webhook {
    fn headers(&self, id: &str, body: &[u8]) -> HeaderMap {
        let timestamp = self.hook.now().timestamp().to_string();
        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(body);
        let signatures: Vec<String> = self
            .keys
            .iter()
            .map(|key| hmac_sha256(key.expose_secret(), &signed))
            .map(|signature| format!("v1,{}", BASE64_STANDARD.encode(signature)))
            .collect();
        let values = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signatures.join(" ")),
        ];
        let header = |(name, value): (&'static str, String)| {
            Some((
                reqwest::header::HeaderName::from_static(name),
                HeaderValue::try_from(value).ok()?,
            ))
        };
        values.into_iter().filter_map(header).collect()
    }
}

impl Channel for Webhook {
    fn label(&self) -> &str {
        &self.label
    }

    fn parts(&self) -> &'static [Part] {
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        Ok(Address::new(self.hook.http().check_url(text)?.as_str()))
    }

    fn lane(&self, address: &Address) -> String {
        self.hook.lane_of(address)
    }

    fn pace(&self) -> Pace {
        Pace {
            concurrency: 4,
            per_second: Some(20.0),
            burst: 20,
        }
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::Resend
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        let body = words::json_part(outgoing, &BODY)?.to_string().into_bytes();
        if body.len() > BODY.max_bytes {
            return Err(words::too_long("the receiver", body.len(), BODY.max_bytes));
        }
        Ok(Wire {
            extension: "json",
            bytes: body,
        })
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.wire(outgoing) {
                Ok(wire) => {
                    let headers = self.headers(outgoing.delivery, &wire.bytes);
                    self.hook.post(outgoing.address, headers, wire.bytes).await
                }
                Err(outcome) => outcome,
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async { nothing_to_probe() })
    }
}

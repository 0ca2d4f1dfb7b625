//! The keys by which the Bot connector signs its calls, as it publishes them.
//!
//! They are kept for 24 hours, and pass for so long while the key server is away. A key that is
//! not among them is asked for at most once in five minutes and is never waved through. One fetch
//! is under way at a time, and goes on when the call that began it is gone: otherwise whoever
//! hangs up early could keep us from ever learning of a new key.

use std::{collections::BTreeMap, fmt, sync::Arc};

use chrono::TimeDelta;
use jsonwebtoken::DecodingKey;
use reqwest::{Method, Url, header::HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::{Mutex, watch};

use crate::{
    clock::Clock,
    domain::Time,
    http_client::{Call, HttpClient},
};

/// Where Microsoft publishes the keys of the Bot connector.
///
/// Source: MicrosoftDocs/bot-docs, `bot-framework-rest-connector-authentication.md`.
pub const METADATA: &str = "https://login.botframework.com/v1/.well-known/openidconfiguration";

/// How long keys are kept.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// How often, at most, keys are fetched because one is not known.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// Most bytes of the list that are read: each key comes with its certificates.
const LIST_MAX: usize = 512 * 1024;
/// How often, at most, they are fetched while there are none to go by: then nobody can call us, so
/// it is shorter.
const PAUSE_WITHOUT_ANY: TimeDelta = TimeDelta::seconds(30);

/// The published keys. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    http: HttpClient,
    clock: Arc<dyn Clock>,
    metadata: Url,
    known: watch::Sender<Known>,
    /// Held while keys are fetched; when that was last tried.
    last_try: Arc<Mutex<Option<Time>>>,
}

/// What was published when it was last fetched.
#[derive(Clone, Default)]
struct Known {
    keys: BTreeMap<String, Arc<Key>>,
    /// `None` before the first fetch.
    until: Option<Time>,
}

/// One key.
pub(super) struct Key {
    pub(super) decoding: DecodingKey,
    /// For which channels its holder may speak.
    pub(super) endorsements: Vec<String>,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKey {
    #[error("its key is not published")]
    Unknown,
    #[error("the published keys cannot be had")]
    Unreachable,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("known", &self.0.known.borrow().keys.len())
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Keys that are found through the OpenID metadata at this address, usually [`METADATA`].
    ///
    /// # Errors
    /// When the address may not be called: a sentence with the fix.
    pub fn new(http: HttpClient, clock: Arc<dyn Clock>, metadata: &str) -> Result<Self, String> {
        Ok(Self(Arc::new(Inner {
            metadata: http.check_url(metadata)?,
            http,
            clock,
            known: watch::Sender::default(),
            last_try: Arc::default(),
        })))
    }

    /// The key of this id.
    pub(super) async fn find(&self, id: &str) -> Result<Arc<Key>, NoKey> {
        if let Some(key) = self.0.cached(id) {
            return Ok(key);
        }
        let mut last_try = Arc::clone(&self.0.last_try).lock_owned().await;
        // Somebody else may have fetched it while we waited.
        if let Some(key) = self.0.cached(id) {
            return Ok(key);
        }
        let now = self.0.clock.now();
        let (pause, without) = if self.0.has_any(now) {
            (PAUSE, NoKey::Unknown)
        } else {
            (PAUSE_WITHOUT_ANY, NoKey::Unreachable)
        };
        if last_try.is_some_and(|at| now - at < pause) {
            return Err(without);
        }
        *last_try = Some(now);
        let inner = Arc::clone(&self.0);
        let fetched = tokio::spawn(async move {
            let _one_at_a_time = last_try;
            inner.refresh().await
        });
        match fetched.await {
            Ok(Ok(())) => self.0.cached(id).ok_or(NoKey::Unknown),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the keys of the Bot connector cannot be fetched");
                Err(NoKey::Unreachable)
            }
            // The program is going, or the task failed, which is a fault of ours.
            Err(_) => Err(NoKey::Unreachable),
        }
    }
}

impl Inner {
    fn cached(&self, id: &str) -> Option<Arc<Key>> {
        let now = self.clock.now();
        let known = self.known.borrow();
        known.keys.get(id).filter(|_| known.is_good(now)).cloned()
    }

    fn has_any(&self, now: Time) -> bool {
        self.known.borrow().is_good(now)
    }

    async fn refresh(&self) -> Result<(), String> {
        let metadata: Metadata = self.get(&self.metadata).await?;
        let url = self.http.check_url(&metadata.jwks_uri)?;
        let published: Published = self.get(&url).await?;
        let keys: BTreeMap<_, _> = published.keys.into_iter().filter_map(key).collect();
        if keys.is_empty() {
            return Err("the list holds no key for RS256".to_owned());
        }
        self.known.send_replace(Known {
            keys,
            until: Some(self.clock.now() + KEPT),
        });
        Ok(())
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, String> {
        let call = Call {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        let reply = self.http.send_and_read(call, LIST_MAX).await;
        let reply = reply.map_err(|failure| failure.to_string())?;
        if reply.status != 200 {
            return Err(format!("the key server answered {}", reply.status));
        }
        serde_json::from_str(&reply.body)
            .map_err(|error| format!("the key server's answer cannot be read: {error}"))
    }
}

impl Known {
    fn is_good(&self, now: Time) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[derive(Deserialize)]
struct Metadata {
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Published {
    /// Each read by itself, so that one of a new sort does not spoil the rest.
    keys: Vec<Value>,
}

/// A key as it is published: RFC 7517, with what Microsoft adds.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(default)]
    endorsements: Vec<String>,
}

/// Id and key, if it is one that signs by RS256.
fn key(published: Value) -> Option<(String, Arc<Key>)> {
    let jwk: Jwk = serde_json::from_value(published).ok()?;
    let or_absent = |value: &Option<String>, wanted| value.as_deref().unwrap_or(wanted) == wanted;
    if jwk.kty != "RSA" || !or_absent(&jwk.usage, "sig") || !or_absent(&jwk.alg, "RS256") {
        return None;
    }
    let key = Key {
        decoding: DecodingKey::from_rsa_components(&jwk.n?, &jwk.e?).ok()?,
        endorsements: jwk.endorsements,
    };
    Some((jwk.kid?, Arc::new(key)))
}

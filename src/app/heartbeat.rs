//! A call to whatever watches this program, as long as it does its work: when the calls stop,
//! somebody is told by other means than ours.

use reqwest::{Method, Url, header::HeaderMap};

use super::{App, Error};
use crate::{
    http_client::{Call, HttpClient},
    store::faults,
};

/// What the faults of the outbox's auditor are filed under.
const OUTBOX: &str = "outbox:";

/// Where to call.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    http: HttpClient,
    url: Url,
}

impl Heartbeat {
    /// Calls this address.
    ///
    /// # Errors
    /// When the address may not be called; the sentence does not hold it.
    pub fn new(http: HttpClient, url: &str) -> Result<Self, String> {
        Ok(Self {
            url: http.check_url(url)?,
            http,
        })
    }
}

impl App {
    /// Calls, if the database answers, no loop of this process hangs, and the auditor of the outbox finds
    /// nothing wrong. Says whether it called.
    pub async fn beat(&self, heart: &Heartbeat) -> Result<bool, Error> {
        if !self.pulse.complaints().is_empty() {
            return Ok(false);
        }
        self.readiness().await?;
        let standing = faults::standing(self.store.read()).await?;
        if standing.iter().any(|fault| fault.key.starts_with(OUTBOX)) {
            return Ok(false);
        }
        let call = Call {
            method: Method::GET,
            url: &heart.url,
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        if let Err(failure) = heart.http.send(call).await {
            tracing::warn!(%failure, "the heartbeat did not get through");
        }
        Ok(true)
    }
}

//! The bot's token: how it shows the Bot connector who it is.
//!
//! OAuth 2.0 client credentials at Microsoft Entra. The token is kept and renewed five minutes
//! before it ends; one request is under way at a time, and those who waited for one that failed
//! share its failure instead of each trying again.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::TimeDelta;
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{settings::Settings, trouble};
use crate::{
    channels::{build::ChannelContext, hook::Hook},
    domain::{
        Time,
        delivery::{Class, Outcome},
    },
    http_client::{Repeats, secret_header},
};

/// What the token is for.
const SCOPE: &str = "https://api.botframework.com/.default";
/// How long before its end a token is renewed, in seconds.
const EARLY: i64 = 300;

pub(super) struct Login {
    hook: Hook,
    url: Url,
    app_id: String,
    secret: SecretString,
    state: Mutex<State>,
    failures: AtomicU64,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    failed: Option<Outcome>,
}

/// A token. It has no `Debug`.
pub(super) struct Token {
    value: SecretString,
    renew_at: Time,
    ends_at: Time,
}

impl Token {
    /// As the header has it.
    pub(super) fn bearer(&self) -> Option<HeaderValue> {
        secret_header(&format!("Bearer {}", self.value.expose_secret()).into()).ok()
    }

    /// To be taken out of what is kept.
    pub(super) fn secret(&self) -> &str {
        self.value.expose_secret()
    }
}

#[derive(Deserialize)]
struct Issued {
    access_token: SecretString,
    expires_in: i64,
}

impl Login {
    pub(super) fn new(settings: &Settings, context: &ChannelContext) -> Self {
        let mut url = settings.login_url.clone();
        let base = url.path().trim_end_matches('/');
        url.set_path(&format!("{base}/{}/oauth2/v2.0/token", settings.tenant));
        let exceptions = trouble::of_login;
        Self {
            hook: Hook::new(
                "Microsoft Entra",
                "entra",
                Repeats::Recognised,
                exceptions,
                context,
            ),
            url,
            app_id: settings.app_id.clone(),
            secret: settings.secret.clone(),
            state: Mutex::default(),
            failures: AtomicU64::new(0),
        }
    }

    /// A token that is good now.
    pub(super) async fn token(&self) -> Result<Arc<Token>, Outcome> {
        let before = self.failures.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let now = self.hook.now();
        let kept = state.token.clone();
        if let Some(token) = kept.as_ref().filter(|token| now < token.renew_at) {
            return Ok(Arc::clone(token));
        }
        if self.failures.load(Ordering::Acquire) != before
            && let Some(outcome) = &state.failed
        {
            return Err(outcome.clone());
        }
        match self.fetch().await {
            Ok(token) => {
                let token = Arc::new(token);
                *state = State {
                    token: Some(Arc::clone(&token)),
                    failed: None,
                };
                Ok(token)
            }
            Err(outcome) => match kept.filter(|token| now < token.ends_at) {
                Some(token) => Ok(token),
                None => {
                    state.failed = Some(outcome.clone());
                    self.failures.fetch_add(1, Ordering::Release);
                    Err(outcome)
                }
            },
        }
    }

    /// Forgets a token that the Bot connector did not take, unless there is a newer one already.
    pub(super) async fn forget(&self, refused: &Arc<Token>) {
        let mut state = self.state.lock().await;
        if state
            .token
            .as_ref()
            .is_some_and(|token| Arc::ptr_eq(token, refused))
        {
            state.token = None;
        }
    }

    async fn fetch(&self) -> Result<Token, Outcome> {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let secret = self.secret.expose_secret();
        let now = self.hook.now();
        let (mut outcome, reply) = self
            .hook
            .call(Method::POST, &self.url, headers, self.form(), &[secret])
            .await;
        if outcome.class == Class::BadDestination {
            outcome.class = Class::BadConfiguration;
        }
        let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
            return Err(outcome);
        };
        match serde_json::from_str::<Issued>(&reply.body) {
            Ok(issued) if issued.expires_in > 0 => {
                let lasts = issued.expires_in.min(86_400);
                let early = EARLY.min(lasts / 2);
                Ok(Token {
                    value: issued.access_token,
                    renew_at: now + TimeDelta::seconds(lasts - early),
                    ends_at: now + TimeDelta::seconds(lasts),
                })
            }
            _ => Err(Outcome {
                class: Class::RemoteTemporary,
                // It may hold a token all the same.
                reply: String::new(),
                sentence: "Microsoft Entra's answer holds no token. Check that no proxy stands \
                           between."
                    .to_owned(),
                ..outcome
            }),
        }
    }

    fn form(&self) -> Vec<u8> {
        // A query is written like a form.
        let mut form = self.url.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.app_id)
            .append_pair("client_secret", self.secret.expose_secret())
            .append_pair("scope", SCOPE);
        form.query().unwrap_or_default().into()
    }
}

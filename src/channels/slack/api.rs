//! Calls of Slack's Web API with the app's token.

use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderMap},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{SERVICE, answers, room};
use crate::{
    channels::{ChannelContext, build::Refusal, hook::Hook},
    domain::delivery::{Class, Outcome},
    http_client::{Repeats, Reply, secret_header},
    section::Section,
};

const API: &str = "https://slack.com/api";
/// Answers repeat whole messages with their blocks, and lists hold many.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    token: Option<SecretString>,
    api: Option<String>,
    channel_per_incident: bool,
    channel_prefix: Option<String>,
}

/// The app's way to Slack.
pub(super) struct Api {
    token: SecretString,
    base: Url,
    pub(super) hook: Hook,
    /// With what the names of incidents' own channels begin, where they have one.
    pub(super) prefix: Option<String>,
}

impl Api {
    /// The host that it calls.
    pub(super) fn host(&self) -> Option<&str> {
        self.base.host_str()
    }

    /// Reads the channel's own keys; finds all their faults.
    pub(super) fn read(section: &Section, context: &ChannelContext) -> Result<Self, Refusal> {
        let config: Config = section.read()?;
        let hook = Hook::new(
            SERVICE,
            "slack",
            Repeats::Shown,
            answers::exceptions,
            context,
        )
        .reading(ANSWER_MAX);
        let mut faults = Vec::new();
        let base = hook.http().check_url(config.api.as_deref().unwrap_or(API));
        let base = base.map_err(|sentence| {
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
        let prefix = config.channel_prefix.as_deref().unwrap_or(room::PREFIX);
        if !room::is_prefix(prefix) {
            faults.push(section.fault(
                "channel_prefix",
                format!(
                    "{} cannot begin the name of a Slack channel.",
                    section.full("channel_prefix")
                ),
                "Use 1 to 20 lower-case letters, digits, - and _.",
            ));
        }
        let Ok(base) = base else {
            return Err(faults.into());
        };
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let Some(token) = config.token else {
            return Err(Refusal::Missing(vec!["token"]));
        };
        Ok(Self {
            token: token.expose_secret().trim().into(),
            base,
            hook,
            prefix: config.channel_per_incident.then(|| prefix.to_owned()),
        })
    }

    /// Where a method is called.
    pub(super) fn url(&self, method: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!(
            "{}/{method}",
            self.base.path().trim_end_matches('/')
        ));
        url
    }

    /// Calls Slack; what comes back holds neither the address nor the token.
    pub(super) async fn call(
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

//! What the stanza of the mail channel says, checked.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use lettre::{
    Address,
    message::Mailbox,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio_rustls::rustls::ClientConfig;

use super::tls;
use crate::{
    channels::build::Refusal,
    domain::{fault::Fault, redact::redact},
    section::Section,
};

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tls {
    /// Not at all: only to this machine itself.
    None,
    /// Plain at first, encrypted before anything is said.
    #[default]
    Starttls,
    /// From the first byte.
    Implicit,
}

impl Tls {
    /// The port that most servers use with it.
    pub(super) fn usual_port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::Starttls => 587,
            Self::Implicit => 465,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auth {
    Plain,
    Login,
    Xoauth2,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    host: Option<String>,
    port: Option<u16>,
    tls: Tls,
    ca: Option<String>,
    from: Option<String>,
    reply_to: Option<String>,
    auth: Option<Auth>,
    username: Option<String>,
    password: Option<SecretString>,
    token: Option<SecretString>,
    hello: Option<String>,
    message_id_domain: Option<String>,
    pool: Pool,
}

/// How many connections, and how long each is used.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Pool {
    /// Connections at most.
    pub(super) size: usize,
    /// Mails on one connection at most.
    pub(super) mails: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            size: 5,
            mails: 100,
        }
    }
}

/// What the channel works with.
pub(super) struct Settings {
    /// The whole name of the stanza, `channels.email`, for sentences that name a setting.
    pub(super) stanza: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    /// How TLS is spoken; unused without it.
    pub(super) tls_config: Arc<ClientConfig>,
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) login: Option<Login>,
    pub(super) hello: ClientId,
    pub(super) message_id_domain: String,
    pub(super) pool: Pool,
}

/// Who we are to the server.
pub(super) struct Login {
    /// Tried in this order.
    pub(super) mechanisms: Vec<Mechanism>,
    /// Name and password, or mailbox and token.
    pub(super) credentials: Credentials,
    /// The password or token, to be taken out of what is kept.
    secret: SecretString,
    /// The same as it is said to the server.
    said: Vec<SecretString>,
}

impl Login {
    fn new(name: &str, secret: &SecretString, mechanisms: Vec<Mechanism>) -> Self {
        let credentials = Credentials::new(name.to_owned(), secret.expose_secret().to_owned());
        let said = mechanisms.iter().filter_map(|mechanism| {
            let asked = (*mechanism == Mechanism::Login).then_some("Password:");
            let said = mechanism.response(&credentials, asked).ok()?;
            Some(BASE64_STANDARD.encode(said).into())
        });
        Self {
            said: said.chain([BASE64_STANDARD.encode(name).into()]).collect(),
            mechanisms,
            credentials,
            secret: secret.clone(),
        }
    }

    /// What a server may repeat of what it was told, and nobody may keep.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let all = self.said.iter().chain([&self.secret]);
        all.map(|secret| secret.expose_secret())
    }
}

impl Settings {
    /// Reads and checks a stanza; finds every fault.
    pub(super) fn read(section: &Section) -> Result<Self, Refusal> {
        let config: Config = section.read()?;
        let mut checks = Checks {
            section,
            faults: Vec::new(),
        };
        let from = checks.mailbox("from", config.from.as_deref());
        let reply_to = checks.mailbox("reply_to", config.reply_to.as_deref());
        let login = checks.login(&config);
        let tls_config = checks.tls(&config);
        checks.pool(config.pool);
        let hello = checks.domain("hello", config.hello.as_deref());
        let message_id_domain =
            checks.domain("message_id_domain", config.message_id_domain.as_deref());
        if !checks.faults.is_empty() {
            return Err(Refusal::Faults(checks.faults));
        }
        let missing: Vec<&'static str> =
            [("host", config.host.is_none()), ("from", from.is_none())]
                .into_iter()
                .filter_map(|(key, missing)| missing.then_some(key))
                .collect();
        let (Some(host), Some(from), Some(tls_config)) = (config.host, from, tls_config) else {
            return Err(Refusal::Missing(missing));
        };
        let own_domain = || from.email.domain().to_owned();
        Ok(Self {
            stanza: section.name(),
            port: config.port.unwrap_or_else(|| config.tls.usual_port()),
            host,
            tls: config.tls,
            tls_config,
            reply_to,
            login,
            hello: ClientId::Domain(hello.unwrap_or_else(own_domain)),
            message_id_domain: message_id_domain.unwrap_or_else(own_domain),
            pool: config.pool,
            from,
        })
    }

    /// What is kept of what the server says: without the recipient, and without what it was told to
    /// let us in.
    pub(super) fn fit_for_record(&self, said: &str, recipient: &str) -> String {
        let mut secrets = vec![recipient];
        secrets.extend(self.login.iter().flat_map(Login::secrets));
        redact(said, &secrets)
    }

    /// The whole name of a setting, for sentences.
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.stanza)
    }
}

struct Checks<'a> {
    section: &'a Section,
    faults: Vec<Fault>,
}

impl Checks<'_> {
    fn fault(&mut self, key: &str, what: &str, fix: &str) {
        let message = format!("{} {what}.", self.section.full(key));
        self.faults.push(self.section.fault(key, message, fix));
    }

    fn mailbox(&mut self, key: &str, text: Option<&str>) -> Option<Mailbox> {
        let mailbox = text?.parse::<Mailbox>();
        if mailbox.is_err() {
            self.fault(
                key,
                "is not a mailbox",
                "Write it as Incident updates <incidents@northshire.example>.",
            );
        }
        mailbox.ok()
    }

    fn domain(&mut self, key: &str, text: Option<&str>) -> Option<String> {
        let text = text?;
        // The strictest check at hand: a domain is what can stand behind the @ of a mailbox.
        if Address::new("x", text).is_err() || !text.is_ascii() {
            self.fault(
                key,
                "is not a domain name",
                "Write it as mail.northshire.example.",
            );
        }
        Some(text.to_owned())
    }

    fn login(&mut self, config: &Config) -> Option<Login> {
        let mechanisms = match config.auth {
            Some(Auth::Plain) => vec![Mechanism::Plain],
            Some(Auth::Login) => vec![Mechanism::Login],
            Some(Auth::Xoauth2) => vec![Mechanism::Xoauth2],
            None if config.token.is_some() => vec![Mechanism::Xoauth2],
            None => vec![Mechanism::Plain, Mechanism::Login],
        };
        let by_token = mechanisms == [Mechanism::Xoauth2];
        let (secret, key) = match by_token {
            true => (config.token.as_ref(), "token"),
            false => (config.password.as_ref(), "password"),
        };
        match (by_token, &config.password, &config.token) {
            (true, Some(_), _) => self.fault(
                "password",
                "is not used with xoauth2",
                "Remove it, or remove token and auth.",
            ),
            (false, _, Some(_)) => self.fault(
                "token",
                "is used with xoauth2 only",
                "Set auth to xoauth2, or remove token.",
            ),
            _ => {}
        }
        match (&config.username, secret) {
            (Some(name), Some(secret)) => {
                if config.tls == Tls::None {
                    self.fault(
                        "tls",
                        "is none, so a password would be sent unprotected",
                        "Set tls to starttls or implicit, or remove username and password.",
                    );
                }
                Some(Login::new(name, secret, mechanisms))
            }
            (Some(_), None) => {
                self.fault(
                    "username",
                    &format!("is set without {key}"),
                    &format!("Add {key} or {key}_file, or remove username."),
                );
                None
            }
            (None, Some(_)) => {
                self.fault(key, "is set without username", "Add username.");
                None
            }
            (None, None) => {
                if config.auth.is_some() {
                    self.fault(
                        "auth",
                        &format!("is set without username and {key}"),
                        "Add them, or remove auth.",
                    );
                }
                None
            }
        }
    }

    fn tls(&mut self, config: &Config) -> Option<Arc<ClientConfig>> {
        let literal: Option<IpAddr> = config.host.as_deref().and_then(|host| host.parse().ok());
        if config.tls == Tls::None && literal.is_some_and(|ip| !ip.is_loopback()) {
            self.fault(
                "tls",
                "may be none only for a server on this machine",
                "Set tls to starttls or implicit.",
            );
        }
        if config.port == Some(0) {
            self.fault(
                "port",
                "must be a whole number from 1 to 65535",
                "Correct the value, or remove it for the usual port.",
            );
        }
        // Reading the machine's certificates takes a moment, so not for channels that are off.
        if config.host.is_none() && config.ca.is_none() {
            return None;
        }
        match tls::client_config(config.ca.as_deref(), config.tls != Tls::None) {
            Ok(made) => Some(made),
            Err(what) => {
                self.fault(
                    "ca",
                    &what,
                    "Name a file with certificates in PEM form in ca_file.",
                );
                None
            }
        }
    }

    fn pool(&mut self, pool: Pool) {
        if !(1..=20).contains(&pool.size) {
            self.fault("pool", "must have a size from 1 to 20", "Correct pool.size; ask the people who run the mail server how many connections they allow.");
        }
        if pool.mails == 0 {
            self.fault(
                "pool",
                "must allow 1 or more mails on a connection",
                "Correct pool.mails.",
            );
        }
    }
}

//! Settings: what an installation decides.
//!
//! Three layers, each winning over the one before: `config/default.toml`, which is compiled in and
//! explains every key; a file; the environment (`OYEZ__SERVER__LISTEN`). This is the only place
//! that reads the environment. Whatever is wrong is found in one go and stops the start; what runs
//! is a [`Settings`] that is complete and has been checked. Channels read their own tables, because
//! only they know what is in them.

mod checked;
mod load;

pub use load::terminal_takes_colour;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    domain::{ChannelName, fault::Fault},
    section::{Section, Shown},
    telemetry,
};

/// The name of the built-in defaults in faults and in what `oyez doctor` prints.
pub const DEFAULTS: &str = "config/default.toml";

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "oyez.toml";

/// What is wrong with the table of a channel, by its name; only channels know.
pub type ChannelCheck<'a> = &'a dyn Fn(&ChannelName, &Section, &Around<'_>) -> Vec<Fault>;

/// What the rest of the settings says about a channel.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The networks inside ours that may be called.
    pub allowed: &'a [IpNet],
    /// Whether practice mode really calls it, because what it calls is a simulator.
    pub is_simulated: bool,
}

/// All settings, checked.
pub struct Settings {
    /// The web server.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// The policy and when it is put in force.
    pub policy: Policy,
    /// The organisation's own templates.
    pub templates: Templates,
    /// Where links in messages lead.
    pub links: Links,
    /// Whether messages go out.
    pub sending: Sending,
    /// Calls to web addresses.
    pub http: Http,
    /// Where to call while all is well.
    pub heartbeat: Heartbeat,
    /// What Slack sends us.
    pub slack: Slack,
    /// What Teams sends the bot.
    pub teams: Teams,
    /// The log.
    pub log: Log,
    /// The table of each channel, to be read by the channel.
    pub channels: BTreeMap<ChannelName, Section>,
    /// Every setting in force, as people may see it.
    pub shown: Vec<Shown>,
}

/// The web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where people reach it, for the links in messages; no slash at the end.
    pub public_url: Option<String>,
    /// How long a stop waits for what is on its way.
    pub shutdown_grace: Duration,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`; may hold a password.
    pub url: SecretString,
    /// Which engine the URL names.
    pub engine: Engine,
}

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file of our own; one process delivers.
    Sqlite,
    /// A server that several processes may share.
    Postgres,
}

/// The policy and when it is put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The file; `None` is the built-in starting point.
    pub file: Option<PathBuf>,
    /// When it is put in force.
    pub apply: Apply,
}

/// When a policy file is put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apply {
    /// At start, when the file differs from the one applied last and no person has made a newer
    /// version since.
    OnChange,
    /// Never by itself.
    ByHand,
}

/// The organisation's own templates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    /// The folder whose files replace built-in ones of the same name.
    pub overrides: Option<PathBuf>,
}

/// Where links in messages lead; `None` where there is no such page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// What the pages of incidents begin with; a slash and the reference follow.
    pub incidents: Option<String>,
    /// The page on which people outside can follow an incident; no slash at the end.
    pub status_page: Option<String>,
    /// The mailbox that people outside may write to.
    pub team_mailbox: Option<String>,
}

/// Whether messages go out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// To people, or into files.
    pub mode: Mode,
    /// The folder for the files of practice mode.
    pub capture_dir: PathBuf,
    /// Addresses to which practice mode sends all the same.
    pub allow: Vec<String>,
    /// Channels that practice mode really calls, because what they call are simulators.
    pub simulators: BTreeSet<ChannelName>,
    /// The file that says how many seconds the clock runs ahead in practice mode.
    pub practice_clock: Option<PathBuf>,
}

impl Sending {
    /// Whether practice mode really calls this channel.
    pub fn simulates(&self, channel: &ChannelName) -> bool {
        self.mode == Mode::Practice && self.simulators.contains(channel)
    }
}

/// Whether messages go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// To people.
    Live,
    /// Into files.
    Practice,
}

/// Calls to web addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Networks inside our own that may be called all the same.
    pub allow_private: Vec<IpNet>,
}

/// Where to call while all is well.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The address, a secret; `None` calls nobody.
    pub secret_url: Option<SecretString>,
}

/// What Slack sends us: commands and taps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The secret with which Slack signs; `None` takes nothing from Slack.
    pub secret_signing: Option<SecretString>,
    /// The one before, while it is changed.
    pub secret_signing_before: Option<SecretString>,
    /// The channel whose addresses are Slack's.
    pub channel: ChannelName,
}

/// What Teams sends the bot: messages and taps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teams {
    /// The channel with the bot's settings, whose addresses are those of Teams.
    pub channel: ChannelName,
    /// Who signs the calls.
    pub issuer: String,
    /// The OpenID metadata that lead to the keys of whoever signs.
    pub metadata_url: String,
}

/// The log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How lines are written.
    pub format: telemetry::Format,
    /// Which are written.
    pub level: telemetry::Level,
}

/// What is wrong with the settings, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// In the order of files and lines. Never empty.
    pub faults: Vec<Fault>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The settings cannot be used:")?;
        for fault in &self.faults {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Debug for Settings {
    /// Only what `oyez doctor` would print: the rest holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown.iter().map(|shown| (&shown.key, &shown.value));
        f.debug_map().entries(shown).finish()
    }
}

#[cfg(test)]
mod tests;

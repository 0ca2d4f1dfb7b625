//! Turns the laid-out tables into settings that have been checked.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::{
    Apply, Around, ChannelCheck, Database, Engine, Heartbeat, Http, Links, Log, Policy, Sending,
    Server, Settings, SettingsError, Slack, Teams, Templates,
};
use crate::{
    domain::{ChannelName, fault::Fault, ids::BadId},
    section::{self, Section},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawServer {
    listen: Listen,
    public_url: Option<WebAddress>,
    shutdown_grace_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDatabase {
    url: SecretString,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    file: Option<PathBuf>,
    apply: Option<Apply>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLinks {
    incidents: Option<WebAddress>,
    status_page: Option<WebAddress>,
    team_mailbox: Option<Mailbox>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHttp {
    allow_private: Vec<Network>,
}

/// No key at all: what is left when every table was taken out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Settings {
    /// Checks everything, and adds what is wrong to the faults found so far.
    pub(super) fn checked(
        mut root: Section,
        faults: Vec<Fault>,
        check: ChannelCheck<'_>,
    ) -> Result<Self, SettingsError> {
        let shown = root.shown();
        let mut reading = Reading { faults };
        let server = reading.table(&mut root, "server");
        let database = reading.table(&mut root, "database");
        let policy = reading.table(&mut root, "policy");
        let templates = reading.table(&mut root, "templates");
        let links = reading.table(&mut root, "links");
        let sending = reading.table(&mut root, "sending");
        let http: Option<(RawHttp, _)> = reading.table(&mut root, "http");
        let heartbeat = reading.table(&mut root, "heartbeat");
        let slack = reading.table(&mut root, "slack");
        let teams = reading.table(&mut root, "teams");
        let log = reading.table(&mut root, "log");
        let channels = reading.channels(&mut root);
        let allowed = http.iter().flat_map(|(raw, _)| &raw.allow_private);
        let allowed: Vec<IpNet> = allowed.map(|net| net.0).collect();
        let sending: Option<(Sending, Section)> = sending;
        for (name, section) in &channels {
            let around = Around {
                allowed: &allowed,
                is_simulated: sending.iter().any(|(raw, _)| raw.simulates(name)),
            };
            reading.faults.extend(check(name, section, &around));
        }
        if let Some((raw, table)) = &sending {
            let unknown = raw
                .simulators
                .iter()
                .filter(|it| !channels.contains_key(*it));
            reading.faults.extend(unknown.map(|name| {
                table.fault(
                    "simulators",
                    format!(
                        "sending.simulators names {name}, which is no channel of these settings."
                    ),
                    "Correct the name, or take it out.",
                )
            }));
        }
        reading.keep(root.read::<Nothing>());

        let database = database.and_then(|(raw, table)| reading.database(raw, &table));
        let settings = (|| {
            let (database, (policy, _)): (Database, (RawPolicy, _)) = (database?, policy?);
            Some(Self {
                server: self::server(server?.0),
                policy: self::policy(policy, database.engine),
                database,
                templates: templates.map(|(raw, _): (Templates, _)| raw)?,
                links: links.map(|(raw, _): (RawLinks, _)| Links {
                    incidents: raw.incidents.map(|page| page.0),
                    status_page: raw.status_page.map(|page| page.0),
                    team_mailbox: raw.team_mailbox.map(|mailbox| mailbox.0),
                })?,
                sending: sending.map(|(raw, _)| raw)?,
                http: http.map(|_| Http {
                    allow_private: allowed,
                })?,
                heartbeat: heartbeat.map(|(raw, _): (Heartbeat, _)| raw)?,
                slack: slack.map(|(raw, _): (Slack, _)| raw)?,
                teams: teams.map(|(raw, _): (Teams, _)| raw)?,
                log: log.map(|(raw, _): (Log, _)| raw)?,
                channels,
                shown,
            })
        })();
        let mut faults = reading.faults;
        match settings {
            Some(settings) if faults.is_empty() => Ok(settings),
            _ => {
                faults.sort();
                faults.dedup();
                Err(SettingsError { faults })
            }
        }
    }
}

fn server(raw: RawServer) -> Server {
    Server {
        listen: raw.listen.0,
        public_url: raw.public_url.map(|url| url.0),
        shutdown_grace: Duration::from_secs(raw.shutdown_grace_seconds.into()),
    }
}

fn policy(raw: RawPolicy, engine: Engine) -> Policy {
    let usual = match engine {
        Engine::Sqlite => Apply::OnChange,
        Engine::Postgres => Apply::ByHand,
    };
    Policy {
        file: raw.file,
        apply: raw.apply.unwrap_or(usual),
    }
}

/// Collects what is wrong.
struct Reading {
    faults: Vec<Fault>,
}

impl Reading {
    fn keep<T>(&mut self, read: Result<T, Vec<Fault>>) -> Option<T> {
        read.map_err(|faults| self.faults.extend(faults)).ok()
    }

    fn table<T: DeserializeOwned>(
        &mut self,
        root: &mut Section,
        key: &str,
    ) -> Option<(T, Section)> {
        let table = self.keep(root.take_table(key).map_err(|fault| vec![fault]))?;
        self.keep(table.read()).map(|raw| (raw, table))
    }

    fn database(&mut self, raw: RawDatabase, table: &Section) -> Option<Database> {
        let url = raw.url.expose_secret();
        let engine = match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() && path != ":memory:" => Engine::Sqlite,
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => Engine::Postgres,
            // The URL is not quoted: it may hold a password.
            _ => {
                self.faults.push(table.fault(
                    "url",
                    "database.url is not the URL of a database that Oyez can use.",
                    "Write sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME.",
                ));
                return None;
            }
        };
        Some(Database {
            url: raw.url,
            engine,
        })
    }

    fn channels(&mut self, root: &mut Section) -> BTreeMap<ChannelName, Section> {
        let mut channels = BTreeMap::new();
        let table = root.take_table("channels").map_err(|fault| vec![fault]);
        let Some(mut table) = self.keep(table) else {
            return channels;
        };
        let names: Vec<String> = table.keys().map(str::to_owned).collect();
        for name in names {
            let bad_name = |error: BadId| {
                vec![table.fault(
                    &name,
                    format!("\"{name}\" cannot be the name of a channel."),
                    format!("Use {}.", error.rule),
                )]
            };
            let checked = name.parse::<ChannelName>().map_err(bad_name);
            let section = table.take_table(&name).map_err(|fault| vec![fault]);
            if let (Some(name), Some(section)) = (self.keep(checked), self.keep(section)) {
                channels.insert(name, section);
            }
        }
        channels
    }
}

/// An address and port to listen on.
struct Listen(SocketAddr);

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| "this is not an address and port, as in 127.0.0.1:8080")
    }
}

/// Something that a browser can open; no slash at the end.
struct WebAddress(String);

impl FromStr for WebAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = reqwest::Url::parse(text).ok();
        let usable = url.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
        });
        if usable {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err("this is not a web address, as in https://incidents.northshire.example")
        }
    }
}

/// A mailbox that people can write to.
struct Mailbox(String);

impl FromStr for Mailbox {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text
            .split_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
        if named && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("this is not a mailbox, as in incidents@northshire.example")
        }
    }
}

/// A network or one address.
struct Network(IpNet);

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| "this is not a network, as in 10.0.0.0/8")
    }
}

macro_rules! read_as_text {
    ($($name:ident)*) => {
        $(impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                section::text(deserializer)
            }
        })*
    };
}

read_as_text!(Listen Mailbox Network WebAddress);

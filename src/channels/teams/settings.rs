//! The bot's own keys in its table of the settings.

use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    channels::{Refusal, ids::is_uuid},
    domain::fault::Fault,
    http_client::HttpClient,
    section::Section,
};

const LOGIN_URL: &str = "https://login.microsoftonline.com";
const SERVICE_URL: &str = "https://smba.trafficmanager.net/teams/";

/// Hosts of the Bot connector, in the public cloud and in those of the US government.
const HOSTS: [&str; 5] = [
    "smba.trafficmanager.net",
    "*.infra.gcc.teams.microsoft.com",
    "*.infra.gov.teams.microsoft.us",
    "*.infra.dod.teams.microsoft.us",
    "*.botframework.com",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    app_id: Option<String>,
    tenant: Option<String>,
    secret: Option<SecretString>,
    login_url: Option<String>,
    service_url: Option<String>,
    hosts: Option<Vec<String>>,
}

/// What the bot needs.
pub(super) struct Settings {
    /// The id of its app in Microsoft Entra, in lower case.
    pub(super) app_id: String,
    /// The id of our tenant, in lower case.
    pub(super) tenant: String,
    pub(super) secret: SecretString,
    pub(super) login_url: Url,
    /// Where the Bot connector answers.
    pub(super) service_url: Url,
    pub(super) hosts: Hosts,
}

impl Settings {
    /// Every host that is called, or may be.
    pub(super) fn every_host(&self) -> Vec<String> {
        let urls = [&self.login_url, &self.service_url];
        let of_urls = urls.into_iter().filter_map(|url| url.host_str());
        let named = self.hosts.0.iter().map(String::as_str);
        of_urls.chain(named).map(str::to_owned).collect()
    }
}

/// The hosts that the bot's token may be sent to.
#[derive(Debug, Clone)]
pub(super) struct Hosts(pub(super) Vec<String>);

impl Hosts {
    /// Whether the host of this address is among them. A name that begins with `*.` stands for
    /// every name that ends so. Addresses in a network that `http.allow_private` names pass too.
    pub(super) fn allow(&self, url: &Url, http: &HttpClient) -> bool {
        let host = url.host_str().unwrap_or_default();
        let is_it = |known: &String| match known.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => host == known,
        };
        http.is_allowed_network(url) || (url.scheme() == "https" && self.0.iter().any(is_it))
    }
}

/// Reads the table; finds all its faults.
pub(super) fn read(section: &Section, http: &HttpClient) -> Result<Settings, Refusal> {
    let config: Config = section.read()?;
    let mut faults = Vec::new();
    let mut ids = [("app_id", config.app_id), ("tenant", config.tenant)].map(|(key, id)| {
        let id = id.map(|id| id.trim().to_lowercase());
        if id.as_deref().is_some_and(|id| !is_uuid(id)) {
            faults.push(section.fault(
                key,
                format!("{} is not an id of Microsoft Entra.", section.full(key)),
                "Copy it from the overview of the app; it is like 3f2504e0-4f89-41d3-9a0c-0305e82c3301.",
            ));
        }
        id
    });
    let mut url = |key, text: Option<String>, usual| {
        let url = http.check_url(text.as_deref().unwrap_or(usual));
        url.map_err(|sentence| {
            let message = format!("{} cannot be called.", section.full(key));
            faults.push(section.fault(key, message, format!("{sentence}.")));
        })
        .ok()
    };
    let login_url = url("login_url", config.login_url, LOGIN_URL);
    let service_url = url("service_url", config.service_url, SERVICE_URL);
    let hosts = Hosts(config.hosts.map_or_else(
        || HOSTS.map(str::to_owned).to_vec(),
        |hosts| {
            hosts
                .iter()
                .map(|host| host.trim().to_lowercase())
                .collect()
        },
    ));
    if service_url
        .as_ref()
        .is_some_and(|url| !hosts.allow(url, http))
    {
        faults.push(foreign(section));
    }
    let (Some(login_url), Some(service_url)) = (login_url, service_url) else {
        return Err(faults.into());
    };
    if !faults.is_empty() {
        return Err(faults.into());
    }
    match (ids[0].take(), ids[1].take(), config.secret) {
        (Some(app_id), Some(tenant), Some(secret)) => Ok(Settings {
            app_id,
            tenant,
            secret,
            login_url,
            service_url,
            hosts,
        }),
        (app_id, tenant, secret) => {
            let given = [
                ("app_id", app_id.is_some()),
                ("tenant", tenant.is_some()),
                ("secret", secret.is_some()),
            ];
            let missing = given.into_iter().filter(|(_, given)| !given);
            Err(Refusal::Missing(missing.map(|(key, _)| key).collect()))
        }
    }
}

fn foreign(section: &Section) -> Fault {
    let key = "service_url";
    section.fault(
        key,
        format!(
            "{} is at a host that hosts does not name.",
            section.full(key)
        ),
        "Correct it, or add its host to hosts if the bot's token may be sent there.",
    )
}

//! Putting the program together from its settings: the only place that builds clients.

mod doors;

use std::{collections::BTreeMap, net::IpAddr, path::Path, sync::Arc};

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    app::{App, Error, ErrorKind, Heartbeat, PolicyFile, deliver::Channels, files, pages::Pages},
    channels::{self, Built, Capture, Channel, ChannelContext},
    clock::{Clock, PracticeClock, SystemClock},
    config::{Apply, Around, Engine, Mode, Settings, terminal_takes_colour},
    domain::{
        ChannelName, chain,
        channel::Part,
        event::{Actor, Door},
        fault::Fault,
        saying::Links,
        shown::Disclosure,
    },
    http_client::{HttpClient, Limits},
    render::Renderer,
    section::Section,
    store::{Store, policies, settings as kept},
    telemetry,
    web::Doors,
};

/// The policy that runs until the organisation has one of its own.
const STARTING_POLICY: &str = include_str!("../config/policy.toml");

/// A program put together, with what was left out on the way.
pub struct Started {
    /// The program.
    pub app: App,
    /// Its clock, to be set right against the database.
    pub clock: Arc<SystemClock>,
    /// The clock that runs instead in practice mode, where the settings name its file.
    pub practice: Option<Arc<PracticeClock>>,
    /// What is called while all is well.
    pub heartbeat: Option<Heartbeat>,
    /// Channels that are not live, each with the reason.
    pub off: BTreeMap<ChannelName, String>,
    /// Doors of chat that are open.
    pub doors: Doors,
    /// Its settings.
    pub settings: Settings,
    /// By which the settings of the live chats are recognised.
    prints: BTreeMap<ChannelName, String>,
}

/// For one command: settings, log, database, brought up to date where nobody else uses it. `colour`
/// as for [`settings`].
pub async fn for_command_line(config: Option<&Path>, colour: bool) -> Result<App, Error> {
    let settings = quiet_settings(config, colour)?;
    let migrate = settings.database.engine == Engine::Sqlite;
    Ok(build(settings, migrate).await?.app)
}

/// Reads the settings and starts the log, for a command that ends soon: what a server logs as it
/// goes would only stand between a person and the answer. `colour` as for [`settings`].
pub fn quiet_settings(config: Option<&Path>, colour: bool) -> Result<Settings, Error> {
    let mut settings = read_settings(config)?;
    if settings.log.level == telemetry::Level::Info {
        settings.log.level = telemetry::Level::Warn;
    }
    start_log(&settings, colour);
    Ok(settings)
}

/// Reads the settings and starts the log; without `colour` it has none on a terminal either.
pub fn settings(config: Option<&Path>, colour: bool) -> Result<Settings, Error> {
    let settings = read_settings(config)?;
    start_log(&settings, colour);
    Ok(settings)
}

fn start_log(settings: &Settings, colour: bool) {
    let colour = colour && terminal_takes_colour();
    // Started already in a test: then that log serves.
    let _ = telemetry::init(settings.log.format, settings.log.level, colour);
}

fn read_settings(config: Option<&Path>) -> Result<Settings, Error> {
    // Channels are put together once for their faults alone, before anything is begun.
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let check = |name: &ChannelName, section: &Section, around: &Around<'_>| {
        let Ok(http) = HttpClient::idle(around.allowed) else {
            // That is no fault of the settings; it is said when the program is put together.
            return Vec::new();
        };
        let context = ChannelContext {
            http,
            clock: Arc::clone(&clock),
            install_secret: SecretString::from(String::new()),
        };
        match channels::build(name, section.clone(), &context) {
            Ok(Built::Live(channel)) if around.is_simulated => simulator_faults(section, &*channel),
            built => built.err().unwrap_or_default(),
        }
    };
    Settings::load(config, &check).map_err(|error| {
        Error::faults("bad-settings", "The settings cannot be used.", error.faults)
    })
}

/// Practice mode leaves this machine for nobody: what it really calls must be on it.
fn simulator_faults(section: &Section, channel: &dyn Channel) -> Vec<Fault> {
    let hosts = channel.hosts();
    if !hosts.is_empty() && hosts.iter().all(|host| is_loopback(host)) {
        return Vec::new();
    }
    let message = format!(
        "sending.simulators has {}, which calls more than this machine: {}.",
        section.name(),
        if hosts.is_empty() {
            "its recipients' addresses".to_owned()
        } else {
            let mut others: Vec<String> = hosts;
            others.retain(|host| !is_loopback(host));
            others.join(", ")
        }
    );
    let fix = "Let every address in its table be one of a simulator on 127.0.0.1, or take it out of \
               sending.simulators.";
    vec![section.fault("kind", message, fix)]
}

/// Whether a host is this machine, by its address: a name could lead elsewhere.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn no_tls(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "no-tls",
        "The machine's certificates cannot be read, so no web address can be called.",
        "Install the package ca-certificates.",
    )
    .caused_by(error)
}

/// Puts the program together, and the policy file in force if it is to be.
pub async fn build(settings: Settings, migrate: bool) -> Result<Started, Error> {
    let store = Store::open(settings.database.url.expose_secret()).await?;
    if migrate {
        store.migrate().await?;
    }
    let mut started = assemble(settings, store).await?;
    if started.app.store.is_up_to_date().await? {
        for (channel, print) in &started.prints {
            started.app.settings_seen(channel, print).await?;
        }
        started.app.policy_file = put_policy_in_force(&started.app, &started.settings).await?;
        if let Some(file) = &started.app.policy_file {
            tracing::warn!(faults = file.faults.len(), "{}", file.sentence);
        }
    }
    Ok(started)
}

/// Puts the program together to look at it: nothing is brought up to date or put in force.
pub async fn look(settings: Settings) -> Result<Started, Error> {
    let store = Store::open(settings.database.url.expose_secret()).await?;
    assemble(settings, store).await
}

async fn assemble(settings: Settings, store: Store) -> Result<Started, Error> {
    let system = Arc::new(SystemClock::new());
    if store.is_up_to_date().await?
        && let Some(measured) = store.clock_offset(|| system.steady()).await?
    {
        system.set_offset(measured.offset);
    }
    let practice = practice_clock(&settings).await?;
    let clock: Arc<dyn Clock> = match &practice {
        Some(practice) => practice.clone(),
        None => system.clone(),
    };
    let http = HttpClient::new(&settings.http.allow_private, Limits::default()).map_err(no_tls)?;
    let heartbeat = heartbeat(&settings, &http)?;
    let context = channel_context(&http, &store, &clock).await?;
    let disclosure = disclosure(&settings, &context);
    let (live, off) = ways(&settings, &context, &disclosure)?;
    let chats = live.iter().filter(|(_, channel)| channel.is_chat());
    let prints = chats.filter_map(|(name, _)| {
        let stanza = settings.channels.get(name)?;
        Some((name.clone(), channels::settings_print(stanza, &context)))
    });
    let prints = prints.collect();
    let doors = doors::open(&settings, &context)?;
    let parts: Vec<(ChannelName, &'static [Part])> = live
        .iter()
        .map(|(name, channel)| (name.clone(), channel.parts()))
        .collect();
    let (renderer, template_faults) =
        Renderer::load(settings.templates.overrides.as_deref(), &parts);
    for fault in &template_faults {
        tracing::warn!(fault = %fault, "a template of your own is not used");
    }
    let links = Links {
        incidents: settings.links.incidents.clone(),
        status: settings.links.status_page.clone(),
        team_mailbox: settings.links.team_mailbox.clone(),
    };
    let pages = Pages::new(&context.install_secret, public_url(&settings));
    let mut app = App::new(
        store,
        clock,
        Arc::new(live),
        settings.channels.keys().cloned().collect(),
        renderer,
        template_faults,
        links,
    );
    app.pages = pages;
    app.disclosure = disclosure;
    Ok(Started {
        app,
        clock: system,
        practice,
        heartbeat,
        off,
        doors,
        settings,
        prints,
    })
}

/// The clock of practice mode, as far ahead as its file says; a file that is not there says nothing.
async fn practice_clock(settings: &Settings) -> Result<Option<Arc<PracticeClock>>, Error> {
    let file = match (&settings.sending.practice_clock, settings.sending.mode) {
        (Some(file), Mode::Practice) => file,
        _ => return Ok(None),
    };
    let seconds = match tokio::fs::read_to_string(file).await {
        Ok(text) => text.trim().parse().ok(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(0),
        Err(_) => None,
    };
    let ahead = seconds.and_then(TimeDelta::try_seconds).ok_or_else(|| {
        Error::new(
            ErrorKind::Unavailable,
            "bad-practice-clock",
            format!(
                "{} does not say how many seconds the clock runs ahead.",
                file.display()
            ),
            "Remove the file, and the clock shows the time of this machine again.",
        )
    })?;
    Ok(Some(Arc::new(PracticeClock::new(ahead))))
}

/// Where people reach this server. In practice they are on this machine.
fn public_url(settings: &Settings) -> Option<String> {
    let here = || match settings.sending.mode {
        Mode::Practice => Some(format!("http://{}", settings.server.listen)),
        Mode::Live => None,
    };
    settings.server.public_url.clone().or_else(here)
}

fn heartbeat(settings: &Settings, http: &HttpClient) -> Result<Option<Heartbeat>, Error> {
    let Some(url) = &settings.heartbeat.secret_url else {
        return Ok(None);
    };
    let heart = Heartbeat::new(http.clone(), url.expose_secret());
    heart.map(Some).map_err(|sentence| {
        let fault = Fault::new(
            format!("heartbeat.secret_url cannot be called. {sentence}."),
            "Correct it, or remove it.",
        );
        Error::faults("bad-settings", "The settings cannot be used.", vec![fault])
    })
}

/// What channels share.
async fn channel_context(
    http: &HttpClient,
    store: &Store,
    clock: &Arc<dyn Clock>,
) -> Result<ChannelContext, Error> {
    let secret = if store.is_up_to_date().await? {
        let bytes = kept::install_secret(store.write()).await?;
        SecretString::from(
            bytes
                .expose_secret()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>(),
        )
    } else {
        SecretString::from(String::new())
    };
    Ok(ChannelContext {
        http: http.clone(),
        clock: Arc::clone(clock),
        install_secret: secret,
    })
}

/// What may be shown of the addresses of each channel of the settings, in use or not.
fn disclosure(settings: &Settings, context: &ChannelContext) -> Disclosure {
    let kinds = settings.channels.iter().filter_map(|(name, section)| {
        // That its settings are right was seen when those were read.
        let kind = channels::take_kind(name, &mut section.clone()).ok()?;
        Some((name, kind))
    });
    channels::disclosure(kinds, context.install_secret.expose_secret())
}

/// Builds the channels; that their settings are right was seen when those were read.
fn ways(
    settings: &Settings,
    context: &ChannelContext,
    disclosure: &Disclosure,
) -> Result<(Channels, BTreeMap<ChannelName, String>), Error> {
    let (mut live, mut off, mut faults) = (Channels::new(), BTreeMap::new(), Vec::<Fault>::new());
    for (name, section) in &settings.channels {
        match channels::build(name, section.clone(), context) {
            Ok(Built::Live(channel)) => {
                let channel = match settings.sending.mode {
                    Mode::Live => channel,
                    Mode::Practice => {
                        let capture = Capture::new(
                            channel,
                            name.clone(),
                            settings.sending.capture_dir.join(name.as_str()),
                            &settings.sending.allow,
                        )
                        .showing(disclosure.clone());
                        Arc::new(if settings.sending.simulates(name) {
                            capture.simulated()
                        } else {
                            capture
                        })
                    }
                };
                live.insert(name.clone(), channel);
            }
            Ok(Built::Off(why)) => {
                off.insert(name.clone(), why);
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() {
        Ok((live, off))
    } else {
        Err(Error::faults(
            "bad-settings",
            "The settings of the channels cannot be used.",
            faults,
        ))
    }
}

/// Puts the policy file in force if it is to be: at first, and later when the file has changed and
/// no person has made a newer version since. A bad file never stops the start: what ran goes on,
/// and the answer says so.
async fn put_policy_in_force(app: &App, settings: &Settings) -> Result<Option<PolicyFile>, Error> {
    let in_force = policies::in_force(app.store.read()).await?;
    let (text, name) = match (&settings.policy.file, &in_force) {
        (None, Some(_)) => return Ok(None),
        (None, None) => (STARTING_POLICY.to_owned(), "the built-in policy".to_owned()),
        (Some(file), _) => match (files::read_text(file).await, &in_force) {
            (Ok(text), _) => (text, file.display().to_string()),
            (Err(error), None) => return Err(error),
            (Err(error), Some(_)) => {
                let fault = Fault::new(error.sentence, error.fix);
                return Ok(Some(bad(vec![fault])));
            }
        },
    };
    let digest = chain::digest(&text);
    if let Some(version) = &in_force {
        let last = policies::last_from_file(app.store.read()).await?;
        let by_a_person = last
            .as_ref()
            .is_none_or(|last| last.number != version.number);
        let unchanged = last
            .as_ref()
            .is_some_and(|last| last.file_sha256.as_deref() == Some(&digest));
        if unchanged || by_a_person || settings.policy.apply == Apply::ByHand {
            return Ok((version.sha256 != digest).then(another));
        }
    }
    let actor = Actor {
        id: "start".to_owned(),
        person: None,
        name: "Oyez at start".to_owned(),
        door: Door::Cli,
    };
    let applied = app
        .apply_policy_text(&text, &actor, Some(&digest), false)
        .await;
    let Err(mut error) = applied else {
        return Ok(None);
    };
    let faults = std::mem::take(&mut error.faults).into_iter();
    error.faults = faults.map(|fault| fault.in_file(&name)).collect();
    if in_force.is_some() && !error.faults.is_empty() {
        return Ok(Some(bad(error.faults)));
    }
    Err(error)
}

fn bad(faults: Vec<Fault>) -> PolicyFile {
    PolicyFile {
        sentence: "The policy file cannot be used, so the version in force goes on. See: oyez doctor",
        faults,
        is_bad: true,
    }
}

fn another() -> PolicyFile {
    PolicyFile {
        sentence: "The policy file is not the version in force. Put it in force: oyez rules apply FILE",
        faults: Vec::new(),
        is_bad: false,
    }
}

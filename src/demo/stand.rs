//! The simulators of a demo, and its clock.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::web::Data;
use chrono::TimeDelta;

use crate::{
    app::{App, Error, ErrorKind},
    clock::{Clock, PracticeClock, SystemClock},
    domain::{ChannelName, directory::Directory},
    simulators::{
        BoxFuture, Cast, Person, Practice, Room, Running, Step,
        slack::{Slack, SlackApp},
        teams::{Bot, Teams},
    },
};

/// App, tenant and secret of the bot.
pub(super) const BOT: (&str, &str, &str) = (
    "0b5e7c1e-5a11-4e0a-9d0e-7a1c5e0b0001",
    "0b5e7c1e-5a11-4e0a-9d0e-7a1c5e0b0002",
    "for-practice-only",
);
/// Bot token and signing secret of the Slack app.
pub(super) const SLACK: (&str, &str) = ("xoxb-for-practice-only", "for-practice-only");

/// Where they listen if nobody else does: beside Oyez itself.
const PORTS: (u16, u16) = (8081, 8082);

/// Both simulators, listening.
pub struct Stand {
    teams: (Data<Teams>, Running),
    slack: (Data<Slack>, Running),
}

impl Stand {
    /// On the usual ports, or on others that are free.
    pub(super) async fn new(folder: &Path) -> Result<Self, Error> {
        let teams = match teams(folder, PORTS.0).await {
            Ok(teams) => teams,
            Err(_) => teams_at(folder, 0).await?,
        };
        let slack = match slack(folder, PORTS.1).await {
            Ok(slack) => slack,
            Err(_) => slack_at(folder, 0).await?,
        };
        Ok(Self { teams, slack })
    }

    /// On the ports where they were before.
    pub(super) async fn again(folder: &Path, ports: (u16, u16)) -> Result<Self, Error> {
        Ok(Self {
            teams: teams_at(folder, ports.0).await?,
            slack: slack_at(folder, ports.1).await?,
        })
    }

    pub(super) fn teams_base(&self) -> &str {
        &self.teams.1.base
    }

    pub(super) fn service_url(&self) -> String {
        self.teams.0.service_url()
    }

    pub(super) fn metadata_url(&self) -> String {
        self.teams.0.metadata_url()
    }

    pub(super) fn api(&self) -> String {
        self.slack.0.api()
    }

    /// Where people look.
    pub(super) fn pages(&self) -> [String; 2] {
        [
            format!("Teams: {}/", self.teams.1.base),
            format!("Slack: {}/", self.slack.1.base),
        ]
    }

    /// Says who is there: whoever the directory knows in Teams and in Slack.
    pub(super) async fn introduce(&self, app: &App) -> Result<(), Error> {
        let book = app.rulebook().await?;
        self.teams.0.introduce(cast(&book.directory, "teams"));
        self.slack.0.introduce(cast(&book.directory, "slack"));
        Ok(())
    }

    /// Tells the time by this clock from now on.
    pub(super) fn tell_time_by(&self, clock: &Arc<dyn Clock>) {
        self.teams.0.tell_time_by(Arc::clone(clock));
        self.slack.0.tell_time_by(Arc::clone(clock));
    }

    /// Writes down what they remember.
    pub(super) async fn save(&self) {
        self.teams.0.save().await;
        self.slack.0.save().await;
    }

    /// Says where Oyez listens, and lets people move its clock.
    pub fn meet(&self, listens: &[SocketAddr], practice: Option<Arc<dyn Practice>>) {
        let Some(address) = listens.first() else {
            return;
        };
        let mut address = *address;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::from(Ipv4Addr::LOCALHOST));
        }
        let oyez = format!("http://{address}");
        self.teams.0.meet(&oyez, practice.clone());
        self.slack.0.meet(&oyez, practice);
    }

    /// Stops both, once they have written down what they remember.
    pub async fn stop(self) {
        self.save().await;
        self.teams.1.stop().await;
        self.slack.1.stop().await;
    }
}

async fn teams(folder: &Path, port: u16) -> std::io::Result<(Data<Teams>, Running)> {
    let (app_id, tenant, secret) = BOT;
    let bot = Bot {
        app_id: app_id.to_owned(),
        tenant: tenant.to_owned(),
        secret: secret.to_owned(),
    };
    let file = folder.join("teams.json");
    Teams::start(port, bot, Arc::new(SystemClock::new()), Some(file)).await
}

async fn slack(folder: &Path, port: u16) -> std::io::Result<(Data<Slack>, Running)> {
    let app = SlackApp {
        token: SLACK.0.to_owned(),
        signing_secret: SLACK.1.to_owned(),
    };
    let file = folder.join("slack.json");
    Slack::start(port, app, Arc::new(SystemClock::new()), Some(file)).await
}

async fn teams_at(folder: &Path, port: u16) -> Result<(Data<Teams>, Running), Error> {
    let teams = teams(folder, port).await;
    teams.map_err(|error| cannot_listen("Teams", port, error))
}

async fn slack_at(folder: &Path, port: u16) -> Result<(Data<Slack>, Running), Error> {
    let slack = slack(folder, port).await;
    slack.map_err(|error| cannot_listen("Slack", port, error))
}

fn cannot_listen(what: &str, port: u16, error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "cannot-listen",
        format!("The simulator of {what} cannot listen on 127.0.0.1:{port}: {error}."),
        "Stop what listens there, perhaps another oyez demo; or begin again with --fresh, and it \
         takes another port.",
    )
    .caused_by(error)
}

/// Who and what has an address on a channel; those who are likely to lead an incident come first.
fn cast(directory: &Directory, channel: &str) -> Cast {
    let is_it = |known: &ChannelName| known.as_str() == channel;
    let mut roles: BTreeMap<&str, String> = BTreeMap::new();
    for held in &directory.roles {
        let service = directory.services.get(&held.service);
        let service = service.map_or(held.service.as_str(), |service| service.name.as_str());
        roles
            .entry(held.person.as_str())
            .or_insert_with(|| format!("{} of {service}", held.role.as_str().replace('-', " ")));
    }
    let mut people: Vec<Person> = directory
        .people
        .values()
        .filter_map(|person| {
            let mut addresses = person.addresses.iter();
            let here = addresses.find(|it| is_it(&it.channel))?;
            let mut addresses = person.addresses.iter();
            let mail = addresses.find(|it| it.channel.as_str() == "email");
            Some(Person {
                id: here.address.as_str().to_owned(),
                name: person.name.clone(),
                role: roles.get(person.id.as_str()).cloned().unwrap_or_default(),
                mail: mail.map(|mail| mail.address.as_str().to_owned()),
            })
        })
        .collect();
    people.sort_by_key(|person| {
        (
            !person.role.starts_with("delivery manager"),
            person.name.clone(),
        )
    });
    let rooms = directory
        .destinations
        .values()
        .filter(|it| is_it(&it.channel));
    let rooms = rooms.map(|it| Room {
        id: it.address.as_str().to_owned(),
        name: it.name.split(" in ").next().unwrap_or_default().to_owned(),
    });
    Cast {
        people,
        rooms: rooms.collect(),
    }
}

/// The clock of the demo, moved on from the pages. How far it is ahead is in the demo's folder, so
/// that neither a restart nor a command in another terminal goes back in time.
pub struct Ahead {
    app: App,
    clock: Arc<PracticeClock>,
    file: PathBuf,
    one_at_a_time: tokio::sync::Mutex<()>,
}

impl Ahead {
    /// For this program, whose settings name the file.
    pub fn new(app: &App, clock: &Arc<PracticeClock>, file: &Path) -> Self {
        Self {
            app: app.at(Arc::clone(clock) as Arc<dyn Clock>),
            clock: Arc::clone(clock),
            file: file.to_owned(),
            one_at_a_time: tokio::sync::Mutex::new(()),
        }
    }

    async fn go(&self, step: Step) -> Result<(), String> {
        let _alone = self.one_at_a_time.lock().await;
        let step = match step {
            Step::By(step) => step,
            Step::ToNextDue => {
                let due = self
                    .app
                    .next_timer()
                    .await
                    .map_err(|error| error.sentence)?;
                let left = due.map(|due| due - self.clock.now());
                left.filter(|left| *left > TimeDelta::zero())
                    .ok_or_else(|| "Nothing is due later.".to_owned())?
            }
        };
        // Whole seconds, rounded up, so that what is due is due.
        let ahead = (self.clock.ahead() + step).num_seconds() + 1;
        let text = format!("{ahead}\n");
        let written = crate::app::files::write(&self.file, text).await;
        written.map_err(|error| error.sentence)?;
        self.clock.run_ahead(TimeDelta::seconds(ahead));
        self.app.wake.ring();
        Ok(())
    }
}

impl Practice for Ahead {
    fn move_on(&self, step: Step) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.go(step))
    }
}

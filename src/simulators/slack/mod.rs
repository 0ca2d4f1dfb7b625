//! A simulated Slack: the part of the Web API that an app like ours calls, and a page.
//!
//! [`api`] is what the app calls, [`channels`] the part of it about channels, [`people`] what people do, [`app`] how the app is told, [`world`] what
//! there is, [`modal`] what is open, and [`limits`] what Slack takes.

mod api;
mod app;
mod channels;
mod limits;
mod modal;
mod people;
mod world;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use actix_web::{
    HttpServer,
    web::{self, Data},
};
use chrono::TimeDelta;
use serde_json::Value;

use self::{
    limits::Surface,
    modal::{Place, Trigger, View},
    world::{Message, World},
};
use super::{Cast, Common, Practice, Running, kept::Kept, locked, page};
use crate::clock::Clock;

const APP_ID: &str = "A0PRACTICE";
const BOT_ID: &str = "B0PRACTICE";
const BOT_USER: &str = "U0OYEZBOT";
const TEAM: &str = "T0NORTHSHIRE";
const TEAM_NAME: &str = "Northshire Learning Agency";
/// How long a trigger is good for.
const TRIGGER_FOR: TimeDelta = TimeDelta::seconds(3);

/// The app, as it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackApp {
    /// Its bot token, which begins with `xoxb-`.
    pub token: String,
    /// With which Slack signs.
    pub signing_secret: String,
}

/// The simulator.
pub struct Slack {
    common: Common,
    app: SlackApp,
    base: String,
    kept: Arc<Kept<World>>,
    file: Option<PathBuf>,
    /// Open modals, by person; the last is on top.
    views: Mutex<BTreeMap<String, Vec<View>>>,
    triggers: Mutex<BTreeMap<String, Trigger>>,
    answers: Mutex<BTreeMap<String, Place>>,
}

impl Slack {
    /// Starts a simulator on this port of loopback, or on a free one; `file` is where it remembers.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(
        port: u16,
        app: SlackApp,
        clock: Arc<dyn Clock>,
        file: Option<PathBuf>,
    ) -> std::io::Result<(Data<Self>, Running)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let base = format!("http://{}", listener.local_addr()?);
        let kept = Arc::new(Kept::open(file.as_deref()).await);
        if let Some(file) = &file {
            kept.keep_in(file.clone());
        }
        let slack = Data::new(Self {
            common: Common::new(clock)?,
            app,
            base: base.clone(),
            kept,
            file,
            views: Mutex::default(),
            triggers: Mutex::default(),
            answers: Mutex::default(),
        });
        let served = slack.clone();
        let server = HttpServer::new(move || {
            page::frame()
                .app_data(served.clone())
                .route("/", web::get().to(people::page))
                .route("/sim/state", web::get().to(people::state))
                .route("/sim/say", web::post().to(people::say))
                .route("/sim/tap", web::post().to(people::tap))
                .route("/sim/submit", web::post().to(people::submit))
                .route("/sim/clock", web::post().to(people::clock))
                .route("/answers/{token}", web::post().to(api::answer))
                .route("/api/{method}", web::post().to(api::method))
                .route("/api/{method}", web::get().to(api::method))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        Ok((slack, Running::start(base, server)))
    }

    /// Where the Web API is.
    pub fn api(&self) -> String {
        format!("{}/api", self.base)
    }

    /// Says who is there.
    pub fn introduce(&self, cast: Cast) {
        self.kept.change(|world| world.introduce(&cast));
        *locked(&self.common.cast) = cast;
    }

    /// Tells the time by another clock from now on.
    pub fn tell_time_by(&self, clock: Arc<dyn Clock>) {
        self.common.tell_time_by(clock);
    }

    /// Calls Oyez there from now on, and lets people move its clock.
    pub fn meet(&self, oyez: &str, practice: Option<Arc<dyn Practice>>) {
        *locked(&self.common.oyez) = oyez.to_owned();
        *locked(&self.common.practice) = practice;
    }

    /// Writes down what it remembers.
    pub async fn save(&self) {
        if let Some(file) = &self.file {
            self.kept.save(file).await;
        }
    }

    /// Something with which the app may open a modal.
    fn trigger(&self, person: &str, view: Option<&str>) -> String {
        let id = format!("{}.{}", TEAM, ulid::Ulid::generate());
        let trigger = Trigger {
            person: person.to_owned(),
            since: self.common.now(),
            is_used: false,
            view: view.map(str::to_owned),
        };
        locked(&self.triggers).insert(id.clone(), trigger);
        id
    }

    /// Uses a trigger: whose it is, and the modal in which it was pulled.
    fn spend_trigger(&self, id: &str) -> Result<(String, Option<String>), &'static str> {
        let now = self.common.now();
        let mut triggers = locked(&self.triggers);
        let trigger = triggers.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.is_used {
            return Err("trigger_exchanged");
        }
        if now - trigger.since > TRIGGER_FOR {
            return Err("expired_trigger_id");
        }
        trigger.is_used = true;
        Ok((trigger.person.clone(), trigger.view.clone()))
    }

    /// Opens a modal, on top of another one if it is said on which.
    fn show_view(&self, person: &str, view: Value, below: Option<String>) -> Value {
        self.change_views(|views| {
            let open = views.entry(person.to_owned()).or_default();
            if below.is_none() {
                open.clear();
            }
            let view = View::new(view);
            let shown = view.shown();
            open.push(view);
            shown
        })
    }

    fn close_view(&self, person: &str) {
        self.change_views(|views| {
            if let Some(open) = views.get_mut(person) {
                open.pop();
            }
        });
    }

    fn top_view(&self, person: &str) -> Option<View> {
        self.look_at_views(|views| views.get(person)?.last().cloned())
    }

    fn look_at_views<R>(&self, look: impl FnOnce(&BTreeMap<String, Vec<View>>) -> R) -> R {
        look(&locked(&self.views))
    }

    fn change_views<R>(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<View>>) -> R) -> R {
        let result = change(&mut locked(&self.views));
        // News for whoever looks at a page.
        self.kept.change(|_| ());
        result
    }

    /// The address for answers about a place.
    fn answers_to(&self, place: &Place) -> String {
        let token = ulid::Ulid::generate().to_string();
        locked(&self.answers).insert(token.clone(), place.clone());
        format!("{}/answers/{token}", self.base)
    }

    fn change_answers<R>(&self, change: impl FnOnce(&mut BTreeMap<String, Place>) -> R) -> R {
        change(&mut locked(&self.answers))
    }

    /// Shows an answer, as its address or the answer to a command takes it.
    fn take_answer(&self, place: &Place, answer: &Value) -> Result<(), String> {
        let text = answer["text"].as_str().unwrap_or_default().to_owned();
        let blocks = answer["blocks"].clone();
        if !blocks.is_null() {
            limits::check(&blocks, Surface::Message)?;
        }
        let tapped = place.message.as_deref();
        if answer["delete_original"] == true {
            self.kept.change(|world| {
                if let Some(channel) = world.channels.get_mut(&place.channel) {
                    channel.messages.retain(|it| Some(it.ts.as_str()) != tapped);
                }
            });
            return Ok(());
        }
        if text.is_empty() && blocks.is_null() {
            return Err("no_text".to_owned());
        }
        let now = self.common.now();
        self.kept.change(|world| {
            if answer["replace_original"] == true
                && let Some(message) = tapped.and_then(|ts| world.message(&place.channel, ts))
            {
                message.text = text;
                message.blocks = blocks;
                message.is_edited = message.only_for.is_none();
                message.revision += 1;
                return;
            }
            let is_for_all = answer["response_type"] == "in_channel";
            let thread = answer["thread_ts"].as_str().or(place.thread.as_deref());
            if !is_for_all {
                self.say_to_one(world, &place.channel, &place.person, thread, (text, blocks));
                return;
            }
            let ts = world.next_ts(now);
            if let Some(channel) = world.channels.get_mut(&place.channel) {
                channel.messages.push(Message {
                    ts,
                    thread_ts: thread.map(str::to_owned),
                    from: None,
                    only_for: None,
                    text,
                    blocks,
                    metadata: None,
                    is_broadcast: false,
                    is_edited: false,
                    at: now,
                    revision: 1,
                });
            }
        });
        Ok(())
    }
}

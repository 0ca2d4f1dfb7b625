//! A simulated Teams: Microsoft Entra's token endpoint, the Bot connector with its keys, and a page.
//!
//! [`connector`] is what the bot calls, [`people`] what people do, [`bot`] how the bot is told, and
//! [`world`] what there is.

mod bot;
mod connector;
mod key;
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

use self::{key::Key, world::World};
use super::{Cast, Common, Practice, Running, kept::Kept, locked, page};
use crate::{clock::Clock, domain::Time};

/// The bot, as it is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// The id of its app.
    pub app_id: String,
    /// The id of the tenant.
    pub tenant: String,
    /// The client secret of its app, which is a secret of nothing but this simulator.
    pub secret: String,
}

/// The simulator.
pub struct Teams {
    common: Common,
    bot: Bot,
    key: Key,
    base: String,
    kept: Arc<Kept<World>>,
    file: Option<PathBuf>,
    /// The bot's tokens, each with its end.
    tokens: Mutex<BTreeMap<String, Time>>,
}

impl Teams {
    /// Starts a simulator on this port of loopback, or on a free one; `file` is where it remembers.
    ///
    /// # Errors
    /// When the port is taken, or no key can be made.
    pub async fn start(
        port: u16,
        bot: Bot,
        clock: Arc<dyn Clock>,
        file: Option<PathBuf>,
    ) -> std::io::Result<(Data<Self>, Running)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let base = format!("http://{}", listener.local_addr()?);
        let key = tokio::task::spawn_blocking(Key::make).await?;
        let kept = Arc::new(Kept::open(file.as_deref()).await);
        if let Some(file) = &file {
            kept.keep_in(file.clone());
        }
        let teams = Data::new(Self {
            common: Common::new(clock)?,
            bot,
            key: key.map_err(std::io::Error::other)?,
            base: base.clone(),
            kept,
            file,
            tokens: Mutex::default(),
        });
        let served = teams.clone();
        let server = HttpServer::new(move || {
            page::frame()
                .app_data(served.clone())
                .route("/", web::get().to(people::page))
                .route("/sim/state", web::get().to(people::state))
                .route("/sim/say", web::post().to(people::say))
                .route("/sim/tap", web::post().to(people::tap))
                .route("/sim/install", web::post().to(people::install))
                .route("/sim/clock", web::post().to(people::clock))
                .route(
                    "/v1/.well-known/openidconfiguration",
                    web::get().to(connector::metadata),
                )
                .route("/v1/.well-known/keys", web::get().to(connector::keys))
                .route(
                    "/{tenant}/oauth2/v2.0/token",
                    web::post().to(connector::token),
                )
                .service(
                    web::scope("/teams/v3/conversations")
                        .route("", web::post().to(connector::create))
                        .route("/{id}/activities", web::post().to(connector::send))
                        .route(
                            "/{id}/activities/{activity}",
                            web::post().to(connector::reply),
                        )
                        .route(
                            "/{id}/activities/{activity}",
                            web::put().to(connector::update),
                        )
                        .route(
                            "/{id}/activities/{activity}",
                            web::delete().to(connector::delete),
                        )
                        .route("/{id}/members/{member}", web::get().to(connector::member))
                        .route("/{id}/pagedMembers", web::get().to(connector::members)),
                )
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        Ok((teams, Running::start(base, server)))
    }

    /// Where the Bot connector takes posts: what the bot's settings call its service URL.
    pub fn service_url(&self) -> String {
        format!("{}/teams/", self.base)
    }

    /// Where the OpenID metadata are.
    pub fn metadata_url(&self) -> String {
        format!("{}/v1/.well-known/openidconfiguration", self.base)
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

    /// A token for the bot.
    fn issue(&self, lasts: TimeDelta) -> String {
        let now = self.common.now();
        let token = format!("practice.{}", ulid::Ulid::generate());
        let mut tokens = locked(&self.tokens);
        tokens.retain(|_, end| *end > now);
        tokens.insert(token.clone(), now + lasts);
        token
    }

    fn is_good(&self, token: &str) -> bool {
        let now = self.common.now();
        locked(&self.tokens)
            .get(token)
            .is_some_and(|end| now < *end)
    }
}

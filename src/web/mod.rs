//! HTTP: it translates a request, calls one use case, and translates the answer back.

mod body;
mod caller;
mod chat;
mod head;
mod health;
mod in_time;
mod incidents;
mod insider;
mod manage;
mod openapi;
mod pages;
mod problem;
mod slack;
mod stream;
pub mod teams;
mod waiting;
mod who;

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{App as WebApp, HttpServer, dev::ServerHandle, middleware, web};
use tokio::sync::watch;
use utoipa_actix_web::AppExt;

pub use self::{
    slack::{ANSWER_WITHIN, Recent, SlackDoor},
    teams::{
        door::TeamsDoor,
        keys::Keys,
        token::{Expected, Gate},
    },
    waiting::Waiting,
};
use crate::{app::App, process::descriptors::Descriptors, render::PageTemplates};

/// Most bytes of a JSON body: a directory is imported from files, not through here.
const BODY_LIMIT: usize = 256 * 1024;

/// Threads that answer.
const WORKERS: usize = 2;

/// Told once when the server is to stop, so that open event streams end and do not hold it up.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A stop that ends what waits for it once the sender says true, or is gone.
    pub fn new(receiver: watch::Receiver<bool>) -> Self {
        Self(receiver)
    }

    /// Ends when the server is to stop.
    pub fn requested(&self) -> impl Future<Output = ()> + use<> {
        let mut receiver = self.0.clone();
        async move {
            // The sender being gone means that the process is going, too.
            let _ = receiver.wait_for(|stop| *stop).await;
        }
    }
}

/// Doors that are open only where they are set up.
#[derive(Clone, Default)]
pub struct Doors {
    /// Slack's.
    pub slack: Option<Arc<SlackDoor>>,
    /// The Teams bot's.
    pub teams: Option<Arc<TeamsDoor>>,
}

/// A server that listens already.
pub struct Server {
    /// Where it listens; the port is chosen by the system if 0 was asked for.
    pub addresses: Vec<SocketAddr>,
    /// To stop it.
    pub handle: ServerHandle,
    /// Runs until it is stopped.
    pub running: actix_web::dev::Server,
}

/// Listens on an address.
pub fn listen(
    app: Arc<App>,
    doors: Doors,
    stop: Stop,
    address: SocketAddr,
    grace: Duration,
) -> std::io::Result<Server> {
    let app = web::Data::from(app);
    let stop = web::Data::new(stop);
    let slack = web::Data::new(doors.slack);
    let teams = web::Data::new(doors.teams);
    let templates = web::Data::new(PageTemplates::new());
    let server = HttpServer::new(move || {
        let (web, api) = WebApp::new()
            .wrap(middleware::from_fn(head::answer))
            .wrap(
                middleware::DefaultHeaders::new()
                    .add(("X-Content-Type-Options", "nosniff"))
                    .add(("Cache-Control", "no-store")),
            )
            .into_utoipa_app()
            .app_data(app.clone())
            .app_data(stop.clone())
            .app_data(slack.clone())
            .app_data(teams.clone())
            .app_data(templates.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .app_data(problem::extractors::query())
            .app_data(problem::extractors::path())
            .service(incidents::list)
            .service(incidents::declare)
            .service(incidents::status)
            .service(incidents::change)
            .service(incidents::deliveries)
            .service(incidents::who)
            .service(incidents::retry)
            .service(incidents::verify)
            .service(who::who)
            .service(manage::policy)
            .service(manage::put_policy)
            .service(manage::directory)
            .service(manage::tokens)
            .service(manage::make_token)
            .service(manage::revoke_token)
            .service(stream::events)
            .split_for_parts();
        let document = openapi::describe(api);
        let fallback = openapi::fallback(&document);
        web.app_data(web::Data::new(document))
            .service(openapi::document)
            .service(health::healthz)
            .service(health::readyz)
            .service(health::metrics)
            .service(slack::commands::commands)
            .service(slack::interactions::interactions)
            .service(slack::events::events)
            .service(teams::door::messages)
            .configure(pages::routes)
            .default_service(web::to(fallback))
    })
    .workers(WORKERS)
    // Each worker has its part of them; the rest is kept back for what the server itself opens.
    .max_connections((Descriptors::now().for_callers() / WORKERS).max(1))
    .shutdown_timeout(grace.as_secs())
    .disable_signals()
    .bind(address)?;
    let addresses = server.addrs();
    let running = server.run();
    Ok(Server {
        addresses,
        handle: running.handle(),
        running,
    })
}

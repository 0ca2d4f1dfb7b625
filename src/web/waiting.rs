//! The server while its database is away at the start: it lives, and says that it can do nothing yet.

use std::{net::SocketAddr, time::Duration};

use actix_web::{
    App as WebApp, HttpResponse, HttpServer, ResponseError, dev::ServerHandle, http::StatusCode,
    middleware, web,
};
use tokio::task::JoinHandle;

use super::{head, health, problem::Problem};
use crate::app::Error;

/// Most connections of each of its threads: probes, and callers who try again.
const CONNECTIONS: usize = 64;

/// A server that waits.
pub struct Waiting {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    handle: ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
}

impl Waiting {
    /// Listens on an address. `why` is what keeps the server from starting.
    pub fn listen(address: SocketAddr, why: &Error, grace: Duration) -> std::io::Result<Self> {
        let sentence = web::Data::new(Sentence(why.sentence.clone()));
        let server = HttpServer::new(move || {
            WebApp::new()
                .wrap(middleware::from_fn(head::answer))
                .app_data(sentence.clone())
                .service(health::healthz)
                .route("/readyz", web::get().to(readyz))
                .default_service(web::to(sorry))
        })
        .workers(1)
        .max_connections(CONNECTIONS)
        .shutdown_timeout(grace.as_secs())
        .disable_signals()
        .bind(address)?;
        let addresses = server.addrs();
        let running = server.run();
        Ok(Self {
            addresses,
            handle: running.handle(),
            running: tokio::spawn(running),
        })
    }

    /// Makes room for the server that it waited for.
    pub async fn close(self) {
        self.handle.stop(false).await;
        let _ = self.running.await;
    }
}

struct Sentence(String);

async fn readyz(why: web::Data<Sentence>) -> HttpResponse {
    health::not_ready(vec![why.0.clone()])
}

async fn sorry(why: web::Data<Sentence>) -> HttpResponse {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "database-away",
        why.0.clone(),
        "Try again in a moment: the server starts as soon as its database is there.",
    )
    .error_response()
}

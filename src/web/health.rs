//! `/healthz`, `/readyz`, `/metrics`: for the machines that look after this one.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;

use super::insider;
use crate::app::App;

/// What whoever asks from elsewhere without a key is told of what is wrong.
const FOR_OTHERS: &str = "Something needs attention. Ask with a key, or on the server's own machine, \
                          to read what.";

/// Alive: the process answers.
#[get("/healthz")]
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok")
}

#[derive(Debug, Serialize)]
struct Ready {
    ready: bool,
    /// What is wrong, in sentences; also what does not keep it from working.
    notices: Vec<String>,
}

/// Ready: this process can answer commands, because the database answers and is up to date. What else is
/// wrong is a notice: that chat is taken away from people mends none of it.
#[get("/readyz")]
pub(super) async fn readyz(app: web::Data<App>, request: HttpRequest) -> HttpResponse {
    let (readiness, asks_inside) = tokio::join!(app.readiness(), insider::asks(&request));
    let (ready, notices) = match readiness {
        Ok(notices) => (true, notices),
        Err(error) => {
            tracing::warn!(code = error.code, chain = error.chain(), "not ready");
            (false, vec![error.sentence])
        }
    };
    let notices = match notices.is_empty() || asks_inside {
        true => notices,
        // Which setting is wrong is nobody else's business.
        false => vec![FOR_OTHERS.to_owned()],
    };
    match ready {
        true => HttpResponse::Ok().json(Ready { ready, notices }),
        false => not_ready(notices),
    }
}

/// That it cannot do its job, and why.
pub(super) fn not_ready(notices: Vec<String>) -> HttpResponse {
    HttpResponse::ServiceUnavailable().json(Ready {
        ready: false,
        notices,
    })
}

/// Figures for Prometheus.
#[get("/metrics")]
pub(super) async fn metrics(app: web::Data<App>) -> HttpResponse {
    match app.metrics().await {
        Ok(text) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4")
            .body(text),
        Err(error) => {
            tracing::warn!(chain = error.chain(), "the figures could not be read");
            HttpResponse::ServiceUnavailable().body(error.sentence)
        }
    }
}

//! `/healthz`, `/readyz`, `/metrics`: for the machines that look after this one.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;

use crate::app::App;

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

/// Ready: the database answers and is up to date. What runs on a last good version is a notice.
#[get("/readyz")]
pub(super) async fn readyz(app: web::Data<App>) -> HttpResponse {
    match app.readiness().await {
        Ok(notices) => HttpResponse::Ok().json(Ready {
            ready: true,
            notices,
        }),
        Err(error) => {
            tracing::warn!(code = error.code, chain = error.chain(), "not ready");
            HttpResponse::ServiceUnavailable().json(Ready {
                ready: false,
                notices: vec![error.sentence],
            })
        }
    }
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

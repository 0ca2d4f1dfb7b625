//! What the pages of both simulators share: the frame, the clock, waiting for news.

use std::time::Duration;

use actix_web::{
    App, Error, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::header,
    middleware::DefaultHeaders,
    web,
};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;

use super::{Common, Step, asset, locked};

/// How long a page waits for news before it asks again.
pub(super) const WAIT: Duration = Duration::from_secs(20);
/// Most bytes of a request, which is more than the services take of a message.
const BODY_MAX: usize = 1024 * 1024;
/// Nothing but our own files; the renderer of cards and our scripts set styles by script alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A server's frame, with the files of the pages.
pub(super) fn frame() -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .wrap(
            DefaultHeaders::new()
                .add((header::CONTENT_SECURITY_POLICY, POLICY))
                .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .add((header::CACHE_CONTROL, "no-store")),
        )
        .app_data(web::PayloadConfig::new(BODY_MAX))
        .route("/assets/{name}", web::get().to(asset::serve))
}

/// The page itself.
pub(super) fn page(html: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(html)
}

/// Whether a request of a page comes from that page. Another web site that the same browser shows could
/// send one, too.
pub(super) fn is_own(request: &HttpRequest, base: &str) -> bool {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let is_ours = |origin: &str| origin == base;
    let host = header(header::HOST).is_some_and(|host| base.ends_with(&format!("//{host}")));
    host && header(header::ORIGIN).is_none_or(is_ours)
}

pub(super) fn foreign() -> HttpResponse {
    HttpResponse::Forbidden().body("This is for the simulator's own page.")
}

/// A no to whoever sits before the page, in words.
pub(super) fn refused(sentence: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "sentence": sentence }))
}

#[derive(Debug, Deserialize)]
pub(super) struct Later {
    /// `None`: until the next thing is due.
    minutes: Option<i64>,
}

/// Moves the clock on.
pub(super) async fn move_clock(common: &Common, later: &Later) -> HttpResponse {
    let step = match later.minutes {
        Some(minutes) if (1..=7 * 24 * 60).contains(&minutes) => {
            Step::By(TimeDelta::minutes(minutes))
        }
        Some(_) => return refused("Choose from one minute to a week."),
        None => Step::ToNextDue,
    };
    let practice = locked(&common.practice).clone();
    let moved = match practice {
        Some(practice) => practice.move_on(step).await,
        None => Err("The clock cannot be moved here.".to_owned()),
    };
    match moved {
        Ok(()) => HttpResponse::Ok().json(json!({ "now": common.now() })),
        Err(sentence) => refused(&sentence),
    }
}

/// What every answer of a page's state begins with.
pub(super) fn state(common: &Common, version: u64) -> serde_json::Value {
    let people: Vec<_> = common
        .cast()
        .people
        .into_iter()
        .map(|person| json!({ "id": person.id, "name": person.name, "role": person.role }))
        .collect();
    json!({ "version": version, "now": common.now(), "people": people })
}

//! `/a/{token}`: the signed pages on which people answer from their mail.
//!
//! To look at a page (GET, HEAD) never records anything, because scanners open every link of a mail;
//! its form does (POST). Pages work without scripts, load nothing from elsewhere, are kept by nobody
//! and are sent nowhere.

mod view;

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    error::InternalError,
    http::StatusCode,
    web::{self, FormConfig, ServiceConfig},
};
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::{
    app::{
        App, Error,
        pages::{LINK_EXPIRED, NO_PAGE, Pressed, SignedPage},
    },
    render::PageTemplates,
};

/// Most bytes of a form: it holds a name, an answer and a number.
const FORM_LIMIT: usize = 4 * 1024;

const STYLE: &str = include_str!("../../../templates/pages/style.css");

/// The routes of the pages.
pub(super) fn routes(config: &mut ServiceConfig) {
    let page = web::resource("/a/{token}")
        .app_data(FormConfig::default().limit(FORM_LIMIT).error_handler(
            |error, _: &HttpRequest| {
                let status = ResponseError::status_code(&error);
                let answer = sorry(
                    &PageTemplates::new(),
                    status,
                    "What you sent cannot be read.",
                    "Nothing was recorded. Go back and press one of the buttons.",
                );
                InternalError::from_response(error, answer).into()
            },
        ))
        .route(web::get().to(show))
        .route(web::post().to(press));
    config
        .service(page)
        .route("/pages/style.css", web::get().to(style));
}

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header(("Cache-Control", "public, max-age=3600"))
        .body(STYLE)
}

async fn show(
    app: web::Data<App>,
    templates: web::Data<PageTemplates>,
    token: web::Path<String>,
) -> HttpResponse {
    let page = app.signed_page(&token).await;
    answer(&templates, page)
}

/// What a form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Form {
    who: Option<String>,
    answer: Option<String>,
    service: Option<String>,
    revision: Option<u32>,
}

async fn press(
    app: web::Data<App>,
    templates: web::Data<PageTemplates>,
    token: web::Path<String>,
    form: web::Form<Form>,
) -> HttpResponse {
    let form = form.into_inner();
    let pressed = Pressed {
        who: form.who,
        answer: form.answer,
        service: form.service,
        revision: form.revision,
    };
    let page = app.press(&token, &pressed).await;
    answer(&templates, page)
}

fn answer(templates: &PageTemplates, page: Result<SignedPage, Error>) -> HttpResponse {
    match page {
        Ok(SignedPage::Seen(page)) => shown(templates, "seen", &view::seen(&page)),
        Ok(SignedPage::Affected(page)) => shown(templates, "affected", &view::affected(&page)),
        Err(error) => {
            let is_gone = error.code == LINK_EXPIRED;
            if is_gone || error.code == NO_PAGE {
                // The link itself is a right to answer, so it is not in the log.
                tracing::warn!(code = error.code, "a signed page was asked for in vain");
            }
            let problem = Problem::from(error);
            let status = match is_gone {
                true => StatusCode::GONE,
                false => StatusCode::from_u16(problem.status)
                    .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            };
            sorry(templates, status, &problem.title, &problem.detail)
        }
    }
}

fn shown(templates: &PageTemplates, name: &str, view: &impl Serialize) -> HttpResponse {
    match templates.page(name, view) {
        Ok(page) => html(StatusCode::OK, page),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a page cannot be made"
            );
            html(
                StatusCode::INTERNAL_SERVER_ERROR,
                "<!DOCTYPE html><html lang=\"en-GB\"><title>Oyez</title><h1>This page cannot be \
                 shown.</h1><p>Reply to the message that you got.</p></html>"
                    .to_owned(),
            )
        }
    }
}

fn sorry(templates: &PageTemplates, status: StatusCode, heading: &str, more: &str) -> HttpResponse {
    let view = serde_json::json!({ "title": heading, "heading": heading, "sentence": more });
    let mut answer = shown(templates, "sorry", &view);
    if answer.status() == StatusCode::OK {
        *answer.status_mut() = status;
    }
    answer
}

fn html(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"))
        .insert_header(("Cache-Control", "no-store"))
        .body(body)
}

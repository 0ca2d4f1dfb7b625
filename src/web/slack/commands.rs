//! `/incident …`

use std::sync::Arc;

use actix_web::{HttpResponse, post, web::Data};
use serde_json::json;

use super::{
    answer::{Said, What, follow, in_view},
    payload::Slash,
    signed::{Refused, Signed},
};
use crate::{
    app::App,
    chatops::{grammar, slack::message, slack_text::spoken},
    web::in_time::in_time,
};

/// A slash command. What a form answers opens a modal; the rest is answered in the channel, to the
/// speaker alone.
#[post("/slack/commands")]
pub(in crate::web) async fn commands(
    app: Data<App>,
    signed: Signed,
) -> Result<HttpResponse, Refused> {
    let slash: Slash = signed.form()?;
    let door = signed.door;
    let line = spoken(&slash.text, "");
    let opens = door.app.is_some() && grammar::asks_for_form(&line);
    let said = Said {
        what: What::Line(line),
        user: slash.user_id,
        conversation: slash.channel_id,
        thread: None,
        key: slash.trigger_id.clone(),
        prefix: "/incident ",
        forms_first: false,
    };
    if opens {
        let view = in_view(app, door, said, slash.trigger_id, slash.response_url);
        tokio::spawn(view);
        return Ok(HttpResponse::Ok().finish());
    }
    let mut answer = tokio::spawn(said.answer(app, Arc::clone(&door)));
    Ok(match in_time(door.answer_within, &mut answer).await {
        Some(Ok(reply)) => HttpResponse::Ok().json(message(&reply, false)),
        Some(Err(_)) => HttpResponse::Ok().finish(),
        None => {
            tokio::spawn(async move {
                if let Ok(reply) = answer.await {
                    follow(&door.http, &slash.response_url, &reply, true).await;
                }
            });
            HttpResponse::Ok().json(json!({
                "response_type": "ephemeral",
                "text": "Working on it…",
            }))
        }
    })
}

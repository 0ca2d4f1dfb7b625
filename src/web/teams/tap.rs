//! A tap on a card.
//!
//! The answer to the call changes the card for whoever tapped, until they look again. What settles a
//! card is written into the message as well, so that it stays, on every device and for everybody
//! there.

use std::sync::Arc;

use actix_web::{HttpResponse, web::Data};
use serde_json::{Value, json};

use super::{activity::Activity, door::TeamsDoor, met, token::Vouched};
use crate::{
    app::App,
    chatops::{
        reply::{Act, Reply},
        teams::{activity, invoke_response},
    },
    web::chat::{self, Tapped},
};

/// Answers a tap in time. What takes longer goes on, and its answer is written into the message.
pub(super) async fn answer(
    app: Data<App>,
    door: Arc<TeamsDoor>,
    at: Vouched,
    call: Activity,
) -> HttpResponse {
    let Some(act) = call.act() else {
        return HttpResponse::Ok().json(error(400, "This is no tap of ours."));
    };
    let call = Arc::new(call);
    let (own, of) = (Arc::clone(&door), Arc::clone(&call));
    // A task of its own: what was begun is ended, even if Teams hangs up.
    let vouched = at.clone();
    let mut answer = tokio::spawn(async move {
        met::note(&app, &own, &vouched, &of).await;
        carried_out(&app, &own, &of, act).await
    });
    match tokio::time::timeout(door.answer_within, &mut answer).await {
        Ok(Ok(tapped)) => {
            let response = invoke_response(&tapped.reply);
            if tapped.settles {
                tokio::spawn(async move { turn(&door, &at, &call, &tapped.reply).await });
            }
            HttpResponse::Ok().json(response)
        }
        Ok(Err(_)) => HttpResponse::Ok().json(error(500, "Something went wrong here.")),
        Err(_) => {
            tokio::spawn(async move {
                let mut tapped = answer.await.unwrap_or_else(|_| broken());
                // Its card says that we are working on it, until something else is there.
                tapped.settles |= call.is_personal();
                show(&door, &at, &call, &tapped).await;
            });
            HttpResponse::Ok().json(invoke_response(&Reply::text(
                "Working on it",
                ["The answer takes the place of this card as soon as it is there.".to_owned()],
            )))
        }
    }
}

/// Does what a tap asks for.
pub(super) async fn carried_out(app: &App, door: &TeamsDoor, call: &Activity, act: Act) -> Tapped {
    let key = call.request_key();
    let thread = call.thread();
    let place = call.place(door, &key, thread.as_deref());
    chat::tapped(app, &place, act, &call.filled()).await
}

/// Shows the answer where the answer to the call does not: in the place of the card if it settles
/// it, or below.
pub(super) async fn show(door: &TeamsDoor, at: &Vouched, call: &Activity, tapped: &Tapped) {
    if !tapped.settles || !turn(door, at, call, &tapped.reply).await {
        door.say(at, &call.conversation.id, &tapped.reply).await;
    }
}

/// Writes an answer into the message whose card was tapped; whether Teams took it.
async fn turn(door: &TeamsDoor, at: &Vouched, call: &Activity, reply: &Reply) -> bool {
    if call.reply_to_id.is_empty() {
        return false;
    }
    let place = (call.conversation.id.as_str(), call.reply_to_id.as_str());
    let activity = activity(reply);
    let outcome = door.bot.edit(&at.service_url, place, &activity).await;
    if !outcome.class.is_success() {
        tracing::warn!(
            class = outcome.class.as_str(),
            "a card in Teams could not be changed"
        );
    }
    outcome.class.is_success()
}

fn broken() -> Tapped {
    Tapped {
        reply: Reply::text(
            "Something went wrong here. Whether it was done is not known.",
            ["Look before you tap again: say status.".to_owned()],
        ),
        settles: false,
    }
}

fn error(status: u16, message: &str) -> Value {
    json!({
        "statusCode": status,
        "type": "application/vnd.microsoft.error",
        "value": { "code": if status == 400 { "BadRequest" } else { "Failed" }, "message": message },
    })
}

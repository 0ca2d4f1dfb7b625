//! A tap on a card, or in a dialog.
//!
//! The answer to the call changes the card for whoever tapped, until they look again. What settles a
//! card is written into the message as well, so that it stays, on every device and for everybody
//! there.

use std::sync::Arc;

use actix_web::{HttpResponse, web::Data};
use serde_json::{Value, json};

use super::{activity::Activity, door::TeamsDoor, here::Here, met, token::Vouched};
use crate::{
    app::{App, ErrorKind},
    chatops::{
        reply::{Act, Reply},
        teams::{activity, dialog_response, invoke_response},
    },
    web::{
        chat::{self, Place, Tapped},
        in_time::in_time,
    },
};

/// What the answer to the call changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The card on which the button is.
    Card,
    /// A dialog, which the button opens or is in.
    Dialog,
}

impl Shape {
    /// By the name of the call; `None` for what is nothing of ours.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "adaptiveCard/action" => Some(Self::Card),
            "task/fetch" | "task/submit" => Some(Self::Dialog),
            _ => None,
        }
    }

    fn response(self, tapped: &Tapped) -> Value {
        match self {
            Self::Card => invoke_response(&tapped.reply),
            Self::Dialog => dialog_response(&tapped.reply, tapped.settles || tapped.is_end()),
        }
    }

    fn working(self) -> Value {
        let said = |more: &str| Reply::text("Working on it", [more.to_owned()]);
        match self {
            Self::Card => invoke_response(&said(
                "The answer takes the place of this card as soon as it is there.",
            )),
            Self::Dialog => dialog_response(&said("The answer follows in the chat."), true),
        }
    }

    fn trouble(self, status: u16, message: &str) -> Value {
        match self {
            Self::Card => error(status, message),
            Self::Dialog => dialog_response(&Reply::text(message, []), true),
        }
    }
}

/// Answers a tap in time. What takes longer goes on, and its answer is written into the message.
pub(super) async fn answer(
    app: Data<App>,
    door: Arc<TeamsDoor>,
    at: Vouched,
    (call, shape): (Activity, Shape),
) -> HttpResponse {
    let Some(act) = call.act() else {
        return HttpResponse::Ok().json(shape.trouble(400, "This is no tap of ours."));
    };
    if call.is_look() {
        return looked(app, (door, at, call), act).await;
    }
    // Whoever gives up in a dialog still wants the card from which it was opened.
    let turns = shape == Shape::Card || !matches!(act, Act::Drop(_));
    let on_root = call.is_on_root();
    let came = Arc::new((door, at, call));
    // A task of its own: what was begun is ended, even if Teams hangs up.
    let own = Arc::clone(&came);
    let mut answer = tokio::spawn(async move {
        met::note(&app, here(&own)).await;
        carried_out(&app, here(&own), act).await
    });
    match in_time(came.0.answer_within, &mut answer).await {
        Some(Ok(tapped)) => {
            let response = shape.response(&tapped);
            if tapped.settles && turns {
                tokio::spawn(async move { turn(here(&came), &tapped.reply).await });
            }
            HttpResponse::Ok().json(response)
        }
        Some(Err(_)) => HttpResponse::Ok().json(shape.trouble(500, "Something went wrong here.")),
        None => {
            tokio::spawn(async move {
                let mut tapped = answer.await.unwrap_or_else(|_| broken());
                // What is not done yet is nobody else's, and whoever tapped still has the buttons.
                if on_root && !tapped.settles {
                    return;
                }
                // Its card says that we are working on it, until something else is there.
                tapped.settles |= shape == Shape::Card && came.2.is_personal();
                tapped.settles &= turns;
                show(here(&came), &tapped).await;
            });
            HttpResponse::Ok().json(if on_root {
                shape.trouble(500, "This takes longer. Look again in a moment.")
            } else {
                shape.working()
            })
        }
    }
}

/// What somebody sees in the place of a card that everybody sees, which stays if we are too slow. Nobody
/// has tapped, so nothing is done but looking.
async fn looked(
    app: Data<App>,
    came: (Arc<TeamsDoor>, Vouched, Activity),
    act: Act,
) -> HttpResponse {
    let Act::Look(incident) = act else {
        return HttpResponse::Ok().json(error(400, "There is nothing else to see here."));
    };
    let within = came.0.answer_within;
    let seen = tokio::spawn(async move {
        let here = here(&came);
        let key = here.call.request_key();
        let thread = here.call.thread();
        let place = Place {
            // Teams shows the answer to nobody else.
            is_private: true,
            ..here.place(&key, thread.as_deref())
        };
        chat::look(&app, &place, incident).await
    });
    HttpResponse::Ok().json(match in_time(within, seen).await {
        Some(Ok(Ok(reply))) => invoke_response(&reply),
        Some(Ok(Err(no))) if matches!(no.kind, ErrorKind::Unexpected | ErrorKind::Unavailable) => {
            tracing::error!(
                code = no.code,
                chain = no.chain(),
                "a view of a card could not be made"
            );
            error(500, "Something went wrong here.")
        }
        Some(Ok(Err(_))) => error(400, "There is nothing else to see here."),
        Some(Err(_)) => error(500, "Something went wrong here."),
        None => error(500, "This took too long."),
    })
}

fn here(came: &(Arc<TeamsDoor>, Vouched, Activity)) -> Here<'_> {
    Here {
        door: &came.0,
        at: &came.1,
        call: &came.2,
    }
}

/// Does what a tap asks for.
pub(super) async fn carried_out(app: &App, here: Here<'_>, act: Act) -> Tapped {
    let key = here.call.request_key();
    let thread = here.call.thread();
    let place = here.place(&key, thread.as_deref());
    chat::tapped(app, &place, act, &here.call.filled()).await
}

/// Shows the answer where the answer to the call does not: in the place of the card if it settles
/// it, or below.
pub(super) async fn show(here: Here<'_>, tapped: &Tapped) {
    if !tapped.settles || !turn(here, &tapped.reply).await {
        let conversation = &here.call.conversation.id;
        here.door.say(here.at, conversation, &tapped.reply).await;
    }
}

/// Writes an answer into the message whose card was tapped; whether Teams took it.
async fn turn(Here { door, at, call }: Here<'_>, reply: &Reply) -> bool {
    // What we began a thread with is nobody's answer; that of an incident is kept true by what is said
    // about it.
    if call.reply_to_id.is_empty() || call.is_on_root() {
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

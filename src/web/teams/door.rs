//! What Teams sends the bot: messages and taps.
//!
//! A message is answered by a post of ours, since Teams takes none in the answer to its call; a tap
//! is answered at once, with the card that takes the place of the tapped one.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::AUTHORIZATION,
    post,
    web::{Bytes, Data},
};
use serde_json::Value;

use super::{
    activity::Activity,
    here::Here,
    met,
    tap::{self, Shape},
    token::{Gate, Vouched},
};
use crate::{
    app::App,
    channels::Bot,
    chatops::{
        reply::{Act, Reply},
        teams::activity,
    },
    domain::ChannelName,
    web::chat,
};

/// How the bot's calls are recognised and answered.
pub struct TeamsDoor {
    /// Checks who calls.
    pub gate: Gate,
    /// Answers.
    pub bot: Bot,
    /// The channel of the settings whose addresses are those of Teams.
    pub channel: ChannelName,
    /// A tap that takes longer is answered with a word first: see [`TeamsDoor::ANSWER_WITHIN`].
    pub answer_within: Duration,
}

impl TeamsDoor {
    /// The Teams client shows an error after five to ten seconds; the way there and back takes some.
    pub const ANSWER_WITHIN: Duration = Duration::from_secs(4);

    /// Posts an answer where somebody spoke.
    pub(super) async fn say(&self, at: &Vouched, conversation: &str, reply: &Reply) {
        let activity = activity(reply);
        let said = self.bot.say(&at.service_url, conversation, &activity).await;
        if !said.class.is_success() {
            tracing::warn!(class = said.class.as_str(), "an answer did not reach Teams");
        }
    }
}

/// Everything that Teams sends the bot.
#[post("/api/messages")]
pub(crate) async fn messages(
    app: Data<App>,
    door: Data<Option<Arc<TeamsDoor>>>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let Some(door) = door.as_ref() else {
        return HttpResponse::NotFound().finish();
    };
    let Ok(call) = serde_json::from_slice::<Value>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    let authorization = request.headers().get(AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let Ok(vouched) = door.gate.admit(authorization, &call).await else {
        return HttpResponse::Unauthorized().finish();
    };
    let Ok(call) = serde_json::from_value::<Activity>(call) else {
        return HttpResponse::BadRequest().finish();
    };
    let door = Arc::clone(door);
    // Without its id, the same call again cannot be recognised.
    if call.id.is_empty() && matches!(call.kind.as_str(), "message" | "invoke") {
        return HttpResponse::BadRequest().finish();
    }
    match call.kind.as_str() {
        "message" => {
            // Teams is not kept waiting: what is said is answered by a post.
            tokio::spawn(async move {
                let here = Here {
                    door: &door,
                    at: &vouched,
                    call: &call,
                };
                met::note(&app, here).await;
                heard(&app, here).await;
            });
            HttpResponse::Ok().finish()
        }
        "invoke" => match Shape::of(&call.name) {
            Some(shape) => tap::answer(app, door, vouched, (call, shape)).await,
            None => HttpResponse::NotImplemented().finish(),
        },
        "installationUpdate" => {
            tokio::spawn(async move {
                let here = Here {
                    door: &door,
                    at: &vouched,
                    call: &call,
                };
                met::note(&app, here).await;
            });
            HttpResponse::Ok().finish()
        }
        "conversationUpdate" if call.adds_us() || call.removes_us() => {
            tokio::spawn(async move {
                let here = Here {
                    door: &door,
                    at: &vouched,
                    call: &call,
                };
                met::note(&app, here).await;
                if call.adds_us() {
                    door.say(&vouched, &call.conversation.id, &greeting()).await;
                }
            });
            HttpResponse::Ok().finish()
        }
        _ => HttpResponse::Ok().finish(),
    }
}

/// Answers a message: a line, or a tap of a client that knows no other way.
async fn heard(app: &App, here: Here<'_>) {
    let call = here.call;
    if let Some(act) = call.act() {
        let tapped = tap::carried_out(app, here, act).await;
        return tap::show(here, &tapped).await;
    }
    let key = call.request_key();
    let thread = call.thread();
    let place = here.place(&key, thread.as_deref());
    let reply = chat::hear(app, &place, &call.line()).await;
    here.door.say(here.at, &call.conversation.id, &reply).await;
}

fn greeting() -> Reply {
    Reply::text(
        "Oyez tells the right people about an incident, on time.",
        ["Try this: open, who, help.".to_owned()],
    )
    .button("Help", Act::Say("help".to_owned()))
    .button("Open incidents", Act::Say("list".to_owned()))
}

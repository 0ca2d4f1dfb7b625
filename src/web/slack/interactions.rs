//! Taps on buttons, and modals that were handed in.

use std::sync::Arc;

use actix_web::{HttpResponse, post, web::Data};

use super::{
    SlackDoor,
    answer::{Otherwise, Said, What, follow, in_view, show},
    payload::{Form, Interaction, Submitted, Tapped},
    signed::{Refused, Signed, unreadable},
};
use crate::{
    app::App,
    chatops::{
        form::Filled,
        reply::Act,
        slack_view::{form_line, submitted, working},
    },
    web::in_time::in_time,
};

/// A tap or a submission.
#[post("/slack/interactions")]
pub(in crate::web) async fn interactions(
    app: Data<App>,
    signed: Signed,
) -> Result<HttpResponse, Refused> {
    let form: Form = signed.form()?;
    let interaction = serde_json::from_str(&form.payload).map_err(unreadable)?;
    Ok(match interaction {
        Interaction::BlockActions(tapped) => {
            tokio::spawn(answer_tap(app, signed.door, tapped));
            HttpResponse::Ok().finish()
        }
        Interaction::ViewSubmission(view) => submission(app, signed.door, view).await,
        Interaction::Other => HttpResponse::Ok().finish(),
    })
}

/// A tap is answered where it was made: in the view, or at the address that came with it. What a
/// form answers opens a view.
async fn answer_tap(app: Data<App>, door: Arc<SlackDoor>, tapped: Tapped) {
    let values = tapped.actions.iter();
    let mut acts = values.filter_map(|action| Act::from_value(action.value.as_deref()?));
    let Some(act) = acts.next() else {
        return;
    };
    let conversation = tapped.channel.map(|channel| channel.id).unwrap_or_default();
    let thread = tapped.container.thread_ts;
    let thread = thread.map(|root| format!("{conversation}/{root}"));
    let said = |act, filled| Said {
        what: What::Tap(act, filled),
        user: tapped.user.id.clone(),
        conversation,
        thread,
        key: tapped.trigger_id.clone(),
        prefix: "/incident ",
        forms_first: false,
    };
    match (tapped.view, tapped.response_url) {
        (Some(view), _) => {
            let reply = said(act, view.state.filled());
            let reply = reply.answer(app, Arc::clone(&door)).await;
            show(&door, &view.id, &reply, Otherwise::Person(tapped.user.id)).await;
        }
        (None, Some(url)) => {
            let filled = tapped.state.filled();
            if door.app.is_some()
                && let Some(line) = form_line(&act, &filled)
            {
                let said = said(Act::Say(line), Filled::new());
                return in_view(app, door, said, tapped.trigger_id, url).await;
            }
            let reply = said(act, filled).answer(app, Arc::clone(&door)).await;
            // Others may see the message, and may want its buttons.
            follow(&door.http, &url, &reply, tapped.container.is_ephemeral).await;
        }
        (None, None) => {}
    }
}

/// A modal is answered by what takes its place: what is wrong, the next step, the result.
async fn submission(app: Data<App>, door: Arc<SlackDoor>, handed_in: Submitted) -> HttpResponse {
    let view = handed_in.view;
    let Some(act) = Act::from_value(&view.private_metadata) else {
        return HttpResponse::Ok().finish();
    };
    let user = handed_in.user.id;
    let said = Said {
        what: What::Tap(act, view.state.filled()),
        user: user.clone(),
        conversation: String::new(),
        thread: None,
        // The same view in the same state is the same request.
        key: format!("{} {}", view.id, view.hash),
        prefix: "/incident ",
        forms_first: false,
    };
    let mut answer = tokio::spawn(said.answer(app.clone(), Arc::clone(&door)));
    match in_time(door.answer_within, &mut answer).await {
        Some(Ok(reply)) => HttpResponse::Ok().json(submitted(&reply)),
        Some(Err(_)) => HttpResponse::Ok().finish(),
        None => {
            tokio::spawn(async move {
                // Slack must have shown that we are at work before the result takes its place.
                app.clock.pause(door.answer_within / 4).await;
                if let Ok(reply) = answer.await {
                    show(&door, &view.id, &reply, Otherwise::Person(user)).await;
                }
            });
            HttpResponse::Ok().json(working())
        }
    }
}

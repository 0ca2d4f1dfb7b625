//! Messages that mention the app, and direct messages to it.
//!
//! Slack sends an event again until it is told that it came, so it is told at once, and the same
//! event again is not answered again. Of those that came lately the ids are remembered here; what
//! was done is done once whatever is forgotten, because the id is its request key.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{HttpResponse, http::header::ContentType, post, web::Data};

use super::{
    SlackDoor,
    answer::{Said, What, tell},
    payload::{Callback, Envelope, Message},
    signed::{Refused, Signed},
};
use crate::{
    app::App,
    channels::SlackApp,
    chatops::{reply::Reply, slack::post, slack_text::spoken},
};

/// So many events are remembered. Slack sends an event for the last time some six minutes after the
/// first.
const REMEMBERED: usize = 2_000;

/// The events that came lately.
#[derive(Debug, Default)]
pub struct Recent(Mutex<VecDeque<String>>);

impl Recent {
    /// Whether an event comes for the first time, as far as is remembered.
    fn is_new(&self, id: &str) -> bool {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.iter().any(|known| known == id) {
            return false;
        }
        if ids.len() == REMEMBERED {
            ids.pop_front();
        }
        ids.push_back(id.to_owned());
        true
    }
}

/// An event.
#[post("/slack/events")]
pub(in crate::web) async fn events(
    app: Data<App>,
    signed: Signed,
) -> Result<HttpResponse, Refused> {
    match signed.json()? {
        Envelope::UrlVerification { challenge } => {
            return Ok(HttpResponse::Ok()
                .insert_header(ContentType::plaintext())
                .body(challenge));
        }
        Envelope::EventCallback(callback) => {
            if let Some(message) = callback.message()
                && signed.door.recent.is_new(&callback.event_id)
            {
                tokio::spawn(answer(app, signed.door, callback, message));
            }
        }
        Envelope::Other => {}
    }
    Ok(HttpResponse::Ok().finish())
}

async fn answer(app: Data<App>, door: Arc<SlackDoor>, callback: Callback, message: Message) {
    let Some(slack) = &door.app else {
        tracing::warn!(
            "a message to the Slack app cannot be answered: channels.{} has no token",
            door.channel
        );
        return;
    };
    let thread = message.thread_ts.as_deref();
    let is_direct = message.is_direct();
    let said = Said {
        what: What::Line(spoken(&message.text, callback.own_user())),
        user: message.user.clone(),
        // In the directory a person's address is the person's, and not that of the chat.
        conversation: match is_direct {
            true => message.user.clone(),
            false => message.channel.clone(),
        },
        thread: thread.map(|root| format!("{}/{root}", message.channel)),
        key: callback.event_id,
        prefix: if is_direct { "" } else { "@Oyez " },
        forms_first: false,
    };
    let reply = said.answer(app, Arc::clone(&door)).await;
    if is_direct {
        tell(slack, &message.channel, thread, &reply).await;
    } else {
        whisper(slack, &message, &reply).await;
    }
}

/// Answers in the channel, to the speaker alone; by a direct message where that cannot be.
async fn whisper(slack: &SlackApp, message: &Message, reply: &Reply) {
    let thread = message.thread_ts.as_deref();
    let shown = slack
        .whisper(&message.channel, &message.user, thread, &post(reply))
        .await;
    if let Err(trouble) = shown {
        tracing::info!(
            why = trouble.outcome.sentence,
            "an answer could not be shown in the channel and goes as a direct message"
        );
        tell(slack, &message.user, None, reply).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_and_the_memory_has_an_end() {
        let recent = Recent::default();
        assert!(recent.is_new("Ev1"));
        assert!(!recent.is_new("Ev1"));
        for number in 0..REMEMBERED {
            assert!(recent.is_new(&format!("Ev{}", number + 2)));
        }
        assert_eq!(recent.0.lock().unwrap().len(), REMEMBERED);
        assert!(recent.is_new("Ev1"), "forgotten by now");
    }
}

//! From what was said to its answer, and the ways by which the answer follows.

use std::sync::Arc;

use actix_web::web::Data;
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};

use super::SlackDoor;
use crate::{
    app::{App, Members},
    channels::{BoxFuture, SlackApp},
    chatops::{
        form::Filled,
        reply::{Act, Reply},
        slack::{message, post},
        slack_view::{loading, view},
    },
    domain::{delivery::Outcome, event::Door},
    http_client::{Call, HttpClient},
    web::chat::{self, Place},
};

/// Hosts to which answers may follow, but for those of allowed networks.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// A line or a tap, with where it came from.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) what: What,
    pub(super) user: String,
    pub(super) conversation: String,
    /// The message that began the thread, as the record names it.
    pub(super) thread: Option<String>,
    pub(super) key: String,
    /// How a verb is called there.
    pub(super) prefix: &'static str,
    /// Whether a form comes first even where the line says enough.
    pub(super) forms_first: bool,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Line(String),
    Tap(Act, Filled),
}

impl Members for SlackApp {
    fn mails<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<Vec<String>, Outcome>> {
        Box::pin(async move {
            match self.mail_of(address).await {
                Ok(mail) => Ok(mail.into_iter().collect()),
                Err(trouble) => {
                    tracing::warn!(
                        class = trouble.outcome.class.as_str(),
                        reason = trouble.outcome.sentence,
                        "Slack does not say who somebody is"
                    );
                    Err(trouble.outcome)
                }
            }
        })
    }
}

impl Said {
    /// Answers, in a task of its own: what was begun is ended, whether Slack waits or not.
    pub(super) async fn answer(self, app: Data<App>, door: Arc<SlackDoor>) -> Reply {
        let answer = tokio::spawn(async move {
            let place = Place {
                door: Door::Slack,
                channel: &door.channel,
                speaker: &self.user,
                members: door.app.as_ref().map(|app| app as &dyn Members),
                conversation: &self.conversation,
                thread: self.thread.as_deref(),
                // Answers are shown to whoever asked, and to nobody else.
                is_private: true,
                prefix: self.prefix,
                request_key: &self.key,
                forms_first: self.forms_first,
            };
            for address in [place.speaker, place.conversation] {
                if let Err(error) = app.heard_from(place.channel, address).await {
                    tracing::warn!(
                        code = error.code,
                        chain = error.chain(),
                        "a mark on an address in Slack could not be taken off"
                    );
                }
            }
            match self.what {
                What::Line(line) => chat::hear(&app, &place, &line).await,
                What::Tap(act, filled) => chat::tap(&app, &place, act, &filled).await,
            }
        });
        answer.await.unwrap_or_else(|_| {
            Reply::text(
                "Something went wrong here. Whether it was done is not known.",
                ["Look before you say it again: status".to_owned()],
            )
        })
    }
}

/// Where an answer goes if its view was closed meanwhile.
pub(super) enum Otherwise {
    /// To the address that came with the request, which shows it to the speaker alone.
    Url(String),
    /// To the speaker, by a direct message.
    Person(String),
}

/// Opens a view at once, before anything is looked up, and answers in it. Where Slack does not open
/// one, the answer is a message, as it is for an app without a token.
pub(super) async fn in_view(
    app: Data<App>,
    door: Arc<SlackDoor>,
    said: Said,
    trigger: String,
    response_url: String,
) {
    let opened = match &door.app {
        Some(slack) => match slack.open_view(&trigger, &loading()).await {
            Ok(id) => Some(id),
            Err(trouble) => {
                tracing::warn!(
                    why = trouble.outcome.sentence,
                    "Slack opened no modal, so the answer is a message"
                );
                None
            }
        },
        None => None,
    };
    let said = Said {
        forms_first: opened.is_some(),
        ..said
    };
    let reply = said.answer(app, Arc::clone(&door)).await;
    match opened {
        Some(id) => show(&door, &id, &reply, Otherwise::Url(response_url)).await,
        None => follow(&door.http, &response_url, &reply, false).await,
    }
}

/// Shows an answer in a view that is open; nothing is lost if it was closed.
pub(super) async fn show(door: &SlackDoor, id: &str, reply: &Reply, otherwise: Otherwise) {
    let Some(slack) = &door.app else {
        return;
    };
    let Err(trouble) = slack.update_view(id, &view(reply)).await else {
        return;
    };
    tracing::info!(
        why = trouble.outcome.sentence,
        "an answer found no view and goes as a message"
    );
    match otherwise {
        Otherwise::Url(url) => follow(&door.http, &url, reply, false).await,
        Otherwise::Person(person) => tell(slack, &person, None, reply).await,
    }
}

/// Posts an answer where the speaker alone reads it.
pub(super) async fn tell(
    slack: &SlackApp,
    conversation: &str,
    thread: Option<&str>,
    reply: &Reply,
) {
    if let Err(trouble) = slack.say(conversation, thread, &post(reply)).await {
        tracing::warn!(
            why = trouble.outcome.sentence,
            "an answer did not reach Slack"
        );
    }
}

/// Sends an answer to the address that came with the request. `replaces` puts it in the place of
/// the message that was tapped.
pub(super) async fn follow(http: &HttpClient, response_url: &str, reply: &Reply, replaces: bool) {
    let Some(url) = answer_url(http, response_url) else {
        tracing::warn!("an answer was wanted at an address that is not Slack's");
        return;
    };
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    let call = Call {
        method: Method::POST,
        url: &url,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
        body: message(reply, replaces).to_string().into_bytes(),
    };
    match http.send(call).await {
        Ok(answer) if answer.status == 200 => {}
        Ok(answer) => tracing::warn!(status = answer.status, "Slack did not take an answer"),
        Err(_) => tracing::warn!("an answer did not reach Slack"),
    }
}

fn answer_url(http: &HttpClient, text: &str) -> Option<Url> {
    let url = http.check_url(text).ok()?;
    let is_slack = url.host_str().is_some_and(|host| HOSTS.contains(&host));
    (is_slack || http.is_allowed_network(&url)).then_some(url)
}

//! What Slack sends us: slash commands and taps.
//!
//! Slack waits three seconds. What is not done by then goes on, and its answer follows to the
//! address that came with the request.

mod signature;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    post,
    web::{Bytes, Data, Query},
};
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::chat::{self, Place};
use crate::{
    app::App,
    chatops::{
        form::Filled,
        reply::{Act, Reply},
        slack::message,
    },
    domain::{ChannelName, event::Door},
    http_client::{Call, HttpClient},
};

/// Slack gives up after three seconds; the way there and back takes some of them.
const ANSWER_WITHIN: Duration = Duration::from_millis(2_000);
/// Hosts to which answers may follow, but for those of allowed networks.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// How Slack's requests are recognised and answered.
pub struct SlackDoor {
    /// The secrets with which Slack signs; two while one is changed.
    pub secrets: Vec<SecretString>,
    /// The channel of the settings whose addresses are Slack's.
    pub channel: ChannelName,
    /// For answers that follow.
    pub http: HttpClient,
}

/// The one command: `/incident …`.
#[derive(Debug, Deserialize)]
struct Slash {
    text: String,
    user_id: String,
    channel_id: String,
    trigger_id: String,
    response_url: String,
}

#[derive(Debug, Deserialize)]
struct Form {
    payload: String,
}

/// Something that was done to a message of ours.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Interaction {
    BlockActions {
        user: Named,
        #[serde(default)]
        channel: Option<Named>,
        trigger_id: String,
        #[serde(default)]
        response_url: Option<String>,
        actions: Vec<Action>,
        #[serde(default)]
        container: Container,
        #[serde(default)]
        state: State,
    },
    /// Nothing of ours.
    #[serde(other)]
    Other,
}

/// Where the tapped button is.
#[derive(Debug, Default, Deserialize)]
struct Container {
    /// Whether only the speaker sees that message.
    #[serde(default)]
    is_ephemeral: bool,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Action {
    #[serde(default)]
    value: Option<String>,
}

/// What stands in the inputs of the message: by block, by action.
#[derive(Debug, Default, Deserialize)]
struct State {
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, Input>>,
}

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    selected_option: Option<Choice>,
    #[serde(default)]
    selected_options: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    value: String,
}

impl State {
    fn filled(self) -> Filled {
        let inputs = self.values.into_values().flatten();
        inputs
            .map(|(id, input)| {
                let chosen = input
                    .selected_option
                    .into_iter()
                    .chain(input.selected_options);
                let chosen: Vec<String> = chosen.map(|choice| choice.value).collect();
                (id, input.value.unwrap_or_else(|| chosen.join(",")))
            })
            .collect()
    }
}

/// A line or a tap, with where it came from.
struct Said {
    what: What,
    user: String,
    conversation: String,
    key: String,
}

enum What {
    Line(String),
    Tap(Act, Filled),
}

impl Said {
    async fn answer(self, app: Data<App>, door: Arc<SlackDoor>) -> Reply {
        let place = Place {
            door: Door::Slack,
            channel: &door.channel,
            speaker: &self.user,
            conversation: &self.conversation,
            thread: None,
            // Answers are shown to whoever asked, and to nobody else.
            is_private: true,
            prefix: "/incident ",
            request_key: &self.key,
        };
        match self.what {
            What::Line(line) => chat::hear(&app, &place, &line).await,
            What::Tap(act, filled) => chat::tap(&app, &place, act, &filled).await,
        }
    }
}

/// A slash command.
#[post("/slack/commands")]
pub(super) async fn commands(
    app: Data<App>,
    door: Data<Option<Arc<SlackDoor>>>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let door = match recognised(&app, &door, &request, &body) {
        Ok(door) => door,
        Err(status) => return HttpResponse::build(status).finish(),
    };
    let Some(Slash {
        text,
        user_id,
        channel_id,
        trigger_id,
        response_url,
    }) = form(&body)
    else {
        return HttpResponse::BadRequest().finish();
    };
    let said = Said {
        what: What::Line(text),
        user: user_id,
        conversation: channel_id,
        key: trigger_id,
    };
    // A task of its own: what was begun is ended, whether Slack waits or not.
    let mut answer = tokio::spawn(said.answer(app, Arc::clone(&door)));
    match tokio::time::timeout(ANSWER_WITHIN, &mut answer).await {
        Ok(Ok(reply)) => HttpResponse::Ok().json(message(&reply, false)),
        Ok(Err(_)) => HttpResponse::Ok().json(message(&broken(), false)),
        Err(_) => {
            tokio::spawn(async move {
                let reply = answer.await.unwrap_or_else(|_| broken());
                follow(&door, &response_url, &reply, true).await;
            });
            HttpResponse::Ok().json(json!({
                "response_type": "ephemeral",
                "text": "Working on it…",
            }))
        }
    }
}

/// A tap on a button.
#[post("/slack/interactions")]
pub(super) async fn interactions(
    app: Data<App>,
    door: Data<Option<Arc<SlackDoor>>>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let door = match recognised(&app, &door, &request, &body) {
        Ok(door) => door,
        Err(status) => return HttpResponse::build(status).finish(),
    };
    let payload = form::<Form>(&body).and_then(|form| serde_json::from_str(&form.payload).ok());
    let Some(interaction) = payload else {
        return HttpResponse::BadRequest().finish();
    };
    if let Interaction::BlockActions {
        user,
        channel,
        trigger_id,
        response_url: Some(response_url),
        actions,
        container,
        state,
    } = interaction
        && let Some(act) = actions
            .iter()
            .find_map(|action| Act::from_value(action.value.as_deref()?))
    {
        // Others may see the message, and may want its buttons.
        let replaces = container.is_ephemeral;
        let said = Said {
            what: What::Tap(act, state.filled()),
            user: user.id,
            conversation: channel.map(|channel| channel.id).unwrap_or_default(),
            key: trigger_id,
        };
        tokio::spawn(async move {
            let reply = said.answer(app, Arc::clone(&door)).await;
            follow(&door, &response_url, &reply, replaces).await;
        });
    }
    HttpResponse::Ok().finish()
}

/// The door, if it is open and the request is Slack's.
fn recognised(
    app: &App,
    door: &Option<Arc<SlackDoor>>,
    request: &HttpRequest,
    body: &[u8],
) -> Result<Arc<SlackDoor>, StatusCode> {
    let Some(door) = door else {
        return Err(StatusCode::NOT_FOUND);
    };
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let checked = signature::verify(
        &door.secrets,
        header(signature::TIMESTAMP),
        header(signature::SIGNATURE),
        body,
        app.clock.now(),
    );
    match checked {
        Ok(()) => Ok(Arc::clone(door)),
        Err(why) => {
            tracing::warn!(%why, "a request that should be Slack's was refused");
            Err(StatusCode::UNAUTHORIZED)
        }
    }
}

fn form<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    Query::<T>::from_query(text).ok().map(Query::into_inner)
}

fn broken() -> Reply {
    Reply::text(
        "Something went wrong here. Whether it was done is not known.",
        ["Look before you say it again: status".to_owned()],
    )
}

/// Sends an answer to the address that came with the request.
async fn follow(door: &SlackDoor, response_url: &str, reply: &Reply, replaces: bool) {
    let Some(url) = answer_url(&door.http, response_url) else {
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
    match door.http.send(call).await {
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

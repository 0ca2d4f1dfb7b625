//! What people do on the page, and what of it the app is told: signed requests, as Slack sends them.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    APP_ID, BOT_USER, Slack, TEAM, TEAM_NAME,
    app::{Body, encoded, form_of},
    modal::{Place, View, check},
    world::{Message, World, direct},
};
use crate::simulators::page::{self, Later, WAIT};

const PAGE: &str = include_str!("../assets/slack.html");
const TIMED_OUT: &str = "/incident failed because the app did not respond.";
const TROUBLE: &str = "We had some trouble connecting. Try again?";

pub(super) async fn page() -> HttpResponse {
    page::page(PAGE)
}

#[derive(Deserialize)]
pub(super) struct Look {
    /// Who looks.
    #[serde(rename = "as")]
    person: String,
    /// At which channel.
    #[serde(rename = "in", default)]
    channel: String,
    /// What they saw last.
    #[serde(default)]
    since: u64,
}

/// What somebody sees; if they saw it already, once there is news.
pub(super) async fn state(slack: Data<Slack>, look: Query<Look>) -> HttpResponse {
    if slack.kept.version() == look.since {
        // No news is told as it is.
        let _ = tokio::time::timeout(WAIT, slack.kept.news(look.since)).await;
    }
    let version = slack.kept.version();
    let cast = slack.common.cast();
    let name_of = |id: &str| {
        let person = cast.person(id);
        person.map_or_else(|| "Somebody".to_owned(), |person| person.name.clone())
    };
    let mut state = page::state(&slack.common, version);
    slack.kept.look(|world| {
        let mine = world
            .channels
            .iter()
            .filter(|(_, it)| it.is_seen_by(&look.person));
        let mut places: Vec<Value> = mine
            .map(|(id, channel)| {
                let is_chat = channel.person.is_some();
                json!({
                    "id": id,
                    "name": if is_chat { "Oyez" } else { channel.name.as_str() },
                    "kind": if is_chat { "chat" } else { "channel" },
                    "topic": channel.topic,
                    "posts": channel.messages.len(),
                })
            })
            .collect();
        places.sort_by_key(|place| place["kind"] == "channel");
        state["conversations"] = places.into();
        let channel = world.channels.get(&look.channel);
        let channel = channel.filter(|channel| channel.is_seen_by(&look.person));
        state["posts"] = channel
            .map(|channel| channel.seen_by(&look.person, name_of))
            .into();
    });
    state["view"] = slack
        .top_view(&look.person)
        .map(|view| json!({ "id": view.id, "revision": view.revision, "view": view.view }))
        .into();
    HttpResponse::Ok().json(state)
}

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(rename = "as")]
    person: String,
    #[serde(rename = "in")]
    channel: String,
    #[serde(default)]
    thread: Option<String>,
    text: String,
}

/// Somebody writes: a command, or a message.
pub(super) async fn say(
    slack: Data<Slack>,
    request: HttpRequest,
    said: Json<Said>,
) -> HttpResponse {
    if !page::is_own(&request, &slack.base) {
        return page::foreign();
    }
    let said = said.into_inner();
    let name = slack.kept.look(|world| {
        let channel = world.channels.get(&said.channel)?;
        channel
            .is_seen_by(&said.person)
            .then(|| channel.name.clone())
    });
    let Some(name) = name else {
        return page::refused("There is no such channel.");
    };
    match said.text.strip_prefix("/incident") {
        Some(_) if said.thread.is_some() => {
            page::refused("/incident is not supported in threads. Sorry!")
        }
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => {
            command(&slack, &said, &name, rest.trim()).await
        }
        _ if said.text.starts_with('/') => page::refused("That is not a valid command."),
        _ => message(&slack, &said).await,
    }
}

async fn command(slack: &Slack, said: &Said, name: &str, text: &str) -> HttpResponse {
    let is_chat = said.channel == direct(&said.person);
    let place = slack.place(&said.person, &said.channel, None, None);
    let form = [
        ("token", "deprecated"),
        ("team_id", TEAM),
        ("team_domain", "northshire"),
        ("channel_id", &said.channel),
        ("channel_name", if is_chat { "directmessage" } else { name }),
        ("user_id", &said.person),
        ("user_name", &slack.handle(&said.person)),
        ("command", "/incident"),
        ("text", text),
        ("api_app_id", APP_ID),
        ("is_enterprise_install", "false"),
        ("response_url", &slack.answers_to(&place)),
        ("trigger_id", &slack.trigger(&said.person, None)),
    ];
    match slack.send("/slack/commands", encoded(&form)).await {
        Ok((200, answer)) if answer.is_empty() => HttpResponse::Ok().json(json!({})),
        Ok((200, answer)) => {
            let answer = serde_json::from_str(&answer).unwrap_or(json!({ "text": answer }));
            match slack.take_answer(&place, &answer) {
                Ok(()) => HttpResponse::Ok().json(json!({})),
                Err(why) => page::refused(&format!("Slack does not take the answer: {why}.")),
            }
        }
        Ok((status, _)) => page::refused(&format!("{TIMED_OUT} It answered {status}.")),
        Err(_) => page::refused(TIMED_OUT),
    }
}

/// A message. The app hears what mentions it, and what is said to it alone.
async fn message(slack: &Slack, said: &Said) -> HttpResponse {
    let is_chat = said.channel == direct(&said.person);
    let mention = format!("<@{BOT_USER}>");
    let text = said.text.replace("@Oyez", &mention);
    let now = slack.common.now();
    let ts = slack.kept.change(|world| {
        let ts = world.next_ts(now);
        let message = Message {
            ts: ts.clone(),
            thread_ts: said.thread.clone(),
            from: Some(said.person.clone()),
            only_for: None,
            text: text.clone(),
            blocks: Value::Null,
            metadata: None,
            is_broadcast: false,
            is_edited: false,
            at: now,
            revision: 1,
        };
        if let Some(channel) = world.channels.get_mut(&said.channel) {
            channel.messages.push(message);
        }
        ts
    });
    let is_mention = text.contains(&mention);
    if !is_chat && !is_mention {
        return HttpResponse::Ok().json(json!({ "note": "Only /incident and @Oyez reach it." }));
    }
    let mut event = json!({
        "type": if is_chat { "message" } else { "app_mention" },
        "user": said.person,
        "channel": said.channel,
        "text": text,
        "ts": ts,
        "event_ts": ts,
        "team": TEAM,
    });
    if is_chat {
        event["channel_type"] = json!("im");
    }
    if let Some(thread) = &said.thread {
        event["thread_ts"] = json!(thread);
    }
    let body = json!({
        "token": "deprecated",
        "team_id": TEAM,
        "api_app_id": APP_ID,
        "type": "event_callback",
        "event_id": format!("Ev{}", ulid::Ulid::generate()),
        "event_time": now.timestamp(),
        "event": event,
    });
    match slack
        .send("/slack/events", Body::Json(body.to_string()))
        .await
    {
        Ok((200..=299, _)) => HttpResponse::Ok().json(json!({})),
        _ => page::refused("Oyez did not take the message. Try /incident."),
    }
}

#[derive(Deserialize)]
pub(super) struct Tapped {
    #[serde(rename = "as")]
    person: String,
    /// The channel and message of the button; none in a modal.
    #[serde(rename = "in", default)]
    channel: Option<String>,
    #[serde(default)]
    ts: Option<String>,
    /// The modal of the button.
    #[serde(default)]
    view: Option<String>,
    action: Value,
    #[serde(default)]
    values: Value,
}

/// Somebody taps a button or chooses something, in a message or in a modal.
pub(super) async fn tap(
    slack: Data<Slack>,
    request: HttpRequest,
    tapped: Json<Tapped>,
) -> HttpResponse {
    if !page::is_own(&request, &slack.base) {
        return page::foreign();
    }
    let tapped = tapped.into_inner();
    let now = slack.common.now();
    let mut action = tapped.action.clone();
    action["action_ts"] = json!(format!("{}.000000", now.timestamp()));
    let mut payload = slack.payload("block_actions", &tapped.person);
    payload["trigger_id"] = json!(slack.trigger(&tapped.person, tapped.view.as_deref()));
    payload["actions"] = json!([action]);
    payload["state"] = json!({ "values": tapped.values });
    if let Some(view) = tapped.view.as_deref() {
        let Some(mut shown) = slack.view(&tapped.person, view) else {
            return page::refused("This modal is closed.");
        };
        shown["state"] = json!({ "values": tapped.values });
        payload["container"] = json!({ "type": "view", "view_id": view });
        payload["view"] = shown;
    } else {
        let (channel, ts) = (
            tapped.channel.unwrap_or_default(),
            tapped.ts.unwrap_or_default(),
        );
        let found = slack.kept.change(|world| {
            let seen = world.channels.get(&channel)?.is_seen_by(&tapped.person);
            let name = world.channels.get(&channel)?.name.clone();
            let message = world.message(&channel, &ts).filter(|_| seen)?;
            Some((name, message.clone()))
        });
        let Some((name, message)) = found else {
            return page::refused("The message is no longer there.");
        };
        let thread = message.thread_ts.clone();
        let place = slack.place(&tapped.person, &channel, thread.as_deref(), Some(&ts));
        payload["container"] = json!({
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "is_ephemeral": message.only_for.is_some(),
        });
        if let Some(thread) = &thread {
            payload["container"]["thread_ts"] = json!(thread);
        }
        payload["channel"] = json!({ "id": channel, "name": name });
        payload["message"] = message.shown(true);
        payload["response_url"] = json!(slack.answers_to(&place));
    }
    match slack.send("/slack/interactions", form_of(&payload)).await {
        Ok((200, _)) => HttpResponse::Ok().json(json!({})),
        Ok((status, _)) => page::refused(&format!("{TROUBLE} (It answered {status}.)")),
        Err(why) => page::refused(&format!("{TROUBLE} ({why})")),
    }
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(rename = "as")]
    person: String,
    view: String,
    #[serde(default)]
    values: Value,
    /// Whether it was closed instead.
    #[serde(default)]
    closed: bool,
}

/// Somebody hands in a modal, or closes it.
pub(super) async fn submit(
    slack: Data<Slack>,
    request: HttpRequest,
    submitted: Json<Submitted>,
) -> HttpResponse {
    if !page::is_own(&request, &slack.base) {
        return page::foreign();
    }
    let Submitted {
        person,
        view,
        values,
        closed,
    } = submitted.into_inner();
    let Some(mut shown) = slack.view(&person, &view) else {
        return page::refused("This modal is closed.");
    };
    if closed {
        slack.close_view(&person);
        if shown["notify_on_close"] == true {
            let mut payload = slack.payload("view_closed", &person);
            payload["view"] = shown;
            payload["is_cleared"] = false.into();
            // Slack does not tell whoever closed it what came of it.
            let _ = slack.send("/slack/interactions", form_of(&payload)).await;
        }
        return HttpResponse::Ok().json(json!({}));
    }
    shown["state"] = json!({ "values": values });
    let mut payload = slack.payload("view_submission", &person);
    payload["trigger_id"] = json!(slack.trigger(&person, Some(&view)));
    payload["view"] = shown;
    payload["response_urls"] = json!([]);
    let answer = match slack.send("/slack/interactions", form_of(&payload)).await {
        Ok((200, answer)) => serde_json::from_str::<Value>(&answer).unwrap_or_default(),
        Ok((status, _)) => return page::refused(&format!("{TROUBLE} (It answered {status}.)")),
        Err(why) => return page::refused(&format!("{TROUBLE} ({why})")),
    };
    let next = &answer["view"];
    match answer["response_action"].as_str() {
        Some("errors") => return HttpResponse::Ok().json(json!({ "errors": answer["errors"] })),
        Some("update" | "push") if check(next).is_err() => return page::refused(TROUBLE),
        Some("update") => slack.change_views(|views| {
            let mut open = views.get_mut(&person).into_iter().flatten();
            if let Some(found) = open.find(|it| it.id == view) {
                found.replace(next.clone());
            }
        }),
        Some("push") => {
            slack.show_view(&person, next.clone(), Some(view));
        }
        Some("clear") => slack.change_views(|views| {
            views.remove(&person);
        }),
        _ => slack.close_view(&person),
    }
    HttpResponse::Ok().json(json!({}))
}

pub(super) async fn clock(
    slack: Data<Slack>,
    request: HttpRequest,
    later: Json<Later>,
) -> HttpResponse {
    if !page::is_own(&request, &slack.base) {
        return page::foreign();
    }
    let moved = page::move_clock(&slack.common, &later).await;
    // The time that pages show is news.
    slack.kept.change(|_| ());
    moved
}

impl Slack {
    fn handle(&self, person: &str) -> String {
        let cast = self.common.cast();
        let name = cast.person(person).map(|person| person.name.to_lowercase());
        name.unwrap_or_default().replace(' ', ".")
    }

    /// What every interaction begins with.
    fn payload(&self, kind: &str, person: &str) -> Value {
        let handle = self.handle(person);
        json!({
            "type": kind,
            "team": { "id": TEAM, "domain": "northshire", "name": TEAM_NAME },
            "user": { "id": person, "username": handle, "name": handle, "team_id": TEAM },
            "api_app_id": APP_ID,
            "token": "deprecated",
        })
    }

    fn place(
        &self,
        person: &str,
        channel: &str,
        thread: Option<&str>,
        message: Option<&str>,
    ) -> Place {
        Place {
            person: person.to_owned(),
            channel: channel.to_owned(),
            thread: thread.map(str::to_owned),
            message: message.map(str::to_owned),
            since: self.common.now(),
            used: 0,
        }
    }

    /// Shows a message to one person; answers its time stamp.
    pub(super) fn say_to_one(
        &self,
        world: &mut World,
        channel: &str,
        person: &str,
        thread: Option<&str>,
        (text, blocks): (String, Value),
    ) -> String {
        let now = self.common.now();
        let ts = world.next_ts(now);
        if let Some(place) = world.channels.get_mut(channel) {
            place.messages.push(Message {
                ts: ts.clone(),
                thread_ts: thread.map(str::to_owned),
                from: None,
                only_for: Some(person.to_owned()),
                text,
                blocks,
                metadata: None,
                is_broadcast: false,
                is_edited: false,
                at: now,
                revision: 1,
            });
        }
        ts
    }

    /// The modals as the app knows them.
    fn view(&self, person: &str, id: &str) -> Option<Value> {
        self.look_at_views(|views| {
            let mut open = views.get(person)?.iter();
            open.find(|view| view.id == id).map(View::shown)
        })
    }
}

//! What the app calls: the methods of the Web API, and the addresses for answers.
//!
//! Source: `slackapi/slack-api-specs`, and docs.slack.dev. Slack answers 200 to nearly everything and
//! says in `ok` whether it did it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data, Path},
};
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::{
    BOT_ID, BOT_USER, Slack, TEAM, TEAM_NAME, channels,
    limits::{self, Surface},
    modal::{self, View},
    world::{Message, World, direct},
};

/// Longest text that Slack keeps.
const TEXT_MAX: usize = 40_000;
/// How often, and for how long, an answer may be sent to its address.
const ANSWERS: u32 = 5;
const ANSWERS_FOR: TimeDelta = TimeDelta::minutes(30);

/// Why something was not done: the name of Slack's error, and what more it says.
pub(super) struct No(pub(super) &'static str, pub(super) Option<String>);

impl From<&'static str> for No {
    fn from(name: &'static str) -> Self {
        Self(name, None)
    }
}

pub(super) type Done = Result<Value, No>;

/// The arguments of a call, however they were sent.
pub(super) struct Asked(Map<String, Value>);

impl Asked {
    pub(super) fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A structure, which in a form is text.
    fn json(&self, key: &str) -> Value {
        match self.0.get(key) {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            Some(value) => value.clone(),
            None => Value::Null,
        }
    }

    pub(super) fn is(&self, key: &str) -> bool {
        matches!(self.0.get(key), Some(Value::Bool(true))) || matches!(self.text(key), "true" | "1")
    }

    fn read(request: &HttpRequest, body: &[u8]) -> Result<Self, No> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let mut asked = Map::new();
        let form = |text: &str, asked: &mut Map<String, Value>| {
            // Read as a query of an address that does not matter.
            if let Ok(url) = reqwest::Url::parse(&format!("http://x/?{text}")) {
                for (key, value) in url.query_pairs() {
                    asked.insert(key.into_owned(), value.into_owned().into());
                }
            }
        };
        form(request.query_string(), &mut asked);
        if body.is_empty() {
        } else if kind.starts_with("application/json") {
            let json = serde_json::from_slice(body).map_err(|_| No::from("invalid_json"))?;
            let Value::Object(json) = json else {
                return Err("json_not_object".into());
            };
            asked.extend(json);
        } else {
            form(&String::from_utf8_lossy(body), &mut asked);
        }
        Ok(Self(asked))
    }
}

/// A method of the Web API.
pub(super) async fn method(
    slack: Data<Slack>,
    name: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    HttpResponse::Ok().json(match called(&slack, &name, &request, &body) {
        Ok(mut done) => {
            done["ok"] = true.into();
            done
        }
        Err(No(error, more)) => {
            let messages: Vec<String> = more.into_iter().collect();
            json!({ "ok": false, "error": error, "response_metadata": { "messages": messages } })
        }
    })
}

fn called(slack: &Slack, name: &str, request: &HttpRequest, body: &[u8]) -> Done {
    let token = request.headers().get(header::AUTHORIZATION);
    match token.and_then(|token| token.to_str().ok()) {
        None => return Err("not_authed".into()),
        Some(token) if token.strip_prefix("Bearer ") != Some(&slack.app.token) => {
            return Err("invalid_auth".into());
        }
        Some(_) => {}
    }
    let asked = Asked::read(request, body)?;
    match name {
        "auth.test" => Ok(json!({
            "url": format!("{}/", slack.base),
            "team": TEAM_NAME,
            "user": "oyez",
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
        })),
        "chat.postMessage" => post(slack, &asked),
        "chat.postEphemeral" => post_for_one(slack, &asked),
        "chat.update" => update(slack, &asked),
        "chat.delete" => delete(slack, &asked),
        "chat.getPermalink" => permalink(slack, &asked),
        "conversations.open" => open(slack, &asked),
        "conversations.history" => history(slack, &asked),
        "conversations.replies" => replies(slack, &asked),
        "conversations.create" => channels::create(slack, &asked),
        "conversations.invite" => channels::invite(slack, &asked),
        "conversations.setTopic" => channels::set_topic(slack, &asked),
        "conversations.join" | "conversations.info" => channels::info(slack, &asked),
        "users.conversations" => channels::own(slack, &asked),
        "users.info" => user(slack, |id, _| id == asked.text("user"), "user_not_found"),
        "users.lookupByEmail" => {
            let wanted = asked.text("email");
            let is_it = |_: &str, mail: Option<&str>| {
                mail.is_some_and(|mail| mail.eq_ignore_ascii_case(wanted))
            };
            user(slack, is_it, "users_not_found")
        }
        "views.open" | "views.push" => open_view(slack, &asked, name == "views.push"),
        "views.update" => update_view(slack, &asked),
        _ => Err("unknown_method".into()),
    }
}

/// The words of a message, checked.
fn words(asked: &Asked) -> Result<(String, Value), No> {
    let (text, blocks) = (asked.text("text").to_owned(), asked.json("blocks"));
    if text.chars().count() > TEXT_MAX {
        return Err("msg_too_long".into());
    }
    if text.is_empty() && blocks.as_array().is_none_or(Vec::is_empty) {
        return Err("no_text".into());
    }
    if !blocks.is_null() {
        limits::check(&blocks, Surface::Message).map_err(|why| No("invalid_blocks", Some(why)))?;
    }
    Ok((text, blocks))
}

pub(super) fn channel(world: &World, asked: &Asked) -> Result<String, No> {
    let id = asked.text("channel");
    world
        .channel_of(id)
        .ok_or_else(|| "channel_not_found".into())
}

fn post(slack: &Slack, asked: &Asked) -> Done {
    let (text, blocks) = words(asked)?;
    let now = slack.common.now();
    slack.kept.change(|world| {
        let id = channel(world, asked)?;
        let thread = asked.text("thread_ts");
        if !thread.is_empty() && world.message(&id, thread).is_none() {
            return Err("thread_not_found".into());
        }
        let message = Message {
            ts: world.next_ts(now),
            thread_ts: (!thread.is_empty()).then(|| thread.to_owned()),
            from: None,
            only_for: None,
            text,
            blocks,
            metadata: Some(asked.json("metadata")).filter(Value::is_object),
            is_broadcast: asked.is("reply_broadcast"),
            is_edited: false,
            at: now,
            revision: 1,
        };
        let done = json!({ "channel": id, "ts": message.ts, "message": message.shown(true) });
        if let Some(channel) = world.channels.get_mut(&id) {
            channel.messages.push(message);
        }
        Ok(done)
    })
}

fn post_for_one(slack: &Slack, asked: &Asked) -> Done {
    let (text, blocks) = words(asked)?;
    let user = asked.text("user");
    if slack.common.cast().person(user).is_none() {
        return Err("user_not_in_channel".into());
    }
    let thread = asked.text("thread_ts");
    slack.kept.change(|world| {
        let id = channel(world, asked)?;
        let thread = (!thread.is_empty()).then_some(thread);
        let ts = slack.say_to_one(world, &id, user, thread, (text, blocks));
        Ok(json!({ "message_ts": ts }))
    })
}

fn update(slack: &Slack, asked: &Asked) -> Done {
    let (text, blocks) = words(asked)?;
    slack.kept.change(|world| {
        let id = channel(world, asked)?;
        let message = world.message(&id, asked.text("ts"));
        let message = message.ok_or(No::from("message_not_found"))?;
        if message.from.is_some() || message.only_for.is_some() {
            return Err("cant_update_message".into());
        }
        message.text = text;
        message.blocks = blocks;
        message.is_edited = true;
        message.revision += 1;
        Ok(json!({ "channel": id, "ts": message.ts, "text": message.text }))
    })
}

fn delete(slack: &Slack, asked: &Asked) -> Done {
    slack.kept.change(|world| {
        let id = channel(world, asked)?;
        let ts = asked.text("ts");
        match world.message(&id, ts) {
            None => return Err("message_not_found".into()),
            Some(message) if message.from.is_some() => return Err("cant_delete_message".into()),
            Some(_) => {}
        }
        if let Some(channel) = world.channels.get_mut(&id) {
            channel.messages.retain(|message| message.ts != ts);
        }
        Ok(json!({ "channel": id, "ts": ts }))
    })
}

fn permalink(slack: &Slack, asked: &Asked) -> Done {
    slack.kept.look(|world| {
        let id = channel(world, asked)?;
        let digits = asked.text("message_ts").replace('.', "");
        let link = format!("{}/archives/{id}/p{digits}", slack.base);
        Ok(json!({ "channel": id, "permalink": link }))
    })
}

fn open(slack: &Slack, asked: &Asked) -> Done {
    let user = asked.text("users");
    if slack.common.cast().person(user).is_none() {
        return Err("user_not_found".into());
    }
    Ok(json!({ "channel": { "id": direct(user) } }))
}

/// What was said in a channel, the newest first; replies stand in their threads.
fn history(slack: &Slack, asked: &Asked) -> Done {
    listed(
        slack,
        asked,
        |message| message.thread_ts.is_none() || message.is_broadcast,
        true,
    )
}

/// What was said in a thread, the first message first.
fn replies(slack: &Slack, asked: &Asked) -> Done {
    let ts = asked.text("ts");
    let is_there = slack.kept.change(|world| {
        let id = channel(world, asked)?;
        Ok::<_, No>(world.message(&id, ts).is_some())
    })?;
    if !is_there {
        return Err("thread_not_found".into());
    }
    let is_of = |it: &Message| it.ts == ts || it.thread_ts.as_deref() == Some(ts);
    listed(slack, asked, is_of, false)
}

fn listed(
    slack: &Slack,
    asked: &Asked,
    is_wanted: impl Fn(&Message) -> bool,
    newest_first: bool,
) -> Done {
    let oldest = asked.text("oldest");
    let limit = asked.json("limit").as_u64().unwrap_or(100).clamp(1, 1_000);
    let limit = usize::try_from(limit).unwrap_or(100);
    let skipped: usize = asked.text("cursor").parse().unwrap_or(0);
    let with_metadata = asked.is("include_all_metadata");
    slack.kept.look(|world| {
        let id = channel(world, asked)?;
        let messages = world.channels.get(&id).map(|channel| &channel.messages);
        let mut found: Vec<&Message> = messages
            .into_iter()
            .flatten()
            .filter(|message| message.only_for.is_none() && is_wanted(message))
            .filter(|message| oldest.is_empty() || message.ts.as_str() > oldest)
            .collect();
        if newest_first {
            found.reverse();
        }
        let has_more = found.len() > skipped + limit;
        let page = found.into_iter().skip(skipped).take(limit);
        let page: Vec<Value> = page.map(|message| message.shown(with_metadata)).collect();
        let next = if has_more {
            (skipped + limit).to_string()
        } else {
            String::new()
        };
        Ok(json!({
            "messages": page,
            "has_more": has_more,
            "response_metadata": { "next_cursor": next },
        }))
    })
}

fn user(slack: &Slack, is_it: impl Fn(&str, Option<&str>) -> bool, no: &'static str) -> Done {
    let cast = slack.common.cast();
    let mut people = cast.people.iter();
    let found = people.find(|person| is_it(&person.id, person.mail.as_deref()));
    let person = found.ok_or(No::from(no))?;
    Ok(json!({
        "user": {
            "id": person.id,
            "team_id": TEAM,
            "name": person.name.to_lowercase().replace(' ', "."),
            "real_name": person.name,
            "deleted": false,
            "is_bot": false,
            "tz": "Europe/London",
            "profile": { "real_name": person.name, "email": person.mail },
        },
    }))
}

fn open_view(slack: &Slack, asked: &Asked, is_push: bool) -> Done {
    let (user, open) = slack.spend_trigger(asked.text("trigger_id"))?;
    let view = asked.json("view");
    modal::check(&view)?;
    let below = open.filter(|_| is_push);
    let view = slack.show_view(&user, view, below);
    Ok(json!({ "view": view }))
}

fn update_view(slack: &Slack, asked: &Asked) -> Done {
    let view = asked.json("view");
    modal::check(&view)?;
    let (id, external) = (asked.text("view_id"), asked.text("external_id"));
    let hash = asked.text("hash");
    let changed = slack.change_views(|views| {
        let is_it = |it: &&mut View| {
            it.id == id || (!external.is_empty() && it.view["external_id"] == external)
        };
        let found = views
            .values_mut()
            .flatten()
            .find(is_it)
            .ok_or("not_found")?;
        if !hash.is_empty() && found.hash != hash {
            return Err("hash_conflict");
        }
        found.replace(view);
        Ok(found.shown())
    });
    Ok(json!({ "view": changed? }))
}

/// An answer that follows, to the address that came with a command or a tap.
pub(super) async fn answer(slack: Data<Slack>, token: Path<String>, body: Bytes) -> HttpResponse {
    let Ok(answer) = serde_json::from_slice::<Value>(&body) else {
        return HttpResponse::BadRequest().body("invalid_payload");
    };
    let now = slack.common.now();
    let place = slack.change_answers(|answers| {
        let place = answers.get_mut(token.as_str())?;
        let is_good = place.used < ANSWERS && now - place.since < ANSWERS_FOR;
        place.used += 1;
        is_good.then(|| place.clone())
    });
    let Some(place) = place else {
        return HttpResponse::NotFound().body("used_url");
    };
    match slack.take_answer(&place, &answer) {
        Ok(()) => HttpResponse::Ok().body("ok"),
        Err(why) => HttpResponse::BadRequest().body(why),
    }
}

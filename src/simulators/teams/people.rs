//! What people do on the page, and what of it the bot is told: signed activities, as Teams sends them.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Teams,
    world::{chat_of, split},
};
use crate::simulators::page::{self, Later, WAIT};

const PAGE: &str = include_str!("../assets/teams.html");
/// What the client says when the bot does not answer a tap as it should.
const UNREACHABLE: &str = "Unable to reach app. Please try again.";

pub(super) async fn page() -> HttpResponse {
    page::page(PAGE)
}

#[derive(Deserialize)]
pub(super) struct Look {
    /// Who looks.
    #[serde(rename = "as")]
    person: String,
    /// At which conversation.
    #[serde(rename = "in", default)]
    conversation: String,
    /// What they saw last.
    #[serde(default)]
    since: u64,
}

/// What somebody sees; if they saw it already, once there is news.
pub(super) async fn state(teams: Data<Teams>, look: Query<Look>) -> HttpResponse {
    if teams.kept.version() == look.since {
        // No news is told as it is.
        let _ = tokio::time::timeout(WAIT, teams.kept.news(look.since)).await;
    }
    let version = teams.kept.version();
    let cast = teams.common.cast();
    let name_of = |id: &str| {
        let person = cast.person(id);
        person.map_or_else(|| "Somebody".to_owned(), |person| person.name.clone())
    };
    let mut state = page::state(&teams.common, version);
    teams.kept.look(|world| {
        let mine = world
            .conversations
            .iter()
            .filter(|(id, _)| world.may_see(id, &look.person));
        let mut places: Vec<Value> = mine
            .map(|(id, place)| {
                let is_chat = place.person.is_some();
                json!({
                    "id": id,
                    "name": if is_chat { "Oyez" } else { place.name.as_str() },
                    "kind": if is_chat { "chat" } else { "channel" },
                    "posts": place.posts.len(),
                    "last": place.posts.last().map(|post| &post.id),
                })
            })
            .collect();
        places.sort_by_key(|place| place["kind"] == "channel");
        state["conversations"] = places.into();
        state["hasApp"] = (!world.without_app.contains(&look.person)).into();
        let place = world.conversations.get(&look.conversation);
        let place = place.filter(|_| world.may_see(&look.conversation, &look.person));
        state["posts"] = place
            .map(|place| place.seen_by(&look.person, name_of))
            .into();
    });
    HttpResponse::Ok().json(state)
}

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(rename = "as")]
    person: String,
    #[serde(rename = "in")]
    conversation: String,
    text: String,
}

/// Somebody writes. In a channel the bot hears what mentions it, and nothing else.
pub(super) async fn say(
    teams: Data<Teams>,
    request: HttpRequest,
    said: Json<Said>,
) -> HttpResponse {
    if !page::is_own(&request, &teams.base) {
        return page::foreign();
    }
    let Said {
        person,
        conversation,
        text,
    } = said.into_inner();
    let mention = "<at>Oyez</at>";
    let is_chat = split(&conversation).0 == chat_of(&person);
    let addressed = text.trim_start().strip_prefix("@Oyez");
    let words = match addressed {
        Some(rest) => format!("{mention}{rest}"),
        None => text.clone(),
    };
    let shown = json!({ "text": text });
    let now = teams.common.now();
    let posted = teams.kept.change(|world| {
        if !world.may_see(&conversation, &person) {
            return None;
        }
        world.post(&conversation, Some(&person), shown, now).ok()
    });
    let Some(id) = posted else {
        return page::refused("There is no such conversation.");
    };
    if addressed.is_none() && !is_chat {
        return HttpResponse::Ok()
            .json(json!({ "id": id, "note": "Only messages to @Oyez reach it." }));
    }
    let (bare, root) = split(&conversation);
    let conversation = match root {
        None if !is_chat => format!("{bare};messageid={id}"),
        _ => conversation.clone(),
    };
    let mut activity = teams.activity("message", &person, &conversation);
    activity["id"] = json!(id);
    activity["text"] = json!(words);
    activity["textFormat"] = json!("plain");
    if addressed.is_some() {
        activity["entities"] = json!([{
            "type": "mention",
            "mentioned": { "id": teams.bot_id(), "name": "Oyez" },
            "text": mention,
        }]);
    }
    match teams.call(&activity).await {
        Ok((200..=299, _)) => HttpResponse::Ok().json(json!({ "id": id })),
        Ok((status, _)) => page::refused(&format!("Oyez answered {status}.")),
        Err(why) => page::refused(&format!("Oyez did not answer: {why}.")),
    }
}

#[derive(Deserialize)]
pub(super) struct Tapped {
    #[serde(rename = "as")]
    person: String,
    #[serde(rename = "in")]
    conversation: String,
    /// The post with the card; none in a dialog.
    #[serde(default)]
    post: Option<String>,
    /// `execute`, `submit` or `dialog`, which is a button inside a dialog.
    kind: String,
    #[serde(default)]
    verb: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    data: Value,
    /// `automatic` where the client asked by itself for what to show.
    #[serde(default)]
    trigger: Option<String>,
}

/// Somebody taps a button of a card.
pub(super) async fn tap(
    teams: Data<Teams>,
    request: HttpRequest,
    tapped: Json<Tapped>,
) -> HttpResponse {
    if !page::is_own(&request, &teams.base) {
        return page::foreign();
    }
    let tapped = tapped.into_inner();
    let Some(conversation) = teams.thread_of(&tapped) else {
        return page::refused("The card is no longer there.");
    };
    let opens_dialog = tapped.data["msteams"]["type"] == "task/fetch";
    match tapped.kind.as_str() {
        "execute" => execute(&teams, &tapped, &conversation).await,
        "submit" if opens_dialog => dialog(&teams, &tapped, &conversation, "task/fetch").await,
        "dialog" => dialog(&teams, &tapped, &conversation, "task/submit").await,
        "submit" => {
            let mut activity = teams.activity("message", &tapped.person, &conversation);
            activity["value"] = tapped.data.clone();
            activity["replyToId"] = json!(tapped.post);
            match teams.call(&activity).await {
                Ok((200..=299, _)) => HttpResponse::Ok().json(json!({})),
                _ => page::refused(UNREACHABLE),
            }
        }
        _ => page::refused("This is no sort of button."),
    }
}

/// `Action.Execute`: the answer takes the place of the card for whoever tapped, or is a short word.
async fn execute(teams: &Teams, tapped: &Tapped, conversation: &str) -> HttpResponse {
    let mut activity = teams.activity("invoke", &tapped.person, conversation);
    activity["name"] = json!("adaptiveCard/action");
    activity["replyToId"] = json!(tapped.post);
    activity["value"] = json!({
        "action": {
            "type": "Action.Execute",
            "id": tapped.id,
            "verb": tapped.verb,
            "data": tapped.data,
        },
        "trigger": tapped.trigger.as_deref().unwrap_or("manual"),
    });
    let answer = match teams.call(&activity).await {
        Ok((200, answer)) => answer,
        Ok(_) | Err(_) => return page::refused(UNREACHABLE),
    };
    match (answer["statusCode"].as_u64(), answer["type"].as_str()) {
        (Some(200), Some("application/vnd.microsoft.card.adaptive")) => {
            let card = answer["value"].clone();
            if let Some(post) = &tapped.post {
                let show = |world: &mut super::World| {
                    world.show(conversation, post, &tapped.person, card);
                };
                teams.kept.change(show);
            }
            HttpResponse::Ok().json(json!({}))
        }
        (Some(200), Some("application/vnd.microsoft.activity.message")) => {
            HttpResponse::Ok().json(json!({ "note": answer["value"] }))
        }
        _ => {
            let why = answer["value"]["message"].as_str();
            page::refused(why.unwrap_or(UNREACHABLE))
        }
    }
}

/// Opens a dialog, or hands in what was filled in there.
async fn dialog(teams: &Teams, tapped: &Tapped, conversation: &str, name: &str) -> HttpResponse {
    let mut activity = teams.activity("invoke", &tapped.person, conversation);
    activity["name"] = json!(name);
    activity["replyToId"] = json!(tapped.post);
    activity["value"] = json!({ "data": tapped.data, "context": { "theme": "default" } });
    match teams.call(&activity).await {
        // An empty answer closes the dialog.
        Ok((200, answer)) => HttpResponse::Ok().json(match answer["task"]["type"].as_str() {
            Some("continue") => json!({ "dialog": answer["task"]["value"] }),
            Some("message") => json!({ "note": answer["task"]["value"], "closes": true }),
            _ => json!({ "closes": true }),
        }),
        Ok(_) | Err(_) => page::refused(UNREACHABLE),
    }
}

#[derive(Deserialize)]
pub(super) struct Install {
    #[serde(rename = "as")]
    person: String,
    installed: bool,
}

/// Somebody adds the app, or takes it off.
pub(super) async fn install(
    teams: Data<Teams>,
    request: HttpRequest,
    install: Json<Install>,
) -> HttpResponse {
    if !page::is_own(&request, &teams.base) {
        return page::foreign();
    }
    let Install { person, installed } = install.into_inner();
    teams.kept.change(|world| {
        if installed {
            world.without_app.remove(&person);
        } else {
            world.without_app.insert(person.clone());
        }
    });
    let chat = chat_of(&person);
    let mut said = teams.activity("installationUpdate", &person, &chat);
    said["action"] = json!(if installed { "add" } else { "remove" });
    let mut calls = vec![said];
    if installed {
        let mut update = teams.activity("conversationUpdate", &person, &chat);
        update["membersAdded"] = json!([{ "id": teams.bot_id() }]);
        calls.push(update);
    }
    for call in &calls {
        if !matches!(teams.call(call).await, Ok((200..=299, _))) {
            return page::refused("Oyez did not take the news.");
        }
    }
    HttpResponse::Ok().json(json!({}))
}

pub(super) async fn clock(
    teams: Data<Teams>,
    request: HttpRequest,
    later: Json<Later>,
) -> HttpResponse {
    if !page::is_own(&request, &teams.base) {
        return page::foreign();
    }
    let moved = page::move_clock(&teams.common, &later).await;
    // The time that pages show is news.
    teams.kept.change(|_| ());
    moved
}

impl Teams {
    /// The conversation of a card, with its thread.
    fn thread_of(&self, tapped: &Tapped) -> Option<String> {
        let (bare, _) = split(&tapped.conversation);
        self.kept.look(|world| {
            let place = world.conversations.get(bare)?;
            if !world.may_see(bare, &tapped.person) {
                return None;
            }
            match (&tapped.post, &place.person) {
                (Some(id), None) => {
                    let mut posts = place.posts.iter();
                    let root = &posts.find(|post| post.id == *id)?.root;
                    Some(format!("{bare};messageid={root}"))
                }
                _ => Some(tapped.conversation.clone()),
            }
        })
    }
}

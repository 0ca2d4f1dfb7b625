//! What the bot calls: its token, the keys, and the Bot connector's routes.
//!
//! Source: MicrosoftDocs/bot-docs, `bot-framework-rest-connector-api-reference.md`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path, Query},
};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Teams,
    world::{BAD, NO_CONVERSATION, NOT_INSTALLED, No, chat_of, split},
};
use crate::simulators::Person;

/// What the bot's token must be for.
const SCOPE: &str = "https://api.botframework.com/.default";
/// Seconds for which a token is good.
const LASTS: i64 = 3_599;
/// Most bytes of a message, in UTF-16.
const MESSAGE_MAX: usize = 100 * 1024;

pub(super) async fn metadata(teams: Data<Teams>) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "issuer": "https://api.botframework.com",
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": format!("{}/v1/.well-known/keys", teams.base),
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }))
}

pub(super) async fn keys(teams: Data<Teams>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "keys": [teams.key.public()] }))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    scope: String,
}

/// The bot signs in at Microsoft Entra.
pub(super) async fn token(teams: Data<Teams>, tenant: Path<String>, body: Bytes) -> HttpResponse {
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let Ok(wanted) = Query::<Wanted>::from_query(text) else {
        return no_token(
            400,
            "invalid_request",
            900_144,
            "The request body is malformed.",
        );
    };
    if !tenant.eq_ignore_ascii_case(&teams.bot.tenant) {
        return no_token(400, "invalid_request", 90_002, "Tenant not found.");
    }
    if wanted.grant_type != "client_credentials" {
        return no_token(
            400,
            "unsupported_grant_type",
            70_003,
            "This grant is not supported.",
        );
    }
    if !wanted.client_id.eq_ignore_ascii_case(&teams.bot.app_id) {
        let sentence = "The application was not found in the directory.";
        return no_token(400, "unauthorized_client", 700_016, sentence);
    }
    if wanted.client_secret != teams.bot.secret {
        return no_token(
            401,
            "invalid_client",
            7_000_215,
            "Invalid client secret provided.",
        );
    }
    if wanted.scope != SCOPE {
        return no_token(400, "invalid_scope", 1_002_012, "The scope is not valid.");
    }
    let token = teams.issue(TimeDelta::seconds(LASTS));
    HttpResponse::Ok().json(json!({
        "token_type": "Bearer",
        "expires_in": LASTS,
        "ext_expires_in": LASTS,
        "access_token": token,
    }))
}

fn no_token(status: u16, error: &str, code: u32, sentence: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::from_u16(status).unwrap_or_default()).json(json!({
        "error": error,
        "error_description": format!("AADSTS{code}: {sentence}"),
        "error_codes": [code],
    }))
}

fn refused(No(status, code, message): No) -> HttpResponse {
    HttpResponse::build(StatusCode::from_u16(status).unwrap_or_default())
        .json(json!({ "error": { "code": code, "message": message } }))
}

/// The JSON of a call of the bot, if its token is good.
fn called(teams: &Teams, request: &HttpRequest, body: &[u8]) -> Result<Value, No> {
    let header = request.headers().get(header::AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if !token.is_some_and(|token| teams.is_good(token)) {
        let no = No(
            401,
            "BotNotRegistered",
            "Authorization has been denied for this request.",
        );
        return Err(no);
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(body).map_err(|_| BAD)?;
    if 2 * text.encode_utf16().count() > MESSAGE_MAX {
        let no = No(413, "MessageSizeTooBig", "Message size too large.");
        return Err(no);
    }
    serde_json::from_str(text).map_err(|_| BAD)
}

/// Makes a chat with a person, or a thread in a channel.
pub(super) async fn create(teams: Data<Teams>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let wanted = match called(&teams, &request, &body) {
        Ok(wanted) => wanted,
        Err(no) => return refused(no),
    };
    let tenant = wanted["tenantId"].as_str().unwrap_or_default();
    if !tenant.eq_ignore_ascii_case(&teams.bot.tenant) {
        return refused(No(400, "Bad Argument", "Unknown tenant."));
    }
    let made = if wanted["isGroup"] == true {
        thread(&teams, &wanted)
    } else {
        chat(&teams, &wanted)
    };
    match made {
        Ok(made) => HttpResponse::Created().json(made),
        Err(no) => refused(no),
    }
}

fn thread(teams: &Teams, wanted: &Value) -> Result<Value, No> {
    let channel = wanted["channelData"]["channel"]["id"].as_str().ok_or(BAD)?;
    let activity = wanted["activity"].clone();
    if !activity.is_object() || split(channel).1.is_some() {
        return Err(BAD);
    }
    let now = teams.common.now();
    let posted = |world: &mut super::World| match world.conversations.get(channel) {
        Some(place) if place.person.is_none() => world.post(channel, None, activity, now),
        _ => Err(NO_CONVERSATION),
    };
    let id = teams.kept.change(posted)?;
    Ok(json!({ "id": format!("{channel};messageid={id}"), "activityId": id }))
}

fn chat(teams: &Teams, wanted: &Value) -> Result<Value, No> {
    let members = wanted["members"].as_array().ok_or(BAD)?;
    let [member] = members.as_slice() else {
        // A bot cannot make a group chat.
        return Err(BAD);
    };
    let id = member["id"].as_str().ok_or(BAD)?;
    let id = id.strip_prefix("29:").unwrap_or(id);
    let cast = teams.common.cast();
    let person = cast.person(id).ok_or(NOT_INSTALLED)?;
    if teams
        .kept
        .look(|world| world.without_app.contains(&person.id))
    {
        return Err(NOT_INSTALLED);
    }
    Ok(json!({ "id": chat_of(&person.id) }))
}

/// Posts, below another post if it says so.
pub(super) async fn send(
    teams: Data<Teams>,
    path: Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    post(&teams, &path, None, &request, &body)
}

/// Posts below another post.
pub(super) async fn reply(
    teams: Data<Teams>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    post(&teams, &path.0, Some(&path.1), &request, &body)
}

fn post(
    teams: &Teams,
    conversation: &str,
    below: Option<&str>,
    request: &HttpRequest,
    body: &[u8],
) -> HttpResponse {
    let activity = match called(teams, request, body) {
        Ok(activity) if activity.is_object() => activity,
        Ok(_) => return refused(BAD),
        Err(no) => return refused(no),
    };
    let (bare, root) = split(conversation);
    let below = below.or(activity["replyToId"].as_str()).map(str::to_owned);
    let now = teams.common.now();
    let posted = teams.kept.change(|world| {
        let place = world.conversations.get(bare).ok_or(NO_CONVERSATION)?;
        let owner = place.person.as_ref();
        if owner.is_some_and(|owner| world.without_app.contains(owner)) {
            return Err(NOT_INSTALLED);
        }
        let mut posts = place.posts.iter();
        let root = match (root, &below) {
            (None, Some(below)) if owner.is_none() => posts
                .find(|post| post.id == *below)
                .map(|post| post.root.clone()),
            (root, _) => root.map(str::to_owned),
        };
        let conversation = match root {
            Some(root) => format!("{bare};messageid={root}"),
            None => bare.to_owned(),
        };
        world.post(&conversation, None, activity, now)
    });
    match posted {
        Ok(id) => HttpResponse::Created().json(json!({ "id": id })),
        Err(no) => refused(no),
    }
}

/// Puts another activity in the place of one.
pub(super) async fn update(
    teams: Data<Teams>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let activity = match called(&teams, &request, &body) {
        Ok(activity) if activity.is_object() => activity,
        Ok(_) => return refused(BAD),
        Err(no) => return refused(no),
    };
    let (conversation, id) = path.into_inner();
    match teams
        .kept
        .change(|world| world.replace(&conversation, &id, activity))
    {
        Ok(()) => HttpResponse::Ok().json(json!({ "id": id })),
        Err(no) => refused(no),
    }
}

pub(super) async fn delete(
    teams: Data<Teams>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    if let Err(no) = called(&teams, &request, &[]) {
        return refused(no);
    }
    let (conversation, id) = path.into_inner();
    match teams.kept.change(|world| world.delete(&conversation, &id)) {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(no) => refused(no),
    }
}

/// One member of a conversation, by either of their ids.
pub(super) async fn member(
    teams: Data<Teams>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    if let Err(no) = called(&teams, &request, &[]) {
        return refused(no);
    }
    let (conversation, id) = path.into_inner();
    let id = id.strip_prefix("29:").unwrap_or(&id);
    let cast = teams.common.cast();
    let Some(person) = cast.person(id) else {
        return refused(No(
            404,
            "MemberNotFoundInConversation",
            "The member is not there.",
        ));
    };
    if !teams
        .kept
        .look(|world| world.may_see(&conversation, &person.id))
    {
        return refused(NO_CONVERSATION);
    }
    HttpResponse::Ok().json(account(&teams, person))
}

/// All members of a conversation, as one page.
pub(super) async fn members(
    teams: Data<Teams>,
    conversation: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    if let Err(no) = called(&teams, &request, &[]) {
        return refused(no);
    }
    let (bare, _) = split(&conversation);
    if teams
        .kept
        .look(|world| !world.conversations.contains_key(bare))
    {
        return refused(NO_CONVERSATION);
    }
    let people = teams.common.cast().people;
    let members: Vec<Value> = teams.kept.look(|world| {
        let members = people
            .iter()
            .filter(|person| world.may_see(bare, &person.id));
        members.map(|person| account(&teams, person)).collect()
    });
    HttpResponse::Ok().json(json!({ "members": members }))
}

fn account(teams: &Teams, person: &Person) -> Value {
    let (given, surname) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    json!({
        "id": format!("29:{}", person.id),
        "aadObjectId": person.id,
        "name": person.name,
        "givenName": given,
        "surname": surname,
        "email": person.mail,
        "userPrincipalName": person.mail,
        "tenantId": teams.bot.tenant,
        "userRole": "user",
    })
}

//! The Bot connector: tokens, conversations, and what becomes of posts.

use std::sync::Arc;

use chrono::TimeDelta;
use oyez::{
    clock::ManualClock,
    simulators::{
        Cast, Person, Room, Running,
        teams::{Bot, Teams},
    },
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Caller, card};
use crate::support::{
    api::{Answer, client},
    at,
};

const PERSON: &str = "11111111-2222-4333-8444-555555555501";
const ROOM: &str = "19:incidents@thread.tacv2";
const TENANT: &str = "7d1f6f0e-52b5-4b0c-9a43-0c6c6f6f2a55";
const SCOPE: &str = "https://api.botframework.com/.default";

struct Bench {
    clock: Arc<ManualClock>,
    caller: Caller,
    running: Running,
}

impl Bench {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::new(at("2026-11-26T18:00:00Z")));
        let bot = Bot {
            app_id: "the-app".to_owned(),
            tenant: TENANT.to_owned(),
            secret: "the-secret".to_owned(),
        };
        let (teams, running) = Teams::start(0, bot, clock.clone(), None).await.unwrap();
        teams.introduce(Cast {
            people: vec![Person {
                id: PERSON.to_owned(),
                name: "Priya Shah".to_owned(),
                role: String::new(),
                mail: Some("priya.shah@northshire.example".to_owned()),
            }],
            rooms: vec![Room {
                id: ROOM.to_owned(),
                name: "#incidents".to_owned(),
            }],
        });
        let mut caller = Caller::new(&running.base, "");
        let token = sign_in(&caller, TENANT, "the-app", "the-secret", SCOPE).await;
        token.is(200)["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut caller.token);
        Self {
            clock,
            caller,
            running,
        }
    }

    async fn chat(&self, person: &str) -> Answer {
        let wanted = json!({
            "isGroup": false,
            "tenantId": TENANT,
            "members": [{ "id": person }],
        });
        self.caller.post("/teams/v3/conversations", &wanted).await
    }
}

async fn sign_in(caller: &Caller, tenant: &str, app: &str, secret: &str, scope: &str) -> Answer {
    let form = format!(
        "grant_type=client_credentials&client_id={app}&client_secret={secret}&scope={scope}"
    );
    let url = format!("{}/{tenant}/oauth2/v2.0/token", caller.base);
    Answer::of(client().post(url).body(form)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_bot_gets_a_token_and_only_for_an_hour() {
    let bench = Bench::open().await;
    for (tenant, app, secret, scope, status, error) in [
        ("other", "the-app", "the-secret", SCOPE, 400, "AADSTS90002"),
        (TENANT, "other", "the-secret", SCOPE, 400, "AADSTS700016"),
        (TENANT, "the-app", "other", SCOPE, 401, "AADSTS7000215"),
        (TENANT, "the-app", "the-secret", "x", 400, "AADSTS1002012"),
    ] {
        let refused = sign_in(&bench.caller, tenant, app, secret, scope)
            .await
            .is(status);
        let words = refused["error_description"].as_str().unwrap();
        assert!(words.starts_with(error), "{words}");
    }
    bench.chat(PERSON).await.is(201);
    let stranger = Caller::new(&bench.running.base, "practice.made-up");
    let body = json!({ "tenantId": TENANT });
    stranger
        .post("/teams/v3/conversations", &body)
        .await
        .is(401);
    bench.clock.advance(TimeDelta::minutes(60));
    bench.chat(PERSON).await.is(401);
    bench.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_takes_the_place_of_a_post_for_everybody() {
    let bench = Bench::open().await;
    let chat = bench.chat(PERSON).await.is(201)["id"].clone();
    let chat = chat.as_str().unwrap();
    let path = format!(
        "/teams/v3/conversations/{}/activities",
        chat.replace(':', "%3A")
    );
    let id = bench.caller.post(&path, &card("first")).await.is(201)["id"].clone();
    let one = format!("{path}/{}", id.as_str().unwrap());
    bench
        .caller
        .call(Method::PUT, &one, &card("second"))
        .await
        .is(200);
    let seen = bench.caller.seen(PERSON, chat).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["card"]["body"][0]["text"], "second");
    assert_eq!(seen[0]["isEdited"], true);
    let gone = bench.caller.call(Method::DELETE, &one, &Value::Null).await;
    assert_eq!(gone.status.as_u16(), 200);
    let again = bench
        .caller
        .call(Method::PUT, &one, &card("third"))
        .await
        .is(404);
    assert_eq!(again["error"]["code"], "ActivityNotFoundInConversation");
    assert_eq!(bench.caller.seen(PERSON, chat).await, Vec::<Value>::new());
    // Nobody else sees the chat.
    assert_eq!(
        bench.caller.seen("another", chat).await,
        Vec::<Value>::new()
    );
    bench.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_has_threads_and_a_person_without_the_app_has_no_chat() {
    let bench = Bench::open().await;
    let wanted = json!({
        "isGroup": true,
        "tenantId": TENANT,
        "channelData": { "channel": { "id": ROOM } },
        "activity": card("the beginning"),
    });
    let made = bench
        .caller
        .post("/teams/v3/conversations", &wanted)
        .await
        .is(201);
    let thread = made["id"].as_str().unwrap();
    let encoded = thread
        .replace(':', "%3A")
        .replace(';', "%3B")
        .replace('=', "%3D");
    let path = format!("/teams/v3/conversations/{encoded}/activities");
    bench.caller.post(&path, &card("a reply")).await.is(201);
    let seen = bench.caller.seen(PERSON, ROOM).await;
    assert_eq!(seen[1]["root"], seen[0]["id"]);
    let lost = path.replace("messageid%3D", "messageid%3D9");
    let refused = bench.caller.post(&lost, &card("lost")).await.is(404);
    assert_eq!(refused["error"]["code"], "ConversationNotFound");

    let refused = bench
        .chat("11111111-2222-4333-8444-555555555599")
        .await
        .is(403);
    assert_eq!(refused["error"]["code"], "ForbiddenOperationException");
    let member = format!("/teams/v3/conversations/{encoded}/members/{PERSON}");
    let member = bench.caller.get(&member).await.is(200);
    assert_eq!(member["email"], "priya.shah@northshire.example");
    bench.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_web_site_cannot_speak_for_somebody() {
    let bench = Bench::open().await;
    let said = json!({ "as": PERSON, "in": ROOM, "text": "@Oyez cancel INC-0001" });
    let url = format!("{}/sim/say", bench.running.base);
    let request = client().post(url).header("Origin", "https://evil.example");
    let refused = Answer::of(request.json(&said)).await;
    assert_eq!(refused.status.as_u16(), 403);
    assert_eq!(bench.caller.seen(PERSON, ROOM).await, Vec::<Value>::new());
    bench.running.stop().await;
}

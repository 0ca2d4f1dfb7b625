//! Where the bot was met: kept true by what Teams sends, and used for what is sent first.

use oyez::{
    domain::{Address, channel::Conversation},
    store::conversations,
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    agency::{Plan, deliver, policy},
    teams::{CHANNEL, CHAT, PRIYA, STRANGER, Tenant},
};

async fn known(teams: &Tenant, address: &str) -> Option<Conversation> {
    let channel = "teams".parse().unwrap();
    let address = Address::new(address);
    let read = teams.api.app.store.read();
    conversations::find(read, &channel, &address).await.unwrap()
}

/// How many conversations were written.
async fn written(teams: &Tenant) -> i64 {
    let read = teams.api.app.store.read();
    let engine = read.get_database_backend();
    let sql = "SELECT COALESCE(SUM(seen_at), 0) FROM conversation";
    let row = read
        .query_one_raw(Statement::from_string(engine, sql))
        .await;
    row.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Waits until it is known, or is not.
async fn until(teams: &Tenant, address: &str, is_known: bool) {
    while known(teams, address).await.is_some() != is_known {
        tokio::task::yield_now().await;
    }
}

fn about(mut activity: Value, key: &str, value: Value) -> Value {
    activity[key] = value;
    activity
}

#[tokio::test]
async fn each_way_to_meet_and_to_part_is_noted() {
    let mut teams = Tenant::open().await;
    let us = || json!([{ "id": "28:f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11" }]);
    let install = |activity, action: &str| about(activity, "action", json!(action));
    for (meets, parts, address) in [
        (
            install(teams.alone(PRIYA, "installationUpdate"), "add"),
            install(teams.alone(PRIYA, "installationUpdate"), "remove"),
            PRIYA,
        ),
        (
            install(teams.alone(PRIYA, "installationUpdate"), "upgrade"),
            install(teams.alone(PRIYA, "installationUpdate"), "remove-upgrade"),
            PRIYA,
        ),
        (
            about(
                teams.activity(PRIYA, "conversationUpdate"),
                "membersAdded",
                us(),
            ),
            about(
                teams.activity(PRIYA, "conversationUpdate"),
                "membersRemoved",
                us(),
            ),
            CHANNEL,
        ),
        (
            Tenant::tap(teams.alone(PRIYA, "invoke"), "say:help", &[]),
            install(teams.alone(PRIYA, "installationUpdate"), "remove"),
            PRIYA,
        ),
    ] {
        assert_eq!(teams.call(&meets).await.status.as_u16(), 200);
        until(&teams, address, true).await;
        assert_eq!(teams.call(&parts).await.status.as_u16(), 200);
        until(&teams, address, false).await;
    }

    // Somebody else comes and goes: that says nothing of us.
    let other = json!([{ "id": "29:somebody" }]);
    let came = about(
        teams.alone(PRIYA, "conversationUpdate"),
        "membersAdded",
        other,
    );
    assert_eq!(teams.call(&came).await.status.as_u16(), 200);
    teams.says(PRIYA, "help").await;
    assert!(known(&teams, CHANNEL).await.is_some());
    assert!(known(&teams, PRIYA).await.is_none());
}

#[tokio::test]
async fn what_is_known_is_not_written_again_and_an_unsigned_call_teaches_nothing() {
    let mut teams = Tenant::open().await;
    teams.says_alone(STRANGER, "help").await;
    let chat = known(&teams, STRANGER).await.unwrap();
    assert_eq!((chat.id.as_str(), chat.kind.as_str()), (CHAT, "personal"));
    let before = written(&teams).await;
    teams.says_alone(STRANGER, "help").await;
    assert_eq!(written(&teams).await, before);

    let call = teams.alone(PRIYA, "message");
    let request = teams.api.request(reqwest::Method::POST, "/api/messages");
    let refused = crate::support::api::Answer::of(request.json(&call)).await;
    assert_eq!(refused.status.as_u16(), 401);
    assert_eq!(written(&teams).await, before);
}

#[tokio::test]
async fn a_person_hears_where_they_spoke_and_what_is_gone_is_forgotten() {
    let by_mail = "by = { all = [\"email\"] }";
    let policy = policy().replace(by_mail, "by = { all = [\"email\", \"teams\"] }");
    let plan = Plan {
        policy,
        ..Plan::default()
    };
    let mut teams = Tenant::with(plan, |_| ()).await;
    teams.says_alone(PRIYA, "help").await;
    let made = || async {
        let asked = teams.asked("POST").await;
        let made = |(path, body): &&(String, Value)| {
            path.ends_with("/v3/conversations") && body["isGroup"] == false
        };
        asked.iter().filter(made).count()
    };
    teams.agency.declare("--no-wait --as tom-okafor").await;
    deliver(&teams.api.app).await;
    let asked = teams.asked("POST").await;
    let into_chat = asked.iter().filter(|(path, _)| path.contains("a%3A1priya"));
    // The answer to help, and what she is told.
    assert!(into_chat.count() > 1, "{asked:?}");
    let before = made().await;

    teams.answers(
        "a%3A1priya/activities",
        ResponseTemplate::new(404)
            .set_body_json(json!({ "error": { "code": "ConversationNotFound", "message": "no" } })),
    );
    teams
        .agency
        .done("update INC-1 Half_are_back --yes --no-wait --as tom-okafor")
        .await;
    deliver(&teams.api.app).await;
    assert!(made().await > before, "a chat is made");
    assert!(known(&teams, PRIYA).await.is_none());
}

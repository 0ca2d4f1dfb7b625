//! The post of an incident in a channel: everybody sees it, and those who run the incident see on it what
//! they may do.

use oyez::domain::Audience;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    agency::{Plan, deliver, policy},
    teams::{CHANNEL, CHAT, OPEN, PRIYA, TOM, Tenant, button, text},
};

/// The agency, one of whose channels is told of each grave incident as this audience.
async fn with_channel(audience: Audience) -> Tenant {
    let mut plan = Plan::default();
    let (old, new) = (
        "    channel: teams_workflow\n    address: https://hooks.northshire.example/workflows/sd-incidents",
        format!("    channel: teams\n    address: {CHANNEL}"),
    );
    assert!(plan.directory.contains(old), "it is written otherwise now");
    plan.directory = plan.directory.replace(old, &new);
    let old = "\"destination:incidents-slack\"]\naudience = \"responders\"";
    let new = format!("\"destination:incidents-slack\"]\naudience = \"{audience}\"");
    plan.policy = policy();
    assert!(plan.policy.contains(old), "it is written otherwise now");
    plan.policy = plan.policy.replace(old, &new);
    Tenant::with(plan, |_| ()).await
}

/// The first posts of threads in the channel.
async fn first_posts(teams: &Tenant) -> Vec<Value> {
    let asked = teams.asked("POST").await.into_iter();
    asked
        .filter(|(_, body)| body["isGroup"] == true)
        .map(|(_, body)| body["activity"]["attachments"][0]["content"].clone())
        .collect()
}

/// The same as if it was done on the post, the first of its thread.
fn on_post(mut activity: Value) -> Value {
    activity["conversation"]["id"] = json!(format!("{CHANNEL};messageid=1700"));
    activity["replyToId"] = json!("1700");
    activity
}

/// How many were shown what they have not sent.
async fn drafts(teams: &Tenant) -> i64 {
    let read = teams.api.app.store.read();
    let count = Statement::from_string(read.get_database_backend(), "SELECT COUNT(*) FROM draft");
    let row = read.query_one_raw(count).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

/// What a client asks by itself.
fn look(activity: Value, act: &str) -> Value {
    let mut look = Tenant::tap(activity, act, &[]);
    look["value"]["trigger"] = json!("automatic");
    look
}

#[tokio::test]
async fn a_post_names_those_who_run_the_incident_and_have_met_us() {
    let mut teams = with_channel(Audience::Responders).await;
    teams.says_alone(PRIYA, "help").await;
    let thread = json!({ "id": format!("{CHANNEL};messageid=1700"), "activityId": "1700" });
    let begun = ResponseTemplate::new(201).set_body_json(thread);
    teams.answers("/v3/conversations", begun);
    teams.agency.declare("--no-wait --as priya-shah").await;
    deliver(&teams.api.app).await;
    let posts = first_posts(&teams).await;
    let refresh = &posts[0]["refresh"];
    assert_eq!(refresh["userIds"], json!(["29:someone"]), "{posts:#?}");
    let act = refresh["action"]["data"]["act"].as_str().unwrap();
    let own = look(on_post(teams.activity(PRIYA, "invoke")), act);
    let own = teams.invoked(&own).await;
    assert!(!button(&own, "Update").is_empty());

    // What is kept true keeps it. The words that people are shown name nobody.
    let shown = teams
        .agency
        .json("update INC-1 Half_are_back --dry-run --as priya-shah")
        .await;
    assert!(!shown.to_string().contains("29:someone"), "{shown}");
    teams
        .agency
        .done("update INC-1 Half_are_back --yes --no-wait --as priya-shah")
        .await;
    deliver(&teams.api.app).await;
    let (_, kept) = teams.edited(0).await;
    assert_eq!(kept["refresh"], posts[0]["refresh"], "{kept:#}");

    // Nobody who runs this one has met us.
    teams.agency.declare("--no-wait --as tom-okafor").await;
    deliver(&teams.api.app).await;
    let posts = first_posts(&teams).await;
    assert_eq!(posts.len(), 2);
    assert!(posts[1]["refresh"].is_null(), "{posts:#?}");
}

#[tokio::test]
async fn what_outsiders_or_only_some_may_read_names_nobody() {
    let mut outside = with_channel(Audience::External).await;
    outside.says_alone(PRIYA, "help").await;
    outside.agency.declare("--no-wait --as priya-shah").await;
    let mut inside = with_channel(Audience::Responders).await;
    inside.says_alone(PRIYA, "help").await;
    inside
        .agency
        .declare("--restricted --no-wait --as priya-shah")
        .await;
    for (teams, posts) in [(outside, 1), (inside, 0)] {
        deliver(&teams.api.app).await;
        assert_eq!(first_posts(&teams).await.len(), posts);
        let all = teams.asked("POST").await;
        assert!(!format!("{all:?}").contains("userIds"), "{all:?}");
    }
}

#[tokio::test]
async fn a_restricted_incident_is_not_there_for_whoever_looks_and_never_aloud() {
    let mut teams = Tenant::open().await;
    let quiet = "declare --title 'Nobody finds a course' --priority P3 --service find-courses";
    teams
        .agency
        .done(&format!("{quiet} --restricted --yes --as priya-shah"))
        .await;
    let mut answers = Vec::new();
    for act in ["look:INC-0001", "look:INC-0099"] {
        let look = look(on_post(teams.activity(TOM, "invoke")), act);
        answers.push(teams.call(&look).await.is(200));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["statusCode"], 400);

    // Only what Teams asks for is for one person alone: a message is answered before all.
    let says_so = json!({ "trigger": "automatic" });
    let taps = json!({ "trigger": "automatic", "act": "look:INC-0001" });
    for (line, value) in [("status INC-0001", says_so), ("", taps)] {
        let mut message = teams.activity(PRIYA, "message");
        message["text"] = json!(line);
        message["value"] = value;
        let aloud = teams.posted(&message).await;
        assert!(text(&aloud).contains("There is no incident"), "{aloud}");
    }
}

#[tokio::test]
async fn whoever_runs_an_incident_sees_more_on_its_post_and_answers_leave_it_as_it_is() {
    let mut teams = Tenant::open().await;
    let shown = teams.says_alone(PRIYA, OPEN).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    let own = look(on_post(teams.activity(PRIYA, "invoke")), "look:INC-0001");
    let own = teams.invoked(&own).await;
    let update = button(&own, "Update");
    let others = look(on_post(teams.activity(TOM, "invoke")), "look:INC-0001");
    let others = teams.invoked(&others).await;
    let said = text(&others);
    assert!(said.contains("Providers cannot sign in"), "{others}");
    assert!(!said.contains("Update\n"), "{others}");
    // What nobody has tapped does nothing.
    for act in ["nochange:INC-0001:1", "say:note INC-0001 Nobody said this"] {
        let refused = look(on_post(teams.activity(PRIYA, "invoke")), act);
        let refused = teams.call(&refused).await.is(200);
        assert_eq!(refused["statusCode"], 400, "{refused}");
    }

    // From the form to the result all is seen by her alone.
    let tap = Tenant::tap(on_post(teams.activity(PRIYA, "invoke")), &update, &[]);
    let form = teams.invoked(&tap).await;
    let filled = [("text", "Half of them are back.")];
    let tap = Tenant::tap(
        on_post(teams.activity(PRIYA, "invoke")),
        &button(&form, "Go on"),
        &filled,
    );
    let draft = teams.invoked(&tap).await;
    let tap = Tenant::tap(
        on_post(teams.activity(PRIYA, "invoke")),
        &button(&draft, "Send"),
        &[],
    );
    let sent = teams.invoked(&tap).await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    let mut elsewhere = Tenant::tap(teams.alone(PRIYA, "invoke"), "nochange:INC-0001:0", &[]);
    elsewhere["replyToId"] = json!("1800");
    teams.invoked(&elsewhere).await;
    let conversation = CHAT.replace(':', "%3A");
    let path = format!("/v3/conversations/{conversation}/activities/1800");
    assert_eq!(teams.edited(0).await.0, path);
}

#[tokio::test]
async fn while_the_database_is_slow_a_post_stays_and_nothing_unsent_is_said_before_all() {
    let mut teams = Tenant::with(Plan::default(), Tenant::hurried).await;
    teams.agency.declare("--no-wait --as priya-shah").await;
    let slow = look(on_post(teams.activity(PRIYA, "invoke")), "look:INC-0001");
    let slow = teams.call(&slow).await.is(200);
    assert_eq!(slow["statusCode"], 500, "{slow}");

    let before = teams.posts().await.len();
    let filled = [("text", "Half of them are back.")];
    let form = on_post(teams.activity(PRIYA, "invoke"));
    let form = Tenant::tap(form, "fill:update:INC-0001", &filled);
    let slow = teams.call(&form).await.is(200);
    assert_eq!(slow["statusCode"], 500, "{slow}");
    while drafts(&teams).await == 0 {
        tokio::task::yield_now().await;
    }
    // Its answer is there, and of all that is asked only what comes after it is said.
    let help = Tenant::tap(teams.activity(PRIYA, "invoke"), "say:help", &[]);
    let said = teams.posted(&help).await;
    assert!(text(&said).contains("What you can say"), "{said}");
    assert_eq!(teams.posts().await.len(), before + 1);
}

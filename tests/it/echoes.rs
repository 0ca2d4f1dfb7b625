//! Providers that repeat what they were told: no secret of ours is kept, in whatever form it comes back.

use std::sync::Arc;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use oyez::{
    app::deliver::{Channels, Engine as Delivery, Wake},
    channels::Channel,
    clock::ManualClock,
    domain::{Address, notification::Moment},
    store::outbox::attempts_of,
};
use serde_json::json;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::support::{
    channels::{live, stanza, with},
    database::{TestDb, databases},
    outbox::{log, notification, say, start},
    smtp::{Act, Encryption, Script, SmtpStandIn},
};

const PASSWORD: &str = "Zebra&crossing<77/Qx";
const MAIL_TOKEN: &str = "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA";
const SLACK_TOKEN: &str = "xoxb-123456789012-AbCdEfGhIjKl";
const TEAMS_SECRET: &str = "8Q~northshire~bot&secret=1";
const TEAMS_TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJib3QifQ.c2lnbmVkLWJ5LW5vYm9keQ";
const NOTIFY_SECRET: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";
const SLACK_PATH: &str = "services/T0A1B2C3D/B0Z9Y8X7W/hKq83jdUe72mNs01PqLs";
const FLOW_KEY: &str = "pZ3sig8vKq72Lm0XyTn5";
const HOOK_PATH: &str = "in/9f2c4e7a1b3d5f60";

/// Everything that must never be found, as it is and in base64 wherever it begins.
fn needles() -> Vec<String> {
    let paths = SLACK_PATH.split('/').skip(1);
    let pieces = paths.chain([FLOW_KEY, "9f2c4e7a1b3d5f60"]);
    let secrets = [
        PASSWORD,
        MAIL_TOKEN,
        SLACK_TOKEN,
        TEAMS_SECRET,
        TEAMS_TOKEN,
        NOTIFY_SECRET,
    ];
    let mut needles = Vec::new();
    for secret in pieces.chain(secrets) {
        needles.push(secret.to_owned());
        needles.push(secret.replace('&', "&amp;").replace('<', "&lt;"));
        needles.push(form_encoded(secret));
        for secret in [secret.to_owned(), form_encoded(secret)] {
            for (before, skip) in [("", 0), ("x", 2), ("xy", 3)] {
                let encoded = BASE64_STANDARD_NO_PAD.encode(format!("{before}{secret}"));
                needles.push(encoded[skip..encoded.len() - 2].to_owned());
            }
        }
        // What is cut off in the middle is no less a secret.
        if secret.len() > 24 {
            needles.push(secret[..14].to_owned());
            needles.push(secret[secret.len() - 14..].to_owned());
        }
    }
    // The name that signs in, as it is sent, and the signed tokens for Notify.
    needles.push(BASE64_STANDARD.encode("the-mailbox-of-oyez"));
    needles.push(BASE64_URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#));
    needles
}

fn form_encoded(text: &str) -> String {
    let mut url = reqwest::Url::parse("https://northshire.example").unwrap();
    url.query_pairs_mut().append_pair("x", text);
    url.query().unwrap()[2..].to_owned()
}

/// A service that lets us in and then repeats each request in all the ways that it knows, with the next
/// of these statuses.
async fn echoing(statuses: &'static [u16], lets_in: bool) -> MockServer {
    let server = MockServer::start().await;
    let turn = std::sync::atomic::AtomicUsize::new(0);
    Mock::given(any())
        .respond_with(move |request: &Request| {
            if lets_in && request.url.path().ends_with("/oauth2/v2.0/token") {
                return ResponseTemplate::new(200).set_body_json(json!({
                    "token_type": "Bearer", "expires_in": 3_599, "access_token": TEAMS_TOKEN,
                }));
            }
            let turn = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            ResponseTemplate::new(statuses[turn % statuses.len()]).set_body_string(echo(request))
        })
        .mount(&server)
        .await;
    server
}

fn echo(request: &Request) -> String {
    let mut said = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        said.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or_default()));
    }
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let decoded: String = body
        .replace("%26", "&")
        .replace("%3D", "=")
        .replace("%7E", "~");
    let page = said.replace('&', "&amp;").replace('<', "&lt;");
    let cut = &said[..said.len().min(300)];
    format!(
        "{said}{body}\n{decoded}\n{page}\n{}\n{}\n{}\n{cut}",
        BASE64_STANDARD.encode(&said),
        BASE64_URL_SAFE_NO_PAD.encode(format!("{said}{body}")),
        BASE64_STANDARD.encode(&decoded),
    )
}

/// Every channel with an address on it, against a service that answers so.
fn channels(service: &str) -> Vec<(&'static str, Arc<dyn Channel>, String)> {
    let of = |name: &'static str, keys: &str, address: String| {
        let channel = live(name, with(name, keys));
        (name, channel, address)
    };
    vec![
        of(
            "slack",
            &format!("token = \"{SLACK_TOKEN}\"\napi = \"{service}\"\n"),
            "C024BE91L".to_owned(),
        ),
        of(
            "teams",
            &format!(
                "app_id = \"f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11\"\n\
                 tenant = \"7d1f6f0e-52b5-4b0c-9a43-0c6c6f6f2a55\"\nsecret = \"{TEAMS_SECRET}\"\n\
                 login_url = \"{service}\"\nservice_url = \"{service}/teams/\"\n"
            ),
            "19:meeting_Zm9v@thread.v2".to_owned(),
        ),
        of(
            "notify_sms",
            &format!(
                "api_key = \"oyez-live-26785a09-ab16-4eb0-8407-a37497a57506-{NOTIFY_SECRET}\"\n\
                 template_id = \"f33517ff-2a88-4f6e-b855-c550268ce08a\"\nbase_url = \"{service}\"\n"
            ),
            "+447700900123".to_owned(),
        ),
        of(
            "slack_webhook",
            "hosts = [\"127.0.0.1\"]\n",
            format!("{service}/{SLACK_PATH}"),
        ),
        (
            "teams_workflow",
            live("teams_workflow", stanza("teams_workflow")),
            format!("{service}/workflows/invoke?api-version=1&sig={FLOW_KEY}"),
        ),
        of(
            "webhook",
            "signing_key = \"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"\n",
            format!("{service}/{HOOK_PATH}"),
        ),
    ]
}

/// Sends one message on each of these channels, some times over, and gives what was kept.
async fn kept(db: &TestDb, ways: Vec<(&'static str, Arc<dyn Channel>, String)>) -> String {
    let mut declared = notification(1, Moment::Declared, ways.len(), start());
    let blank = declared.messages[0].clone();
    declared.messages.clear();
    let mut channels = Channels::new();
    for (number, (name, channel, address)) in ways.into_iter().enumerate() {
        let mut message = blank.clone();
        message.channel = name.parse().unwrap();
        for (part, words) in [
            (
                "card",
                r#"{"type":"AdaptiveCard","version":"1.5","body":[]}"#,
            ),
            ("summary", "Sign-in fails"),
            ("blocks", "[]"),
            ("body", r#"{"text":"Sign-in fails"}"#),
        ] {
            message.parts.insert(part.to_owned(), words.to_owned());
        }
        declared.messages.push(message);
        let address = channel.check_address(&address).unwrap();
        declared.deliveries[number].message = number;
        declared.deliveries[number].lane = channel.lane(&address);
        // Webhook addresses are kept, as addresses: they are not looked for where they have to be.
        declared.deliveries[number].address = address;
        channels.insert(name.parse().unwrap(), channel);
    }
    say(&db.store, &declared, start()).await;
    let clock = Arc::new(ManualClock::new(start()));
    let lock = db.store.try_lock_delivery("one").await.unwrap();
    let mut engine = Delivery::new(
        db.store.clone(),
        Arc::new(channels),
        clock.clone(),
        lock.expect("nobody else delivers"),
        Wake::default(),
    );
    for _ in 0..6 {
        engine.settle().await.unwrap();
        clock.advance(chrono::TimeDelta::minutes(10));
    }
    let mut kept = String::new();
    for logged in log(&db.store).await {
        let tries = attempts_of(db.store.read(), &logged.id).await.unwrap();
        assert!(!tries.is_empty(), "{logged:?}");
        let without_address = oyez::store::outbox::Logged {
            address: None,
            ..logged
        };
        kept.push_str(&format!("{without_address:#?}{tries:#?}"));
    }
    if db.is_sqlite() {
        let copy = db.folder.path().join("copy.db");
        db.store.backup(&copy).await.unwrap();
        for file in ["oyez.db", "oyez.db-wal", "copy.db"] {
            let bytes = std::fs::read(db.folder.path().join(file)).unwrap_or_default();
            kept.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    kept
}

#[track_caller]
fn holds_no_secret(kept: &str, addresses: &[String], of: &str) {
    // An address is where messages go, and stands in the database as such.
    let kept = addresses
        .iter()
        .fold(kept.to_owned(), |kept, address| kept.replace(address, ""));
    for needle in needles() {
        assert!(!kept.contains(&needle), "{of}: {needle} is kept");
    }
}

#[tokio::test]
async fn what_services_repeat_of_our_secrets_is_kept_nowhere() {
    for statuses in [
        [200_u16, 200].as_slice(),
        &[400, 403],
        &[401, 404],
        &[429, 500],
        &[502, 302],
    ] {
        let statuses: &'static [u16] = Box::leak(statuses.to_vec().into_boxed_slice());
        for lets_in in [true, false] {
            for db in databases().await {
                let service = echoing(statuses, lets_in).await;
                let ways = channels(&service.uri());
                let addresses: Vec<String> = ways
                    .iter()
                    .map(|(_, channel, address)| channel.check_address(address).unwrap())
                    .map(|address: Address| address.as_str().to_owned())
                    .collect();
                let kept = kept(&db, ways).await;
                assert!(kept.contains("[removed]"), "{statuses:?}");
                holds_no_secret(&kept, &addresses, &format!("{statuses:?}"));
            }
        }
    }
}

#[tokio::test]
async fn what_a_mail_server_repeats_of_our_sign_in_is_kept_nowhere() {
    let password = format!("username = \"the-mailbox-of-oyez\"\npassword = '{PASSWORD}'\n");
    let token = format!("username = \"the-mailbox-of-oyez\"\ntoken = \"{MAIL_TOKEN}\"\n");
    // Long enough to be cut off in the middle where lines are.
    let long = format!(
        "username = \"the-mailbox-of-oyez\"\ntoken = \"{}{MAIL_TOKEN}\"\n",
        "A1b2C3d4".repeat(250)
    );
    let script = |offer| Script::encrypted(Encryption::Implicit).offering(offer);
    for (keys, script) in [
        (
            &password,
            script("AUTH PLAIN").always("AUTH", Act::Echo("535")),
        ),
        (
            &token,
            script("AUTH XOAUTH2").always("AUTH", Act::Echo("535")),
        ),
        (
            &token,
            script("AUTH XOAUTH2").always("AUTH", Act::Echo("454")),
        ),
        (
            &long,
            script("AUTH XOAUTH2").always("AUTH", Act::Echo("535")),
        ),
        (
            &password,
            script("AUTH LOGIN")
                .always("AUTH", Act::Say("334 VXNlcm5hbWU6"))
                .always("DGHLLW1HAWXIB3GTB2YTB3LLEG==", Act::Say("334 UGFzc3dvcmQ6"))
                .always("WMVICMEMY3JVC3NPBMC8NZCVUXG=", Act::Echo("535")),
        ),
        (
            &password,
            script("AUTH PLAIN").always("MAIL", Act::Echo("503")),
        ),
        (
            &password,
            script("AUTH PLAIN").always("RCPT", Act::Echo("550")),
        ),
        (&token, script("AUTH XOAUTH2").always(".", Act::Echo("250"))),
        (
            &password,
            script("AUTH PLAIN").always(".", Act::Echo("554")),
        ),
    ] {
        for db in databases().await {
            let server = SmtpStandIn::start(script.clone()).await;
            let settings = format!(
                "host = \"localhost\"\nport = {}\nca = '''{}'''\ntls = \"implicit\"\n\
                 from = \"incidents@northshire.example\"\n{keys}",
                server.port, server.ca
            );
            let channel = live("email", with("email", &settings));
            let ways = vec![("email", channel, "dee.olu@northshire.example".to_owned())];
            let kept = kept(&db, ways).await;
            assert!(kept.contains("you said"), "{script:?}: {kept}");
            holds_no_secret(&kept, &[], &format!("{script:?}"));
            assert!(!kept.contains("A1b2C3d4A1b2"), "{script:?}");
        }
    }
}

//! What the machines that look after this one are told.

use std::{fs, sync::Arc};

use chrono::TimeDelta;
use oyez::{
    app::{Part, Pulse},
    clock::ManualClock,
    store::Store,
};
use reqwest::{Method, RequestBuilder};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::{
    agency::{Agency, Plan, deliver},
    api::{Answer, Api},
    at,
};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_alive_and_ready_and_describes_itself() {
    for agency in Agency::on_each_engine().await {
        let api = Api::start(&agency).await;
        let alive = api.get("/healthz", "").await;
        assert_eq!((alive.status.as_u16(), alive.text.as_str()), (200, "ok"));
        let ready = api.get("/readyz", "").await.is(200);
        assert_eq!(ready, json!({"ready": true, "notices": []}));
        let document = api.get("/api/openapi.json", "").await.is(200);
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["paths"]["/api/v1/incidents"]["post"].is_object());
        api.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_or_policy_that_is_not_used_is_a_notice_and_no_reason_to_be_down() {
    let agency = Agency::with(Plan {
        settings: "[templates]\noverrides = \"templates\"\n".to_owned(),
        ..Plan::default()
    })
    .await;
    fs::create_dir_all(agency.path("templates/email")).unwrap();
    agency.write("templates/email/declared.subject.hbs", "{{subjct}}");
    agency.write("policy.toml", "organisation = 7\n");
    let api = Api::start(&agency).await;
    let ready = api.get("/readyz", "").await.is(200);
    assert_eq!(ready["ready"], true);
    let notices = ready["notices"].to_string();
    for says in ["Templates of your own", "policy file", "oyez doctor"] {
        assert!(notices.contains(says), "{says}: {notices}");
    }
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_hangs_is_a_notice_and_a_figure_and_no_reason_to_be_down() {
    let agency = Agency::open().await;
    let mut started = agency.start().await;
    let clock = Arc::new(ManualClock::new(at("2026-11-23T13:20:00Z")));
    started.app.pulse = Arc::new(Pulse::new(clock.clone(), Pulse::PATIENCE));
    let api = Api::of(Arc::new(started.app));
    api.app.pulse.begin(Part::Delivery);
    clock.advance(TimeDelta::seconds(31));
    api.app.pulse.look();
    let ready = api.get("/readyz", "").await.is(200);
    let says = "Delivery has not got on for 31 seconds. Look at the database and at the log.";
    assert_eq!(ready, json!({"ready": true, "notices": [says]}));
    let figures = api.get("/metrics", "").await.text;
    for line in [
        "oyez_loop_hangs_total{loop=\"delivery\"} 1",
        "oyez_loop_seconds{loop=\"delivery\"} 31",
        "oyez_database_answers 1",
    ] {
        assert!(figures.contains(line), "{line}: {figures}");
    }
    api.app.pulse.beat(Part::Delivery);
    let ready = api.get("/readyz", "").await.is(200);
    assert_eq!(ready["notices"], json!([]));
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_it_has_the_figures_that_it_knows_itself() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    api.app.pulse.begin(Part::Timers);
    let store = Store::open(&agency.url).await.unwrap();
    let rename = "ALTER TABLE delivery RENAME TO elsewhere";
    store.write().execute_unprepared(rename).await.unwrap();
    let answer = api.get("/metrics", "").await;
    assert_eq!(answer.status, 200);
    let samples = read(&answer.text);
    let names: Vec<&str> = samples.iter().map(|sample| sample.0.as_str()).collect();
    for own in ["oyez_database_answers", "oyez_loop_seconds"] {
        assert!(names.contains(&own), "{own}: {names:?}");
    }
    let half = names.iter().find(|name| name.starts_with("oyez_lane"));
    assert_eq!(half, None, "no figure that was not read");
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_it_is_not_ready_and_says_so_at_every_address() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    fs::rename(agency.path("oyez.db"), agency.path("elsewhere.db")).unwrap();
    let ready = api.get("/readyz", "").await.is(503);
    assert_eq!(ready["ready"], false);
    assert!(ready["notices"].to_string().contains("database"), "{ready}");
    assert_eq!(api.get("/healthz", "").await.status, 200);
    let declare = json!({"title": "x", "priority": "P1"});
    let answer = api.post("/api/v1/incidents", &key, &declare).await;
    answer.is_problem(503, "database-away");
    assert!(answer.headers.contains_key("retry-after"));
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_said_so_and_leaves_nothing_half_done() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    let declare =
        json!({"title": "x", "priority": "P1", "services": {"register-trainees": "affected"}});
    let before = agency.dump().await;
    let limit = async |pages: &str| {
        let limit = format!("PRAGMA max_page_count = {pages}");
        api.app
            .store
            .write()
            .execute_unprepared(&limit)
            .await
            .unwrap();
    };
    // SQLite takes the pages that there are for the least that it may be limited to.
    limit("1").await;
    let long = json!({"title": "x", "priority": "P1", "services": {"register-trainees": "affected"},
        "facts": {"effect": "The queue is long. ".repeat(500)}});
    let answer = api.post("/api/v1/incidents", &key, &long).await;
    let problem = answer.is_problem(503, "disk-full");
    assert!(
        problem["title"].to_string().contains("nothing was saved"),
        "{problem}"
    );
    assert_eq!(agency.dump().await, before);
    limit("1000000").await;
    let receipt = api.post("/api/v1/incidents", &key, &declare).await.is(201);
    assert_eq!(receipt["incident"], "INC-0001", "the number was given back");
    api.stop().await;
}

/// Name, labels and value.
type Sample = (String, Vec<(String, String)>, f64);

/// Lines of Prometheus' text format; panics at anything else.
fn read(text: &str) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut typed = std::collections::BTreeSet::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let words: Vec<&str> = rest.splitn(3, ' ').collect();
            assert!(matches!(words[0], "HELP" | "TYPE"), "{line}");
            if words[0] == "TYPE" {
                assert!(
                    matches!(words[2], "counter" | "gauge" | "histogram"),
                    "{line}"
                );
                assert!(typed.insert(words[1].to_owned()), "twice: {line}");
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = match series.split_once('{') {
            None => (series, Vec::new()),
            Some((name, labels)) => {
                let labels = labels.strip_suffix('}').expect("a closing brace");
                let pair = |label: &str| {
                    let (name, value) = label.split_once('=').expect("a label");
                    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
                    (name.to_owned(), value.expect("in quotes").to_owned())
                };
                (
                    name,
                    labels
                        .split("\",")
                        .map(|label| {
                            let closed = if label.ends_with('"') {
                                label.to_owned()
                            } else {
                                format!("{label}\"")
                            };
                            pair(&closed)
                        })
                        .collect(),
                )
            }
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(name.chars().all(legal), "{line}");
        assert!(typed.contains(name), "no TYPE for {name}");
        samples.push((name.to_owned(), labels, value.parse().expect("a number")));
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_prometheus_text_and_name_nobody() {
    let agency = Agency::open().await;
    let mut started = agency.start().await;
    started.app.figures_last = TimeDelta::zero();
    let api = Api::with(Arc::new(started.app), started.doors);
    let key = api.key(&["respond"]).await;
    for kind in ["technical", "security"] {
        let declare = json!({"title": "A leak at Larkfield", "priority": "P1", "kind": kind,
            "services": {"register-trainees": "affected"}});
        api.post("/api/v1/incidents", &key, &declare).await.is(201);
    }
    // Once while all wait, so that every lane is there, and once when they are out.
    for delivered in [false, true] {
        if delivered {
            deliver(&api.app).await;
        }
        let answer = api.get("/metrics", "").await;
        assert_eq!(answer.status, 200);
        let kind = answer.headers["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        let samples = read(&answer.text);
        let value = |name: &str| {
            samples
                .iter()
                .filter(|s| s.0 == name)
                .map(|s| s.2)
                .sum::<f64>()
        };
        assert_eq!(value("oyez_events_total"), 1.0, "but the restricted one's");
        assert!(value("oyez_deliveries") > 0.0);
        assert_eq!(
            value("oyez_lane_waiting") > 0.0,
            !delivered,
            "{}",
            answer.text
        );
        let low = answer.text.to_lowercase();
        let log = agency.send_log("INC-0001").await.into_iter();
        let all = log.chain(agency.send_log("INC-0002").await);
        let mut told = 0;
        for delivery in all {
            for part in ["recipient", "name", "address"] {
                let text = delivery[part].as_str().unwrap().to_lowercase();
                if !text.is_empty() {
                    told += 1;
                    assert!(!low.contains(&text), "{text}: {low}");
                }
            }
        }
        assert!(told > 0);
        for text in [
            "register",
            "larkfield",
            "leak",
            "inc-",
            "/workflows/",
            "/services/",
        ] {
            assert!(!low.contains(text), "{text}: {low}");
        }
    }
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_version_is_not_ready() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let store = Store::open(&agency.url).await.unwrap();
    store
        .write()
        .execute_unprepared("DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)")
        .await
        .unwrap();
    store.close().await;
    let ready = api.get("/readyz", "").await.is(503);
    assert!(
        ready["notices"].to_string().contains("up to date"),
        "{ready}"
    );
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn which_setting_is_wrong_is_said_on_this_machine_and_to_keys_alone() {
    let agency = Agency::open().await;
    agency.write("policy.toml", "organisation = 7\n");
    let api = Api::start(&agency).await;
    let key = api.key(&["read"]).await;
    let notices = async |request: RequestBuilder| {
        let answer = Answer::of(request).await.is(200);
        answer["notices"].to_string()
    };
    let ask = || api.request(Method::GET, "/readyz");
    assert!(notices(ask()).await.contains("policy file"));
    // What comes through a proxy seems to come from this machine.
    for header in ["X-Forwarded-For", "Forwarded", "X-Forwarded-Proto"] {
        let said = notices(ask().header(header, "192.0.2.7")).await;
        assert!(!said.contains("policy"), "{said}");
        assert!(said.contains("Something needs attention."), "{said}");
        let wrong = ask().header(header, "x").bearer_auth("oyez_nobodys");
        assert!(!notices(wrong).await.contains("policy"));
        let known = ask().header(header, "x").bearer_auth(&key);
        assert!(notices(known).await.contains("policy file"));
    }
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_answered_wherever_a_get_is() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["admin"]).await;
    let declaration = json!({"title": "Providers cannot sign in", "priority": "P1"});
    api.post("/api/v1/incidents", &key, &declaration)
        .await
        .is(201);
    let document = api.get("/api/openapi.json", "").await.is(200);
    let paths = document["paths"].as_object().unwrap();
    let described = paths.iter().filter(|(_, item)| item["get"].is_object());
    let described = described.map(|(path, _)| path.replace("{id}", "INC-0001"));
    let others = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/openapi.json",
        "/pages/style.css",
    ];
    let mut looked = 0;
    for path in described.chain(others.map(str::to_owned)) {
        assert!(!path.contains('{'), "{path}");
        let head = api.request(Method::HEAD, &path).bearer_auth(&key);
        let head = Answer::of(head).await;
        assert_eq!(
            (head.status.as_u16(), head.text.as_str()),
            (200, ""),
            "{path}"
        );
        if path != "/api/v1/events" && path != "/metrics" {
            let get = api.get(&path, &key).await;
            assert_eq!(head.headers["content-type"], get.headers["content-type"]);
            assert_eq!(head.headers["content-length"], get.text.len().to_string());
        }
        looked += 1;
    }
    assert!(looked > 10, "{looked} paths");
    let without = Answer::of(api.request(Method::HEAD, "/api/v1/incidents")).await;
    assert_eq!((without.status.as_u16(), without.text.as_str()), (401, ""));
    api.stop().await;
}

//! Addresses that are credentials are whole at no door, in no file and in no line of the log; and mail
//! addresses and numbers are whole for those alone who keep the directory.

use std::{collections::BTreeSet, fs, path::Path, process::Stdio, time::Duration};

use clap::CommandFactory;
use oyez::cli::args::Cli;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::{Mock, Request, ResponseTemplate, matchers::path_regex};

use crate::support::{
    agency::{Agency, DECLARE, Plan, deliver, run},
    api::{Answer, Api, client},
    program::DIRECTORY,
};

/// Stands in each address that is a credential, and nowhere else.
const SECRET: &str = "Sesame4711";

/// An agency whose webhooks have a secret in their address; those of Teams answer that they are gone,
/// and quote it.
async fn agency() -> Agency {
    let secret = |line: &str| match line.trim_start().starts_with("address: http") {
        true => format!("{line}{SECRET}\n"),
        false => format!("{line}\n"),
    };
    let directory: String = DIRECTORY.lines().map(secret).collect();
    assert!(directory.matches(SECRET).count() >= 4, "{directory}");
    let agency = Agency::with(Plan {
        directory,
        ..Plan::default()
    })
    .await;
    let quote = |request: &Request| {
        let text = format!("there is no workflow at {}", request.url);
        ResponseTemplate::new(404).set_body_string(text)
    };
    Mock::given(path_regex("workflows"))
        .respond_with(quote)
        .with_priority(1)
        .mount(&agency.hooks)
        .await;
    agency
}

#[track_caller]
fn is_clean(what: &str, text: &str) {
    let found = text.find(SECRET).map(|at| text[..at].lines().count());
    assert_eq!(found, None, "{what}: {text}");
}

/// The names of all commands that do something: `rules apply`, not `rules`.
fn commands() -> BTreeSet<String> {
    fn leaves(command: &clap::Command, before: &str, all: &mut BTreeSet<String>) {
        for one in command.get_subcommands() {
            let name = format!("{before}{}", one.get_name());
            match one.has_subcommands() {
                true => leaves(one, &format!("{name} "), all),
                false => drop(all.insert(name)),
            }
        }
    }
    let mut all = BTreeSet::new();
    leaves(&Cli::command(), "", &mut all);
    all
}

/// Every command but those that run until they are stopped, in an order in which most succeed.
const LINES: [&str; 59] = [
    DECLARE,
    "note INC-0001 'A line.'",
    "update INC-0001 'Some can sign in.' --yes",
    "no-change INC-0001 --yes",
    "priority INC-0001 P2 --why 'Fewer are affected.' --yes",
    "services INC-0001 --service find-courses --yes",
    "leads INC-0001 --comms priya-shah --yes",
    "stage INC-0001 identified",
    "add INC-0001 mei-lin --note 'Asked for it.' --yes",
    "mute INC-0001 mei-lin --until 2h --yes",
    "decide INC-0001 --contact-users yes --reason 'They ask.' --yes",
    "step INC-0001 start-report done",
    "snooze INC-0001",
    "approve INC-0001 --as tom-okafor --yes",
    "ask INC-0001 --yes",
    "affected INC-0001 find-courses no",
    "seen INC-0001 priya-shah",
    "correct INC-0001 --event 2 --wrong Some --right Many --yes",
    "retry INC-0001 --yes",
    "status INC-0001",
    "list",
    "who INC-0001 --all",
    "who INC-0001 --not-told",
    "who INC-0001 --person register-trainees-teams",
    "who --priority P1 --service register-trainees --against policy.toml",
    "declare --title Another --priority P1 --service register-trainees --dry-run",
    "send-log INC-0001",
    "export INC-0001 --to out/ledger",
    "report INC-0001",
    "verify",
    "resolve INC-0001 'It is fixed.' --yes",
    "reopen INC-0001 --why 'It is not.' --yes",
    "close INC-0001 --yes",
    "cancel INC-0002 --why 'It was a test.' --yes",
    "directory export",
    "directory export --to out/directory.yaml",
    "directory export --format csv --to out/tables",
    "directory import out/directory.yaml --yes",
    "directory sample",
    "directory show register-trainees-teams",
    "directory show priya-shah",
    "directory bad",
    "directory heal nobody@northshire.example",
    "directory test priya-shah --yes",
    "rules check",
    "rules show",
    "rules apply policy.toml --yes",
    "rules export",
    "rules history",
    "template check",
    "template preview --moment update --audience owners --channel teams_workflow",
    "token create ci --scope read",
    "token list",
    "token revoke ci --yes",
    "slack manifest --url https://oyez.northshire.example",
    "teams manifest --app-id 11111111-2222-3333-4444-555555555555 --url https://oyez.northshire.example",
    "migrate",
    "doctor",
    "completions bash",
];

/// Those whose JSON is more than the same in another form.
const IN_JSON: [&str; 10] = [
    "declare",
    "retry",
    "status",
    "who",
    "send-log",
    "directory export",
    "directory show",
    "directory bad",
    "token list",
    "doctor",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_command_prints_or_writes_an_address_that_is_a_credential() {
    let agency = agency().await;
    // Those that run until they are stopped are tried below, a copy of the database is the database,
    // and man pages say what --help says.
    let mut left = commands();
    for other in ["serve", "demo", "backup", "man"] {
        assert!(left.remove(other), "{other}");
    }
    let mut done = 0;
    for line in LINES {
        let words: Vec<&str> = line.split_whitespace().collect();
        let both = format!("{} {}", words[0], words.get(1).unwrap_or(&""));
        left.remove(words[0]);
        left.remove(both.as_str());
        for form in ["", " --json"] {
            if !form.is_empty() && !IN_JSON.contains(&words[0]) && !IN_JSON.contains(&&*both) {
                continue;
            }
            let mut command = agency.command(&format!("{line}{form}"));
            command.env("OYEZ__LOG__LEVEL", "trace");
            let ran = run(command).await;
            is_clean(&ran.to_string(), &format!("{}{}", ran.out, ran.err));
            done += usize::from(ran.code == Some(0));
        }
    }
    assert_eq!(left, BTreeSet::new(), "commands that are not tried");
    assert!(done > 50, "only {done} succeeded");

    let in_files = |folder: &Path| {
        let mut count = 0;
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let text = fs::read(&path).expect("a file");
                is_clean(&path.display().to_string(), &String::from_utf8_lossy(&text));
                count += 1;
            }
        }
        count
    };
    for (folder, files) in [("out", 1), ("out/ledger", 2), ("out/tables", 7)] {
        assert_eq!(in_files(&agency.path(folder)), files, "{folder}");
    }
    // What is shown in its place says where it leads, is the same everywhere and can be used.
    let shown = agency.json("directory show register-trainees-teams").await;
    let text = shown["destination"]["address"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(
        text.starts_with(&format!("{}/…", agency.hooks.uri())),
        "{text}"
    );
    let log = agency.send_log("INC-0001").await;
    assert!(
        log.iter()
            .any(|delivery| delivery["address"] == text.as_str())
    );
    let bad = agency.json("directory bad").await;
    assert!(bad.to_string().contains(&text), "{bad}");
    agency.done(&format!("directory heal {text}")).await;
    let who = "who --priority P1 --service register-trainees --expect";
    agency.done(&format!("{who} {text}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_with_secrets_says_so_asks_and_can_be_imported_like_one_without() {
    let agency = agency().await;
    agency
        .oyez("directory export --secrets")
        .await
        .exits(2)
        .says(&["whoever has one can post there", "Nothing was exported."]);
    let whole = agency.done("directory export --secrets --yes").await;
    assert!(whole.out.matches(SECRET).count() >= 4, "{whole}");
    assert!(whole.err.contains("exported with its secrets"), "{whole}");

    let before = agency.dump().await;
    let redacted = agency.done("directory export").await.out;
    let file = agency.write("redacted.yaml", &redacted);
    let import = format!("directory import {} --prune --yes", file.display());
    agency.done(&import).await.says(&["Nothing to save."]);
    assert_eq!(agency.dump().await, before);
    // What is redacted and stands nowhere here is refused, and names no address.
    let foreign = "destinations:\n  - {id: new-hook, name: New, channel: webhook, \
                   address: 'https://hooks.northshire.example/…0a1b2c3d'}\n";
    let file = agency.write("foreign.yaml", foreign);
    agency
        .oyez(&format!("directory import {} --yes", file.display()))
        .await
        .exits(4)
        .says(&["This is redacted, and no address that stands is shown so."]);
    assert_eq!(agency.dump().await, before);

    // An entry of another id takes the address along.
    let shown = agency.json("directory show register-trainees-teams").await;
    let moved = format!(
        "destinations:\n  - {{id: moved, name: Moved, channel: teams_workflow, address: '{}'}}\n",
        shown["destination"]["address"].as_str().expect("a text")
    );
    let file = agency.write("moved.yaml", &moved);
    let import = format!("directory import {} --yes", file.display());
    agency.done(&import).await.says(&["Saved: 1 changes."]);
    let now = agency.done("directory export --secrets --yes").await;
    let more = |text: &str| text.matches(&format!("register-trainees{SECRET}")).count();
    assert_eq!(more(&now.out), more(&whole.out) + 1);
}

/// Every path of the API that is asked for something, with a body where it takes one.
async fn answers(api: &Api, key: &str) -> Vec<(String, String)> {
    let described = api.get("/api/openapi.json", "").await.is(200);
    let declare = json!({"title": "Another", "priority": "P1",
        "services": {"register-trainees": "affected"}, "facts": {"effect": "Nobody can sign in."}});
    let who = json!({"priority": "P1", "services": {"register-trainees": "affected"},
        "not_told": true});
    let explain = json!({"priority": "P1", "services": {"register-trainees": "affected"},
        "person": "register-trainees-teams"});
    let update = json!({"command": "update", "text": "Some can sign in."});
    let mut asked = vec![
        (Method::POST, "/api/v1/who".to_owned(), Some(&who)),
        (Method::POST, "/api/v1/who".to_owned(), Some(&explain)),
        (
            Method::POST,
            "/api/v1/incidents?dry_run=true".to_owned(),
            Some(&declare),
        ),
        (
            Method::POST,
            "/api/v1/incidents/INC-0001/commands?dry_run=true".to_owned(),
            Some(&update),
        ),
    ];
    for (path, methods) in described["paths"].as_object().expect("paths") {
        // The stream has no end; what it says is the record.
        if methods.get("get").is_some() && path != "/api/v1/events" {
            asked.push((Method::GET, path.replace("{id}", "INC-0001"), None));
        }
    }
    assert!(asked.len() >= 12, "{asked:?}");
    let mut all = Vec::new();
    for (method, path, body) in asked {
        let mut request = api.request(method.clone(), &path).bearer_auth(key);
        if let Some(body) = body {
            request = request.json(body);
        }
        all.push((format!("{method} {path}"), Answer::of(request).await.text));
    }
    all
}

/// Every mail address and number of the directory.
fn contacts() -> Vec<&'static str> {
    let all = DIRECTORY
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '+'));
    let all: Vec<&str> = all
        .filter(|word| word.contains('@') || word.starts_with("+44"))
        .collect();
    assert!(all.len() > 40, "{all:?}");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_shows_contacts_to_those_alone_who_keep_the_directory_and_secrets_to_nobody() {
    let agency = agency().await;
    let api = Api::start(&agency).await;
    let declare = json!({"title": "Nobody can sign in", "priority": "P1",
        "services": {"register-trainees": "affected"}});
    let respond = api.key(&["respond"]).await;
    api.post("/api/v1/incidents", &respond, &declare)
        .await
        .is(201);
    deliver(&api.app).await;
    for (scope, sees) in [
        ("read", false),
        ("respond", false),
        ("manage", true),
        ("admin", true),
    ] {
        let key = api.key(&[scope]).await;
        let answers = answers(&api, &key).await;
        for (asked, text) in &answers {
            is_clean(&format!("{asked} with {scope}"), text);
            if !sees {
                for contact in contacts() {
                    assert!(
                        !text.contains(contact),
                        "{asked} with {scope}: {contact} in {text}"
                    );
                }
            }
        }
        let whole = "\"dana.whitlock@northshire.example\"";
        let masked = "\"d…@northshire.example\"";
        let has = |text: &str| {
            answers
                .iter()
                .filter(|(_, answer)| answer.contains(text))
                .count()
        };
        assert_eq!(has(whole) > 0, sees, "{scope}");
        assert_eq!(has(masked) > 0, !sees, "{scope}");
        // Where a secret one leads is shown to everybody.
        assert!(has(&format!("{}/…", agency.hooks.uri())) >= 3, "{scope}");
    }

    let manage = api.key(&["manage"]).await;
    let path = "/api/v1/directory?secrets=true";
    api.get(path, &manage).await.is_problem(403, "not-allowed");
    let admin = api.key(&["admin"]).await;
    let whole: Value = api.get(path, &admin).await.is(200);
    assert!(whole["directory.yaml"].to_string().matches(SECRET).count() >= 4);
    let described = api.get("/api/openapi.json", "").await.is(200);
    let about = described["paths"]["/api/v1/directory"]["get"].to_string();
    assert!(about.contains("whoever has one can post there"), "{about}");
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_server_has_no_secret_address_and_no_key_that_it_refused() {
    let agency = agency().await;
    let key = agency.done("token create ci --scope respond").await.out;
    let log = agency.path("log");
    let mut command = agency.command("serve");
    command
        .env("OYEZ__LOG__LEVEL", "trace")
        .stderr(Stdio::from(fs::File::create(&log).expect("a file")));
    let mut child = command.spawn().expect("it starts");
    let until = async |text: &str| {
        let found = async {
            loop {
                let said = fs::read_to_string(&log).expect("the log");
                if let Some((_, rest)) = said.split_once(text) {
                    return rest
                        .split_whitespace()
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                }
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(60), found).await;
        found.unwrap_or_else(|_| panic!("{text:?} is not in the log"))
    };
    let base = until("Listening on ").await;
    let post = |key: &str| {
        let declare = json!({"title": "Nobody can sign in", "priority": "P1",
            "services": {"register-trainees": "affected"}});
        let url = format!("{base}/api/v1/incidents");
        Answer::of(client().post(url).bearer_auth(key).json(&declare))
    };
    let guess = format!("oyez_{}", "B".repeat(42) + "A");
    post(&guess).await.is_problem(401, "no-valid-key");
    post(key.trim()).await.is(201);
    let told = async {
        while agency.send_log("INC-0001").await.iter().any(|delivery| {
            ["ready", "sending"].contains(&delivery["state"].as_str().unwrap_or_default())
                && delivery["channel"] == "teams_workflow"
        }) {}
    };
    tokio::time::timeout(Duration::from_secs(60), told)
        .await
        .expect("it is sent");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let said = fs::read_to_string(&log).expect("the log");
    is_clean("the log", &said);
    assert!(
        said.contains("a key was refused") && said.contains("reason=\"unknown\""),
        "{said}"
    );
    for secret in [guess.as_str(), key.trim()] {
        assert!(!said.contains(secret), "{said}");
    }
}

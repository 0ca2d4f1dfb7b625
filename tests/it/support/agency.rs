//! The whole program in a folder of its own: settings, a database with the Northshire Learning
//! Agency in it, a mail server and a server for webhooks on loopback, and the real binary.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use oyez::{
    app::{App, deliver::Engine},
    config::Settings,
    startup::{self, Started},
    store::Store,
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use tempfile::TempDir;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::{
    database,
    smtp::{Script, SmtpStandIn},
};

const DIRECTORY: &str = include_str!("../../../config/northshire/directory.yaml");
const POLICY: &str = include_str!("../../../config/northshire/policy.toml");

/// What an agency is made with.
pub(crate) struct Plan {
    /// What the mail server does.
    pub(crate) mail: Script,
    /// More settings, after those of the harness.
    pub(crate) settings: String,
    /// Keys of `[server]` besides where it listens.
    pub(crate) server: String,
    /// Keys of `[channels.email]` besides port and sender.
    pub(crate) email: String,
    /// The policy.
    pub(crate) policy: String,
    /// The directory; empty for none.
    pub(crate) directory: String,
    /// The database; without it a new SQLite file in the folder.
    pub(crate) database: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            mail: Script::plain(),
            settings: String::new(),
            server: String::new(),
            email: "host = \"127.0.0.1\"\ntls = \"none\"\n".to_owned(),
            policy: policy(),
            directory: DIRECTORY.to_owned(),
            database: None,
        }
    }
}

/// The agency's policy, but that nothing waits for ten seconds and nothing depends on the time of
/// day at which the tests run.
pub(crate) fn policy() -> String {
    let policy = POLICY
        .replace("outside_hold = \"10s\"", "outside_hold = \"0s\"")
        .replace("hours = \"outside\",", "services_affected_at_least = 8,");
    assert_ne!(policy, POLICY, "the policy is written otherwise now");
    policy
}

/// An installation of its own.
pub(crate) struct Agency {
    /// Its folder; goes with the test.
    pub(crate) folder: TempDir,
    /// Its mail server.
    pub(crate) mail: SmtpStandIn,
    /// Where Teams, Slack and other webhooks are.
    pub(crate) hooks: MockServer,
    /// Its database.
    pub(crate) url: String,
}

impl Agency {
    /// With everything as it is meant to be, on SQLite.
    pub(crate) async fn open() -> Self {
        Self::with(Plan::default()).await
    }

    /// The same on each engine there is.
    pub(crate) async fn on_each_engine() -> Vec<Self> {
        let mut all = vec![Self::open().await];
        if let Some(url) = database::new_postgres().await {
            let database = Some(url);
            all.push(
                Self::with(Plan {
                    database,
                    ..Plan::default()
                })
                .await,
            );
        }
        all
    }

    pub(crate) async fn with(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        // Settings with secrets in them are nobody else's.
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(folder.path(), private).expect("change the folder");
        let mail = SmtpStandIn::start(plan.mail).await;
        let hooks = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_string("ok"))
            .mount(&hooks)
            .await;
        let url = plan
            .database
            .unwrap_or_else(|| format!("sqlite://{}/oyez.db", folder.path().display()));
        let agency = Self {
            folder,
            mail,
            hooks,
            url,
        };
        let settings = agency.settings(&plan.email, &plan.settings);
        let server = format!("[server]\n{}", plan.server);
        agency.write("oyez.toml", &settings.replacen("[server]\n", &server, 1));
        agency.write("policy.toml", &plan.policy);
        if !plan.directory.is_empty() {
            let started = agency.start().await;
            let directory = agency.directory(&plan.directory);
            started
                .app
                .replace_directory(&directory)
                .await
                .expect("the directory is usable");
            started.app.close().await;
        }
        agency
    }

    /// The settings of this agency, with more keys.
    pub(crate) fn settings(&self, email: &str, more: &str) -> String {
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nshutdown_grace_seconds = 5\n\n\
             [database]\nurl = \"{}\"\n\n\
             [policy]\nfile = \"policy.toml\"\napply = \"on_change\"\n\n\
             [http]\nallow_private = [\"127.0.0.0/8\"]\n\n\
             [channels.email]\nport = {}\n\
             from = \"Northshire incidents <incidents@northshire.example>\"\n{email}\n\
             [channels.slack_webhook]\nhosts = [\"127.0.0.1\"]\n\n\
             [channels.webhook]\nsigning_key = \"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"\n\n\
             {more}",
            self.url, self.mail.port
        )
    }

    /// A directory whose webhooks are this agency's server.
    pub(crate) fn directory(&self, text: &str) -> String {
        let hooks = self.hooks.uri();
        text.replace("https://hooks.northshire.example", &hooks)
            .replace("https://hooks.slack.com", &hooks)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder and answers its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("write a file");
        path
    }

    /// The program in this process, as `oyez serve` would put it together.
    pub(crate) async fn start(&self) -> Started {
        let settings = Settings::load(Some(&self.path("oyez.toml")), &|_, _, _| Vec::new());
        let settings = settings.expect("usable settings");
        startup::build(settings, true).await.expect("it starts")
    }

    /// The binary with a command line as people type it, ready to be started.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = program(&self.path("oyez.toml"), line);
        command.current_dir(self.folder.path());
        command
    }

    /// Runs the binary to its end.
    pub(crate) async fn oyez(&self, line: &str) -> Ran {
        run(self.command(line)).await
    }

    /// Runs the binary, which must succeed.
    pub(crate) async fn done(&self, line: &str) -> Ran {
        self.oyez(line).await.exits(0)
    }

    /// Runs the binary with `--json`, which must succeed, and reads its answer.
    pub(crate) async fn json(&self, line: &str) -> Value {
        self.done(&format!("{line} --json")).await.json()
    }

    /// The record of an incident's deliveries.
    pub(crate) async fn send_log(&self, incident: &str) -> Vec<Value> {
        let log = self.json(&format!("send-log {incident}")).await;
        log.as_array().expect("a list of deliveries").clone()
    }

    /// Posts that the server for webhooks has taken.
    pub(crate) async fn posts(&self) -> usize {
        let posts = self.hooks.received_requests().await;
        posts.expect("it records them").len()
    }

    /// Everything that is in a SQLite database, as text; but for when keys were used last.
    pub(crate) async fn dump(&self) -> String {
        let store = Store::open(&self.url).await.expect("open the database");
        let ask = async |sql: String| -> Vec<String> {
            let statement = Statement::from_string(store.backend(), sql);
            let rows = store.read().query_all_raw(statement).await.expect("rows");
            let first = |row: sea_orm::QueryResult| row.try_get_by_index(0).expect("a text");
            rows.into_iter().map(first).collect()
        };
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let mut all = String::new();
        for table in ask(tables.to_owned()).await {
            let columns = ask(format!(
                "SELECT name FROM pragma_table_info('{table}') WHERE name <> 'last_used_at'"
            ))
            .await;
            let quoted: Vec<String> = columns.iter().map(|c| format!("quote(\"{c}\")")).collect();
            let row = quoted.join(" || ', ' || ");
            let rows = ask(format!("SELECT {row} FROM \"{table}\" ORDER BY 1")).await;
            all.push_str(&format!("{table}\n  {}\n", rows.join("\n  ")));
        }
        store.close().await;
        all
    }

    /// Declares a P1 on Register trainees.
    pub(crate) async fn declare(&self, more: &str) -> Value {
        self.json(&format!("{DECLARE} {more}")).await
    }
}

/// A declaration as people type it.
pub(crate) const DECLARE: &str = "declare --title 'Providers cannot sign in' --priority P1 \
    --service register-trainees --effect 'Training providers cannot sign in.' --yes";

/// The words of a command line: those in single quotes may hold blanks, or nothing.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Sends what is due, as whoever serves would, and writes what came of it.
pub(crate) async fn deliver(app: &App) {
    let lock = app.store.try_lock_delivery("the test").await;
    let mut engine = Engine::new(
        app.store.clone(),
        Arc::clone(&app.channels),
        Arc::clone(&app.clock),
        lock.expect("ask for the lock")
            .expect("nobody else delivers"),
        app.wake.clone(),
    )
    .with_pages(app.pages.clone());
    engine.settle().await.expect("deliver");
}

/// The binary with a settings file, in an environment that says nothing.
pub(crate) fn program(config: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oyez"));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .arg("--config")
        .arg(config)
        .args(words(line))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a program to its end; the test's own servers go on meanwhile.
pub(crate) async fn run(mut command: Command) -> Ran {
    tokio::task::spawn_blocking(move || {
        let output = command.output().expect("the program can be started");
        Ran {
            args: format!("{:?}", command.get_args().collect::<Vec<_>>()),
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            err: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    })
    .await
    .expect("it was waited for")
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    args: String,
    /// `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Both streams hold these texts, in whatever order.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.out.contains(text) || self.err.contains(text),
                "{text:?} is not said: {self}"
            );
        }
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ended with {:?}\n--- standard output\n{}\n--- standard error\n{}",
            self.args, self.code, self.out, self.err
        )
    }
}

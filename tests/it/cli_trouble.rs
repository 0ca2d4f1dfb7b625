//! When things are bad around the whole program: what it says, how it ends, and what is left.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use oyez::store::Store;
use serde_json::Value;
use tokio::time::timeout;

use crate::support::{
    agency::{Agency, DECLARE, Plan, policy, program, run},
    database::new_postgres,
    proxy::Proxy,
    smtp::{Act, Encryption, Script},
};

/// Longer than anything here takes on the slowest machine; it only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// `oyez serve` in a process of its own; it ends with the test.
struct Serving {
    child: Child,
    /// What it listens on.
    base: String,
    said: Vec<String>,
    err: Option<mpsc::Receiver<String>>,
}

impl Serving {
    async fn start(agency: &Agency) -> Self {
        let mut child = agency.command("serve").spawn().expect("it starts");
        let (say, err) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().expect("its standard error"));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        let listens = tokio::task::spawn_blocking(move || {
            let mut said = Vec::new();
            while let Ok(line) = err.recv_timeout(PATIENCE) {
                if let Some(address) = line.strip_prefix("Listening on ") {
                    return (address.to_owned(), said, err);
                }
                said.push(line);
            }
            panic!("it does not listen: {said:#?}")
        });
        let (base, said, err) = listens.await.expect("it listens");
        Self {
            child,
            base,
            said,
            err: Some(err),
        }
    }

    /// Sends SIGTERM and waits for the end: exit code and what was on standard error.
    async fn stop(self) -> (Option<i32>, Vec<String>) {
        self.stop_and(|| ()).await
    }

    /// The same; once it says that it is stopping, something happens.
    async fn stop_and(
        mut self,
        then: impl FnOnce() + Send + 'static,
    ) -> (Option<i32>, Vec<String>) {
        let id = self.child.id().to_string();
        let mut kill = Command::new("kill");
        assert!(kill.args(["-TERM", &id]).status().unwrap().success());
        let ended = tokio::task::spawn_blocking(move || {
            let mut said = std::mem::take(&mut self.said);
            let err = self.err.take().expect("taken once");
            while let Ok(line) = err.recv() {
                let is_stopping = line.contains("stopping: no new requests");
                said.push(line);
                if is_stopping {
                    break;
                }
            }
            then();
            let code = self.child.wait().expect("wait for its end").code();
            said.extend(err);
            (code, said)
        });
        ended.await.expect("it was waited for")
    }
}

impl Drop for Serving {
    /// `kill -9`, if it has not ended.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until the answer is right; each question is a process, which is pause enough.
async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let asked = timeout(PATIENCE, async { while !ask().await {} });
    assert!(asked.await.is_ok(), "waited in vain for {what}");
}

/// Whether nothing of it is left to be sent.
async fn is_out(agency: &Agency) -> bool {
    let log = agency.send_log("INC-0001").await;
    log.iter()
        .all(|delivery| delivery["state"] == "accepted" || delivery["state"] == "not_sent")
}

fn states(log: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for delivery in log {
        let state = delivery["state"].as_str().unwrap();
        if state != "not_sent" {
            *counts.entry(state.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_with_faults_stop_the_start_and_all_are_named_with_file_line_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("oyez.toml");
    let text = "[server]\nlisten = \"nowhere\"\n\n[databse]\nurl = \"sqlite://oyez.db\"\n\n\
                [sending]\nmode = \"practise\"\n\n\
                [channels.email]\nhost = \"127.0.0.1\"\nport = 99999\npassword = \"hunter2hunter2\"\n\
                from = \"incidents@northshire.example\"\nhots = \"x\"\n";
    fs::write(&config, text).unwrap();
    for line in ["list", "serve", "doctor"] {
        let ran = run(program(&config, line)).await.exits(4);
        for (line, says) in [
            (2, "server.listen"),
            (4, "database"),
            (8, "practice"),
            (12, "port"),
            (15, "host"),
        ] {
            let place = format!("oyez.toml:{line}:");
            // The doctor's findings are its answer; the others say why they do not start.
            let said = format!("{}{}", ran.out, ran.err);
            assert!(
                said.lines()
                    .any(|text| text.contains(&place) && text.contains(says)),
                "{place} {says}: {ran}"
            );
        }
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains("hunter2"), "a secret is told: {ran}");
    }
    assert!(!folder.path().join("oyez.db").exists(), "nothing was begun");
    let ran = run(program(&folder.path().join("none.toml"), "list"))
        .await
        .exits(4);
    assert!(ran.err.contains("none.toml"), "{ran}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_file_that_became_bad_leaves_the_last_good_one_in_force_and_says_so() {
    let agency = Agency::open().await;
    agency.write(
        "policy.toml",
        &policy().replace("audience = \"external\"", "audience = \"extern\""),
    );
    let receipt = agency.declare("").await;
    assert_ne!(receipt["people"], 0);
    agency
        .oyez("doctor")
        .await
        .exits(4)
        .says(&["FIX", "policy.toml:", "extern"]);
    let serving = Serving::start(&agency).await;
    let ready = crate::support::api::get(&format!("{}/readyz", serving.base)).await;
    let ready = ready.is(200);
    assert_eq!(ready["ready"], true);
    assert!(
        ready["notices"].to_string().contains("policy file"),
        "{ready}"
    );
    let (code, said) = serving.stop().await;
    assert_eq!(code, Some(0));
    assert!(
        said.iter().any(|line| line.contains("policy file")),
        "{said:#?}"
    );

    // Put right, it is in force at the next start, and nothing is said any more.
    agency.write(
        "policy.toml",
        &policy().replace(
            "cadence = { every = \"1h\" }",
            "cadence = { every = \"30m\" }",
        ),
    );
    let doctor = agency.oyez("doctor").await;
    assert!(!doctor.out.contains("FIX"), "{doctor}");
    let history = agency.json("rules history").await;
    assert_eq!(history[0]["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_held_by_another_program_is_waited_for_and_then_said_to_be_busy() {
    let agency = Agency::open().await;
    agency.declare("").await;
    let before = agency.dump().await;
    let mails = agency.mail.taken().len();
    let other = Store::open(&agency.url).await.unwrap();
    let held = other.begin().await.unwrap();
    let ran = agency.oyez("update INC-0001 X --yes").await;
    drop(held);
    other.close().await;
    ran.exits(6).says(&["busy", "nothing was saved"]);
    assert_eq!(agency.dump().await, before);
    assert_eq!(agency.mail.taken().len(), mails);
    agency.done("update INC-0001 X --yes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_written_is_said_to_be_so() {
    let agency = Agency::open().await;
    agency.declare("").await;
    let mails = agency.mail.taken().len();
    let may = |path: &str, mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(agency.path(path), mode).unwrap();
    };
    may("", 0o777);
    for folder in [0o777, 0o555] {
        may("oyez.db", 0o444);
        may("", folder);
        let ran = run(as_nobody(&agency, "update INC-0001 X --yes")).await;
        ran.exits(6).says(&[
            "cannot be written",
            "nothing was saved",
            "may write the database file",
        ]);
        may("", 0o777);
        may("oyez.db", 0o666);
    }
    assert_eq!(agency.mail.taken().len(), mails);
    agency.done("update INC-0001 X --yes").await;
}

/// A command by a user whom permissions bind: root may do everything.
fn as_nobody(agency: &Agency, line: &str) -> Command {
    let mut command = agency.command(line);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Nobody may enter the folder in which the program was built.
        let own = agency.path("oyez");
        if !own.exists() {
            fs::copy(command.get_program(), &own).unwrap();
        }
        let mut other = Command::new(own);
        other.args(command.get_args()).current_dir(agency.path(""));
        other.env_clear().stdin(Stdio::null());
        other.stdout(Stdio::piped()).stderr(Stdio::piped());
        command = other;
        command.uid(65534).gid(65534);
    }
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_beside_a_server_waits_for_it_and_reports_what_became_of_its_messages() {
    let agency = Agency::open().await;
    let serving = Serving::start(&agency).await;
    let receipt = agency.declare("").await;
    assert_eq!(receipt["progress"]["accepted"], receipt["messages"]);
    let log = agency.send_log("INC-0001").await;
    assert_eq!(
        states(&log),
        [(
            "accepted".to_owned(),
            agency.mail.taken().len() + agency.posts().await
        )]
        .into()
    );
    agency
        .oyez("serve")
        .await
        .exits(4)
        .says(&["Another process serves this database already."]);
    let (code, _) = serving.stop().await;
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_command_has_not_sent_is_sent_by_the_server() {
    for agency in Agency::on_each_engine().await {
        killed(&agency).await;
    }
}

async fn killed(agency: &Agency) {
    // The fourth message is never answered: the command hangs in the middle of its deliveries.
    for _ in 0..3 {
        agency.mail.next(".", Act::Say("250 2.0.0 Ok"));
    }
    for _ in 0..10 {
        agency.mail.next(".", Act::Hang);
    }
    let mut child = agency
        .command(DECLARE)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    timeout(PATIENCE, agency.mail.hung(1))
        .await
        .expect("a mail is on its way");
    child.kill().unwrap();
    child.wait().unwrap();
    agency.mail.let_go();

    let log = agency.send_log("INC-0001").await;
    let states = states(&log);
    let accepted = states.get("accepted").copied().unwrap_or(0);
    assert!(accepted < log.len(), "{states:?}");
    let serving = Serving::start(agency).await;
    until("everything to be sent", async || is_out(agency).await).await;
    drop(serving);
    reached_everyone(agency).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_while_it_sends_finishes_what_is_on_the_wire() {
    let agency = Arc::new(Agency::open().await);
    let settings = fs::read_to_string(agency.path("oyez.toml")).unwrap();
    let settings = settings.replace("grace_seconds = 5", "grace_seconds = 60");
    agency.write("oyez.toml", &settings);
    for _ in 0..50 {
        agency.mail.next(".", Act::Hang);
    }
    let serving = Serving::start(&agency).await;
    let receipt = agency.declare("--no-wait").await;
    timeout(PATIENCE, agency.mail.hung(1))
        .await
        .expect("a mail is on its way");
    let mails = Arc::clone(&agency);
    let begun = serving.stop_and(move || mails.mail.let_go());
    // Well before the grace of a minute: it goes when the last answer has come.
    let stopped = timeout(Duration::from_secs(40), begun).await;
    assert_eq!(stopped.expect("it stops").0, Some(0));
    let log = agency.send_log("INC-0001").await;
    let states = states(&log);
    assert_eq!(
        states.values().sum::<usize>(),
        receipt["messages"].as_u64().unwrap() as usize
    );
    assert_eq!(states.get("sending"), None, "{states:?}");
    let taken = agency.mail.taken().len();
    let accepted = log
        .iter()
        .filter(|d| d["channel"] == "email" && d["state"] == "accepted")
        .count();
    assert_eq!(accepted, taken, "what went out is on the record");
    // The next one to serve sends the rest, and nothing twice.
    let serving = Serving::start(&agency).await;
    until("the rest to be sent", async || is_out(&agency).await).await;
    let (code, _) = serving.stop().await;
    assert_eq!(code, Some(0));
    let mut addresses: Vec<String> = agency
        .mail
        .taken()
        .iter()
        .map(|m| m.to[0].clone())
        .collect();
    let all = addresses.len();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), all, "nobody heard twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_never_answered_holds_a_stop_up_for_its_grace_only() {
    let agency = Agency::open().await;
    let settings = fs::read_to_string(agency.path("oyez.toml")).unwrap();
    let settings = settings.replace("grace_seconds = 5", "grace_seconds = 1");
    agency.write("oyez.toml", &settings);
    for _ in 0..50 {
        agency.mail.next(".", Act::Hang);
    }
    let serving = Serving::start(&agency).await;
    agency.declare("--no-wait").await;
    let hung = timeout(PATIENCE, agency.mail.hung(1)).await;
    hung.expect("a mail is on its way");
    let stopped = timeout(Duration::from_secs(15), serving.stop()).await;
    assert_eq!(stopped.expect("it stops").0, Some(0));
    let log = agency.send_log("INC-0001").await;
    let states = states(&log);
    assert_eq!(states.get("sending"), None, "{states:?}");
    // Nobody knows of those that were on the wire; the others were never tried.
    assert!(states["uncertain"] > 0 && states["ready"] > 0, "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_down_leaves_everything_to_be_tried_again() {
    let agency = Agency::open().await;
    let settings = fs::read_to_string(agency.path("oyez.toml")).unwrap();
    let port = format!("port = {}", agency.mail.port);
    agency.write("oyez.toml", &settings.replace(&port, "port = 1"));
    let ran = agency.oyez(DECLARE).await.exits(5);
    assert!(
        ran.out.contains("will be tried again by `oyez serve`"),
        "{ran}"
    );
    let log = agency.send_log("INC-0001").await;
    let mails: Vec<&Value> = log
        .iter()
        .filter(|d| d["channel"] == "email" && d["state"] != "not_sent")
        .collect();
    assert!(
        mails.iter().all(|d| d["state"] == "ready"),
        "{:?}",
        states(&log)
    );
    let tried: Vec<&&Value> = mails.iter().filter(|d| d["attempts"] != 0).collect();
    assert!(!tried.is_empty());
    for delivery in tried {
        assert!(
            delivery["state_words"]
                .as_str()
                .unwrap()
                .starts_with("trying again at"),
            "{delivery}"
        );
        assert!(
            delivery["result"].as_str().unwrap().contains("port"),
            "{delivery}"
        );
    }
    // Once it is up, whoever serves sends them.
    agency.write("oyez.toml", &settings);
    let serving = Serving::start(&agency).await;
    until("everything to be sent", async || is_out(&agency).await).await;
    drop(serving);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mail_server_answers_is_on_the_record_as_a_state_and_a_sentence() {
    let down = |act: Act, step: &'static str| Script::plain().on(step, act);
    for (script, state, says) in [
        (
            down(Act::Say("550 5.1.1 no such user"), "RCPT"),
            "dead",
            "address",
        ),
        (
            down(Act::Say("452 4.2.2 the mailbox is full"), "RCPT"),
            "ready",
            "452",
        ),
        // Whether it is out is not known.
        (down(Act::Close, "."), "uncertain", "."),
        (down(Act::Say("451 4.3.0 try later"), "."), "ready", "."),
    ] {
        let agency = Agency::with(Plan {
            mail: script,
            ..Plan::default()
        })
        .await;
        agency.oyez(DECLARE).await.exits(5);
        let log = agency.send_log("INC-0001").await;
        let hit: Vec<&Value> = log
            .iter()
            .filter(|d| {
                d["channel"] == "email" && d["state"] != "accepted" && d["state"] != "not_sent"
            })
            .collect();
        assert!(!hit.is_empty(), "{log:#?}");
        let hit = hit
            .iter()
            .find(|d| d["attempts"] != 0)
            .expect("one was tried");
        assert_eq!(hit["state"], state, "{hit}");
        let result = hit["result"].as_str().unwrap();
        assert!(
            result.contains(says) && result.ends_with('.'),
            "{says}: {hit}"
        );
        assert!(!result.contains('@'), "an address is told: {hit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_or_name_stops_the_channel_and_no_message_is_given_up() {
    let password = "host = \"localhost\"\ntls = \"starttls\"\nusername = \"incidents\"\npassword = \"hunter2\"\nca_file = \"ca.pem\"\n";
    let nameless = "host = \"localhost\"\ntls = \"starttls\"\nca_file = \"ca.pem\"\n";
    for (script, email, says) in [
        (
            Script::encrypted(Encryption::Starttls)
                .offering("AUTH PLAIN LOGIN")
                .always("AUTH", Act::Say("535 5.7.8 wrong")),
            password,
            "password",
        ),
        (
            Script::encrypted(Encryption::Starttls).certified_for("mail.example.org"),
            nameless,
            "The certificate of the mail server is not for localhost.",
        ),
    ] {
        let agency = Agency::with(Plan {
            mail: script,
            email: "host = \"127.0.0.1\"\ntls = \"none\"\n".to_owned(),
            ..Plan::default()
        })
        .await;
        agency.write("ca.pem", &agency.mail.ca);
        agency.write("oyez.toml", &agency.settings(email, ""));
        let ran = agency.oyez(DECLARE).await.exits(5);
        assert!(
            !ran.err.contains("hunter2") && !ran.out.contains("hunter2"),
            "{ran}"
        );
        let log = agency.send_log("INC-0001").await;
        let mails: Vec<&Value> = log
            .iter()
            .filter(|d| d["channel"] == "email" && d["state"] != "not_sent")
            .collect();
        assert!(
            mails.iter().all(|d| d["state"] == "ready"),
            "{:?}",
            states(&log)
        );
        assert!(
            mails
                .iter()
                .any(|d| d["result"].as_str().unwrap().contains(says)),
            "{says}: {mails:#?}"
        );
        agency.oyez("doctor").await.exits(4).says(&[says]);
        assert_eq!(agency.mail.taken(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_while_it_is_sent_to_loses_nothing_and_says_what_is_saved() {
    let agency = Agency::open().await;
    for _ in 0..50 {
        agency.mail.next(".", Act::Hang);
    }
    let command = agency.command(DECLARE);
    let declaring = tokio::spawn(run(command));
    let hung = timeout(PATIENCE, agency.mail.hung(1)).await;
    hung.expect("a mail is on its way");
    fs::rename(agency.path("oyez.db"), agency.path("elsewhere.db")).unwrap();
    agency.mail.let_go();
    let ran = declaring.await.unwrap().exits(6);
    let ran = ran.says(&[
        "INC-0001: Declared as P1",
        "It is saved, but the database failed while it was sent.",
        "oyez send-log INC-0001",
    ]);
    assert!(!ran.err.contains("nothing was saved"), "{ran}");
    fs::rename(agency.path("elsewhere.db"), agency.path("oyez.db")).unwrap();
    let serving = Serving::start(&agency).await;
    until("everything to be sent", async || is_out(&agency).await).await;
    drop(serving);
    reached_everyone(&agency).await;
}

/// Every accepted mail is there; one that is there twice was tried twice.
async fn reached_everyone(agency: &Agency) {
    let log = agency.send_log("INC-0001").await;
    let taken = agency.mail.taken();
    for delivery in &log {
        if delivery["channel"] != "email" || delivery["state"] != "accepted" {
            continue;
        }
        let address = delivery["address"].as_str().unwrap();
        let got = taken.iter().filter(|mail| mail.to == [address]).count();
        assert!((1..=2).contains(&got), "{address} got {got} mails");
        let tries = delivery["attempts"].as_u64();
        assert!(got == 1 || tries > Some(1), "{delivery}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_is_cut_off_has_saved_all_or_nothing() {
    let Some(url) = new_postgres().await else {
        return;
    };
    let agency = Agency::with(Plan {
        database: Some(url.clone()),
        ..Plan::default()
    })
    .await;
    let (server, name) = url.rsplit_once('/').unwrap();
    let (login, port) = server.rsplit_once(':').unwrap();
    let proxy = Proxy::start(port.parse().unwrap()).await;
    let settings = fs::read_to_string(agency.path("oyez.toml")).unwrap();
    let settings = settings.replace(&url, &format!("{login}:{}/{name}", proxy.port));
    agency.write("oyez.toml", &settings);

    proxy.cut_at(b"INSERT INTO \"event\"");
    agency
        .oyez(DECLARE)
        .await
        .exits(6)
        .says(&["cannot be reached", "nothing was saved"]);
    agency.oyez("list").await.exits(6).says(&["database.url"]);
    assert_eq!(agency.mail.taken(), []);
    proxy.mend();
    assert_eq!(agency.json("list").await, serde_json::json!([]));

    for _ in 0..50 {
        agency.mail.next(".", Act::Hang);
    }
    let declaring = tokio::spawn(run(agency.command(DECLARE)));
    let hung = timeout(PATIENCE, agency.mail.hung(1)).await;
    hung.expect("a mail is on its way");
    proxy.cut();
    agency.mail.let_go();
    let ran = declaring.await.unwrap().exits(6);
    ran.says(&["INC-0001: Declared as P1", "It is saved"]);
    proxy.mend();
    let serving = Serving::start(&agency).await;
    until("everything to be sent", async || is_out(&agency).await).await;
    drop(serving);
    reached_everyone(&agency).await;
}

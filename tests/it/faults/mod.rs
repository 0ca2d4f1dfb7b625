//! What hangs, or is set back, under a real server: the alarm, the time it takes, and the others unharmed.
//!
//! These tests start real processes, stop them, and take their word for the time, so they live in real
//! time and have the machine to themselves.

mod clock;
mod database;
mod process;

use std::{
    io::{BufRead, BufReader},
    os::unix::net::UnixDatagram,
    process::{Child, Command},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use oyez::clock::{Clock, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    agency::Agency,
    api::{Answer, client},
};

/// Longer than anything here takes on the slowest machine; it only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// `oyez serve` in a process of its own; it ends with the test.
struct Serving {
    child: Child,
    base: String,
    key: String,
    /// What it has said so far.
    said: Arc<Mutex<Vec<String>>>,
}

impl Serving {
    /// Starts it by this command, with a key for the API.
    async fn start(mut command: Command, key: &str) -> Self {
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("its standard error"));
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        let mut serving = Self {
            child,
            base: String::new(),
            key: key.to_owned(),
            said,
        };
        let said = Arc::clone(&serving.said);
        let listens = move || {
            let said = said.lock().unwrap();
            let address = |line: &String| line.strip_prefix("Listening on ").map(str::to_owned);
            said.iter().find_map(address)
        };
        until("it listens", async || listens().is_some()).await;
        serving.base = listens().expect("an address");
        serving
    }

    /// How often a line of its log has this text.
    fn has_said(&self, text: &str) -> usize {
        let said = self.said.lock().unwrap();
        said.iter().filter(|line| line.contains(text)).count()
    }

    async fn get(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.base);
        Answer::of(client().request(Method::GET, url).bearer_auth(&self.key)).await
    }

    /// Asks for a change under a request key.
    async fn post(&self, path: &str, request: &str, body: &Value) -> Answer {
        let url = format!("{}/api/v1/incidents{path}", self.base);
        let asked = client()
            .request(Method::POST, url)
            .bearer_auth(&self.key)
            .header("Idempotency-Key", request);
        Answer::of(asked.json(body)).await
    }

    async fn declare(&self, request: &str) -> Answer {
        let body = json!({"title": "Providers cannot sign in", "priority": "P1",
            "services": {"register-trainees": "affected"},
            "facts": {"effect": "Training providers cannot sign in."}});
        self.post("", request, &body).await
    }

    async fn update(&self, incident: &str, text: &str) -> Answer {
        let body = json!({"command": "update", "text": text});
        self.post(&format!("/{incident}/commands"), text, &body)
            .await
    }

    fn signal(&self, signal: &str) {
        send(signal, self.child.id());
    }

    /// SIGTERM; how long it takes to end, and how it ends.
    async fn stop(mut self) -> (Duration, Option<i32>) {
        self.signal("TERM");
        let ended = tokio::task::spawn_blocking(move || self.child.wait().unwrap().code());
        timed(async { ended.await.unwrap() }).await
    }
}

impl Drop for Serving {
    /// `kill -9`, if it has not ended.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How often the watchdog of a service manager has heard that a process is alive.
struct Watchdog(Arc<AtomicUsize>);

impl Watchdog {
    /// Has the process that is started by this command tell it.
    fn over(command: &mut Command, agency: &Agency) -> Self {
        let path = agency.path("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        command.env("NOTIFY_SOCKET", &path);
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                if buffer[..length].starts_with(b"WATCHDOG=1") {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Self(heard)
    }

    fn heard(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn send(signal: &str, process: u32) {
    let mut kill = Command::new("kill");
    let sent = kill
        .args([&format!("-{signal}"), &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// How long something takes, and what comes of it.
async fn timed<T>(what: impl Future<Output = T>) -> (Duration, T) {
    let clock = SystemClock::new();
    let done = what.await;
    (clock.running(), done)
}

/// Looks every fifty milliseconds until it is so, and says how long that took.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let clock = SystemClock::new();
    while !is_so().await {
        assert!(clock.running() < PATIENCE, "waited in vain until {what}");
        clock.pause(Duration::from_millis(50)).await;
    }
    clock.running()
}

/// How many mails of the agency have this text in them.
fn mails_with(agency: &Agency, text: &str) -> usize {
    let is_in = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(text);
    agency
        .mail
        .taken()
        .iter()
        .filter(|mail| is_in(&mail.bytes))
        .count()
}

/// Nobody got the same mail twice.
fn assert_nobody_twice(agency: &Agency) {
    let mut ids: Vec<String> = agency
        .mail
        .taken()
        .iter()
        .map(|mail| {
            let text = String::from_utf8_lossy(&mail.bytes).into_owned();
            let id = text.lines().find(|line| line.starts_with("Message-ID"));
            format!("{:?} {:?}", mail.to, id)
        })
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "somebody got a mail twice");
}

/// A key for the API that may read and respond.
async fn key(agency: &Agency) -> String {
    let made = agency
        .json("token create faults --scope read --scope respond")
        .await;
    made["secret"].as_str().expect("a secret").to_owned()
}

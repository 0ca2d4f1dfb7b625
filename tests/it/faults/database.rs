//! A network to PostgreSQL that swallows packets, and a PostgreSQL that is stopped.

use std::{fs, time::Duration};

use oyez::store::Store;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Serving, Watchdog, assert_nobody_twice, key, mails_with, send, timed, until};
use crate::support::{
    agency::{Agency, Plan},
    database::new_postgres,
    proxy::Proxy,
};

/// The grace of the agency's settings.
const GRACE: Duration = Duration::from_secs(5);

async fn on_postgres(url: String) -> Agency {
    Agency::with(Plan {
        database: Some(url),
        ..Plan::default()
    })
    .await
}

/// What a server says while its database does not answer, and how soon.
async fn is_silent(server: &Serving) {
    let (took, ready) = timed(server.get("/readyz")).await;
    assert!(took < Duration::from_millis(2_500), "/readyz took {took:?}");
    let ready = ready.is(503);
    assert!(ready["notices"].to_string().contains("database"), "{ready}");
    let (took, alive) = timed(server.get("/healthz")).await;
    assert!(
        alive.status == 200 && took < Duration::from_secs(1),
        "{took:?}"
    );
    let (took, refused) = timed(server.declare("again")).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(took < Duration::from_secs(20), "the refusal took {took:?}");
    println!("a command was refused after {took:?}");
}

/// Once the database answers again, what was refused is done once, and said once.
async fn goes_on(agency: &Agency, server: &Serving) {
    let took = until("it is ready", async || {
        server.get("/readyz").await.status == 200
    })
    .await;
    println!("ready again after {took:?}");
    let mut declared = server.declare("again").await;
    until("the command is taken", async || {
        if declared.status != 201 {
            declared = server.declare("again").await;
        }
        declared.status == 201
    })
    .await;
    let incident = declared.is(201)["incident"].as_str().unwrap().to_owned();
    until("it is said", async || mails_with(agency, &incident) > 0).await;
    let same = server.declare("again").await.is(201);
    assert_eq!(same["incident"], *incident);
    assert_nobody_twice(agency);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_network_raises_the_alarm_and_ends_nothing() {
    let Some(url) = new_postgres().await else {
        return;
    };
    let (before, rest) = url.rsplit_once(':').unwrap();
    let (port, name) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(port.parse().unwrap()).await;
    let agency = on_postgres(format!("{before}:{}/{name}", proxy.port)).await;
    let key = key(&agency).await;
    let mut command = agency.command("serve");
    let watchdog = Watchdog::over(&mut command, &agency);
    let server = Serving::start(command, &key).await;
    server.get("/readyz").await.is(200);
    server.declare("first").await.is(201);
    until("the first is out", async || {
        mails_with(&agency, "INC-0001") > 0
    })
    .await;

    proxy.silence();
    let (asked, ()) = timed(is_silent(&server)).await;
    let waited = until("the alarm", async || server.has_said("it hangs") > 0).await;
    let alarm = asked + waited;
    let expected = Duration::from_secs(25)..Duration::from_secs(45);
    assert!(expected.contains(&alarm), "the alarm came after {alarm:?}");
    println!("the alarm came after {alarm:?}");
    let (took, figures) = timed(server.get("/metrics")).await;
    assert!(took < Duration::from_secs(7), "/metrics took {took:?}");
    for line in [
        "oyez_database_answers 0",
        "oyez_loop_hangs_total{loop=\"delivery\"} 1",
    ] {
        assert!(figures.text.contains(line), "{line}: {}", figures.text);
    }
    let heard = watchdog.heard();
    until("nothing ends the process for it", async || {
        watchdog.heard() > heard + 1
    })
    .await;

    proxy.mend();
    goes_on(&agency, &server).await;
    let alarms = server.has_said("it hangs");
    assert!(alarms <= 2, "each loop says so once: {alarms}");

    proxy.silence();
    let (took, _) = server.stop().await;
    assert!(
        took < GRACE + Duration::from_secs(2),
        "it took {took:?} to stop"
    );
    println!("stopped after {took:?}");
}

/// The processes of a PostgreSQL server, the one that starts the others first. They go on when this is
/// dropped.
struct Stopped(Vec<u32>);

impl Stopped {
    async fn server_of(url: &str) -> Self {
        let store = Store::open(url).await.unwrap();
        let asked = Statement::from_string(DbBackend::Postgres, "SELECT pg_backend_pid() AS it");
        let row = store.read().query_one_raw(asked).await.unwrap().unwrap();
        let backend: i32 = row.try_get("", "it").unwrap();
        let parent = parent_of(u32::try_from(backend).unwrap()).unwrap();
        store.close().await;
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut all = vec![parent];
        all.extend(ids.filter(|id| parent_of(*id) == Some(parent)));
        for id in &all {
            send("STOP", *id);
        }
        Self(all)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for id in self.0.iter().rev() {
            // Those that were hung up on may have ended as soon as they went on.
            let _ = std::process::Command::new("kill")
                .args(["-CONT", &id.to_string()])
                .status();
        }
    }
}

fn parent_of(process: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may hold anything, but its last bracket is the last of the line.
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_database_is_said_so_and_is_found_again() {
    let Some(url) = new_postgres().await else {
        return;
    };
    let agency = on_postgres(url.clone()).await;
    let key = key(&agency).await;
    let server = Serving::start(agency.command("serve"), &key).await;
    server.declare("first").await.is(201);
    until("the first is out", async || {
        mails_with(&agency, "INC-0001") > 0
    })
    .await;
    let stopped = Stopped::server_of(&url).await;
    is_silent(&server).await;
    drop(stopped);
    goes_on(&agency, &server).await;
    let (took, code) = server.stop().await;
    assert_eq!(code, Some(0));
    assert!(
        took < GRACE + Duration::from_secs(1),
        "it took {took:?} to stop"
    );
}

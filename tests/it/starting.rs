//! Starting as a service: what systemd is told, and a database that is not there yet.

use std::{
    io::{BufRead, BufReader},
    os::unix::net::UnixDatagram,
    process::{Child, Command},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use crate::support::{
    agency::Agency,
    api::{self, Answer},
    database,
    proxy::Proxy,
};

/// Only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of its own, with what it says on standard error.
struct Server {
    child: Child,
    said: Receiver<String>,
    all: Vec<String>,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let (say, said) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().expect("its standard error"));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        Self {
            child,
            said,
            all: Vec::new(),
        }
    }

    /// What follows these words in the next line that has them.
    fn says(&mut self, words: &str) -> String {
        loop {
            let Ok(line) = self.said.recv_timeout(PATIENCE) else {
                panic!("{words:?} is not said: {:#?}", self.all);
            };
            let rest = line.split_once(words).map(|(_, rest)| rest.to_owned());
            self.all.push(line);
            if let Some(rest) = rest {
                return rest;
            }
        }
    }

    /// Ends it by SIGTERM; its exit code, and all that it said.
    fn stop(mut self) -> (Option<i32>, Vec<String>) {
        let id = self.child.id().to_string();
        let mut kill = Command::new("kill");
        assert!(kill.args(["-TERM", &id]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        self.all.extend(self.said.iter());
        (code, self.all)
    }
}

/// What comes to the socket of a service manager, until one holds this.
fn told(socket: &UnixDatagram, what: &str) -> String {
    let mut buffer = [0; 4096];
    loop {
        let length = socket
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("{what} is not told: {error}"));
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.contains(what) {
            return text;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told_that_it_serves_that_it_lives_and_that_it_stops() {
    let agency = Agency::open().await;
    let path = agency.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = agency.command("serve");
    command.env("NOTIFY_SOCKET", &path);
    let mut server = Server::start(command);
    tokio::task::spawn_blocking(move || {
        server.says("Listening on ");
        assert!(told(&socket, "READY=1").contains("STATUS=Serving"));
        // Time and again, for as long as the loops go on.
        told(&socket, "WATCHDOG=1");
        told(&socket, "WATCHDOG=1");
        let (code, _) = server.stop();
        assert_eq!(code, Some(0));
        told(&socket, "STOPPING=1");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_is_away_is_waited_for_and_that_is_said() {
    let agency = Agency::open().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let away = format!("postgres://oyez:hunter2@127.0.0.1:{port}/oyez");
    let settings = std::fs::read_to_string(agency.path("oyez.toml")).unwrap();
    agency.write("oyez.toml", &settings.replace(&agency.url, &away));

    let mut server = Server::start(agency.command("serve"));
    let (base, server) = tokio::task::spawn_blocking(move || {
        server.says("waiting for the database");
        (server.says("Waiting for the database, at "), server)
    })
    .await
    .unwrap();
    assert_eq!(api::get(&format!("{base}/healthz")).await.status, 200);
    let ready = api::get(&format!("{base}/readyz")).await.is(503);
    assert_eq!(ready["ready"], false);
    assert!(
        ready["notices"]
            .to_string()
            .contains("database cannot be reached"),
        "{ready}"
    );
    let answer: Answer = api::get(&format!("{base}/api/v1/incidents")).await;
    answer.is_problem(503, "database-away");
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    let (code, said) = stopped.await.unwrap();
    assert_eq!(code, Some(0), "{said:#?}");
    assert!(
        said.iter().all(|line| !line.contains("hunter2")),
        "{said:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_as_soon_as_the_database_server_is_there() {
    let Some(url) = database::new_postgres().await else {
        return;
    };
    let (front, rest) = url.rsplit_once('@').expect("a user");
    let (host, name) = rest.split_once('/').expect("a database");
    let port = host.rsplit_once(':').map_or("5432", |(_, port)| port);
    let proxy = Proxy::start(port.parse().expect("a port")).await;
    proxy.cut();
    let agency = Agency::open().await;
    let through = format!("{front}@127.0.0.1:{}/{name}", proxy.port);
    let settings = std::fs::read_to_string(agency.path("oyez.toml")).unwrap();
    agency.write("oyez.toml", &settings.replace(&agency.url, &through));

    let mut server = Server::start(agency.command("serve"));
    let mut server = tokio::task::spawn_blocking(move || {
        server.says("Waiting for the database, at ");
        server
    })
    .await
    .unwrap();
    proxy.mend();
    let (base, server) =
        tokio::task::spawn_blocking(move || (server.says("Listening on "), server))
            .await
            .unwrap();
    let ready = api::get(&format!("{base}/readyz")).await.is(200);
    assert_eq!(ready["ready"], true);
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    assert_eq!(stopped.await.unwrap().0, Some(0));
}

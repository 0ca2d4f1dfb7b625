//! Simulators of Teams and Slack, for practice mode and for tests: two small servers on loopback, each
//! with a page on which people see and do what they would in the real client.
//!
//! They speak the wire protocols over HTTP, to the endpoints that the real services call, and know of
//! Oyez no more than those services do: there is no shortcut inside the process. [`teams`] is a Bot
//! connector with its token endpoint and its keys, [`slack`] the Web API with its signed requests;
//! [`page`] is what their pages share.

mod asset;
mod kept;
mod page;
pub mod slack;
pub mod teams;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::dev::{Server, ServerHandle};
use chrono::TimeDelta;

use crate::{
    clock::Clock,
    domain::Time,
    http_client::{HttpClient, Limits},
};

/// How long a simulator waits for Oyez: longer than the real services do, so that a slow answer is
/// seen and not lost.
const PATIENCE: Limits = Limits {
    connect: Duration::from_secs(2),
    total: Duration::from_secs(15),
};

/// Who is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cast {
    /// People, in the order in which they are offered.
    pub people: Vec<Person>,
    /// Channels.
    pub rooms: Vec<Room>,
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The account, in the service's own form.
    pub id: String,
    /// Name.
    pub name: String,
    /// What they do, as the page says it beside the name; may be empty.
    pub role: String,
    /// Mail address; the services tell it to those that may ask.
    pub mail: Option<String>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its id, in the service's own form.
    pub id: String,
    /// Name.
    pub name: String,
}

impl Cast {
    fn person(&self, id: &str) -> Option<&Person> {
        self.people
            .iter()
            .find(|person| person.id.eq_ignore_ascii_case(id))
    }
}

/// How far the clock is moved on from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// By so much.
    By(TimeDelta),
    /// To when the next thing is due.
    ToNextDue,
}

/// A future that can be kept in a `dyn Practice`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What of practice mode is no business of the services that are simulated: its clock.
pub trait Practice: Send + Sync {
    /// Moves the clock on. An error is a sentence for whoever asked.
    fn move_on(&self, step: Step) -> BoxFuture<'_, Result<(), String>>;
}

/// What both simulators have.
pub(crate) struct Common {
    /// Calls Oyez, and can reach nothing but this machine.
    http: HttpClient,
    clock: Mutex<Arc<dyn Clock>>,
    /// Where Oyez listens, once it does.
    oyez: Mutex<String>,
    practice: Mutex<Option<Arc<dyn Practice>>>,
    cast: Mutex<Cast>,
}

/// The lock, whatever became of whoever had it: each change of what it guards is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Common {
    /// Tells the time by this clock.
    fn new(clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let loopback = [ipnet::IpNet::from(std::net::IpAddr::from([127, 0, 0, 1]))];
        let http = HttpClient::new(&loopback, PATIENCE).map_err(std::io::Error::other)?;
        Ok(Self {
            http,
            clock: Mutex::new(clock),
            oyez: Mutex::default(),
            practice: Mutex::default(),
            cast: Mutex::default(),
        })
    }

    fn now(&self) -> Time {
        locked(&self.clock).now()
    }

    fn oyez(&self) -> String {
        locked(&self.oyez).clone()
    }

    fn cast(&self) -> Cast {
        locked(&self.cast).clone()
    }

    /// Tells the time by another clock from now on.
    fn tell_time_by(&self, clock: Arc<dyn Clock>) {
        *locked(&self.clock) = clock;
    }
}

/// A simulator that listens.
pub struct Running {
    /// What its addresses begin with, without a slash at the end.
    pub base: String,
    handle: ServerHandle,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    fn start(base: String, server: Server) -> Self {
        Self {
            base,
            handle: server.handle(),
            server: tokio::spawn(server),
        }
    }

    /// Stops at once: whoever waits for news is sent away.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        let _ = self.server.await;
    }
}

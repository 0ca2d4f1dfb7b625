//! The HTTP API in this process, on a free port, with the program behind it in the test's hands.

use std::{sync::Arc, time::Duration};

use oyez::{
    app::{App, KeyHolder, NewKey},
    web,
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use super::{agency::Agency, program::operator};

/// An API that listens.
pub(crate) struct Api {
    pub(crate) app: Arc<App>,
    /// What its addresses begin with.
    pub(crate) base: String,
    client: Client,
    stop: watch::Sender<bool>,
    handle: actix_web::dev::ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Api {
    pub(crate) async fn start(agency: &Agency) -> Self {
        let started = agency.start().await;
        Self::with(Arc::new(started.app), started.doors)
    }

    pub(crate) fn of(app: Arc<App>) -> Self {
        Self::with(app, web::Doors::default())
    }

    pub(crate) fn with(app: Arc<App>, doors: web::Doors) -> Self {
        let (stop, stopping) = watch::channel(false);
        let server = web::listen(
            Arc::clone(&app),
            doors,
            web::Stop::new(stopping),
            "127.0.0.1:0".parse().expect("an address"),
            Duration::from_secs(5),
        )
        .expect("a free port");
        Self {
            app,
            base: format!("http://{}", server.addresses[0]),
            client: client(),
            stop,
            handle: server.handle,
            running: tokio::spawn(server.running),
        }
    }

    /// A key with these scopes, of nobody.
    pub(crate) async fn key(&self, scopes: &[&str]) -> String {
        self.key_of(scopes, None).await
    }

    /// A key with these scopes that acts for a person.
    pub(crate) async fn key_of(&self, scopes: &[&str], person: Option<&str>) -> String {
        let person = person.map(|id| id.parse().expect("the id of a person"));
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let name = format!("test of {}", scopes.join(" and "));
        let by = maker();
        let made = self.app.create_token(NewKey {
            name: &name,
            scopes: &scopes,
            person: person.as_ref(),
            expires: "90d",
            by: &by,
        });
        made.await.expect("a key").secret.expect("its secret")
    }

    /// A request that nothing was added to.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).bearer_auth(key)).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).bearer_auth(key).json(body)).await
    }

    /// Stops as `oyez serve` does: streams first, then requests.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.handle.stop(true).await;
        self.running
            .await
            .expect("the server ended by itself")
            .expect("the server ended well");
    }
}

/// Somebody at a terminal, who may make every key.
pub(crate) fn maker() -> KeyHolder {
    KeyHolder::operator(operator())
}

/// Whoever calls the program from outside.
pub(crate) fn client() -> Client {
    #[expect(
        clippy::disallowed_methods,
        reason = "the other side of the program: whoever calls it has a client of their own"
    )]
    let client = Client::builder().no_proxy();
    client.build().expect("a client")
}

/// Asks a server that is no [`Api`] of this process.
pub(crate) async fn get(url: &str) -> Answer {
    Answer::of(client().get(url)).await
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let read = async {
            let answer = request.send().await.expect("an answer");
            Self {
                status: answer.status(),
                headers: answer.headers().clone(),
                text: answer.text().await.expect("a body"),
            }
        };
        // Only ends a test that hangs.
        let read = tokio::time::timeout(Duration::from_secs(60), read);
        read.await.expect("an answer that ends")
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self.json()
    }

    /// A problem document of this kind, which must be whole.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, kind: &str) -> Value {
        let problem = self.is(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(
            problem["type"],
            format!("urn:oyez:problem:{kind}"),
            "{self:?}"
        );
        assert_eq!(problem["status"], status);
        for part in ["title", "detail"] {
            let text = problem[part].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {part}: {self:?}");
        }
        problem
    }
}

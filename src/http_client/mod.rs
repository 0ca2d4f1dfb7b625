//! The one outbound HTTP client.
//!
//! It follows no redirects, speaks https only (unencrypted only to networks that
//! `http.allow_private` names), connects to no private address but those, reads no more of an answer
//! than was asked for, 64 kB as a rule, and ends after 30 seconds. Nothing that it returns holds the address it called, because
//! webhook addresses are secrets. [`classify`] turns a status into an outcome.

mod addresses;
mod outcome;

use std::{error::Error, net::IpAddr, sync::Arc, time::Duration};

use ipnet::IpNet;
use reqwest::{
    Client, Method, Response, Url,
    header::{HeaderMap, HeaderName, RETRY_AFTER},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};

use addresses::{Addresses, Forbidden};
pub use outcome::{Repeats, classify, retry_after_ms};

/// Most bytes of an answer that are read, unless whoever calls asks for more.
pub const ANSWER_MAX: usize = 64 * 1024;

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// For everything, the answer's body included.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// Makes calls. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct HttpClient {
    secure: Client,
    plain: Client,
    allowed: Arc<[IpNet]>,
}

/// One call.
#[derive(Debug)]
pub struct Call<'a> {
    /// Usually POST.
    pub method: Method,
    /// To where; a secret as a rule.
    pub url: &'a Url,
    /// Headers; mark those with tokens as sensitive.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header as it came.
    pub retry_after: Option<String>,
    /// What the token may do, as the `X-OAuth-Scopes` header says it.
    pub oauth_scopes: Option<String>,
    /// As much of it as was asked for, as text; not cleaned.
    pub body: String,
}

impl Reply {
    /// Whether it is a web page: what proxies and sign-in pages answer in a service's place. The
    /// declared type is not asked: receivers that never set it say `text/html`.
    pub fn is_web_page(&self) -> bool {
        let body = behind_prolog(&self.body);
        let starts = |with: &str| {
            body.get(..with.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        starts("<!doctype html") || starts("<html") || starts("<!--")
    }
}

/// What stands behind a byte order mark, blanks, whole comments and the prolog of XML.
fn behind_prolog(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c == '\u{FEFF}' || c.is_whitespace());
        let behind = [("<!--", "-->"), ("<?xml", "?>")]
            .into_iter()
            .find_map(|(start, end)| Some(rest.strip_prefix(start)?.split_once(end)?.1));
        match behind {
            Some(behind) => rest = behind,
            None => return rest,
        }
    }
}

/// No answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The address may not be called; the sentence says why and what to do.
    #[error("{0}")]
    Address(String),
    /// The name of the host leads where nothing may be called just now, which says nothing about the
    /// address: a gateway may answer so for every name. The sentence says why and what to do.
    #[error("{0}")]
    Private(String),
    /// Nothing was sent.
    #[error("no connection: {0}")]
    NotSent(String),
    /// Something was sent, and then the connection or our patience ended.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

impl HttpClient {
    /// A client that may also reach the `allowed` networks. Reads the machine's certificates.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(allowed: &[IpNet], limits: Limits) -> Result<Self, reqwest::Error> {
        let allowed: Arc<[IpNet]> = allowed.into();
        let secure = Addresses::public_and(&allowed);
        let plain = Addresses::only(&allowed);
        Ok(Self {
            secure: client(secure, limits).https_only(true).build()?,
            plain: client(plain, limits)
                .tls_built_in_root_certs(false)
                .build()?,
            allowed,
        })
    }

    /// A client that trusts no certificate and reaches nothing: for what is put together only to
    /// see whether its settings are right, with the networks that they allow. Reads nothing of this
    /// machine.
    ///
    /// # Errors
    /// When TLS cannot be set up at all.
    pub fn idle(allowed: &[IpNet]) -> Result<Self, reqwest::Error> {
        let none = || client(Addresses::only(&Arc::from([])), Limits::default());
        Ok(Self {
            secure: none().tls_built_in_root_certs(false).build()?,
            plain: none().tls_built_in_root_certs(false).build()?,
            allowed: allowed.into(),
        })
    }

    /// Reads an address and says whether it may be called, as far as can be said without looking
    /// its name up. The error is a sentence with the fix; it does not hold the address.
    pub fn check_url(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text.trim()).map_err(|_| {
            "This is not a web address: paste the whole address, starting with https://".to_owned()
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "The address holds a user name or password: remove everything before the @"
                    .to_owned(),
            );
        }
        let filter = match url.scheme() {
            "https" => Addresses::public_and(&self.allowed),
            "http" if !self.allowed.is_empty() => Addresses::only(&self.allowed),
            _ => {
                return Err(
                    "The address does not start with https://: use the https address".to_owned(),
                );
            }
        };
        match literal_ip(&url) {
            Some(ip) if !filter.permit(ip) => Err(private_address()),
            _ => Ok(url),
        }
    }

    /// Whether the host is an address in one of the allowed networks: a stand-in or a server on
    /// our own premises, for which checks of a provider's name make no sense.
    pub fn is_allowed_network(&self, url: &Url) -> bool {
        literal_ip(url).is_some_and(|ip| Addresses::only(&self.allowed).permit(ip))
    }

    /// Makes the call.
    pub async fn send(&self, call: Call<'_>) -> Result<Reply, Failure> {
        self.send_and_read(call, ANSWER_MAX).await
    }

    /// Makes the call and reads at most so many bytes of the answer: for services whose answers
    /// repeat what they were told.
    pub async fn send_and_read(&self, call: Call<'_>, most: usize) -> Result<Reply, Failure> {
        self.check_url(call.url.as_str())
            .map_err(Failure::Address)?;
        let client = if call.url.scheme() == "https" {
            &self.secure
        } else {
            &self.plain
        };
        let request = client
            .request(call.method, call.url.clone())
            .headers(call.headers)
            .body(call.body);
        match request.send().await {
            Ok(response) => Ok(read(response, most).await),
            Err(error) => Err(failure(&error)),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that makes HTTP clients"
)]
fn client(addresses: Addresses, limits: Limits) -> reqwest::ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        // A proxy would look names up itself, behind the filter.
        .no_proxy()
        .dns_resolver(Arc::new(addresses))
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .referer(false)
        .user_agent(concat!("oyez/", env!("CARGO_PKG_VERSION")))
}

async fn read(mut response: Response, most: usize) -> Reply {
    let header = |name: HeaderName| {
        let value = response.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let retry_after = header(RETRY_AFTER);
    let oauth_scopes = header(HeaderName::from_static("x-oauth-scopes"));
    let mut body = Vec::new();
    // The status has been said: an answer that breaks off after it is still that answer.
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == most {
            break;
        }
    }
    Reply {
        status: response.status().as_u16(),
        retry_after,
        oauth_scopes,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

fn failure(error: &reqwest::Error) -> Failure {
    let causes = || {
        let mut next = error.source();
        std::iter::from_fn(move || {
            let cause = next?;
            next = cause.source();
            Some(cause)
        })
    };
    if causes().any(|cause| cause.is::<Forbidden>()) {
        return Failure::Private(private_address());
    }
    // The last cause is the system's own words. reqwest's are left out: they hold the address.
    let cause = causes()
        .last()
        .map_or_else(String::new, ToString::to_string);
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => Failure::NotSent("the connection took too long".to_owned()),
        (true, false) => Failure::NotSent(cause),
        (false, true) => Failure::NoAnswer("the answer took too long".to_owned()),
        (false, false) if error.is_builder() => {
            Failure::Address("The address cannot be called: paste it again".to_owned())
        }
        (false, false) => Failure::NoAnswer(cause),
    }
}

/// The host, if it is written as an address. The parser has already brought `0x7f.1` and its like
/// to the usual form.
fn literal_ip(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

fn private_address() -> String {
    "The address leads into a private network: use a public one, or name the network in http.allow_private".to_owned()
}

/// A header value that is not shown in debug output.
///
/// # Errors
/// When the secret holds characters that no header can carry; the sentence says so.
pub fn secret_header(value: &SecretString) -> Result<reqwest::header::HeaderValue, String> {
    let mut header =
        reqwest::header::HeaderValue::from_str(value.expose_secret()).map_err(|_| {
            "the secret holds characters that cannot be sent: paste it again".to_owned()
        })?;
    header.set_sensitive(true);
    Ok(header)
}

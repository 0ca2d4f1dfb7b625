//! From a host name to a connection on which mail can be sent.
//!
//! Greeting, EHLO and STARTTLS are spoken here. lettre's own STARTTLS takes bytes that arrived in plain
//! text behind the server's go-ahead as the first reply inside TLS, so that anyone on the way could
//! answer for the server; here such bytes end the connection. And lettre gives up on servers that do not
//! know EHLO, or answer it with nothing.

use std::{future::Future, net::SocketAddr, time::Duration};

use lettre::transport::smtp::{authentication::Mechanism, client::AsyncSmtpConnection};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{
    reply::Reply,
    session::Session,
    settings::{Settings, Tls},
    sign_in::sign_in,
    stream::{Socket, Stream},
    tls,
    trouble::{Cause, Step, Trouble},
};
use crate::domain::delivery::Class;

/// For the connection and for the TLS handshake, each.
const CONNECT: Duration = Duration::from_secs(30);
/// For a command and its reply.
pub(super) const COMMAND: Duration = Duration::from_secs(60);
/// What a server says that does not know EHLO (RFC 1869, 4.5).
const NO_EHLO: std::ops::RangeInclusive<u16> = 500..=504;

/// Connects, encrypts, says hello and signs in.
pub(super) async fn open(settings: &Settings) -> Result<Session, Trouble> {
    let tcp = within(Step::Connect, CONNECT, dial(settings)).await?;
    // Without this each mail would wait for a delayed acknowledgement: 22 a second.
    tcp.set_nodelay(true)
        .map_err(|error| broken(Step::Connect, &error))?;
    let mut stream = match settings.tls {
        Tls::Implicit => Stream::new(encrypted(tcp, settings).await?),
        Tls::None | Tls::Starttls => Stream::new(Socket::Plain(tcp)),
    };
    within(Step::Hello, COMMAND, async {
        let greeting = answer(&mut stream).await?;
        demand_2xx(&greeting)
    })
    .await?;
    let mut offered = within(Step::Hello, COMMAND, hello(&mut stream, settings)).await?;
    if settings.tls == Tls::Starttls {
        let tcp = within(Step::Hello, COMMAND, starttls(stream, &offered, settings)).await?;
        stream = Stream::new(encrypted(tcp, settings).await?);
        offered = within(Step::Hello, COMMAND, hello(&mut stream, settings)).await?;
    }
    let is_encrypted = stream.is_encrypted();
    let dot = stream.introduce();
    let mut smtp = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &settings.hello)
        .await
        .map_err(|error| Trouble::new(Step::Hello, cause(&error)))?;
    sign_in(&mut smtp, &offered, settings, is_encrypted).await?;
    Ok(Session::new(smtp, dot, offered.has("PIPELINING")))
}

async fn dial(settings: &Settings) -> Result<TcpStream, Trouble> {
    let found: Vec<SocketAddr> = lookup_host((settings.host.as_str(), settings.port))
        .await
        .map_err(|error| broken(Step::Connect, &error))?
        .collect();
    if settings.tls == Tls::None && !found.iter().all(|address| address.ip().is_loopback()) {
        let sentence = format!(
            "{} is not this machine, and mail is not sent to others unencrypted. Set {} to starttls or implicit.",
            settings.host,
            settings.key("tls")
        );
        return Err(settled(Step::Connect, Class::BadConfiguration, sentence));
    }
    TcpStream::connect(found.as_slice())
        .await
        .map_err(|error| broken(Step::Connect, &error))
}

async fn encrypted(tcp: TcpStream, settings: &Settings) -> Result<Socket, Trouble> {
    within(Step::Hello, CONNECT, async {
        tls::encrypt(tcp, settings).await.map_err(|error| {
            let (class, sentence) = tls::fault(&error, settings);
            settled(Step::Hello, class, sentence)
        })
    })
    .await
    .map(|tls| Socket::Encrypted(Box::new(tls)))
}

/// What a server says that it can do.
pub(super) struct Offered(Vec<String>);

impl Offered {
    /// Whether it has an extension, whatever the case.
    fn has(&self, extension: &str) -> bool {
        let first = |line: &String| words(line).next().map(str::to_owned);
        self.0
            .iter()
            .filter_map(first)
            .any(|word| word.eq_ignore_ascii_case(extension))
    }

    /// Whether one can sign in in this way. Some servers write `AUTH=LOGIN`.
    pub(super) fn signs_in_by(&self, mechanism: Mechanism) -> bool {
        let name = mechanism.to_string();
        self.0.iter().any(|line| {
            let mut words = words(line);
            let is_auth = words
                .next()
                .is_some_and(|word| word.eq_ignore_ascii_case("AUTH"));
            is_auth && words.any(|word| word.eq_ignore_ascii_case(&name))
        })
    }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| c == '=' || c.is_whitespace());
    words.filter(|word| !word.is_empty())
}

/// Says who we are, and hears what the server can do. One that does not know EHLO can nothing more.
async fn hello(stream: &mut Stream, settings: &Settings) -> Result<Offered, Trouble> {
    say(stream, &format!("EHLO {}\r\n", settings.hello)).await?;
    match answer(stream).await {
        Ok(reply) => {
            demand_2xx(&reply)?;
            Ok(Offered(reply.lines))
        }
        Err(Trouble {
            cause: Cause::Reply { code, .. },
            ..
        }) if NO_EHLO.contains(&code) => {
            say(stream, &format!("HELO {}\r\n", settings.hello)).await?;
            demand_2xx(&answer(stream).await?)?;
            Ok(Offered(Vec::new()))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Asks for the connection to be encrypted.
async fn starttls(
    mut stream: Stream,
    offered: &Offered,
    settings: &Settings,
) -> Result<TcpStream, Trouble> {
    if !offered.has("STARTTLS") {
        let sentence = format!(
            "{} offers no STARTTLS on port {}, and mail is not sent unencrypted. Set {} to implicit and {} to 465, or ask the people who run the mail server.",
            settings.host,
            settings.port,
            settings.key("tls"),
            settings.key("port")
        );
        return Err(settled(Step::Hello, Class::BadConfiguration, sentence));
    }
    say(&mut stream, "STARTTLS\r\n").await?;
    let reply = answer(&mut stream).await?;
    if reply.code != 220 {
        return Err(misplaced(&reply));
    }
    stream.into_silent().ok_or_else(|| {
        let sentence = format!(
            "{} sent more than was asked before the connection was encrypted, as an attacker on the way would. Nothing was sent. Ask the people who run the mail server and the network.",
            settings.host
        );
        settled(Step::Hello, Class::BadConfiguration, sentence)
    })
}

async fn say(stream: &mut Stream, line: &str) -> Result<(), Trouble> {
    let said = stream.say(line).await;
    said.map_err(|error| broken(Step::Hello, &error))
}

/// The next reply, if it is no refusal.
async fn answer(stream: &mut Stream) -> Result<Reply, Trouble> {
    let reply = stream.reply().await;
    let reply = reply.map_err(|error| broken(Step::Hello, &error))?;
    if reply.code < 400 {
        return Ok(reply);
    }
    let cause = Cause::Reply {
        code: reply.code,
        text: reply.text(),
    };
    Err(Trouble::new(Step::Hello, cause))
}

fn demand_2xx(reply: &Reply) -> Result<(), Trouble> {
    if (200..300).contains(&reply.code) {
        Ok(())
    } else {
        Err(misplaced(reply))
    }
}

fn misplaced(reply: &Reply) -> Trouble {
    let what = format!("the reply {} does not belong here", reply.code);
    Trouble::new(Step::Hello, Cause::Broken(what))
}

/// What a failed command tells. The words of a reply are in the error's source.
pub(super) fn cause(error: &lettre::transport::smtp::Error) -> Cause {
    let text = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    match error.status() {
        Some(code) => Cause::Reply {
            code: code.into(),
            text,
        },
        None => Cause::Broken(text),
    }
}

/// Runs a step within its time.
pub(super) async fn within<T>(
    step: Step,
    limit: Duration,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(Trouble::new(step, Cause::TimedOut)))
}

fn broken(step: Step, error: &std::io::Error) -> Trouble {
    Trouble::new(step, Cause::Broken(error.to_string()))
}

pub(super) fn settled(step: Step, class: Class, sentence: String) -> Trouble {
    Trouble::new(step, Cause::Settled(class, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(lines: &[&str]) -> Offered {
        Offered(lines.iter().map(|line| (*line).to_owned()).collect())
    }

    #[test]
    fn what_a_server_offers_is_read_whatever_the_case() {
        for lines in [
            ["mail.northshire.example", "STARTTLS", "AUTH LOGIN PLAIN"],
            ["", "Starttls", "auth plain login"],
            ["hello ", " starttls", "AUTH=LOGIN PLAIN"],
            ["Auth Cram-MD5", "STARTTLS now", "Auth=Login=Plain"],
        ] {
            let offered = offered(&lines);
            assert!(offered.has("STARTTLS"), "{lines:?}");
            assert!(!offered.has("PIPELINING"), "{lines:?}");
            assert!(offered.signs_in_by(Mechanism::Login), "{lines:?}");
            assert!(offered.signs_in_by(Mechanism::Plain), "{lines:?}");
            assert!(!offered.signs_in_by(Mechanism::Xoauth2), "{lines:?}");
        }
        let other = offered(&["auth.northshire.example", "PIPELININGS", "SIZE 1 LOGIN"]);
        assert!(!other.has("PIPELINING"));
        assert!(!other.signs_in_by(Mechanism::Login));
    }
}

//! From a host name to a connection on which mail can be sent.
//!
//! STARTTLS is spoken here on the bare socket. lettre's own takes bytes that arrived in plain text
//! behind the server's go-ahead as the first reply inside TLS, so that anyone on the way could
//! answer for the server. Here such bytes end the connection.

use std::{future::Future, net::SocketAddr, time::Duration};

use lettre::transport::smtp::{client::AsyncSmtpConnection, commands::Ehlo, response::Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{
    session::Session,
    settings::{Settings, Tls},
    stream::{Socket, Stream},
    tls,
    trouble::{Cause, Step, Trouble},
};
use crate::domain::delivery::Class;

/// For the connection and for the TLS handshake, each.
const CONNECT: Duration = Duration::from_secs(30);
/// For a command and its reply.
pub(super) const COMMAND: Duration = Duration::from_secs(60);
/// More than any server says before TLS.
const REPLY_MAX: usize = 16 * 1024;

/// Connects, encrypts, says hello and signs in.
pub(super) async fn open(settings: &Settings) -> Result<Session, Trouble> {
    let tcp = within(Step::Connect, CONNECT, dial(settings)).await?;
    // Without this each mail would wait for a delayed acknowledgement: 22 a second.
    tcp.set_nodelay(true)
        .map_err(|error| broken(Step::Connect, &error))?;
    let (socket, greeting): (Socket, &'static [u8]) = match settings.tls {
        Tls::None => (Socket::Plain(tcp), b""),
        Tls::Implicit => (encrypted(tcp, settings).await?, b""),
        Tls::Starttls => {
            let tcp = starttls(tcp, settings).await?;
            // lettre waits for a greeting, and the server's has been read.
            (encrypted(tcp, settings).await?, b"220 ready\r\n")
        }
    };
    let is_encrypted = matches!(socket, Socket::Encrypted(_));
    let (stream, dot) = Stream::new(socket, greeting);
    let mut smtp = within(Step::Hello, COMMAND, async {
        AsyncSmtpConnection::connect_with_transport(Box::new(stream), &settings.hello)
            .await
            .map_err(|error| Trouble::new(Step::Hello, cause(&error)))
    })
    .await?;
    // Asked once more, because lettre keeps to itself whether the server takes commands in a row.
    let hello = within(Step::Hello, COMMAND, async {
        smtp.command(Ehlo::new(settings.hello.clone()))
            .await
            .map_err(|error| Trouble::new(Step::Hello, cause(&error)))
    })
    .await?;
    sign_in(&mut smtp, settings, is_encrypted).await?;
    Ok(Session::new(smtp, dot, offers(&hello, "PIPELINING")))
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

/// Greeting, EHLO and STARTTLS in plain text.
async fn starttls(mut tcp: TcpStream, settings: &Settings) -> Result<TcpStream, Trouble> {
    within(Step::Hello, COMMAND, async {
        expect(&mut tcp, 220, settings).await?;
        say(&mut tcp, &format!("EHLO {}\r\n", settings.hello)).await?;
        let offered = expect(&mut tcp, 250, settings).await?;
        let has_starttls = offered
            .lines()
            .any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")));
        if !has_starttls {
            let sentence = format!(
                "{} offers no STARTTLS on port {}, and mail is not sent unencrypted. Set {} to implicit and {} to 465, or ask the people who run the mail server.",
                settings.host,
                settings.port,
                settings.key("tls"),
                settings.key("port")
            );
            return Err(settled(Step::Hello, Class::BadConfiguration, sentence));
        }
        say(&mut tcp, "STARTTLS\r\n").await?;
        expect(&mut tcp, 220, settings).await?;
        Ok(tcp)
    })
    .await
}

async fn say(tcp: &mut TcpStream, line: &str) -> Result<(), Trouble> {
    tcp.write_all(line.as_bytes())
        .await
        .map_err(|error| broken(Step::Hello, &error))
}

/// Reads one reply and nothing behind it.
async fn expect(tcp: &mut TcpStream, code: u16, settings: &Settings) -> Result<String, Trouble> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = reply_end(&read) {
            break end;
        }
        if read.len() > REPLY_MAX {
            return Err(Trouble::new(
                Step::Hello,
                Cause::Broken("the reply has no end".to_owned()),
            ));
        }
        match tcp.read_buf(&mut read).await {
            Ok(0) => {
                let closed = Cause::Broken("the server closed the connection".to_owned());
                return Err(Trouble::new(Step::Hello, closed));
            }
            Ok(_) => {}
            Err(error) => return Err(broken(Step::Hello, &error)),
        }
    };
    if end < read.len() {
        let sentence = format!(
            "{} sent more than was asked before the connection was encrypted, as an attacker on the way would. Nothing was sent. Ask the people who run the mail server and the network.",
            settings.host
        );
        return Err(settled(Step::Hello, Class::BadConfiguration, sentence));
    }
    let text = String::from_utf8_lossy(&read).into_owned();
    match text.get(..3).and_then(|digits| digits.parse::<u16>().ok()) {
        Some(found) if found == code => Ok(text),
        Some(found @ 400..=599) => {
            let lines = text.lines().map(|line| line.get(4..).unwrap_or_default());
            let text = lines.collect::<Vec<_>>().join("\n");
            Err(Trouble::new(
                Step::Hello,
                Cause::Reply { code: found, text },
            ))
        }
        _ => Err(Trouble::new(
            Step::Hello,
            Cause::Broken("this is no mail server's reply".to_owned()),
        )),
    }
}

/// Where the first reply ends: behind the first line whose code is not followed by a hyphen.
fn reply_end(read: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(length) = read[start..].iter().position(|byte| *byte == b'\n') {
        let line = &read[start..start + length];
        start += length + 1;
        if line.get(3) != Some(&b'-') {
            return Some(start);
        }
    }
    None
}

async fn sign_in(
    smtp: &mut AsyncSmtpConnection,
    settings: &Settings,
    is_encrypted: bool,
) -> Result<(), Trouble> {
    let Some(login) = &settings.login else {
        return Ok(());
    };
    if !is_encrypted {
        let sentence = format!(
            "A password is not sent unencrypted. Set {} to starttls or implicit.",
            settings.key("tls")
        );
        return Err(settled(Step::SignIn, Class::BadConfiguration, sentence));
    }
    let info = smtp.server_info();
    if !login
        .mechanisms
        .iter()
        .any(|known| info.supports_auth_mechanism(*known))
    {
        let sentence = format!(
            "{} offers no way to sign in that {} allows. Set it to one that the mail server offers, or remove {}.",
            settings.host,
            settings.key("auth"),
            settings.key("username")
        );
        return Err(settled(Step::SignIn, Class::BadConfiguration, sentence));
    }
    within(Step::SignIn, COMMAND, async {
        match smtp.auth(&login.mechanisms, &login.credentials).await {
            Ok(_) => Ok(()),
            // A token may be refused by one more question instead of an error code.
            Err(error) if error.is_client() => {
                let sentence = format!("{} did not accept our sign-in. Check {} and the password or token, and that the mailbox may send by SMTP.", settings.host, settings.key("username"));
                Err(settled(Step::SignIn, Class::BadConfiguration, sentence))
            }
            Err(error) => Err(Trouble::new(Step::SignIn, cause(&error))),
        }
    })
    .await
}

fn offers(hello: &Response, extension: &str) -> bool {
    hello
        .message()
        .any(|line| line.trim().eq_ignore_ascii_case(extension))
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

fn settled(step: Step, class: Class, sentence: String) -> Trouble {
    Trouble::new(step, Cause::Settled(class, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_ends_behind_its_last_line() {
        assert_eq!(reply_end(b"220 hello\r\n"), Some(11));
        assert_eq!(reply_end(b"250-a\r\n250 b\r\nmore"), Some(14));
        assert_eq!(reply_end(b"250-a\r\n250 b"), None);
        assert_eq!(reply_end(b""), None);
    }
}

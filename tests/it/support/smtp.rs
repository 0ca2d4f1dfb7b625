//! A mail server of the tests' own, which does at each step what a script says.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// What the server does when a command comes.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Says this line, or these lines.
    Say(&'static str),
    /// Says exactly these bytes.
    Bytes(&'static [u8]),
    /// Says this and closes the connection.
    SayAndClose(&'static str),
    /// Says exactly these bytes and closes the connection.
    BytesAndClose(&'static [u8]),
    /// Repeats everything that it was told so far, as it came and as it reads, with this code.
    Echo(&'static str),
    /// Closes the connection.
    Close,
    /// Says nothing until the server lets go, then yes.
    Hang,
}

/// When the connection is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Encryption {
    #[default]
    Never,
    Starttls,
    Implicit,
}

/// What a server does. Steps are named by their command, `greeting`, and `.` for the end of a
/// message; the first act of a step is for its first occurrence, and so on; then it says yes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) encryption: Encryption,
    /// What EHLO offers besides STARTTLS.
    pub(crate) offers: Vec<&'static str>,
    /// The name in the certificate.
    pub(crate) certified: Option<&'static str>,
    acts: BTreeMap<&'static str, VecDeque<Act>>,
    /// What is done at a step each time, once its acts are used up.
    always: BTreeMap<&'static str, Act>,
}

impl Script {
    pub(crate) fn plain() -> Self {
        Self::default()
    }

    pub(crate) fn encrypted(encryption: Encryption) -> Self {
        Self {
            encryption,
            ..Self::default()
        }
    }

    #[must_use]
    pub(crate) fn on(mut self, step: &'static str, act: Act) -> Self {
        self.acts.entry(step).or_default().push_back(act);
        self
    }

    #[must_use]
    pub(crate) fn always(mut self, step: &'static str, act: Act) -> Self {
        self.always.insert(step, act);
        self
    }

    #[must_use]
    pub(crate) fn offering(mut self, extension: &'static str) -> Self {
        self.offers.push(extension);
        self
    }

    #[must_use]
    pub(crate) fn certified_for(mut self, name: &'static str) -> Self {
        self.certified = Some(name);
        self
    }
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The connection it came on, counted from 1.
    pub(crate) connection: usize,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Seen {
    acts: BTreeMap<&'static str, VecDeque<Act>>,
    always: BTreeMap<&'static str, Act>,
    taken: Vec<Taken>,
    commands: Vec<String>,
    connections: usize,
    open: usize,
    most_open: usize,
}

/// The running server; it ends with the test's runtime.
pub(crate) struct SmtpStandIn {
    pub(crate) port: u16,
    /// The certificate of the authority that signed the server's, in PEM.
    pub(crate) ca: String,
    seen: Arc<Mutex<Seen>>,
    hanging: watch::Sender<Hanging>,
}

/// Answers that are kept back.
#[derive(Debug, Clone, Copy, Default)]
struct Hanging {
    /// How many were, so far.
    ever: usize,
    /// Whether they are given now.
    let_go: bool,
}

impl SmtpStandIn {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (acceptor, ca) = certificate(script.certified.unwrap_or("localhost"));
        let seen = Arc::new(Mutex::new(Seen {
            acts: script.acts.clone(),
            always: script.always.clone(),
            ..Seen::default()
        }));
        let shared = Arc::clone(&seen);
        let hanging = watch::Sender::new(Hanging::default());
        let hold = hanging.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let number = {
                    let mut seen = lock(&shared);
                    seen.connections += 1;
                    seen.open += 1;
                    seen.most_open = seen.most_open.max(seen.open);
                    seen.connections
                };
                let (script, seen, acceptor, hanging) = (
                    script.clone(),
                    Arc::clone(&shared),
                    acceptor.clone(),
                    hold.clone(),
                );
                tokio::spawn(async move {
                    let talk = Talk {
                        script: &script,
                        seen: &seen,
                        hanging: &hanging,
                        number,
                    };
                    talk.serve(tcp, &acceptor).await;
                    lock(&seen).open -= 1;
                });
            }
        });
        Self {
            port,
            ca,
            seen,
            hanging,
        }
    }

    /// What it does at the next occurrence of a step for which nothing else is planned.
    pub(crate) fn next(&self, step: &'static str, act: Act) {
        lock(&self.seen)
            .acts
            .entry(step)
            .or_default()
            .push_back(act);
    }

    /// Waits until so many answers have been kept back.
    pub(crate) async fn hung(&self, count: usize) {
        let mut hanging = self.hanging.subscribe();
        let hung = hanging.wait_for(|hanging| hanging.ever >= count).await;
        drop(hung.expect("the server is there"));
    }

    /// Says yes from now on, also to what it has kept back.
    pub(crate) fn let_go(&self) {
        {
            let mut seen = lock(&self.seen);
            seen.acts.clear();
            seen.always.clear();
        }
        self.hanging.send_modify(|hanging| hanging.let_go = true);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        lock(&self.seen).taken.clone()
    }

    /// Every command line of every connection.
    pub(crate) fn commands(&self) -> Vec<String> {
        lock(&self.seen).commands.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        lock(&self.seen).connections
    }

    /// How many connections were open at once, at most.
    pub(crate) fn most_open(&self) -> usize {
        lock(&self.seen).most_open
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().expect("no test panics while it holds this")
}

/// An authority, and a server certificate signed by it.
fn certificate(name: &str) -> (TlsAcceptor, String) {
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = authority
        .self_signed(&authority_key)
        .expect("a certificate")
        .pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let server = rcgen::CertificateParams::new(vec![name.to_owned()])
        .and_then(|params| params.signed_by(&key, &issuer))
        .expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(server.der().to_vec())], key)
        .expect("a usable certificate");
    (TlsAcceptor::from(Arc::new(config)), ca)
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Encrypt,
    End,
}

/// One conversation.
struct Talk<'a> {
    script: &'a Script,
    seen: &'a Mutex<Seen>,
    hanging: &'a watch::Sender<Hanging>,
    number: usize,
}

impl Talk<'_> {
    async fn serve(&self, tcp: TcpStream, acceptor: &TlsAcceptor) {
        tcp.set_nodelay(true).expect("a socket option");
        match self.script.encryption {
            Encryption::Implicit => {
                if let Ok(tls) = acceptor.accept(tcp).await {
                    self.run(&mut BufReader::new(tls), true, true).await;
                }
            }
            _ => {
                let mut plain = BufReader::new(tcp);
                if self.run(&mut plain, false, true).await == Next::Encrypt
                    && let Ok(tls) = acceptor.accept(plain.into_inner()).await
                {
                    self.run(&mut BufReader::new(tls), true, false).await;
                }
            }
        }
    }

    /// What to say, after having done whatever else the script says; `None` ends the connection.
    async fn act(&self, step: &str, usual: &str) -> (Option<Vec<u8>>, bool) {
        let line = |text: &str| Some(format!("{text}\r\n").into_bytes());
        let act = {
            let mut seen = lock(self.seen);
            let planned = seen.acts.get_mut(step).and_then(VecDeque::pop_front);
            planned.or_else(|| seen.always.get(step).cloned())
        };
        match act {
            None => (line(usual), false),
            Some(Act::Say(text)) => (line(text), false),
            Some(Act::Bytes(bytes)) => (Some(bytes.to_vec()), false),
            Some(Act::SayAndClose(text)) => (line(text), true),
            Some(Act::BytesAndClose(bytes)) => (Some(bytes.to_vec()), true),
            Some(Act::Echo(code)) => (Some(self.echo(code)), false),
            Some(Act::Close) => (None, true),
            Some(Act::Hang) => {
                let mut hanging = self.hanging.subscribe();
                self.hanging.send_modify(|hanging| hanging.ever += 1);
                let gone = hanging.wait_for(|hanging| hanging.let_go).await.is_err();
                (line(usual), gone)
            }
        }
    }

    fn echo(&self, code: &str) -> Vec<u8> {
        let mut echo = String::new();
        for line in &lock(self.seen).commands {
            echo.push_str(&format!("{code}-you said: {line}\r\n"));
            for word in line.split(' ') {
                let plain = BASE64_STANDARD.decode(word).unwrap_or_default();
                for plain in plain.split(|byte| *byte < b' ') {
                    echo.push_str(&format!(
                        "{code}-\"{}\"\r\n",
                        String::from_utf8_lossy(plain)
                    ));
                }
            }
        }
        echo.push_str(&format!("{code} and nothing else\r\n"));
        echo.into_bytes()
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        encrypted: bool,
        greets: bool,
    ) -> Next {
        if greets && !self.answer(stream, "greeting", "220 stand-in ready").await {
            return Next::End;
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line).await {
                Ok(0) | Err(_) => return Next::End,
                Ok(_) => {}
            }
            let line = line.trim_end().to_owned();
            lock(self.seen).commands.push(line.clone());
            let verb = line
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_uppercase();
            let usual = match verb.as_str() {
                "EHLO" => {
                    (from, to) = (String::new(), Vec::new());
                    self.hello(encrypted)
                }
                "STARTTLS" => "220 go ahead".to_owned(),
                "AUTH" => "235 2.7.0 welcome".to_owned(),
                "RCPT" if from.is_empty() => "503 5.5.1 MAIL first".to_owned(),
                "DATA" if to.is_empty() => "554 5.5.1 no valid recipients".to_owned(),
                "DATA" => "354 go on".to_owned(),
                "QUIT" => "221 2.0.0 bye".to_owned(),
                _ => "250 2.1.0 ok".to_owned(),
            };
            let (said, closes) = self.act(&verb, &usual).await;
            let Some(said) = said else {
                return Next::End;
            };
            if !write(stream, &said).await || closes || verb == "QUIT" {
                return Next::End;
            }
            let yes = matches!(said.first(), Some(b'2' | b'3'));
            match verb.as_str() {
                "STARTTLS" if yes => return Next::Encrypt,
                "MAIL" if yes => (from, to) = (within_brackets(&line), Vec::new()),
                "RCPT" if yes => to.push(within_brackets(&line)),
                "RSET" => (from, to) = (String::new(), Vec::new()),
                "DATA" if yes => {
                    let Some(bytes) = read_message(stream).await else {
                        return Next::End;
                    };
                    let usual = "250 2.0.0 Ok: queued as 981D79B0B11";
                    let (said, closes) = self.act(".", usual).await;
                    let Some(said) = said else {
                        return Next::End;
                    };
                    if said.starts_with(b"2") {
                        let taken = Taken {
                            connection: self.number,
                            from: std::mem::take(&mut from),
                            to: std::mem::take(&mut to),
                            bytes,
                        };
                        lock(self.seen).taken.push(taken);
                    }
                    if !write(stream, &said).await || closes {
                        return Next::End;
                    }
                }
                _ => {}
            }
        }
    }

    async fn answer<S: AsyncWrite + Unpin>(&self, stream: &mut S, step: &str, usual: &str) -> bool {
        match self.act(step, usual).await {
            (Some(said), closes) => write(stream, &said).await && !closes,
            (None, _) => false,
        }
    }

    fn hello(&self, encrypted: bool) -> String {
        let mut offers = self.script.offers.clone();
        if self.script.encryption == Encryption::Starttls && !encrypted {
            offers.push("STARTTLS");
        }
        offers.push("8BITMIME");
        let last = offers.len() - 1;
        let mut lines = vec!["250-stand-in".to_owned()];
        lines.extend(offers.iter().enumerate().map(|(at, offer)| {
            let sign = if at == last { ' ' } else { '-' };
            format!("250{sign}{offer}")
        }));
        lines.join("\r\n")
    }
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, said: &[u8]) -> bool {
    stream.write_all(said).await.is_ok() && stream.flush().await.is_ok()
}

fn within_brackets(line: &str) -> String {
    let inner = line
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(inner, _)| inner.to_owned())
}

/// Reads up to the line that holds a dot alone, and takes the doubled dots away.
async fn read_message<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream
            .take(100_000)
            .read_until(b'\n', &mut line)
            .await
            .ok()?
            == 0
        {
            return None;
        }
        if line == b".\r\n" {
            return Some(message);
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

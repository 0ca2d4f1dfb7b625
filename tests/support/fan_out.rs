//! A fan-out by mail into Postfix's `smtp-sink`, shared by the crash test and the benchmark: the
//! real store, engine and mail channel, and nothing of the sink's own.

#![allow(dead_code, reason = "each of the two needs another part")]

use std::{
    collections::BTreeMap,
    io::Read,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use oyez::{
    app::deliver::Channels,
    channels::{self, Built, ChannelContext, Outgoing},
    clock::{Clock, SystemClock},
    domain::{
        Audience, IncidentId, NotificationId,
        channel::REASON_MARK,
        delivery::{Grounds, NewDelivery, NewMessage, NewNotification, RecordedReason, ToldPerson},
        notification::Moment,
        situation::RecipientId,
    },
    http_client::{HttpClient, Limits},
    section::Section,
    store::{Store, outbox::enqueue},
};

/// The incident that is spoken of.
pub(crate) const INCIDENT: IncidentId = IncidentId(1);

/// A program of Postfix, which Debian keeps where not everybody looks.
pub(crate) fn program(name: &str) -> PathBuf {
    let usual = Path::new("/usr/sbin").join(name);
    if usual.exists() { usual } else { name.into() }
}

/// A running `smtp-sink`, ended with its owner.
pub(crate) struct Sink {
    process: Child,
    /// Where it listens on loopback.
    pub(crate) port: u16,
    mails: Arc<AtomicU64>,
}

impl Sink {
    /// Starts one on a free port. With `dump` it writes every mail into that file, which must lie
    /// in a folder that the user `nobody` may write, and counts them.
    pub(crate) fn start(dump: Option<&Path>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("find a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut command = Command::new(program("smtp-sink"));
        if Path::new("/proc/self")
            .metadata()
            .is_ok_and(|it| owner(&it) == 0)
        {
            command.args(["-u", "nobody"]);
        }
        if let Some(dump) = dump {
            // Counting slows it down, so it counts only where somebody asks.
            command.arg("-c").arg("-D").arg(dump);
        }
        let mut process = command
            .arg(format!("127.0.0.1:{port}"))
            .arg("1000")
            .stdout(Stdio::piped())
            .spawn()
            .expect("smtp-sink, from Debian's postfix");
        let mails = Arc::new(AtomicU64::new(0));
        let stdout = process.stdout.take().expect("its output");
        std::thread::spawn({
            let mails = Arc::clone(&mails);
            move || count(stdout, &mails)
        });
        let sink = Self {
            process,
            port,
            mails,
        };
        sink.wait_until_it_listens();
        sink
    }

    fn wait_until_it_listens(&self) {
        for _ in 0..200 {
            if std::net::TcpStream::connect(self.address()).is_ok() {
                return;
            }
            pause(Duration::from_millis(25));
        }
        panic!("smtp-sink does not listen");
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Mails it has taken so far, if it counts.
    pub(crate) fn mails(&self) -> u64 {
        self.mails.load(Ordering::Acquire)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Follows `sess=2 quit=2 mesg=20`, written anew for every change.
fn count(mut output: impl Read, mails: &AtomicU64) {
    let mut text = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(read) = output.read(&mut piece)
        && read > 0
    {
        text.extend_from_slice(&piece[..read]);
        // Only what is followed by the end of its line is a whole number.
        let Some(end) = text.iter().rposition(|byte| *byte == b'\r') else {
            continue;
        };
        let done = String::from_utf8_lossy(&text[..end]).into_owned();
        text.drain(..end);
        let latest = done.rsplit("mesg=").next().map(str::trim);
        if let Some(Ok(number)) = latest.map(str::parse) {
            mails.store(number, Ordering::Release);
        }
    }
}

#[cfg(unix)]
fn owner(metadata: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(metadata)
}

/// Waits for real time: these programs watch real processes.
#[allow(
    clippy::disallowed_methods,
    reason = "the one kind of test that may use real time"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Who is told, and how fast.
pub(crate) struct FanOut {
    /// How many people.
    pub(crate) people: usize,
    /// Bytes of a finished mail.
    pub(crate) bytes: usize,
    /// Connections to the sink.
    pub(crate) connections: usize,
    /// Mails started in a second; `None` is as fast as it goes.
    pub(crate) per_second: Option<f64>,
}

impl FanOut {
    /// The mail channel, to a sink on this port.
    pub(crate) fn channels(&self, port: u16) -> Arc<Channels> {
        let mut text = format!(
            "[channels.email]\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {port}\n\
             tls = \"none\"\nfrom = \"Incident updates <incidents@northshire.example>\"\n\
             [channels.email.pool]\nsize = {0}\nmails = 1000000\n\
             [channels.email.pace]\nconcurrency = {0}\n",
            self.connections
        );
        if let Some(rate) = self.per_second {
            text.push_str(&format!(
                "per_second = {rate:.1}\nburst = {}\n",
                self.connections
            ));
        }
        let mut root = Section::parse("fan-out.toml", &text).expect("TOML");
        let mut all = root.take_table("channels").expect("a table");
        let stanza = all.take_table("email").expect("a table");
        let context = ChannelContext {
            http: HttpClient::new(&[], Limits::default()).expect("a client"),
            clock: Arc::new(SystemClock::new()),
            install_secret: "the secret of this fan-out".into(),
        };
        let name = "email".parse().expect("a name");
        match channels::build(&name, stanza, &context) {
            Ok(Built::Live(channel)) => Arc::new(BTreeMap::from([(name, channel)])),
            other => panic!("the mail channel cannot be made: {other:?}"),
        }
    }

    /// Writes the deliveries in one transaction.
    pub(crate) async fn enqueue(&self, store: &Store, channels: &Channels) -> NotificationId {
        let now = SystemClock::new().now();
        let mut message = NewMessage {
            moment: Moment::Declared,
            audience: Audience::Owners,
            channel: "email".parse().expect("a name"),
            variant: oyez::domain::variant::Variant::Follows,
            parts: words(0),
            fault: None,
        };
        let channel = &channels[&message.channel];
        let mut deliveries: Vec<NewDelivery> = Vec::with_capacity(self.people);
        for number in 0..self.people {
            let address = format!("person-{number}@northshire.example");
            let address = channel.check_address(&address).expect("an address");
            deliveries.push(NewDelivery {
                awaits_word: false,
                asks: None,
                message: 0,
                lane: channel.lane(&address),
                address,
                despite: None,
                recipients: vec![ToldPerson {
                    who: RecipientId::Person(format!("person-{number}").parse().expect("an id")),
                    name: format!("Person {number}").into(),
                    reasons: vec![RecordedReason {
                        rule: Some("p1-owners".parse().expect("an id")),
                        service: Some("register-trainees".parse().expect("an id")),
                        text: "the service owner of Register trainees".into(),
                        grounds: Grounds::default(),
                    }],
                }],
                reason: REASON.to_owned(),
                not_before: None,
                deliver_by: now + TimeDelta::hours(4),
                fallbacks: Vec::new(),
                quick_fallback: false,
            });
        }
        let short = self.wire_bytes(&message, &deliveries, channels);
        message.parts = words(self.bytes.saturating_sub(short));
        let new = NewNotification {
            incident: Some(INCIDENT),
            event_seq: 1,
            priority: Some("P1".parse().expect("a priority")),
            rank: 0,
            urgent: true,
            policy_version: Some(1),
            context: "{}".to_owned(),
            messages: vec![message],
            deliveries,
            withheld: Vec::new(),
        };
        let tx = store.begin().await.expect("begin");
        let written = enqueue(&tx, &new, now).await.expect("enqueue");
        tx.commit().await.expect("commit");
        written.notification
    }

    /// Bytes of the mail as it is now.
    fn wire_bytes(
        &self,
        message: &NewMessage,
        deliveries: &[NewDelivery],
        channels: &Channels,
    ) -> usize {
        let Some(first) = deliveries.first() else {
            return 0;
        };
        let outgoing = Outgoing {
            delivery: "01JDM4T9Q0000000000000000D",
            message: "01JDM4T9Q0000000000000000M",
            incident: Some(INCIDENT),
            address: &first.address,
            name: "Person 0",
            moment: message.moment,
            audience: message.audience,
            first: true,
            thread: None,
            conversation: None,
            urgent: true,
            parts: &message.parts,
            reason: REASON,
            ask: None,
            date: SystemClock::new().now(),
        };
        let wire = channels[&message.channel].wire(&outgoing);
        wire.expect("a mail").bytes.len()
    }
}

const REASON: &str = "You get this because you are the service owner of Register trainees.";

/// Words that make a mail longer by about `padding` bytes.
fn words(padding: usize) -> BTreeMap<String, String> {
    const SENTENCE: &str = "Trainees cannot register. ";
    let more = SENTENCE.repeat(padding / 2 / SENTENCE.len());
    BTreeMap::from([
        (
            "subject".to_owned(),
            "P1 declared: Register trainees (INC-0001)".to_owned(),
        ),
        (
            "text".to_owned(),
            format!("Trainees cannot register. {more}\n\n{REASON_MARK}\n"),
        ),
        (
            "html".to_owned(),
            format!("<p>Trainees cannot register. {more}</p><p>{REASON_MARK}</p>"),
        ),
    ])
}

//! The ways out. A channel is one file here, one folder of templates and one stanza of settings.
//!
//! A channel sends one message to one address and says what came of it. It never decides about
//! retries, order or limits: that is `app::deliver`. Nothing outside this folder matches on a
//! channel's name.

mod build;
mod capture;
mod card;
mod hook;
mod ids;
mod rooms;
mod signing;
mod words;

mod email;
mod notify_sms;
mod slack;
mod slack_webhook;
mod teams;
mod teams_workflow;
mod webhook;

use std::{collections::BTreeMap, future::Future, pin::Pin};

pub use build::{
    Built, ChannelContext, Kind, Refusal, Setup, build, disclosure, settings_print, take_kind,
};
pub use capture::Capture;
pub use rooms::{Opened, ROOM, Rooms};
pub use slack::{SlackApp, Trouble};
pub use teams::Bot;

pub use crate::domain::delivery::OnUncertain;
use crate::domain::{
    Address, Audience, IncidentId,
    ask::AskLine,
    channel::{Conversation, Part},
    delivery::{Look, Outcome},
    notification::Moment,
    time::Time,
};

/// Every kind of channel that settings can name.
pub fn kinds() -> &'static [&'static Kind] {
    KINDS
}

static KINDS: &[&Kind] = &[
    &email::KIND,
    &notify_sms::KIND,
    &slack::KIND,
    &slack_webhook::KIND,
    &teams::KIND,
    &teams_workflow::KIND,
    &webhook::KIND,
];

/// A way to reach an address.
///
/// Two wrap another and pass everything on: in `build` for what a stanza says about it, and
/// [`Capture`]. Nothing reminds them of a method that has a body here.
pub trait Channel: Send + Sync {
    /// What people read: "email", "Teams", "Slack".
    fn label(&self) -> &str;

    /// What people call the system behind it, where that is not the label: "mail".
    fn system(&self) -> &str {
        self.label()
    }

    /// The pieces of its messages.
    fn parts(&self) -> &'static [Part];

    /// The address as the channel compares and uses it, or what is wrong with it and the fix.
    fn check_address(&self, text: &str) -> Result<Address, String>;

    /// The limit domain of an address, for example `smtp:relay.example` or `teams:<digest>`.
    /// Deliveries of one lane share its pace, its breaker and its connections. No secrets in it.
    fn lane(&self, address: &Address) -> String;

    /// The hosts that it calls by its settings, whatever the address of a recipient is. Empty where a
    /// recipient's address says whom it calls, so that a simulator could not stand in for it.
    fn hosts(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether it is a chat, where a message is worth less the later it comes; mail is not.
    fn is_chat(&self) -> bool {
        true
    }

    /// Whether later messages of an incident hang on the first one by the id that the other side
    /// gave it.
    fn threads(&self) -> bool {
        false
    }

    /// Whether it sends better to where our bot was met: see [`Outgoing::conversation`].
    fn keeps_conversations(&self) -> bool {
        false
    }

    /// Whether what came of a send shows that the conversation it was given is no more.
    fn is_gone(&self, _: &Conversation, _: &Outcome) -> bool {
        false
    }

    /// Lets those who run an incident see its post with what they may do about it, where the other
    /// side can show one post otherwise to some. `members` are its ids of them.
    fn own_view(&self, _: &mut BTreeMap<String, String>, _of: IncidentId, _members: &[String]) {}

    /// How an incident gets a place of its own there, where the settings want that.
    fn rooms(&self) -> Option<&dyn Rooms> {
        None
    }

    /// How fast a lane of this channel may go.
    fn pace(&self) -> Pace;

    /// How fast all lanes of this channel may go together, where the other side counts them as one:
    /// starts per second and burst; how many are on the wire is each lane's own matter.
    fn overall_pace(&self) -> Option<Pace> {
        None
    }

    /// What to do with a message of which nobody knows whether it is out.
    fn on_uncertain(&self) -> OnUncertain;

    /// How to ask what became of a message in doubt, where the other side can tell.
    fn look_up(&self) -> Option<&dyn LookUp> {
        None
    }

    /// The message as it would leave, for practice mode and for tests. An outcome says why it
    /// cannot be made.
    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        let words: BTreeMap<&str, &str> = outgoing
            .parts
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        Ok(Wire {
            extension: "json",
            bytes: serde_json::to_vec_pretty(&words).unwrap_or_default(),
        })
    }

    /// Sends one message. Takes as long as the protocol allows, never longer; never panics.
    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome>;

    /// Asks the other side whether it would take messages, sending none. The sentence says what
    /// was found; an error says what to fix.
    fn probe(&self) -> BoxFuture<'_, Result<String, String>>;
}

/// What a channel can do whose other side lists what it took.
pub trait LookUp: Send + Sync {
    /// Asks what became of a message that may be out. Takes as long as the protocol allows, never
    /// longer; never panics; sends nothing.
    fn look<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Look>;
}

/// A message as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// How a file of it is called: `eml`, `json`.
    pub extension: &'static str,
    /// Its bytes, the same at every repeat. What a protocol wants anew each time, such as a
    /// signature with its time stamp, goes beside them and is not among them.
    pub bytes: Vec<u8>,
}

/// A future that can be kept in a `dyn Channel`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How fast a lane may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Deliveries on the wire at once.
    pub concurrency: usize,
    /// Starts per second; `None` is as fast as it goes.
    pub per_second: Option<f64>,
    /// How many may start at once after a pause.
    pub burst: u32,
}

/// Name of the part that the first message of an incident's thread has in the channels that keep
/// threads. Each later message brings it anew, so that whoever opens the thread sees how things stand.
pub(crate) const INCIDENT: &str = "incident";

/// One message to one address, as the outbox keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// ULID of the delivery: the stable key of every repeat.
    pub delivery: &'a str,
    /// ULID of the message: its words are the same for all its deliveries, so that what is built
    /// from them can be kept.
    pub message: &'a str,
    /// About which incident; `None` for a test message.
    pub incident: Option<IncidentId>,
    /// To where.
    pub address: &'a Address,
    /// Name of the recipient.
    pub name: &'a str,
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// Whether it is the first of this incident on this channel to this address: a thread's root.
    pub first: bool,
    /// The other side's id of the message that began the thread, where the channel keeps threads
    /// and there is one.
    pub thread: Option<&'a str>,
    /// Where our bot was met at this address, or the room that it made there, where the channel keeps
    /// that.
    pub conversation: Option<&'a Conversation>,
    /// Whether the priority is the gravest of the policy.
    pub urgent: bool,
    /// The words, by part. After a refusal, parts with markup are left out, and a channel that has
    /// text without markup sends that alone. Each holds
    /// [`REASON_MARK`](crate::domain::channel::REASON_MARK) where the
    /// reason line goes, and [`ASK_MARK`](crate::domain::channel::ASK_MARK) where what is asked does.
    pub parts: &'a BTreeMap<String, String>,
    /// The recipient's own reason line, plain text.
    pub reason: &'a str,
    /// What is asked of the recipient; the link is the same at every repeat.
    pub ask: Option<AskLine<'a>>,
    /// When the first try was made: the mail's Date, the same at every repeat.
    pub date: Time,
}

impl Outgoing<'_> {
    /// Whether whoever gets it should look at it at once: not for what changes nothing for them.
    fn is_urgent(&self) -> bool {
        let can_wait = matches!(
            self.moment,
            Moment::NoChange | Moment::StandDown | Moment::Closed | Moment::Reminder
        );
        self.urgent && !can_wait
    }

    /// Whether the words of an incident's first post are kept by this message: what is said to leads,
    /// or asked, is no news for everybody.
    fn keeps_incident(&self) -> bool {
        self.moment.is_for_audiences() && self.parts.contains_key(INCIDENT)
    }
}

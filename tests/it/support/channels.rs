//! Channels under test: made from the built-in settings, with a message to send.

use std::{collections::BTreeMap, sync::Arc};

use oyez::{
    channels::{self, Built, Channel, ChannelContext, Outgoing},
    clock::ManualClock,
    domain::{
        Address, Audience, ChannelName, IncidentId, Time,
        ask::AskLine,
        channel::{Conversation, REASON_MARK},
        fault::Fault,
        notification::Moment,
    },
    http_client::{HttpClient, Limits},
    section::Section,
};

use super::at;

/// The settings that ship, cut down to one channel's table.
pub(crate) fn stanza(name: &str) -> Section {
    stanzas()
        .remove(name)
        .unwrap_or_else(|| panic!("config/default.toml has no [channels.{name}]"))
}

/// The table of every channel in the settings that ship.
pub(crate) fn stanzas() -> BTreeMap<String, Section> {
    let text = include_str!("../../../config/default.toml");
    let mut root = Section::parse("config/default.toml", text).expect("TOML");
    let mut all = root.take_table("channels").expect("a table");
    let names: Vec<String> = all.keys().map(str::to_owned).collect();
    let take = |name: String| {
        let table = all.take_table(&name).expect("a table");
        (name, table)
    };
    names.into_iter().map(take).collect()
}

/// Lays the text of a table over a channel's own.
pub(crate) fn with(name: &str, keys: &str) -> Section {
    let text = format!("[channels.{name}]\n{keys}");
    let mut root = Section::parse("test.toml", &text).expect("TOML");
    let mut all = root.take_table("channels").expect("a table");
    let mut section = stanza(name);
    section.overlay(all.take_table(name).expect("a table"));
    section
}

/// The time at which tests send.
pub(crate) fn now() -> Time {
    at("2026-11-23T13:20:00Z")
}

pub(crate) fn context() -> ChannelContext {
    context_at(now())
}

fn context_at(now: Time) -> ChannelContext {
    context_with(Arc::new(ManualClock::new(now)))
}

fn context_with(clock: Arc<ManualClock>) -> ChannelContext {
    let loopback = ["127.0.0.0/8".parse().expect("a network")];
    ChannelContext {
        http: HttpClient::new(&loopback, Limits::default()).expect("a client"),
        clock,
        install_secret: "install secret of the tests".into(),
    }
}

/// Makes a channel, which must be live.
pub(crate) fn live(name: &str, section: Section) -> Arc<dyn Channel> {
    live_at(name, section, now())
}

/// The same at another time.
pub(crate) fn live_at(name: &str, section: Section, now: Time) -> Arc<dyn Channel> {
    live_with(name, section, Arc::new(ManualClock::new(now)))
}

/// The same with a clock to step.
pub(crate) fn live_with(name: &str, section: Section, clock: Arc<ManualClock>) -> Arc<dyn Channel> {
    match channels::build(&channel_name(name), section, &context_with(clock)) {
        Ok(Built::Live(channel)) => channel,
        Ok(Built::Off(reason)) => panic!("{name} is off: {reason}"),
        Err(faults) => panic!("{name}: {}", lines(&faults)),
    }
}

pub(crate) fn build(name: &str, section: Section) -> Result<Built, Vec<Fault>> {
    channels::build(&channel_name(name), section, &context())
}

fn channel_name(name: &str) -> ChannelName {
    name.parse().expect("a channel's name")
}

pub(crate) fn lines(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A message to one recipient, with everything that a channel is given.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) delivery: String,
    pub(crate) message: String,
    pub(crate) incident: Option<IncidentId>,
    pub(crate) address: Address,
    pub(crate) name: String,
    pub(crate) moment: Moment,
    pub(crate) first: bool,
    pub(crate) thread: Option<String>,
    pub(crate) conversation: Option<Conversation>,
    pub(crate) urgent: bool,
    pub(crate) parts: BTreeMap<String, String>,
    pub(crate) reason: String,
    pub(crate) ask: Option<AskLine<'static>>,
    pub(crate) date: Time,
}

impl Letter {
    /// `{reason}` in a part stands for the mark.
    pub(crate) fn new(address: Address, parts: &[(&str, &str)]) -> Self {
        let parts = parts
            .iter()
            .map(|(name, words)| ((*name).to_owned(), words.replace("{reason}", REASON_MARK)))
            .collect();
        Self {
            delivery: "01JDM4T9Q0000000000000000D".to_owned(),
            message: "01JDM4T9Q0000000000000000M".to_owned(),
            incident: Some(IncidentId(42)),
            address,
            name: "Dee Olu".to_owned(),
            moment: Moment::Declared,
            first: true,
            thread: None,
            conversation: None,
            urgent: false,
            parts,
            reason: "You get this because you are the service owner of Register trainees."
                .to_owned(),
            ask: None,
            date: now(),
        }
    }

    pub(crate) fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            delivery: &self.delivery,
            message: &self.message,
            incident: self.incident,
            address: &self.address,
            name: &self.name,
            moment: self.moment,
            audience: Audience::Owners,
            first: self.first,
            thread: self.thread.as_deref(),
            conversation: self.conversation.as_ref(),
            urgent: self.urgent,
            parts: &self.parts,
            reason: &self.reason,
            ask: self.ask,
            date: self.date,
        }
    }
}

//! Practice mode: the last step of a channel is a file instead of a send.
//!
//! Everything before it is the channel's own: address check, lane, parts, the bytes. So practice
//! shows the names, words and counts of the real thing, and nothing leaves the machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use serde_json::json;

use super::{BoxFuture, Channel, LookUp, OnUncertain, Outgoing, Pace, Rooms, Wire};
use crate::{
    disk,
    domain::{
        Address, ChannelName, IncidentId,
        channel::{Conversation, Part},
        delivery::{Class, Look, Outcome},
        shown::{Disclosure, Sight},
        text::for_recipient,
    },
};

/// Wraps a channel so that its messages end in a folder.
pub struct Capture {
    inner: Arc<dyn Channel>,
    name: ChannelName,
    folder: PathBuf,
    allow: BTreeSet<Address>,
    disclosure: Disclosure,
    /// Whether what the channel calls is a simulator, and so is really called.
    is_simulated: bool,
}

impl Capture {
    /// `folder` is made when the first message comes, for this user alone. Each message is `<delivery>.json`, with its
    /// words by part, and for mail `<delivery>.eml` beside it. To the addresses of `allow`, which
    /// people list to try things out on themselves, messages are sent all the same.
    pub fn new(
        inner: Arc<dyn Channel>,
        name: ChannelName,
        folder: PathBuf,
        allow: &[String],
    ) -> Self {
        let allow = allow
            .iter()
            .filter_map(|text| inner.check_address(text).ok())
            .collect();
        Self {
            inner,
            name,
            folder,
            allow,
            disclosure: Disclosure::default(),
            is_simulated: false,
        }
    }

    /// The same, with what may be shown of addresses; without it nothing may be.
    #[must_use]
    pub fn showing(self, disclosure: Disclosure) -> Self {
        Self { disclosure, ..self }
    }

    /// The same for a channel that calls a simulator: it is really called. Only while the simulator
    /// does not run, its messages end in the folder.
    #[must_use]
    pub fn simulated(self) -> Self {
        Self {
            is_simulated: true,
            ..self
        }
    }

    /// Whether a message to this address is really sent.
    fn sends_to(&self, address: &Address) -> bool {
        self.is_simulated || self.allow.contains(address)
    }

    async fn capture(&self, outgoing: &Outgoing<'_>) -> Outcome {
        let wire = match self.inner.wire(outgoing) {
            Ok(wire) => wire,
            Err(outcome) => return outcome,
        };
        match self.keep(outgoing, &wire).await {
            Ok(()) => Outcome {
                class: Class::Accepted,
                code: None,
                reply: String::new(),
                sentence: "Practice: written to a file, not sent.".to_owned(),
                provider_id: None,
            },
            Err(error) => Outcome {
                class: Class::NotSent,
                code: None,
                reply: error.kind().to_string(),
                sentence: "The practice folder cannot be written to. Check its permissions and the free space.".to_owned(),
                provider_id: None,
            },
        }
    }

    async fn keep(&self, outgoing: &Outgoing<'_>, wire: &Wire) -> std::io::Result<()> {
        let words: BTreeMap<&str, String> = self
            .inner
            .parts()
            .iter()
            .filter_map(|part| {
                let words = outgoing.parts.get(part.name)?;
                Some((
                    part.name,
                    for_recipient(words, part, outgoing.reason, outgoing.ask),
                ))
            })
            .collect();
        let mut record = json!({
            "delivery": outgoing.delivery,
            "channel": self.name,
            "label": self.inner.label(),
            "address": self.disclosure.text(&self.name, outgoing.address, Sight::Contacts),
            "name": outgoing.name,
            "incident": outgoing.incident,
            "moment": outgoing.moment,
            "audience": outgoing.audience,
            "first": outgoing.first,
            "urgent": outgoing.urgent,
            "reason": outgoing.reason,
            "date": outgoing.date,
            "parts": words,
        });
        let file = |extension: &str| {
            self.folder
                .join(format!("{}.{extension}", outgoing.delivery))
        };
        if wire.extension == "json" {
            record["body"] = serde_json::from_slice(&wire.bytes).unwrap_or_default();
        } else {
            disk::write(&file(wire.extension), wire.bytes.clone()).await?;
        }
        disk::write(&file("json"), format!("{record:#}\n")).await
    }
}

impl Channel for Capture {
    fn label(&self) -> &str {
        self.inner.label()
    }

    fn system(&self) -> &str {
        self.inner.system()
    }

    fn parts(&self) -> &'static [Part] {
        self.inner.parts()
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        self.inner.check_address(text)
    }

    fn lane(&self, address: &Address) -> String {
        self.inner.lane(address)
    }

    fn hosts(&self) -> Vec<String> {
        self.inner.hosts()
    }

    fn is_chat(&self) -> bool {
        self.inner.is_chat()
    }

    fn threads(&self) -> bool {
        self.inner.threads()
    }

    fn keeps_conversations(&self) -> bool {
        self.inner.keeps_conversations()
    }

    fn own_view(&self, parts: &mut BTreeMap<String, String>, of: IncidentId, members: &[String]) {
        self.inner.own_view(parts, of, members);
    }

    fn is_gone(&self, conversation: &Conversation, outcome: &Outcome) -> bool {
        self.inner.is_gone(conversation, outcome)
    }

    /// Files have no rooms.
    fn rooms(&self) -> Option<&dyn Rooms> {
        self.inner.rooms().filter(|_| self.is_simulated)
    }

    fn pace(&self) -> Pace {
        self.inner.pace()
    }

    fn overall_pace(&self) -> Option<Pace> {
        self.inner.overall_pace()
    }

    fn on_uncertain(&self) -> OnUncertain {
        self.inner.on_uncertain()
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        self.inner.look_up().map(|_| self as &dyn LookUp)
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        self.inner.wire(outgoing)
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if !self.sends_to(outgoing.address) {
                return self.capture(outgoing).await;
            }
            let sent = self.inner.send(outgoing).await;
            let nobody_is_there = sent.class == Class::NotSent && sent.code.is_none();
            if self.is_simulated && nobody_is_there {
                return self.capture(outgoing).await;
            }
            sent
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        if self.is_simulated {
            return self.inner.probe();
        }
        Box::pin(async {
            Ok("Practice: messages are written to a folder, nothing is sent".to_owned())
        })
    }
}

impl LookUp for Capture {
    fn look<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Look> {
        match self.inner.look_up() {
            Some(inner) if self.sends_to(outgoing.address) => inner.look(outgoing),
            // The same file is written again.
            _ => Box::pin(async { Look::Missing }),
        }
    }
}

//! A channel that does what a test tells it, and remembers what it was asked to send.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use oyez::{
    channels::{BoxFuture, Channel, LookUp, OnUncertain, Outgoing, Pace, Wire},
    clock::Clock,
    domain::{
        Address, IncidentId, Time,
        channel::{Conversation, Format, Part},
        delivery::{Class, Look, Outcome},
        notification::Moment,
    },
};
use tokio::sync::watch;

use super::outbox::outcome;

/// A message that the channel was asked to send.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) delivery: String,
    pub(crate) incident: Option<IncidentId>,
    pub(crate) address: String,
    pub(crate) moment: Moment,
    pub(crate) at: Time,
    pub(crate) date: Time,
    pub(crate) parts: Vec<String>,
    /// The words of the part "text", if there is one.
    pub(crate) text: String,
    pub(crate) first: bool,
    pub(crate) thread: Option<String>,
    pub(crate) conversation: Option<String>,
}

/// What the channel answers.
type Answer = Box<dyn Fn(&Sent) -> Class + Send + Sync>;

/// See the module.
pub(crate) struct FakeChannel {
    label: &'static str,
    pace: Pace,
    on_uncertain: OnUncertain,
    threads: bool,
    overall: Option<Pace>,
    /// Whether it keeps where it was met.
    keeps: bool,
    clock: Arc<dyn Clock>,
    sent: Mutex<Vec<Sent>>,
    /// Answers to give first, in order.
    script: Mutex<VecDeque<Class>>,
    answer: Mutex<Answer>,
    /// What is found when it is asked what became of a message, in order; then nothing.
    looks: Mutex<VecDeque<Look>>,
    /// When it was asked.
    looked: Mutex<Vec<Time>>,
    /// The version that its bytes are of.
    version: Mutex<u8>,
    /// While true, messages hang on the wire.
    pub(crate) hang: watch::Sender<bool>,
}

impl FakeChannel {
    pub(crate) fn new(label: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self {
            label,
            pace: Pace {
                concurrency: 4,
                per_second: None,
                burst: 1,
            },
            on_uncertain: OnUncertain::Resend,
            threads: false,
            overall: None,
            keeps: false,
            clock,
            sent: Mutex::default(),
            script: Mutex::default(),
            answer: Mutex::new(Box::new(|_| Class::Accepted)),
            looks: Mutex::default(),
            looked: Mutex::default(),
            version: Mutex::default(),
            hang: watch::Sender::new(false),
        }
    }

    pub(crate) fn paced(mut self, concurrency: usize, per_second: Option<f64>) -> Self {
        self.pace.concurrency = concurrency;
        self.pace.per_second = per_second;
        self
    }

    /// Each address is a lane of its own, and all together may start so many in a second.
    pub(crate) fn overall(mut self, per_second: f64, burst: u32) -> Self {
        self.overall = Some(Pace {
            concurrency: 1,
            per_second: Some(per_second),
            burst,
        });
        self
    }

    /// Uses where it was met; an address that is refused for good is not there any more.
    pub(crate) fn keeping(mut self) -> Self {
        self.keeps = true;
        self
    }

    pub(crate) fn holding(mut self) -> Self {
        self.on_uncertain = OnUncertain::HoldUnlessUrgent;
        self
    }

    /// Gives each message an id of its own, and hangs later ones on the first.
    pub(crate) fn threading(mut self) -> Self {
        self.threads = true;
        self
    }

    pub(crate) fn listing(mut self) -> Self {
        self.on_uncertain = OnUncertain::Reconcile;
        self
    }

    /// Finds these first when it is asked what became of a message.
    pub(crate) fn find(&self, looks: impl IntoIterator<Item = Look>) {
        self.looks.lock().unwrap().extend(looks);
    }

    /// When it was asked what became of a message.
    pub(crate) fn looked(&self) -> Vec<Time> {
        self.looked.lock().unwrap().clone()
    }

    /// Makes other bytes of the same message from now on.
    pub(crate) fn upgrade(&self) {
        *self.version.lock().unwrap() += 1;
    }

    /// Answers with these first.
    pub(crate) fn script(&self, classes: &[Class]) {
        self.script.lock().unwrap().extend(classes);
    }

    /// Answers with this afterwards.
    pub(crate) fn answer(&self, answer: impl Fn(&Sent) -> Class + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    /// All that it was asked to send.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// How much it was asked to send.
    pub(crate) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    fn classify(&self, sent: &Sent) -> Outcome {
        let scripted = self.script.lock().unwrap().pop_front();
        let class = scripted.unwrap_or_else(|| {
            self.answer
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)(sent)
        });
        Outcome {
            provider_id: (self.threads && class.is_success())
                .then(|| format!("post {}", sent.delivery)),
            ..outcome(class)
        }
    }
}

impl Channel for FakeChannel {
    fn label(&self) -> &str {
        self.label
    }

    fn parts(&self) -> &'static [Part] {
        const PARTS: [Part; 3] = [
            Part {
                name: "subject",
                format: Format::Line,
                max_bytes: 200,
            },
            Part {
                name: "text",
                format: Format::Plain,
                max_bytes: 10_000,
            },
            Part {
                name: "html",
                format: Format::Html,
                max_bytes: 10_000,
            },
        ];
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        Ok(Address::new(text))
    }

    fn lane(&self, _: &Address) -> String {
        format!("{}:lane", self.label)
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn on_uncertain(&self) -> OnUncertain {
        self.on_uncertain
    }

    fn threads(&self) -> bool {
        self.threads
    }

    fn overall_pace(&self) -> Option<Pace> {
        self.overall
    }

    fn keeps_conversations(&self) -> bool {
        self.keeps
    }

    fn is_gone(&self, _: &Conversation, outcome: &Outcome) -> bool {
        outcome.class == Class::BadDestination
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        (self.on_uncertain == OnUncertain::Reconcile).then_some(self)
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        let version = *self.version.lock().unwrap();
        Ok(Wire {
            extension: "txt",
            bytes: format!(
                "{version} {:?} {}",
                outgoing.parts,
                outgoing.address.as_str()
            )
            .into_bytes(),
        })
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let parts: &BTreeMap<String, String> = outgoing.parts;
            let sent = Sent {
                delivery: outgoing.delivery.to_owned(),
                incident: outgoing.incident,
                address: outgoing.address.as_str().to_owned(),
                moment: outgoing.moment,
                at: self.clock.now(),
                date: outgoing.date,
                parts: parts.keys().cloned().collect(),
                text: parts.get("text").cloned().unwrap_or_default(),
                first: outgoing.first,
                thread: outgoing.thread.map(str::to_owned),
                conversation: outgoing.conversation.map(|it| it.id.clone()),
            };
            self.sent.lock().unwrap().push(sent.clone());
            let mut hang = self.hang.subscribe();
            hang.wait_for(|hang| !*hang).await.unwrap();
            self.classify(&sent)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async { Ok("It would take messages.".to_owned()) })
    }
}

impl LookUp for FakeChannel {
    fn look<'a>(&'a self, _: &'a Outgoing<'a>) -> BoxFuture<'a, Look> {
        Box::pin(async {
            self.looked.lock().unwrap().push(self.clock.now());
            let found = self.looks.lock().unwrap().pop_front();
            found.unwrap_or(Look::Missing)
        })
    }
}

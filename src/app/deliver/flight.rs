//! One message on its way: waits for its place on the wire, goes, and comes back with an outcome.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::FutureExt;
use tokio::sync::{Semaphore, watch};

use crate::{
    channels::{Channel, Outgoing},
    clock::Clock,
    domain::{
        Time,
        ask::AskLine,
        channel::{Conversation, Format},
        delivery::{Approach, Class, Look, Outcome, approach},
    },
    store::outbox::{Claimed, wire_digest},
};

/// The words of a message, by part.
pub(super) type Words = Arc<BTreeMap<String, String>>;

/// What is needed to send one message.
pub(super) struct Flight {
    pub(super) claimed: Claimed,
    pub(super) words: Words,
    /// The other side's id of the message that began the thread.
    pub(super) thread: Option<String>,
    /// Where the bot was met at the address.
    pub(super) conversation: Option<Conversation>,
    /// The page on which its recipient answers, if they are asked something.
    pub(super) link: Option<String>,
    pub(super) channel: Arc<dyn Channel>,
    pub(super) wire: Arc<Semaphore>,
    pub(super) clock: Arc<dyn Clock>,
    /// True when nothing may be on the wire any more.
    pub(super) cut: watch::Receiver<bool>,
    /// How many are in the window.
    pub(super) airborne: Airborne,
}

/// Counts flights for whoever keeps their leases.
#[derive(Debug, Clone, Default)]
pub(super) struct Airborne(Arc<AtomicUsize>);

impl Airborne {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// Counts one more until what it gives is dropped.
    fn one_more(&self) -> OneMore {
        self.0.fetch_add(1, Ordering::AcqRel);
        OneMore(self.clone())
    }
}

struct OneMore(Airborne);

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What came back of a message.
pub(super) struct Landed {
    /// `None`: it never left, and may be given back as if it had not been claimed.
    pub(super) outcome: Option<Outcome>,
    /// Whether it may have left, rather than only have been looked up.
    pub(super) sent: bool,
    /// The conversation to which it was to go, if it is no more.
    pub(super) gone: Option<String>,
    /// Digest of the bytes that may have left.
    pub(super) wire_sha256: Option<String>,
    pub(super) started_at: Time,
    pub(super) ended_at: Time,
}

impl Flight {
    /// Sends it. A channel that panics while it sends is an outcome like any other.
    pub(super) async fn fly(self) -> Landed {
        let _one = self.airborne.one_more();
        let Self {
            claimed,
            words,
            thread,
            conversation,
            link,
            channel,
            wire,
            clock,
            mut cut,
            airborne: _,
        } = self;
        let mut cut_too = cut.clone();
        let place = tokio::select! {
            biased;
            () = shows_true(&mut cut_too) => None,
            place = wire.acquire() => place.ok(),
        };
        let started_at = clock.now();
        let way = approach(claimed.unsure, claimed.attempts, channel.on_uncertain());
        let mut wire_sha256 = None;
        let mut sent = way != Approach::LookUp { then_send: false };
        let outcome = match place {
            None => None,
            Some(_place) => {
                let outgoing = Outgoing {
                    delivery: claimed.id.as_str(),
                    message: claimed.message.as_str(),
                    incident: claimed.incident,
                    address: &claimed.address,
                    name: &claimed.name,
                    moment: claimed.moment,
                    audience: claimed.audience,
                    first: claimed.first,
                    thread: thread.as_deref(),
                    conversation: conversation.as_ref(),
                    urgent: claimed.urgent,
                    parts: &words,
                    reason: &claimed.reason,
                    ask: claimed.asks.map(|ask| AskLine {
                        ask,
                        link: link.as_deref(),
                    }),
                    date: claimed.wire_date,
                };
                wire_sha256 = digest_of(&*channel, &outgoing);
                let tried = AssertUnwindSafe(try_it(&*channel, &outgoing, way)).catch_unwind();
                let (failed, cut_off) = if sent {
                    (
                        "The program failed while sending it. Whether it arrived is not known.",
                        "Sending was broken off. Whether it arrived is not known.",
                    )
                } else {
                    (
                        "The program failed while looking up whether it arrived.",
                        "Looking up whether it arrived was broken off.",
                    )
                };
                let tried = tokio::select! {
                    biased;
                    tried = tried => tried.unwrap_or_else(|_| (unknown(failed), sent)),
                    () = shows_true(&mut cut) => (unknown(cut_off), sent),
                };
                sent = tried.1;
                Some(tried.0)
            }
        };
        let is_gone = |it: &Conversation| {
            let outcome = outcome.as_ref();
            outcome.is_some_and(|outcome| channel.is_gone(it, outcome))
        };
        Landed {
            ended_at: clock.now(),
            gone: conversation.filter(is_gone).map(|it| it.id),
            outcome,
            wire_sha256: wire_sha256.filter(|_| sent),
            sent,
            started_at,
        }
    }
}

/// Digest of the bytes that the channel would send, where it can make them.
fn digest_of(channel: &dyn Channel, outgoing: &Outgoing<'_>) -> Option<String> {
    let wire = std::panic::catch_unwind(AssertUnwindSafe(|| channel.wire(outgoing)));
    Some(wire_digest(&wire.ok()?.ok()?.bytes))
}

/// Sends it, or asks first what became of it. Says what it came to, and whether it was sent.
async fn try_it(channel: &dyn Channel, outgoing: &Outgoing<'_>, way: Approach) -> (Outcome, bool) {
    if let Approach::LookUp { then_send } = way {
        let look = match channel.look_up() {
            Some(can) => can.look(outgoing).await,
            None => Look::Unknown(unknown(
                "What became of it cannot be looked up on this channel.",
            )),
        };
        if let Some(outcome) = look.outcome(then_send) {
            return (outcome, false);
        }
    }
    (channel.send(outgoing).await, true)
}

/// Ends when the signal shows true.
pub(super) async fn shows_true(signal: &mut watch::Receiver<bool>) {
    if signal.wait_for(|shown| *shown).await.is_err() {
        // Whoever could give the signal is gone, so nobody will.
        std::future::pending::<()>().await;
    }
}

/// The outcome of a try of which nobody knows what came.
pub(super) fn unknown(sentence: &str) -> Outcome {
    Outcome {
        class: Class::Uncertain,
        code: None,
        reply: String::new(),
        sentence: sentence.to_owned(),
        provider_id: None,
    }
}

/// Whether a channel's messages have a text without markup that could go without the rest.
pub(super) fn has_plain(channel: &dyn Channel) -> bool {
    let parts = channel.parts();
    parts
        .iter()
        .any(|part| matches!(part.format, Format::Plain | Format::Slack))
        && parts.iter().any(|part| !is_plain(part.format))
}

/// The parts without markup only, for a provider that refused the rest.
pub(super) fn plain_words(channel: &dyn Channel, words: &Words) -> Words {
    let plain = channel
        .parts()
        .iter()
        .filter(|part| is_plain(part.format))
        .filter_map(|part| Some((part.name.to_owned(), words.get(part.name)?.clone())))
        .collect();
    Arc::new(plain)
}

fn is_plain(format: Format) -> bool {
    matches!(format, Format::Line | Format::Plain | Format::Slack)
}

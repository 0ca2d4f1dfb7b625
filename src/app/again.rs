//! Failed messages on their way again, because a person said so: under the key they had, anew, or by
//! another channel. Who did it is an event of the incident, so it is on the timeline and in the chain.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{App, Error, ErrorKind, Mode, act::Act, answers::RetryAnswer, outgoing::record_faults};
use crate::{
    domain::{
        Address, ChannelName, IncidentId, NotificationId,
        delivery::{
            Again, Class, Failed, NewDelivery, NewMessage, NewNotification, RetryWay, anew, moved,
        },
        event::{Actor, Event, Record},
        incident::Incident,
        nearest,
        notification::MessageKey,
        plan::Ways,
        situation::RecipientId,
    },
    store::{
        Step, Tx, incidents,
        outbox::{self, Filter},
    },
};

/// Which failed deliveries.
#[derive(Debug, Clone, Default)]
pub struct RetryFilter {
    /// Only this channel.
    pub channel: Option<ChannelName>,
    /// Only this delivery.
    pub delivery: Option<String>,
    /// Only those of which the last try came to this.
    pub class: Option<Class>,
}

/// Failed deliveries that are to be sent on their way again, and how.
#[derive(Debug, Clone, Default)]
pub struct Retry {
    /// Which.
    pub filter: RetryFilter,
    /// How.
    pub way: RetryWay,
}

/// How long a message is tried where the policy says nothing about the priority.
const OTHERWISE_WITHIN: TimeDelta = TimeDelta::hours(4);
/// Names in an answer before the rest is counted.
const NAMES: usize = 3;

/// What came of it so far.
#[derive(Default)]
struct Done {
    events: BTreeSet<u32>,
    messages: usize,
    overtaken: usize,
    no_address: BTreeSet<String>,
}

impl App {
    /// Sends failed deliveries on their way again; waits for them if asked to. A rehearsal answers
    /// the same and leaves everything as it is.
    pub async fn retry(
        &self,
        id: IncidentId,
        wanted: &Retry,
        actor: &Actor,
        mode: Mode,
        wait: bool,
    ) -> Result<RetryAnswer, Error> {
        let _turn = self.gate.enter(id).await?;
        let tx = self.store.begin().await?;
        let Some((head, incident, log)) = self.lock(&tx, id).await? else {
            drop(tx);
            return Err(self.no_incident(id).await);
        };
        let book = self.rulebook_in(&tx).await?;
        let key = ulid::Ulid::generate().to_string();
        let act = Act::new(&book, actor, &key, self.clock.now());
        let filter = filter(id, &wanted.filter)?;
        outbox::hold(&tx, id).await?;
        self.must_have_room(&tx).await?;
        let done = match &wanted.way {
            RetryWay::SameKey => self.same_key(&tx, &act, &incident, &filter).await?,
            way => {
                self.written_again(&tx, &act, (&incident, &log), &filter, way)
                    .await?
            }
        };
        if done.messages > 0 {
            let event = Event::SendingRetried {
                way: wanted.way.clone(),
                events: done.events.clone(),
                messages: u32::try_from(done.messages).unwrap_or(u32::MAX),
            };
            self.write_events(&tx, &act, id, Some((head, incident)), log, vec![event])
                .await?;
        }
        if mode == Mode::Rehearse || done.messages == 0 {
            drop(tx);
        } else {
            tx.commit().await.step("commit a retry")?;
            self.wake.ring();
        }
        let notifications = outbox::notifications_of(self.store.read(), id).await?;
        if mode == Mode::Commit && wait && done.messages > 0 {
            self.deliver(&notifications, &mut |_| {}).await?;
        }
        Ok(RetryAnswer {
            messages: done.messages,
            overtaken: done.overtaken,
            sentences: self.sentences(&done, &wanted.way),
            no_address: done.no_address.into_iter().collect(),
            progress: self.progress_of(&notifications).await?,
        })
    }

    async fn same_key(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        incident: &Incident,
        filter: &Filter,
    ) -> Result<Done, Error> {
        let until = act.now + within(act, incident);
        let retried = outbox::retry(tx, filter, until, act.now).await?;
        Ok(Done {
            events: retried.events,
            messages: retried.waiting,
            overtaken: retried.overtaken,
            no_address: BTreeSet::new(),
        })
    }

    /// Writes new deliveries in the stead of failed ones, and ends those.
    async fn written_again(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        (incident, log): (&Incident, &[Record]),
        filter: &Filter,
        way: &RetryWay,
    ) -> Result<Done, Error> {
        let id = incident.id;
        let (told, failed): (Vec<Failed>, Vec<Failed>) = outbox::failed(tx, filter)
            .await?
            .into_iter()
            .partition(|one| one.told_otherwise);
        let (again, without) = match way {
            RetryWay::By(channel) => {
                self.must_be_live(channel)?;
                let (live, chat) = (self.live_channels(), self.chat_channels());
                let ways = Ways {
                    live: &live,
                    chat: &chat,
                    bad: act.book.bad_addresses(),
                    grave: false,
                };
                let address_of = |who: &RecipientId| -> Option<Address> {
                    let mut there = ways.of(who, &act.book.directory).into_iter();
                    there.find(|(name, _)| name == channel).map(|(_, to)| to)
                };
                moved(&failed, channel, address_of)
            }
            _ => {
                for one in &failed {
                    self.must_be_live(&one.channel)?;
                }
                (anew(&failed), BTreeSet::new())
            }
        };
        let keys: BTreeSet<String> = again.iter().map(|one| one.order_key(id)).collect();
        let said = outbox::said_there(tx, &keys).await?;
        let (overtaken, again): (Vec<Again>, Vec<Again>) = again
            .into_iter()
            .partition(|one| one.is_overtaken(id, &said));
        let mut done = Done {
            overtaken: told.len() + overtaken.len(),
            no_address: without.iter().map(ToString::to_string).collect(),
            ..Done::default()
        };
        let mut by_event: BTreeMap<u32, Vec<Again>> = BTreeMap::new();
        for one in again {
            by_event.entry(one.event_seq).or_default().push(one);
        }
        let mut replaced = BTreeSet::new();
        for (seq, again) in by_event {
            self.notify_again(tx, act, (incident, log), seq, &again)
                .await?;
            done.events.insert(seq);
            done.messages += again.len();
            replaced.extend(again.into_iter().flat_map(|one| one.instead_of));
        }
        // Where somebody of several at one address could not be moved, the old one goes on standing
        // for them.
        for one in &failed {
            let left = |name: &str| done.no_address.contains(name);
            if one.recipients.iter().any(|told| left(&told.name)) {
                replaced.remove(&one.id);
            }
        }
        let how = match way {
            RetryWay::By(channel) => format!("sent by {} instead", self.label(channel)),
            _ => "sent anew".to_owned(),
        };
        let sentence = format!("{} had it {how}.", act.actor.name);
        outbox::replace(tx, &replaced, &sentence, act.now).await?;
        Ok(done)
    }

    /// Writes a notification of an event of which something is said again.
    async fn notify_again(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        (incident, log): (&Incident, &[Record]),
        seq: u32,
        again: &[Again],
    ) -> Result<NotificationId, Error> {
        let mut messages: Vec<NewMessage> = Vec::new();
        let mut deliveries = Vec::new();
        for one in again {
            let of = one.message_key();
            let at = match messages.iter().position(|message| message.key() == of) {
                Some(at) => at,
                None => {
                    messages.push(self.words_again(tx, act, (incident, log), one, of).await?);
                    messages.len() - 1
                }
            };
            let Some(channel) = self.channels.get(&one.channel) else {
                continue;
            };
            let within = within(act, incident) / if channel.is_chat() { 4 } else { 1 };
            deliveries.push(NewDelivery {
                message: at,
                address: one.address.clone(),
                despite: None,
                lane: channel.lane(&one.address),
                recipients: one.recipients.clone(),
                reason: one.reason.clone(),
                not_before: None,
                awaits_word: false,
                asks: one.asks,
                deliver_by: act.now + within,
                fallbacks: Vec::new(),
                quick_fallback: false,
            });
        }
        record_faults(tx, act, incident.id, &messages).await?;
        self.own_views(tx, act, incident, &mut messages).await?;
        let new = NewNotification {
            incident: Some(incident.id),
            event_seq: seq,
            priority: Some(incident.priority.clone()),
            rank: again.iter().map(|one| one.rank).max().unwrap_or_default(),
            urgent: again.iter().any(|one| one.urgent),
            policy_version: Some(act.book.policy_version),
            context: serde_json::json!({ "templates": self.renderer.version() }).to_string(),
            messages,
            deliveries,
            withheld: Vec::new(),
        };
        Ok(outbox::enqueue(tx, &new, act.now).await?.notification)
    }

    /// The words that failed; on another channel, what it would have said then.
    async fn words_again(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        (incident, log): (&Incident, &[Record]),
        again: &Again,
        of: MessageKey,
    ) -> Result<NewMessage, Error> {
        let place = log
            .iter()
            .position(|record| record.seq == again.event_seq && record.said.is_some());
        let then = place.and_then(|at| {
            let then = Incident::from_log(incident.id, log.get(..=at)?)?;
            Some((then, log.get(..=at)?, log.get(at)?))
        });
        if again.written_for != of.channel
            && let Some((then, log, record)) = then
        {
            let told = outbox::told_by(tx, incident.id, &[again.event_seq].into()).await?;
            let before = incidents::record_before(tx, incident.id, record.seq).await?;
            let about = (log, record, before.as_ref());
            let made = self.message(act, &then, about, told.max(1), of.clone());
            if let Some(message) = made {
                return Ok(message);
            }
        }
        Ok(NewMessage {
            moment: of.moment,
            audience: of.audience,
            channel: of.channel,
            variant: of.variant,
            parts: outbox::words_of(tx, &again.message).await?,
            fault: None,
        })
    }

    fn must_be_live(&self, channel: &ChannelName) -> Result<(), Error> {
        if self.channels.contains_key(channel) {
            return Ok(());
        }
        let live = self.channels.keys().map(ChannelName::as_str);
        let names: Vec<&str> = live.clone().collect();
        let otherwise = format!("Use {}.", nearest::or_list(&names));
        Err(Error::new(
            ErrorKind::Usage,
            "unknown-channel",
            format!("No channel \"{channel}\" is in use."),
            nearest::fix_for(channel.as_str(), live, &otherwise),
        ))
    }

    fn label(&self, channel: &ChannelName) -> String {
        self.labels().of(channel.as_str()).to_owned()
    }

    fn sentences(&self, done: &Done, way: &RetryWay) -> Vec<String> {
        let messages = |count: usize| match count {
            1 => "1 message".to_owned(),
            many => format!("{many} messages"),
        };
        let mut sentences = Vec::new();
        let left = done.overtaken + done.no_address.len();
        if done.messages == 0 && left == 0 {
            sentences.push("No failed message is like that.".to_owned());
        }
        if done.messages > 0 {
            let count = messages(done.messages);
            sentences.push(match way {
                RetryWay::SameKey => format!("{count}: tried again."),
                RetryWay::Anew => format!(
                    "{count}: sent anew. Whoever got the first one all the same gets a second."
                ),
                RetryWay::By(channel) => format!("{count}: sent by {}.", self.label(channel)),
            });
        }
        if done.overtaken > 0 {
            sentences.push(format!(
                "{}: left, because the same or something newer was said since.",
                messages(done.overtaken)
            ));
        }
        if let (RetryWay::By(channel), false) = (way, done.no_address.is_empty()) {
            let shown: Vec<&str> = done
                .no_address
                .iter()
                .take(NAMES)
                .map(String::as_str)
                .collect();
            let more = done.no_address.len() - shown.len();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            sentences.push(format!(
                "Left, because they have no usable {} address: {}{more}.",
                self.label(channel),
                shown.join(", ")
            ));
        }
        sentences
    }
}

fn within(act: &Act<'_>, incident: &Incident) -> TimeDelta {
    let priority = act.book.policy.priority(&incident.priority);
    priority.map_or(OTHERWISE_WITHIN, |priority| priority.deliver_within)
}

fn filter(incident: IncidentId, wanted: &RetryFilter) -> Result<Filter, Error> {
    let delivery = wanted.delivery.as_deref();
    Ok(Filter {
        incident: Some(incident),
        channel: wanted.channel.clone(),
        delivery: delivery
            .map(|text| text.parse().map_err(|_| no_delivery(text)))
            .transpose()?,
        class: wanted.class,
        ..Filter::default()
    })
}

fn no_delivery(text: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "unknown-delivery",
        format!("There is no delivery \"{text}\"."),
        "See: oyez send-log INCIDENT --json",
    )
}

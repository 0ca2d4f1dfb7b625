//! From events to what is said about them: resolve, plan, render, write.
//!
//! One event makes one notification. Its words are rendered here, once per moment, audience and
//! channel, and kept; what a rehearsal shows is made the same way.

use std::collections::BTreeMap;

use super::{
    App, Error, Rulebook,
    answers::{ChoiceAnswer, ReasonAnswer, Receipt, RecipientAnswer, WordsAnswer},
    headline,
};
use crate::{
    domain::{
        Audience, ChannelName, IncidentId, NotificationId, Time, chain, clock,
        delivery::{Fallback, NewDelivery, NewMessage, NewNotification},
        directory::Directory,
        event::{Actor, Event, Record, Said},
        incident::Incident,
        notification::Moment,
        plan::{self, Plan, PlannedDelivery, Question, Ways},
        policy::Policy,
        saying::Saying,
        wording,
    },
    store::{
        Connection, Tx, faults,
        incidents::{self, Head},
        outbox,
        timers::{self, TimerRow},
    },
};

/// What surrounds a change: the rules, who, under which key, when.
pub(super) struct Act<'a> {
    pub(super) book: &'a Rulebook,
    pub(super) actor: &'a Actor,
    pub(super) request_key: &'a str,
    pub(super) now: Time,
}

impl<'a> Act<'a> {
    pub(super) fn new(
        book: &'a Rulebook,
        actor: &'a Actor,
        request_key: &'a str,
        now: Time,
    ) -> Self {
        Self {
            book,
            actor,
            request_key,
            now,
        }
    }
}

/// What was written, not yet committed.
pub(super) struct Written {
    pub(super) receipt: Receipt,
}

/// What one event says, ready to be written.
struct Spoken {
    plan: Plan,
    messages: Vec<NewMessage>,
}

impl App {
    /// Writes events, what they say, and the timers that follow from them.
    pub(super) async fn write_events(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        id: IncidentId,
        before: Option<(Head, Incident)>,
        mut log: Vec<Record>,
        events: Vec<Event>,
    ) -> Result<Written, Error> {
        let (head, mut before) = match before {
            Some((head, incident)) => (Some(head), Some(incident)),
            None => (None, None),
        };
        let old = log.len();
        let mut receipts = Vec::new();
        for event in events {
            let said = self
                .speak(tx, act, id, before.as_ref(), &mut log, event)
                .await?;
            let Some(after) = fold(id, before.as_ref(), log.last()) else {
                return Err(no_declaration());
            };
            receipts.push((said, after.seq));
            before = Some(after);
        }
        let Some(after) = before else {
            return Err(no_declaration());
        };
        incidents::append(tx, head.as_ref(), &after, &log[old..]).await?;
        let mut receipt = headline::receipt(&after, log.last(), act);
        for (spoken, seq) in receipts {
            let notification = self.enqueue(tx, act, &after, seq, &spoken).await?;
            spoken.add_to(&mut receipt, notification);
        }
        headline::finish(&mut receipt, &after, &log[old..], act);
        self.set_timers(tx, act, &after).await?;
        Ok(Written { receipt })
    }

    /// Adds one event to the log, with what it says settled.
    async fn speak(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        id: IncidentId,
        before: Option<&Incident>,
        log: &mut Vec<Record>,
        event: Event,
    ) -> Result<Spoken, Error> {
        let record = Record {
            seq: before.map_or(1, |incident| incident.seq + 1),
            at: act.now,
            actor: act.actor.clone(),
            request_key: act.request_key.to_owned(),
            event,
            said: None,
        };
        if let Event::SendingCancelled { event, .. } = &record.event {
            let filter = outbox::Filter {
                incident: Some(id),
                event_seq: Some(*event),
                ..outbox::Filter::default()
            };
            let sentence = format!("Stopped by {} before it was sent.", act.actor.name);
            outbox::cancel(tx, &filter, &sentence, act.now).await?;
        }
        let moment = plan::moment(&record.event);
        let last_said = plan::last_said(id, log);
        log.push(record);
        let Some(moment) = moment else {
            return Ok(Spoken {
                plan: Plan::default(),
                messages: Vec::new(),
            });
        };
        let plan = self
            .plan(tx, act, id, before, log, moment, last_said.as_ref())
            .await?;
        let Some(after) = fold(id, before, log.last()) else {
            return Err(no_declaration());
        };
        self.freeze(act, &after, log);
        let messages = self.render(act, &after, log, &plan);
        if let Some(said) = log.last_mut().and_then(|record| record.said.as_mut()) {
            (said.words, said.audience) = digests(&plan, &messages);
        }
        Ok(Spoken { plan, messages })
    }

    /// Who gets what; the last record of the log is settled with it.
    #[expect(
        clippy::too_many_arguments,
        reason = "a plan depends on all of it, and nothing else does"
    )]
    async fn plan(
        &self,
        conn: &impl Connection,
        act: &Act<'_>,
        id: IncidentId,
        before: Option<&Incident>,
        log: &mut [Record],
        moment: Moment,
        last_said: Option<&Incident>,
    ) -> Result<Plan, Error> {
        let book = act.book;
        let Some(after) = fold(id, before, log.last()) else {
            return Err(no_declaration());
        };
        let resolution = book.compiled.resolve(&after.situation(moment, act.now));
        let unchanged =
            last_said.map(|incident| book.compiled.resolve(&incident.situation(moment, act.now)));
        let told = if before.is_some() {
            outbox::history(conn, id).await?
        } else {
            Vec::new()
        };
        let (live, chat) = (self.live_channels(), self.chat_channels());
        let Some(record) = log.last_mut() else {
            return Err(no_declaration());
        };
        let plan = plan::plan(&Question {
            event: &record.event,
            before,
            after: &after,
            resolution: &resolution,
            unchanged: unchanged.as_ref(),
            told: &told,
            policy: &book.policy,
            directory: &book.directory,
            ways: Ways {
                live: &live,
                chat: &chat,
                bad: book.bad_addresses(),
            },
            now: act.now,
        });
        let released = plan.settle(&mut record.event, &after);
        // The digests follow once the words are made; what is released counts for them already.
        record.said = Some(Said {
            words: String::new(),
            audience: String::new(),
            released,
        });
        Ok(plan)
    }

    /// Fills in the exact words that a "no change" would send, for a prompt that shows them.
    fn freeze(&self, act: &Act<'_>, after: &Incident, log: &mut [Record]) {
        let Some(record) = log.last() else { return };
        let Event::Prompted { frozen, .. } = &record.event else {
            return;
        };
        let words: BTreeMap<Audience, String> = frozen
            .promised
            .iter()
            .map(|(audience, due)| {
                let saying = Saying {
                    incident: after,
                    log,
                    event: record,
                    moment: Moment::NoChange,
                    audience: *audience,
                    directory: &act.book.directory,
                    policy: &act.book.policy,
                    next_update: Some(*due),
                    people_told: 0,
                    readers_abroad: readers_abroad(
                        &act.book.directory,
                        &act.book.policy,
                        *audience,
                    ),
                    links: &self.links,
                    now: act.now,
                };
                (*audience, wording::no_change_words(&saying))
            })
            .collect();
        if let Some(Record {
            event: Event::Prompted { frozen, .. },
            ..
        }) = log.last_mut()
        {
            frozen.words = words;
        }
    }

    fn render(
        &self,
        act: &Act<'_>,
        after: &Incident,
        log: &[Record],
        plan: &Plan,
    ) -> Vec<NewMessage> {
        let Some(record) = log.last() else {
            return Vec::new();
        };
        let people_told = plan.totals().people;
        let mut messages = Vec::new();
        for (moment, audience, channel) in plan.messages() {
            let Some(way) = self.channels.get(&channel) else {
                continue;
            };
            let view = wording::view(&Saying {
                incident: after,
                log,
                event: record,
                moment,
                audience,
                directory: &act.book.directory,
                policy: &act.book.policy,
                next_update: after.promises.get(&audience).map(|promise| promise.due),
                people_told,
                readers_abroad: readers_abroad(&act.book.directory, &act.book.policy, audience),
                links: &self.links,
                now: act.now,
            });
            let rendered = self
                .renderer
                .render(&channel, way.parts(), moment, audience, &view);
            let fault = rendered.fault.map(|fault| fault.to_string());
            messages.push(NewMessage {
                moment,
                audience,
                channel,
                parts: rendered.parts,
                fault,
            });
        }
        messages
    }

    async fn enqueue(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        after: &Incident,
        seq: u32,
        spoken: &Spoken,
    ) -> Result<Option<NotificationId>, Error> {
        let plan = &spoken.plan;
        for wrong in &plan.cancels {
            let filter = outbox::Filter {
                incident: Some(after.id),
                event_seq: Some(*wrong),
                ..outbox::Filter::default()
            };
            outbox::cancel(
                tx,
                &filter,
                "What it said was wrong; a correction follows.",
                act.now,
            )
            .await?;
        }
        for message in spoken
            .messages
            .iter()
            .filter(|message| message.fault.is_some())
        {
            let key = format!(
                "template:{}:{}:{}",
                message.channel, message.moment, message.audience
            );
            let fault = faults::NewFault {
                key: &key,
                sentence: "A template could not be used, so the built-in words went out.",
                detail: message.fault.as_deref().unwrap_or_default(),
                incident: Some(after.id),
            };
            faults::record(tx, fault, act.now).await?;
        }
        if plan.deliveries.is_empty() && plan.withheld.is_empty() {
            return Ok(None);
        }
        let rank = act.book.policy.rank(&after.priority);
        let new = NewNotification {
            incident: Some(after.id),
            event_seq: seq,
            priority: Some(after.priority.clone()),
            rank: u32::try_from(rank).unwrap_or(u32::MAX),
            urgent: rank == 0,
            policy_version: Some(act.book.policy_version),
            context: serde_json::json!({ "templates": self.renderer.version() }).to_string(),
            deliveries: self.deliveries(plan, &spoken.messages),
            messages: spoken.messages.clone(),
            withheld: plan.withheld.clone(),
        };
        Ok(Some(outbox::enqueue(tx, &new, act.now).await?.notification))
    }

    fn deliveries(&self, plan: &Plan, messages: &[NewMessage]) -> Vec<NewDelivery> {
        let index: BTreeMap<(Moment, Audience, &ChannelName), usize> = messages
            .iter()
            .enumerate()
            .map(|(at, message)| ((message.moment, message.audience, &message.channel), at))
            .collect();
        let at = |delivery: &PlannedDelivery, channel: &ChannelName| {
            index
                .get(&(delivery.moment, delivery.audience, channel))
                .copied()
        };
        plan.deliveries
            .iter()
            .filter_map(|delivery| {
                let way = self.channels.get(&delivery.channel)?;
                let fallbacks = delivery.fallbacks.iter().filter_map(|other| {
                    Some(Fallback {
                        message: at(delivery, &other.channel)?,
                        lane: self.channels.get(&other.channel)?.lane(&other.address),
                        address: other.address.clone(),
                        deliver_by: other.deliver_by,
                    })
                });
                Some(NewDelivery {
                    message: at(delivery, &delivery.channel)?,
                    lane: way.lane(&delivery.address),
                    address: delivery.address.clone(),
                    recipients: delivery.recipients.clone(),
                    reason: delivery.reason.clone(),
                    not_before: delivery.not_before,
                    deliver_by: delivery.deliver_by,
                    fallbacks: fallbacks.collect(),
                    quick_fallback: delivery.quick_fallback,
                })
            })
            .collect()
    }

    /// Sets the timers of an incident to what its ladder asks for now.
    pub(super) async fn set_timers(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        after: &Incident,
    ) -> Result<(), Error> {
        let rungs = clock::ladder(after, &act.book.policy, &act.book.directory, act.now);
        let rows: Vec<TimerRow> = rungs
            .iter()
            .map(|rung| TimerRow {
                key: rung.key(),
                kind: rung.kind.as_str().to_owned(),
                due: rung.at,
                payload: String::new(),
            })
            .collect();
        timers::reschedule(tx, after.id, &rows).await?;
        Ok(())
    }
}

/// The incident after one more record.
fn fold(id: IncidentId, before: Option<&Incident>, record: Option<&Record>) -> Option<Incident> {
    match before {
        Some(incident) => {
            let mut after = incident.clone();
            after.apply(record?);
            Some(after)
        }
        None => Incident::declared(id, record?),
    }
}

fn no_declaration() -> Error {
    Error::new(
        super::ErrorKind::Unexpected,
        "no-declaration",
        "The incident has no declaration to begin with.",
        "Run oyez verify, and compare with a backup.",
    )
}

/// Digests of words and audience for the chain.
fn digests(plan: &Plan, messages: &[NewMessage]) -> (String, String) {
    let words = messages.iter().map(|message| {
        let parts = message
            .parts
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        (message.moment, message.audience, &message.channel, parts)
    });
    let told = plan.deliveries.iter().flat_map(|delivery| {
        delivery.recipients.iter().map(|person| {
            (
                &person.who,
                delivery.audience,
                delivery.moment,
                &delivery.channel,
            )
        })
    });
    (chain::words_digest(words), chain::audience_digest(told))
}

impl Spoken {
    /// Puts what was said into the answer.
    fn add_to(self, receipt: &mut Receipt, notification: Option<NotificationId>) {
        let totals = self.plan.totals();
        receipt.people += totals.people;
        receipt.messages += totals.messages;
        for (channel, count) in totals.by_channel {
            *receipt.by_channel.entry(channel.to_string()).or_default() += count;
        }
        receipt.notification = notification
            .map(|id| id.to_string())
            .or(receipt.notification.take());
        receipt
            .recipients
            .extend(self.plan.deliveries.iter().flat_map(recipients));
        receipt
            .words
            .extend(self.messages.into_iter().map(|message| WordsAnswer {
                moment: message.moment.to_string(),
                audience: message.audience.to_string(),
                channel: message.channel.to_string(),
                parts: message.parts,
            }));
    }
}

fn recipients(delivery: &PlannedDelivery) -> impl Iterator<Item = RecipientAnswer> + '_ {
    delivery.recipients.iter().map(|person| RecipientAnswer {
        id: person.who.as_str().to_owned(),
        name: person.name.to_string(),
        kind: person.who.kind().to_owned(),
        audience: delivery.audience.to_string(),
        deliveries: vec![ChoiceAnswer {
            channel: delivery.channel.to_string(),
            address: delivery.address.as_str().to_owned(),
            falls_back_to: delivery
                .fallbacks
                .iter()
                .map(|way| way.channel.to_string())
                .collect(),
        }],
        reasons: person
            .reasons
            .iter()
            .map(|reason| ReasonAnswer {
                rule: reason.rule.as_ref().map(ToString::to_string),
                service: reason.service.as_ref().map(ToString::to_string),
                text: reason.text.to_string(),
                says: String::new(),
            })
            .collect(),
    })
}

/// Whether somebody who may read this lives by another clock, so that times name their zone. Those
/// outside always may.
fn readers_abroad(directory: &Directory, policy: &Policy, audience: Audience) -> bool {
    audience.is_outside()
        || directory.people.values().any(|person| {
            person
                .time_zone
                .is_some_and(|zone| zone != policy.time_zone)
        })
}

//! From events to what is said about them: resolve, plan, render, write.
//!
//! One event makes one notification. What a rehearsal shows is made the same way.

use std::collections::BTreeSet;

use super::{
    App, Error, act::Act, answers::Receipt, headline, outgoing::Spoken, unreachable::Unreachable,
    words::prove,
};
use crate::{
    domain::{
        Audience, IncidentId, chain, clock,
        event::{Event, Record, Said},
        incident::Incident,
        notification::Moment,
        plan::{self, Plan, Question, Told, Ways},
    },
    store::{
        Connection, Tx,
        incidents::{self, Head},
        outbox,
        timers::{self, TimerRow},
    },
};

/// What was written, not yet committed.
pub(super) struct Written {
    pub(super) receipt: Receipt,
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
            Some((head, incident)) => {
                let (seq, hash) = (head.seq, head.hash.clone());
                (Some(head), Some((chain::Head { seq, hash }, incident)))
            }
            None => (None, None),
        };
        // Who was told, and what waits, is read below: it must be true until the commit.
        if before.is_some() && events.iter().any(|event| plan::moment(event).is_some()) {
            outbox::hold(tx, id).await?;
        }
        let old = log.len();
        let mut receipts = Vec::new();
        for event in events {
            let said = self
                .speak(tx, act, id, before.as_ref(), &mut log, event)
                .await?;
            let Some(after) = fold(id, before.as_ref().map(|(_, it)| it), log.last()) else {
                return Err(no_declaration());
            };
            receipts.push((said, after.seq));
            before = Some((record_after(before.as_ref(), &log)?, after));
        }
        let Some((_, after)) = before else {
            return Err(no_declaration());
        };
        incidents::append(tx, head.as_ref(), &after, &log[old..]).await?;
        let mut receipt = headline::receipt(&after, &log[old..], act);
        let mut notifications = Vec::new();
        let mut unreachable = Unreachable::default();
        for (mut spoken, seq) in receipts {
            let notification = self.enqueue(tx, act, &after, seq, &mut spoken).await?;
            notifications.extend(notification.clone());
            unreachable.add(&spoken.plan);
            spoken.add_to(&mut receipt, notification);
        }
        let labels = self.labels();
        headline::finish(
            &mut receipt,
            &after,
            &log[old..],
            act,
            &labels,
            &unreachable,
        );
        let paces = self.pace_sentences(tx, act, &notifications).await?;
        receipt.sentences.extend(paces);
        self.set_timers(tx, act, &after).await?;
        if head.is_none() {
            self.want_room(tx, &after, act.now).await?;
        }
        Ok(Written { receipt })
    }

    /// Adds one event to the log, with what it says settled.
    async fn speak(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        id: IncidentId,
        before: Option<&(chain::Head, Incident)>,
        log: &mut Vec<Record>,
        event: Event,
    ) -> Result<Spoken, Error> {
        let (end, before) = before.map(|(end, incident)| (end, incident)).unzip();
        let record = Record {
            seq: before.map_or(1, |incident| incident.seq + 1),
            at: act.now,
            actor: act.actor.clone(),
            request_key: act.request_key.to_owned(),
            event,
            said: None,
        };
        self.touch_waiting(tx, act, id, before, &record.event)
            .await?;
        let moment = plan::moment(&record.event);
        let last_said = plan::last_said(id, log);
        log.push(record);
        let Some(moment) = moment else {
            return Ok(Spoken::default());
        };
        let (plan, told) = self
            .plan(tx, act, id, before, log, moment, last_said.as_ref())
            .await?;
        let Some(after) = fold(id, before, log.last()) else {
            return Err(no_declaration());
        };
        self.freeze(act, &after, log);
        let words = self.render(act, &after, (log, end), &plan, &told);
        let mut messages = words.clone();
        self.own_views(tx, act, &after, &mut messages).await?;
        let deliveries = self.deliveries(&plan, &messages);
        // From here on nothing joins the words, and nobody those who get them.
        if let Some(said) = log.last_mut().and_then(|record| record.said.as_mut()) {
            prove(said, &messages, &deliveries)?;
        }
        let findings = self.check_words(act, &after, log, &plan, &told);
        Ok(Spoken {
            plan,
            words,
            findings,
            messages,
            deliveries,
        })
    }

    /// Stops messages that wait, or lets them go, where that is what the event is about.
    async fn touch_waiting(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        id: IncidentId,
        before: Option<&Incident>,
        event: &Event,
    ) -> Result<(), Error> {
        match event {
            Event::SendingCancelled { event, .. } => {
                let filter = outbox::Filter {
                    incident: Some(id),
                    event_seq: Some(*event),
                    ..outbox::Filter::default()
                };
                let sentence = format!("Stopped by {} before it was sent.", act.actor.name);
                outbox::cancel(tx, &filter, &sentence, act.now).await?;
            }
            Event::SendingApproved { events, .. } => {
                let policy = &act.book.policy;
                let quick = before
                    .and_then(|incident| policy.priority(&incident.priority))
                    .is_some_and(|priority| priority.quick_fallback);
                for audience in Audience::ALL {
                    let from = if audience.is_outside() {
                        act.now + policy.outside_hold
                    } else {
                        act.now
                    };
                    outbox::approve(tx, id, events, audience, from, quick).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Who gets what, and who was told before; the last record of the log is settled with it.
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
    ) -> Result<(Plan, Vec<Told>), Error> {
        let book = act.book;
        let Some(after) = fold(id, before, log.last()) else {
            return Err(no_declaration());
        };
        let mut resolution = book.compiled.resolve(&after.situation(moment, act.now));
        let unchanged =
            last_said.map(|incident| book.compiled.resolve(&incident.situation(moment, act.now)));
        let told = if before.is_some() {
            let wrong = match log.last().map(|record| &record.event) {
                Some(Event::Corrected { events, .. }) => events.clone(),
                _ => BTreeSet::new(),
            };
            outbox::history(conn, id, &wrong).await?
        } else {
            Vec::new()
        };
        let (live, chat) = (self.live_channels(), self.chat_channels());
        let ways = Ways {
            live: &live,
            chat: &chat,
            bad: book.bad_addresses(),
            grave: book.policy.rank(&after.priority) == 0,
        };
        plan::with_room(&mut resolution, &after, ways);
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
            ways,
            now: act.now,
        });
        let released = plan.settle(&mut record.event, &after);
        // The digests follow once the words are made; what is released counts for them already.
        record.said = Some(Said {
            words: String::new(),
            audience: String::new(),
            released,
            asked: plan.asked.clone(),
        });
        Ok((plan, told))
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

/// The last record of a log, of which this one came before.
fn record_after(
    before: Option<&(chain::Head, Incident)>,
    log: &[Record],
) -> Result<chain::Head, Error> {
    let last = log.last().ok_or_else(no_declaration)?;
    let text = chain::stored_text(last).map_err(unwritable)?;
    let previous = before.map_or(chain::GENESIS, |(end, _)| &end.hash);
    Ok(chain::Head {
        seq: last.seq,
        hash: chain::link(previous, &text),
    })
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(
        super::ErrorKind::Unexpected,
        "unwritable-record",
        "What happened could not be written down.",
        "Try again, and look at the log.",
    )
    .caused_by(error)
}

fn no_declaration() -> Error {
    Error::new(
        super::ErrorKind::Unexpected,
        "no-declaration",
        "The incident has no declaration to begin with.",
        "Run oyez verify, and compare with a backup.",
    )
}

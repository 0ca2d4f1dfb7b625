//! Deliveries after they were written: the record of them, sending them, how far they are.

use std::{sync::Arc, time::Duration};

use super::{
    App, Error,
    answers::{DeliveryAnswer, Progress},
    deliver::Engine,
    labels::Labels,
};
use crate::{
    domain::{
        ChannelName, DeliveryId, IncidentId, NotificationId, Time, delivery::State,
        shown::ShownAddress,
    },
    store::outbox::{self, LogPage, Logged, Standing},
};

/// How often progress is looked at while somebody waits for it.
const LOOK: Duration = Duration::from_millis(200);
/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

impl App {
    /// The whole record of an incident's deliveries, oldest first.
    pub async fn send_log(&self, id: IncidentId) -> Result<Vec<DeliveryAnswer>, Error> {
        self.must_exist(id).await?;
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = self
                .send_log_page(id, None, after.as_deref(), 5_000)
                .await?;
            all.extend(page);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// A page of the record, and where the next begins.
    pub async fn send_log_page(
        &self,
        id: IncidentId,
        state: Option<State>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<DeliveryAnswer>, Option<String>), Error> {
        let clock = self.wall_clock().await?;
        let (labels, now) = (self.labels(), self.clock.now());
        let after: Option<DeliveryId> = after
            .map(|text| {
                text.parse().map_err(|_| {
                    Error::new(
                        super::ErrorKind::Usage,
                        "bad-page",
                        "There is no such page.",
                        "Use the `next` of the page before.",
                    )
                })
            })
            .transpose()?;
        let page = LogPage { after, limit };
        let rows = outbox::send_log(self.store.read(), id, &page).await?;
        let next = (u32::try_from(rows.len()) == Ok(limit))
            .then(|| rows.last().map(|row| row.id.to_string()))
            .flatten();
        let answers = rows
            .into_iter()
            .filter(|row| state.is_none_or(|state| row.state == state))
            .map(|row| {
                let why = waits(&row, &labels, now, |time| clock.when(time));
                answer(row, why)
            })
            .collect();
        Ok((answers, next))
    }

    /// Delivers these notifications if nobody else does; else waits a little for whoever does. Says
    /// how far they are then; what is not done goes on with whoever serves.
    pub(super) async fn deliver(
        &self,
        notifications: &[NotificationId],
        done: &mut dyn FnMut(usize),
    ) -> Result<Progress, Error> {
        if notifications.is_empty() {
            return Ok(Progress::default());
        }
        let lock = match self.store.is_delivering().await? {
            true => None,
            false => {
                self.store
                    .try_lock_delivery(&ulid::Ulid::generate().to_string())
                    .await?
            }
        };
        let Some(lock) = lock else {
            return self.wait_for(notifications, done).await;
        };
        let engine = Engine::new(
            self.store.clone(),
            Arc::clone(&self.channels),
            Arc::clone(&self.clock),
            lock,
            self.wake.clone(),
        )
        .with_pages(self.pages.clone());
        let draining = engine.drain(notifications);
        tokio::pin!(draining);
        loop {
            tokio::select! {
                drained = &mut draining => {
                    drained?;
                    break;
                }
                () = self.clock.pause(LOOK) => done(settled(&self.progress_of(notifications).await?)),
            }
        }
        self.progress_of(notifications).await
    }

    /// Waits for another process to deliver, ten seconds at most.
    async fn wait_for(
        &self,
        notifications: &[NotificationId],
        done: &mut dyn FnMut(usize),
    ) -> Result<Progress, Error> {
        if let Err(error) = self.wake.announce(&self.store, &*self.clock).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the other process looks for itself"
            );
        }
        let end = self.clock.running() + PATIENCE;
        loop {
            let progress = self.progress_of(notifications).await?;
            done(settled(&progress));
            if progress.waiting == 0 || self.clock.running() >= end {
                return Ok(progress);
            }
            self.clock.pause(LOOK).await;
        }
    }

    /// Whether messages of an event to people outside still wait, so that they can be stopped.
    pub async fn can_be_stopped(&self, id: IncidentId, event: u32) -> Result<bool, Error> {
        Ok(outbox::outside_waits(self.store.read(), id, event).await?)
    }

    /// How far the deliveries of the latest notification of an incident are.
    pub async fn latest_progress(&self, id: IncidentId) -> Result<Progress, Error> {
        match outbox::latest_of(self.store.read(), id).await? {
            Some(latest) => self.progress_of(&[latest]).await,
            None => Ok(Progress::default()),
        }
    }

    /// How far the deliveries of these notifications are.
    pub async fn progress_of(&self, notifications: &[NotificationId]) -> Result<Progress, Error> {
        let standing = outbox::counts_of(self.store.read(), notifications).await?;
        Ok(progress(&standing))
    }
}

fn settled(progress: &Progress) -> usize {
    progress.total - progress.waiting
}

/// What people read of a delivery that waits: until when, as far as that is known, and why.
fn waits(row: &Logged, labels: &Labels, now: Time, time: impl Fn(Time) -> String) -> String {
    if row.awaits_word {
        return "waiting: a second person has to agree".to_owned();
    }
    let (lane, reason) = &row.lane;
    if lane.paused {
        let channel = row.channel.as_ref().map_or("", ChannelName::as_str);
        let way = labels.of(channel);
        return format!("waiting until {way} works again: {reason}");
    }
    let held_until = lane.held_until(now);
    if row.waits_for.is_some() {
        return "waiting: an earlier message to the same place has to leave first".to_owned();
    }
    // A refusal of the whole channel counts as no try, and leaves its sentence.
    let was_tried = row.attempts > 0 || !row.sentence.is_empty();
    if let Some(at) = row
        .next_at
        .max(held_until)
        .filter(|_| was_tried || held_until.is_some())
    {
        let why = match held_until {
            Some(_) if !reason.is_empty() => reason,
            _ => &row.sentence,
        };
        return row.state.phrase(Some(&time(at)), why);
    }
    match row.not_before.filter(|at| *at > now) {
        Some(at) => format!(
            "waiting: it leaves at {} and can be stopped until then",
            time(at)
        ),
        None => "waiting for its turn".to_owned(),
    }
}

fn answer(row: Logged, waits: String) -> DeliveryAnswer {
    let joined = |pick: &dyn Fn(&crate::domain::delivery::ToldPerson) -> String| {
        row.recipients
            .iter()
            .map(pick)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let reasons: Vec<String> = row
        .recipients
        .iter()
        .flat_map(|person| &person.reasons)
        .map(|reason| reason.text.to_string())
        .collect();
    DeliveryAnswer {
        delivery: row.id.to_string(),
        event: row.event_seq,
        moment: row.moment.to_string(),
        audience: row.audience.to_string(),
        recipient: joined(&|person| person.who.as_str().to_owned()),
        name: joined(&|person| person.name.to_string()),
        channel: row
            .channel
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        address: match (&row.channel, &row.address) {
            (Some(channel), Some(address)) => ShownAddress::hidden(channel, address),
            _ => ShownAddress::none(),
        },
        state: row.state.as_str().to_owned(),
        state_words: match row.state {
            State::Ready => waits,
            state => state.phrase(None, &row.sentence),
        },
        attempts: row.attempts,
        reason: if row.reason.is_empty() {
            reasons.join("; ")
        } else {
            row.reason
        },
        asks: row.asks.map(|ask| ask.as_str().to_owned()),
        result: [row.despite.unwrap_or_default(), row.sentence]
            .join(" ")
            .trim()
            .to_owned(),
        written_at: row.created_at,
        settled_at: row.ended_at,
    }
}

/// Counts as people call them.
fn progress(standing: &Standing) -> Progress {
    let counts = &standing.counts;
    let count = |states: &[State]| -> usize {
        let sum: u64 = states.iter().filter_map(|state| counts.get(state)).sum();
        usize::try_from(sum).unwrap_or(usize::MAX)
    };
    let of_the_waiting = |count: u64| usize::try_from(count).unwrap_or_default();
    let (retrying, awaiting) = (
        of_the_waiting(standing.again),
        of_the_waiting(standing.awaits_word),
    );
    Progress {
        total: count(&State::ALL) - count(&[State::NotSent]),
        waiting: count(&[State::Ready, State::Sending, State::Uncertain])
            .saturating_sub(retrying + awaiting),
        retrying,
        awaiting,
        held: count(&[State::Held]),
        accepted: count(&[State::Accepted]),
        delivered: count(&[State::Delivered]),
        failed: count(&[State::Dead, State::Bounced]),
        dropped: count(&[State::Superseded, State::Expired, State::Cancelled]),
        not_sent: count(&[State::NotSent]),
    }
}

//! How the program is: for `/readyz`, `/metrics` and the doctor.
//!
//! Whatever hangs, these answer: what this process knows by itself is always in the answer, and what
//! the database knows is waited for so long.

use std::{future::Future, time::Duration};

use chrono::TimeDelta;
use prometheus::{Encoder, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use tokio::sync::Mutex;

use super::{App, Error, ErrorKind};
use crate::{
    domain::Time,
    process::descriptors::Descriptors,
    store::{faults, incidents, outbox, timers},
};

/// The database answers within this, or commands cannot be answered either.
const ANSWER: Duration = Duration::from_millis(1_500);
/// So long for what is wrong but keeps nobody from working; with the above, less than two seconds.
const NOTICES: Duration = Duration::from_millis(400);
/// So long for the figures that the database has.
const FIGURES: Duration = Duration::from_secs(5);

/// Figures are read again when they are so old, unless it is said otherwise.
pub(super) const FRESH: TimeDelta = TimeDelta::seconds(5);

/// The figures that were read last, and when.
#[derive(Default)]
pub(super) struct Figures(Mutex<Option<(Time, String)>>);

impl App {
    /// What does not keep it from working, in sentences; an error only if this process cannot answer
    /// commands. Answers within two seconds, whatever hangs.
    pub async fn readiness(&self) -> Result<Vec<String>, Error> {
        let mut notices = self.pulse.complaints();
        soon(ANSWER, self.can_answer()).await.unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::Unavailable,
                "database-silent",
                "The database does not answer.",
                "Look whether it runs, and at the network to it.",
            ))
        })?;
        match soon(NOTICES, self.notices()).await {
            Some(Ok(found)) => notices.extend(found),
            Some(Err(error)) => notices.push(error.sentence),
            None => notices
                .push("What else is wrong could not be read from the database in time.".to_owned()),
        }
        Ok(notices)
    }

    async fn can_answer(&self) -> Result<(), Error> {
        self.store.ping().await?;
        if !self.store.is_up_to_date().await? {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "database-not-migrated",
                "The database is not up to date.",
                "Run: oyez migrate",
            ));
        }
        Ok(())
    }

    async fn notices(&self) -> Result<Vec<String>, Error> {
        let mut notices: Vec<String> = faults::standing(self.store.read())
            .await?
            .into_iter()
            .map(|fault| fault.sentence)
            .collect();
        if !self.template_faults.is_empty() {
            notices.push(
                "Templates of your own have faults; the built-in ones are used. See: oyez doctor"
                    .to_owned(),
            );
        }
        notices.extend(self.policy_file.iter().map(|file| file.sentence.to_owned()));
        match self.rulebook().await {
            Ok(book) => notices.extend(book.passed_over()),
            Err(error) => notices.push(error.sentence),
        }
        Ok(notices)
    }

    /// Figures in Prometheus' text format: those of this process as they are, those of the database at
    /// most some seconds old. Nothing of a restricted incident is in them.
    pub async fn metrics(&self) -> Result<String, Error> {
        let stored = soon(FIGURES, self.figures_of_the_database()).await;
        match stored {
            Some(Ok(stored)) => Ok(stored + &self.figures_of_the_process(true)?),
            failed => {
                let chain = failed.and_then(Result::err).map(|error| error.chain());
                tracing::warn!(chain, "the database gave no figures");
                self.figures_of_the_process(false)
            }
        }
    }

    /// However many ask, it is read by one at a time.
    async fn figures_of_the_database(&self) -> Result<String, Error> {
        let mut kept = self.figures.0.lock().await;
        let now = self.clock.now();
        if let Some((read_at, text)) = &*kept
            && (TimeDelta::zero()..self.figures_last).contains(&(now - *read_at))
        {
            return Ok(text.clone());
        }
        let text = self.read_figures(now).await?;
        *kept = Some((now, text.clone()));
        Ok(text)
    }

    /// What this process knows without asking anybody.
    fn figures_of_the_process(&self, answers: bool) -> Result<String, Error> {
        let registry = Registry::new();
        let database = plain(
            &registry,
            "oyez_database_answers",
            "Whether the database gave its figures in time",
        )?;
        database.set(i64::from(answers));
        let ages = labelled(
            &registry,
            "oyez_loop_seconds",
            "How long ago a loop of this process last got on",
            "loop",
        )?;
        let hangs = IntCounterVec::new(
            Opts::new(
                "oyez_loop_hangs_total",
                "How often a loop of this process hung",
            ),
            &["loop"],
        )
        .map_err(unmeasured)?;
        registry
            .register(Box::new(hangs.clone()))
            .map_err(unmeasured)?;
        for beat in self.pulse.beats() {
            let part = [beat.part.as_str()];
            ages.with_label_values(&part)
                .set(signed(beat.ago.as_secs()));
            hangs.with_label_values(&part).inc_by(beat.times);
        }
        let opts = Opts::new(
            "oyez_refused_keys_total",
            "Keys refused by this process, by reason",
        );
        let refused = IntCounterVec::new(opts, &["reason"]).map_err(unmeasured)?;
        registry
            .register(Box::new(refused.clone()))
            .map_err(unmeasured)?;
        for (why, count) in self.guessing.counts() {
            refused.with_label_values(&[why.as_str()]).inc_by(count);
        }
        let descriptors = Descriptors::now();
        plain(
            &registry,
            "oyez_descriptors_open",
            "Connections and files that this process has open",
        )?
        .set(signed(descriptors.open.unwrap_or_default()));
        plain(
            &registry,
            "oyez_descriptors_limit",
            "Connections and files that this process may have open",
        )?
        .set(signed(descriptors.limit));
        plain(&registry, "oyez_event_streams", "Event streams open")?
            .set(signed(self.streams.count() as u64));
        text_of(&registry)
    }

    async fn read_figures(&self, now: Time) -> Result<String, Error> {
        let registry = Registry::new();
        let conn = self.store.read();
        let states = labelled(
            &registry,
            "oyez_deliveries",
            "Deliveries by state: all that have not ended, and those that ended in the last 24 hours",
            "state",
        )?;
        for (state, count) in outbox::counts(conn, now).await? {
            states
                .with_label_values(&[state.as_str()])
                .set(signed(count));
        }
        let lanes = labelled(
            &registry,
            "oyez_lane_waiting",
            "Deliveries that wait, by lane",
            "lane",
        )?;
        let ages = labelled(
            &registry,
            "oyez_lane_oldest_seconds",
            "Age of the oldest delivery that is due, by lane",
            "lane",
        )?;
        for (lane, waiting, oldest) in outbox::backlog(conn, now).await? {
            lanes.with_label_values(&[&lane]).set(signed(waiting));
            ages.with_label_values(&[&lane])
                .set((now - oldest).num_seconds().max(0));
        }
        let stopped = labelled(
            &registry,
            "oyez_lanes_stopped",
            "Lanes that are stopped until somebody repairs them, by channel",
            "channel",
        )?;
        for (channel, count) in outbox::stopped_lanes(conn).await? {
            stopped
                .with_label_values(&[channel.as_str()])
                .set(signed(count));
        }
        let faults_now = plain(
            &registry,
            "oyez_faults",
            "Faults that an operator should look at",
        )?;
        faults_now.set(signed(faults::standing_to_count(conn).await?));
        let events = plain(&registry, "oyez_events_total", "Events written so far")?;
        events.set(signed(incidents::events_to_count(conn).await?));
        let late = plain(
            &registry,
            "oyez_timer_late_seconds",
            "How late the next timer is",
        )?;
        late.set(
            timers::next_due_to_count(conn)
                .await?
                .map_or(0, |due| (now - due).num_seconds().max(0)),
        );
        text_of(&registry)
    }
}

/// What comes within so long.
async fn soon<T>(within: Duration, answer: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(within, answer).await.ok()
}

fn text_of(registry: &Registry) -> Result<String, Error> {
    let mut text = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut text)
        .map_err(unmeasured)?;
    String::from_utf8(text).map_err(unmeasured)
}

fn labelled(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
) -> Result<IntGaugeVec, Error> {
    let gauge = IntGaugeVec::new(Opts::new(name, help), &[label]).map_err(unmeasured)?;
    registry
        .register(Box::new(gauge.clone()))
        .map_err(unmeasured)?;
    Ok(gauge)
}

fn plain(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, Error> {
    let gauge = IntGauge::new(name, help).map_err(unmeasured)?;
    registry
        .register(Box::new(gauge.clone()))
        .map_err(unmeasured)?;
    Ok(gauge)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn unmeasured(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "figures",
        "The figures could not be made.",
        "See the log.",
    )
    .caused_by(error)
}

//! What runs beside the doors: delivery, the promise clock, tidying up.
//!
//! Each loop looks for itself, when it is woken and now and then; a wake-up carries no content.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::{
    app::{App, Heartbeat, deliver::Engine},
    clock::SystemClock,
    domain::Time,
    process::{descriptors::Descriptors, systemd},
    store::DeliveryLock,
};

/// The clock is looked at this often even if no timer is known to be due: another process may have
/// set one.
const LOOK: TimeDelta = TimeDelta::seconds(1);
const AFTER_TROUBLE: TimeDelta = TimeDelta::seconds(5);
const TIDY: TimeDelta = TimeDelta::hours(1);
const SYNC: TimeDelta = TimeDelta::minutes(1);
const BEAT: TimeDelta = TimeDelta::minutes(1);
const COUNTED: TimeDelta = TimeDelta::seconds(10);

/// The loops of one process.
pub struct Workers {
    tasks: JoinSet<()>,
    engine: JoinHandle<()>,
}

/// Starts all loops; they end when `stop` shows true, and what is on the wire gets the grace then.
pub fn start(
    app: &Arc<App>,
    system: Option<Arc<SystemClock>>,
    heart: Option<Heartbeat>,
    lock: DeliveryLock,
    stop: &watch::Receiver<bool>,
    grace: Duration,
) -> Workers {
    let engine = Engine::new(
        app.store.clone(),
        Arc::clone(&app.channels),
        Arc::clone(&app.clock),
        lock,
        app.wake.clone(),
    )
    .with_pages(app.pages.clone())
    .with_grace(TimeDelta::from_std(grace).unwrap_or(TimeDelta::days(1)));
    let mut tasks = JoinSet::new();
    tasks.spawn(clock(Arc::clone(app), stop.clone()));
    tasks.spawn(tidy(Arc::clone(app), stop.clone()));
    tasks.spawn(rooms(Arc::clone(app), stop.clone()));
    tasks.spawn(descriptors(Arc::clone(app), stop.clone()));
    if let Some(system) = system {
        tasks.spawn(sync(Arc::clone(app), system, stop.clone()));
    }
    if let Some(heart) = heart {
        tasks.spawn(beat(Arc::clone(app), heart, stop.clone()));
    }
    Workers {
        tasks,
        engine: tokio::spawn(engine.run(stop.clone())),
    }
}

impl Workers {
    /// Waits until all have ended; what is on the wire gets its grace period.
    pub async fn ended(mut self) {
        if let Err(error) = self.engine.await {
            tracing::error!(error = %error, "delivery ended unexpectedly");
        }
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Fires the timers of the promise clock.
async fn clock(app: Arc<App>, stop: watch::Receiver<bool>) {
    loop {
        let now = app.clock.now();
        let next = match app.tick().await {
            Ok(next) => {
                // Withheld, it makes systemd start the process anew.
                systemd::alive();
                next.map_or(now + LOOK, |next| {
                    next.clamp(now + TimeDelta::milliseconds(10), now + LOOK)
                })
            }
            Err(error) => {
                tracing::error!(chain = error.chain(), "the promise clock could not look");
                now + AFTER_TROUBLE
            }
        };
        if stopped(&app, &stop, next).await {
            return;
        }
    }
}

/// Makes the rooms of incidents, and keeps them true.
async fn rooms(app: Arc<App>, stop: watch::Receiver<bool>) {
    loop {
        let now = app.clock.now();
        let next = match app.look_after_rooms().await {
            Ok(()) => now + LOOK,
            Err(error) => {
                tracing::error!(chain = error.chain(), "rooms could not be looked after");
                now + AFTER_TROUBLE
            }
        };
        if stopped(&app, &stop, next).await {
            return;
        }
    }
}

async fn tidy(app: Arc<App>, stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = app.tidy().await {
            tracing::warn!(chain = error.chain(), "tidying up failed");
        }
        if stopped(&app, &stop, app.clock.now() + TIDY).await {
            return;
        }
    }
}

async fn beat(app: Arc<App>, heart: Heartbeat, stop: watch::Receiver<bool>) {
    loop {
        match app.beat(&heart).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("no heartbeat: the outbox does not add up"),
            Err(error) => tracing::warn!(chain = error.chain(), "no heartbeat"),
        }
        if stopped(&app, &stop, app.clock.now() + BEAT).await {
            return;
        }
    }
}

/// Says when descriptors run short.
async fn descriptors(app: Arc<App>, stop: watch::Receiver<bool>) {
    let mut said = None;
    loop {
        match app.look_at_descriptors(Descriptors::now(), said).await {
            Ok(found) => said = Some(found),
            Err(error) => tracing::warn!(
                chain = error.chain(),
                "that descriptors run short, or no longer do, is not on the record"
            ),
        }
        if stopped(&app, &stop, app.clock.now() + COUNTED).await {
            return;
        }
    }
}

/// Keeps the clock at the database's time, so that replicas agree about what is due.
async fn sync(app: Arc<App>, system: Arc<SystemClock>, stop: watch::Receiver<bool>) {
    loop {
        match app.store.clock_offset(|| system.uncorrected()).await {
            Ok(Some(measured)) => system.set_offset(measured.offset),
            // A file has no clock of its own.
            Ok(None) => return,
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database did not tell its time"
            ),
        }
        if stopped(&app, &stop, app.clock.now() + SYNC).await {
            return;
        }
    }
}

/// Waits until a time, or until the stop; says whether it was the stop.
async fn stopped(app: &App, stop: &watch::Receiver<bool>, until: Time) -> bool {
    let mut stop = stop.clone();
    tokio::select! {
        // The sender being gone means that the process is going.
        _ = stop.wait_for(|stop| *stop) => true,
        () = app.clock.sleep_until(until) => false,
    }
}

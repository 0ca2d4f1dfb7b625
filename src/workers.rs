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
    app::{App, Heartbeat, Part, deliver::Engine},
    clock::{Clock, SystemClock},
    process::{descriptors::Descriptors, systemd},
    store::DeliveryLock,
};

/// The clock is looked at this often even if no timer is known to be due: another process may have
/// set one.
const LOOK: Duration = Duration::from_secs(1);
const AFTER_TROUBLE: Duration = Duration::from_secs(5);
const TIDY: Duration = Duration::from_secs(60 * 60);
const SYNC: Duration = Duration::from_secs(60);
const BEAT: Duration = Duration::from_secs(60);
const COUNTED: Duration = Duration::from_secs(10);
/// A time of day that moved by more than this against how long the clock has run was set.
const WAS_SET: TimeDelta = TimeDelta::milliseconds(500);

/// The loops of one process.
pub struct Workers {
    tasks: JoinSet<()>,
    engine: JoinHandle<()>,
}

/// Starts all loops; they end when `stop` shows true, within the grace.
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
    .with_pulse(Arc::clone(&app.pulse))
    // The rest is for what it has to write when nothing is on the wire any more.
    .with_grace(grace * 3 / 4);
    let mut tasks = JoinSet::new();
    tasks.spawn(clock(Arc::clone(app), stop.clone()));
    tasks.spawn(tidy(Arc::clone(app), stop.clone()));
    tasks.spawn(rooms(Arc::clone(app), stop.clone()));
    tasks.spawn(descriptors(Arc::clone(app), stop.clone()));
    tasks.spawn(watch_over(Arc::clone(app), stop.clone()));
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

/// Fires the timers of the promise clock. A look that hangs is given up, and with it the connections
/// that it waited for.
async fn clock(app: Arc<App>, stop: watch::Receiver<bool>) {
    loop {
        app.pulse.begin(Part::Timers);
        let now = app.clock.now();
        let ticked = tokio::select! {
            biased;
            ticked = app.tick() => ticked,
            () = app.pulse.hangs(Part::Timers) => {
                tracing::error!("a look of the promise clock hangs and is given up");
                app.pulse.look();
                continue;
            }
        };
        let pause = match ticked {
            Ok(next) => {
                app.pulse.beat(Part::Timers);
                next.map_or(LOOK, |next| {
                    let until = (next - now).to_std().unwrap_or_default();
                    until.clamp(Duration::from_millis(10), LOOK)
                })
            }
            Err(error) => {
                tracing::error!(chain = error.chain(), "the promise clock could not look");
                AFTER_TROUBLE
            }
        };
        if stopped(&app, &stop, pause).await {
            app.pulse.end(Part::Timers);
            return;
        }
    }
}

/// Says when a loop hangs, and tells systemd that the process is alive as long as each begins a turn from
/// time to time: a database that is away is no reason to end it. It waits for nothing else, so that
/// nothing can hold it up.
async fn watch_over(app: Arc<App>, stop: watch::Receiver<bool>) {
    loop {
        app.pulse.look();
        if app.pulse.turns_over() {
            // Withheld for the time of `WatchdogSec`, it makes systemd end the process and start another.
            systemd::alive();
        }
        if stopped(&app, &stop, LOOK).await {
            return;
        }
    }
}

/// Makes the rooms of incidents, and keeps them true.
async fn rooms(app: Arc<App>, stop: watch::Receiver<bool>) {
    loop {
        let pause = match app.look_after_rooms().await {
            Ok(true) => Duration::ZERO,
            Ok(false) => LOOK,
            Err(error) => {
                tracing::error!(chain = error.chain(), "rooms could not be looked after");
                AFTER_TROUBLE
            }
        };
        if stopped(&app, &stop, pause).await {
            return;
        }
    }
}

async fn tidy(app: Arc<App>, stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = app.tidy().await {
            tracing::warn!(chain = error.chain(), "tidying up failed");
        }
        if stopped(&app, &stop, TIDY).await {
            return;
        }
    }
}

async fn beat(app: Arc<App>, heart: Heartbeat, stop: watch::Receiver<bool>) {
    loop {
        match app.beat(&heart).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("no heartbeat: something hangs, or the outbox does not add up")
            }
            Err(error) => tracing::warn!(chain = error.chain(), "no heartbeat"),
        }
        if stopped(&app, &stop, BEAT).await {
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
        if stopped(&app, &stop, COUNTED).await {
            return;
        }
    }
}

/// Keeps the clock at the database's time, so that replicas agree about what is due: every minute, and
/// at once when the time of day of this machine was set, or when the machine was asleep.
async fn sync(app: Arc<App>, system: Arc<SystemClock>, stop: watch::Receiver<bool>) {
    let time_of_day = || {
        let running = TimeDelta::from_std(system.running()).unwrap_or(TimeDelta::MAX);
        system.uncorrected() - running
    };
    loop {
        let (before, since) = (time_of_day(), system.running());
        let pause = match app.store.clock_offset(|| system.steady()).await {
            Ok(Some(measured)) => {
                system.set_offset(measured.offset);
                SYNC
            }
            // A file has no clock of its own.
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the database did not tell its time"
                );
                AFTER_TROUBLE
            }
        };
        while system.running() < since + pause && (time_of_day() - before).abs() < WAS_SET {
            if stopped(&app, &stop, LOOK).await {
                return;
            }
        }
    }
}

/// Pauses for so long, or until the stop; says whether it was the stop.
async fn stopped(app: &App, stop: &watch::Receiver<bool>, pause: Duration) -> bool {
    let mut stop = stop.clone();
    tokio::select! {
        // The sender being gone means that the process is going.
        _ = stop.wait_for(|stop| *stop) => true,
        () = app.clock.pause(pause) => false,
    }
}

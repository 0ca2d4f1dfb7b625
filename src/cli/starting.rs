//! Starting to serve: at once, or when the database is there.
//!
//! A machine that starts its services together, or a database server that is being updated, must not end
//! in systemd giving up. So what is away is waited for: the log says so, `/readyz` says so, and
//! `systemctl status` does.

use std::{future::Future, net::SocketAddr, path::Path, pin::Pin, time::Duration};

use super::output::Output;
use crate::{
    app::Error,
    clock::{Clock, SystemClock},
    config::{Engine, Settings},
    process::systemd,
    startup::{self, Started},
    web,
};

/// What is away is looked for this often.
const LOOK: Duration = Duration::from_secs(1);
/// It is in the log this often.
const SAY: u32 = 60;
/// A watchdog is told this often that the start goes on: to bring a large database up to date takes long.
const ALIVE: Duration = Duration::from_secs(5);

/// Starts, waiting for a database server that is away; `None` if it was told to stop first. The settings
/// are read before each try, so that they can be put right meanwhile.
pub(super) async fn start(
    config: Option<&Path>,
    migrate: bool,
    output: Output,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<Option<Started>, Error> {
    systemd::status("Starting");
    let clock = SystemClock::new();
    let mut door = None;
    let mut tries: u32 = 0;
    let started = loop {
        let settings = startup::settings(config, output.takes_colour())?;
        let (engine, server) = (settings.database.engine, settings.server.clone());
        let built = tokio::select! {
            built = build(settings, migrate, &clock) => built,
            // The first try is ended by the signal itself, as any command is.
            () = stop.as_mut(), if tries > 0 => break None,
        };
        let error = match built {
            Ok(started) => break Some(started),
            Err(error) if is_away(engine, &error) => error,
            Err(error) => return Err(error),
        };
        if tries.is_multiple_of(SAY) {
            tracing::error!(
                code = error.code,
                chain = error.chain(),
                "waiting for the database, to start as soon as it is there"
            );
        }
        tries = tries.saturating_add(1);
        if door.is_none() {
            door = listen(server.listen, &error, server.shutdown_grace, output);
            systemd::started(&format!("Waiting: {}", error.sentence));
        }
        systemd::alive();
        tokio::select! {
            () = clock.pause(LOOK) => {}
            () = stop.as_mut() => break None,
        }
    };
    if let Some(door) = door {
        door.close().await;
    }
    Ok(started)
}

/// Puts the program together, and lets a watchdog know that this goes on.
async fn build(settings: Settings, migrate: bool, clock: &SystemClock) -> Result<Started, Error> {
    let mut building = std::pin::pin!(startup::build(settings, migrate));
    loop {
        tokio::select! {
            built = building.as_mut() => return built,
            () = clock.pause(ALIVE) => systemd::alive(),
        }
    }
}

/// Whether the server of the database is away. A file is not waited for: it is there, or it is a matter
/// of the settings.
fn is_away(engine: Engine, error: &Error) -> bool {
    engine == Engine::Postgres && matches!(error.code.as_str(), "database-away" | "database-busy")
}

/// What answers meanwhile; nothing where that is not to be had.
fn listen(
    listen: SocketAddr,
    why: &Error,
    grace: Duration,
    output: Output,
) -> Option<web::Waiting> {
    match web::Waiting::listen(listen, why, grace) {
        Ok(waiting) => {
            for address in &waiting.addresses {
                output.say(&format!("Waiting for the database, at http://{address}"));
            }
            Some(waiting)
        }
        Err(error) => {
            tracing::warn!(%error, "nothing listens while the database is away");
            None
        }
    }
}

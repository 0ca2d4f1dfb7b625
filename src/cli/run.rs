//! Commands that run the program, and those that need no database.

use std::{path::Path, pin::pin, sync::Arc};

use clap::Command;
use clap_complete::Shell;
use tokio::sync::watch;

use super::{
    admin_args::{Demo, Doctor, Serve},
    output::{Exit, Output},
    starting,
};
use crate::{
    app::{self, Error, ErrorKind, Finding, Surroundings},
    config::Mode,
    demo,
    process::{descriptors, systemd},
    simulators, startup, web, workers,
};

/// `oyez serve`
pub async fn serve(config: Option<&Path>, args: &Serve, output: Output) -> Result<Exit, Error> {
    descriptors::raise();
    let mut stop = pin!(signal());
    match starting::start(config, !args.no_migrate, output, stop.as_mut()).await? {
        Some(started) => serve_until(started, output, &[], None, stop).await,
        // Stopped before it had begun.
        None => Ok(Exit::Done),
    }
}

/// Serves until a signal to stop; says where it listens, and what the caller adds. The simulators of a
/// demo are told where that is, and stop with it.
async fn serve_until(
    started: startup::Started,
    output: Output,
    more: &[String],
    stand: Option<demo::Stand>,
    asked_to_stop: impl Future<Output = ()>,
) -> Result<Exit, Error> {
    let startup::Started {
        app,
        clock,
        practice,
        heartbeat,
        settings,
        doors,
        ..
    } = started;
    let token = ulid::Ulid::generate().to_string();
    let Some(lock) = app.store.try_lock_delivery(&token).await? else {
        return Err(Error::new(
            ErrorKind::Conflict,
            "already-serving",
            "Another process serves this database already.",
            "Stop it first, or use PostgreSQL for several servers.",
        ));
    };
    app.refresh_timers().await?;
    let app = Arc::new(app);
    let (stop, stopping) = watch::channel(false);
    let grace = settings.server.shutdown_grace;
    let server = web::listen(
        Arc::clone(&app),
        doors,
        web::Stop::new(stopping.clone()),
        settings.server.listen,
        grace,
    )
    .map_err(|error| {
        Error::new(
            ErrorKind::Unavailable,
            "cannot-listen",
            format!("Cannot listen on {}: {error}.", settings.server.listen),
            "Stop what listens there, or change server.listen.",
        )
        .caused_by(error)
    })?;
    let workers = workers::start(&app, Some(clock), heartbeat, lock, &stopping, grace);
    if let Some(stand) = &stand {
        let file = settings.sending.practice_clock.as_deref();
        let ahead = practice.as_ref().zip(file).map(|(clock, file)| {
            Arc::new(demo::Ahead::new(&app, clock, file)) as Arc<dyn simulators::Practice>
        });
        stand.meet(&server.addresses, ahead);
    }
    for address in &server.addresses {
        output.say(&format!("Listening on http://{address}"));
    }
    for line in more {
        output.say(line);
    }
    let handle = server.handle.clone();
    let running = tokio::spawn(server.running);
    systemd::started("Serving");
    asked_to_stop.await;
    systemd::stopping();
    tracing::info!("stopping: no new requests, finishing what is on its way");
    // Streams end first, or the server would wait for them; then requests, then deliveries.
    stop.send_replace(true);
    let ended = tokio::time::timeout(grace, async {
        handle.stop(true).await;
        workers.ended().await;
        if let Some(stand) = stand {
            stand.stop().await;
        }
        if let Ok(Err(error)) = running.await {
            tracing::error!(error = %error, "the server ended with a fault");
        }
        app.close().await;
    });
    if ended.await.is_err() {
        // What was on the wire is in doubt, as after a crash; its leases lapse.
        tracing::error!("something hangs, so the process ends without waiting for it");
    }
    Ok(Exit::Done)
}

/// Ends at SIGTERM or Ctrl-C.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt => {}
            }
        }
        Err(error) => {
            tracing::warn!(error = %error, "SIGTERM cannot be caught; stop with Ctrl-C");
            let _ = interrupt.await;
        }
    }
}

/// `oyez demo`
pub async fn demo(args: Demo, output: Output) -> Result<Exit, Error> {
    let prepared = demo::prepare(&args.folder, args.fresh, output.takes_colour()).await?;
    output.say(&prepared.greeting);
    if args.prepare_only {
        if let Some(stand) = prepared.stand {
            stand.stop().await;
        }
        prepared.started.app.close().await;
        return Ok(Exit::Done);
    }
    let (started, stand) = (prepared.started, prepared.stand);
    serve_until(started, output, &prepared.hints, stand, signal()).await
}

/// `oyez doctor`
pub async fn doctor(config: Option<&Path>, args: &Doctor, output: Output) -> Result<Exit, Error> {
    descriptors::raise();
    let (findings, started) = examine(config, output.takes_colour()).await;
    let sent = match (&args.send_test_to, &started) {
        (Some(address), Some(started)) => Some(started.app.test_address(address).await?),
        _ => None,
    };
    let (fix, warn) = (count(&findings, "FIX"), count(&findings, "WARN"));
    output.answer(&findings, |page| {
        for finding in &findings {
            page.line(format!("{:<5} {}", finding.grade, finding.sentence));
        }
        page.line(format!(
            "{fix} to fix, {warn} {}, {} OK",
            if warn == 1 { "warning" } else { "warnings" },
            findings.len() - fix - warn
        ));
        if let Some(progress) = &sent {
            page.line(format!(
                "{} of {} test messages accepted.",
                progress.accepted + progress.delivered,
                progress.total
            ));
        }
        Ok(())
    })?;
    if let Some(started) = started {
        started.app.close().await;
    }
    Ok(if fix == 0 {
        Exit::Done
    } else {
        Exit::CheckFailed
    })
}

/// Looks as far as the program can be put together: a fault at the start is a finding, too.
async fn examine(config: Option<&Path>, colour: bool) -> (Vec<Finding>, Option<startup::Started>) {
    let settings = match startup::quiet_settings(config, colour) {
        Ok(settings) => settings,
        Err(error) => return (app::not_started(&error), None),
    };
    let shown = settings.shown.clone();
    let started = match startup::look(settings).await {
        Ok(started) => started,
        Err(error) => {
            let mut findings = app::settings_found(&shown);
            findings.extend(app::not_started(&error));
            return (findings, None);
        }
    };
    let settings = &started.settings;
    let around = Surroundings {
        settings: &settings.shown,
        off: &started.off,
        practice: settings.sending.mode == Mode::Practice,
        policy_file: settings.policy.file.as_deref(),
        listen: settings.server.listen,
        public_url: settings.server.public_url.as_deref(),
        capture_dir: &settings.sending.capture_dir,
        slack: started
            .doors
            .slack
            .as_ref()
            .and_then(|door| door.app.as_ref()),
    };
    (started.app.examine(&around).await, Some(started))
}

fn count(findings: &[Finding], grade: &str) -> usize {
    findings
        .iter()
        .filter(|finding| finding.grade == grade)
        .count()
}

/// `oyez completions`
pub fn completions(command: &mut Command, shell: Shell, output: Output) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "oyez", &mut script);
    output.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// `oyez man`
pub fn man_pages(command: &Command, folder: &Path, output: Output) -> Result<Exit, Error> {
    let unwritable = |error: std::io::Error| {
        Error::new(
            ErrorKind::Unavailable,
            "unwritable-file",
            format!("{} cannot be written: {error}.", folder.display()),
            "Check the folder and its permissions.",
        )
        .caused_by(error)
    };
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    clap_mangen::generate_to(command.clone(), folder).map_err(unwritable)?;
    output.say(&format!("Wrote man pages to {}.", folder.display()));
    Ok(Exit::Done)
}

//! `oyez demo`: the fictional Northshire Learning Agency, in practice mode, with simulators of Teams
//! and Slack beside it.
//!
//! [`seed`] is what is in it, [`stand`] the simulators, [`settings`] the file by which other commands
//! find it all.

mod seed;
mod settings;
mod stand;

use std::path::Path;

use crate::{
    app::{Error, ErrorKind},
    disk,
    startup::{self, Started},
};
use settings::CONFIG;
pub use stand::{Ahead, Stand};

/// A demo that is ready to be served.
pub struct Prepared {
    /// The program.
    pub started: Started,
    /// The simulators; `None` in a demo that was made without.
    pub stand: Option<Stand>,
    /// What is said at once.
    pub greeting: String,
    /// What to try, said once it listens.
    pub hints: Vec<String>,
}

/// Makes the folder, its settings and its database; one that is there already is used as it is.
pub async fn prepare(folder: &Path, fresh: bool, colour: bool) -> Result<Prepared, Error> {
    if fresh {
        clear(folder).await?;
    }
    let config = folder.join(CONFIG);
    let stand = if config.exists() {
        match settings::ports(&config).await? {
            Some(ports) => Some(Stand::again(folder, ports).await?),
            None => None,
        }
    } else {
        disk::make_folder(folder)
            .await
            .map_err(|error| no_folder(folder, error))?;
        let stand = Stand::new(folder).await?;
        settings::write(folder, &stand).await?;
        Some(stand)
    };
    let settings = startup::settings(Some(&config), colour)?;
    let started = startup::build(settings, true).await?;
    if started.app.directory_size().await? == 0 {
        seed::fill(&started.app, stand.as_ref()).await?;
    }
    if let Some(stand) = &stand {
        stand.introduce(&started.app).await?;
        stand.tell_time_by(&started.app.clock);
        stand.save().await;
    }
    let config = config.display();
    let mut hints: Vec<String> = stand.iter().flat_map(Stand::pages).collect();
    hints.extend([
        format!("From another terminal: oyez --config {config} list"),
        format!(
            "                       oyez --config {config} who --priority P1 --service register-trainees"
        ),
        format!("Messages are captured in {}", folder.join("mail").display()),
    ]);
    Ok(Prepared {
        started,
        stand,
        greeting: "Practice mode: nothing leaves this machine.".to_owned(),
        hints,
    })
}

fn no_folder(folder: &Path, error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "unwritable-file",
        format!("{} cannot be made: {error}.", folder.display()),
        "Check its permissions, or name another folder with --folder.",
    )
    .caused_by(error)
}

async fn clear(folder: &Path) -> Result<(), Error> {
    // Only what a demo made is taken away: somebody may have named another folder by mistake.
    if folder.exists() && !folder.join(CONFIG).exists() {
        return Err(Error::new(
            ErrorKind::Refused,
            "not-a-demo",
            format!(
                "{} was not made by oyez demo, so it is left alone.",
                folder.display()
            ),
            "Name another folder with --folder.",
        ));
    }
    match tokio::fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::new(
            ErrorKind::Unavailable,
            "unwritable-file",
            format!("{} cannot be removed: {error}.", folder.display()),
            "Check its permissions, or name another folder with --folder.",
        )
        .caused_by(error)),
        _ => Ok(()),
    }
}

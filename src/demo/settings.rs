//! The settings file of the demo: with it any other command finds the same database and simulators.
//!
//! It is written once, with the ports that were free then, and never again: somebody may have changed
//! it, and other terminals have read it. So a demo that starts again listens where it did before.

use std::path::{Path, PathBuf};

use super::stand::{BOT, SLACK, Stand};
use crate::app::{Error, ErrorKind, files};

/// What the file is called.
pub(super) const CONFIG: &str = "oyez.toml";
const POLICY: &str = include_str!("../../config/northshire/policy.toml");

/// Writes settings and policy.
pub(super) async fn write(folder: &Path, stand: &Stand) -> Result<(), Error> {
    files::write(&folder.join("policy.toml"), POLICY).await?;
    let place = |name: &str| -> Result<PathBuf, Error> {
        std::path::absolute(folder.join(name)).map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                "no-folder",
                "The folder cannot be found.",
                "Name another with --folder.",
            )
            .caused_by(error)
        })
    };
    let text = format!(
        "# Settings of the demo. Nothing leaves this machine: messages become files in capture_dir, but\n\
         # for those to the simulators of Teams and Slack, which run as long as the demo does.\n\
         [database]\nurl = {:?}\n\n\
         [policy]\nfile = {:?}\n\n\
         [sending]\nmode = \"practice\"\ncapture_dir = {:?}\n\
         simulators = [\"teams\", \"slack\"]\npractice_clock = {:?}\n\n\
         [http]\nallow_private = [\"127.0.0.0/8\"]\n\n\
         [channels.email]\nhost = \"127.0.0.1\"\nport = 25\ntls = \"none\"\nfrom = \"Northshire incidents <incidents@northshire.example>\"\n\n\
         # The simulators know these ids and secrets, and nobody else does.\n\
         [channels.teams]\napp_id = {:?}\ntenant = {:?}\nsecret = {:?}\n\
         login_url = {:?}\nservice_url = {:?}\nhosts = []\n\n\
         [teams]\nmetadata_url = {:?}\n\n\
         [channels.slack]\ntoken = {:?}\napi = {:?}\n\n\
         [slack]\nsecret_signing = {:?}\n\n\
         [channels.teams_workflow]\nenabled = true\n\n\
         [channels.slack_webhook]\nenabled = true\n\n\
         [channels.webhook]\nsigning_key = \"whsec_cHJhY3RpY2Utb25seS1wcmFjdGljZS1vbmx5LTEyMzQ=\"\n",
        format!("sqlite://{}", place("oyez.db")?.display()),
        place("policy.toml")?,
        place("mail")?,
        place("clock")?,
        BOT.0,
        BOT.1,
        BOT.2,
        stand.teams_base(),
        stand.service_url(),
        stand.metadata_url(),
        SLACK.0,
        stand.api(),
        SLACK.1,
    );
    files::write(&folder.join(CONFIG), text).await
}

/// The ports of Teams and of Slack; `None` for a demo from before there were simulators.
pub(super) async fn ports(config: &Path) -> Result<Option<(u16, u16)>, Error> {
    let text = files::read_text(config).await?;
    // What is wrong with the file is said when the settings are read.
    let Ok(table) = text.parse::<toml::Table>() else {
        return Ok(None);
    };
    let port = |channel: &str, key: &str| -> Option<u16> {
        let url = table.get("channels")?.get(channel)?.get(key)?.as_str()?;
        reqwest::Url::parse(url).ok()?.port()
    };
    Ok(port("teams", "service_url").zip(port("slack", "api")))
}

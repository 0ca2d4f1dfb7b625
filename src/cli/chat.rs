//! `oyez slack …` and `oyez teams …`: what the other side wants to know of the app.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::output::{Exit, Output};
use crate::{
    app::{Error, ErrorKind},
    chatops::manifest,
    disk,
    files::package,
};

/// `oyez slack`
#[derive(Debug, Subcommand)]
pub enum Slack {
    /// Print the manifest from which Slack makes the app
    #[command(before_help = "Example:
  oyez slack manifest --url https://oyez.northshire.example > slack.json")]
    Manifest {
        /// Where people reach this Oyez
        #[arg(long, value_parser = base)]
        url: String,
        /// Ask for what channels.slack.channel_per_incident needs
        #[arg(long)]
        channel_per_incident: bool,
    },
}

/// `oyez teams`
#[derive(Debug, Subcommand)]
pub enum Teams {
    /// Write the package with which Teams installs the app
    #[command(before_help = "Example:
  oyez teams manifest --url https://oyez.northshire.example \\
      --app-id f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11 --out oyez.zip")]
    Manifest(TeamsManifest),
}

/// `oyez teams manifest`
#[derive(Debug, Args)]
pub struct TeamsManifest {
    /// Where people reach this Oyez
    #[arg(long, value_parser = base)]
    url: String,
    /// The id of the bot's app in Microsoft Entra, as in channels.teams.app_id
    #[arg(long, value_parser = app_id)]
    app_id: String,
    /// The version of the package; a higher one replaces what is installed
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
    /// The file to write; without it, the manifest alone is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `oyez slack …`
pub fn slack(command: Slack, output: Output) -> Result<Exit, Error> {
    let Slack::Manifest {
        url,
        channel_per_incident,
    } = command;
    let manifest = manifest::slack(&url, channel_per_incident);
    output.answer(&manifest, |page| {
        page.line(serde_json::to_string_pretty(&manifest)?);
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// `oyez teams …`
pub async fn teams(command: Teams, output: Output) -> Result<Exit, Error> {
    let Teams::Manifest(args) = command;
    let manifest = manifest::teams(&args.app_id, &args.url, &args.version);
    let Some(file) = args.out else {
        output.answer(&manifest, |page| {
            page.line(serde_json::to_string_pretty(&manifest)?);
            Ok(())
        })?;
        return Ok(Exit::Done);
    };
    let package = package::teams(&format!("{manifest:#}\n")).map_err(failed)?;
    disk::write(&file, package).await.map_err(failed)?;
    output.say(&format!(
        "Wrote {}. Upload it in the Teams admin centre, or with \"Upload a custom app\" in Teams.",
        file.display()
    ));
    Ok(Exit::Done)
}

fn failed(error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "cannot-write",
        format!("The package cannot be written: {error}."),
        "Choose another file with --out.",
    )
    .caused_by(error)
}

fn base(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    if text.starts_with("https://") && text.len() > "https://".len() {
        Ok(text.to_owned())
    } else {
        Err("use the address that people's browsers reach, beginning with https://".to_owned())
    }
}

fn app_id(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let is_hex = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if is_hex && lengths == [8, 4, 4, 4, 12] {
        Ok(text)
    } else {
        Err("copy it from the overview of the app in Microsoft Entra".to_owned())
    }
}

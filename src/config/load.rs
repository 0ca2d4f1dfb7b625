//! Finds the layers of the settings and lays them over each other.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{ChannelCheck, DEFAULT_FILE, DEFAULTS, Settings, SettingsError};
use crate::{domain::fault::Fault, section::Section};

const PREFIX: &str = "OYEZ__";

/// Keys that name a file or a folder; a path in a settings file starts at that file's folder.
const PATHS: [&str; 5] = [
    "database.url",
    "policy.file",
    "sending.capture_dir",
    "sending.practice_clock",
    "templates.overrides",
];

/// What the settings are read from; tests bring their own.
pub(super) struct Sources<'a> {
    /// The file named by the person.
    pub(super) file: Option<&'a Path>,
    /// The environment.
    pub(super) environment: Vec<(OsString, OsString)>,
    /// Reads a file.
    pub(super) read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// Looks at the table of a channel.
    pub(super) channel: ChannelCheck<'a>,
}

impl Settings {
    /// Reads the settings of this process: the file named by `--config`, else `oyez.toml` if there
    /// is one, and the environment. `channel` looks at the table of each channel, so that its faults
    /// are named with all others.
    pub fn load(file: Option<&Path>, channel: ChannelCheck<'_>) -> Result<Self, SettingsError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        let environment = std::env::vars_os().collect();
        Self::from_sources(&Sources {
            file,
            environment,
            read: &|path| fs::read_to_string(path),
            channel,
        })
    }

    pub(super) fn from_sources(sources: &Sources<'_>) -> Result<Self, SettingsError> {
        let mut faults = Vec::new();
        let mut root = Section::parse(DEFAULTS, include_str!("../../config/default.toml"))
            .map_err(|faults| SettingsError { faults })?;
        for layer in [
            file_layer(sources, &mut faults),
            environment_layer(sources, &mut faults),
        ] {
            root.overlay(layer);
        }
        Self::checked(root, faults, sources.channel)
    }
}

/// Whether the terminal that this process was started on may be sent colours: NO_COLOR
/// (<https://no-color.org>) and a TERM that says "dumb" forbid it.
pub fn terminal_takes_colour() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    let read = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    read("NO_COLOR").is_none() && read("TERM").is_some_and(|term| term != "dumb")
}

fn file_layer(sources: &Sources<'_>, faults: &mut Vec<Fault>) -> Section {
    let path = sources.file.unwrap_or(Path::new(DEFAULT_FILE));
    let name = path.display().to_string();
    let text = match (sources.read)(path) {
        Ok(text) => text,
        Err(error) if sources.file.is_none() && error.kind() == io::ErrorKind::NotFound => {
            return Section::empty(&name);
        }
        Err(error) => {
            let fault = Fault::new(
                format!("The settings file cannot be read: {error}."),
                "Correct --config, or let Oyez read the file.",
            );
            faults.push(fault.in_file(&name));
            return Section::empty(&name);
        }
    };
    let mut layer = Section::parse(&name, &text).unwrap_or_else(|found| {
        faults.extend(found);
        Section::empty(&name)
    });
    let folder = path.parent().unwrap_or(Path::new(""));
    layer.relocate(&PATHS, &|text| inside(folder, text));
    faults.extend(layer.read_secret_files(sources.read));
    layer
}

fn environment_layer(sources: &Sources<'_>, faults: &mut Vec<Fault>) -> Section {
    let mut layer = Section::empty("environment");
    for (name, value) in &sources.environment {
        faults.extend(set_variable(&mut layer, name, value).err());
    }
    faults.extend(layer.read_secret_files(sources.read));
    layer
}

/// The path, or the path in the URL of a SQLite file, seen from a folder.
fn inside(folder: &Path, text: &str) -> Option<String> {
    if folder.as_os_str().is_empty() {
        return None;
    }
    let seen = |path: &str| {
        let path: PathBuf = folder.join(path);
        path.to_str().map(str::to_owned)
    };
    match text.split_once("://") {
        Some(("sqlite", path)) => Some(format!("sqlite://{}", seen(path)?)),
        Some(_) => None,
        None => seen(text),
    }
}

fn set_variable(root: &mut Section, name: &OsString, value: &OsString) -> Result<(), Fault> {
    let name = name.to_string_lossy();
    let Some(path) = name.strip_prefix(PREFIX) else {
        return Ok(());
    };
    let place = format!("environment {name}");
    let path: Vec<String> = path.split("__").map(str::to_lowercase).collect();
    if path.len() < 2 || path.iter().any(String::is_empty) {
        return Err(Fault::new(
            "The name of the variable is not one of a setting.",
            "Write OYEZ__TABLE__KEY, for example OYEZ__SERVER__LISTEN.",
        )
        .in_file(place));
    }
    let Some(value) = value.to_str() else {
        return Err(Fault::new(
            "The value is not UTF-8 text.",
            "Correct the value, or put it into a file and name that with a key that ends in _file.",
        )
        .in_file(place));
    };
    if value.is_empty() {
        return Ok(());
    }
    root.set_from_environment(&path, &name, value.to_owned())
}

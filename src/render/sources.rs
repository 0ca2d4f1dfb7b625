//! Template files: those built in, and those of the organisation's own folder.
//!
//! Names are paths without `.hbs`: `email/declared.owners.text`, `words/declared`,
//! `partials/email/top`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use crate::domain::{
    Audience, ChannelName, channel::Part, fault::Fault, nearest, notification::Moment,
};

/// Name and text of every built-in template.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Folder of the words that all channels share.
pub(super) const WORDS: &str = "words";
/// Folder of shared pieces.
pub(super) const PARTIALS: &str = "partials";

/// Folder of the pages that this server shows; they are no messages.
const PAGES: &str = "pages";

/// One template file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) text: String,
    /// The file as people name it.
    pub(super) file: String,
    /// Whether it is the organisation's own.
    pub(super) own: bool,
}

/// Template files by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources(pub(super) BTreeMap<String, Source>);

/// Name and text of the pages that this server shows; the name is without their folder.
pub(super) fn built_in_pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let in_folder = |(name, text): &(&'static str, &'static str)| {
        let (folder, name) = name.split_once('/')?;
        (folder == PAGES).then_some((name, *text))
    };
    BUILT_IN.iter().filter_map(in_folder)
}

impl Sources {
    /// The templates of messages that come with the program.
    pub(super) fn built_in() -> Self {
        let is_page = |name: &str| {
            name.split_once('/')
                .is_some_and(|(folder, _)| folder == PAGES)
        };
        let of_messages = BUILT_IN.iter().filter(|(name, _)| !is_page(name));
        let sources = of_messages.map(|(name, text)| {
            let source = Source {
                text: (*text).to_owned(),
                file: format!("templates/{name}.hbs"),
                own: false,
            };
            ((*name).to_owned(), source)
        });
        Self(sources.collect())
    }

    /// Lays the files of a folder over these. Files that could never be used are faults.
    pub(super) fn overlay(
        &mut self,
        folder: &Path,
        channels: &BTreeMap<ChannelName, &'static [Part]>,
    ) -> Vec<Fault> {
        let mut files = Vec::new();
        let mut faults = Vec::new();
        if let Err(error) = collect(folder, &mut files) {
            faults.push(
                Fault::new(
                    format!("The folder of templates cannot be read: {error}."),
                    "Check that it exists and that Oyez may read it.",
                )
                .in_file(folder.display().to_string()),
            );
        }
        files.sort();
        for path in files {
            let file = path.display().to_string();
            match self.read(folder, &path, channels) {
                Ok((name, text)) => {
                    let source = Source {
                        text,
                        file,
                        own: true,
                    };
                    self.0.insert(name, source);
                }
                Err(fault) => faults.push(fault.in_file(file)),
            }
        }
        faults
    }

    fn read(
        &self,
        folder: &Path,
        path: &Path,
        channels: &BTreeMap<ChannelName, &'static [Part]>,
    ) -> Result<(String, String), Fault> {
        let name = path
            .strip_prefix(folder)
            .ok()
            .and_then(|path| path.with_extension("").to_str().map(str::to_owned))
            .ok_or_else(|| {
                Fault::new(
                    "The name of this file is not plain text.",
                    "Name it like the built-in template that it replaces.",
                )
            })?
            .replace('\\', "/");
        check_name(&name, channels)?;
        let text = fs::read_to_string(path).map_err(|error| {
            Fault::new(
                format!("This file cannot be read: {error}."),
                "Save it as UTF-8 text that Oyez may read.",
            )
        })?;
        Ok((name, text))
    }

    /// The folder whose default templates make exactly these parts; of several the plainest, because
    /// one with more templates does more than its parts say, such as taking taps.
    pub(super) fn stand_in(&self, parts: &[Part]) -> Option<String> {
        let wanted: BTreeSet<&str> = parts.iter().map(|part| part.name).collect();
        let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in self.0.keys() {
            if let Some((folder, file)) = name.split_once('/')
                && let Some(part) = file.strip_prefix("default.")
            {
                folders.entry(folder).or_default().insert(part);
            }
        }
        let same = folders.into_iter().filter(|(_, parts)| *parts == wanted);
        let files = |folder: &str| {
            let is_in = |name: &&String| name.split_once('/').is_some_and(|(at, _)| at == folder);
            self.0.keys().filter(is_in).count()
        };
        same.min_by_key(|(folder, _)| files(folder))
            .map(|(folder, _)| folder.to_owned())
    }

    /// The names under which a part of a message is looked up, the most particular first.
    pub(super) fn candidates(
        channel: &str,
        moment: Moment,
        audience: Audience,
        part: &str,
    ) -> [String; 3] {
        [
            format!("{channel}/{moment}.{audience}.{part}"),
            format!("{channel}/{moment}.{part}"),
            format!("{channel}/default.{part}"),
        ]
    }

    /// The names under which the shared words of a moment are looked up.
    pub(super) fn word_candidates(moment: &str, audience: &str) -> [String; 2] {
        [
            format!("{WORDS}/{moment}.{audience}"),
            format!("{WORDS}/{moment}"),
        ]
    }
}

/// Whether a file of this name could ever be used.
fn check_name(name: &str, channels: &BTreeMap<ChannelName, &'static [Part]>) -> Result<(), Fault> {
    let Some((folder, rest)) = name.split_once('/') else {
        return Err(Fault::new(
            "A template belongs into the folder of its channel.",
            "Move it, for example to email/declared.owners.text.hbs.",
        ));
    };
    if folder == PARTIALS {
        return Ok(());
    }
    let pieces: Vec<&str> = rest.split('.').collect();
    let (moment, audience, part) = match (folder == WORDS, pieces.as_slice()) {
        (true, [moment]) => (*moment, None, None),
        (true, [moment, audience]) => (*moment, Some(*audience), None),
        (false, [moment, part]) => (*moment, None, Some(*part)),
        (false, [moment, audience, part]) => (*moment, Some(*audience), Some(*part)),
        _ => {
            return Err(Fault::new(
                format!("\"{rest}\" is not the name of a template."),
                "Name it moment.audience.part.hbs, moment.part.hbs or default.part.hbs.",
            ));
        }
    };
    let unknown = |what: &str, word: &str, names: &[&str]| {
        let fix = nearest::fix_for(word, names.iter().copied(), "See oyez template check.");
        Err(Fault::new(format!("There is no {what} \"{word}\"."), fix))
    };
    let moments = Moment::ALL.map(Moment::as_str);
    let is_default = moment == "default" && part.is_some() && audience.is_none();
    if !is_default && !moments.contains(&moment) {
        return unknown("moment", moment, &moments);
    }
    let audiences = Audience::ALL.map(Audience::as_str);
    if let Some(audience) = audience.filter(|audience| !audiences.contains(audience)) {
        return unknown("audience", audience, &audiences);
    }
    let Some(part) = part else {
        return Ok(());
    };
    let Some((_, parts)) = channels.iter().find(|(name, _)| name.as_str() == folder) else {
        let names: Vec<&str> = channels.keys().map(ChannelName::as_str).collect();
        return unknown("channel", folder, &names);
    };
    let parts: Vec<&str> = parts.iter().map(|part| part.name).collect();
    if !parts.contains(&part) {
        return unknown("part", part, &parts);
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "hbs") {
            files.push(path);
        }
    }
    Ok(())
}

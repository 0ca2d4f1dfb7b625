//! Facts to words: the only place that knows the template engine.
//!
//! Templates are `templates/<channel>/<moment>.<audience>.<part>.hbs`, else `<moment>.<part>.hbs`,
//! else `default.<part>.hbs`; the words that channels share are `templates/words/<moment>.hbs` or
//! `<moment>.<audience>.hbs`, written for each format by the helpers; pieces of layouts are
//! `templates/partials/`. An organisation's folder may replace any of them.
//!
//! A message that is to be sent is always rendered: by the organisation's templates, else by the
//! built-in ones, else without any. In a preview and in a check every fault is told.

mod check;
mod elements;
mod engine;
mod finish;
mod helpers;
mod last_resort;
mod pages;
mod sources;
mod walk;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::domain::{
    Audience, ChannelName, channel::Part, fault::Fault, notification::Moment, wording::View,
};
use check::Found;
use engine::{Engine, Templates};
pub use pages::PageTemplates;
use sources::Sources;

/// All templates, compiled.
pub struct Renderer {
    /// The built-in templates with the organisation's over them.
    current: Engine,
    /// The built-in templates alone, where they differ.
    built_in: Option<Engine>,
    channels: BTreeMap<ChannelName, &'static [Part]>,
    version: String,
}

/// The words of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// By name of the part; every part of the channel is there.
    pub parts: BTreeMap<String, String>,
    /// Why the words are not those of the template that should have made them.
    pub fault: Option<Fault>,
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renderer")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Renderer {
    /// Compiles the built-in templates, and those of the organisation's folder over them.
    ///
    /// A file of the folder that is broken is not used, and named; the built-in one stays. The
    /// channels are those of which messages are rendered.
    pub fn load(
        overrides: Option<&Path>,
        channels: &[(ChannelName, &'static [Part])],
    ) -> (Self, Vec<Fault>) {
        let channels: BTreeMap<_, _> = channels.iter().cloned().collect();
        let built_in_sources = Sources::built_in();
        let (built_in, broken) =
            Engine::compile(built_in_sources.clone(), &channels, &Templates::new());
        let mut faults: Vec<Fault> = broken.into_iter().map(|(_, fault)| fault).collect();
        let (current, own_faults) = match overrides {
            Some(folder) => {
                let mut sources = built_in_sources.clone();
                let faults = sources.overlay(folder, &channels);
                let (current, broken) =
                    without_broken(sources, &built_in_sources, &channels, &built_in.templates);
                (Some(current), [faults, broken].concat())
            }
            None => (None, Vec::new()),
        };
        faults.extend(own_faults);
        let (current, built_in) = match current {
            Some(current) => (current, Some(built_in)),
            None => (built_in, None),
        };
        let renderer = Self {
            version: version_of(&current.sources),
            current,
            built_in,
            channels,
        };
        (renderer, faults)
    }

    /// The words of a message that is to be sent. Never fails: if a template does, the built-in
    /// words are taken for all parts, and the fault is told for the record.
    pub fn render(
        &self,
        channel: &ChannelName,
        parts: &[Part],
        moment: Moment,
        audience: Audience,
        view: &View,
    ) -> Rendered {
        let fault = match render_all(&self.current, channel, parts, moment, audience, view) {
            Ok(parts) => return Rendered { parts, fault: None },
            Err(mut faults) => faults.pop(),
        };
        let built_in = self
            .built_in
            .as_ref()
            .and_then(|engine| render_all(engine, channel, parts, moment, audience, view).ok());
        let parts = built_in.unwrap_or_else(|| {
            let resort = |part: &Part| (part.name.to_owned(), last_resort::part(part, view));
            parts.iter().map(resort).collect()
        });
        Rendered { parts, fault }
    }

    /// The words of a message for somebody to look at, or everything that is wrong with its
    /// templates.
    pub fn preview(
        &self,
        channel: &ChannelName,
        parts: &[Part],
        moment: Moment,
        audience: Audience,
        view: &View,
    ) -> Result<BTreeMap<String, String>, Vec<Fault>> {
        let mut found = Found::default();
        check::message(&self.current, channel, parts, moment, audience, &mut found);
        let faults: Vec<Fault> = found.broken().map(|(_, fault)| fault).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        render_all(&self.current, channel, parts, moment, audience, view)
    }

    /// Everything that is wrong with the templates in use: names that are no facts, facts that a
    /// message leaves out, unknown partials and helpers, JSON that is none, files nobody uses.
    pub fn check(&self) -> Vec<Fault> {
        let found = check::check(&self.current, &self.channels);
        let mut faults: Vec<Fault> = found.broken().map(|(_, fault)| fault).collect();
        faults.extend(found.silent());
        let folders: BTreeSet<&str> = self.channels.keys().map(ChannelName::as_str).collect();
        for (name, source) in &self.current.sources.0 {
            let folder = name.split('/').next().unwrap_or_default();
            // A channel that is not loaded has its templates all the same.
            let is_ours = folders.contains(folder) || source.own;
            if is_ours && !found.read.contains(name) {
                faults.push(
                    Fault::new(
                        "No message uses this template.",
                        "Delete it, or delete the more particular ones that hide it.",
                    )
                    .in_file(&source.file),
                );
            }
        }
        faults.sort();
        faults.dedup();
        faults
    }

    /// SHA-256, hex, over the names and texts of all templates in use.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Compiles, checks, and takes away what is broken of the organisation's own, until all is well.
fn without_broken(
    mut sources: Sources,
    built_in: &Sources,
    channels: &BTreeMap<ChannelName, &'static [Part]>,
    templates: &Templates,
) -> (Engine, Vec<Fault>) {
    let mut faults = BTreeSet::new();
    loop {
        let (engine, mut broken) = Engine::compile(sources.clone(), channels, templates);
        if broken.is_empty() {
            broken = check::check(&engine, channels).broken().collect();
        }
        let is_own = |name: &String| engine.sources.0.get(name).is_some_and(|source| source.own);
        broken.retain(|(name, _)| is_own(name));
        if broken.is_empty() {
            return (engine, faults.into_iter().collect());
        }
        for (name, fault) in broken {
            match built_in.0.get(&name) {
                Some(source) => sources.0.insert(name, source.clone()),
                None => sources.0.remove(&name),
            };
            faults.insert(fault);
        }
    }
}

fn render_all(
    engine: &Engine,
    channel: &ChannelName,
    parts: &[Part],
    moment: Moment,
    audience: Audience,
    view: &View,
) -> Result<BTreeMap<String, String>, Vec<Fault>> {
    let mut rendered = BTreeMap::new();
    let mut faults = Vec::new();
    for part in parts {
        match engine.part(channel, part, moment, audience, view) {
            Ok(words) => {
                rendered.insert(part.name.to_owned(), words);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(rendered)
    } else {
        Err(faults)
    }
}

fn version_of(sources: &Sources) -> String {
    let mut digest = Sha256::new();
    for (name, source) in &sources.0 {
        for text in [name, &source.text] {
            digest.update(text.len().to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

//! Compiled templates: one registry for each format, because each escapes in its own way.

use std::collections::BTreeMap;

use handlebars::{Handlebars, RenderError, RenderErrorReason, Template, TemplateError};

use crate::domain::{
    Audience, ChannelName,
    channel::{Format, Part},
    fault::Fault,
    notification::Moment,
    text,
    wording::View,
};

use super::{
    finish::{self, Problem},
    helpers,
    sources::{Source, Sources},
};

/// All templates of one set of files, ready to be rendered.
pub(super) struct Engine {
    registries: BTreeMap<u8, Handlebars<'static>>,
    pub(super) sources: Sources,
    pub(super) templates: Templates,
    /// Folders of templates that channels without their own share, by channel.
    stand_ins: BTreeMap<ChannelName, String>,
}

/// Compiled templates by name, each with the text that it was compiled from.
pub(super) type Templates = BTreeMap<String, (String, Template)>;

impl Engine {
    /// Compiles, but for what is compiled already; files that do not compile are left out and
    /// named.
    pub(super) fn compile(
        sources: Sources,
        channels: &BTreeMap<ChannelName, &'static [Part]>,
        have: &Templates,
    ) -> (Self, Vec<(String, Fault)>) {
        let mut registries = BTreeMap::new();
        let mut faults = Vec::new();
        let mut templates = Templates::new();
        for (name, source) in &sources.0 {
            if let Some(same) = have.get(name).filter(|(text, _)| *text == source.text) {
                templates.insert(name.clone(), same.clone());
                continue;
            }
            match Template::compile_with_name(&source.text, name.clone()) {
                Ok(template) => {
                    templates.insert(name.clone(), (source.text.clone(), template));
                }
                Err(error) => faults.push((name.clone(), syntax_fault(source, &error))),
            }
        }
        let formats = channels.values().flat_map(|parts| parts.iter());
        for format in formats.map(|part| part.format) {
            registries
                .entry(format as u8)
                .or_insert_with(|| registry(format, &templates));
        }
        let stand_ins = channels
            .iter()
            .filter_map(|(channel, parts)| Some((channel.clone(), sources.stand_in(parts)?)))
            .collect();
        (
            Self {
                registries,
                sources,
                templates,
                stand_ins,
            },
            faults,
        )
    }

    /// The template that makes a part: the most particular one there is. A channel that is called
    /// otherwise than its kind takes the templates of a kind with the same parts, where it has
    /// none of its own.
    pub(super) fn template_for(
        &self,
        channel: &ChannelName,
        part: &Part,
        moment: Moment,
        audience: Audience,
    ) -> Option<String> {
        let stand_in = self.stand_ins.get(channel).map(String::as_str);
        std::iter::once(channel.as_str())
            .chain(stand_in)
            .flat_map(|folder| Sources::candidates(folder, moment, audience, part.name))
            .find(|name| self.templates.contains_key(name))
    }

    /// A compiled template, for reading.
    pub(super) fn template(&self, name: &str) -> Option<&Template> {
        self.templates.get(name).map(|(_, template)| template)
    }

    /// One part of a message, no longer than the part may be.
    pub(super) fn part(
        &self,
        channel: &ChannelName,
        part: &Part,
        moment: Moment,
        audience: Audience,
        view: &View,
    ) -> Result<String, Fault> {
        let Some(name) = self.template_for(channel, part, moment, audience) else {
            return Err(Fault::new(
                format!(
                    "The channel {channel} has no template for its part {}.",
                    part.name
                ),
                format!("Add templates/{channel}/default.{}.hbs.", part.name),
            ));
        };
        let file = || self.file(&name);
        let finished = finish::cut_to_fit(part, view, |view| self.try_part(&name, part, view))?;
        match finish::fits(&finished, part) {
            Ok(()) => Ok(finished),
            Err(Problem(sentence)) => Err(Fault::new(
                sentence,
                "Shorten the fixed words of this template.",
            )
            .in_file(file())),
        }
    }

    fn try_part(&self, name: &str, part: &Part, view: &View) -> Result<String, Fault> {
        let Some(registry) = self.registries.get(&(part.format as u8)) else {
            return Err(Fault::new(
                format!("No channel was loaded with parts like {}.", part.name),
                "Load the templates with this channel.",
            ));
        };
        let rendered = registry
            .render(name, view)
            .map_err(|error| self.render_fault(name, &error))?;
        finish::finish(&rendered, part.format).map_err(|Problem(sentence)| {
            Fault::new(
                sentence,
                "Look for a missing or a doubled comma, bracket or quotation mark.",
            )
            .in_file(self.file(name))
        })
    }

    pub(super) fn file(&self, name: &str) -> String {
        let source = self.sources.0.get(name);
        source.map_or_else(|| name.to_owned(), |source| source.file.clone())
    }

    fn render_fault(&self, root: &str, error: &RenderError) -> Fault {
        let (message, fix) = match error.reason() {
            RenderErrorReason::MissingVariable(Some(name)) => (
                format!("There is no fact \"{name}\" in this message."),
                "Use one of the facts that this message has.".to_owned(),
            ),
            RenderErrorReason::PartialNotFound(name) => (
                format!("There is no partial \"{name}\"."),
                format!("Add templates/{name}.hbs, or correct the name."),
            ),
            reason => (
                format!("This template cannot be rendered: {reason}."),
                "Correct it as oyez template check says.".to_owned(),
            ),
        };
        let name = error.template_name.as_deref().unwrap_or(root);
        let fault = Fault::new(message, fix).in_file(self.file(name));
        match (error.line_no, error.column_no) {
            (Some(line), Some(column)) => fault.at(line, column),
            _ => fault,
        }
    }
}

fn registry(format: Format, templates: &Templates) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.set_prevent_indent(true);
    registry.register_escape_fn(move |typed| text::escape(typed, format));
    helpers::register(&mut registry, format);
    for (name, (_, template)) in templates {
        registry.register_template(name, template.clone());
    }
    registry
}

fn syntax_fault(source: &Source, error: &TemplateError) -> Fault {
    let reason = error.reason().to_string();
    let reason = reason
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let fault = Fault::new(
        format!("This is not a template: {reason}."),
        "Close every {{#…}} with its {{/…}}, and every {{ with }}.",
    )
    .in_file(&source.file);
    match error.pos() {
        Some((line, column)) => fault.at(line, column),
        None => fault,
    }
}

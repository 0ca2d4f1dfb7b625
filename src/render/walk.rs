//! Reads a template without rendering it: which facts it names, and what it may not do.
//!
//! Strict rendering does not see a misspelt name in `{{#if}}`, and stops at the first fault. This
//! walk finds every name of every branch, following partials and the shared words.

use std::collections::{BTreeMap, BTreeSet};

use handlebars::template::{
    DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement,
};

use crate::domain::{
    Audience,
    fault::Fault,
    nearest,
    notification::Moment,
    wording::{Fact, Kind, declared_facts},
};

use super::{
    engine::Engine,
    helpers,
    sources::{PARTIALS, Sources},
};

/// What a walk found in one message's templates.
pub(super) struct Walk<'e> {
    engine: &'e Engine,
    moment: Moment,
    audience: Audience,
    declared: BTreeMap<&'static str, &'static Fact>,
    /// Names of templates that were read.
    pub(super) read: BTreeSet<String>,
    /// Names of facts that were used.
    pub(super) used: BTreeSet<&'static str>,
    /// Faults, each with the name of the template that has it.
    pub(super) faults: Vec<(String, Fault)>,
}

/// Where the walk is: the template, the facts known to be there, and whether inside an `each`.
#[derive(Clone)]
struct Place<'w> {
    template: &'w str,
    asked: BTreeSet<String>,
    in_each: usize,
    depth: usize,
    at: Option<(usize, usize)>,
}

/// Partials within partials deeper than this go round in a circle.
const DEEPEST: usize = 10;

impl<'e> Walk<'e> {
    pub(super) fn new(engine: &'e Engine, moment: Moment, audience: Audience) -> Self {
        let declared = declared_facts(moment, audience).map(|fact| (fact.name, fact));
        Self {
            engine,
            moment,
            audience,
            declared: declared.collect(),
            read: BTreeSet::new(),
            used: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Reads a template and all that it includes.
    pub(super) fn start(&mut self, name: &str) {
        let place = Place {
            template: name,
            asked: BTreeSet::new(),
            in_each: 0,
            depth: 0,
            at: None,
        };
        self.enter(name, &place);
    }

    fn enter(&mut self, name: &str, from: &Place<'_>) {
        if from.depth > DEEPEST {
            self.fault(
                from,
                format!("\"{name}\" includes itself."),
                "Take out one of the inclusions.",
            );
            return;
        }
        let engine = self.engine;
        let Some(template) = engine.template(name) else {
            return;
        };
        self.read.insert(name.to_owned());
        let place = Place {
            template: name,
            depth: from.depth + 1,
            at: None,
            ..from.clone()
        };
        self.template(template, &place);
    }

    fn template(&mut self, template: &Template, place: &Place<'_>) {
        for (index, element) in template.elements.iter().enumerate() {
            let at = template.mapping.get(index);
            let place = Place {
                at: at.map(|at| (at.0, at.1)),
                ..place.clone()
            };
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(call) => self.expression(call, &place),
                TemplateElement::HtmlExpression(_) => self.fault(
                    &place,
                    "This writes text without escaping it.".to_owned(),
                    "Use two braces, or the helper text.",
                ),
                TemplateElement::HelperBlock(call) => self.block(call, &place),
                TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) => {
                    self.partial(call, &place);
                }
                _ => self.fault(
                    &place,
                    "Decorators are not used in these templates.".to_owned(),
                    "Write a partial in its own file.",
                ),
            }
        }
    }

    fn expression(&mut self, call: &HelperTemplate, place: &Place<'_>) {
        let name = call.name.as_name().unwrap_or_default();
        let bare = call.params.is_empty() && call.hash.is_empty();
        if bare && !helpers::ALLOWED.contains(&name) {
            self.fact(name, &[Kind::Line, Kind::Typed], place);
            return;
        }
        match name {
            "words" => self.words(place),
            "facts" => self.used.extend(self.declared.keys()),
            "reason" | "ask" | "tap" => {}
            "items" => self.params(call, &[Kind::List], place),
            "text" | "labelled" | "inline" | "plain" => {
                self.params(call, &[Kind::Line, Kind::Typed], place);
            }
            _ => self.unknown_helper(name, place),
        }
    }

    fn block(&mut self, call: &HelperTemplate, place: &Place<'_>) {
        let name = call.name.as_name().unwrap_or_default();
        let asked = call.params.first().and_then(Parameter::as_name);
        let mut inside = place.clone();
        let mut otherwise = place.clone();
        match name {
            "if" | "unless" => {
                self.params(
                    call,
                    &[Kind::Line, Kind::Typed, Kind::List, Kind::Flag],
                    place,
                );
                let filled = if name == "if" {
                    &mut inside
                } else {
                    &mut otherwise
                };
                filled
                    .asked
                    .extend(asked.map(|asked| self.plain_name(asked)));
            }
            "each" => {
                self.params(call, &[Kind::List], place);
                inside.in_each += 1;
            }
            "paragraph" if call.params.is_empty() => {}
            _ => self.unknown_helper(name, place),
        }
        if let Some(template) = &call.template {
            self.template(template, &inside);
        }
        if let Some(template) = &call.inverse {
            self.template(template, &otherwise);
        }
    }

    fn partial(&mut self, call: &DecoratorTemplate, place: &Place<'_>) {
        let name = call.name.as_name().unwrap_or_default();
        if !call.params.is_empty() || !call.hash.is_empty() {
            self.fault(
                place,
                format!("The partial \"{name}\" is given values."),
                "Name the facts inside the partial instead.",
            );
        }
        if self.engine.template(name).is_some() {
            self.enter(name, place);
        } else if name != "@partial-block" {
            let names = self.engine.sources.0.keys().map(String::as_str);
            let partials = names.filter(|name| name.starts_with(PARTIALS));
            let fix = nearest::fix_for(name, partials, "Add the file, or correct the name.");
            self.fault(place, format!("There is no partial \"{name}\"."), &fix);
        }
        if let Some(template) = &call.template {
            self.template(template, place);
        }
    }

    fn words(&mut self, place: &Place<'_>) {
        let names = Sources::word_candidates(self.moment.as_str(), self.audience.as_str());
        match names
            .iter()
            .find(|name| self.engine.template(name).is_some())
        {
            Some(name) => self.enter(name, place),
            None => self.fault(
                place,
                "There are no words for this moment.".to_owned(),
                &format!("Add templates/{}.hbs.", names[1]),
            ),
        }
    }

    fn params(&mut self, call: &HelperTemplate, kinds: &[Kind], place: &Place<'_>) {
        for param in &call.params {
            match param {
                Parameter::Literal(_) => {}
                Parameter::Subexpression(_) => self.fault(
                    place,
                    "A call within a call is not used in these templates.".to_owned(),
                    "Name one fact.",
                ),
                _ => {
                    // To ask whether a fact is there is not to say it, and needs no guard.
                    let name = call.name.as_name().unwrap_or_default();
                    let asks = matches!(name, "if" | "unless");
                    self.named(param.as_name().unwrap_or_default(), kinds, asks, place);
                }
            }
        }
    }

    fn fact(&mut self, name: &str, kinds: &[Kind], place: &Place<'_>) {
        self.named(name, kinds, false, place);
    }

    fn named(&mut self, raw: &str, kinds: &[Kind], asks: bool, place: &Place<'_>) {
        let outer = raw.starts_with("../") || raw.starts_with("@root.");
        if place.in_each > 0 && !outer {
            if !["this", ".", "@index", "@first", "@last"].contains(&raw) {
                self.fault(
                    place,
                    format!("Inside each, \"{raw}\" names nothing."),
                    "Use this for the item, or ../ before the name of a fact.",
                );
            }
            return;
        }
        let name = self.plain_name(raw);
        let Some(fact) = self.declared.get(name.as_str()).copied() else {
            let known = self.declared.keys().copied();
            let fix =
                nearest::fix_for(&name, known, "See oyez template check for those there are.");
            self.fault(place, format!("There is no fact \"{name}\"."), &fix);
            return;
        };
        if asks {
            return;
        }
        self.used.insert(fact.name);
        if !kinds.contains(&fact.kind) {
            let use_it = match fact.kind {
                Kind::List => "Write it with items or each.",
                Kind::Flag => "Ask for it with if.",
                Kind::Line | Kind::Typed => "Write it with text, or between two braces.",
            };
            self.fault(
                place,
                format!("\"{name}\" cannot be written like this."),
                use_it,
            );
        }
        if fact.optional && !place.asked.contains(&name) {
            self.fault(
                place,
                format!("\"{name}\" may be empty."),
                &format!("Write it inside {{{{#if {name}}}}} … {{{{/if}}}}."),
            );
        }
    }

    /// The name of a fact without the way to it.
    fn plain_name(&self, raw: &str) -> String {
        let name = raw.trim_start_matches("../");
        name.strip_prefix("@root.").unwrap_or(name).to_owned()
    }

    fn unknown_helper(&mut self, name: &str, place: &Place<'_>) {
        let fix = nearest::fix_for(name, helpers::ALLOWED, "Use one of the helpers there are.");
        self.fault(place, format!("There is no helper \"{name}\"."), &fix);
    }

    fn fault(&mut self, place: &Place<'_>, message: String, fix: &str) {
        let mut fault = Fault::new(message, fix).in_file(self.engine.file(place.template));
        if let Some((line, column)) = place.at {
            fault = fault.at(line, column);
        }
        self.faults.push((place.template.to_owned(), fault));
    }
}

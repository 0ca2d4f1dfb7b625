//! Every message of every channel against the facts that are declared for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Audience, ChannelName,
    channel::Part,
    fault::Fault,
    notification::Moment,
    wording::{self, declared_facts},
};

use super::{engine::Engine, walk::Walk};

/// What a check found.
#[derive(Default)]
pub(super) struct Found {
    /// What makes a template unusable, with the template's name, and in which messages.
    broken: BTreeMap<(String, Fault), BTreeSet<(Moment, Audience)>>,
    /// Facts that messages must use and leave out, and in which messages.
    silent: BTreeMap<Fault, BTreeSet<(Moment, Audience)>>,
    /// Names of templates that some message uses.
    pub(super) read: BTreeSet<String>,
}

impl Found {
    /// What makes templates unusable, each with the template's name: one fault for one place,
    /// however many messages it spoils.
    pub(super) fn broken(&self) -> impl Iterator<Item = (String, Fault)> + '_ {
        self.broken
            .iter()
            .map(|((name, fault), messages)| (name.clone(), with_messages(fault, messages)))
    }

    /// What messages leave out that they must say.
    pub(super) fn silent(&self) -> impl Iterator<Item = Fault> + '_ {
        self.silent
            .iter()
            .map(|(fault, messages)| with_messages(fault, messages))
    }
}

/// Says in which messages it is wrong: "… (in update to owners and 3 more messages)."
fn with_messages(fault: &Fault, messages: &BTreeSet<(Moment, Audience)>) -> Fault {
    let Some((moment, audience)) = messages.first() else {
        return fault.clone();
    };
    let more = match messages.len() - 1 {
        0 => String::new(),
        1 => " and 1 more message".to_owned(),
        more => format!(" and {more} more messages"),
    };
    let sentence = fault.message.trim_end_matches('.');
    Fault {
        message: format!("{sentence} (in {moment} to {audience}{more})."),
        ..fault.clone()
    }
}

/// Walks and tries every message.
pub(super) fn check(engine: &Engine, channels: &BTreeMap<ChannelName, &'static [Part]>) -> Found {
    let mut found = Found::default();
    for (channel, parts) in channels {
        for moment in Moment::ALL {
            for audience in Audience::ALL {
                message(engine, channel, parts, moment, audience, &mut found);
            }
        }
    }
    found
}

/// Walks and tries one message.
pub(super) fn message(
    engine: &Engine,
    channel: &ChannelName,
    parts: &[Part],
    moment: Moment,
    audience: Audience,
    found: &mut Found,
) {
    let here = (moment, audience);
    let mut walk = Walk::new(engine, moment, audience);
    for part in parts {
        if let Some(name) = engine.template_for(channel, part, moment, audience) {
            walk.start(&name);
        }
    }
    let is_sound = walk.faults.is_empty();
    for part in parts {
        // What the walk cannot see: no template at all, JSON that is none. Both ways of every
        // `if` are tried, because a comma too many may stand in either.
        for optional_are_empty in [false, true] {
            if !is_sound {
                break;
            }
            let view = wording::sample(moment, audience, optional_are_empty);
            if let Err(fault) = engine.part(channel, part, moment, audience, &view) {
                let name = engine.template_for(channel, part, moment, audience);
                let key = (name.unwrap_or_default(), fault);
                found.broken.entry(key).or_default().insert(here);
            }
        }
    }
    found.read.extend(walk.read.iter().cloned());
    for fault in &walk.faults {
        found.broken.entry(fault.clone()).or_default().insert(here);
    }
    if !is_sound {
        return;
    }
    // A short part beside one with room for everything takes nothing away.
    let short = parts.iter().all(Part::is_short);
    for fact in declared_facts(moment, audience) {
        let other = wording::same_fact(fact.name);
        let said =
            walk.used.contains(fact.name) || other.is_some_and(|name| walk.used.contains(name));
        if wording::must_use(fact, moment, short) && !said {
            let main = parts
                .iter()
                .rev()
                .find_map(|part| engine.template_for(channel, part, moment, audience));
            let file = main.map_or_else(|| channel.to_string(), |name| engine.file(&name));
            let fault = Fault::new(
                format!("On {channel}, the fact \"{}\" is never used.", fact.name),
                "Use it in this file, or in the words that it includes.",
            )
            .in_file(file);
            found.silent.entry(fault).or_default().insert(here);
        }
    }
}

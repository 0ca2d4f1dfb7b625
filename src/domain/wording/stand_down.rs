//! Why somebody gets no more regular updates: each cause in words of its own, and none that the record
//! does not carry.

use crate::domain::{event::Event, text, variant::Variant};

use super::{context::Context, moments::line, sentences::list_of, view::Value};

/// What is true now, and that it is not fixed.
pub(super) fn cause(context: &Context<'_>) -> Value {
    let outside = context.is_outside();
    line(match context.saying.variant {
        Variant::ServiceLeft => service_left(context),
        Variant::OutOfReach => {
            "We cannot send you regular updates about this any more: none of the ways that are meant \
             for you works."
                .to_owned()
        }
        Variant::LessSerious | Variant::OtherStage if outside => not_fixed(context),
        Variant::LessSerious => less_serious(context),
        Variant::OtherStage => format!(
            "This incident is now at another stage: {}. It is not fixed.",
            context.saying.incident.stage.label()
        ),
        Variant::Follows | Variant::UntilFixed | Variant::Alone => {
            "You will get no more regular updates about this.".to_owned()
        }
    })
}

fn not_fixed(context: &Context<'_>) -> String {
    let services = context.services(context.saying.incident.services.iter());
    let about = match services.is_empty() {
        true => String::new(),
        false => format!(" with {services}"),
    };
    format!("The problem{about} is not fixed. We are stopping our regular updates to you about it.")
}

/// "Now P3, was P1: Only two providers are affected. It is not fixed."
fn less_serious(context: &Context<'_>) -> String {
    let change = context.latest(|event| match event {
        Event::PriorityChanged { from, to, why, .. } => Some((from, to, why)),
        _ => None,
    });
    match change {
        Some((from, to, why)) => {
            let why = text::one_line(why);
            let why = why.trim().trim_end_matches('.');
            format!("Now {to}, was {from}: {why}. It is not fixed.")
        }
        None => format!(
            "This is now {}. It is not fixed.",
            context.saying.incident.priority
        ),
    }
}

/// "Register trainees is no longer part of this incident."
fn service_left(context: &Context<'_>) -> String {
    let removed = context.latest(|event| match event {
        Event::ServicesChanged { removed, .. } if !removed.is_empty() => Some(removed),
        _ => None,
    });
    let left: Vec<String> = removed
        .into_iter()
        .flatten()
        .map(|service| context.service(service))
        .collect();
    match left.len() {
        // Services stayed, so it is not known which change of the incident it was.
        0 => "You will get no more regular updates about this. It is not fixed.".to_owned(),
        1 => format!("{} is no longer part of this incident.", list_of(&left)),
        _ => format!("{} are no longer part of this incident.", list_of(&left)),
    }
}

/// "What we last said, at 1:25pm today (23 November 2026): Providers cannot sign in." Empty for our own
/// people, who read it on the incident's page.
pub(super) fn last_said(context: &Context<'_>) -> Value {
    if !context.is_outside() {
        return line("");
    }
    let said = context.earlier().find_map(|record| {
        let said = match &record.event {
            Event::Updated { text, .. } | Event::ServicesChanged { text, .. } => text,
            Event::Declared { title, facts, .. } => facts.effect.as_ref().unwrap_or(title),
            _ => return None,
        };
        Some((record.at, text::one_line(said)))
    });
    let Some((at, said)) = said else {
        return line("");
    };
    let end = if said.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    let at = context.times.when_in_full(at);
    line(format!("What we last said, at {at}: {said}{end}"))
}

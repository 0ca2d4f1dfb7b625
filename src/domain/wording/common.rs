//! Facts that many moments share.

use chrono::SecondsFormat;

use crate::domain::{Audience, notification::Moment, text, variant::Variant};

use super::{
    context::Context,
    sentences::{
        DECISION_UNKNOWN, DOING_UNKNOWN, EFFECT_UNKNOWN, THEORY_UNKNOWN, WHAT_TO_DO_UNKNOWN,
        WHO_UNKNOWN, people,
    },
    subject::subject as subject_of,
    view::Value,
};

fn line(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn typed(text: Option<&String>, unknown: &str) -> Value {
    let known = text.map(|text| text::clean(text).trim().to_owned());
    let known = known.filter(|text| !text.is_empty());
    Value::Text(known.unwrap_or_else(|| unknown.to_owned()))
}

pub(super) fn moment(context: &Context<'_>) -> Value {
    line(context.saying.moment.as_str())
}

pub(super) fn audience(context: &Context<'_>) -> Value {
    line(context.saying.audience.as_str())
}

/// The event's instant in RFC 3339, UTC, for programs.
pub(super) fn at(context: &Context<'_>) -> Value {
    let at = context.saying.event.at;
    line(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

pub(super) fn organisation(context: &Context<'_>) -> Value {
    line(context.saying.policy.organisation.as_str())
}

pub(super) fn subject(context: &Context<'_>) -> Value {
    line(subject_of(context).short)
}

pub(super) fn headline(context: &Context<'_>) -> Value {
    line(subject_of(context).headline)
}

pub(super) fn headline_is_cut(context: &Context<'_>) -> Value {
    Value::Flag(subject_of(context).is_cut)
}

pub(super) fn exercise(context: &Context<'_>) -> Value {
    Value::Flag(context.saying.incident.exercise)
}

pub(super) fn outside(context: &Context<'_>) -> Value {
    Value::Flag(context.is_outside())
}

/// Whether a message that is not mail has the recipient's reason: responders in a channel know why
/// they are told, and a status page has no reader of its own. A mail always has it.
pub(super) fn has_reason(context: &Context<'_>) -> Value {
    let audience = context.saying.audience;
    Value::Flag(matches!(audience, Audience::Owners | Audience::External))
}

pub(super) fn title(context: &Context<'_>) -> Value {
    line(text::one_line(&context.saying.incident.title))
}

pub(super) fn service(context: &Context<'_>) -> Value {
    let services = context.services(context.saying.incident.services.iter());
    if services.is_empty() {
        line("not known yet")
    } else {
        line(services)
    }
}

pub(super) fn state(context: &Context<'_>) -> Value {
    line(context.saying.incident.stage.label())
}

/// How things stand beyond the words, in a line or two, for the post that stays on top of a thread.
pub(super) fn standing(context: &Context<'_>) -> Value {
    let incident = context.saying.incident;
    let stage = incident.stage.label();
    let inside = !context.is_outside();
    let mut lines = Vec::new();
    if context.saying.moment != Moment::Test {
        lines.push(match inside {
            true => format!("{}, {stage}", incident.priority),
            false => stage.to_owned(),
        });
    }
    // The words of the other moments name them.
    let is_silent_about_leads = matches!(
        context.saying.moment,
        Moment::NoChange
            | Moment::Resolved
            | Moment::Closed
            | Moment::Correction
            | Moment::Cancelled
            | Moment::StandDown
    );
    if inside
        && is_silent_about_leads
        && let Value::Text(leads) = leads(context)
    {
        lines.push(format!("Leads: {leads}"));
    }
    Value::List(lines)
}

pub(super) fn reference(context: &Context<'_>) -> Value {
    match context.saying.audience {
        Audience::Users => line(""),
        _ => line(context.saying.incident.id.to_string()),
    }
}

/// By which record our own people can check later that nothing was altered or cut off. It stands at the
/// end of an incident only, and is nobody else's business.
pub(super) fn record(context: &Context<'_>) -> Value {
    let is_end = context.saying.moment == Moment::Closed && !context.is_outside();
    let before = context.saying.before.filter(|_| is_end);
    line(before.map(ToString::to_string).unwrap_or_default())
}

fn owes_next_update(context: &Context<'_>) -> bool {
    let silent = matches!(
        context.saying.moment,
        Moment::StandDown
            | Moment::Resolved
            | Moment::Closed
            | Moment::Cancelled
            | Moment::Prompt
            | Moment::Overdue
            | Moment::Reminder
            | Moment::Test
    );
    // A correction, or a question, promises nothing of its own.
    let may_be_silent = matches!(
        context.saying.moment,
        Moment::Correction | Moment::AreYouAffected | Moment::RoleAssigned
    );
    let open = context.saying.incident.stage.is_open();
    !silent && (context.saying.next_update.is_some() || (open && !may_be_silent))
}

fn hears_only_of_the_fix(context: &Context<'_>) -> bool {
    context.saying.variant == Variant::UntilFixed
}

/// "by 2:40pm", or that it is not set; empty where none is owed.
pub(super) fn next_update(context: &Context<'_>) -> Value {
    if !owes_next_update(context) {
        return line("");
    }
    match context.saying.next_update {
        _ if hears_only_of_the_fix(context) => line(""),
        Some(next) => line(format!("by {}", context.times.when(next))),
        None => line("not set yet"),
    }
}

/// The same as a sentence.
pub(super) fn next_update_words(context: &Context<'_>) -> Value {
    if !owes_next_update(context) {
        return line("");
    }
    match context.saying.next_update {
        _ if hears_only_of_the_fix(context) => line("We will tell you when it is fixed."),
        Some(next) => {
            let next = context.times.when(next);
            line(format!(
                "Next update by {next}, even if nothing has changed."
            ))
        }
        None => line("The time of the next update is not set yet."),
    }
}

/// Where these readers find more; empty if there is no such page, or none for them.
pub(super) fn link(context: &Context<'_>) -> Value {
    line(link_of(context).unwrap_or_default())
}

pub(super) fn link_of(context: &Context<'_>) -> Option<String> {
    let links = context.saying.links;
    match context.saying.audience {
        Audience::Responders | Audience::Owners => {
            let base = links.incidents.as_ref()?.trim_end_matches('/');
            Some(format!("{base}/{}", context.saying.incident.id))
        }
        Audience::External | Audience::Users => links.status.clone(),
    }
}

/// The mailbox that outsiders may write to; those inside ask the leads.
pub(super) fn mailbox(context: &Context<'_>) -> Value {
    let mailbox = context.saying.links.team_mailbox.clone();
    line(mailbox.filter(|_| context.is_outside()).unwrap_or_default())
}

pub(super) fn since(context: &Context<'_>) -> Value {
    line(
        context
            .times
            .when_in_full(context.saying.incident.started_at),
    )
}

pub(super) fn effect(context: &Context<'_>) -> Value {
    typed(
        context.saying.incident.facts.effect.as_ref(),
        EFFECT_UNKNOWN,
    )
}

pub(super) fn who(context: &Context<'_>) -> Value {
    typed(context.saying.incident.facts.who.as_ref(), WHO_UNKNOWN)
}

pub(super) fn what_to_do(context: &Context<'_>) -> Value {
    typed(
        context.saying.incident.facts.what_to_do.as_ref(),
        WHAT_TO_DO_UNKNOWN,
    )
}

pub(super) fn doing(context: &Context<'_>) -> Value {
    typed(context.saying.incident.facts.doing.as_ref(), DOING_UNKNOWN)
}

pub(super) fn decision(context: &Context<'_>) -> Value {
    typed(
        context.saying.incident.facts.decision.as_ref(),
        DECISION_UNKNOWN,
    )
}

pub(super) fn theory(context: &Context<'_>) -> Value {
    typed(
        context.saying.incident.facts.theory.as_ref(),
        THEORY_UNKNOWN,
    )
}

/// "comms Priya Shah, tech Tom Okafor, support not appointed yet".
pub(super) fn leads(context: &Context<'_>) -> Value {
    let each = crate::domain::incident::LeadRole::ALL.map(|role| {
        let name = context.lead(role);
        let name = name.as_deref().unwrap_or("not appointed yet");
        format!("{} {name}", role.as_str())
    });
    line(each.join(", "))
}

pub(super) fn priority(context: &Context<'_>) -> Value {
    line(context.saying.incident.priority.as_str())
}

pub(super) fn priority_meaning(context: &Context<'_>) -> Value {
    let priority = &context.saying.incident.priority;
    let meaning = context.saying.policy.priority(priority);
    line(
        meaning.map_or("its meaning is not written down", |priority| {
            priority.meaning.trim_end_matches('.')
        }),
    )
}

pub(super) fn people_told(context: &Context<'_>) -> Value {
    line(people(context.saying.people_told))
}

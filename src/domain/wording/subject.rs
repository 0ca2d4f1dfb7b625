//! Subject lines: what it is, then a stem that never changes, then the reference.

use crate::domain::{
    Audience, event::Event, incident::LeadRole, notification::Moment, text, variant::Variant,
};

use super::{context::Context, sentences::cut_line};

/// Most characters of a subject before the reference.
pub const SUBJECT_CHARS: usize = 65;

/// The longest start with its space ("Support lead: "), so that one stem suits all of them; only that
/// there will be no more updates takes more.
const LONGEST_START: usize = 14;

const EXERCISE: &str = "Exercise: ";

/// A subject line in its two lengths.
pub(super) struct Subject {
    /// At most [`SUBJECT_CHARS`], then the reference where the audience has one.
    pub(super) short: String,
    /// Start and whole title, without the reference.
    pub(super) headline: String,
    /// Whether the short form leaves out part of the title.
    pub(super) is_cut: bool,
}

pub(super) fn subject(context: &Context<'_>) -> Subject {
    let incident = context.saying.incident;
    let mark = if incident.exercise { EXERCISE } else { "" };
    let start = start(context);
    let stem = stem(context);
    let room = SUBJECT_CHARS - mark.len() - longest_start(context).max(start.len() + 1);
    let cut = cut_line(&stem, room);
    let short_stem = cut.as_deref().unwrap_or(&stem);
    let reference = match context.saying.audience {
        Audience::Users => String::new(),
        _ => format!(" ({})", incident.id),
    };
    Subject {
        short: format!("{mark}{start} {short_stem}{reference}"),
        headline: format!("{mark}{start} {stem}"),
        is_cut: cut.is_some(),
    }
}

/// The room that the start may take, the same for every message of an incident.
fn longest_start(context: &Context<'_>) -> usize {
    let declared = declared_priority(context).len() + " declared: ".len();
    declared.clamp(LONGEST_START, SUBJECT_CHARS / 2)
}

fn declared_priority<'a>(context: &Context<'a>) -> &'a str {
    match context.saying.log.first().map(|record| &record.event) {
        Some(Event::Declared { priority, .. }) => priority.as_str(),
        _ => context.saying.incident.priority.as_str(),
    }
}

/// Service and title as they were declared: services may come and go, a mail thread stays.
fn stem(context: &Context<'_>) -> String {
    let incident = context.saying.incident;
    let services = match context.saying.log.first().map(|record| &record.event) {
        Some(Event::Declared { services, .. }) => services,
        _ => &incident.services,
    };
    let services = context.services(services.iter());
    let title = text::one_line(&incident.title);
    if services.is_empty() || title.starts_with(&services) {
        title
    } else {
        format!("{services}: {title}")
    }
}

fn start(context: &Context<'_>) -> String {
    let incident = context.saying.incident;
    let outside = context.is_outside();
    match context.saying.moment {
        Moment::Declared | Moment::Reopened | Moment::CatchUp if outside => "Problem:".to_owned(),
        Moment::Declared => format!("{} declared:", declared_priority(context)),
        Moment::Update => format!("Update {}:", incident.updates.max(1)),
        Moment::NoChange => "No change:".to_owned(),
        Moment::PriorityChange if outside => "Update:".to_owned(),
        Moment::PriorityChange => format!("Now {}:", incident.priority),
        Moment::CatchUp => "Catch-up:".to_owned(),
        Moment::StandDown => match context.saying.variant {
            Variant::LessSerious | Variant::OtherStage => "Not fixed:".to_owned(),
            _ => "No more updates:".to_owned(),
        },
        Moment::Resolved => "Fixed:".to_owned(),
        Moment::Closed => "Closed:".to_owned(),
        Moment::Correction => "Correction:".to_owned(),
        Moment::Reopened => "Reopened:".to_owned(),
        Moment::Cancelled => "Cancelled:".to_owned(),
        Moment::Prompt => "Update due:".to_owned(),
        Moment::Overdue => "Overdue:".to_owned(),
        Moment::RoleAssigned => match role(context) {
            LeadRole::Comms => "Comms lead:".to_owned(),
            LeadRole::Tech => "Tech lead:".to_owned(),
            LeadRole::Support => "Support lead:".to_owned(),
        },
        Moment::AreYouAffected => "Affected?".to_owned(),
        Moment::Reminder => "Left to do:".to_owned(),
        Moment::Test => "Test:".to_owned(),
    }
}

/// The role that was given last; comms if none was.
pub(super) fn role(context: &Context<'_>) -> LeadRole {
    context
        .latest(|event| match event {
            Event::LeadAppointed { role, .. } => Some(*role),
            _ => None,
        })
        .unwrap_or(LeadRole::Comms)
}

//! Facts that belong to one moment of those that everybody hears; those for whoever leads are in
//! [`leads`](super::leads).
//!
//! Each is total: where the event is missing, as in a preview of a moment that has not come, the
//! words say that it is not known.

use crate::domain::{
    event::Event, notification::Moment, policy::Rhythm, text, time::Time, variant::Variant,
};

use super::{
    context::Context, no_change as no_change_of, sentences::list_of, stand_down, story as story_of,
    times::duration as duration_words, view::Value,
};

/// A fact of ours.
pub(super) fn line(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A fact that somebody typed, or what is said instead.
pub(super) fn typed(text: Option<&String>, otherwise: &str) -> Value {
    let known = text.map(|text| text::clean(text).trim().to_owned());
    let known = known.filter(|text| !text.is_empty());
    Value::Text(known.unwrap_or_else(|| otherwise.to_owned()))
}

/// What changed, or why somebody is stood down.
pub(super) fn change(context: &Context<'_>) -> Value {
    if context.saying.moment == Moment::StandDown {
        return stand_down::cause(context);
    }
    let text = context.latest(|event| match event {
        Event::Updated { text, .. } | Event::ServicesChanged { text, .. } => Some(text),
        _ => None,
    });
    typed(text, "We are finding out what has changed.")
}

/// What these readers were last told, where they are told no more.
pub(super) fn last_said(context: &Context<'_>) -> Value {
    stand_down::last_said(context)
}

/// Whether these readers heard nothing before this.
pub(super) fn alone(context: &Context<'_>) -> Value {
    Value::Flag(context.saying.variant == Variant::Alone)
}

pub(super) fn no_change(context: &Context<'_>) -> Value {
    line(no_change_of::words(context))
}

fn priority_change<'a>(context: &Context<'a>) -> Option<(&'a str, &'a String)> {
    context.latest(|event| match event {
        Event::PriorityChanged { from, why, .. } => Some((from.as_str(), why)),
        _ => None,
    })
}

pub(super) fn priority_before(context: &Context<'_>) -> Value {
    line(priority_change(context).map_or("not set", |(from, _)| from))
}

pub(super) fn why_priority(context: &Context<'_>) -> Value {
    typed(
        priority_change(context).map(|(_, why)| why),
        "The reason is not known yet.",
    )
}

/// "Updates are now every hour."; empty if the policy says nothing for this stage.
pub(super) fn cadence(context: &Context<'_>) -> Value {
    let incident = context.saying.incident;
    let cadence = context
        .saying
        .policy
        .priority(&incident.priority)
        .and_then(|priority| priority.cadence.get(&incident.stage));
    let Some(cadence) = cadence else {
        return line("");
    };
    let rhythm = match &cadence.rhythm {
        Rhythm::Every(gap) => {
            let gap = duration_words(*gap);
            // "every 1 hour" reads "every hour"; "every 1 hour 30 minutes" stays.
            match gap.strip_prefix("1 ") {
                Some(unit) if !unit.contains(' ') => format!("every {unit}"),
                _ => format!("every {gap}"),
            }
        }
        Rhythm::Cron(_) => "at set times".to_owned(),
    };
    let hours = if cadence.working_hours {
        ", in working hours"
    } else {
        ""
    };
    line(format!("Updates are now {rhythm}{hours}."))
}

pub(super) fn story(context: &Context<'_>) -> Value {
    Value::List(story_of::story(context))
}

struct Fix<'a> {
    text: &'a String,
    lost: Option<&'a String>,
    still_stuck: Option<&'a String>,
}

fn fix<'a>(context: &Context<'a>) -> Option<Fix<'a>> {
    context.latest(|event| match event {
        Event::Resolved {
            text,
            lost,
            still_stuck,
            ..
        } => Some(Fix {
            text,
            lost: lost.as_ref(),
            still_stuck: still_stuck.as_ref(),
        }),
        _ => None,
    })
}

fn resolved_at(context: &Context<'_>) -> Time {
    let at = context.latest(|event| match event {
        Event::Resolved { at, .. } => Some(*at),
        _ => None,
    });
    at.or(context.saying.incident.resolved_at)
        .unwrap_or(context.saying.event.at)
}

pub(super) fn fixed_at(context: &Context<'_>) -> Value {
    line(context.times.when(resolved_at(context)))
}

pub(super) fn duration(context: &Context<'_>) -> Value {
    let length = resolved_at(context) - context.saying.incident.started_at;
    line(duration_words(length))
}

pub(super) fn how_fixed(context: &Context<'_>) -> Value {
    typed(fix(context).map(|fix| fix.text), "The service is back.")
}

pub(super) fn lost(context: &Context<'_>) -> Value {
    typed(fix(context).and_then(|fix| fix.lost), "Nothing was lost.")
}

pub(super) fn still_stuck(context: &Context<'_>) -> Value {
    let otherwise = if context.is_outside() {
        "If it still does not work for you, tell us."
    } else {
        "If it still does not work for somebody, tell the leads."
    };
    typed(fix(context).and_then(|fix| fix.still_stuck), otherwise)
}

pub(super) fn closed_at(context: &Context<'_>) -> Value {
    let at = context.saying.incident.ended_at;
    let at = at.unwrap_or(context.saying.event.at);
    line(context.times.when_in_full(at))
}

pub(super) fn closing(context: &Context<'_>) -> Value {
    let text = context.latest(|event| match event {
        Event::Closed { text, .. } => text.as_ref(),
        _ => None,
    });
    typed(text, "Our work on this is done.")
}

pub(super) fn report(context: &Context<'_>) -> Value {
    let report = context.latest(|event| match event {
        Event::Closed { report, .. } => report.as_ref(),
        _ => None,
    });
    match report {
        Some(report) => line(format!("The report is at {}", text::one_line(report))),
        None => line("The report is not linked yet."),
    }
}

pub(super) fn review(context: &Context<'_>) -> Value {
    let at = context.latest(|event| match event {
        Event::Closed { review_at, .. } => *review_at,
        _ => None,
    });
    match at {
        Some(at) => line(format!(
            "The review is at {}.",
            context.times.when_in_full(at)
        )),
        None => line("The review has no date yet."),
    }
}

fn actions_of<'a>(context: &Context<'a>) -> &'a [String] {
    let actions = context.latest(|event| match event {
        Event::Closed { actions, .. } => Some(actions.as_slice()),
        _ => None,
    });
    actions.unwrap_or_default()
}

pub(super) fn actions(context: &Context<'_>) -> Value {
    Value::List(actions_of(context).to_vec())
}

pub(super) fn actions_count(context: &Context<'_>) -> Value {
    line(match actions_of(context).len() {
        0 => "There are no actions.".to_owned(),
        1 => "There is 1 action, with its owner.".to_owned(),
        count => format!("There are {count} actions, each with an owner."),
    })
}

pub(super) fn duplicate_of(context: &Context<'_>) -> Value {
    let of = context.saying.incident.duplicate_of;
    line(of.map_or_else(String::new, |of| of.to_string()))
}

pub(super) fn wrong(context: &Context<'_>) -> Value {
    let wrong = context.latest(|event| match event {
        Event::Corrected { wrong, .. } => Some(wrong),
        _ => None,
    });
    typed(wrong, "What was wrong is not known yet.")
}

/// When the wrong words were said: "3:52pm", or several times.
pub(super) fn said_at(context: &Context<'_>) -> Value {
    let events = context.latest(|event| match event {
        Event::Corrected { events, .. } => Some(events),
        _ => None,
    });
    let times: Vec<_> = context
        .saying
        .log
        .iter()
        .filter(|record| events.is_some_and(|events| events.contains(&record.seq)))
        .map(|record| context.times.when(record.at))
        .collect();
    if times.is_empty() {
        line("an earlier time")
    } else {
        line(list_of(&times))
    }
}

pub(super) fn right(context: &Context<'_>) -> Value {
    let right = context.latest(|event| match event {
        Event::Corrected { right, .. } => Some(right),
        _ => None,
    });
    typed(right, "We are finding out what is right.")
}

pub(super) fn why_reopened(context: &Context<'_>) -> Value {
    let why = context.latest(|event| match event {
        Event::Reopened { why, .. } => Some(why),
        _ => None,
    });
    typed(why, "We are finding out why.")
}

pub(super) fn why_cancelled(context: &Context<'_>) -> Value {
    let why = context.latest(|event| match event {
        Event::Cancelled { why } => Some(why),
        _ => None,
    });
    typed(why, "The reason is not written down yet.")
}

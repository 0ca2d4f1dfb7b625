//! The story so far, for somebody told part-way: three lines at most.

use std::collections::BTreeSet;

use crate::domain::event::{Event, Record};

use super::{
    context::Context,
    sentences::{first_sentence, sentence},
};

const LINES: usize = 3;

/// The first line and the latest, oldest first, each with its time. What was corrected since is
/// not told again: the correction stands in its place.
pub(super) fn story(context: &Context<'_>) -> Vec<String> {
    let seq = context.saying.event.seq;
    let log = context.saying.log.iter().filter(|record| record.seq <= seq);
    let wrong: BTreeSet<u32> = log
        .clone()
        .filter_map(|record| match &record.event {
            Event::Corrected { events, .. } => Some(events),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    let mut lines: Vec<String> = log
        .filter_map(|record| {
            let text = line(context, record, wrong.contains(&record.seq))?;
            Some(format!("{}: {text}", context.times.when(record.at)))
        })
        .collect();
    if lines.len() > LINES {
        lines.drain(1..=lines.len() - LINES);
    }
    lines
}

fn line(context: &Context<'_>, record: &Record, was_wrong: bool) -> Option<String> {
    let outside = context.is_outside();
    let text = match &record.event {
        Event::Declared {
            priority,
            facts,
            title,
            ..
        } => {
            let effect = facts
                .effect
                .as_ref()
                .filter(|_| !was_wrong)
                .unwrap_or(if was_wrong {
                    &context.saying.incident.title
                } else {
                    title
                });
            let effect = first_sentence(effect);
            if outside {
                effect
            } else {
                format!("{priority} declared. {effect}")
            }
        }
        _ if was_wrong => return None,
        Event::Updated { text, .. } | Event::ServicesChanged { text, .. } => first_sentence(text),
        Event::PriorityChanged { from, to, why, .. } if !outside => {
            format!("Now {to}, was {from}. {}", first_sentence(why))
        }
        Event::Resolved { text, .. } => format!("Fixed. {}", first_sentence(text)),
        Event::Corrected { right, .. } => format!("Correction: {}", sentence(right)),
        Event::Reopened { why, .. } => format!("Not fixed after all. {}", first_sentence(why)),
        _ => return None,
    };
    Some(text)
}

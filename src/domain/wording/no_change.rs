//! The words of "nothing has changed": shown in a prompt, frozen, and sent as they were shown.

use crate::domain::{event::Event, saying::Saying, time::Time};

use super::{
    context::Context,
    sentences::{first_sentence, sentence},
};

/// What stands before the time that is promised.
const PROMISE: &str = " Next update by ";

/// What a "no change" says to this audience now, in plain text on one line, with the time it
/// promises: what a prompt shows and freezes. `saying.next_update` is the time it would promise.
pub fn no_change_words(saying: &Saying<'_>) -> String {
    let context = Context::new(saying);
    match saying.next_update {
        Some(next) => format!("{}{}", fresh(&context), promise(&context, next)),
        None => fresh(&context),
    }
}

/// The same without the promise, for the message itself: the holding line if it was that, else the
/// words that a prompt froze for this answer, else made afresh.
pub(super) fn words(context: &Context<'_>) -> String {
    let saying = context.saying;
    if let Event::NothingChanged {
        holding_line: true, ..
    } = saying.event.event
        && let Some(line) = &saying.incident.holding_line
    {
        return sentence(line);
    }
    frozen(context).unwrap_or_else(|| fresh(context))
}

fn frozen(context: &Context<'_>) -> Option<String> {
    let saying = context.saying;
    let Event::NothingChanged { promised, .. } = &saying.event.event else {
        return None;
    };
    let prompted = context
        .earlier()
        .take_while(|record| !record.event.raises_revision())
        .find_map(|record| match &record.event {
            Event::Prompted { frozen, .. } => Some(frozen),
            _ => None,
        })?;
    let next = prompted.promised.get(&saying.audience)?;
    if promised.get(&saying.audience) != Some(next) {
        return None;
    }
    let words = prompted.words.get(&saying.audience)?;
    // The promise stands last. It was written when the prompt was, so after midnight it reads otherwise than
    // it would now: "12:45am tomorrow".
    let (words, _) = words.rsplit_once(PROMISE).unwrap_or((words, ""));
    Some(words.to_owned())
}

fn fresh(context: &Context<'_>) -> String {
    let saying = context.saying;
    let since = context.times.when(context.last_said());
    let effect = match &saying.incident.facts.effect {
        Some(effect) => first_sentence(effect),
        None => "We are still finding out what people cannot do.".to_owned(),
    };
    let work = if context.is_outside() {
        "We are still working on it."
    } else {
        "The team is still working on it."
    };
    format!("Nothing has changed since {since}. {effect} {work}")
}

fn promise(context: &Context<'_>, next: Time) -> String {
    format!("{PROMISE}{}.", context.times.when(next))
}

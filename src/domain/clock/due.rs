//! Which time to promise next.

use chrono::{Duration, NaiveTime, Timelike};

use super::{days, pattern::Pattern};
use crate::domain::{
    PriorityId,
    incident::Stage,
    policy::{Cadence, Policy, Rhythm},
    time::{Time, printed, printed_after, whole_minute},
};

/// An answer this close to the promised time, before or after it, counts from the promised time,
/// so that a rhythm does not drift by the minute in which somebody answers.
pub const ANSWER_WINDOW: Duration = Duration::minutes(10);

/// A point of a cron cadence nearer than this to the base is too near to be the next one.
const MIN_GAP: Duration = Duration::minutes(15);

/// The time from which an interval counts: the promised time if it is answered near it, else now.
pub fn base(promised: Option<Time>, now: Time) -> Time {
    match promised {
        Some(due) if (now - due).abs() <= ANSWER_WINDOW => due,
        _ => now,
    }
}

/// The time to promise: the first point of the cadence after the base, and after now.
///
/// `None` only for a stage in which nobody is owed updates and the policy has no cadence either.
/// An open incident always gets a time, even if the policy in force no longer knows its priority:
/// then the gravest priority's cadence holds, and at last an hour. Forgetting is worse than
/// telling too often.
pub fn next_due(
    policy: &Policy,
    priority: &PriorityId,
    stage: Stage,
    base: Time,
    now: Time,
) -> Option<Time> {
    let cadence = policy
        .priority(priority)
        .or(policy.priorities.first())
        .and_then(|priority| priority.cadence.get(&stage));
    let fallback = Cadence {
        rhythm: Rhythm::Every(Duration::hours(1)),
        working_hours: false,
    };
    let cadence = match cadence {
        Some(cadence) => cadence,
        None if stage.is_open() => &fallback,
        None => return None,
    };
    let due = point(policy, cadence, base);
    Some(if due > now {
        due
    } else {
        point(policy, cadence, now)
    })
}

fn point(policy: &Policy, cadence: &Cadence, base: Time) -> Time {
    let due = match &cadence.rhythm {
        Rhythm::Every(interval) => every(policy, *interval, base),
        // A checked policy holds only patterns that come; the hour stands for one that does not.
        Rhythm::Cron(text) => Pattern::parse(text)
            .ok()
            .and_then(|pattern| first_point(&pattern, policy, base))
            .unwrap_or_else(|| every(policy, Duration::hours(1), base)),
    };
    if !cadence.working_hours {
        return due;
    }
    let due = days::next_working_minute(policy, due);
    // Work that begins at midnight: a minute earlier, nobody works yet.
    match due.with_timezone(&policy.time_zone).time() == NaiveTime::MIN {
        true => due + Duration::minutes(1),
        false => due,
    }
}

/// The interval after the base, rounded down to a clean time: five minutes, or the minute for short
/// intervals. As everything that is promised, it is a time that is printed as itself
/// ([`printed`]).
fn every(policy: &Policy, interval: Duration, base: Time) -> Time {
    let raw = base + interval;
    let grain = if interval < Duration::minutes(30) {
        1
    } else {
        5
    };
    let zone = policy.time_zone;
    let minute = raw.with_timezone(&zone).minute();
    let clean = whole_minute(raw) - Duration::minutes(i64::from(minute % grain));
    let due = printed(clean, zone);
    // Only an interval of a minute or so can be rounded away.
    if due > base {
        due
    } else {
        printed_after(raw, base, zone)
    }
}

fn first_point(pattern: &Pattern, policy: &Policy, base: Time) -> Option<Time> {
    let just_before = base + MIN_GAP - Duration::microseconds(1);
    let due = pattern.next_after(just_before, policy.time_zone)?;
    Some(printed(due, policy.time_zone))
}

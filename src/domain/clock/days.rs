//! Working hours, bank holidays, and wall-clock times on the nights when the clocks change.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::domain::{policy::Policy, time::Time};

/// Longer than any run of days on which nobody works.
const LOOK_AHEAD_DAYS: u64 = 400;

/// The instant of a wall-clock time: the first if it happens twice, the first after the gap if it
/// does not happen.
pub fn instant(zone: Tz, wall: NaiveDateTime) -> Time {
    let minute = wall
        .with_second(0)
        .and_then(|wall| wall.with_nanosecond(0))
        .unwrap_or(wall);
    if let Some(found) = zone.from_local_datetime(&wall).earliest() {
        return found.to_utc();
    }
    // No zone ever skipped more than a day; changes happen on whole minutes.
    (1..=25 * 60)
        .find_map(|step| {
            zone.from_local_datetime(&(minute + Duration::minutes(step)))
                .earliest()
        })
        .map_or_else(|| wall.and_utc(), |found| found.to_utc())
}

/// Whether the organisation works at all on a day.
pub fn is_working_day(policy: &Policy, day: NaiveDate) -> bool {
    policy.working_hours.days.contains(&day.weekday()) && !policy.bank_holidays.contains(&day)
}

/// Whether an instant lies inside the organisation's working hours, which may run over midnight: then a day's
/// work is that which begins on it.
pub fn is_working(policy: &Policy, at: Time) -> bool {
    let local = at.with_timezone(&policy.time_zone).naive_local();
    let hours = &policy.working_hours;
    let (day, time) = (local.date(), local.time());
    if hours.from < hours.until {
        return is_working_day(policy, day) && (hours.from..hours.until).contains(&time);
    }
    // Over midnight: what is left of the day before belongs to that day.
    let begins = time >= hours.from && is_working_day(policy, day);
    let ends = time < hours.until && day.pred_opt().is_some_and(|it| is_working_day(policy, it));
    begins || ends
}

/// The instant itself if the organisation works then, else the first minute in which it works
/// again. A policy without any working day moves nothing.
pub fn next_working_minute(policy: &Policy, at: Time) -> Time {
    if is_working(policy, at) {
        return at;
    }
    next_working_day_at(policy, at, policy.working_hours.from).unwrap_or(at)
}

/// The first instant after `after` that is this time of day on a working day.
pub fn next_working_day_at(policy: &Policy, after: Time, time: NaiveTime) -> Option<Time> {
    let today = after.with_timezone(&policy.time_zone).date_naive();
    (0..LOOK_AHEAD_DAYS)
        .filter_map(|days| today.checked_add_days(chrono::Days::new(days)))
        .filter(|day| is_working_day(policy, *day))
        .map(|day| instant(policy.time_zone, day.and_time(time)))
        .find(|found| *found > after)
}

//! Which time is promised: the clock changes, working hours, bank holidays, midnight.

use chrono::Duration;
use proptest::prelude::*;

use super::{base, next_due};
use crate::domain::{
    Time,
    fixture::{at, cron, every, id, policy, priority},
    incident::Stage,
    policy::{Cadence, Policy},
    time::printed,
};

fn with(cadence: Cadence) -> Policy {
    Policy {
        priorities: vec![priority("P1", cadence)],
        ..policy()
    }
}

fn due(policy: &Policy, base: Time) -> Time {
    next_due(policy, &id("P1"), Stage::Investigating, base, base).unwrap()
}

#[track_caller]
fn check(cadence: Cadence, now: &str, expected: &str) {
    assert_eq!(due(&with(cadence), at(now)), at(expected));
}

fn in_hours(cadence: Cadence) -> Cadence {
    Cadence {
        working_hours: true,
        ..cadence
    }
}

#[test]
fn an_interval_is_rounded_down_to_a_clean_five_minutes() {
    check(every(60), "2026-11-23T14:08:59Z", "2026-11-23T15:05:00Z");
    check(every(60), "2026-11-23T14:40:00Z", "2026-11-23T15:40:00Z");
    check(every(120), "2026-11-23T14:04:00Z", "2026-11-23T16:00:00Z");
}

#[test]
fn a_short_interval_is_rounded_down_to_the_minute() {
    check(every(15), "2026-11-23T14:08:59Z", "2026-11-23T14:23:00Z");
}

#[test]
fn midnight_is_never_promised() {
    check(every(60), "2026-11-23T23:02:00Z", "2026-11-23T23:59:00Z");
    // Local midnight in summer is 11pm in UTC.
    check(every(60), "2026-07-01T22:00:00Z", "2026-07-01T22:59:00Z");
    check(
        cron("0 0 * * *"),
        "2026-11-23T12:00:00Z",
        "2026-11-23T23:59:00Z",
    );
    check(
        cron("0 0 * * *"),
        "2026-11-23T23:59:00Z",
        "2026-11-24T23:59:00Z",
    );
}

#[test]
fn a_promise_is_held_at_the_minute_that_is_printed() {
    // An interval of a minute, seconds before midnight.
    check(every(1), "2026-11-23T23:59:30Z", "2026-11-24T00:01:00Z");
    // The quarter of an hour ends within the last minute of the day.
    check(
        cron("0 0 * * *"),
        "2026-11-23T23:44:30Z",
        "2026-11-23T23:59:00Z",
    );
    let mut policy = with(in_hours(every(60)));
    policy.working_hours.from = chrono::NaiveTime::MIN;
    assert_eq!(
        due(&policy, at("2026-11-20T23:30:00Z")),
        at("2026-11-23T00:01:00Z")
    );
}

#[test]
fn an_answer_near_the_promised_time_counts_from_it() {
    let promised = Some(at("2026-11-23T14:40:00Z"));
    for (now, expected) in [
        ("2026-11-23T14:31:00Z", "2026-11-23T15:40:00Z"),
        ("2026-11-23T14:30:00Z", "2026-11-23T15:40:00Z"),
        ("2026-11-23T14:50:00Z", "2026-11-23T15:40:00Z"),
        ("2026-11-23T14:29:00Z", "2026-11-23T15:25:00Z"),
        ("2026-11-23T14:51:00Z", "2026-11-23T15:50:00Z"),
    ] {
        let now = at(now);
        let due = next_due(
            &policy(),
            &id("P1"),
            Stage::Investigating,
            base(promised, now),
            now,
        );
        assert_eq!(due, Some(at(expected)), "{now}");
    }
}

#[test]
fn a_time_that_would_have_passed_is_counted_from_now() {
    let policy = with(every(5));
    let (promised, now) = (at("2026-11-23T14:20:00Z"), at("2026-11-23T14:29:00Z"));
    let due = next_due(
        &policy,
        &id("P1"),
        Stage::Investigating,
        base(Some(promised), now),
        now,
    );
    assert_eq!(due, Some(at("2026-11-23T14:34:00Z")));
}

#[test]
fn a_pattern_leaves_a_quarter_of_an_hour() {
    let weekdays = || cron("0 10 * * Mon-Fri");
    check(weekdays(), "2026-11-23T09:45:00Z", "2026-11-23T10:00:00Z");
    check(weekdays(), "2026-11-23T09:46:00Z", "2026-11-24T10:00:00Z");
    check(weekdays(), "2026-11-27T10:00:00Z", "2026-11-30T10:00:00Z");
}

#[test]
fn an_interval_is_an_hour_of_time_on_the_nights_the_clocks_change() {
    // 12:30am to 2:30am on the wall, an hour later.
    check(every(60), "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
    // 1:30am summer time to 1:30am winter time.
    check(every(60), "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
}

#[test]
fn a_weekday_at_ten_stays_at_ten_on_the_wall() {
    let weekdays = || cron("0 10 * * Mon-Fri");
    check(weekdays(), "2026-03-27T12:00:00Z", "2026-03-30T09:00:00Z");
    check(weekdays(), "2026-10-23T12:00:00Z", "2026-10-26T10:00:00Z");
}

#[test]
fn work_over_midnight_belongs_to_the_day_on_which_it_begins() {
    use chrono::Weekday::{Fri, Sat};
    let policy = Policy {
        working_hours: crate::domain::time::WorkingHours {
            days: vec![Fri, Sat],
            from: chrono::NaiveTime::from_hms_opt(22, 0, 0).unwrap(),
            until: chrono::NaiveTime::from_hms_opt(6, 0, 0).unwrap(),
        },
        ..policy()
    };
    // 27 November 2026 is a Friday, in winter.
    for (time, works) in [
        ("2026-11-27T05:00:00Z", false),
        ("2026-11-27T21:59:00Z", false),
        ("2026-11-27T22:00:00Z", true),
        ("2026-11-28T05:59:00Z", true),
        ("2026-11-28T06:00:00Z", false),
        ("2026-11-29T02:00:00Z", true),
        ("2026-11-29T22:00:00Z", false),
    ] {
        assert_eq!(super::days::is_working(&policy, at(time)), works, "{time}");
    }
    let next = super::days::next_working_minute(&policy, at("2026-11-28T12:00:00Z"));
    assert_eq!(next, at("2026-11-28T22:00:00Z"));
    let until_midnight = Policy {
        working_hours: crate::domain::time::WorkingHours {
            until: chrono::NaiveTime::MIN,
            ..policy.working_hours.clone()
        },
        ..policy
    };
    for (time, works) in [
        ("2026-11-27T23:59:00Z", true),
        ("2026-11-28T00:00:00Z", false),
    ] {
        assert_eq!(
            super::days::is_working(&until_midnight, at(time)),
            works,
            "{time}"
        );
    }
}

#[test]
fn working_hours_move_the_time_to_the_next_working_minute() {
    check(
        in_hours(every(120)),
        "2026-11-23T12:00:00Z",
        "2026-11-23T14:00:00Z",
    );
    check(
        in_hours(every(120)),
        "2026-11-23T16:00:00Z",
        "2026-11-24T09:00:00Z",
    );
    check(
        in_hours(every(120)),
        "2026-11-27T16:30:00Z",
        "2026-11-30T09:00:00Z",
    );
    // 25 December is a Friday, and Monday the 28th is a bank holiday as well.
    check(
        in_hours(every(60)),
        "2026-12-24T16:30:00Z",
        "2026-12-29T09:00:00Z",
    );
    check(
        in_hours(cron("0 10 * * Mon-Fri")),
        "2026-12-24T12:00:00Z",
        "2026-12-29T09:00:00Z",
    );
    // 9am on the Monday after the clocks go forward is 8am in UTC.
    check(
        in_hours(every(60)),
        "2026-03-27T16:30:00Z",
        "2026-03-30T08:00:00Z",
    );
}

#[test]
fn the_leap_day_is_a_day() {
    check(every(60), "2028-02-28T23:30:00Z", "2028-02-29T00:30:00Z");
    check(
        in_hours(every(60)),
        "2028-02-28T17:30:00Z",
        "2028-02-29T09:00:00Z",
    );
}

#[test]
fn an_open_incident_is_never_without_a_time() {
    let now = at("2026-11-23T14:00:00Z");
    let unknown = next_due(&policy(), &id("P9"), Stage::Identified, now, now);
    assert_eq!(unknown, Some(at("2026-11-23T15:00:00Z")));
    let fixed = next_due(&policy(), &id("P1"), Stage::Resolved, now, now);
    assert_eq!(fixed, None);
    let nobody_works = Policy {
        working_hours: crate::domain::time::WorkingHours {
            days: Vec::new(),
            ..policy().working_hours
        },
        ..with(in_hours(every(60)))
    };
    assert_eq!(due(&nobody_works, now), at("2026-11-23T15:00:00Z"));
}

proptest! {
    #[test]
    fn an_interval_is_never_exceeded_and_never_lies_in_the_past(
        minutes in 1i64..1000,
        offset in 0i64..(2 * 366 * 24 * 60 * 60),
        promised in proptest::option::of(-40i64..40),
    ) {
        let now = at("2026-01-01T00:00:00Z") + Duration::seconds(offset);
        let base = base(promised.map(|minutes| now + Duration::minutes(minutes)), now);
        let policy = with(every(minutes));
        let due = next_due(&policy, &id("P1"), Stage::Investigating, base, now).unwrap();
        prop_assert!(due > now);
        // Of less than two minutes, nothing may be left that is printed as itself.
        prop_assert!(minutes < 2 || due <= base.max(now) + Duration::minutes(minutes));
        prop_assert_eq!(printed(due, policy.time_zone), due);
    }

    #[test]
    fn working_hours_always_end_in_a_working_minute(
        minutes in 30i64..5000,
        offset in 0i64..(366 * 24 * 60),
    ) {
        let now = at("2026-01-01T00:00:00Z") + Duration::minutes(offset);
        let policy = with(in_hours(every(minutes)));
        prop_assert!(super::days::is_working(&policy, due(&policy, now)));
    }
}

//! What people type, and which time it is.

use chrono::{Duration, Timelike};
use proptest::prelude::*;

use super::*;
use crate::domain::{fixture::at, wording::TimeWords};

const LONDON: Tz = chrono_tz::Europe::London;

#[track_caller]
fn check(text: &str, now: &str, side: Side, expected: &str) {
    assert_eq!(
        parse(text, at(now), LONDON, side),
        Ok(at(expected)),
        "{text} at {now}"
    );
}

#[test]
fn a_clock_time_is_todays_for_a_promise_and_the_last_one_for_the_past() {
    check(
        "2:40pm",
        "2026-11-23T13:31:00Z",
        Side::Ahead,
        "2026-11-23T14:40:00Z",
    );
    check(
        "1:20pm",
        "2026-11-23T13:31:00Z",
        Side::Behind,
        "2026-11-23T13:20:00Z",
    );
    check(
        "11pm",
        "2026-11-23T01:00:00Z",
        Side::Behind,
        "2026-11-22T23:00:00Z",
    );
    check(
        "midday",
        "2026-06-23T09:00:00Z",
        Side::Ahead,
        "2026-06-23T11:00:00Z",
    );
}

#[test]
fn lengths_and_dates_are_read() {
    check(
        "45m",
        "2026-11-23T13:31:00Z",
        Side::Ahead,
        "2026-11-23T14:16:00Z",
    );
    check(
        "1h30m",
        "2026-11-23T13:00:00Z",
        Side::Ahead,
        "2026-11-23T14:30:00Z",
    );
    check(
        "30m ago",
        "2026-11-23T13:31:00Z",
        Side::Behind,
        "2026-11-23T13:01:00Z",
    );
    check(
        "2026-07-01 09:30",
        "2026-06-23T09:00:00Z",
        Side::Ahead,
        "2026-07-01T08:30:00Z",
    );
    check(
        "2026-07-01",
        "2026-06-23T09:00:00Z",
        Side::Ahead,
        "2026-07-01T08:00:00Z",
    );
    check(
        "2026-07-01T09:30:00+02:00",
        "2026-06-23T09:00:00Z",
        Side::Ahead,
        "2026-07-01T07:30:00Z",
    );
}

#[test]
fn a_time_that_the_clock_change_skips_is_the_first_one_after_it() {
    check(
        "2026-03-29 01:30",
        "2026-03-28T12:00:00Z",
        Side::Ahead,
        "2026-03-29T01:30:00Z",
    );
}

#[test]
fn what_is_no_time_is_refused_with_examples() {
    for text in [
        "",
        "soon",
        "15",
        "25:00",
        "13pm",
        "2:4pm",
        "2:40pm PST",
        "tomorrow soon",
        "today tomorrow",
        "m",
        "9999999999999999h",
        "2026-13-01",
        "1999-12-31 09:00",
        "2101-01-01",
        "4000w",
        "4000w ago",
        "é:00",
    ] {
        let refusal = parse(text, at("2026-11-23T13:31:00Z"), LONDON, Side::Ahead).unwrap_err();
        assert!(refusal.fix.contains("2:40pm"), "{refusal:?}");
        assert_eq!(refusal.readings, []);
    }
}

/// The refusal, which must say of each reading what it is, and each of which must be taken.
#[track_caller]
fn asks(text: &str, now: &str, side: Side) -> (Misread, Vec<Time>) {
    let now = at(now);
    let misread = parse(text, now, LONDON, side).unwrap_err();
    let taken = misread.readings.iter().map(|reading| {
        assert!(misread.fix.contains(&reading.text), "{misread:?}");
        parse(&reading.text, now, LONDON, side).unwrap()
    });
    let taken = taken.collect();
    (misread, taken)
}

#[test]
fn a_length_is_held_at_the_minute_that_is_printed() {
    for (text, now, held) in [
        ("45m", "2026-11-23T10:02:50Z", "2026-11-23T10:47:00Z"),
        ("30s", "2026-11-23T10:02:20Z", "2026-11-23T10:03:00Z"),
        ("3h", "2026-11-23T21:00:20Z", "2026-11-23T23:59:00Z"),
    ] {
        check(text, now, Side::Ahead, held);
        let words = TimeWords::new(LONDON, at(now));
        let raw = at(now) + length_of(text).unwrap();
        if raw.minute() != at(now).minute() {
            assert_eq!(words.when(at(held)), words.when(raw), "{text} at {now}");
        }
    }
    for (text, now, held) in [
        ("45m ago", "2026-11-23T10:02:50Z", "2026-11-23T09:17:00Z"),
        ("45m", "2026-11-23T10:02:50Z", "2026-11-23T09:17:00Z"),
    ] {
        check(text, now, Side::Behind, held);
    }
}

#[test]
fn midnight_is_held_a_minute_before_it() {
    let afternoon = "2026-11-23T15:00:00Z";
    for (text, held) in [
        ("midnight", "2026-11-23T23:59:00Z"),
        ("12am", "2026-11-23T23:59:00Z"),
        ("00:00", "2026-11-23T23:59:00Z"),
        ("midnight today", "2026-11-23T23:59:00Z"),
        ("midnight tomorrow", "2026-11-24T23:59:00Z"),
        ("2026-11-24 midnight", "2026-11-24T23:59:00Z"),
        ("2026-11-24 00:00", "2026-11-23T23:59:00Z"),
    ] {
        check(text, afternoon, Side::Ahead, held);
    }
    check("midnight", afternoon, Side::Behind, "2026-11-22T23:59:00Z");
    for (text, says) in [
        ("00:00", "midnight today has passed."),
        ("tomorrow 00:00", "00:00 tomorrow has passed."),
    ] {
        let (misread, taken) = asks(text, "2026-11-23T23:59:30Z", Side::Ahead);
        assert_eq!(misread.sentence, says);
        assert_eq!(taken, [at("2026-11-24T23:59:00Z")]);
    }
}

#[test]
fn a_time_of_day_that_has_passed_is_asked_about() {
    for now in ["2026-11-23T17:47:00Z", "2026-11-23T17:00:20Z"] {
        for text in ["5pm", "5pm today", "today at 5pm", "5pm GMT"] {
            let (misread, taken) = asks(text, now, Side::Ahead);
            assert_eq!(misread.wrong, Wrong::Passed);
            assert_eq!(taken, [at("2026-11-24T17:00:00Z")], "{text}");
        }
    }
    let (misread, _) = asks("5PM", "2026-11-23T17:47:00Z", Side::Ahead);
    assert_eq!(misread.sentence, "5pm today has passed.");
    assert_eq!(misread.fix, "Say 5pm tomorrow, or a later time today.");
    assert_eq!(misread.readings[0].label, "Tomorrow");
    let (misread, _) = asks("yesterday 5pm", "2026-11-23T09:00:00Z", Side::Ahead);
    assert_eq!(misread.sentence, "5pm yesterday has passed.");
}

#[test]
fn a_day_can_be_named_on_either_side_of_the_time() {
    let now = "2026-11-23T17:47:00Z";
    for text in [
        "5pm tomorrow",
        "tomorrow 5pm",
        "Tomorrow at  17:00",
        "tomorrow 5 pm GMT",
    ] {
        check(text, now, Side::Ahead, "2026-11-24T17:00:00Z");
    }
    check("tomorrow", now, Side::Ahead, "2026-11-24T09:00:00Z");
    check("6pm today", now, Side::Ahead, "2026-11-23T18:00:00Z");
    check("yesterday 11pm", now, Side::Behind, "2026-11-22T23:00:00Z");
}

#[test]
fn an_hour_that_comes_twice_is_asked_about_by_its_zone() {
    let (bst, gmt) = ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
    let eve = "2026-10-24T20:00:00Z";
    for (text, now, side, says) in [
        (
            "2026-10-25 01:30",
            eve,
            Side::Ahead,
            "Say 2026-10-25 01:30 BST for the first, or 2026-10-25 01:30 GMT for the second.",
        ),
        (
            "tomorrow 1:30am",
            eve,
            Side::Ahead,
            "Say 1:30am BST tomorrow for the first, or 1:30am GMT tomorrow for the second.",
        ),
        (
            "1:30am",
            "2026-10-24T23:10:00Z",
            Side::Ahead,
            "Say 1:30am BST for the first, or 1:30am GMT for the second.",
        ),
        (
            "1:30am",
            "2026-10-25T09:00:00Z",
            Side::Behind,
            "Say 1:30am BST for the first, or 1:30am GMT for the second.",
        ),
    ] {
        let (misread, taken) = asks(text, now, side);
        assert_eq!((misread.wrong, misread.fix.as_str()), (Wrong::Twice, says));
        assert!(
            misread
                .sentence
                .ends_with("comes twice on 25 October 2026, because the clocks go back."),
            "{misread:?}"
        );
        assert_eq!(taken, [at(bst), at(gmt)], "{text} at {now}");
    }
    // A time of today that has passed may be tomorrow's, which comes twice.
    let (misread, taken) = asks("1:30am", eve, Side::Ahead);
    assert_eq!(misread.wrong, Wrong::Passed);
    assert_eq!(taken, [at(bst), at(gmt)]);
    // Between the two, only one of them is still to come, and one has been.
    check("1:30am", "2026-10-25T00:40:00Z", Side::Ahead, gmt);
    check("1:30am", "2026-10-25T00:40:00Z", Side::Behind, bst);
}

#[test]
fn a_zone_and_an_offset_are_taken_at_their_word() {
    let now = "2026-06-23T09:00:00Z";
    check("5pm BST", now, Side::Ahead, "2026-06-23T16:00:00Z");
    check("5pm gmt", now, Side::Ahead, "2026-06-23T17:00:00Z");
    check("17:00 UTC", now, Side::Ahead, "2026-06-23T17:00:00Z");
    check(
        "2026-10-25T01:30:00+00:00",
        now,
        Side::Ahead,
        "2026-10-25T01:30:00Z",
    );
    check(
        "2026-06-22T01:30:21z",
        now,
        Side::Ahead,
        "2026-06-22T01:30:21Z",
    );
}

#[test]
fn what_is_typed_for_a_time_reads_back_in_zones_without_names_too() {
    // Troll goes by its offsets; Dublin calls its summer time by a name of its own.
    for zone in [
        Tz::Antarctica__Troll,
        Tz::Europe__Dublin,
        Tz::America__Sao_Paulo,
    ] {
        let start = at("2026-01-01T00:00:00Z");
        let days = (85..90).chain(295..300);
        for minutes in days.flat_map(|day| (0..48).map(move |half| day * 1440 + half * 30)) {
            let time = printed(start + Duration::minutes(minutes), zone);
            let text = typed(time, zone);
            assert_eq!(parse(&text, start, zone, Side::Ahead), Ok(time), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_typed_for_a_time_reads_back_as_it(
        minutes in 0i64..(2 * 366 * 24 * 60),
        zone in proptest::sample::select(vec![
            LONDON, Tz::America__New_York, Tz::Asia__Kathmandu, Tz::Australia__Lord_Howe,
        ]),
    ) {
        let now = at("2026-01-01T00:00:00Z");
        let time = printed(now + Duration::minutes(minutes), zone);
        prop_assert_eq!(parse(&typed(time, zone), now, zone, Side::Ahead), Ok(time));
    }

    #[test]
    fn a_promise_that_is_typed_is_ahead_and_printed_as_it_is_held(
        text in "(([1-9][0-9]?[smhd])|((today |tomorrow |)(1?[0-9](:[0-5][0-9])?(am|pm)|midnight|[01][0-9]:[0-5][0-9])))",
        seconds in 0i64..(366 * 24 * 3600),
    ) {
        let now = at("2026-01-01T00:00:00Z") + Duration::seconds(seconds);
        match parse(&text, now, LONDON, Side::Ahead) {
            Ok(time) => {
                prop_assert!(time > now);
                prop_assert_eq!(printed(time, LONDON), time);
            }
            Err(misread) => for reading in &misread.readings {
                let time = parse(&reading.text, now, LONDON, Side::Ahead);
                prop_assert!(time.is_ok_and(|time| time > now), "{:?}", misread);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,24}", ahead in any::<bool>()) {
        let side = if ahead { Side::Ahead } else { Side::Behind };
        let _ = parse(&text, at("2026-10-24T23:10:00Z"), LONDON, side);
    }
}

//! The state machine: what one try means for the delivery, its lane and its address.

use chrono::TimeDelta;

use super::{Class, OnUncertain, Outcome, State, schedule};
use crate::domain::time::Time;

/// A delivery as it stands when the outcome of a try arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The state in the record.
    pub state: State,
    /// Whether the lease under which it was tried still holds.
    pub owned: bool,
    /// Tries so far that count, this one included.
    pub attempts: u32,
    /// Whether an earlier try may have got it out.
    pub unsure: bool,
    /// Whether it was tried in plain text already.
    pub plain: bool,
    /// Whether the message has a plain text that could go instead.
    pub has_plain: bool,
    /// Whether the priority is the gravest.
    pub urgent: bool,
    /// Whether its lane is known to refuse everybody, so that a refusal says nothing about this one.
    pub lane_at_fault: bool,
    /// Until when trying is worth it.
    pub deliver_by: Time,
}

/// What follows from a try.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// The new state.
    pub state: State,
    /// When it is tried again, if it is by itself.
    pub next_at: Option<Time>,
    /// Whether the try counts: being asked to slow down, or our own wrong settings, do not.
    pub counts: bool,
    /// Whether it may be out although nobody said so.
    pub unsure: bool,
    /// Whether the next try goes in plain text.
    pub plain: bool,
    /// What the whole lane does.
    pub lane: LaneEffect,
    /// What the lane's breaker learns.
    pub sign: Sign,
    /// Whether the address will never work and is to be flagged.
    pub flag_address: bool,
    /// Whether the recipient's next channel is to be used.
    pub falls_back: bool,
    /// What a person reads about it.
    pub sentence: String,
}

/// What a try means for everything else that goes the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneEffect {
    /// Nothing.
    None,
    /// It rests; see [`schedule`] for how long when the provider did not say.
    Rest {
        /// Milliseconds the provider asked for.
        after_ms: Option<u64>,
    },
    /// It stops, an operator is told, and one message tries it now and then.
    Pause,
}

/// What the breaker of a lane learns from a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The other side answered as it should, be it with a no.
    Well,
    /// It was not reached, or is in trouble.
    Ill,
    /// Says nothing either way.
    Mute,
}

/// Tries whose fate is unknown before a person has to look; each may have been a repeat, or a look
/// that found nothing.
const UNSURE_TRIES: u32 = 6;
/// The same where receivers cannot recognise a repeat.
const UNSURE_TRIES_UNRECOGNISED: u32 = 3;

/// The last try is made this long before the deadline, if the schedule would jump over it.
const LAST_TRY: TimeDelta = TimeDelta::seconds(60);

/// Decides what follows from the outcome of a try. `jitter` is a random number from 0 to 1.
///
/// `None`: the outcome came too late to change anything, and is only kept as an attempt.
pub fn after(
    tried: &Tried,
    outcome: &Outcome,
    on_uncertain: OnUncertain,
    now: Time,
    jitter: f64,
) -> Option<Next> {
    if tried.state.is_final() {
        return None;
    }
    let mut next = Next {
        state: State::Ready,
        next_at: None,
        counts: true,
        unsure: tried.unsure,
        plain: tried.plain,
        lane: LaneEffect::None,
        sign: Sign::Mute,
        flag_address: false,
        falls_back: false,
        sentence: outcome.sentence.clone(),
    };
    // The message is out, whoever held the lease and whatever was decided meanwhile.
    if outcome.class.is_success() {
        next.state = match outcome.class {
            Class::Delivered => State::Delivered,
            _ => State::Accepted,
        };
        next.unsure = false;
        next.sign = Sign::Well;
        return Some(next);
    }
    if !tried.owned || tried.state != State::Sending {
        return None;
    }
    let mut wait_of = outcome.class;
    match outcome.class {
        Class::Accepted | Class::Delivered => {}
        // It tried the lane for all the others: it waits with them.
        Class::BadDestination | Class::Refused if tried.lane_at_fault => {
            next.counts = false;
            next.lane = LaneEffect::Pause;
            wait_of = Class::BadConfiguration;
        }
        Class::NotSent | Class::RemoteTemporary => next.sign = Sign::Ill,
        Class::Throttled { after_ms } => {
            next.counts = false;
            next.lane = LaneEffect::Rest { after_ms };
            next.sign = Sign::Well;
        }
        Class::BadConfiguration => {
            next.counts = false;
            next.lane = LaneEffect::Pause;
        }
        Class::Uncertain => {
            next.unsure = true;
            let tries = match on_uncertain {
                OnUncertain::Resend | OnUncertain::Reconcile => UNSURE_TRIES,
                OnUncertain::HoldUnlessUrgent if tried.urgent => UNSURE_TRIES_UNRECOGNISED,
                OnUncertain::HoldUnlessUrgent => 0,
            };
            if tried.attempts >= tries {
                return Some(held(next));
            }
        }
        Class::BadDestination | Class::Refused => {
            next.state = State::Dead;
            next.flag_address = outcome.class == Class::BadDestination;
            next.falls_back = true;
            next.sign = Sign::Well;
            return Some(next);
        }
        Class::BadPayload => {
            next.sign = Sign::Well;
            if tried.plain || !tried.has_plain {
                next.state = State::Dead;
                next.falls_back = true;
                return Some(next);
            }
            next.plain = true;
        }
    }
    if next.unsure {
        next.state = State::Uncertain;
    }
    let wait = schedule::wait(wait_of, tried.attempts, jitter).unwrap_or_default();
    let due = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
    match within(due, tried.deliver_by, now) {
        Some(at) => next.next_at = Some(at),
        // What may be out is not called expired: a person decides.
        None if next.unsure => return Some(held(next)),
        None => {
            next.state = State::Expired;
            next.falls_back = true;
        }
    }
    Some(next)
}

/// The time of the next try, or none if the deadline leaves no room for one.
fn within(due: Time, deliver_by: Time, now: Time) -> Option<Time> {
    let last = deliver_by - LAST_TRY;
    if due < deliver_by {
        Some(due)
    } else if last > now {
        Some(last)
    } else {
        None
    }
}

fn held(mut next: Next) -> Next {
    next.state = State::Held;
    next.next_at = None;
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-11-23T13:20:00Z".parse().unwrap()
    }

    fn tried() -> Tried {
        Tried {
            state: State::Sending,
            owned: true,
            attempts: 1,
            unsure: false,
            plain: false,
            has_plain: true,
            urgent: false,
            lane_at_fault: false,
            deliver_by: now() + TimeDelta::hours(4),
        }
    }

    fn outcome(class: Class) -> Outcome {
        Outcome {
            class,
            code: None,
            reply: String::new(),
            sentence: "What the channel says.".to_owned(),
            provider_id: None,
        }
    }

    fn next(tried: &Tried, class: Class) -> Option<Next> {
        after(tried, &outcome(class), OnUncertain::Resend, now(), 0.5)
    }

    fn failures() -> [Class; 8] {
        [
            Class::NotSent,
            Class::Throttled { after_ms: None },
            Class::RemoteTemporary,
            Class::Uncertain,
            Class::BadDestination,
            Class::Refused,
            Class::BadConfiguration,
            Class::BadPayload,
        ]
    }

    #[test]
    fn a_late_success_wins_over_every_state_that_is_not_final() {
        for state in State::ALL {
            let late = Tried {
                state,
                owned: false,
                ..tried()
            };
            let got = next(&late, Class::Accepted).map(|next| next.state);
            let want = (!state.is_final()).then_some(State::Accepted);
            assert_eq!(got, want, "{state}");
        }
    }

    #[test]
    fn a_late_failure_changes_nothing() {
        for state in State::ALL {
            for class in failures() {
                let late = Tried {
                    state,
                    owned: false,
                    ..tried()
                };
                assert_eq!(next(&late, class), None, "{state} {class:?}");
            }
        }
    }

    #[test]
    fn each_failure_leads_to_its_state() {
        let check = |class, state, seconds: Option<i64>| {
            let next = next(&tried(), class).unwrap();
            assert_eq!(next.state, state, "{class:?}");
            let at = seconds.map(|seconds| now() + TimeDelta::seconds(seconds));
            assert_eq!(next.next_at, at, "{class:?}");
        };
        check(Class::NotSent, State::Ready, Some(1));
        check(
            Class::Throttled {
                after_ms: Some(17_000),
            },
            State::Ready,
            Some(17),
        );
        check(Class::RemoteTemporary, State::Ready, Some(5));
        check(Class::Uncertain, State::Uncertain, Some(5));
        check(Class::BadDestination, State::Dead, None);
        check(Class::Refused, State::Dead, None);
        check(Class::BadConfiguration, State::Ready, Some(60));
        check(Class::BadPayload, State::Ready, Some(0));
    }

    #[test]
    fn what_tries_a_lane_that_refuses_everybody_waits_with_the_others() {
        let probe = Tried {
            lane_at_fault: true,
            ..tried()
        };
        for class in [Class::BadDestination, Class::Refused] {
            let next = next(&probe, class).unwrap();
            assert_eq!(next.state, State::Ready, "{class:?}");
            assert_eq!(next.next_at, Some(now() + TimeDelta::seconds(60)));
            assert_eq!(next.lane, LaneEffect::Pause);
            assert!(!next.flag_address && !next.falls_back && !next.counts);
        }
    }

    #[test]
    fn only_a_bad_destination_flags_the_address() {
        for class in failures() {
            let flags = next(&tried(), class).unwrap().flag_address;
            assert_eq!(flags, class == Class::BadDestination, "{class:?}");
        }
    }

    #[test]
    fn being_throttled_and_wrong_settings_do_not_count_as_tries() {
        for class in failures() {
            let counts = next(&tried(), class).unwrap().counts;
            let free = matches!(class, Class::Throttled { .. } | Class::BadConfiguration);
            assert_eq!(counts, !free, "{class:?}");
        }
    }

    #[test]
    fn what_may_be_out_stays_uncertain_when_a_repeat_fails() {
        let unsure = Tried {
            unsure: true,
            ..tried()
        };
        for class in [
            Class::NotSent,
            Class::RemoteTemporary,
            Class::BadConfiguration,
        ] {
            let next = next(&unsure, class).unwrap();
            assert_eq!(next.state, State::Uncertain, "{class:?}");
            assert!(next.unsure);
        }
    }

    #[test]
    fn where_repeats_cannot_be_recognised_only_the_gravest_is_sent_again() {
        let hold = OnUncertain::HoldUnlessUrgent;
        let calm = after(&tried(), &outcome(Class::Uncertain), hold, now(), 0.5).unwrap();
        assert_eq!((calm.state, calm.next_at), (State::Held, None));
        let urgent = Tried {
            urgent: true,
            ..tried()
        };
        let again = after(&urgent, &outcome(Class::Uncertain), hold, now(), 0.5).unwrap();
        assert_eq!(again.state, State::Uncertain);
        let worn = Tried {
            attempts: 3,
            ..urgent
        };
        let held = after(&worn, &outcome(Class::Uncertain), hold, now(), 0.5).unwrap();
        assert_eq!(held.state, State::Held);
    }

    #[test]
    fn what_is_looked_up_goes_on_until_it_is_known_or_a_person_has_to_look() {
        let looked = |attempts, class| {
            let tried = Tried {
                unsure: true,
                attempts,
                ..tried()
            };
            after(&tried, &outcome(class), OnUncertain::Reconcile, now(), 0.5).unwrap()
        };
        // The send left the doubt; looks follow after 5 and then 30 seconds.
        let first = after(
            &tried(),
            &outcome(Class::Uncertain),
            OnUncertain::Reconcile,
            now(),
            0.5,
        );
        assert_eq!(first.unwrap().next_at, Some(now() + TimeDelta::seconds(5)));
        let second = looked(2, Class::Uncertain);
        assert_eq!(second.next_at, Some(now() + TimeDelta::seconds(30)));
        assert_eq!(looked(2, Class::Accepted).state, State::Accepted);
        assert_eq!(looked(2, Class::NotSent).state, State::Uncertain);
        assert_eq!(looked(6, Class::Uncertain).state, State::Held);
    }

    #[test]
    fn a_refused_message_is_tried_once_in_plain_text() {
        let first = next(&tried(), Class::BadPayload).unwrap();
        assert!(first.plain && first.state == State::Ready);
        let second = Tried {
            plain: true,
            attempts: 2,
            ..tried()
        };
        let dead = next(&second, Class::BadPayload).unwrap();
        assert!(dead.state == State::Dead && dead.falls_back && !dead.flag_address);
        let no_plain = Tried {
            has_plain: false,
            ..tried()
        };
        assert_eq!(
            next(&no_plain, Class::BadPayload).unwrap().state,
            State::Dead
        );
    }

    #[test]
    fn the_deadline_ends_the_tries_after_a_last_one() {
        let near = Tried {
            attempts: 9,
            deliver_by: now() + TimeDelta::minutes(10),
            ..tried()
        };
        let last = next(&near, Class::RemoteTemporary).unwrap();
        assert_eq!(last.next_at, Some(now() + TimeDelta::minutes(9)));
        let over = Tried {
            deliver_by: now() + TimeDelta::seconds(30),
            ..near
        };
        let expired = next(&over, Class::RemoteTemporary).unwrap();
        assert_eq!((expired.state, expired.next_at), (State::Expired, None));
        let unsure = Tried {
            unsure: true,
            ..over
        };
        let held = next(&unsure, Class::RemoteTemporary).unwrap();
        assert_eq!(held.state, State::Held);
    }
}

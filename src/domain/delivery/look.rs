//! Asking the other side what became of a message in doubt, before it is sent again.

use super::{Class, OnUncertain, Outcome};

/// How a delivery that was claimed is approached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approach {
    /// It is sent.
    Send,
    /// The other side is asked first whether it has it.
    LookUp {
        /// Whether it is sent at once if the other side has not.
        then_send: bool,
    },
}

/// What the other side says about a message in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It has it, and this is what it would have answered.
    Found(Outcome),
    /// It has not got it.
    Missing,
    /// It cannot be asked; why.
    Unknown(Outcome),
}

/// Looks that have to find nothing before a message is sent again: what was taken may not be
/// listed at once.
const LOOKS: u32 = 2;

/// Decides how to approach a delivery. `unsure`: whether it may be out although nobody said so;
/// `attempts`: the tries so far that count, this one included.
pub fn approach(unsure: bool, attempts: u32, on_uncertain: OnUncertain) -> Approach {
    if unsure && on_uncertain == OnUncertain::Reconcile {
        // The try that left the doubt was no look.
        let then_send = attempts > LOOKS;
        Approach::LookUp { then_send }
    } else {
        Approach::Send
    }
}

impl Look {
    /// What the try came to; `None` if the message is to be sent now.
    pub fn outcome(self, then_send: bool) -> Option<Outcome> {
        match self {
            Self::Found(outcome) => Some(outcome),
            Self::Missing if then_send => None,
            Self::Missing => Some(Outcome {
                class: Class::Uncertain,
                code: None,
                reply: String::new(),
                sentence: "It is not listed as sent. It is looked up once more before it is sent \
                           again."
                    .to_owned(),
                provider_id: None,
            }),
            Self::Unknown(outcome) => Some(Outcome {
                class: match outcome.class {
                    Class::NotSent
                    | Class::RemoteTemporary
                    | Class::Throttled { .. }
                    | Class::BadConfiguration => outcome.class,
                    // What is wrong with the question says nothing about the message.
                    _ => Class::Uncertain,
                },
                ..outcome
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(class: Class) -> Outcome {
        Outcome {
            class,
            code: None,
            reply: String::new(),
            sentence: "What the other side says.".to_owned(),
            provider_id: None,
        }
    }

    #[test]
    fn only_what_is_in_doubt_is_looked_up_and_only_where_that_is_the_way() {
        for way in [OnUncertain::Resend, OnUncertain::HoldUnlessUrgent] {
            assert_eq!(approach(true, 2, way), Approach::Send);
        }
        assert_eq!(approach(false, 1, OnUncertain::Reconcile), Approach::Send);
    }

    #[test]
    fn two_looks_have_to_find_nothing_before_it_is_sent_again() {
        let then_send =
            [2, 3, 4].map(
                |attempts| match approach(true, attempts, OnUncertain::Reconcile) {
                    Approach::LookUp { then_send } => then_send,
                    Approach::Send => panic!("it is not looked up"),
                },
            );
        assert_eq!(then_send, [false, true, true]);
        let class = |look: Look, then_send| look.outcome(then_send).map(|outcome| outcome.class);
        assert_eq!(class(Look::Missing, false), Some(Class::Uncertain));
        assert_eq!(class(Look::Missing, true), None);
    }

    #[test]
    fn what_is_found_counts_as_the_answer_and_a_failed_look_as_none() {
        for then_send in [false, true] {
            let class = |look: Look| look.outcome(then_send).map(|outcome| outcome.class);
            for found in [Class::Accepted, Class::Delivered, Class::BadDestination] {
                assert_eq!(class(Look::Found(outcome(found))), Some(found));
            }
            for (failed, expected) in [
                (Class::NotSent, Class::NotSent),
                (Class::BadConfiguration, Class::BadConfiguration),
                (Class::BadDestination, Class::Uncertain),
                (Class::Accepted, Class::Uncertain),
            ] {
                assert_eq!(class(Look::Unknown(outcome(failed))), Some(expected));
            }
        }
    }
}

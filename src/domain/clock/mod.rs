//! The promise clock: when people are to be told next, and what happens around that time.
//!
//! A time that was printed is a promise (`Incident::promises`). [`due`] says which time to promise,
//! [`ladder()`] which timers stand for it, [`fire()`] what to do when one of them goes off, and
//! [`kept`] how well the promises were kept. [`pattern`] and [`days`] know the calendar.
//!
//! Everything is computed from the log and `now`, so a restart, a second replica or a machine that
//! slept changes nothing: a timer that went off while nobody looked goes off late, once.

pub mod answer;
pub mod days;
pub mod due;
#[cfg(test)]
mod due_tests;
pub mod fire;
pub mod kept;
pub mod ladder;
#[cfg(test)]
mod ladder_tests;
pub mod pattern;
#[cfg(test)]
mod week;

pub use answer::{Answer, answer, no_change};
pub use due::{ANSWER_WINDOW, base, next_due};
pub use fire::{Fire, fire};
pub use kept::{PromiseKept, minutes_late, promise_record};
pub use ladder::{Rung, ladder};

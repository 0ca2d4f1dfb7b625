//! The Teams bot's door: who calls, what they say and tap, and what they get for an answer.

mod activity;
pub mod door;
mod here;
pub mod keys;
mod met;
mod rs256;
mod tap;
pub mod token;

#[cfg(test)]
mod tests;

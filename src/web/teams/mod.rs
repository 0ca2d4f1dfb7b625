//! The Teams bot's door: who calls.

pub mod door;
pub mod keys;
mod rs256;
pub mod token;

#[cfg(test)]
mod tests;

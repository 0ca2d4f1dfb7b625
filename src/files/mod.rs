//! The directory as files that people keep: YAML, CSV and XLSX; [stories](incidents) of past
//! incidents; and the [package] of the app in Teams.
//!
//! Reads bytes that the caller opened and writes texts that the caller saves, so nothing here
//! touches a disk. All three formats hold the same seven lists with the same columns
//! ([`columns`]); a reader turns each row into a [`Record`](record::Record), [`intake`] turns that
//! into a mention of an entry, and the domain merges the mentions. Every row is looked at, whatever
//! is wrong with others, and each problem names its row and the fix, but never an address.

pub mod columns;
pub mod csv;
pub mod incidents;
mod intake;
mod merged;
pub mod package;
mod plan;
mod record;
mod row;
pub mod sample;
mod unpacked;
mod xlsx;
pub mod yaml;

pub use plan::{ImportPlan, Input, Options, plan};

#[cfg(test)]
mod tests;

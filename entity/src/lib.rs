//! One file per table.

pub mod attempt;
pub mod bad_address;
pub mod delivery;
pub mod lane;
pub mod message;
pub mod notification;

//! The door of the bot against a key server of the tests' own, with keys made for them.

mod calls;
mod connector;
mod published;

//! What people say in chat, as commands, and answers as cards and blocks.
//!
//! Pure: text and plain data in, plain data out. The doors in `web` check who speaks, call the use
//! case, and send what is made here.

pub mod form;
pub mod grammar;
pub mod manifest;
pub mod reply;
pub mod slack;
pub mod slack_text;
pub mod slack_view;
pub mod teams;
pub mod terminal;

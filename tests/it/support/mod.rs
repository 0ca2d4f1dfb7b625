//! What the tests share.

pub(crate) mod agency;
pub(crate) mod api;
pub(crate) mod channels;
pub(crate) mod database;
pub(crate) mod fake_channel;
pub(crate) mod incident;
pub(crate) mod oracle;
pub(crate) mod outbox;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod sign_in;
pub(crate) mod slack;
pub(crate) mod slack_door;
pub(crate) mod smtp;
pub(crate) mod stand_in;
pub(crate) mod teams;
pub(crate) mod worlds;

use oyez::domain::Time;

/// An instant from RFC 3339 text.
pub(crate) fn at(text: &str) -> Time {
    text.parse().expect("an RFC 3339 time")
}

//! What Slack sends us: slash commands, taps, modals that were handed in, and messages to the app.
//!
//! Slack waits three seconds. What is not done by then goes on, and its answer follows: to the
//! address that came with the request, or into the view that was opened at once.
//!
//! [`signed`] lets in what Slack signed and [`payload`] has its shapes; [`commands`],
//! [`interactions`] and [`events`] are the endpoints, and [`answer`] what they share.

mod answer;
pub(super) mod commands;
pub(super) mod events;
pub(super) mod interactions;
mod payload;
mod signature;
mod signed;

use std::time::Duration;

use secrecy::SecretString;

pub use self::events::Recent;
use crate::{channels::SlackApp, domain::ChannelName, http_client::HttpClient};

/// Slack gives up after three seconds; the way there and back takes some of them.
pub const ANSWER_WITHIN: Duration = Duration::from_millis(2_000);

/// How Slack's requests are recognised and answered.
pub struct SlackDoor {
    /// The secrets with which Slack signs; two while one is changed.
    pub secrets: Vec<SecretString>,
    /// The channel of the settings whose addresses are Slack's.
    pub channel: ChannelName,
    /// For answers that follow.
    pub http: HttpClient,
    /// Opens views and posts; without it, answers are messages that come with the request.
    pub app: Option<SlackApp>,
    /// After how long Slack is told that the answer follows.
    pub answer_within: Duration,
    /// The events that came lately.
    pub recent: Recent,
}

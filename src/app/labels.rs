//! What people read for a channel: scripts get its name in the settings, people its label.

use std::collections::{BTreeMap, BTreeSet};

use super::App;

/// Labels by the name of the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    labels: BTreeMap<String, String>,
    /// Those in which people read, rather than by which they are sent something.
    places: BTreeSet<String>,
}

impl Labels {
    /// The label; of a channel that is not live any more, its name.
    pub fn of<'a>(&'a self, channel: &'a str) -> &'a str {
        self.labels.get(channel).map_or(channel, String::as_str)
    }

    /// "33 email, 11 Teams, 2 Slack"
    pub fn counts(&self, by_channel: &BTreeMap<String, usize>) -> String {
        let counts: Vec<String> = by_channel
            .iter()
            .map(|(channel, count)| format!("{count} {}", self.of(channel)))
            .collect();
        counts.join(", ")
    }

    /// "by email", "in Teams"
    pub fn way(&self, channel: &str) -> String {
        let word = if self.places.contains(channel) {
            "in"
        } else {
            "by"
        };
        format!("{word} {}", self.of(channel))
    }

    /// "33 by email, 11 in Teams, 2 in Slack"
    pub fn ways(&self, by_channel: &BTreeMap<String, usize>) -> String {
        let counts: Vec<String> = by_channel
            .iter()
            .map(|(channel, count)| format!("{count} {}", self.way(channel)))
            .collect();
        counts.join(", ")
    }
}

impl App {
    /// The labels of the channels that are live.
    pub fn labels(&self) -> Labels {
        let labels = self.channels.iter();
        Labels {
            labels: labels
                .map(|(name, channel)| (name.to_string(), channel.label().to_owned()))
                .collect(),
            places: self
                .chat_channels()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}

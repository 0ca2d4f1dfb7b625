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
        summed(by_channel, |channel| self.of(channel).to_owned())
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
        summed(by_channel, |channel| self.way(channel))
    }
}

/// Counts in words. Channels that people know by one word are one: a bot and a webhook are both Teams.
fn summed(by_channel: &BTreeMap<String, usize>, word: impl Fn(&str) -> String) -> String {
    let mut sums: Vec<(String, usize)> = Vec::new();
    for (channel, count) in by_channel {
        let word = word(channel);
        match sums.iter_mut().find(|(known, _)| *known == word) {
            Some((_, sum)) => *sum += count,
            None => sums.push((word, *count)),
        }
    }
    let counts: Vec<String> = sums
        .into_iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    counts.join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_with_one_label_are_counted_as_one() {
        let labels = Labels {
            labels: [
                ("email", "email"),
                ("teams", "Teams"),
                ("workflow", "Teams"),
            ]
            .map(|(name, label)| (name.to_owned(), label.to_owned()))
            .into(),
            places: ["teams", "workflow"].map(str::to_owned).into(),
        };
        let counts = [("email", 33), ("teams", 2), ("workflow", 9)]
            .map(|(name, count)| (name.to_owned(), count))
            .into();
        assert_eq!(labels.ways(&counts), "33 by email, 11 in Teams");
        assert_eq!(labels.counts(&counts), "33 email, 11 Teams");
    }
}

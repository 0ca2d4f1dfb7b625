//! A directory to begin with, in which every key is explained.

use super::{Input, Options, csv::write, plan};
use crate::domain::{Address, ChannelName, directory::Directory, shown::ShownDirectory};

/// One file with everything, and a comment wherever one helps.
pub const YAML: &str = include_str!("../../config/directory.example.yaml");

/// Channels that the sample names; those that every installation has.
const CHANNELS: [&str; 2] = ["email", "teams_workflow"];

/// The same as CSV files: name and content.
pub fn csv() -> Vec<(String, String)> {
    let channels: Vec<ChannelName> = CHANNELS
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    let input = Input {
        name: "directory.yaml".to_owned(),
        bytes: YAML.as_bytes().to_vec(),
    };
    let options = Options {
        prune: false,
        channels: &channels,
        check_address: &|_, text| Ok(Address::new(text)),
        means: &|text, _, address| text == address.as_str(),
        time_zone: chrono_tz::Europe::London,
    };
    write(&ShownDirectory::with_secrets(
        plan(&Directory::default(), &[input], &options).result,
    ))
    .into_iter()
    .map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()))
    .collect()
}

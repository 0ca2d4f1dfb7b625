//! Shared by the tests of the files; what each file tests is in its name.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod incidents;
mod kept;
mod northshire;
mod problems;
mod round_trip;
mod spreadsheets;

use chrono_tz::Europe;

use super::{ImportPlan, Input, Options, plan};
use crate::domain::{Address, ChannelName, directory::Directory, shown::ShownDirectory};

fn input(name: &str, text: impl AsRef<[u8]>) -> Input {
    Input {
        name: name.to_owned(),
        bytes: text.as_ref().to_vec(),
    }
}

/// Takes whatever has no blank, and mailboxes with an @; writes mailboxes in lower case.
fn check_address(channel: &ChannelName, text: &str) -> Result<Address, String> {
    if channel.as_str() == "email" && !text.contains('@') {
        Err("The address has no @.".to_owned())
    } else {
        Ok(Address::new(text))
    }
}

fn import(current: &Directory, inputs: &[Input], prune: bool) -> ImportPlan {
    let channels: Vec<ChannelName> = [
        "email",
        "notify_sms",
        "slack_webhook",
        "teams_workflow",
        "webhook",
    ]
    .iter()
    .map(|name| name.parse().unwrap())
    .collect();
    plan(
        current,
        inputs,
        &Options {
            prune,
            channels: &channels,
            check_address: &check_address,
            means: &|text, _, address| text == address.as_str(),
            time_zone: Europe::London,
        },
    )
}

/// Each problem as `place [column]: message fix`.
fn problems(plan: &ImportPlan) -> Vec<String> {
    let line = plan.problems.iter().map(|problem| {
        let column = problem
            .column
            .as_deref()
            .map(|column| format!(" [{column}]"));
        format!(
            "{}{}: {} {}",
            problem.at,
            column.unwrap_or_default(),
            problem.message,
            problem.fix
        )
    });
    line.collect()
}

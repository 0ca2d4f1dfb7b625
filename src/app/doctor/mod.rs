//! `oyez doctor`: everything that could be wrong, each with what to do about it.

mod people;
mod rules;
mod safety;

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use chrono::TimeDelta;
use serde::Serialize;

use super::{App, Error};
use crate::{
    channels::SlackApp,
    clock::SystemClock,
    domain::ChannelName,
    section::Shown,
    store::{faults, timers},
};

/// What the program was put together from.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Every setting in force, as people may see it.
    pub settings: &'a [Shown],
    /// Channels that are not live, each with the reason.
    pub off: &'a BTreeMap<ChannelName, String>,
    /// Whether messages become files instead of going out.
    pub practice: bool,
    /// The organisation's policy file, if the settings name one.
    pub policy_file: Option<&'a Path>,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where people reach it.
    pub public_url: Option<&'a str>,
    /// The folder of the files that practice mode writes.
    pub capture_dir: &'a Path,
    /// The app that answers in Slack, if that door is open.
    pub slack: Option<&'a SlackApp>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// OK, WARN or FIX.
    pub grade: &'static str,
    /// What was looked at, what was found, and what to do.
    pub sentence: String,
}

fn ok(sentence: impl Into<String>) -> Finding {
    Finding {
        grade: "OK",
        sentence: sentence.into(),
    }
}

fn warn(sentence: impl Into<String>) -> Finding {
    Finding {
        grade: "WARN",
        sentence: sentence.into(),
    }
}

fn fix(sentence: impl Into<String>) -> Finding {
    Finding {
        grade: "FIX",
        sentence: sentence.into(),
    }
}

/// A clock this far off the database's is worth a word.
const CLOCK_OFF: TimeDelta = TimeDelta::seconds(2);

/// A server that runs looks at its timers far more often.
const TIMER_LATE: TimeDelta = TimeDelta::minutes(1);

/// The settings as they are, once all of them could be read.
pub fn settings_found(settings: &[Shown]) -> Vec<Finding> {
    let mut findings = vec![ok(format!("Settings: {} read, all usable", settings.len()))];
    findings.extend(settings.iter().map(|shown| {
        ok(format!(
            "Setting {} = {} ({})",
            shown.key, shown.value, shown.origin
        ))
    }));
    findings
}

/// What keeps the program from being put together at all: every fault at once.
pub fn not_started(error: &Error) -> Vec<Finding> {
    let part = match error.code.as_str() {
        "bad-settings" => "Settings",
        code if code.starts_with("database") => "Database",
        _ => "Start",
    };
    if error.faults.is_empty() {
        return vec![fix(format!("{part}: {error}").trim_end())];
    }
    let faults = error.faults.iter();
    faults
        .map(|fault| fix(format!("{part}: {fault}")))
        .collect()
}

impl App {
    /// Looks at everything. Sends nothing, and changes nothing.
    pub async fn examine(&self, around: &Surroundings<'_>) -> Vec<Finding> {
        let mut findings = settings_found(around.settings);
        let usable = self.examine_database(&mut findings).await;
        if around.practice {
            findings.push(warn("Sending: practice mode, so messages become files and reach nobody. Set sending.mode to live when you are ready."));
        }
        self.examine_safety(&mut findings, around);
        self.examine_channels(&mut findings, around.off).await;
        if let Some(app) = around.slack {
            findings.push(match app.probe().await {
                Ok(sentence) => ok(format!("Chat in Slack: {sentence}")),
                Err(sentence) => fix(format!("Chat in Slack: {sentence}")),
            });
        }
        match self.check_templates() {
            faults if faults.is_empty() => {
                findings.push(ok("Templates: every one uses only facts that it may use"))
            }
            faults => findings.extend(
                faults
                    .iter()
                    .map(|fault| fix(format!("Templates: {fault}"))),
            ),
        }
        if usable {
            self.examine_policy(&mut findings, around.policy_file).await;
            self.examine_people(&mut findings).await;
        }
        findings
    }

    async fn examine_database(&self, findings: &mut Vec<Finding>) -> bool {
        if let Err(error) = self.store.ping().await {
            findings.push(fix(format!("Database: {}", error.sentence())));
            return false;
        }
        match self.store.is_up_to_date().await {
            Ok(true) => findings.push(ok("Database: reachable, up to date")),
            Ok(false) => {
                findings.push(fix("Database: not up to date. Run: oyez migrate"));
                return false;
            }
            Err(error) => {
                findings.push(fix(format!("Database: {}", error.sentence())));
                return false;
            }
        }
        let machine = SystemClock::new();
        match self.store.clock_offset(|| machine.uncorrected()).await {
            Ok(None) => findings.push(ok(
                "Clock: the database is a file, so there is one clock only",
            )),
            Ok(Some(measured)) if measured.offset.abs() <= CLOCK_OFF => {
                findings.push(ok("Clock: agrees with the database"))
            }
            Ok(Some(measured)) => findings.push(warn(format!(
                "Clock: {} seconds off the database's. Check the time service of both machines.",
                measured.offset.num_seconds().abs()
            ))),
            Err(error) => findings.push(fix(format!("Clock: {}", error.sentence()))),
        }
        match timers::next_due(self.store.read(), &[]).await {
            Ok(Some(due)) if due + TIMER_LATE < self.clock.now() => {
                let when = match self.wall_clock().await {
                    Ok(clock) => clock.when_in_full(due),
                    Err(_) => due.to_rfc3339(),
                };
                findings.push(warn(format!(
                    "Promises: something was due at {when} and did not happen. Run: oyez serve"
                )));
            }
            Ok(_) => findings.push(ok("Promises: nothing is late")),
            Err(error) => findings.push(fix(format!("Promises: {}", error.sentence()))),
        }
        match faults::standing(self.store.read()).await {
            Ok(standing) if standing.is_empty() => findings.push(ok("Faults: none stand open")),
            Ok(standing) => {
                findings.extend(standing.iter().map(|fault| {
                    warn(format!("Fault: {} ({} times)", fault.sentence, fault.times))
                }))
            }
            Err(error) => findings.push(fix(format!("Faults: {}", error.sentence()))),
        }
        true
    }

    async fn examine_channels(
        &self,
        findings: &mut Vec<Finding>,
        off: &BTreeMap<ChannelName, String>,
    ) {
        if self.channels.is_empty() {
            findings.push(fix("Channels: none is live, so nobody can be told. Set channels.email.host and channels.email.from."));
        }
        for (name, channel) in self.channels.iter() {
            let system = channel.system();
            let alike = self.channels.values();
            let shared = alike.filter(|other| other.system() == system).count() > 1;
            let what = match shared {
                true => format!("{} ({name})", capital(system)),
                false => capital(system),
            };
            findings.push(match channel.probe().await {
                Ok(sentence) => ok(format!("{what}: {sentence}")),
                Err(sentence) => fix(format!("{what}: {sentence}")),
            });
        }
        findings.extend(
            off.iter()
                .map(|(name, why)| ok(format!("Channel {name} is not in use: {why}"))),
        );
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

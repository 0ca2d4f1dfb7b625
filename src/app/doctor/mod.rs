//! `oyez doctor`: everything that could be wrong, each with what to do about it.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use serde::Serialize;

use super::App;
use crate::{
    clock::SystemClock,
    domain::ChannelName,
    section::Shown,
    store::{faults, outbox},
};

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

impl App {
    /// Looks at everything. Sends nothing, and changes nothing.
    pub async fn examine(
        &self,
        settings: &[Shown],
        off: &BTreeMap<ChannelName, String>,
    ) -> Vec<Finding> {
        let mut findings = vec![ok(format!("Settings: {} read, all usable", settings.len()))];
        findings.extend(settings.iter().map(|shown| {
            ok(format!(
                "Setting {} = {} ({})",
                shown.key, shown.value, shown.origin
            ))
        }));
        let usable = self.examine_database(&mut findings).await;
        self.examine_channels(&mut findings, off).await;
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
            self.examine_rules(&mut findings).await;
            self.examine_contacts(&mut findings).await;
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
            match channel.probe().await {
                Ok(sentence) => findings.push(ok(format!("Channel {name}: {sentence}"))),
                Err(sentence) => findings.push(fix(format!("Channel {name}: {sentence}"))),
            }
        }
        findings.extend(
            off.iter()
                .map(|(name, why)| ok(format!("Channel {name} is not in use: {why}"))),
        );
    }

    async fn examine_rules(&self, findings: &mut Vec<Finding>) {
        match self.check_rules(None).await {
            Ok(lint) if lint.is_empty() => findings.push(ok("Policy: every rule reaches somebody")),
            Ok(lint) => findings.extend(
                lint.into_iter()
                    .map(|finding| warn(format!("Policy: {finding}"))),
            ),
            Err(error) => {
                findings.push(fix(format!("Policy: {}", error.sentence)));
                findings.extend(
                    error
                        .faults
                        .iter()
                        .map(|fault| fix(format!("Policy: {fault}"))),
                );
            }
        }
    }

    async fn examine_contacts(&self, findings: &mut Vec<Finding>) {
        let people = match self.rulebook().await {
            Ok(book) => book.directory.people.len(),
            Err(error) => {
                findings.push(fix(format!("Directory: {}", error.sentence)));
                return;
            }
        };
        if people == 0 {
            findings.push(fix("Directory: empty. Run: oyez directory import FILE"));
            return;
        }
        match outbox::people_reached(self.store.read()).await {
            Ok(reached) if reached.len() >= people => findings.push(ok(format!("People: all {people} have had a message that was accepted"))),
            Ok(reached) => findings.push(warn(format!(
                "People: {} of {people} have never had a message that was accepted. Try: oyez directory test PERSON",
                people - reached.len().min(people)
            ))),
            Err(error) => findings.push(fix(format!("People: {}", error.sentence()))),
        }
        match outbox::bad_addresses(self.store.read(), self.clock.now()).await {
            Ok(bad) if bad.is_empty() => findings.push(ok("Addresses: none was refused for good")),
            Ok(bad) => findings.push(warn(format!(
                "Addresses: {} were refused for good. See: oyez directory bad",
                bad.len()
            ))),
            Err(error) => findings.push(fix(format!("Addresses: {}", error.sentence()))),
        }
    }
}

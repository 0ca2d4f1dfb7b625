//! The directory as people keep it: importing, exporting, healing addresses.

use std::path::PathBuf;

use serde::Serialize;

use super::{App, Error, ErrorKind, files as disk};
use crate::{
    domain::{
        Address, ChannelName, Time,
        directory::{Directory, merge::Problem},
    },
    files::{self, Input, Options},
    store::{Step, directory, outbox},
};

/// What an import would do; nothing is saved yet.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedImport {
    /// What is wrong, by file and row, each with the fix. These rows are left out.
    pub problems: Vec<String>,
    /// Every change, as a line.
    pub lines: Vec<String>,
    /// The counts in words.
    pub summary: String,
    /// Number of changes.
    pub changes: usize,
    /// How many entries would be removed, if so many that the number has to be confirmed.
    pub removals_to_confirm: Option<usize>,
    /// The directory afterwards, and the version it was made from.
    #[serde(skip)]
    pub token: ImportToken,
}

/// What is saved when the plan is confirmed.
#[derive(Debug, Clone)]
pub struct ImportToken {
    after: Directory,
    version: u64,
}

/// An address that a provider refused for good.
#[derive(Debug, Clone, Serialize)]
pub struct BadAddressAnswer {
    /// The channel.
    pub channel: String,
    /// The address.
    pub address: String,
    /// Since when.
    pub since: Time,
    /// What their server said.
    pub sentence: String,
}

/// That an address is believed again.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Healed {
    /// Marks that were cleared.
    pub cleared: u64,
}

impl App {
    /// Reads files and says what importing them would do.
    pub async fn plan_import(
        &self,
        paths: &[PathBuf],
        prune: bool,
    ) -> Result<PlannedImport, Error> {
        let mut inputs = Vec::with_capacity(paths.len());
        for path in paths {
            inputs.push(Input {
                name: path.display().to_string(),
                bytes: disk::read(path).await?,
            });
        }
        self.plan_inputs(inputs, prune).await
    }

    async fn plan_inputs(&self, inputs: Vec<Input>, prune: bool) -> Result<PlannedImport, Error> {
        let known = directory::load(self.store.read()).await?;
        let channels: Vec<ChannelName> = self.known_channels.iter().cloned().collect();
        let time_zone = match self.rulebook().await {
            Ok(book) => book.policy.time_zone,
            Err(_) => chrono_tz::Europe::London,
        };
        let plan = files::plan(
            &known.directory,
            &inputs,
            &Options {
                prune,
                channels: &channels,
                check_address: &|channel, text| match self.channels.get(channel) {
                    Some(channel) => channel.check_address(text),
                    // A channel that is not in use yet: kept as written, checked when it is.
                    None => Ok(Address::new(text.trim())),
                },
                time_zone,
            },
        );
        let counts = [
            ("added", plan.changes.added.len()),
            ("changed", plan.changes.changed.len()),
            ("removed", plan.changes.removed.len()),
        ];
        let changes = counts.iter().map(|(_, count)| count).sum();
        let mut summary: Vec<String> = counts
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        let left_out = plan.rows_left_out();
        if left_out > 0 {
            summary.push(format!("{left_out} rows left out"));
        }
        Ok(PlannedImport {
            problems: plan.problems.iter().map(problem).collect(),
            lines: lines(&plan),
            summary: summary.join(", "),
            changes,
            removals_to_confirm: plan.must_type,
            token: ImportToken {
                after: plan.result,
                version: known.version,
            },
        })
    }

    /// Saves what was planned, unless the directory has changed since.
    pub async fn save_import(&self, token: ImportToken) -> Result<(), Error> {
        let now = self.clock.now();
        let before = directory::load(self.store.read()).await?.directory;
        let tx = self.store.begin().await?;
        if directory::replace(&tx, token.version, &before, &token.after, now)
            .await?
            .is_none()
        {
            return Err(Error::new(
                ErrorKind::Conflict,
                "moved-on",
                "The directory has changed since the plan was made. Nothing was saved.",
                "Make the plan again: oyez directory import FILE",
            ));
        }
        // An address that a person has just corrected or confirmed is believed again.
        for person in changed_addresses(&before, &token.after) {
            outbox::heal_address(&tx, &person).await?;
        }
        tx.commit().await.step("commit an import")?;
        tracing::info!(
            people = token.after.people.len(),
            "a directory was imported"
        );
        Ok(())
    }

    /// Replaces the directory by what a YAML text holds, whole.
    pub async fn replace_directory(&self, text: &str) -> Result<(), Error> {
        let input = Input {
            name: "directory.yaml".to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let plan = self.plan_inputs(vec![input], false).await?;
        if let Some(problem) = plan.problems.first() {
            return Err(Error::new(
                ErrorKind::Usage,
                "bad-directory",
                problem.clone(),
                "Correct the file.",
            ));
        }
        self.save_import(plan.token).await
    }

    /// The directory as files: one of YAML, or one CSV file for each kind of thing.
    pub async fn export_directory(&self, csv: bool) -> Result<Vec<(String, String)>, Error> {
        let directory = directory::load(self.store.read()).await?.directory;
        if !csv {
            let text = files::yaml::write(&directory).map_err(unwritable)?;
            return Ok(vec![("directory.yaml".to_owned(), text)]);
        }
        files::csv::write(&directory)
            .into_iter()
            .map(|(name, bytes)| Ok((name, String::from_utf8(bytes).map_err(unwritable)?)))
            .collect()
    }

    /// Addresses that a provider refused for good.
    pub async fn bad_addresses(&self) -> Result<Vec<BadAddressAnswer>, Error> {
        let found = outbox::bad_addresses(self.store.read(), self.clock.now()).await?;
        Ok(found
            .into_iter()
            .map(|bad| BadAddressAnswer {
                channel: bad.channel.to_string(),
                address: bad.address.as_str().to_owned(),
                since: bad.failed_at,
                sentence: bad.sentence,
            })
            .collect())
    }

    /// Believes an address again.
    pub async fn heal_address(&self, text: &str) -> Result<Healed, Error> {
        let cleared = outbox::heal_address(self.store.write(), &Address::new(text.trim())).await?;
        if cleared == 0 {
            return Err(Error::new(
                ErrorKind::NotFound,
                "unknown-address",
                "No mark stands on this address.",
                "See: oyez directory bad",
            ));
        }
        Ok(Healed { cleared })
    }
}

/// "people.csv row 4, email: …"
fn problem(problem: &Problem) -> String {
    let column = problem
        .column
        .as_deref()
        .map(|column| format!(", {column}"))
        .unwrap_or_default();
    format!(
        "{}{column}: {} {}",
        problem.at, problem.message, problem.fix
    )
}

/// One line for each change: what, whom, and how it differs.
fn lines(plan: &files::ImportPlan) -> Vec<String> {
    let line = |sign: &str, change: &crate::domain::directory::Change| {
        let details = if change.details.is_empty() {
            String::new()
        } else {
            format!(": {}", change.details.join(", "))
        };
        format!(
            "{sign} {} {} {}{details}",
            change.kind.singular(),
            change.id,
            change.name
        )
    };
    let changes = &plan.changes;
    let added = changes.added.iter().map(|change| line("+", change));
    let changed = changes.changed.iter().map(|change| line("~", change));
    let removed = changes.removed.iter().map(|change| line("-", change));
    let notes = plan
        .notices
        .iter()
        .cloned()
        .chain(plan.findings.iter().map(|finding| {
            format!(
                "{} {}: {} {}",
                finding.kind.singular(),
                finding.id,
                finding.message,
                finding.fix
            )
        }));
    added.chain(changed).chain(removed).chain(notes).collect()
}

fn changed_addresses(before: &Directory, after: &Directory) -> Vec<Address> {
    let known: std::collections::BTreeSet<&Address> = before
        .people
        .values()
        .flat_map(|person| &person.addresses)
        .map(|address| &address.address)
        .collect();
    let now = after
        .people
        .values()
        .flat_map(|person| &person.addresses)
        .map(|address| &address.address);
    // A first import has nothing to heal, and may be large.
    if known.is_empty() {
        Vec::new()
    } else {
        now.filter(|address| !known.contains(address))
            .cloned()
            .collect()
    }
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "unwritable-directory",
        "The directory could not be written.",
        "Try again, and look at the log.",
    )
    .caused_by(error)
}

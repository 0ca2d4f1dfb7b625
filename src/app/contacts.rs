//! The directory as people keep it: importing, exporting, healing addresses.

use std::{collections::HashSet, path::PathBuf};

use serde::Serialize;

use super::{
    App, Error, ErrorKind, KeyHolder, Scope, files as disk,
    keys::{DIRECTORY, note_revoked},
};
use crate::{
    domain::{
        Address, ChannelName, Time,
        directory::{Directory, ToConfirm, merge::Problem},
        fault::Fault,
        shown::{ShownAddress, ShownDirectory, Sight},
        text::bare,
    },
    files::{self, Input, Options},
    store::{
        Step,
        directory::{self, Versioned},
        outbox,
    },
};

/// By what a change that the policy in force does not survive is confirmed.
const POLICY: &str = "policy";

/// Characters of a server's words that are shown.
const SAID: usize = 300;

/// What an import would do; nothing is saved yet.
#[derive(Debug, Serialize)]
pub struct PlannedImport {
    /// What is wrong, by file and row, each with the fix. These rows are left out.
    pub problems: Vec<String>,
    /// Every change, as a line.
    pub lines: Vec<String>,
    /// What would be wrong, or is noteworthy, afterwards; none of it keeps anything from being
    /// saved.
    pub warnings: Vec<String>,
    /// The counts in words.
    pub summary: String,
    /// Number of changes.
    pub changes: usize,
    /// What has to be confirmed by name, besides.
    pub to_confirm: Vec<Confirmation>,
    /// How many entries would be removed, if so many that the number has to be confirmed.
    pub removals_to_confirm: Option<usize>,
    /// The directory afterwards, and the one it was made from.
    #[serde(skip)]
    pub token: ImportToken,
}

/// What is seldom meant, so that it is confirmed by name before it is saved.
#[derive(Debug, Clone, Serialize)]
pub struct Confirmation {
    /// The id of the entry, or `policy`.
    pub id: String,
    /// What would happen, as a sentence or more.
    pub sentence: String,
}

/// What is saved when the plan is confirmed.
#[derive(Debug)]
pub struct ImportToken {
    before: Versioned,
    after: Directory,
}

/// An address that a provider refused for good.
#[derive(Debug, Clone, Serialize)]
pub struct BadAddressAnswer {
    /// The channel.
    pub channel: String,
    /// The address, as far as it may be shown.
    pub address: ShownAddress,
    /// Since when.
    pub since: Time,
    /// What their server said; what that means where it said nothing.
    pub sentence: String,
    /// Status code, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// What takes the mark away, as a sentence.
    pub helps: &'static str,
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
                check_address: &|channel, text| {
                    self.checked_address(&known.directory, channel, text)
                },
                means: &|text, channel, address| self.disclosure.means(text, channel, address),
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
        let mut warnings = warnings(&plan);
        // A policy that cannot be read, or is not there, is another matter than this import.
        let mut to_confirm: Vec<Confirmation> = plan.to_confirm.iter().map(confirmation).collect();
        if let Ok((_, misfits)) = self.misfits(&plan.result).await {
            warnings.extend(misfits.iter().map(ToString::to_string));
            to_confirm.extend(self.new_misfits(&known.directory, &misfits).await);
        }
        let left_out = plan.rows_left_out();
        if left_out > 0 {
            summary.push(format!("{left_out} rows left out"));
        }
        Ok(PlannedImport {
            problems: plan.problems.iter().map(problem).collect(),
            lines: lines(&plan),
            warnings,
            summary: summary.join(", "),
            to_confirm,
            changes,
            removals_to_confirm: plan.must_type,
            token: ImportToken {
                before: known,
                after: plan.result,
            },
        })
    }

    /// That the policy in force would no longer fit the directory where it does now. Before the first import it
    /// fits nothing, so nothing is asked.
    async fn new_misfits(&self, now: &Directory, after: &[Fault]) -> Option<Confirmation> {
        if *now == Directory::default() {
            return None;
        }
        let (_, before) = self.misfits(now).await.ok()?;
        let new: Vec<String> = after
            .iter()
            .filter(|fault| !before.contains(fault))
            .map(ToString::to_string)
            .collect();
        (!new.is_empty()).then(|| Confirmation {
            id: POLICY.to_owned(),
            sentence: format!(
                "The policy in force would not fit the directory any more: {}",
                new.join(" ")
            ),
        })
    }

    /// The address that a file means. What is shown of a secret one stands for the address itself, so
    /// that an export can be changed and imported again.
    fn checked_address(
        &self,
        directory: &Directory,
        channel: &ChannelName,
        text: &str,
    ) -> Result<Address, String> {
        match self.disclosure.standing(directory, channel, text.trim()) {
            Some(Some(address)) => return Ok(address),
            Some(None) => {
                return Err("This is redacted, and no address that stands is shown so.".to_owned());
            }
            None => {}
        }
        match self.channels.get(channel) {
            Some(channel) => channel.check_address(text),
            // A channel that is not in use yet: kept as written, checked when it is.
            None => Ok(Address::new(text.trim())),
        }
    }

    /// Saves what was planned, unless the directory has changed since. `told` hears how many rows
    /// of all are written.
    pub async fn save_import(
        &self,
        token: ImportToken,
        mut told: impl FnMut(usize, usize) + Send,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let ImportToken { before, after } = token;
        let tx = self.store.begin().await?;
        if directory::replace(
            &tx,
            before.version,
            &before.directory,
            &after,
            now,
            &mut told,
        )
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
        let bad = outbox::bad_addresses(&tx, now).await?;
        for address in newly_given(&bad, &before.directory, &after) {
            outbox::heal_address(&tx, address).await?;
        }
        let revoked = self.revoke_keys_of_gone(&tx, &after, now).await?;
        tx.commit().await.step("commit an import")?;
        for key in revoked {
            note_revoked(&key, DIRECTORY);
        }
        tracing::info!(people = after.people.len(), "a directory was imported");
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
        self.save_import(plan.token, |_, _| {}).await
    }

    /// The directory as files: one of YAML, or one CSV file for each kind of thing. With `secrets`,
    /// which takes the scope `admin`, addresses that are credentials are whole.
    pub async fn export_directory(
        &self,
        csv: bool,
        secrets: bool,
        by: &KeyHolder,
    ) -> Result<Vec<(String, String)>, Error> {
        let directory = directory::load(self.store.read()).await?.directory;
        let directory = if secrets {
            if !by.may(Scope::Admin) {
                return Err(Error::new(
                    ErrorKind::NotAllowed,
                    "not-allowed",
                    "Addresses that are credentials are given to keys with the scope admin only.",
                    "Leave out secrets=true for the directory without them.",
                ));
            }
            tracing::warn!(
                by = by.actor.id,
                "the directory was exported with its secrets"
            );
            ShownDirectory::with_secrets(directory)
        } else {
            self.disclosure.directory(&directory)
        };
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
                helps: self.helps(&bad.channel),
                channel: bad.channel.to_string(),
                address: {
                    let mut shown = ShownAddress::hidden(&bad.channel, &bad.address);
                    shown.show(&self.disclosure, Sight::Contacts);
                    shown
                },
                since: bad.failed_at,
                code: bad.code,
                sentence: theirs(&bad.reply).unwrap_or(bad.sentence),
            })
            .collect())
    }

    /// Believes an address again, given whole or as it is shown.
    pub async fn heal_address(&self, text: &str) -> Result<Healed, Error> {
        let text = bare(text);
        let text = text.as_ref();
        let bad = outbox::bad_addresses(self.store.read(), self.clock.now()).await?;
        let shown = bad
            .into_iter()
            .find(|bad| self.disclosure.means(text, &bad.channel, &bad.address));
        let address = shown.map_or_else(|| Address::new(text), |bad| bad.address);
        let cleared = outbox::heal_address(self.store.write(), &address).await?;
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

/// What a server said, on one line and not too long; `None` if it said nothing.
fn theirs(reply: &str) -> Option<String> {
    let words: Vec<&str> = reply.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SAID) {
        Some((end, _)) => Some(format!("{} …", line[..end].trim_end())),
        None => (!line.is_empty()).then_some(line),
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

fn confirmation(it: &ToConfirm) -> Confirmation {
    Confirmation {
        id: it.id.clone(),
        sentence: it.sentence.clone(),
    }
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
    added.chain(changed).chain(removed).collect()
}

/// What a person should know besides.
fn warnings(plan: &files::ImportPlan) -> Vec<String> {
    let findings = plan.findings.iter().map(|finding| {
        format!(
            "{} {}: {} {}",
            finding.kind.singular(),
            finding.id,
            finding.message,
            finding.fix
        )
    });
    plan.notices.iter().cloned().chain(findings).collect()
}

/// Of the addresses that were refused for good, those that a person or destination has now and had
/// not before: somebody has just given them, so they are believed again.
fn newly_given<'b>(
    bad: &'b [outbox::BadAddress],
    before: &Directory,
    after: &Directory,
) -> Vec<&'b Address> {
    let key = |channel, address: &Address| (channel, address.as_str().to_lowercase());
    let marked: HashSet<_> = bad
        .iter()
        .map(|bad| key(&bad.channel, &bad.address))
        .collect();
    let owners = |directory| -> HashSet<_> {
        owned(directory)
            .map(|(owner, channel, address)| (owner, key(channel, address)))
            .filter(|(_, key)| marked.contains(key))
            .collect()
    };
    let (had, have) = (owners(before), owners(after));
    let given: HashSet<_> = have.difference(&had).map(|(_, key)| key).collect();
    bad.iter()
        .filter(|bad| given.contains(&key(&bad.channel, &bad.address)))
        .map(|bad| &bad.address)
        .collect()
}

/// Every address of a directory, with whose it is.
fn owned(directory: &Directory) -> impl Iterator<Item = (&str, &ChannelName, &Address)> {
    let people = directory.people.values().flat_map(|person| {
        let addresses = person.addresses.iter();
        addresses.map(|it| (person.id.as_str(), &it.channel, &it.address))
    });
    let destinations = directory
        .destinations
        .values()
        .map(|it| (it.id.as_str(), &it.channel, &it.address));
    people.chain(destinations)
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

//! The policy: checking it, putting it in force, saying it in words.

use std::{path::Path, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use super::{App, Error, files};
use crate::{
    domain::{
        ServiceId, Time, chain,
        directory::Directory,
        event::Actor,
        fault::Fault,
        policy::Policy,
        policy_file::{self, Places},
    },
    store::{
        Step, directory,
        policies::{self, NewPolicy, PolicyVersion},
    },
};

/// A version of the policy.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PolicyAnswer {
    /// Its number; that of the version in force for a dry run.
    pub version: u32,
    /// Since when it is, or was, in force.
    #[schema(value_type = String, format = DateTime)]
    pub applied_at: Time,
    /// Who put it in force.
    pub by: String,
    /// SHA-256 of its text.
    pub digest: String,
    /// What the check found; none of it keeps the policy from working.
    pub findings: Vec<String>,
}

/// Why the policy file of the settings is not what is in force: found at start, when the version in
/// force goes on.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    /// What is the matter, and what to do.
    pub sentence: &'static str,
    /// What is wrong with the file; nothing where it is merely another version.
    pub faults: Vec<Fault>,
    /// Whether the file could not be put in force; else nobody asked for that.
    pub is_bad: bool,
}

/// A policy as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyWords {
    /// Priorities, the gravest first, with what they mean and how often people are told.
    pub priorities: Vec<String>,
    /// Triage factors with their ids.
    pub factors: Vec<String>,
    /// Rules as sentences, with their ids.
    pub rules: Vec<String>,
}

impl PolicyWords {
    /// All of it, line by line.
    pub fn lines(&self) -> Vec<String> {
        let part = |heading: &str, lines: &[String]| {
            std::iter::once(heading.to_owned())
                .chain(lines.iter().map(|line| format!("  {line}")))
                .collect::<Vec<_>>()
        };
        [
            part("Priorities", &self.priorities),
            part("Factors", &self.factors),
            part("Rules", &self.rules),
        ]
        .concat()
    }
}

impl App {
    /// What a policy file, or the policy in force, would better be without. A file that cannot be
    /// used is refused with all its faults; the policy in force is in use whatever is wrong with
    /// it, so there each is a finding.
    pub async fn check_rules(&self, file: Option<&Path>) -> Result<Vec<String>, Error> {
        if let Some(file) = file {
            let text = files::read_text(file).await?;
            let policy = self.checked(&text, &file.display().to_string()).await?;
            return self.findings(policy).await;
        }
        let directory = Arc::clone(&self.rulebook().await?.directory);
        let (policy, misfits) = self.misfits(&directory).await?;
        let mut findings: Vec<String> = misfits.iter().map(ToString::to_string).collect();
        findings.extend(self.findings(policy).await?);
        Ok(findings)
    }

    /// What a policy file, or the policy in force, means for restricted incidents: sentences to know, not to put
    /// right.
    pub async fn notes_on_restricted(&self, file: Option<&Path>) -> Result<Vec<String>, Error> {
        let policy = match file {
            Some(file) => {
                let text = files::read_text(file).await?;
                Arc::new(self.checked(&text, &file.display().to_string()).await?)
            }
            None => Arc::clone(&self.rulebook().await?.policy),
        };
        let directory = directory::load(self.store.read()).await?.directory;
        if is_empty(&directory) {
            return Ok(Vec::new());
        }
        let bad = self.marks(self.store.read()).await?;
        let compiled = self.compile(&policy, &Arc::new(directory), &bad);
        Ok(compiled.notes_on_restricted())
    }

    /// Whether a policy could be put in force; an error names all its faults.
    pub(super) async fn check_policy(&self, text: &str, name: &str) -> Result<(), Error> {
        self.checked(text, name).await.map(drop)
    }

    async fn findings(&self, policy: Policy) -> Result<Vec<String>, Error> {
        let directory = directory::load(self.store.read()).await?.directory;
        if is_empty(&directory) {
            return Ok(vec![EMPTY_DIRECTORY.to_owned()]);
        }
        let bad = self.marks(self.store.read()).await?;
        Ok(self
            .compile(&Arc::new(policy), &Arc::new(directory), &bad)
            .lint(self.clock.now())
            .into_iter()
            .map(|finding| format!("{} {}", finding.sentence, finding.fix))
            .collect())
    }

    /// Reads a policy and checks it against the directory in force.
    pub(super) async fn checked(&self, text: &str, name: &str) -> Result<Policy, Error> {
        let (policy, places) = read(text, name)?;
        let directory = directory::load(self.store.read()).await?.directory;
        let faults = self.faults_of(&policy, &places, &directory, name);
        if faults.is_empty() {
            Ok(policy)
        } else {
            Err(unusable(faults))
        }
    }

    /// The policy in force, and where it does not fit a directory: names that the directory does
    /// not have, and people and channels who would read what is not for them.
    pub(super) async fn misfits(
        &self,
        directory: &Directory,
    ) -> Result<(Policy, Vec<Fault>), Error> {
        const NAME: &str = "policy in force";
        let (policy, places) = read(&self.policy_text().await?, NAME)?;
        let faults = self.faults_of(&policy, &places, directory, NAME);
        Ok((policy, faults))
    }

    fn faults_of(
        &self,
        policy: &Policy,
        places: &Places,
        directory: &Directory,
        name: &str,
    ) -> Vec<Fault> {
        // Before the first import nobody is there to be named, and without a policy there is no
        // first start. The import says what the policy names and it does not bring.
        if is_empty(directory) {
            return Vec::new();
        }
        policy_file::check(policy, directory, places, Some(&self.known_channels))
            .into_iter()
            .map(|fault| fault.in_file(name))
            .collect()
    }

    /// Puts a policy file in force.
    pub async fn apply_policy(&self, file: &Path, by: &Actor) -> Result<PolicyAnswer, Error> {
        let text = files::read_text(file).await?;
        self.apply_policy_text(&text, by, None, false).await
    }

    /// Puts a policy in force, or only checks it. `from_file` is the digest of the file that was
    /// applied by itself at start.
    pub async fn apply_policy_text(
        &self,
        text: &str,
        by: &Actor,
        from_file: Option<&str>,
        dry_run: bool,
    ) -> Result<PolicyAnswer, Error> {
        let policy = self.checked(text, "the policy").await?;
        let findings = self.findings(policy).await?;
        let now = self.clock.now();
        if dry_run {
            let version = policies::number_in_force(self.store.read()).await?;
            let digest = chain::digest(text);
            return Ok(PolicyAnswer {
                version,
                applied_at: now,
                by: by.name.clone(),
                digest,
                findings,
            });
        }
        let tx = self.store.begin().await?;
        let sha256 = chain::digest(text);
        let new = NewPolicy {
            text,
            sha256: &sha256,
            applied_by: &by.name,
            file_sha256: from_file,
        };
        let version = policies::put_in_force(&tx, new, now).await?;
        tx.commit().await.step("commit a policy")?;
        tracing::info!(
            version = version.number,
            actor = by.id,
            "a policy was put in force"
        );
        self.wake.ring();
        Ok(answer(version, findings))
    }

    /// The text in force.
    pub async fn policy_text(&self) -> Result<String, Error> {
        let version = policies::in_force(self.store.read()).await?;
        Ok(version.map(|version| version.text).unwrap_or_default())
    }

    /// All versions, the newest first.
    pub async fn policy_history(&self) -> Result<Vec<PolicyAnswer>, Error> {
        let versions = policies::history(self.store.read(), None, 200).await?;
        Ok(versions
            .into_iter()
            .map(|version| answer(version, Vec::new()))
            .collect())
    }

    /// The policy in force, in words; rules about one service only, if one is named.
    pub async fn policy_in_words(&self, service: Option<&ServiceId>) -> Result<PolicyWords, Error> {
        let book = self.rulebook().await?;
        super::who::known(&book, None, service)?;
        let policy = &book.policy;
        let rules = policy.rules.iter().filter(|rule| {
            service.is_none_or(|service| {
                let about = &rule.when.service;
                (about.any.is_empty() || about.any.contains(service))
                    && !about.none.contains(service)
            })
        });
        Ok(PolicyWords {
            priorities: policy
                .priorities
                .iter()
                .map(|p| format!("{}: {}", p.id, p.meaning))
                .collect(),
            factors: policy
                .factors
                .iter()
                .map(|f| format!("{} ({}): {}", f.id, f.priority, f.text))
                .collect(),
            rules: rules
                .map(|rule| format!("{}: {}", rule.id, rule.says))
                .collect(),
        })
    }
}

/// What is said instead of one finding for each rule.
const EMPTY_DIRECTORY: &str =
    "The directory is empty, so no rule reaches anybody. Run: oyez directory import FILE";

fn is_empty(directory: &Directory) -> bool {
    *directory == Directory::default()
}

fn read(text: &str, name: &str) -> Result<(Policy, Places), Error> {
    policy_file::read_with_places(text).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| fault.in_file(name));
        unusable(faults.collect())
    })
}

fn unusable(faults: Vec<Fault>) -> Error {
    Error::faults("bad-policy", "The policy cannot be used.", faults)
}

fn answer(version: PolicyVersion, findings: Vec<String>) -> PolicyAnswer {
    PolicyAnswer {
        version: version.number,
        applied_at: version.applied_at,
        by: version.applied_by,
        digest: version.sha256,
        findings,
    }
}

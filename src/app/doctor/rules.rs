//! Is the policy in force the one that is meant, and does each of its rules do something?

use std::path::Path;

use super::{App, Error, Finding, fix, ok, warn};
use crate::{
    app::files,
    domain::chain,
    store::policies::{self, PolicyVersion},
};

impl App {
    pub(super) async fn examine_policy(&self, findings: &mut Vec<Finding>, file: Option<&Path>) {
        match policies::in_force(self.store.read()).await {
            // The rules say below that there is none.
            Ok(None) => {}
            Ok(Some(version)) => match file {
                None => findings.push(ok(format!(
                    "Policy: version {} is in force, by {}",
                    version.number, version.applied_by
                ))),
                Some(file) => findings.extend(self.compare_policy(&version, file).await),
            },
            Err(error) => findings.push(fix(format!("Policy: {}", error.sentence()))),
        }
        if let Ok(book) = self.rulebook().await {
            findings.extend(book.passed_over().map(|it| fix(format!("Policy: {it}"))));
        }
        match self.check_rules(None).await {
            Ok(found) if found.is_empty() => findings.push(ok(
                "Rules: each reaches somebody, and every service has a senior contact at the gravest priority",
            )),
            Ok(found) => findings.extend(found.into_iter().map(|it| warn(format!("Rules: {it}")))),
            Err(error) => findings.extend(refused("Rules", &error)),
        }
        if !self.pages.are_linked()
            && let Ok(book) = self.rulebook().await
            && let Some(rule) = book.policy.rules.iter().find(|rule| rule.acknowledge)
        {
            findings.push(warn(format!(
                "Rules: {} asks people to say that they have seen it, and mails cannot link to a page \
                 for that, so they say to reply. Set server.public_url to where people reach this \
                 server.",
                rule.id
            )));
        }
    }

    async fn compare_policy(&self, version: &PolicyVersion, file: &Path) -> Vec<Finding> {
        let (number, name) = (version.number, file.display());
        let text = match files::read_text(file).await {
            Ok(text) => text,
            Err(error) => return refused("Policy", &error),
        };
        if chain::digest(&text) == version.sha256 {
            return vec![ok(format!("Policy: version {number} in force is {name}"))];
        }
        match self.check_policy(&text, &name.to_string()).await {
            Ok(()) => vec![warn(format!(
                "Policy: {name} differs from version {number} in force. \
                 To put it in force: oyez rules apply {name}"
            ))],
            Err(error) => {
                let mut findings = refused("Policy", &error);
                findings.push(warn(format!(
                    "Policy: version {number} stays in force until {name} is put right"
                )));
                findings
            }
        }
    }
}

/// Each fault, or the one sentence.
fn refused(what: &str, error: &Error) -> Vec<Finding> {
    if error.faults.is_empty() {
        return vec![fix(format!("{what}: {error}"))];
    }
    let faults = error.faults.iter();
    faults
        .map(|fault| fix(format!("{what}: {fault}")))
        .collect()
}

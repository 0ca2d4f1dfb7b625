//! What can go wrong in a use case, for two readers: the person who asked, and the operator.

use std::error::Error as StdError;

use crate::domain::{command::Refusal, fault::Fault};
use crate::store::{StoreError, Trouble};

/// A use case that did not do what was asked. Nothing was half done.
#[derive(Debug)]
pub struct Error {
    /// What kind of no it is; doors turn it into a status or an exit code.
    pub kind: Kind,
    /// Stable, kebab-case.
    pub code: String,
    /// What is wrong, for the person.
    pub sentence: String,
    /// What to do about it, for the person.
    pub fix: String,
    /// Every fault found, where there can be several.
    pub faults: Vec<Fault>,
    /// The cause, for the operator only.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Kinds of no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request makes no sense as it stands.
    Usage,
    /// There is no such thing.
    NotFound,
    /// The rules of the trade say no, or a check failed.
    Refused,
    /// The incident has moved on, or the same request is being answered.
    Conflict,
    /// Something that is needed cannot be reached just now.
    Unavailable,
    /// The one who asks may not.
    NotAllowed,
    /// A fault of ours.
    Unexpected,
}

impl Error {
    /// A no without a cause.
    pub fn new(
        kind: Kind,
        code: &str,
        sentence: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            code: code.to_owned(),
            sentence: sentence.into(),
            fix: fix.into(),
            faults: Vec::new(),
            source: None,
        }
    }

    /// Several faults of one text, for example a policy file.
    pub fn faults(code: &str, sentence: impl Into<String>, faults: Vec<Fault>) -> Self {
        let mut error = Self::new(
            Kind::Refused,
            code,
            sentence,
            "Put these right and try again; nothing was changed.",
        );
        error.faults = faults;
        error
    }

    /// Keeps the cause for the operator.
    pub fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The chain of causes in one line, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.code.clone();
        let mut next = self.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.sentence, self.fix)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.code.as_str() {
            code if code.starts_with("unknown-") => Kind::NotFound,
            "revision-conflict" | "still-running" => Kind::Conflict,
            code if ["bad-", "missing-", "ambiguous-"]
                .iter()
                .any(|start| code.starts_with(start)) =>
            {
                Kind::Usage
            }
            _ => Kind::Refused,
        };
        Self::new(kind, &refusal.code, refusal.sentence, refusal.fix)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let (kind, code) = match error.trouble() {
            Trouble::Duplicate => (Kind::Conflict, "moved-on"),
            Trouble::Busy => (Kind::Unavailable, "database-busy"),
            Trouble::Unreachable => (Kind::Unavailable, "database-away"),
            Trouble::InDoubt => (Kind::Unavailable, "may-have-been-done"),
            Trouble::Full => (Kind::Unavailable, "disk-full"),
            Trouble::ReadOnly => (Kind::Unavailable, "database-read-only"),
            Trouble::Denied => (Kind::Unavailable, "database-denied"),
            Trouble::WrongSchema => (Kind::Unavailable, "database-not-migrated"),
            Trouble::Refused => (Kind::Refused, "refused"),
            Trouble::Unreadable | Trouble::Other => (Kind::Unexpected, "database"),
        };
        // The store says both in one breath: what is wrong, then what to do.
        let said = error.sentence();
        let (sentence, fix) = said.split_once(". ").unwrap_or((&said, ""));
        let sentence = format!("{}.", sentence.trim_end_matches('.'));
        let refusal = Self::new(kind, code, sentence, fix);
        match kind {
            // Nothing failed, so there is nothing for the operator to look into.
            Kind::Refused => refusal,
            _ => refusal.caused_by(error),
        }
    }
}

//! Reads a draft before it is sent and says what readers may trip over, with the words quoted and
//! a fix.
//!
//! Three things stop a message: a placeholder that nobody filled in, nobody to send it to, and a
//! next update that is missing or past. Everything else is a warning, because at 3am the person who
//! writes knows best.

mod details;
mod scan;
mod style;
mod typed;

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{
    Audience,
    directory::Directory,
    notification::Moment,
    policy::Policy,
    text,
    time::Time,
    wording::{SUBJECT_CHARS, TimeWords},
};
use scan::Words;
pub use typed::typed;

/// A message as far as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// What was typed for these readers: the field's name as people read it, and its text.
    pub typed: &'a [(&'a str, &'a str)],
    /// The headline, of which the subject line is made (`headline` of the message's view).
    pub headline: &'a str,
    /// The time that would be promised.
    pub next_update: Option<Time>,
    /// Whether somebody among the readers waits for the next update.
    pub waits: bool,
    /// Now.
    pub now: Time,
    /// How many people and destinations it would go to.
    pub recipients: usize,
    /// How many the message before went to, if there was one.
    pub recipients_last_time: Option<usize>,
    /// What was said to these readers last, as typed.
    pub last_words: Option<&'a str>,
    /// Names that outsiders do not use.
    pub directory: &'a Directory,
    /// Priorities, time zone and the organisation's own list of words.
    pub policy: &'a Policy,
}

/// Whether a finding stops the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot be sent like this.
    Error,
    /// It can be sent all the same.
    Warning,
}

/// Something that readers may trip over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether it stops the message.
    pub severity: Severity,
    /// Stable name of the kind of finding, kebab-case.
    pub code: &'static str,
    /// The field it is in; empty if it is about the message as a whole.
    pub field: String,
    /// The words in question, as typed; empty if it is about something missing.
    pub quoted: String,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do, one sentence.
    pub fix: String,
}

/// Every finding: errors first, then in the order of the fields.
pub fn check(draft: &Draft<'_>) -> Vec<Finding> {
    let mut report = Report {
        field: "",
        findings: Vec::new(),
    };
    as_a_whole(draft, &mut report);
    for (field, typed) in draft.typed {
        report.field = field;
        let cleaned = text::clean(typed);
        let words = Words::of(&cleaned);
        details::placeholders(&words, &mut report);
        style::check(&words, draft, &mut report);
        details::check(&words, draft, &mut report);
    }
    report.findings.sort_by_key(|finding| finding.severity);
    report.findings
}

/// Collects findings of one field after the other.
struct Report<'a> {
    field: &'a str,
    findings: Vec<Finding>,
}

impl Report<'_> {
    fn warn(&mut self, code: &'static str, quoted: &str, message: &str, fix: &str) {
        self.add(Severity::Warning, code, quoted, message, fix);
    }

    fn stop(&mut self, code: &'static str, quoted: &str, message: &str, fix: &str) {
        self.add(Severity::Error, code, quoted, message, fix);
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        quoted: &str,
        message: &str,
        fix: &str,
    ) {
        let finding = Finding {
            severity,
            code,
            field: self.field.to_owned(),
            quoted: text::one_line(quoted),
            message: message.to_owned(),
            fix: fix.to_owned(),
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

fn as_a_whole(draft: &Draft<'_>, report: &mut Report<'_>) {
    if draft.recipients == 0 {
        report.stop(
            "no-recipients",
            "",
            "No one would be told.",
            "Add a rule for this priority and service, or add people by hand.",
        );
    }
    next_update(draft, report);
    let length = draft.headline.chars().count();
    if length > SUBJECT_CHARS {
        report.field = "title";
        report.warn(
            "long-subject",
            draft.headline,
            &format!(
                "The subject has {length} characters, and mail programs show {SUBJECT_CHARS}."
            ),
            "Shorten the title; the subject line is cut otherwise.",
        );
        report.field = "";
    }
    let normal = |text: &str| text::one_line(text).to_lowercase();
    let typed: Vec<String> = draft.typed.iter().map(|(_, text)| normal(text)).collect();
    if let Some(last) = draft.last_words.map(normal)
        && !last.is_empty()
        && (typed.contains(&last) || typed.join(" ") == last)
    {
        report.warn(
            "same-as-last",
            draft.last_words.unwrap_or_default(),
            "These are the words of the last message.",
            "Say what has changed, or send \"no change\".",
        );
    }
    if let Some(last) = draft.recipients_last_time
        && last > 0
        && draft.recipients / 10 >= last
    {
        report.warn(
            "many-more-people",
            "",
            &format!(
                "{} would be told; last time it was {last}.",
                draft.recipients
            ),
            "Look at who is told and why before you send it.",
        );
    }
}

fn next_update(draft: &Draft<'_>, report: &mut Report<'_>) {
    let promises = matches!(
        draft.moment,
        Moment::Declared
            | Moment::Update
            | Moment::NoChange
            | Moment::PriorityChange
            | Moment::CatchUp
            | Moment::Reopened
    );
    if !draft.waits {
        return;
    }
    match draft.next_update {
        None if promises => report.stop(
            "no-next-update",
            "",
            "The message does not say when the next update comes.",
            "Choose a time for the next update.",
        ),
        Some(next) if promises && next <= draft.now => {
            let times = TimeWords::new(draft.policy.time_zone, draft.now);
            report.stop(
                "next-update-past",
                &times.when(next),
                "The next update is in the past.",
                "Choose a time that is still to come.",
            );
        }
        _ => {}
    }
}

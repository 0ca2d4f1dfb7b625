//! The running report of an incident, as Markdown.

use std::fmt::Write as _;

use super::{App, Error};
use crate::{
    domain::{IncidentId, wording::minutes_in_words},
    store::incidents,
};

impl App {
    /// What happened, who led, what was promised and kept, who was told, what is left to do.
    pub async fn report(&self, id: IncidentId) -> Result<String, Error> {
        let status = self.status(id).await?;
        let times = self.wall_clock().await?;
        let summary = &status.summary;
        let mut text = format!("# {}: {}\n\n", summary.incident, escape(&summary.title));
        // Writing into a String cannot fail.
        let mut line = |line: String| {
            let _ = writeln!(text, "{line}");
        };
        if summary.exercise {
            line("This was an exercise.\n".to_owned());
        }
        line(format!("- Priority: {}", summary.priority));
        line(format!("- Stage: {}", summary.stage_words));
        line(format!(
            "- Started: {}",
            times.when_in_full(summary.started_at)
        ));
        line(format!(
            "- Declared: {}",
            times.when_in_full(summary.declared_at)
        ));
        if let Some(at) = summary.resolved_at {
            line(format!("- Fixed: {}", times.when_in_full(at)));
        }
        for (service, relation) in &status.services {
            line(format!("- Service: {service} ({relation})"));
        }
        for (role, lead) in &status.leads {
            line(format!("- {role} lead: {}", escape(&lead.name)));
        }
        line("\n## What is known\n".to_owned());
        for (fact, words) in &status.facts {
            line(format!("- {}: {}", fact.replace('_', " "), escape(words)));
        }
        for reason in &status.triage {
            line(format!("- {}", escape(reason)));
        }
        line("\n## Timeline\n".to_owned());
        for entry in &status.timeline {
            line(format!(
                "- {} {}: {}",
                times.when_in_full(entry.at),
                escape(&entry.who),
                escape(&entry.text)
            ));
        }
        line("\n## Promises\n".to_owned());
        for promise in &status.kept {
            let kept = match (promise.answered_at, promise.minutes_late) {
                (Some(_), 0) => "kept".to_owned(),
                (Some(_), late) => format!("{} late", minutes_in_words(late)),
                (None, 0) => "owed".to_owned(),
                (None, late) => format!("owed, {} late so far", minutes_in_words(late)),
            };
            line(format!(
                "- {} by {}: {kept}",
                promise.audience,
                times.when_in_full(promise.due)
            ));
        }
        line("\n## Left to do\n".to_owned());
        for step in &status.left_to_do {
            let mark = if step.state == "open" { " " } else { "x" };
            let note = step
                .note
                .as_deref()
                .map(|note| format!(" ({})", escape(note)))
                .unwrap_or_default();
            line(format!("- [{mark}] {}{note}", escape(&step.words)));
        }
        if let Some(record) = incidents::last_record(self.store.read(), id).await? {
            line(format!("\n{record}"));
        }
        Ok(text)
    }
}

/// Typed text on one line, with what Markdown would take for its own marked as text.
fn escape(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut escaped = String::with_capacity(line.len());
    for letter in line.chars() {
        if matches!(
            letter,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~'
        ) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

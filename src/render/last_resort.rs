//! The words that go out if no template can make any: short, plain, and never a failure.

use std::convert::Infallible;

use serde_json::json;

use crate::domain::{
    channel::{ASK_MARK, Format, Part, REASON_MARK},
    text,
    wording::{Value, View},
};

use super::finish;

/// A part made without a template, no longer than the part may be.
pub(super) fn part(part: &Part, view: &View) -> String {
    let make = |view: &View| Ok::<_, Infallible>(make(part, view));
    match finish::cut_to_fit(part, view, make) {
        Ok(words) => words,
    }
}

fn make(part: &Part, view: &View) -> String {
    let line = text::one_line(view.text("subject"));
    let mut lines = vec![line.clone()];
    for name in ["effect", "change", "next_update_words", "link"] {
        let fact = text::one_line(view.text(name));
        if !fact.is_empty() {
            lines.push(fact);
        }
    }
    if !part.is_short() && view.get("has_reason") == Some(&Value::Flag(true)) {
        lines.push(REASON_MARK.to_owned());
    }
    if !part.is_short() && matches!(part.format, Format::Plain | Format::Html) {
        lines.push(ASK_MARK.to_owned());
    }
    let write = |format| {
        let escape = |line: &String| {
            // The marks are ours, and escaping would take it out.
            if is_mark(line) {
                line.clone()
            } else {
                text::escape(line, format)
            }
        };
        lines.iter().map(escape).collect::<Vec<_>>()
    };
    match part.format {
        Format::Line => line,
        Format::Plain => write(Format::Plain).join("\n\n"),
        Format::Slack => write(Format::Slack).join("\n\n"),
        Format::Html => {
            let body: String = write(Format::Html)
                .iter()
                .map(|line| format!("<p>{line}</p>"))
                .collect();
            format!(
                "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
                 </head><body>{body}</body></html>",
                text::escape(&line, Format::Html)
            )
        }
        Format::CardJson => json!({
            "type": "AdaptiveCard",
            "version": "1.5",
            "lang": "en",
            "fallbackText": line,
            "speak": line,
            "body": [{"type": "TextBlock", "wrap": true, "text": lines.iter()
                .map(|line| if is_mark(line) { line.clone() } else { unquoted(line, Format::CardJson) })
                .collect::<Vec<_>>().join("\n\n")}],
        })
        .to_string(),
        Format::SlackJson => json!([{"type": "section", "text": {"type": "mrkdwn",
            "verbatim": true, "text": write(Format::Slack).join("\n\n")}}])
        .to_string(),
        Format::Json => json!({"text": lines.join("\n\n")}).to_string(),
    }
}

fn is_mark(line: &str) -> bool {
    line == REASON_MARK || line == ASK_MARK
}

/// Escaped for the inside of a JSON string, then read back, because `json!` escapes again.
fn unquoted(line: &str, format: Format) -> String {
    let quoted = format!("\"{}\"", text::escape(line, format));
    serde_json::from_str(&quoted).unwrap_or_else(|_| line.to_owned())
}

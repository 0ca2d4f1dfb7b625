//! The last step of a part: tidy white space, JSON that is JSON, and the size the channel allows.

use serde_json::Value as Json;

use crate::domain::{
    channel::{ASK_MARK, Format, Part, REASON_MARK, SHORT_ASK_BYTES},
    text,
    wording::View,
};

/// Longest texts of a view that is cut, in characters, from the mildest cut to the hardest.
const CUTS: [usize; 10] = [4000, 2500, 1500, 1000, 700, 500, 350, 250, 150, 80];

/// Room kept for the recipient's reason line, in bytes of the finished part.
const REASON_BYTES: usize = 600;

/// Room kept for what is asked of the recipient, with its link, in bytes of the finished part.
const ASK_BYTES: usize = 300;

/// Slack's limits, in characters: a section's text, each of its fields, a header.
const SLACK_SECTION: usize = 3000;
const SLACK_FIELD: usize = 2000;
const SLACK_HEADER: usize = 150;
/// Blocks of one message that people still read.
const SLACK_BLOCKS: usize = 20;

/// What is wrong with a part, as a sentence.
#[derive(Debug)]
pub(super) struct Problem(pub(super) String);

/// Tidies what a template gave.
pub(super) fn finish(rendered: &str, format: Format) -> Result<String, Problem> {
    if text::is_json(format) {
        let json: Json = serde_json::from_str(rendered)
            .map_err(|error| Problem(format!("What this template writes is not JSON: {error}.")))?;
        return Ok(json.to_string());
    }
    Ok(match format {
        Format::Line => rendered.split_whitespace().collect::<Vec<_>>().join(" "),
        _ => tidy(rendered),
    })
}

/// No space at the end of a line, no two empty lines in a row, none at either end.
fn tidy(rendered: &str) -> String {
    let mut tidied = String::with_capacity(rendered.len());
    let mut empty = 0;
    for line in rendered.lines().map(str::trim_end) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !tidied.is_empty() {
            tidied.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        tidied.push_str(line);
    }
    tidied
}

/// Whether a finished part is within its channel's limits.
pub(super) fn fits(finished: &str, part: &Part) -> Result<(), Problem> {
    let reason = finished.matches(REASON_MARK).count() * REASON_BYTES;
    let each = if part.is_short() {
        SHORT_ASK_BYTES
    } else {
        ASK_BYTES
    };
    let ask = finished.matches(ASK_MARK).count() * each;
    if finished.len() + reason + ask > part.max_bytes {
        return Err(Problem(format!(
            "The part {} is longer than the {} bytes that its channel takes.",
            part.name, part.max_bytes
        )));
    }
    if part.format == Format::SlackJson
        && let Ok(Json::Array(blocks)) = serde_json::from_str(finished)
    {
        return slack_fits(&blocks);
    }
    Ok(())
}

/// What `make` makes of the view, with its texts cut as little as the part's limits allow; of the
/// hardest cut if nothing fits.
pub(super) fn cut_to_fit<E>(
    part: &Part,
    view: &View,
    make: impl Fn(&View) -> Result<String, E>,
) -> Result<String, E> {
    let mut finished = make(view)?;
    for max_chars in CUTS {
        if fits(&finished, part).is_ok() {
            break;
        }
        finished = make(&view.cut(max_chars, part.is_short()))?;
    }
    Ok(finished)
}

fn slack_fits(blocks: &[Json]) -> Result<(), Problem> {
    if blocks.len() >= SLACK_BLOCKS {
        return Err(Problem(format!(
            "A message of {} blocks is too long for Slack.",
            blocks.len()
        )));
    }
    for block in blocks {
        for field in block
            .get("fields")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            let text = field.get("text").and_then(Json::as_str);
            let length = text.unwrap_or_default().chars().count();
            if length > SLACK_FIELD {
                return Err(Problem(format!(
                    "A field of {length} characters is too long for Slack, which takes {SLACK_FIELD}."
                )));
            }
        }
        let text = block.pointer("/text/text").and_then(Json::as_str);
        let length = text.unwrap_or_default().chars().count();
        let (what, most) = match block.get("type").and_then(Json::as_str) {
            Some("header") => ("header", SLACK_HEADER),
            _ => ("section", SLACK_SECTION),
        };
        let reason = if text.is_some_and(|text| text.contains(REASON_MARK)) {
            REASON_BYTES
        } else {
            0
        };
        if length + reason > most {
            return Err(Problem(format!(
                "A {what} of {length} characters is too long for Slack, which takes {most}."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_tidied_and_json_is_checked() {
        let check = |format, rendered: &str, expected: &str| {
            assert_eq!(finish(rendered, format).unwrap(), expected);
        };
        check(Format::Plain, "\n\na  \n\n\n\nb\nc\n", "a\n\nb\nc");
        check(Format::Line, " a\n b ", "a b");
        check(Format::Json, "{ \"a\": [1, 2] }", "{\"a\":[1,2]}");
        let Problem(sentence) = finish("[1,]", Format::CardJson).unwrap_err();
        assert!(sentence.contains("not JSON"), "{sentence}");
    }

    #[test]
    fn room_is_kept_for_the_reason_line() {
        let part = Part {
            name: "text",
            format: Format::Plain,
            max_bytes: 1000,
        };
        assert!(fits(&"x".repeat(1000), &part).is_ok());
        assert!(fits(&"x".repeat(1001), &part).is_err());
        assert!(fits(&format!("{}{REASON_MARK}", "x".repeat(500)), &part).is_err());
    }

    #[test]
    fn blocks_stay_within_what_slack_takes() {
        let part = Part {
            name: "blocks",
            format: Format::SlackJson,
            max_bytes: 100_000,
        };
        let section = |length: usize| serde_json::json!([{"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}}]);
        assert!(fits(&section(3000).to_string(), &part).is_ok());
        assert!(fits(&section(3001).to_string(), &part).is_err());
        let field = |length: usize| serde_json::json!([{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}, {"type": "mrkdwn", "text": "x".repeat(length)}]}]);
        assert!(fits(&field(2000).to_string(), &part).is_ok());
        assert!(fits(&field(2001).to_string(), &part).is_err());
        let many = serde_json::json!(vec![serde_json::json!({"type": "divider"}); 20]);
        assert!(fits(&many.to_string(), &part).is_err());
    }
}

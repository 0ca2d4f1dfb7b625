//! What a message to Slack consists of, whether the app posts it or a webhook does.

use serde_json::{Value as Json, json};

use crate::channels::{Outgoing, words};
use crate::domain::{
    channel::{Format, Part},
    delivery::Outcome,
};

/// The whole message as text: for notifications and screen readers.
const TEXT: Part = Part {
    name: "text",
    format: Format::Slack,
    max_bytes: 4_000,
};
/// The same as an array of blocks.
const BLOCKS: Part = Part {
    name: "blocks",
    format: Format::SlackJson,
    max_bytes: 30_000,
};

/// The pieces of a message to Slack.
pub(in crate::channels) static PARTS: [Part; 2] = [TEXT, BLOCKS];

/// Text, and blocks if they were not refused before, as both ways take them.
pub(in crate::channels) fn body(
    outgoing: &Outgoing<'_>,
    most_blocks: usize,
) -> Result<Json, Outcome> {
    let mut body = json!({
        "text": words::part(outgoing, &TEXT)?,
        "unfurl_links": false,
        "unfurl_media": false,
    });
    let Some(blocks) = words::json_part_unless_refused(outgoing, &BLOCKS)? else {
        return Ok(body);
    };
    match blocks.as_array() {
        Some(list) if list.len() <= most_blocks => {
            body["blocks"] = blocks;
            Ok(body)
        }
        Some(_) => Err(words::bad_payload(format!(
            "The message has more than the {most_blocks} blocks that it may have in Slack. Shorten \
             its template."
        ))),
        None => Err(words::bad_payload(
            "The blocks of the message are not a list. Check the template with: oyez template check"
                .to_owned(),
        )),
    }
}

//! What a message to Slack consists of, whether the app posts it or a webhook does.

use serde_json::{Value as Json, json};

use crate::channels::{INCIDENT, Outgoing, words};
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

/// The blocks of the first message of a thread, which later ones keep true.
const FIRST: Part = Part {
    name: INCIDENT,
    ..BLOCKS
};
/// The pieces of a message of the app, which can edit what it posted.
pub(super) static PARTS_OF_APP: [Part; 3] = [TEXT, BLOCKS, FIRST];

/// Text, and blocks if they were not refused before, as both ways take them.
pub(in crate::channels) fn body(
    outgoing: &Outgoing<'_>,
    most_blocks: usize,
) -> Result<Json, Outcome> {
    with_blocks(outgoing, &BLOCKS, most_blocks)
}

/// The same for the first message of a thread.
pub(super) fn first(outgoing: &Outgoing<'_>, most_blocks: usize) -> Result<Json, Outcome> {
    with_blocks(outgoing, &FIRST, most_blocks)
}

fn with_blocks(outgoing: &Outgoing<'_>, part: &Part, most_blocks: usize) -> Result<Json, Outcome> {
    let mut body = json!({
        "text": words::part(outgoing, &TEXT)?,
        "unfurl_links": false,
        "unfurl_media": false,
    });
    let Some(blocks) = words::json_part_unless_refused(outgoing, part)? else {
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

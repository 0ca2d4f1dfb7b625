//! A message's words for one recipient.

use super::Outgoing;
use crate::domain::{
    channel::Part,
    delivery::{Class, Outcome},
    text::for_recipient,
};

/// The words of a part, with the recipient's own reason and what is asked of them in place.
pub(super) fn part(outgoing: &Outgoing<'_>, part: &Part) -> Result<String, Outcome> {
    let words = outgoing.parts.get(part.name).ok_or_else(|| missing(part))?;
    Ok(for_recipient(words, part, outgoing.reason, outgoing.ask))
}

/// A part that holds JSON.
pub(super) fn json_part(outgoing: &Outgoing<'_>, of: &Part) -> Result<serde_json::Value, Outcome> {
    serde_json::from_str(&part(outgoing, of)?).map_err(|error| Outcome {
        // The parser names line and column and quotes nothing.
        reply: error.to_string(),
        ..bad_payload(format!(
            "The {} of the message is not JSON. Check its template with: oyez template check",
            of.name
        ))
    })
}

/// A part that holds JSON, unless it was left out because the other side refused it.
pub(super) fn json_part_unless_refused(
    outgoing: &Outgoing<'_>,
    of: &Part,
) -> Result<Option<serde_json::Value>, Outcome> {
    if outgoing.parts.contains_key(of.name) {
        json_part(outgoing, of).map(Some)
    } else {
        Ok(None)
    }
}

/// A message without one of its parts.
pub(super) fn missing(part: &Part) -> Outcome {
    bad_payload(format!(
        "The message has no {}. Check its templates with: oyez template check",
        part.name
    ))
}

/// A message that cannot be made or will not be taken.
pub(super) fn bad_payload(sentence: String) -> Outcome {
    Outcome {
        class: Class::BadPayload,
        code: None,
        reply: String::new(),
        sentence,
        provider_id: None,
    }
}

/// A message that is longer than the other side takes.
pub(super) fn too_long(service: &str, bytes: usize, most: usize) -> Outcome {
    bad_payload(format!(
        "The message has {bytes} bytes and {service} takes {most}. Shorten it and send an update."
    ))
}

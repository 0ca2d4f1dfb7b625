//! An Adaptive Card out of a message's words, as every way into Teams carries it.

use serde_json::{Value, json};

use super::{Outgoing, words};
use crate::domain::{
    channel::{Format, Part},
    delivery::Outcome,
    text::escape,
};

/// The media type of a card.
pub(super) const CONTENT_TYPE: &str = "application/vnd.microsoft.card.adaptive";

/// What a notification reads out.
pub(super) const SUMMARY: Part = Part {
    name: "summary",
    format: Format::Plain,
    max_bytes: 500,
};

/// The card, and the summary that stands for it where no card can be drawn. A card that was
/// refused is replaced by the simplest that there is.
pub(super) fn card(outgoing: &Outgoing<'_>, card: &Part) -> Result<(Value, String), Outcome> {
    let summary = words::part(outgoing, &SUMMARY)?;
    let mut card = match words::json_part_unless_refused(outgoing, card)? {
        Some(card) => card,
        None => plain(&summary),
    };
    let Some(fields) = card.as_object_mut() else {
        return Err(words::bad_payload(
            "The card of the message is not an Adaptive Card. Check its template with: oyez template check".to_owned(),
        ));
    };
    fields
        .entry("fallbackText")
        .or_insert_with(|| Value::from(summary.as_str()));
    Ok((card, summary))
}

fn plain(summary: &str) -> Value {
    // Written as text in JSON, so what was escaped for a card is read back as JSON.
    let escaped = format!("\"{}\"", escape(summary, Format::CardJson));
    let text = serde_json::from_str(&escaped).unwrap_or_else(|_| Value::from(summary));
    json!({
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{ "type": "TextBlock", "text": text, "wrap": true }],
    })
}

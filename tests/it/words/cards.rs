//! Cards that Teams shows: against rules of our own, and against the published schema of Adaptive
//! Cards where it is to be had.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use oyez::domain::{
    Audience,
    ask::{Ask, AskLine, may_ask_for_seen},
    notification::Moment,
};

use super::{all, kinds, rendered_for, renderer, shape::keep, story::Story};

const SEEN: AskLine<'_> = AskLine {
    ask: Ask::Seen,
    link: Some("https://oyez.northshire.example/a/AYuY2gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
};

fn cards() -> Vec<(String, Value)> {
    let renderer = renderer();
    let mut kinds = kinds();
    kinds.retain(|(_, parts)| parts.iter().any(|part| part.name == "card"));
    assert_eq!(kinds.len(), 2, "the bot and the workflow");
    let mut cards = Vec::new();
    for kind in &kinds {
        for (moment, audience) in all() {
            let view = Story::up_to(moment).view(moment, audience);
            let affected = moment == Moment::AreYouAffected;
            let asked = match affected {
                true => Ask::Affected,
                false => Ask::Seen,
            };
            for ask in [None, Some(AskLine { ask: asked, ..SEEN })] {
                let parts = rendered_for(&renderer, kind, &view, ask);
                for part in ["card", "incident"] {
                    let Some(card) = parts.get(part) else {
                        continue;
                    };
                    let asked = ask.map_or("", |_| "asked");
                    let name = format!("{} {moment} {audience} {part} {asked}", kind.0);
                    // The bot's card has a button for those who are asked, the workflow's a link.
                    let may_ask = affected || may_ask_for_seen(moment);
                    let asks = ask.is_some() && may_ask && part == "card";
                    let is_bot = kind.0.as_str() == "teams";
                    // Users read no reference, and have no app to tap in.
                    let taps = asks && is_bot && !affected && audience != Audience::Users;
                    assert_eq!(card.contains("\"seen\""), taps, "{name}");
                    assert_eq!(card.contains("/a/AYuY"), asks && !is_bot, "{name}");
                    cards.push((name, serde_json::from_str(card).expect("JSON")));
                }
            }
        }
    }
    cards
}

/// The elements that our layouts use, stricter than the published schema: text wraps, buttons are
/// short and lead to https, and a reader who sees no card is told all the same.
fn our_rules() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let text_box = json!({
        "type": "object",
        "required": ["type", "id", "label"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "Input.Text" },
            "id": { "const": "text" },
            "label": text,
            "isMultiline": { "const": true },
            "maxLength": { "type": "integer" },
        },
    });
    let tap = json!({
        "type": "object",
        "required": ["type", "title", "verb", "data", "fallback"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "Action.Execute" },
            "title": { "type": "string", "minLength": 1, "maxLength": 14 },
            "verb": { "const": "oyez" },
            "data": { "type": "object", "required": ["act"] },
            "fallback": {
                "type": "object",
                "required": ["type", "title", "data"],
                "properties": { "type": { "const": "Action.Submit" } },
            },
        },
    });
    let opens = json!({
        "type": "object",
        "required": ["type", "title", "data"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "Action.Submit" },
            "title": { "type": "string", "minLength": 1, "maxLength": 14 },
            "data": {
                "type": "object",
                "required": ["act", "msteams"],
                "properties": { "msteams": { "const": { "type": "task/fetch" } } },
            },
        },
    });
    let tap = json!({ "oneOf": [tap, opens] });
    let taps = json!({
        "type": "object",
        "required": ["type", "actions"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "ActionSet" },
            "id": { "const": "seen" },
            "actions": { "type": "array", "minItems": 1, "maxItems": 2, "items": tap },
        },
    });
    let plain = json!({
        "type": "object",
        "required": ["type", "text", "wrap"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "TextBlock" },
            "text": text,
            "wrap": { "const": true },
            "weight": { "const": "bolder" },
            "isSubtle": { "const": true },
        },
    });
    let exact_words = json!({
        "type": "object",
        "required": ["type", "style", "items"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": "Container" },
            "style": { "const": "emphasis" },
            "items": { "type": "array", "minItems": 1, "items": plain },
        },
    });
    json!({
        "type": "object",
        "required": ["$schema", "type", "version", "lang", "speak", "fallbackText", "msteams", "body", "actions"],
        "additionalProperties": false,
        "properties": {
            "$schema": { "const": "http://adaptivecards.io/schemas/adaptive-card.json" },
            "type": { "const": "AdaptiveCard" },
            "version": { "const": "1.5" },
            "lang": { "const": "en" },
            "speak": text,
            "fallbackText": text,
            "msteams": { "const": { "width": "Full" } },
            "body": { "type": "array", "minItems": 3, "items": { "oneOf": [
                {
                    "type": "object",
                    "required": ["type", "text", "wrap"],
                    "additionalProperties": false,
                    "properties": {
                        "type": { "const": "TextBlock" },
                        "text": text,
                        "wrap": { "const": true },
                        "style": { "const": "heading" },
                        "size": { "const": "large" },
                        "weight": { "const": "bolder" },
                        "spacing": { "const": "none" },
                        "isSubtle": { "const": true },
                    },
                },
                {
                    "type": "object",
                    "required": ["type", "facts"],
                    "additionalProperties": false,
                    "properties": {
                        "type": { "const": "FactSet" },
                        "separator": { "const": true },
                        "facts": { "type": "array", "minItems": 1, "items": {
                            "type": "object",
                            "required": ["title", "value"],
                            "additionalProperties": false,
                            "properties": { "title": text, "value": text },
                        } },
                    },
                },
                text_box,
                taps,
                exact_words,
            ] } },
            "actions": { "type": "array", "maxItems": 4, "items": {
                "type": "object",
                "required": ["type", "title", "url"],
                "additionalProperties": false,
                "properties": {
                    "type": { "const": "Action.OpenUrl" },
                    "title": { "type": "string", "minLength": 1, "maxLength": 14 },
                    "url": { "type": "string", "pattern": "^https://" },
                },
            } },
        },
    })
}

#[test]
fn every_card_keeps_our_rules() {
    let rules = jsonschema::validator_for(&our_rules()).expect("a schema");
    for (name, card) in cards() {
        let faults: Vec<_> = rules
            .iter_errors(&card)
            .map(|fault| fault.to_string())
            .collect();
        assert_eq!(faults, [""; 0], "{name}");
        keep(&name, &card);
    }
}

#[test]
fn every_card_keeps_the_published_schema() {
    keep_the_published_schema(cards());
}

/// The published schema is not ours to pass on, so it is read from a folder beside the repository;
/// `make cards-test` takes it from a package, for all cards that were kept. Where the folder is
/// named, it must be there; elsewhere the rules above, which admit less, have to do.
pub(crate) fn keep_the_published_schema(cards: Vec<(String, Value)>) {
    let Some(path) = published_schema() else {
        return;
    };
    let schema = fs::read_to_string(&path).expect("the schema can be read");
    let mut schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    schema["$schema"] = json!("http://json-schema.org/draft-06/schema#");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (name, mut card) in cards {
        // Teams' own member, which the schema does not know.
        card.as_object_mut().expect("an object").remove("msteams");
        let faults: Vec<_> = validator
            .iter_errors(&card)
            .map(|fault| fault.to_string())
            .collect();
        assert_eq!(faults, [""; 0], "{name}");
    }
    // The schema does find faults: a test that cannot fail shows nothing.
    let misspelt = json!({"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "txt": "a"}]});
    assert!(!validator.is_valid(&misspelt));
}

#[allow(
    clippy::disallowed_methods,
    reason = "where third-party files lie is a matter of the machine, not of a setting"
)]
fn published_schema() -> Option<PathBuf> {
    const FILE: &str = "adaptive-card-1.5.0.schema.json";
    let named = std::env::var_os("OYEZ_SHARED_SCHEMAS").map(PathBuf::from);
    let must_be_there = named.is_some();
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas");
    let path = named.unwrap_or_else(beside).join(FILE);
    assert!(
        path.exists() || !must_be_there,
        "{} is missing. It is schemas/1.5.0/adaptive-card.json of the repository \
         microsoft/AdaptiveCards: save it under this name, and name its folder in \
         OYEZ_SHARED_SCHEMAS.",
        path.display()
    );
    path.exists().then_some(path)
}

//! What every card must be that Teams is to show, whoever made it: readable on a phone, by a screen
//! reader, and by a client that knows no cards. And where the cards are kept, so that they can be
//! looked at.

use std::{fs, path::PathBuf};

use serde_json::Value;

/// Most bytes of a card that is read on a phone without waiting.
const CARD_BYTES: usize = 20 * 1024;
/// Most characters of a button that is whole in a narrow pane.
const LABEL_CHARS: usize = 14;

/// Holds a card against the rules, and writes it to `target/cards/NAME.json`.
#[track_caller]
pub(crate) fn keep(name: &str, card: &Value) {
    let text = serde_json::to_string_pretty(card).expect("JSON");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../cards");
    fs::create_dir_all(&folder).expect("make a folder");
    let name = name.replace([' ', '/'], "-");
    fs::write(folder.join(format!("{name}.json")), &text).expect("write a card");

    let bytes = card.to_string().len();
    assert!(bytes <= CARD_BYTES, "{name}: {bytes} bytes");
    for member in ["lang", "speak", "fallbackText", "version"] {
        let text = card[member].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{name}: {member}");
    }
    assert_eq!(card["version"], "1.5", "{name}");
    let mut found = Found::default();
    walk(name.as_str(), card, &mut found);
    assert!(found.actions <= 4, "{name}: {} buttons", found.actions);
    assert_eq!(found.headings, 1, "{name}");
}

#[derive(Default)]
struct Found {
    actions: usize,
    headings: usize,
}

fn walk(name: &str, value: &Value, found: &mut Found) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(name, value, found)),
        Value::Object(members) => {
            element(name, value, found);
            for (member, value) in members {
                // The same action again, for clients that do not know the first; and what it carries.
                if member != "fallback" && member != "data" {
                    walk(name, value, found);
                }
            }
        }
        _ => {}
    }
}

fn element(name: &str, element: &Value, found: &mut Found) {
    let here = || format!("{name}: {element}");
    let kind = element["type"].as_str().unwrap_or_default();
    assert!(element.get("placeholder").is_none(), "{}", here());
    match kind {
        "TextBlock" => {
            assert_eq!(element["wrap"], true, "{}", here());
            found.headings += usize::from(element["style"] == "heading");
        }
        "ActionSet" => {
            let row = element["actions"].as_array().map_or(0, Vec::len);
            assert!((1..=2).contains(&row), "{}", here());
        }
        // The one that opens a dialog.
        "Action.Submit" => {
            assert_eq!(
                element["data"]["msteams"]["type"],
                "task/fetch",
                "{}",
                here()
            );
            label(&here(), element);
            found.actions += 1;
        }
        "Action.Execute" | "Action.OpenUrl" => {
            label(&here(), element);
            found.actions += 1;
            if kind == "Action.Execute" {
                let old = &element["fallback"];
                assert_eq!(old["type"], "Action.Submit", "{}", here());
                assert_eq!(old["data"], element["data"], "{}", here());
            }
        }
        "Input.Text" | "Input.ChoiceSet" => {
            let label = element["label"].as_str().unwrap_or_default();
            assert!(!label.is_empty(), "{}", here());
            assert_eq!(
                element.get("isRequired").is_some(),
                element.get("errorMessage").is_some(),
                "{}",
                here()
            );
            if kind == "Input.ChoiceSet" {
                choices(&here(), element);
            }
        }
        "Container" | "FactSet" | "AdaptiveCard" | "" => {}
        other => panic!("{name}: {other} is not an element of ours"),
    }
}

/// What a button says is whole in a narrow pane.
#[track_caller]
fn label(here: &str, action: &Value) {
    let title = action["title"].as_str().unwrap_or_default();
    assert!((1..=LABEL_CHARS).contains(&title.chars().count()), "{here}");
}

/// What is chosen is one of the choices, and comes back as one value each.
fn choices(here: &str, element: &Value) {
    let choices = element["choices"].as_array().expect("choices");
    assert_eq!(element["wrap"], true, "{here}");
    assert!(!choices.is_empty() && choices.len() <= 100, "{here}");
    let values: Vec<&str> = choices
        .iter()
        .map(|choice| choice["value"].as_str().expect("a value"))
        .collect();
    assert!(values.iter().all(|value| !value.contains(',')), "{here}");
    let chosen = element["value"].as_str().unwrap_or_default();
    for chosen in chosen.split(',').filter(|value| !value.is_empty()) {
        assert!(values.contains(&chosen), "{here}");
    }
}

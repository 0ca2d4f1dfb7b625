//! What Slack takes of text and blocks, so that practice finds what it would refuse.
//!
//! Source: docs.slack.dev, "Block Kit", as `slack-sdk` 3.47 has it.

use std::collections::BTreeSet;

use serde_json::Value;

/// Where blocks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    /// In a message: at most 50.
    Message,
    /// In a modal: at most 100.
    Modal,
}

/// The name of the error with which Slack refuses these blocks, and what is wrong with them.
pub(super) fn check(blocks: &Value, surface: Surface) -> Result<(), String> {
    let Some(list) = blocks.as_array() else {
        return Err("blocks is not a list".to_owned());
    };
    let most = match surface {
        Surface::Message => 50,
        Surface::Modal => 100,
    };
    if list.len() > most {
        return Err(format!(
            "no more than {most} items allowed [json-pointer:/blocks]"
        ));
    }
    let mut ids = BTreeSet::new();
    for (number, block) in list.iter().enumerate() {
        one(block).map_err(|why| format!("{why} [json-pointer:/blocks/{number}]"))?;
        if let Some(id) = block["block_id"].as_str()
            && !ids.insert(id.to_owned())
        {
            return Err(format!("block_id {id} is there twice"));
        }
    }
    Ok(())
}

fn one(block: &Value) -> Result<(), String> {
    match block["type"].as_str().unwrap_or_default() {
        "section" => {
            let fields = block["fields"].as_array();
            if block["text"].is_null() && fields.is_none() {
                return Err("missing text or fields".to_owned());
            }
            if !block["text"].is_null() {
                text(&block["text"], 3_000, false)?;
            }
            let fields = fields.map(Vec::as_slice).unwrap_or_default();
            at_most(fields, 10, "fields")?;
            fields
                .iter()
                .try_for_each(|field| text(field, 2_000, false))?;
            match block["accessory"].is_null() {
                true => Ok(()),
                false => element(&block["accessory"]),
            }
        }
        "header" => text(&block["text"], 150, true),
        "divider" => Ok(()),
        "context" => {
            let elements = list(block, "elements")?;
            at_most(elements, 10, "elements")?;
            let mut texts = elements.iter().filter(|element| element["type"] != "image");
            texts.try_for_each(|element| text(element, 3_000, false))
        }
        "actions" => {
            let elements = list(block, "elements")?;
            at_most(elements, 25, "elements")?;
            let mut ids = BTreeSet::new();
            for one in elements {
                element(one)?;
                if let Some(id) = one["action_id"].as_str()
                    && !ids.insert(id.to_owned())
                {
                    return Err(format!("action_id {id} is there twice"));
                }
            }
            Ok(())
        }
        "input" => {
            text(&block["label"], 2_000, true)?;
            element(&block["element"])
        }
        "rich_text" | "image" | "markdown" | "table" => Ok(()),
        other => Err(format!("unsupported type: {other}")),
    }
}

fn element(element: &Value) -> Result<(), String> {
    longest(&element["action_id"], 255, "action_id")?;
    match element["type"].as_str().unwrap_or_default() {
        "button" => {
            text(&element["text"], 75, true)?;
            longest(&element["value"], 2_000, "value")?;
            longest(&element["url"], 3_000, "url")
        }
        "static_select" | "multi_static_select" | "checkboxes" | "radio_buttons" | "overflow" => {
            let options = list(element, "options")?;
            if options.is_empty() {
                return Err("must provide an option".to_owned());
            }
            at_most(options, 100, "options")?;
            options.iter().try_for_each(|option| {
                text(&option["text"], 75, false)?;
                longest(&option["value"], 150, "value")
            })
        }
        "plain_text_input" => match element["max_length"].as_u64() {
            Some(1..=3_000) | None => longest(&element["initial_value"], 3_000, "initial_value"),
            Some(_) => Err("max_length must be from 1 to 3000".to_owned()),
        },
        "multi_users_select" | "users_select" | "datepicker" | "timepicker" | "image" => Ok(()),
        other => Err(format!("unsupported element: {other}")),
    }
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    let list = value[key].as_array().map(Vec::as_slice);
    list.ok_or_else(|| format!("missing {key}"))
}

fn at_most(list: &[Value], most: usize, what: &str) -> Result<(), String> {
    match list.len() > most {
        true => Err(format!("no more than {most} {what} allowed")),
        false => Ok(()),
    }
}

fn text(value: &Value, most: usize, is_plain: bool) -> Result<(), String> {
    let kind = value["type"].as_str().unwrap_or_default();
    if kind != "plain_text" && (is_plain || kind != "mrkdwn") {
        return Err(format!("a text cannot be of type {kind:?} here"));
    }
    match value["text"].as_str() {
        None | Some("") => Err("a text must be more than 0 characters".to_owned()),
        Some(_) => longest(&value["text"], most, "text"),
    }
}

fn longest(value: &Value, most: usize, what: &str) -> Result<(), String> {
    let length = value.as_str().unwrap_or_default().chars().count();
    match length > most {
        true => Err(format!("{what} must be less than {} characters", most + 1)),
        false => Ok(()),
    }
}

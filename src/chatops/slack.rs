//! Answers as Slack takes them: the whole as text, and the same as blocks.

use serde_json::{Value, json};

use super::{
    form::{Field, Kind},
    reply::{Button, Piece, Reply},
};
use crate::domain::{
    channel::Format,
    text::{clean, cut, escape},
};

/// Most characters of a section; Slack takes 3,000.
const SECTION: usize = 2_900;
/// Most characters of the text that repeats the blocks.
const TEXT: usize = 4_000;
/// Most characters that Slack takes in a field.
pub const TYPED: usize = 3_000;
/// Most pairs of a section with fields.
const FIELDS: usize = 10;
/// Most blocks: Slack takes 50, people fewer.
const BLOCKS: usize = 20;

/// Stands for what did not fit.
const CUT: &str = "There is more than fits here.";

/// The answer to a slash command or a tap, as `response_url` and Slack's own reply take it; only
/// whoever asked sees it. `replaces` puts it in the place of the message that was tapped.
pub fn message(reply: &Reply, replaces: bool) -> Value {
    let mut message = post(reply);
    message["response_type"] = json!("ephemeral");
    if replaces {
        message["replace_original"] = json!(true);
    }
    message
}

/// An answer as a message of the app's own.
pub fn post(reply: &Reply) -> Value {
    let has_buttons = !reply.buttons.is_empty();
    let mut blocks = blocks(reply, BLOCKS - usize::from(has_buttons));
    if has_buttons {
        blocks.push(buttons(&reply.buttons.iter().collect::<Vec<_>>()));
    }
    json!({
        "text": cut(&mrkdwn(&reply.plain()), TEXT),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

/// Heading and pieces; says so where there are more than `most`.
pub(super) fn blocks(reply: &Reply, most: usize) -> Vec<Value> {
    let mut blocks = vec![section(&format!("*{}*", mrkdwn(&reply.heading)))];
    let mut running = String::new();
    for piece in &reply.pieces {
        // Paragraphs and lists that follow each other are one block, as far as it holds them.
        if let Some(text) = prose(piece) {
            if running.chars().count() + text.chars().count() >= SECTION {
                flush(&mut running, &mut blocks);
            }
            if !running.is_empty() {
                running.push('\n');
            }
            running.push_str(&text);
        } else {
            flush(&mut running, &mut blocks);
            blocks.extend(block(piece));
        }
    }
    flush(&mut running, &mut blocks);
    if blocks.len() > most {
        blocks.truncate(most - 1);
        blocks.push(section(CUT));
    }
    blocks
}

/// A row of buttons.
pub(super) fn buttons(buttons: &[&Button]) -> Value {
    let elements: Vec<Value> = buttons.iter().copied().enumerate().map(button).collect();
    json!({ "type": "actions", "elements": elements })
}

/// A paragraph or a list.
fn prose(piece: &Piece) -> Option<String> {
    match piece {
        Piece::Text(text) => Some(mrkdwn(text)),
        Piece::List(lines) => {
            let lines: Vec<String> = lines
                .iter()
                .map(|line| format!("• {}", mrkdwn(line)))
                .collect();
            Some(lines.join("\n"))
        }
        Piece::Facts(_) | Piece::Field(_) | Piece::Words { .. } => None,
    }
}

fn flush(running: &mut String, blocks: &mut Vec<Value>) {
    if !running.is_empty() {
        blocks.push(section(running));
        running.clear();
    }
}

fn block(piece: &Piece) -> Vec<Value> {
    match piece {
        Piece::Facts(facts) => facts
            .chunks(FIELDS)
            .map(|facts| {
                let fields: Vec<Value> = facts
                    .iter()
                    .map(|(name, value)| {
                        markdown(&cut(
                            &format!("*{}*\n{}", mrkdwn(name), mrkdwn(value)),
                            1_900,
                        ))
                    })
                    .collect();
                json!({ "type": "section", "fields": fields })
            })
            .collect(),
        Piece::Text(_) | Piece::List(_) => Vec::new(),
        Piece::Field(field) => vec![input(field)],
        Piece::Words { label, text } => {
            let quoted: Vec<String> = mrkdwn(text)
                .lines()
                .map(|line| format!("> {line}"))
                .collect();
            vec![section(&format!(
                "*{}*\n{}",
                mrkdwn(label),
                quoted.join("\n")
            ))]
        }
    }
}

/// A field as an input block; what is filled in comes back with the tap, under the field's id.
fn input(field: &Field) -> Value {
    let option = |(value, label): &(String, String)| {
        json!({
            "text": plain(&cut(&clean(label), 75)),
            "value": value,
        })
    };
    let is_chosen = |(value, _): &&(String, String)| field.value.split(',').any(|it| it == value);
    let mut element = match &field.kind {
        Kind::Line | Kind::Text => json!({
            "type": "plain_text_input",
            "multiline": field.kind == Kind::Text,
            "max_length": TYPED,
        }),
        Kind::One(options) | Kind::Any(options) => {
            let all: Vec<Value> = options.iter().map(option).collect();
            let chosen: Vec<Value> = options.iter().filter(is_chosen).map(option).collect();
            let is_one = matches!(field.kind, Kind::One(_));
            let kind = if is_one {
                "static_select"
            } else {
                "multi_static_select"
            };
            let mut element = json!({ "type": kind, "options": all });
            match chosen.first() {
                Some(first) if is_one => element["initial_option"] = first.clone(),
                Some(_) => element["initial_options"] = json!(chosen),
                None => {}
            }
            element
        }
    };
    element["action_id"] = json!(field.id);
    let is_typed = matches!(field.kind, Kind::Line | Kind::Text);
    if is_typed && !field.value.is_empty() {
        element["initial_value"] = json!(cut(&field.value, TYPED));
    }
    let mut input = json!({
        "type": "input",
        "block_id": field.id,
        "optional": !field.needed,
        "label": plain(field.label),
        "element": element,
    });
    if is_typed && field.value.chars().count() > TYPED {
        input["hint"] = plain("This is longer than fits here: see what is missing at its end.");
    }
    input
}

fn button((number, button): (usize, &Button)) -> Value {
    let mut element = json!({
        "type": "button",
        // Slack wants another id for each button of a message.
        "action_id": format!("act-{number}"),
        "text": plain(&button.label),
        "value": button.act.to_value(),
    });
    if button.main {
        element["style"] = json!("primary");
    }
    element
}

pub(super) fn section(text: &str) -> Value {
    json!({ "type": "section", "text": markdown(&cut(text, SECTION)) })
}

/// Text without any markup.
pub(super) fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

fn markdown(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn mrkdwn(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| escape(&clean(line), Format::Slack))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::reply::{Act, Piece, Reply},
        *,
    };

    #[test]
    fn an_answer_is_whole_as_text_and_as_blocks() {
        let reply = Reply::text("INC-0042", ["Half <of> them".to_owned()])
            .and(Piece::Facts(vec![("State".into(), "Fixing it".into())]))
            .button("Send", Act::Send("01J".into()))
            .button("Do not send", Act::Drop("01J".into()));
        let message = message(&reply, true);
        assert_eq!(message["response_type"], "ephemeral");
        assert_eq!(message["replace_original"], true);
        assert_eq!(
            message["text"],
            "INC-0042\nHalf &lt;of&gt; them\nState: Fixing it"
        );
        let actions = &message["blocks"][3]["elements"];
        assert_eq!(actions[0]["style"], "primary");
        assert_eq!(actions[0]["value"], "send:01J");
        assert_ne!(actions[0]["action_id"], actions[1]["action_id"]);
    }

    proptest! {
        /// Whatever people typed mentions nobody and keeps to Slack's limits.
        #[test]
        fn no_text_mentions_anybody_or_is_too_long(
            text in "(<!channel>|<@U1>|&|[a-z ]|\\PC){0,40}",
            times in 1_usize..120,
        ) {
            let long = text.repeat(times);
            let mut reply = Reply::text(text.clone(), [long.clone()]);
            for _ in 0..times / 4 {
                reply = reply.and(Piece::List(vec![long.clone()]));
            }
            let reply = reply.button("Send", Act::Send("1".into()));
            let message = message(&reply, false);
            let blocks = message["blocks"].as_array().unwrap();
            prop_assert!(blocks.len() <= BLOCKS);
            prop_assert_eq!(&blocks.last().unwrap()["type"], "actions");
            let mut texts = vec![message["text"].as_str().unwrap()];
            texts.extend(blocks.iter().filter_map(|block| block["text"]["text"].as_str()));
            for text in texts {
                prop_assert!(!text.contains('<'), "{}", text);
                prop_assert!(text.chars().count() <= TEXT);
            }
        }
    }
}

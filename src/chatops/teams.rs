//! Answers as Teams takes them: an Adaptive Card 1.5 of core elements.

use serde_json::{Value, json};

use super::{
    form::{Field, Kind, LONGEST as FIELD},
    reply::{Act, Button, Piece, Reply},
};
use crate::domain::{
    IncidentId,
    channel::Format,
    text::{clean, cut, escape},
    verbs::Verb,
};

/// The name under which taps come back.
pub const VERB: &str = "oyez";
/// The key of the data that says what a tap does.
pub const ACT: &str = "act";

/// Most elements of a card: what is longer is read on a page.
const ELEMENTS: usize = 60;
/// Most characters of one text.
const LONGEST: usize = 2_000;
/// Most characters of what a client reads out or shows that cannot show the card.
const FALLBACK: usize = 600;
/// Up to so many options are all seen at once.
const FEW: usize = 4;

/// Longest title of a dialog.
const TITLE: usize = 60;

/// Verbs that ask for more with a form, if nothing follows them.
const WITH_FORM: [Verb; 16] = [
    Verb::Open,
    Verb::Update,
    Verb::Priority,
    Verb::Stage,
    Verb::Services,
    Verb::Handover,
    Verb::Add,
    Verb::Mute,
    Verb::Step,
    Verb::Resolve,
    Verb::Close,
    Verb::Correct,
    Verb::Note,
    Verb::Decide,
    Verb::Reopen,
    Verb::Cancel,
];

/// The card of an answer.
pub fn card(reply: &Reply) -> Value {
    card_with(reply, action)
}

fn card_with(reply: &Reply, action: fn(&Button) -> Value) -> Value {
    let mut body = vec![json!({
        "type": "TextBlock",
        "text": markdown(&reply.heading),
        "style": "heading",
        "size": "medium",
        "weight": "bolder",
        "wrap": true,
    })];
    for piece in &reply.pieces {
        body.extend(elements(piece));
    }
    if body.len() > ELEMENTS {
        body.truncate(ELEMENTS - 1);
        body.push(block("There is more than fits here."));
    }
    // In rows of two, so that each label is whole in a narrow pane.
    for row in reply.buttons.chunks(2) {
        let actions: Vec<Value> = row.iter().map(action).collect();
        body.push(json!({ "type": "ActionSet", "actions": actions }));
    }
    let spoken = cut(&clean(&reply.heading), LONGEST);
    let whole = cut(&clean(&reply.plain()), FALLBACK);
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "lang": "en",
        "speak": spoken,
        "fallbackText": whole,
        "msteams": { "width": "Full" },
        "body": body,
    })
}

/// The answer as a message, whose summary a notification shows.
pub fn activity(reply: &Reply) -> Value {
    json!({
        "type": "message",
        "summary": cut(&clean(&reply.heading), LONGEST),
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": card(reply),
        }],
    })
}

/// The answer in a dialog, which goes on, or closes with what was done.
pub fn dialog_response(reply: &Reply, is_over: bool) -> Value {
    if is_over {
        let words = cut(&clean(&reply.plain()), LONGEST);
        return json!({ "task": { "type": "message", "value": words } });
    }
    json!({ "task": { "type": "continue", "value": {
        "title": cut(&clean(&reply.heading), TITLE),
        "width": "medium",
        "height": "large",
        "card": {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": card_with(reply, submit),
        },
    } } })
}

/// The answer in the place of the card that was tapped.
pub fn invoke_response(reply: &Reply) -> Value {
    json!({
        "statusCode": 200,
        "type": "application/vnd.microsoft.card.adaptive",
        "value": card(reply),
    })
}

fn elements(piece: &Piece) -> Vec<Value> {
    match piece {
        Piece::Text(text) => vec![block(text)],
        Piece::Facts(facts) => {
            let facts: Vec<Value> = facts
                .iter()
                .map(|(name, value)| json!({ "title": markdown(name), "value": markdown(value) }))
                .collect();
            vec![json!({ "type": "FactSet", "facts": facts })]
        }
        Piece::List(lines) => {
            let mut blocks: Vec<Value> = lines
                .iter()
                .map(|line| {
                    let mut line = block(&format!("• {line}"));
                    line["spacing"] = json!("small");
                    line
                })
                .collect();
            if let Some(first) = blocks.first_mut() {
                first["spacing"] = json!("default");
            }
            blocks
        }
        Piece::Field(field) => vec![input(field)],
        Piece::Words { label, text } => vec![json!({
            "type": "Container",
            "style": "emphasis",
            "items": [
                { "type": "TextBlock", "text": markdown(label), "weight": "bolder", "wrap": true },
                block(text),
            ],
        })],
    }
}

/// A field as an input; what is filled in comes back with the tap, under the field's id.
fn input(field: &Field) -> Value {
    let mut input = match &field.kind {
        Kind::Line | Kind::Text => json!({
            "type": "Input.Text",
            "isMultiline": field.kind == Kind::Text,
            "maxLength": FIELD,
        }),
        Kind::One(options) | Kind::Any(options) => {
            let choices: Vec<Value> = options
                .iter()
                .map(|(value, label)| json!({ "title": clean(label), "value": value }))
                .collect();
            json!({
                "type": "Input.ChoiceSet",
                "style": if options.len() <= FEW { "expanded" } else { "compact" },
                "isMultiSelect": matches!(field.kind, Kind::Any(_)),
                "wrap": true,
                "choices": choices,
            })
        }
    };
    input["id"] = json!(field.id);
    input["label"] = json!(field.label);
    if !field.value.is_empty() {
        input["value"] = json!(field.value);
    }
    if field.needed {
        input["isRequired"] = json!(true);
        input["errorMessage"] = json!("Fill this in.");
    }
    input
}

fn action(button: &Button) -> Value {
    if opens_form(&button.act) {
        let mut action = submit(button);
        action["data"]["msteams"] = json!({ "type": "task/fetch" });
        return action;
    }
    let data = json!({ ACT: button.act.to_value() });
    json!({
        "type": "Action.Execute",
        "title": button.label,
        "verb": VERB,
        "data": data.clone(),
        // For clients that do not know the other: it comes back as a message.
        "fallback": { "type": "Action.Submit", "title": button.label, "data": data },
    })
}

/// In a dialog, where the other kind of button does nothing.
fn submit(button: &Button) -> Value {
    json!({
        "type": "Action.Submit",
        "title": button.label,
        "data": { ACT: button.act.to_value() },
    })
}

/// Whether a tap is answered with a form: that is filled in in a dialog, and the card stays.
fn opens_form(act: &Act) -> bool {
    let Act::Say(line) = act else { return false };
    let mut words = line.split_whitespace();
    let verb = words.next().and_then(|word| Verb::find(word).ok());
    verb.is_some_and(|verb| WITH_FORM.contains(&verb))
        && words.all(|word| word.parse::<IncidentId>().is_ok())
}

fn block(text: &str) -> Value {
    json!({ "type": "TextBlock", "text": markdown(text), "wrap": true })
}

/// Text as typed: nothing in it is Markdown, and its lines are paragraphs.
fn markdown(text: &str) -> String {
    let lines: Vec<String> = cut(text, LONGEST)
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            // The words of templates are escaped for JSON as well, which is made here later.
            let escaped = escape(&clean(line), Format::CardJson);
            serde_json::from_str(&format!("\"{escaped}\"")).unwrap_or(escaped)
        })
        .collect();
    lines.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_form_opens_a_dialog_whose_buttons_hand_it_in() {
        let say = |line: &str| Act::Say(line.to_owned());
        for form in ["open", "update INC-0042", "Resolve INC-0042", "note"] {
            assert!(opens_form(&say(form)), "{form}");
        }
        for other in [
            "",
            "status INC-0042",
            "open P1 data-hub: It fails",
            "list",
            "frobnicate",
        ] {
            assert!(!opens_form(&say(other)), "{other}");
        }
        assert!(!opens_form(&Act::Send("01J".into())));

        let reply = Reply::text("It *fails*", []).button("Resolve", say("resolve INC-0042"));
        let card = card(&reply);
        let button = &card["body"][1]["actions"][0];
        assert_eq!(button["type"], "Action.Submit");
        let data = json!({ "act": "say:resolve INC-0042", "msteams": { "type": "task/fetch" } });
        assert_eq!(button["data"], data);

        let dialog = dialog_response(&reply, false);
        let value = &dialog["task"]["value"];
        assert_eq!(value["title"], "It *fails*");
        let button = &value["card"]["content"]["body"][1]["actions"][0];
        assert_eq!(button["type"], "Action.Submit");
        assert_eq!(button["data"], json!({ "act": "say:resolve INC-0042" }));

        let over = dialog_response(&Reply::text("Done", ["All know.".to_owned()]), true);
        assert_eq!(
            over,
            json!({ "task": { "type": "message", "value": "Done\nAll know." } })
        );
    }

    #[test]
    fn every_text_wraps_and_every_button_has_a_way_back_on_old_clients() {
        let reply = Reply::text("INC-0042", ["Half *of* them".to_owned()])
            .and(Piece::List(vec!["One".into(), "Two".into()]))
            .and(Piece::Words {
                label: "To owners".into(),
                text: "Half are back.\nMore later.".into(),
            })
            .button("Send", Act::Send("01J".into()))
            .button("Do not send", Act::Drop("01J".into()))
            .button("Status", Act::Say("status INC-0042".into()));
        let card = card(&reply);
        let body = card["body"].as_array().unwrap();
        assert_eq!(body[1]["text"], "Half \\*of\\* them");
        for element in body.iter().filter(|it| it["type"] == "TextBlock") {
            assert_eq!(element["wrap"], true, "{element}");
        }
        assert_eq!(body[4]["items"][1]["text"], "Half are back.\n\nMore later.");
        let rows: Vec<usize> = body
            .iter()
            .filter_map(|it| it["actions"].as_array())
            .map(Vec::len)
            .collect();
        assert_eq!(rows, [2, 1]);
        assert_eq!(body[5]["actions"][0]["data"]["act"], "send:01J");
        assert_eq!(body[5]["actions"][0]["fallback"]["data"]["act"], "send:01J");
    }
}

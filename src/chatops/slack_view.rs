//! Answers as Slack's modals.
//!
//! What sends or goes on is the modal's own button, and what it does stands in the modal's
//! `private_metadata`, as it would in a button: nothing that must be trusted. Closing a modal does
//! nothing.

use serde_json::{Value, json};

use super::{
    form::{Filled, is_blank},
    grammar,
    reply::{Act, Button, Piece, Reply},
    slack::{blocks, buttons, plain, section},
};
use crate::domain::{text::cut, verbs::Verb};

/// Most blocks of a modal.
const BLOCKS: usize = 100;
/// Most characters of its title and of each of its two buttons.
const TITLE: usize = 24;
/// Most characters that it carries.
const METADATA: usize = 3_000;

/// What is shown until the answer is known.
pub fn loading() -> Value {
    modal("Oyez", "Close", vec![section("Loading…")])
}

/// What is shown where the answer takes longer than Slack waits.
pub fn working() -> Value {
    let blocks = vec![section(
        "Working on it… The answer takes the place of this, or comes as a message if you close it.",
    )];
    update(&modal("Oyez", "Close", blocks))
}

/// What takes the place of a modal that was handed in: what is wrong with one of its fields, or the
/// next view.
pub fn submitted(reply: &Reply) -> Value {
    match wrong_field(reply) {
        Some(id) => json!({
            "response_action": "errors",
            "errors": { id: cut(&said(reply), 300) },
        }),
        None => update(&view(reply)),
    }
}

fn update(view: &Value) -> Value {
    json!({ "response_action": "update", "view": view })
}

/// An answer as a modal.
pub fn view(reply: &Reply) -> Value {
    let submits = |button: &&Button| {
        matches!(button.act, Act::Send(_) | Act::Fill(..))
            && button.act.to_value().chars().count() <= METADATA
    };
    let submit = reply.buttons.iter().find(submits);
    let drop = reply
        .buttons
        .iter()
        .find(|button| matches!(button.act, Act::Drop(_)));
    let closes = match (drop, submit) {
        (Some(button), _) => button.label.as_ref(),
        (None, Some(_)) => "Cancel",
        (None, None) => "Close",
    };
    let rest: Vec<&Button> = reply
        .buttons
        .iter()
        .filter(|button| !matches!(button.act, Act::Drop(_) | Act::Send(_) | Act::Fill(..)))
        .collect();
    let mut blocks = blocks(reply, BLOCKS - usize::from(!rest.is_empty()));
    if submit.is_none() {
        // Slack takes no inputs without a button that hands them in.
        blocks.retain(|block| block["type"] != "input");
    }
    if !rest.is_empty() {
        blocks.push(buttons(&rest));
    }
    let mut view = modal(&title(submit), closes, blocks);
    if let Some(button) = submit {
        view["submit"] = plain(&act_named(reply, button));
        view["private_metadata"] = json!(button.act.to_value());
    }
    view
}

fn modal(title: &str, close: &str, blocks: Vec<Value>) -> Value {
    json!({
        "type": "modal",
        "title": plain(&cut(title, TITLE)),
        "close": plain(&cut(close, TITLE)),
        "blocks": blocks,
    })
}

fn title(submit: Option<&Button>) -> String {
    match submit.map(|button| &button.act) {
        Some(Act::Fill(Verb::Open, _)) => "Start an incident".to_owned(),
        Some(Act::Fill(verb, Some(id))) => format!("{id}: {}", verb.entry().chat),
        Some(Act::Send(_)) => "Before it is sent".to_owned(),
        _ => "Oyez".to_owned(),
    }
}

/// The button's words: where the heading asks "Send to 42 people?", the answer is "Send to 42
/// people".
fn act_named(reply: &Reply, button: &Button) -> String {
    let asked = reply.heading.strip_suffix('?');
    let asked = asked
        .filter(|asked| asked.starts_with(button.label.as_ref()) && asked.chars().count() <= TITLE);
    match (&button.act, asked) {
        (Act::Send(_), Some(asked)) => asked.to_owned(),
        _ => cut(&button.label, TITLE),
    }
}

/// What a refusal says, without the form that came with it.
fn said(reply: &Reply) -> String {
    let mut said = reply.clone();
    said.pieces
        .retain(|piece| !matches!(piece, Piece::Field(_)));
    said.plain().replace('\n', " ")
}

/// The field that a refusal is about, if it is in the form that came with it.
fn wrong_field(reply: &Reply) -> Option<&'static str> {
    let code = reply.refused.as_deref()?;
    let mut fields = reply.pieces.iter().filter_map(|piece| match piece {
        Piece::Field(field) => Some(field),
        _ => None,
    });
    let wanted: &[&str] = match code {
        "bad-time" => &["started", "at", "until", "next_update", "review"],
        "bad-link" => &["report"],
        "unknown-priority" => &["priority"],
        "unknown-service" | "ambiguous-service" => &["more_services", "services"],
        "unknown-person" | "ambiguous-person" => &["other", "leads"],
        "missing-field" => {
            let named = |label: &str| reply.heading.ends_with(label);
            return fields
                .find(|field| named(field.label))
                .map(|field| field.id);
        }
        _ => &[],
    };
    let ids: Vec<&'static str> = fields.map(|field| field.id).collect();
    let mut wanted = wanted.iter();
    wanted.find_map(|id| ids.iter().find(|known| *known == id).copied())
}

/// The line that asks for the form to which a tap leads: a button that says such a line, or that
/// hands in a form of which nothing is filled in.
pub fn form_line(act: &Act, filled: &Filled) -> Option<String> {
    match act {
        Act::Say(line) => grammar::asks_for_form(line).then(|| line.clone()),
        Act::Fill(verb, Some(id)) if is_blank(filled) => {
            Some(format!("{} {id}", verb.entry().chat))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        chatops::form::{Field, Kind},
        domain::IncidentId,
    };

    fn asked(id: &'static str, label: &'static str, value: &str) -> Piece {
        Piece::Field(Field {
            id,
            label,
            kind: Kind::Text,
            value: value.to_owned(),
            needed: true,
        })
    }

    #[test]
    fn what_sends_is_the_modals_own_button_and_what_drops_closes_it() {
        let shown = Reply::text("Send to 42 people?", ["Half are back.".to_owned()])
            .button("Send", Act::Send("01J".into()))
            .button("Do not send", Act::Drop("01J".into()));
        let view = view(&shown);
        assert_eq!(view["submit"]["text"], "Send to 42 people");
        assert_eq!(view["close"]["text"], "Do not send");
        assert_eq!(view["private_metadata"], "send:01J");
        assert_eq!(view["blocks"].as_array().unwrap().len(), 2);

        let nobody = Reply::text("No one would be told. Go on all the same?", [])
            .button("Send", Act::Send("01J".into()));
        assert_eq!(super::view(&nobody)["submit"]["text"], "Send");

        let done = Reply::text("INC-0042", []).button("Status", Act::Say("status INC-0042".into()));
        let view = super::view(&done);
        assert!(view["submit"].is_null() && view["private_metadata"].is_null());
        assert_eq!(
            view["blocks"][1]["elements"][0]["value"],
            "say:status INC-0042"
        );
    }

    #[test]
    fn a_refusal_stands_at_the_field_that_it_is_about() {
        let form = Reply::text("\"soon\" is not a time.", ["Or leave it empty.".to_owned()])
            .and(asked("started", "When did it start?", "soon"))
            .button("Go on", Act::Fill(Verb::Open, None));
        let refused = |code: &str| Reply {
            refused: Some(code.to_owned()),
            ..form.clone()
        };
        let answer = submitted(&refused("bad-time"));
        assert_eq!(answer["response_action"], "errors");
        assert_eq!(
            answer["errors"]["started"],
            "\"soon\" is not a time. Or leave it empty."
        );
        // What no field is to blame for stands above the form.
        for code in ["wrong-stage", "unknown-service"] {
            let answer = submitted(&refused(code));
            assert_eq!(answer["response_action"], "update");
            assert_eq!(answer["view"]["blocks"].as_array().unwrap().len(), 3);
        }
    }

    #[test]
    fn buttons_that_lead_to_a_form_are_known_before_anything_is_looked_up() {
        let filled = |text: &str| Filled::from([("text".to_owned(), text.to_owned())]);
        let update = Act::Fill(Verb::Update, Some(IncidentId(42)));
        assert_eq!(
            form_line(&update, &filled(" ")).as_deref(),
            Some("update INC-0042")
        );
        assert_eq!(form_line(&update, &filled("Half are back")), None);
        let resolve = Act::Say("resolve INC-0042".into());
        assert_eq!(
            form_line(&resolve, &Filled::new()).as_deref(),
            Some("resolve INC-0042")
        );
        for act in [
            Act::Say("status INC-0042".into()),
            Act::Say("nochange INC-0042".into()),
            Act::Send("01J".into()),
        ] {
            assert_eq!(form_line(&act, &Filled::new()), None);
        }
    }

    proptest! {
        /// Whatever people typed keeps to Slack's limits and mentions nobody.
        #[test]
        fn no_modal_is_too_long_or_mentions_anybody(
            heading in "(<!channel>|<@U1>|&|[a-z ]|\\PC){0,40}",
            text in "(<!channel>|<@U1>|&|[a-z ]|\\PC){0,40}",
            times in 1_usize..300,
            buttons in 0_usize..4,
            with_field in any::<bool>(),
        ) {
            let mut reply = Reply::text(heading, [text.repeat(times)]);
            for _ in 0..times {
                reply = reply.and(Piece::List(vec![text.clone(), "x".to_owned()]));
            }
            if with_field {
                reply.pieces.insert(0, asked("text", "What has changed?", &text.repeat(times)));
            }
            for act in [
                Act::Send(text.repeat(times)),
                Act::Say("status INC-0042".into()),
                Act::Drop("1".into()),
            ].into_iter().take(buttons) {
                reply = reply.button("Do it", act);
            }
            for view in [view(&reply), loading(), working()["view"].clone()] {
                let blocks = view["blocks"].as_array().unwrap();
                prop_assert!((1..=BLOCKS).contains(&blocks.len()));
                for part in ["title", "submit", "close"] {
                    let part = view[part]["text"].as_str().unwrap_or_default();
                    prop_assert!(part.chars().count() <= TITLE);
                }
                let carried = view["private_metadata"].as_str().unwrap_or_default();
                prop_assert!(carried.chars().count() <= METADATA);
                let has_inputs = blocks.iter().any(|block| block["type"] == "input");
                prop_assert!(!has_inputs || view["submit"].is_object());
                for block in blocks {
                    if let Some(text) = block["text"]["text"].as_str() {
                        prop_assert!(!text.contains('<'), "{}", text);
                        prop_assert!(text.chars().count() <= 3_000);
                    }
                    let typed = block["element"]["initial_value"].as_str().unwrap_or_default();
                    prop_assert!(typed.chars().count() <= 3_000);
                }
            }
        }
    }
}

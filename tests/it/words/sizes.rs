//! Long text is cut at a sentence with a link to the whole, and no part outgrows its channel.

use oyez::domain::{Audience, notification::Moment, text};
use serde_json::json;

use super::{all, kinds, rendered, renderer, story::Story};

/// As much as people may type, of characters that every format escapes.
fn longest() -> Story {
    let text = "All *providers* of <north> & \"south\" cannot sign_in. ".repeat(190);
    let text = &text[..9_990];
    Story::declared(&json!({
        "title": "providers in the north and the south cannot sign in & ".repeat(2)[..107],
        "facts": {
            "effect": text, "who": text, "what_to_do": text, "doing": text, "decision": text,
            "theory": text,
        },
    }))
}

#[test]
fn no_part_is_longer_than_its_channel_takes() {
    let renderer = renderer();
    let events = [
        (
            Moment::Update,
            json!({"type": "updated", "text": "Long sentence here. ".repeat(490), "facts": {}, "stage": null, "promised": {}}),
        ),
        (
            Moment::Closed,
            json!({"type": "closed", "duplicate_of": null, "text": "Long. ".repeat(1600), "report": null, "review_at": null, "actions": vec!["Someone does something long about it. ".repeat(12); 100]}),
        ),
        (
            Moment::Correction,
            json!({"type": "corrected", "events": [1], "wrong": "w".repeat(9_990), "right": "r ".repeat(4_990), "facts": {}}),
        ),
        (
            Moment::Resolved,
            json!({"type": "resolved", "at": "2026-11-23T15:52:00Z", "text": "Back. ".repeat(1600), "lost": "Lost. ".repeat(1600), "still_stuck": "Try. ".repeat(1900)}),
        ),
    ];
    let mut stories = vec![(None, longest())];
    for (moment, event) in events {
        let mut story = longest();
        story.happens("2026-11-23T14:31:00Z", event);
        stories.push((Some(moment), story));
    }
    for (only, story) in &stories {
        for (moment, audience) in all() {
            if only.is_some_and(|only| only != moment) {
                continue;
            }
            let view = story.view(moment, audience);
            for kind in kinds() {
                let parts = rendered(&renderer, &kind, &view);
                for part in kind.1 {
                    let words = &parts[part.name];
                    assert!(
                        words.len() <= part.max_bytes,
                        "{} {moment} {audience} {}: {} bytes",
                        kind.0,
                        part.name,
                        words.len()
                    );
                    if text::is_json(part.format) {
                        serde_json::from_str::<serde_json::Value>(words).expect("JSON");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_cut_ends_with_a_sentence_and_says_where_the_rest_is() {
    let renderer = renderer();
    let slack = kinds()
        .into_iter()
        .find(|(kind, _)| kind.as_str() == "slack_webhook");
    let slack = slack.expect("a kind of channel");
    let view = longest().view(Moment::Declared, Audience::Owners);
    let text = &rendered(&renderer, &slack, &view)["text"];
    assert!(
        text.contains("Read the rest at <https://oyez.northshire.example/incidents/INC-0042>"),
        "{text}"
    );
    assert!(
        text.contains("cannot sign_\u{200B}in.\n\nRead the rest at"),
        "{text}"
    );
    assert!(text.contains("Next update by 2:40pm"), "{text}");
}

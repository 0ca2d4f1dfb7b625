//! The same answers in Slack: at most twenty blocks, and the text alone says all of it.

use serde_json::{Value, json};

use crate::support::slack_door::Door;

const PRIYA: &str = "U0PRIYA001";
const TOM: &str = "U0TOMOKA01";

/// Whoever hears only the text misses nothing of the blocks.
#[track_caller]
fn hold(name: &str, message: &Value) {
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!(
        (1..=20).contains(&blocks.len()),
        "{name}: {} blocks",
        blocks.len()
    );
    let whole = bare(message["text"].as_str().expect("a text"));
    let mut inputs = 0;
    for block in blocks {
        let fields = block["fields"].as_array().into_iter().flatten();
        let texts = fields
            .map(|field| &field["text"])
            .chain([&block["text"]["text"]]);
        for line in texts.filter_map(Value::as_str).flat_map(str::lines) {
            let line = bare(line.trim_start_matches("• ").trim_start_matches("> "));
            assert!(whole.contains(&line), "{name}: {line}\nis not in\n{whole}");
        }
        if block["type"] == "input" {
            inputs += 1;
            let label = block["label"]["text"].as_str().unwrap_or_default();
            assert!(!label.is_empty(), "{name}: {block}");
            assert!(
                block["element"].get("placeholder").is_none(),
                "{name}: {block}"
            );
        }
        for button in block["elements"].as_array().into_iter().flatten() {
            let label = button["text"]["text"].as_str().unwrap_or_default();
            assert!((1..=14).contains(&label.chars().count()), "{name}: {label}");
        }
    }
    assert!(inputs <= 16, "{name}");
}

fn bare(text: &str) -> String {
    text.replace(['*', '\u{200B}'], "")
}

fn act(message: &Value, label: &str) -> String {
    let blocks = message["blocks"].as_array().expect("blocks").iter();
    let mut buttons = blocks.filter_map(|it| it["elements"].as_array()).flatten();
    let found = buttons.find(|it| {
        let text = it["text"]["text"].as_str().unwrap_or_default();
        text.starts_with(label)
    });
    let value = found.unwrap_or_else(|| panic!("{label}: {message:#}"))["value"].as_str();
    value.expect("a value").to_owned()
}

#[tokio::test]
async fn every_answer_is_whole_as_text_and_short_enough_to_read() {
    let mut slack = Door::open().await;
    let shown = slack
        .says(PRIYA, "open P1 register-trainees: Providers cannot sign in")
        .await;
    hold("shown", &shown);
    let sent = slack
        .hands_in(PRIYA, &act(&shown, "Send to "), &json!({}))
        .await;
    hold("sent", &sent);
    for line in [
        "help",
        "list",
        "open",
        "status INC-1",
        "who INC-1",
        "who P1 register-trainees",
        "why INC-1 dana-whitlock",
        "leads INC-1",
        "nochnge",
        "update INC-1",
        "priority INC-1",
        "stage INC-1",
        "services INC-1",
        "handover INC-1",
        "add INC-1",
        "mute INC-1",
        "decide INC-1",
        "step INC-1",
        "correct INC-1",
        "resolve INC-1",
        "close INC-1",
        "update INC-1 Half of the providers are back.",
        "handover INC-1 comms to <@U0TOMOKA01|tom>: he knows it best",
    ] {
        let message = slack.says(PRIYA, line).await;
        hold(line, &message);
        let text = message["text"].as_str().expect("a text");
        assert!(!text.contains("oyez "), "{line}: {text}");
    }

    // Only those who run it get buttons that act.
    let theirs = slack.says(PRIYA, "status INC-1").await;
    act(&theirs, "Resolve");
    let others = slack.says(TOM, "status INC-1").await;
    assert!(!others.to_string().contains("\"Resolve\""), "{others}");

    // A mention is as good as a name, and a lead who is named in that way gets the buttons.
    let shown = slack
        .says(PRIYA, "handover INC-1 comms to <@U0TOMOKA01|tom>")
        .await;
    let handed = slack
        .hands_in(PRIYA, &act(&shown, "Send"), &json!({}))
        .await;
    hold("handed over", &handed);
    let others = slack.says(TOM, "status INC-1").await;
    act(&others, "Resolve");
    let unknown = slack.says(PRIYA, "add INC-1 <@U0NOBODY01>: asked").await;
    let text = unknown["text"].as_str().expect("a text");
    assert!(text.contains("whom you mean by @U0NOBODY01"), "{text}");
    let both = slack.says(PRIYA, "why INC-1 <@U0PRIYA001>").await;
    assert!(
        both["text"]
            .as_str()
            .expect("a text")
            .starts_with("Priya Shah"),
        "{both}"
    );
}

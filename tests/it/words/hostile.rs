//! Whatever is typed appears as typed, in finished messages too.

use oyez::domain::{
    Audience,
    channel::{ASK_MARK, REASON_MARK, TAP_MARK},
    notification::Moment,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{kinds, renderer, story::Story};

const ATTACK: &str = "a\r\nBcc: all@northshire.example\r\n\r\n<script>alert(1)</script> {{theory}} \
    {{{title}}} {{> partials/closed}} <!channel> <@U1> <at>Priya</at> *b* _i_ `c` ~s~ \
    [x](https://evil.example) \\\"]}, \u{202E}gnp.exe \u{E000}reason\u{E001} \u{E000}ask\u{E001} \u{E000}tap\u{E001} \u{0}";

fn attacked(typed: &str) -> Story {
    let mut story = Story::declared(&json!({
        "title": typed,
        "facts": {
            "effect": typed, "who": typed, "what_to_do": typed, "doing": typed,
            "decision": typed, "theory": typed,
        },
    }));
    story.happens(
        "2026-11-23T14:31:00Z",
        json!({"type": "updated", "text": typed, "facts": {}, "stage": null, "promised": {}}),
    );
    story
}

/// Every text of a JSON value.
fn texts(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

fn check(typed: &str) {
    let renderer = renderer();
    let story = attacked(typed);
    for moment in [
        Moment::Declared,
        Moment::Update,
        Moment::NoChange,
        Moment::CatchUp,
    ] {
        for audience in Audience::ALL {
            let view = story.view(moment, audience);
            for (channel, parts) in kinds() {
                let rendered = renderer.render(&channel, parts, moment, audience, &view);
                assert_eq!(rendered.fault, None, "{channel} {moment} {audience}");
                for (name, words) in &rendered.parts {
                    let here = format!("{channel} {moment} {audience} {name}: {words}");
                    // The mark is only where a layout has it.
                    let marks = words.matches(REASON_MARK).count();
                    let wants = channel.as_str() == "email"
                        || matches!(audience, Audience::Owners | Audience::External);
                    assert!(marks <= usize::from(wants), "{here}");
                    let hidden = [REASON_MARK, ASK_MARK, TAP_MARK]
                        .iter()
                        .fold(words.clone(), |words, mark| words.replace(mark, ""));
                    let hidden = hidden.chars().find(|c| {
                        (c.is_control() && *c != '\n')
                            || matches!(*c, '\u{E000}'..='\u{F8FF}' | '\u{202A}'..='\u{202E}')
                    });
                    assert_eq!(hidden, None, "{here}");
                    // The first post of a thread is made like every other.
                    let like = match (name.as_str(), channel.as_str()) {
                        ("incident", "slack") => "blocks",
                        ("incident", _) => "card",
                        (name, _) => name,
                    };
                    match like {
                        "subject" | "summary" => assert!(!words.contains('\n'), "{here}"),
                        "html" => {
                            assert!(!words.contains("<script"), "{here}");
                            assert!(!words.contains("<at>"), "{here}");
                        }
                        "blocks" => {
                            let mut found = Vec::new();
                            texts(&serde_json::from_str(words).expect("JSON"), &mut found);
                            for text in found {
                                for control in text.split('<').skip(1) {
                                    assert!(control.starts_with("https://"), "{here}");
                                }
                            }
                        }
                        "card" => {
                            let card: Value = serde_json::from_str(words).expect("JSON");
                            let mut found = Vec::new();
                            texts(&card["body"], &mut found);
                            for text in found {
                                assert!(!text.contains('<'), "{here}");
                            }
                        }
                        _ => {}
                    }
                }
                if channel.as_str().starts_with("slack") {
                    for control in rendered.parts["text"].split('<').skip(1) {
                        assert!(control.starts_with("https://"), "{channel}");
                    }
                }
            }
        }
    }
}

#[test]
fn known_attacks_do_nothing_in_any_message() {
    check(ATTACK);
}

#[test]
fn typed_text_appears_as_typed_in_a_mail() {
    let story = attacked("It costs <5 & \"more\" {{theory}} *now*\n\n- one\n- https://a.example/b");
    let view = story.view(Moment::Update, Audience::External);
    let email = kinds()
        .into_iter()
        .find(|(kind, _)| kind.as_str() == "email");
    let (channel, parts) = email.expect("a kind of channel");
    let rendered = renderer().render(&channel, parts, Moment::Update, Audience::External, &view);
    let text = &rendered.parts["text"];
    assert!(
        text.contains("It costs <5 & \"more\" {{theory}} *now*\n\n- one\n- https://a.example/b\n"),
        "{text}"
    );
    let html = &rendered.parts["html"];
    assert!(
        html.contains("It costs &lt;5 &amp; &quot;more&quot; {{theory}} *now*</p>"),
        "{html}"
    );
    assert!(
        html.contains("<a href=\"https://a.example/b\">https://a.example/b</a></li>"),
        "{html}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn arbitrary_text_does_nothing_in_any_message(typed in "\\PC{1,80}") {
        check(&typed);
    }
}

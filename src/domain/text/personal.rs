//! What is one recipient's own, put into a finished part.

use serde_json::Value as Json;

use super::{escape, is_json};
use crate::domain::{
    ask::{Ask, AskLine},
    channel::{ASK_MARK, Part, REASON_MARK, TAP_MARK},
};

/// What stands in place of [`TAP_MARK`] for whoever is asked.
const TAPPED: &str = "seen";

/// Puts a recipient's own reason line where the part has [`REASON_MARK`], and what is asked of them
/// where it has [`ASK_MARK`] or [`TAP_MARK`].
///
/// Works on finished parts: what is put in is escaped for the part's format. In JSON, the elements
/// that hold a mark go where nothing is asked. Parts without marks come back as they are.
pub fn for_recipient(words: &str, part: &Part, reason: &str, ask: Option<AskLine<'_>>) -> String {
    let mut words = words.to_owned();
    if words.contains(ASK_MARK) {
        let line = ask.map(|ask| ask.written(part)).unwrap_or_default();
        if line.is_empty() && is_json(part.format) {
            words = without(&words, ASK_MARK);
        }
        words = words.replace(ASK_MARK, &line);
        if part.is_short() {
            words.truncate(words.trim_end().len());
        }
    }
    if words.contains(TAP_MARK) {
        if ask.is_none_or(|ask| ask.ask != Ask::Seen) && is_json(part.format) {
            words = without(&words, TAP_MARK);
        }
        words = words.replace(TAP_MARK, TAPPED);
    }
    if words.contains(REASON_MARK) {
        words = words.replace(REASON_MARK, &escape(reason, part.format));
    }
    words
}

/// The same JSON without those members of lists that hold the mark themselves.
fn without(words: &str, mark: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<Json>(words) else {
        // Whoever reads it next says so.
        return words.to_owned();
    };
    drop_marked(&mut json, mark);
    json.to_string()
}

fn drop_marked(json: &mut Json, mark: &str) {
    match json {
        Json::Array(members) => {
            members.retain(|member| !is_marked(member, mark));
            members
                .iter_mut()
                .for_each(|member| drop_marked(member, mark));
        }
        Json::Object(fields) => fields
            .values_mut()
            .for_each(|field| drop_marked(field, mark)),
        _ => {}
    }
}

/// Whether the mark is in one of its own texts, or in an object that is not a list.
fn is_marked(json: &Json, mark: &str) -> bool {
    match json {
        Json::String(text) => text.contains(mark),
        Json::Object(fields) => fields.values().any(|field| is_marked(field, mark)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Format;

    const CARD: Part = Part {
        name: "card",
        format: Format::CardJson,
        max_bytes: 20_000,
    };
    const TEXT: Part = Part {
        name: "text",
        format: Format::Plain,
        max_bytes: 20_000,
    };
    const SEEN: AskLine<'_> = AskLine {
        ask: Ask::Seen,
        link: Some("https://oyez.northshire.example/a/x"),
    };

    #[test]
    fn the_reason_takes_the_place_of_its_mark_escaped_for_the_part() {
        let html = Part {
            format: Format::Html,
            ..TEXT
        };
        let words = format!("<p>{REASON_MARK}</p>");
        assert_eq!(
            for_recipient(&words, &html, "You <b> & me", None),
            "<p>You &lt;b&gt; &amp; me</p>"
        );
        assert_eq!(for_recipient("none", &html, "x", Some(SEEN)), "none");
    }

    #[test]
    fn what_is_asked_stands_before_the_reason_or_leaves_no_gap() {
        let words = format!("Sign-in fails.\n\n{ASK_MARK}{REASON_MARK}\n");
        assert_eq!(
            for_recipient(&words, &TEXT, "Why.", Some(SEEN)),
            "Sign-in fails.\n\nTell us that you have seen this: \
             https://oyez.northshire.example/a/x\n\nWhy.\n"
        );
        assert_eq!(
            for_recipient(&words, &TEXT, "Why.", None),
            "Sign-in fails.\n\nWhy.\n"
        );
    }

    #[test]
    fn elements_for_those_who_are_asked_go_for_all_others() {
        let card = serde_json::json!({"body": [
            {"type": "TextBlock", "text": "Sign-in fails."},
            {"type": "TextBlock", "text": ASK_MARK},
            {"type": "ActionSet", "id": TAP_MARK, "actions": [{"title": "Seen"}]},
        ]})
        .to_string();
        let read =
            |ask| -> Json { serde_json::from_str(&for_recipient(&card, &CARD, "", ask)).unwrap() };
        let asked = read(Some(SEEN));
        assert_eq!(asked["body"][2]["id"], "seen");
        assert!(asked["body"][1]["text"].as_str().unwrap().contains("/a/x"));
        let others = read(None);
        assert_eq!(others["body"].as_array().unwrap().len(), 1);
        let affected = read(Some(AskLine {
            ask: Ask::Affected,
            ..SEEN
        }));
        assert_eq!(affected["body"].as_array().unwrap().len(), 2);
    }
}

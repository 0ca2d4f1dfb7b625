//! Properties: whatever is typed appears as typed and does nothing.

use proptest::prelude::*;

use super::*;
use crate::domain::channel::{Format, REASON_MARK};

const FORMATS: [Format; 7] = [
    Format::Line,
    Format::Plain,
    Format::Html,
    Format::CardJson,
    Format::Slack,
    Format::SlackJson,
    Format::Json,
];

/// Pieces that attack one format or another, mixed with arbitrary characters.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        2 => "[a-z ]{0,8}",
        4 => prop::sample::select(vec![
            "\r\nBcc: all@northshire.example\r\n", "<script>alert(1)</script>", "<img src=x onerror=1>",
            "{{title}}", "{{{title}}}", "{{#each x}}", "\\", "\"", "\\\"}]}", "<!channel>", "<@U123>",
            "<at>Priya</at>", "*bold*", "_it_", "~gone~", "`code`", "> quote", "# head", "- ", "+ ",
            "1. ", "1) ", "[a](https://evil.example)", "https://a.example/(b)?c=<d>", "&lt;", "&#60;",
            "\u{202E}", "\u{2066}", "\u{E000}reason\u{E001}", "\n", "\n\n", "\u{2028}", ":tada:", "\u{0}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The characters that a reader of Markdown in a card sees.
fn card_shows(markdown: &str) -> String {
    let mut shown = String::new();
    let mut rest = markdown;
    while let Some(c) = rest.chars().next() {
        if c == '\\' && rest[1..].starts_with(|n: char| n.is_ascii_punctuation()) {
            shown.push_str(&rest[1..2]);
            rest = &rest[2..];
        } else if let Some(after) = rest.strip_prefix("&lt;") {
            shown.push('<');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("&amp;") {
            shown.push('&');
            rest = after;
        } else {
            assert!(!"*_[]`~<".contains(c), "live markup {c:?} in {markdown:?}");
            shown.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    shown
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn from_json(inside: &str) -> String {
    serde_json::from_str(&format!("\"{inside}\"")).unwrap()
}

proptest! {
    #[test]
    fn a_single_line_reads_as_typed_in_every_format(typed in hostile()) {
        let line = one_line(&typed);
        let shown = |format| escape(&typed, format);
        prop_assert_eq!(&shown(Format::Line), &line);
        prop_assert_eq!(&shown(Format::Plain), &line);
        prop_assert_eq!(&unescape(&shown(Format::Html)), &line);
        prop_assert_eq!(&from_json(&shown(Format::Json)), &line);
        prop_assert_eq!(&card_shows(&from_json(&shown(Format::CardJson))), &line);
        let without_gaps = |text: &str| text.replace('\u{200B}', "");
        prop_assert_eq!(without_gaps(&unescape(&shown(Format::Slack))), without_gaps(&line));
        prop_assert_eq!(from_json(&shown(Format::SlackJson)), shown(Format::Slack));
    }

    #[test]
    fn nothing_hidden_and_no_mark_survives(typed in hostile()) {
        for format in FORMATS {
            for written in [escape(&typed, format), write_text(&typed, format)] {
                prop_assert!(!written.contains(REASON_MARK));
                let odd = written.chars().find(|c| (c.is_control() && *c != '\n')
                    || matches!(*c, '\u{E000}'..='\u{F8FF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'));
                prop_assert_eq!(odd, None);
            }
            prop_assert!(!escape(&typed, format).contains('\n'));
        }
        prop_assert!(!write_text(&typed, Format::Line).contains('\n'));
    }

    #[test]
    fn blocks_open_no_markup_but_their_own(typed in hostile()) {
        let html = write_text(&typed, Format::Html);
        for tag in html.split('<').skip(1) {
            let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphabetic).collect();
            prop_assert!(["p", "ul", "li", "a", "br"].contains(&name.as_str()), "{}", html);
        }
        prop_assert_eq!(html.matches("href=\"").count(), html.matches("href=\"https://").count());
        let slack = write_text(&typed, Format::Slack);
        for control in slack.split('<').skip(1) {
            prop_assert!(control.starts_with("https://"), "{}", slack);
        }
        for format in [Format::CardJson, Format::SlackJson, Format::Json] {
            from_json(&write_text(&typed, format));
        }
    }

    #[test]
    fn plain_text_read_again_is_the_same(typed in hostile()) {
        let once = parse(&typed);
        prop_assert_eq!(parse(&write(&once, Format::Plain)), once);
    }
}

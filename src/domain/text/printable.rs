//! What is shown on a terminal: characters that a terminal would obey, or that would show a line as it
//! is not, are written out instead.

use std::borrow::Cow;

/// The text as a terminal may be given it. Line ends and tabs stay; everything else that moves, colours,
/// hides or turns around what is shown is written as `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    with_visible(text, |c| c.escape_unicode().to_string())
}

/// A piece of JSON in which nothing is left that a terminal would obey: its strings are read as before.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    with_visible(json, |c| {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    })
}

fn with_visible(text: &str, written: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 32);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let ends_line = c == '\r' && characters.peek() == Some(&'\n');
        if is_obeyed(c) && !ends_line {
            out.push_str(&written(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal does something else with a character than show it.
fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(
            c,
            // Marks, embeddings, overrides and isolates of direction, and their deprecated kin.
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}'
            // Line and paragraph ends that some take for one; blanks without width and marks of byte
            // order; annotations; tags. Joiners stay, as scripts need them.
            | '\u{2028}' | '\u{2029}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        for (text, shown) in [
            ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\u{9b}31mb\u{7f}", "a\\u{9b}31mb\\u{7f}"),
            ("paid\rnot paid", "paid\\u{d}not paid"),
            ("abc\u{202e}fed", "abc\\u{202e}fed"),
            ("a\u{200b}\u{feff}b", "a\\u{200b}\\u{feff}b"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn what_is_shown_stays() {
        for text in [
            "Providers cannot sign in\n\tsince 9am\r\n",
            "Renée Łukasz 王芳 می‌خواهم 👩‍💻 e\u{301}",
            "",
        ] {
            assert!(
                matches!(printable(text), Cow::Borrowed(same) if same == text)
                    || text.contains('\r')
            );
            assert_eq!(printable(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_to_obey_and_twice_is_once(text in any::<String>()) {
            let shown = printable(&text);
            prop_assert!(!shown.replace("\r\n", "").chars().any(is_obeyed));
            prop_assert_eq!(printable(&shown), shown.as_ref());
        }

        #[test]
        fn json_says_the_same(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let shown = printable_json(&json);
            prop_assert!(!shown.chars().any(is_obeyed));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }
}

//! The edge at which text that people typed becomes text that we keep.
//!
//! What is kept has no control characters and nothing that turns the direction of reading, so that
//! no line can be broken, no header added and no word shown other than as it is. Everything else
//! stays as typed; escaping is for whoever writes it out.

use crate::domain::{
    command::Refusal,
    facts::Facts,
    time::{OutOfBounds, Time, bounded},
};

/// Longest title, in characters.
pub const TITLE_MAX: usize = 120;
/// Longest text, in characters.
pub const TEXT_MAX: usize = 10_000;
/// Longest reference or link, in characters.
pub const LINE_MAX: usize = 500;
/// Most references or actions in one command.
pub const LIST_MAX: usize = 100;

/// Whether line breaks mean anything in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// One line: breaks become blanks.
    One,
    /// Paragraphs: breaks stay, at most one empty line in a row.
    Many,
}

/// Takes out what no text may hold. The one place that decides what that is.
pub fn clean(text: &str, lines: Lines) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut breaks = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_break = matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if character == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        match character {
            _ if is_break && lines == Lines::Many => {
                breaks += 1;
                if breaks <= 2 {
                    kept.truncate(kept.trim_end_matches(' ').len());
                    kept.push('\n');
                }
                continue;
            }
            _ if is_break || character == '\t' => kept.push(' '),
            _ if is_hidden(character) => continue,
            _ => kept.push(character),
        }
        if character != ' ' {
            breaks = 0;
        }
    }
    match lines {
        Lines::Many => kept.trim().to_owned(),
        Lines::One => kept.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Characters that show nothing and change how others are shown or read.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Marks, embeddings, overrides and isolates of direction.
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            // Blanks without width and marks of byte order; joiners stay, as scripts need them.
            | '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            // Private use, where our own mark for the reason line lies, and tags.
            | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..='\u{10FFFF}'
        )
}

/// A text that must say something: paragraphs of at most [`TEXT_MAX`] characters. `what` names it
/// at the start of a sentence: "The note".
pub fn text(what: &str, typed: &str) -> Result<String, Refusal> {
    required(what, clean(typed, Lines::Many), TEXT_MAX)
}

/// The same, where saying nothing is allowed: an empty text is none.
pub fn optional_text(what: &str, typed: Option<&str>) -> Result<Option<String>, Refusal> {
    let cleaned = typed.map(|typed| clean(typed, Lines::Many));
    let cleaned = cleaned.filter(|text| !text.is_empty());
    cleaned
        .map(|text| required(what, text, TEXT_MAX))
        .transpose()
}

/// The title: one line of 1 to [`TITLE_MAX`] characters.
pub fn title(typed: &str) -> Result<String, Refusal> {
    required("The title", clean(typed, Lines::One), TITLE_MAX)
}

/// A reference or link: one line of 1 to [`LINE_MAX`] characters.
pub fn line(what: &str, typed: &str) -> Result<String, Refusal> {
    required(what, clean(typed, Lines::One), LINE_MAX)
}

/// A list of lines, without the empty ones.
pub fn list(what: &str, typed: &[String], max: usize) -> Result<Vec<String>, Refusal> {
    let cleaned = typed.iter().map(|line| clean(line, Lines::One));
    let kept: Vec<String> = cleaned.filter(|line| !line.is_empty()).collect();
    if kept.len() > LIST_MAX {
        return Err(Refusal::new(
            "too-long",
            format!("{what}: there are {} of them.", kept.len()),
            format!("Give at most {LIST_MAX}."),
        ));
    }
    kept.into_iter()
        .map(|line| required(what, line, max))
        .collect()
}

/// A time that may be kept.
pub fn time(at: Time) -> Result<(), Refusal> {
    bounded(at)
        .map(drop)
        .map_err(|error| Refusal::new("bad-time", format!("{error}."), OutOfBounds::FIX))
}

/// Facts: every text cleaned. An empty one is as if it had not been given.
pub fn facts(typed: &Facts) -> Result<Facts, Refusal> {
    Ok(Facts {
        effect: optional_text("The effect", typed.effect.as_deref())?,
        who: optional_text("Who is affected", typed.who.as_deref())?,
        what_to_do: optional_text("What to do", typed.what_to_do.as_deref())?,
        doing: optional_text("What we are doing", typed.doing.as_deref())?,
        decision: optional_text("The decision needed", typed.decision.as_deref())?,
        theory: optional_text("The working theory", typed.theory.as_deref())?,
    })
}

fn required(what: &str, cleaned: String, max: usize) -> Result<String, Refusal> {
    let length = cleaned.chars().count();
    if length == 0 {
        return Err(Refusal::new(
            "empty",
            format!("{what} is empty."),
            "Write at least a few words.",
        ));
    }
    if length > max {
        return Err(Refusal::new(
            "too-long",
            format!("{what} has {length} characters."),
            format!("Shorten it to {max} or fewer."),
        ));
    }
    Ok(cleaned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_breaks_a_line_or_turns_the_reading_is_kept() {
        for (typed, kept) in [
            ("a\r\nBcc: b", "a Bcc: b"),
            ("evil \u{202E}gpj.exe", "evil gpj.exe"),
            ("\u{E000}reason\u{E001}", "reason"),
            (
                "bell\u{7}, null\0, escape\u{1B}[31m",
                "bell, null, escape[31m",
            ),
            ("  much\t\tspace  ", "much space"),
            ("one\u{2028}two", "one two"),
        ] {
            assert_eq!(clean(typed, Lines::One), kept);
        }
        assert_eq!(
            clean("one \r\n\r\n\r\n\r\ntwo\rthree", Lines::Many),
            "one\n\ntwo\nthree"
        );
    }

    #[test]
    fn what_people_write_stays_as_typed() {
        let typed = "A *star*, <b>, @here, {{x}}, £5, naïve, 日本, שלום, 👩\u{200D}🚒";
        assert_eq!(clean(typed, Lines::Many), typed);
    }

    #[test]
    fn lengths_are_counted_in_characters_after_cleaning() {
        assert!(title(&"ü".repeat(120)).is_ok());
        assert_eq!(title(&"ü".repeat(121)).unwrap_err().code, "too-long");
        assert_eq!(title(" \u{200B}\n ").unwrap_err().code, "empty");
        assert!(text("The note", &"x".repeat(TEXT_MAX)).is_ok());
        assert!(text("The note", &"x".repeat(TEXT_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(typed in any::<String>()) {
            for lines in [Lines::One, Lines::Many] {
                let once = clean(&typed, lines);
                prop_assert_eq!(&clean(&once, lines), &once);
                prop_assert!(!once.chars().any(|c| c != '\n' && is_hidden(c)));
            }
        }
    }
}

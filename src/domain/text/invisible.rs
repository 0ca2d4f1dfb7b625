//! Characters that nobody sees, in what people paste: they make two of one name, and an address of what is
//! none.
//!
//! Web pages, mails and word processors leave blanks without width, soft hyphens and marks of direction
//! beside what was copied, and write a hyphen that keeps a line together. A person cannot take off what they
//! cannot see, so the program does.

use std::borrow::Cow;

/// The text without what nobody sees, for what programs read: ids, addresses, numbers, headings, commands.
/// Blanks around it go, too, and the hyphens that keep a line together become plain ones.
pub fn bare(text: &str) -> Cow<'_, str> {
    let goes = |c| is_invisible(c) || is_joiner(c);
    if !text.chars().any(|c| goes(c) || is_hyphen(c)) {
        return Cow::Borrowed(text.trim());
    }
    let kept: String = text
        .chars()
        .filter(|c| !goes(*c))
        .map(|c| if is_hyphen(c) { '-' } else { c })
        .collect();
    Cow::Owned(kept.trim().to_owned())
}

/// The same for what people read: hyphens stay as they are, and so do joiners, which some scripts and emoji
/// need.
pub fn without_invisible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_invisible) {
        return Cow::Borrowed(text.trim());
    }
    let kept: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    Cow::Owned(kept.trim().to_owned())
}

/// Whether a text shows anything at all.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_nothing)
}

/// The text from the first character that shows on.
pub fn from_visible(text: &str) -> &str {
    text.trim_start_matches(is_nothing)
}

fn is_nothing(c: char) -> bool {
    c.is_whitespace() || is_invisible(c) || is_joiner(c)
}

/// A hyphen that looks like the plain one.
fn is_hyphen(c: char) -> bool {
    matches!(c, '\u{2010}' | '\u{2011}' | '\u{FE63}' | '\u{FF0D}')
}

/// What Unicode says is shown as nothing (`Default_Ignorable_Code_Point`), and the marks of annotations;
/// but for what [joins](is_joiner) or chooses a form.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180E}' | '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}'
    )
}

/// What joins letters or parts them, and what chooses among the forms of one: nothing by itself.
fn is_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{200C}'..='\u{200D}' | '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{E0100}'..='\u{E01EF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_taken_off_what_programs_read() {
        for (pasted, meant) in [
            (
                "\u{200B}test.person@northshire.example",
                "test.person@northshire.example",
            ),
            (
                "test@northshire.example\u{200E} ",
                "test@northshire.example",
            ),
            ("\u{FEFF}\u{202A}+44 7700 900123\u{202C}", "+44 7700 900123"),
            ("07700\u{2011}900\u{2010}123", "07700-900-123"),
            ("register\u{AD}-trainees", "register-trainees"),
            ("e\u{200D}mail\u{2060}", "email"),
            ("plain", "plain"),
        ] {
            assert_eq!(bare(pasted), meant, "{}", pasted.escape_unicode());
        }
    }

    #[test]
    fn names_keep_the_joiners_that_scripts_and_emoji_need() {
        for name in ["می‌خواهم", "Zoë 👩‍💻", "Renée Łukasz 王芳", "❤\u{FE0F}"]
        {
            assert_eq!(without_invisible(name), name);
        }
        assert_eq!(
            without_invisible("Dana\u{200B} Whit\u{AD}lock"),
            "Dana Whitlock"
        );
    }

    #[test]
    fn a_text_of_nothing_but_what_nobody_sees_is_blank() {
        for text in ["", " ", "\u{200B}", "\u{200D}\u{A0}\u{FE0F}", "\u{3164}"] {
            assert!(is_blank(text), "{}", text.escape_unicode());
        }
        assert!(!is_blank("\u{200B}a"));
        assert_eq!(from_visible(" \u{200B} list\u{200B}"), "list\u{200B}");
    }
}

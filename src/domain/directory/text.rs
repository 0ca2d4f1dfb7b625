//! What names and labels may look like.
//!
//! They end up in mail subjects, cards and chat posts. Templates escape them there; a line break or
//! a character that reverses the reading direction is refused here already, because nobody means it.

use crate::domain::text::is_blank;

/// Most characters of a name or label.
pub const MOST_CHARACTERS: usize = 200;

/// Most characters of a link or an address; webhook addresses are long.
pub const MOST_OF_A_LINK: usize = 2_000;

/// Why a text is no link or address, as the end of a sentence.
pub fn bad_link(text: &str) -> Option<&'static str> {
    if text.chars().count() > MOST_OF_A_LINK {
        Some("is longer than 2,000 characters")
    } else {
        bad_text(text).filter(|_| text.is_empty() || text.chars().any(is_unprintable))
    }
}

/// Why a text is no name, as the end of a sentence: "is empty".
pub fn bad_text(text: &str) -> Option<&'static str> {
    if is_blank(text) {
        Some("is empty")
    } else if text.trim() != text {
        Some("begins or ends with a space")
    } else if text.chars().any(is_unprintable) {
        Some("has a line break or an invisible control character")
    } else if text.chars().count() > MOST_CHARACTERS {
        Some("is longer than 200 characters")
    } else {
        None
    }
}

/// Why a text cannot be one of several in a list, as the end of a sentence.
pub fn bad_list_item(text: &str) -> Option<&'static str> {
    bad_text(text).or_else(|| {
        text.contains([',', ';'])
            .then_some("has a comma or a semicolon")
    })
}

/// Control characters, line separators, and the marks that reverse the reading direction.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        // Private characters mark places in messages: see `channel::REASON_MARK`.
        || matches!(c, '\u{E000}'..='\u{F8FF}')
}

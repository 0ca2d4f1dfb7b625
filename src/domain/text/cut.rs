//! Text that is too long, cut so that one sees it.

/// At most so many characters; the last one says that something is missing. Never within an escape
/// such as `&lt;` or `\\*`, so that text can be cut after it was escaped, too.
pub fn cut(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most.saturating_sub(1)) else {
        return text.to_owned();
    };
    if text[end..].chars().nth(1).is_none() {
        return text.to_owned();
    }
    let mut kept = &text[..end];
    if let Some(begun) = kept.rfind('&')
        && escape_length(&text[begun..]).is_some_and(|length| begun + length > end)
    {
        kept = &kept[..begun];
    }
    let backslashes = kept.len() - kept.trim_end_matches('\\').len();
    if backslashes % 2 == 1 {
        kept = &kept[..kept.len() - 1];
    }
    format!("{kept}…")
}

/// Bytes of the escape with which a text begins, if it begins with one.
fn escape_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('&')?;
    let end = inner.find(';')?;
    let is_one = end > 0
        && end <= 8
        && inner[..end]
            .bytes()
            .all(|byte| byte == b'#' || byte.is_ascii_alphanumeric());
    is_one.then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_says_so() {
        assert_eq!(cut("four", 4), "four");
        assert_eq!(cut("fourth", 4), "fou…");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn no_escape_is_cut_in_the_middle() {
        for most in 3..7 {
            assert_eq!(cut("ab&lt;cd", most), "ab…", "{most}");
        }
        assert_eq!(cut("ab&lt;cd", 7), "ab&lt;…");
        assert_eq!(cut(r"ab\*cd", 4), "ab…");
        assert_eq!(cut(r"ab\\cd", 5), r"ab\\…");
        // An ampersand that begins no escape is a character like others.
        assert_eq!(cut("R&D goes on", 6), "R&D g…");
    }

    proptest! {
        #[test]
        fn it_is_never_longer_and_keeps_the_beginning(text in "\\PC{0,40}", most in 1..40_usize) {
            let cut = cut(&text, most);
            prop_assert!(cut.chars().count() <= most);
            prop_assert!(text.starts_with(cut.trim_end_matches('…')));
        }
    }
}

//! Small repairs to sentences, and the words that stand where something is not known yet.

use crate::domain::text;

/// What is said about effect before anybody knows it.
pub(super) const EFFECT_UNKNOWN: &str = "We are finding out what people cannot do.";
/// What is said about who is affected before anybody knows it.
pub(super) const WHO_UNKNOWN: &str = "We are finding out who is affected.";
/// What is said about what to do before anybody knows it.
pub(super) const WHAT_TO_DO_UNKNOWN: &str = "We do not know yet whether you need to do anything.";
/// What is said about the work before anybody described it.
pub(super) const DOING_UNKNOWN: &str = "We are looking into it.";
/// What is said about decisions while none is asked for.
pub(super) const DECISION_UNKNOWN: &str = "None at the moment.";
/// What is said about the cause while nobody has a guess.
pub(super) const THEORY_UNKNOWN: &str = "We have no working theory yet.";

/// The text as one line that ends as a sentence does.
pub(super) fn sentence(typed: &str) -> String {
    let mut line = text::one_line(typed);
    if line.ends_with(|c: char| c.is_alphanumeric() || c == ')' || c == '"') {
        line.push('.');
    }
    line
}

/// The first sentence of a text, as one line.
pub(super) fn first_sentence(typed: &str) -> String {
    let block = typed.split("\n\n").find(|block| !block.trim().is_empty());
    let line = text::one_line(block.unwrap_or_default());
    let end = sentence_ends(&line).next().unwrap_or(line.len());
    sentence(&line[..end])
}

/// As much of a text as fits in `max_chars`, ending with a sentence where one ends in the second
/// half of it, else with a word; `None` if all of it fits.
pub(super) fn cut(typed: &str, max_chars: usize) -> Option<String> {
    let (limit, _) = typed.char_indices().nth(max_chars)?;
    let head = &typed[..limit];
    if let Some(end) = sentence_ends(head).last().filter(|end| *end > limit / 2) {
        return Some(head[..end].trim_end().to_owned());
    }
    Some(cut_at_word(head))
}

/// The same for one line, such as a title: whole words, then an ellipsis.
pub(super) fn cut_line(line: &str, max_chars: usize) -> Option<String> {
    line.char_indices().nth(max_chars)?;
    let (limit, _) = line.char_indices().nth(max_chars.saturating_sub(1))?;
    Some(cut_at_word(&line[..limit]))
}

fn cut_at_word(head: &str) -> String {
    // A word that fills the whole room has no better place to end than where the room ends.
    let end = head
        .rfind(char::is_whitespace)
        .filter(|end| *end > head.len() / 2)
        .unwrap_or(head.len());
    let kept = head[..end].trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')');
    format!("{kept}…")
}

/// Byte offsets right behind each full stop, question mark or exclamation mark that ends a
/// sentence: one that white space or the end of a line follows.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().filter_map(move |(at, c)| {
        let next = at + c.len_utf8();
        let ends = matches!(c, '.' | '!' | '?');
        (ends && text[next..].starts_with(char::is_whitespace)).then_some(next)
    })
}

/// Names as people list them, at most three: "a", "a and b", "a, b and 4 more".
pub(super) fn list_of<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [one, two] => format!("{} and {}", one.as_ref(), two.as_ref()),
        [one, two, three] => {
            format!("{}, {} and {}", one.as_ref(), two.as_ref(), three.as_ref())
        }
        [one, two, rest @ ..] => {
            format!("{}, {} and {} more", one.as_ref(), two.as_ref(), rest.len())
        }
    }
}

/// A count with its noun: "1 person", "42 people".
pub(super) fn people(count: usize) -> String {
    match count {
        1 => "1 person".to_owned(),
        _ => format!("{count} people"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_ended_and_found() {
        assert_eq!(sentence("It is down"), "It is down.");
        assert_eq!(sentence("Is it down?"), "Is it down?");
        assert_eq!(
            first_sentence("At 2.40pm it broke. More."),
            "At 2.40pm it broke."
        );
        assert_eq!(first_sentence("One\n\nTwo"), "One.");
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn long_text_is_cut_at_a_sentence_else_at_a_word() {
        assert_eq!(cut("Short.", 20), None);
        assert_eq!(
            cut("One two. Three four five.", 14).as_deref(),
            Some("One two.")
        );
        assert_eq!(
            cut("One two three four", 15).as_deref(),
            Some("One two three…")
        );
        assert_eq!(
            cut(&"x".repeat(30), 10),
            Some(format!("{}…", "x".repeat(10)))
        );
        assert_eq!(
            cut_line("Providers cannot sign in", 20).as_deref(),
            Some("Providers cannot…")
        );
        assert_eq!(cut_line("Providers", 9), None);
    }

    #[test]
    fn lists_of_names_stay_short() {
        assert_eq!(list_of(&["a", "b"]), "a and b");
        assert_eq!(list_of(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list_of(&["a", "b", "c", "d", "e"]), "a, b and 3 more");
    }
}

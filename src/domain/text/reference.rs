//! References of incidents as people write them: "INC-0042", "inc 42".

use std::collections::BTreeSet;

use crate::domain::IncidentId;

/// The incidents that a text names, whatever the case, the dash and the zeros.
pub fn references(text: &str) -> BTreeSet<IncidentId> {
    let text = text.to_lowercase();
    text.match_indices("inc")
        .filter(|(at, _)| {
            let before = text[..*at].chars().next_back();
            !before.is_some_and(char::is_alphanumeric)
        })
        .filter_map(|(at, inc)| {
            let rest = text[at + inc.len()..].trim_start_matches(is_between);
            let end = rest
                .find(|character: char| !character.is_ascii_digit())
                .unwrap_or(rest.len());
            rest[..end].parse().ok()
        })
        .collect()
}

/// What stands, or hides, between the letters and the number.
fn is_between(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '_' | '#' | ':' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}'
                | '\u{ff0d}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_however_they_are_written() {
        let found =
            |text: &str| -> Vec<u32> { references(text).into_iter().map(|id| id.0).collect() };
        for text in [
            "INC-0042",
            "As in inc-42.",
            "(Inc\u{2011}0042)",
            "INC 42, INC-42 and #INC0042",
            "https://oyez.example/incidents/INC-0042?x",
            "İNC-1 inc-\u{200b}42",
        ] {
            assert_eq!(found(text), [42], "{text}");
        }
        assert_eq!(found("INC-1, INC-2"), [1, 2]);
        for text in [
            "",
            "42",
            "zinc 42",
            "inc",
            "INC-0",
            "INC-99999999999",
            "incident 42",
        ] {
            assert_eq!(found(text), Vec::<u32>::new(), "{text}");
        }
    }
}

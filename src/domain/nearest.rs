//! "Did you mean": the names nearest to one that does not exist.

/// Up to three of the names that somebody may have meant, the nearest first.
///
/// Names that begin or end with the word count as near: people shorten `register-trainees` to
/// `register`.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let contained = word.len() >= 3 && lower.contains(&word);
            let score = strsim::jaro_winkler(&word, &lower).max(if contained { 0.9 } else { 0.0 });
            (score, name)
        })
        .filter(|(score, _)| *score >= 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    near.dedup_by_key(|(_, name)| *name);
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}

/// The fix for a name that does not exist, as a sentence: the nearest names, or all if they are
/// few, or `otherwise`.
pub fn fix_for<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
    otherwise: &str,
) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let near = nearest(word, names.iter().copied());
    if !near.is_empty() {
        format!("Did you mean {}?", or_list(&near))
    } else if !names.is_empty() && names.len() <= 8 {
        format!("Use {}.", or_list(&names))
    } else {
        otherwise.to_owned()
    }
}

/// Names as people list alternatives: "a", "a or b", "a, b or c".
pub fn or_list<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", most.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name() {
        let names = ["register-trainees", "find-courses", "publish-courses"];
        assert_eq!(nearest("registr-trainees", names), ["register-trainees"]);
        assert_eq!(nearest("register", names)[0], "register-trainees");
        assert_eq!(nearest("zzz", names), Vec::<&str>::new());
    }

    #[test]
    fn the_fix_names_the_nearest_else_all_else_the_way_on() {
        assert_eq!(
            fix_for("P4", ["P1", "P2", "P3"], "See the policy."),
            "Use P1, P2 or P3."
        );
        assert_eq!(
            fix_for("owner", ["owners", "users"], "-"),
            "Did you mean owners?"
        );
        assert_eq!(
            fix_for("x", ["owners", "users"], "-"),
            "Use owners or users."
        );
        assert_eq!(fix_for("x", [], "Add it first."), "Add it first.");
    }
}

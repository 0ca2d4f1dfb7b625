//! Who would be told and cannot be, in sentences: every preview and every answer says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::plan::Plan;

/// Names in a sentence, and sentences in an answer, before the rest is counted.
const SHOWN: usize = 5;

/// Names by the sentence that says why.
#[derive(Debug, Default)]
pub(super) struct Unreachable(BTreeMap<String, BTreeSet<String>>);

impl Unreachable {
    /// Takes in those whom a plan cannot reach.
    pub(super) fn add(&mut self, plan: &Plan) {
        for withheld in plan.withheld.iter().filter(|one| one.unreachable) {
            let names = self.0.entry(withheld.sentence.clone()).or_default();
            names.insert(withheld.recipient.name.to_string());
        }
    }

    /// Whether everybody can be reached.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// "#incidents cannot be reached: No usable address on teams. The channel teams is off."
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = self
            .0
            .iter()
            .take(SHOWN)
            .map(|(why, names)| {
                let stop = if why.ends_with('.') { "" } else { "." };
                format!("{} cannot be reached: {why}{stop}", listed(names))
            })
            .collect();
        let rest: usize = self.0.values().skip(SHOWN).map(BTreeSet::len).sum();
        if rest > 0 {
            sentences.push(format!("{rest} more cannot be reached."));
        }
        sentences
    }
}

/// "A", "A and B", "A, B, C, D, E and 12 more"
fn listed(names: &BTreeSet<String>) -> String {
    let mut shown: Vec<String> = names.iter().take(SHOWN).cloned().collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => shown.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(all: &[(&str, &[&str])]) -> Vec<String> {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let all = all
            .iter()
            .map(|(why, names)| ((*why).to_owned(), of(names)));
        Unreachable(all.collect()).sentences()
    }

    #[test]
    fn those_with_the_same_cause_share_a_sentence_and_many_are_counted() {
        assert_eq!(
            said(&[
                ("No usable address on teams.", &["#incidents"]),
                ("No usable address on any channel", &["Ann", "Bob"]),
            ]),
            [
                "Ann and Bob cannot be reached: No usable address on any channel.",
                "#incidents cannot be reached: No usable address on teams.",
            ]
        );
        assert_eq!(
            said(&[("Why.", &["A", "B", "C", "D", "E", "F", "G"])]),
            ["A, B, C, D, E and 2 more cannot be reached: Why."]
        );
    }
}

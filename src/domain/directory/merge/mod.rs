//! A directory and what files mention of it make a new directory.
//!
//! What no file mentions stays: an entry, and a field of an entry. Lists within an entry (tags, the
//! members of a group, addresses) are mentioned whole. Only when asked to prune does the merge
//! remove entries, and only from lists of which every row was good: a row with a slip in its id
//! must not remove the entry it meant. Rows that cannot be taken are left out, each with the
//! reason, and so are the rows that rely on them; the new directory has no dangling id that the old
//! one had not.

mod apply;
mod mention;
mod references;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use mention::{
    DestinationPatch, GroupPatch, Mention, OrganisationPatch, PersonPatch, Place, ServicePatch,
};

use super::{Directory, Kind, groups};
use references::Known;

/// A mention and where it stands.
#[derive(Debug, Clone)]
pub struct Mentioned {
    /// Where.
    pub at: Place,
    /// What.
    pub what: Mention,
}

/// A row that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; row 0 is the whole file.
    pub at: Place,
    /// In which column, if it is about one.
    pub column: Option<String>,
    /// What is wrong, one sentence, without any address.
    pub message: String,
    /// What to do, one sentence.
    pub fix: String,
}

/// A row that could not even be read, which still says something about what it meant.
#[derive(Debug, Clone)]
pub struct Spoiled {
    /// In which list it stands.
    pub kind: Kind,
    /// The id it is about, if that much could be read.
    pub id: Option<String>,
    /// Where.
    pub at: Place,
}

/// The outcome.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The new directory.
    pub directory: Directory,
    /// Rows left out, in the order of the files.
    pub left_out: Vec<Problem>,
    /// What a person should know besides, each a sentence.
    pub notices: Vec<String>,
}

/// Merges mentions into a directory.
///
/// `prune` are the lists whose unmentioned entries are removed. Mentions are taken in order; of two
/// with one id the first is taken.
pub fn merge(
    current: &Directory,
    mentions: &[Mentioned],
    spoiled: &[Spoiled],
    prune: &BTreeSet<Kind>,
) -> Merged {
    let mut failed = Failed::new();
    for row in spoiled {
        if let Some(id) = &row.id {
            failed.entry((row.kind, id.clone())).or_insert(&row.at);
        }
    }
    let mut bad: BTreeSet<Kind> = spoiled.iter().map(|row| row.kind).collect();
    // Whether a list may be pruned depends on its rows, and whether those are good may depend on
    // what is pruned: withdraw the permission until nothing more has to be withdrawn.
    loop {
        let pruned: BTreeSet<Kind> = prune.difference(&bad).copied().collect();
        let mut attempt = Attempt {
            current,
            mentions,
            pruned: &pruned,
            alive: vec![true; mentions.len()],
            left_out: BTreeMap::new(),
            failed: failed.clone(),
            nameless_group_failed: spoiled
                .iter()
                .any(|row| row.kind == Kind::Groups && row.id.is_none()),
            suggestions: 0,
        };
        attempt.leave_out_repeats_and_nameless();
        attempt.leave_out_dangling();
        attempt.leave_out_group_cycles();
        let left_out = attempt.left_out.keys().filter_map(|nth| mentions.get(*nth));
        let mut now_bad: BTreeSet<Kind> = left_out.map(|it| it.what.kind()).collect();
        if now_bad.is_disjoint(&pruned) {
            let mut merged = attempt.finish();
            merged.notices.extend(prune.difference(&pruned).map(|kind| {
                format!("Nothing is removed from {kind}, because a row of {kind} has a problem.")
            }));
            return merged;
        }
        bad.append(&mut now_bad);
    }
}

/// Entries whose own row has a problem, with its place.
type Failed<'a> = HashMap<(Kind, String), &'a Place>;

/// Suggestions compare a name with every other one, so a file of garbage gets only so many.
const MOST_SUGGESTIONS: usize = 200;

struct Attempt<'a> {
    current: &'a Directory,
    mentions: &'a [Mentioned],
    pruned: &'a BTreeSet<Kind>,
    /// Whether each mention is still taken.
    alive: Vec<bool>,
    left_out: BTreeMap<usize, Problem>,
    failed: Failed<'a>,
    /// Whether a row is spoiled of which nobody knows which group it meant.
    nameless_group_failed: bool,
    suggestions: usize,
}

impl<'a> Attempt<'a> {
    fn taken(&self) -> impl Iterator<Item = &'a Mentioned> {
        self.mentions
            .iter()
            .zip(&self.alive)
            .filter(|(_, alive)| **alive)
            .map(|(it, _)| it)
    }

    fn leave_out(&mut self, nth: usize, message: String, fix: String) {
        let (Some(mentioned), Some(alive)) = (self.mentions.get(nth), self.alive.get_mut(nth))
        else {
            return;
        };
        *alive = false;
        if let Some((kind, id)) = references::entry(&mentioned.what) {
            self.failed
                .entry((kind, id.to_owned()))
                .or_insert(&mentioned.at);
        }
        self.left_out.insert(
            nth,
            Problem {
                at: mentioned.at.clone(),
                column: None,
                message,
                fix,
            },
        );
    }

    fn leave_out_repeats_and_nameless(&mut self) {
        let mut seen: HashMap<(Kind, &str), &Place> = HashMap::new();
        for (nth, mentioned) in self.mentions.iter().enumerate() {
            let Some((kind, id)) = references::entry(&mentioned.what) else {
                continue;
            };
            if let Some(first) = seen.get(&(kind, id)) {
                let message = format!("The {} {id} is already in {first}.", kind.singular());
                let fix = "Keep one of the two rows, or give this one an id of its own.";
                self.leave_out_repeat(nth, message, fix.to_owned());
                continue;
            }
            seen.insert((kind, id), &mentioned.at);
            if let Some(what) = apply::needed_for_new(self.current, &mentioned.what) {
                let message = format!("The {} {id} is new and has no {what}.", kind.singular());
                self.leave_out(nth, message, format!("Fill in the {what}."));
            }
        }
    }

    /// A repeat is left out, but what it repeats is not spoiled by it.
    fn leave_out_repeat(&mut self, nth: usize, message: String, fix: String) {
        let failed = std::mem::take(&mut self.failed);
        self.leave_out(nth, message, fix);
        self.failed = failed;
    }

    fn leave_out_dangling(&mut self) {
        let mut known = Known::new(self.current, self.taken(), self.pruned);
        loop {
            let mut again = false;
            for (nth, mentioned) in self.mentions.iter().enumerate() {
                if !self.alive.get(nth).is_some_and(|alive| *alive) {
                    continue;
                }
                let Some(missing) = known.missing(&mentioned.what) else {
                    continue;
                };
                let (message, fix) = self.explain(&known, &missing);
                self.leave_out(nth, message, fix);
                again |= known.forget(self.current, &mentioned.what);
            }
            if !again {
                return;
            }
        }
    }

    fn explain(&mut self, known: &Known, missing: &references::Reference) -> (String, String) {
        let what = missing.kind.singular();
        let id = missing.id.as_str();
        if let Some(at) = self.failed.get(&(missing.kind, id.to_owned())) {
            return (
                format!("It names the {what} {id}, which is left out because of {at}."),
                "Correct that row first.".to_owned(),
            );
        }
        if references::exists(self.current, missing) {
            return (
                format!("It names the {what} {id}, which this import removes."),
                format!("Mention the {what} {id} in the files, or take it out of this row."),
            );
        }
        self.suggestions += 1;
        let otherwise = format!("Add the {what} {id}, or take it out of this row.");
        let fix = if self.suggestions <= MOST_SUGGESTIONS {
            known.suggest(missing, &otherwise)
        } else {
            otherwise
        };
        (format!("There is no {what} {id}."), fix)
    }

    fn leave_out_group_cycles(&mut self) {
        let mut edges = groups::edges(self.current);
        let relisted = apply::relisted(self);
        edges.retain(|group, _| !relisted.contains(group));
        for (nth, mentioned) in self.mentions.iter().enumerate() {
            let Mention::Member(outer, super::Member::Group(inner)) = &mentioned.what else {
                continue;
            };
            if !self.alive.get(nth).is_some_and(|alive| *alive) {
                continue;
            }
            if groups::reaches(&edges, inner, outer) {
                let message = format!("The group {inner} contains {outer} already, or is it.");
                let fix = format!("Take {inner} out of {outer}, or {outer} out of {inner}.");
                self.leave_out(nth, message, fix);
            } else {
                edges
                    .entry(outer.clone())
                    .or_default()
                    .insert(inner.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! What rules do where an incident is restricted: security and data breaches are, unless the declarer says why
//! not. Then only rules that name the kind tell anybody, but for people and groups that a rule names; nobody
//! outside is told, and of destinations only those that are named.

use super::{
    Compiled,
    compile::ReadyTarget,
    lint::{Finding, FindingKind},
};
use crate::domain::{incident::Kind, nearest::or_list, policy::Rule};

impl Compiled {
    /// A rule that names a restricted kind, and can tell nobody of it.
    pub(super) fn silent_when_restricted(&self, number: usize, rule: &Rule) -> Option<Finding> {
        let kinds: Vec<Kind> = restricted()
            .filter(|kind| rule.when.kind.any.contains(kind))
            .filter(|kind| rule.when.kind.admits(kind))
            .filter(|kind| !self.may_tell_of(number, rule, *kind))
            .collect();
        if kinds.is_empty() {
            return None;
        }
        let tell = &self.rules[number].tell;
        let (why, fix) = if rule.audience.is_outside() {
            (
                "nobody outside hears of it",
                "Give the rule an audience of ours, or take the kind out of it.",
            )
        } else if tell
            .iter()
            .all(|target| matches!(target, ReadyTarget::ServiceDestinations))
        {
            (
                "destination:service does not count there",
                "Name the destination itself.",
            )
        } else {
            (
                "it names nobody of ours who can be told",
                "Tell a role, a group or a person of ours, or take the kind out of it.",
            )
        };
        Some(Finding {
            kind: FindingKind::SilentWhenRestricted,
            rule: Some(rule.id.clone()),
            service: None,
            sentence: format!(
                "Rule {} tells nobody of a restricted incident ({}): {why}.",
                rule.id,
                labels(&kinds)
            ),
            fix: fix.to_owned(),
        })
    }

    /// What a person who reads the rules could take otherwise: rules that name no kind, and kinds of which nobody
    /// is told. Each a sentence or two.
    pub fn notes_on_restricted(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let (mut silent, mut in_part) = (Vec::new(), Vec::new());
        for ready in &self.rules {
            let rule = self.rule(ready);
            let names_none = rule.when.kind.any.is_empty();
            if !names_none || rule.audience.is_outside() {
                continue;
            }
            let by_name = ready
                .tell
                .iter()
                .filter(|target| is_by_name(target))
                .count();
            if by_name == 0 {
                silent.push(rule.id.as_str());
            } else if by_name < ready.tell.len() {
                in_part.push(rule.id.as_str());
            }
        }
        let kinds: Vec<Kind> = restricted().collect();
        if !silent.is_empty() || !in_part.is_empty() {
            let mut note = format!(
                "An incident of the kind {} is restricted, and only rules that name its kind tell roles, \
                 leads and channels of it.",
                labels(&kinds)
            );
            if !silent.is_empty() {
                note += &format!(
                    " So these rules tell no one of one, though their conditions hold: {}.",
                    silent.join(", ")
                );
            }
            if !in_part.is_empty() {
                note += &format!(
                    " These tell only the people and groups that they name: {}.",
                    in_part.join(", ")
                );
            }
            notes.push(note);
        }
        for kind in kinds {
            let told = self.rules.iter().enumerate().any(|(number, ready)| {
                let rule = self.rule(ready);
                rule.when.kind.admits(&kind) && self.may_tell_of(number, rule, kind)
            });
            if !told {
                notes.push(format!(
                    "No rule tells anybody of a restricted incident of the kind {}: whoever declares one \
                     names everybody. Add a rule with kind = \"{}\".",
                    labels(&[kind]),
                    kind.as_str()
                ));
            }
        }
        notes
    }

    /// Whether a rule can tell somebody of a restricted incident of this kind.
    fn may_tell_of(&self, number: usize, rule: &Rule, kind: Kind) -> bool {
        let names_kind = rule.when.kind.any.contains(&kind);
        let may = |target: &ReadyTarget| match target {
            ReadyTarget::ServiceDestinations => false,
            ReadyTarget::Leads => names_kind,
            target if is_by_name(target) || names_kind => {
                let mut everyone = self.everyone(target, rule).into_iter();
                everyone.any(|party| {
                    !self.parties[party as usize].outside && self.is_reachable(number, party)
                })
            }
            _ => false,
        };
        !rule.audience.is_outside() && self.rules[number].tell.iter().any(may)
    }
}

/// Whether those who are told are named themselves.
fn is_by_name(target: &ReadyTarget) -> bool {
    matches!(target, ReadyTarget::Person(_) | ReadyTarget::Group { .. })
}

fn restricted() -> impl Iterator<Item = Kind> {
    Kind::ALL
        .into_iter()
        .filter(|kind| kind.is_restricted_by_default())
}

/// "data breach or security"
fn labels(kinds: &[Kind]) -> String {
    let labels = kinds.iter().map(|kind| kind.as_str().replace('_', " "));
    or_list(&labels.collect::<Vec<_>>())
}

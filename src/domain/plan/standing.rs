//! How the readers of a message stand towards the incident: the variant of its words.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    RuleId,
    incident::Incident,
    notification::Moment,
    policy::{Policy, When},
    resolution::{Reason, Recipient},
    variant::Variant,
};

/// The conditions of the rules, by their ids.
#[derive(Debug)]
pub(super) struct Rules<'a>(BTreeMap<&'a RuleId, &'a When>);

impl<'a> Rules<'a> {
    pub(super) fn of(policy: &'a Policy) -> Self {
        let rules = policy.rules.iter();
        Self(rules.map(|rule| (&rule.id, &rule.when)).collect())
    }

    /// Whether a recipient hears every update: a rule that names them is limited to no moment and no
    /// hours, or they are told for another reason than a rule.
    pub(super) fn follows(&self, recipient: &Recipient) -> bool {
        let mut reasons = recipient.reasons.iter();
        reasons.any(|reason| self.of_reason(reason).is_none_or(is_unlimited))
    }

    /// Why somebody who would match had the incident not changed does not: from the reasons that they
    /// had. That it is less serious is said before that a service left, of which others may stay.
    pub(super) fn cause(&self, after: &Incident, was: &Recipient) -> Variant {
        let causes: BTreeSet<Variant> = was
            .reasons
            .iter()
            .filter_map(|reason| {
                let when = self.of_reason(reason)?;
                if !when.priority.admits(&after.priority) {
                    Some(Variant::LessSerious)
                } else if !when.stage.admits(&after.stage) {
                    Some(Variant::OtherStage)
                } else {
                    None
                }
            })
            .collect();
        let first = causes.into_iter().next();
        first.unwrap_or(Variant::ServiceLeft)
    }

    fn of_reason(&self, reason: &Reason) -> Option<&'a When> {
        let rule = reason.rule.as_ref()?;
        self.0.get(rule).copied()
    }
}

fn is_unlimited(when: &When) -> bool {
    let goes_on = [Moment::Update, Moment::NoChange];
    when.hours.is_none() && goes_on.iter().all(|moment| when.moment.admits(moment))
}

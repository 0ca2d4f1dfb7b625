//! Whether a rule holds: conditions on the incident, and on one touched service at a time.

use super::{compile::Compiled, walk::Touched};
use crate::domain::{
    clock::days::is_working,
    directory::Service,
    policy::{Hours, When},
    situation::{Relation, Situation},
};

/// What many rules ask of one situation, worked out once.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) touched: Vec<Touched>,
    /// Number of services stated as affected.
    pub(super) affected: u32,
    pub(super) hours: Hours,
}

impl Scene {
    pub(super) fn new(compiled: &Compiled, situation: &Situation) -> Self {
        let touched = super::walk::touched(compiled, situation);
        let affected = touched.iter().filter(|one| one.is_affected()).count();
        Self {
            affected: super::compile::number(affected),
            hours: if is_working(&compiled.policy, situation.now) {
                Hours::Inside
            } else {
                Hours::Outside
            },
            touched,
        }
    }
}

/// Whether the conditions on the incident hold.
pub(super) fn incident_passes(when: &When, situation: &Situation, scene: &Scene) -> bool {
    when.priority.admits(&situation.priority)
        && when.stage.admits(&situation.stage)
        && when.moment.admits(&situation.moment)
        && when.kind.admits(&situation.kind)
        && when.hours.is_none_or(|hours| hours == scene.hours)
        && scene.affected >= when.services_affected_at_least
}

/// Whether the conditions on a service hold for this one.
pub(super) fn touched_passes(when: &When, touched: &Touched, service: Option<&Service>) -> bool {
    touched_as(when, touched)
        && when.service.admits(&touched.service)
        && match service {
            Some(service) => {
                when.tag.admits_any(service.tags.iter())
                    && when.programme.admits_any(service.programme.iter())
                    && when.tier.admits_any(service.tier.iter())
            }
            // A service that left the directory has no tags, no programme and no tier.
            None => {
                when.tag.any.is_empty() && when.programme.any.is_empty() && when.tier.any.is_empty()
            }
        }
}

/// Whether the service is touched in a way that the rule asks for, within its walk.
pub(super) fn touched_as(when: &When, touched: &Touched) -> bool {
    let mut relations = touched.relations(when.depth).peekable();
    relations.peek().is_some() && when.relation.admits_any(touched.relations(when.depth))
}

/// Whether a rule holds although no service is affected yet: at 3am nobody knows which it is, and
/// a rule that asks nothing of the service must not wait for it.
pub(super) fn holds_without_services(when: &When, scene: &Scene) -> bool {
    scene.affected == 0
        && when.service.is_empty()
        && when.tag.is_empty()
        && when.programme.is_empty()
        && when.tier.is_empty()
        && when.relation.admits(&Relation::Affected)
}

//! Reasons in words.

use std::sync::Arc;

use super::Standing;
use crate::domain::{
    Audience, OrganisationId, RoleId,
    directory::{Directory, Service},
    incident::LeadRole,
    situation::{ByHand, Relation},
};

/// A reason's text for readers inside and outside: outsiders know services by other names.
#[derive(Debug, Clone)]
pub(super) struct Text {
    inside: Arc<str>,
    outside: Arc<str>,
}

impl Text {
    fn same(text: Arc<str>) -> Self {
        Self {
            inside: Arc::clone(&text),
            outside: text,
        }
    }

    pub(super) fn for_audience(&self, audience: Audience) -> &Arc<str> {
        if audience.is_outside() {
            &self.outside
        } else {
            &self.inside
        }
    }

    /// Holder of a role on a service that is touched like this.
    pub(super) fn role(role: &RoleId, service: &Service, relation: Relation) -> Self {
        let words = role.words();
        let clause = match relation {
            Relation::Affected => "",
            Relation::Upstream => ", which an affected service depends on",
            Relation::Downstream => ", which depends on an affected service",
        };
        let text = |name: &str| Arc::from(format!("the {words} of {name}{clause}"));
        Self {
            inside: text(&service.name),
            outside: text(service.name_for_outsiders()),
        }
    }

    /// Contact of an organisation for a service.
    pub(super) fn contact(
        organisation: &OrganisationId,
        directory: &Directory,
        service: &Service,
    ) -> Self {
        let known = directory.organisations.get(organisation);
        let name = known.map_or(organisation.as_str(), |known| known.name.as_str());
        let text = |service: &str| Arc::from(format!("the named contact of {name} for {service}"));
        Self {
            inside: text(&service.name),
            outside: text(service.name_for_outsiders()),
        }
    }

    /// Member of a group; the text was made when the group was.
    pub(super) fn group(text: &Arc<str>) -> Self {
        Self::same(Arc::clone(text))
    }

    /// Named by a rule.
    pub(super) fn named() -> Self {
        Self::same("on our list of who is told".into())
    }

    /// A service's own default channel.
    pub(super) fn service_destination(service: &Service) -> Self {
        let text = |name: &str| Arc::from(format!("the channel of {name}"));
        Self {
            inside: text(&service.name),
            outside: text(service.name_for_outsiders()),
        }
    }

    /// A lead of the incident.
    pub(super) fn lead(role: LeadRole) -> Self {
        Self::same(format!("the {} lead", role.as_str()).into())
    }

    /// Added by hand.
    pub(super) fn by_hand(by_hand: &ByHand) -> Self {
        Self::same(format!("added by {}: {}", by_hand.by, by_hand.note).into())
    }
}

/// The relation that names a service in a reason, where it is touched in several ways.
pub(super) fn main_relation<'a>(relations: impl Iterator<Item = &'a Relation>) -> Relation {
    relations.min().copied().unwrap_or(Relation::Affected)
}

/// The standing of a role on a service that is touched like this.
pub(super) fn standing_of(relation: Relation) -> Standing {
    match relation {
        Relation::Affected => Standing::Affected,
        Relation::Upstream | Relation::Downstream => Standing::Related,
    }
}

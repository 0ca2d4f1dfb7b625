//! Names that a command uses must exist; if one does not, the nearest are offered.

use super::{At, Context};
use crate::domain::{
    IncidentId, PersonId, ServiceId, StepId, command::Refusal, nearest::fix_for, playbook,
    situation::RecipientId,
};

pub(super) fn service(id: &ServiceId, context: &Context<'_>) -> Result<(), Refusal> {
    let services = &context.directory.services;
    if services.contains_key(id) {
        return Ok(());
    }
    Err(Refusal::new(
        "unknown-service",
        format!("There is no service \"{id}\" in the directory."),
        fix_for(
            id.as_str(),
            services.keys().map(ServiceId::as_str),
            "Add it with `oyez directory import`.",
        ),
    ))
}

pub(super) fn person(id: &PersonId, context: &Context<'_>) -> Result<(), Refusal> {
    let people = &context.directory.people;
    if people.contains_key(id) {
        return Ok(());
    }
    Err(Refusal::new(
        "unknown-person",
        format!("There is no person \"{id}\" in the directory."),
        fix_for(
            id.as_str(),
            people.keys().map(PersonId::as_str),
            "Add them with `oyez directory import`.",
        ),
    ))
}

pub(super) fn recipient(who: &RecipientId, context: &Context<'_>) -> Result<(), Refusal> {
    let id = match who {
        RecipientId::Person(id) => return person(id, context),
        RecipientId::Destination(id) => id,
    };
    let destinations = &context.directory.destinations;
    if destinations.contains_key(id) {
        return Ok(());
    }
    Err(Refusal::new(
        "unknown-destination",
        format!("There is no destination \"{id}\" in the directory."),
        fix_for(
            id.as_str(),
            destinations.keys().map(|id| id.as_str()),
            "Add it with `oyez directory import`.",
        ),
    ))
}

pub(super) fn step(id: &StepId) -> Result<(), Refusal> {
    if playbook::STEPS.contains(&id.as_str()) {
        return Ok(());
    }
    Err(Refusal::new(
        "unknown-step",
        format!("There is no step \"{id}\" in the playbook."),
        fix_for(
            id.as_str(),
            playbook::STEPS,
            "List the steps with `oyez step`.",
        ),
    ))
}

impl At<'_> {
    pub(super) fn other_incident(&self, id: IncidentId) -> Result<(), Refusal> {
        if id == self.incident.id {
            return Err(Refusal::new(
                "unknown-incident",
                format!("{id} cannot be a duplicate of itself."),
                "Give the other incident's reference.",
            ));
        }
        if self.context.incidents.contains(&id) {
            return Ok(());
        }
        // The same answer for one that exists and may not be known of.
        Err(Refusal::new(
            "unknown-incident",
            format!("There is no incident {id}."),
            "List the incidents with `oyez list`.",
        ))
    }
}

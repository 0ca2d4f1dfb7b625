//! Rows of the lists that need nothing but the row.

use super::super::row::Row;
use crate::domain::{
    OrganisationId, ServiceId,
    directory::{
        Contact, RoleHolding,
        merge::{Mention, OrganisationPatch, ServicePatch},
    },
};

pub(super) fn organisation(row: &mut Row<'_>) -> Option<OrganisationPatch> {
    let name = row.name();
    let id = row.needed_id("id", name.as_deref().unwrap_or_default());
    let external = row.yes_or_no("external");
    Some(OrganisationPatch {
        id: id?,
        name,
        external,
    })
}

pub(super) fn service(row: &mut Row<'_>) -> Option<ServicePatch> {
    let name = row.name();
    let id: Option<ServiceId> = row.needed_id("id", name.as_deref().unwrap_or_default());
    let outside_name = row.text("outside_name");
    let programme = row.text("programme");
    let tags = row.labels("tags");
    let tier = row.tier();
    let organisation = row.id("organisation");
    let depends_on = row.ids::<ServiceId>("depends_on");
    if let (Some(id), Some(needed)) = (&id, &depends_on)
        && needed.iter().any(|(_, needed)| needed == id)
    {
        row.problem(
            "depends_on",
            "The service depends on itself.",
            format!("Take {id} out of its depends_on."),
        );
    }
    let status_page = row.text("status_page");
    let support_queue = row.text("support_queue");
    let disaster_recovery = row.link("disaster_recovery");
    let destinations = row.ids("destinations");
    let without_rows = |ids: Vec<(u32, ServiceId)>| ids.into_iter().map(|(_, id)| id).collect();
    Some(ServicePatch {
        id: id?,
        name,
        outside_name,
        programme,
        tags,
        tier,
        organisation,
        depends_on: depends_on.map(without_rows),
        status_page,
        support_queue,
        disaster_recovery,
        destinations: destinations.map(|ids| ids.into_iter().map(|(_, id)| id).collect()),
    })
}

pub(super) fn contact(row: &mut Row<'_>) -> Option<Mention> {
    let organisation: Option<OrganisationId> = row.needed_id("organisation", "");
    let service = row.needed_id("service", "");
    let person = row.needed_id("person", "");
    Some(Mention::Contact(
        organisation?,
        Contact {
            service: service?,
            person: person?,
        },
    ))
}

pub(super) fn role(row: &mut Row<'_>) -> Option<Mention> {
    let service = row.needed_id("service", "");
    let role = row.needed_id("role", "");
    let person = row.needed_id("person", "");
    Some(Mention::Role(RoleHolding {
        service: service?,
        role: role?,
        person: person?,
    }))
}

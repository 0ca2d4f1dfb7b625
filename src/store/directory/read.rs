//! Rows to the directory's types.

use std::{collections::BTreeMap, fmt, str::FromStr};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{
    super::{
        Step, StoreError,
        rows::{from_json, instant, instant_or_none, narrow, parse},
    },
    Gone, Removed,
};
use crate::domain::{
    Address,
    directory::{Destination, Directory, Group, Organisation, Person, RoleHolding, Service},
};
use entity::{destination, grp, organisation, person, role_holding, service};

const STEP: &str = "read the directory";

/// Rows held at once while people are read: the rest is in the directory already.
const PAGE: u64 = 5_000;

pub(super) async fn all(conn: &impl ConnectionTrait) -> Result<Directory, StoreError> {
    let mut directory = Directory::default();
    let rows = service::Entity::find()
        .filter(service::Column::RemovedAt.is_null())
        .all(conn);
    for row in rows.await.step(STEP)? {
        let service = service_of(row)?;
        directory.services.insert(service.id.clone(), service);
    }
    let mut cursor = person::Entity::find()
        .filter(person::Column::RemovedAt.is_null())
        .cursor_by(person::Column::Id);
    loop {
        let rows = cursor.first(PAGE).all(conn).await.step(STEP)?;
        let Some(last) = rows.last() else { break };
        cursor.after(last.id.clone());
        for row in rows {
            let person = person_of(row)?;
            directory.people.insert(person.id.clone(), person);
        }
    }
    let rows = grp::Entity::find()
        .filter(grp::Column::RemovedAt.is_null())
        .all(conn);
    for row in rows.await.step(STEP)? {
        let group = Group {
            id: parse(&row.id, STEP)?,
            members: from_json(&row.members, STEP)?,
            name: row.name,
        };
        directory.groups.insert(group.id.clone(), group);
    }
    let rows = destination::Entity::find()
        .filter(destination::Column::RemovedAt.is_null())
        .all(conn);
    for row in rows.await.step(STEP)? {
        let destination = Destination {
            id: parse(&row.id, STEP)?,
            channel: parse(&row.channel, STEP)?,
            address: Address::new(&row.address),
            organisation: parse_or_none(row.organisation_id.as_deref())?,
            name: row.name,
        };
        directory
            .destinations
            .insert(destination.id.clone(), destination);
    }
    let rows = organisation::Entity::find()
        .filter(organisation::Column::RemovedAt.is_null())
        .all(conn);
    for row in rows.await.step(STEP)? {
        let organisation = Organisation {
            id: parse(&row.id, STEP)?,
            external: row.external,
            contacts: from_json(&row.contacts, STEP)?,
            name: row.name,
        };
        directory
            .organisations
            .insert(organisation.id.clone(), organisation);
    }
    let rows = role_holding::Entity::find().all(conn);
    for row in rows.await.step(STEP)? {
        directory.roles.insert(RoleHolding {
            service: parse(&row.service_id, STEP)?,
            role: parse(&row.role, STEP)?,
            person: parse(&row.person_id, STEP)?,
        });
    }
    Ok(directory)
}

fn service_of(row: service::Model) -> Result<Service, StoreError> {
    Ok(Service {
        id: parse(&row.id, STEP)?,
        name: row.name,
        outside_name: row.outside_name,
        programme: row.programme,
        tags: from_json(&row.tags, STEP)?,
        tier: row.tier.map(|tier| narrow(tier, STEP)).transpose()?,
        organisation: parse_or_none(row.organisation_id.as_deref())?,
        depends_on: from_json(&row.depends_on, STEP)?,
        status_page: row.status_page,
        support_queue: row.support_queue,
        disaster_recovery: row.disaster_recovery,
        destinations: from_json(&row.destinations, STEP)?,
    })
}

fn person_of(row: person::Model) -> Result<Person, StoreError> {
    let working_hours = match &row.working_hours {
        Some(text) => Some(from_json(text, STEP)?),
        None => None,
    };
    Ok(Person {
        id: parse(&row.id, STEP)?,
        name: row.name,
        organisation: parse_or_none(row.organisation_id.as_deref())?,
        addresses: from_json(&row.addresses, STEP)?,
        time_zone: parse_or_none(row.time_zone.as_deref())?,
        working_hours,
        muted_until: instant_or_none(row.muted_until, STEP)?,
    })
}

fn parse_or_none<T>(text: Option<&str>) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.map(|text| parse(text, STEP)).transpose()
}

pub(super) async fn removed(conn: &impl ConnectionTrait) -> Result<Removed, StoreError> {
    use {destination as d, grp as g, organisation as o, person as p, service as s};
    Ok(Removed {
        services: gone::<s::Entity, _, _>(
            conn,
            (s::Column::Id, s::Column::Name, s::Column::RemovedAt),
        )
        .await?,
        people: gone::<p::Entity, _, _>(
            conn,
            (p::Column::Id, p::Column::Name, p::Column::RemovedAt),
        )
        .await?,
        groups: gone::<g::Entity, _, _>(
            conn,
            (g::Column::Id, g::Column::Name, g::Column::RemovedAt),
        )
        .await?,
        destinations: gone::<d::Entity, _, _>(
            conn,
            (d::Column::Id, d::Column::Name, d::Column::RemovedAt),
        )
        .await?,
        organisations: gone::<o::Entity, _, _>(
            conn,
            (o::Column::Id, o::Column::Name, o::Column::RemovedAt),
        )
        .await?,
    })
}

async fn gone<E, C, Id>(
    conn: &impl ConnectionTrait,
    (id, name, removed_at): (C, C, C),
) -> Result<BTreeMap<Id, Gone>, StoreError>
where
    E: EntityTrait,
    C: ColumnTrait,
    Id: FromStr<Err: fmt::Display> + Ord,
{
    let rows: Vec<(String, String, i64)> = E::find()
        .select_only()
        .columns([id, name, removed_at])
        .filter(removed_at.is_not_null())
        .into_tuple()
        .all(conn)
        .await
        .step(STEP)?;
    rows.into_iter()
        .map(|(id, name, at)| {
            let at = instant(at, STEP)?;
            Ok((parse(&id, STEP)?, Gone { name, at }))
        })
        .collect()
}

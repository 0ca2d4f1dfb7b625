//! The directory's types to rows: those alone that differ.

use std::{collections::BTreeMap, fmt::Display};

use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, Iterable,
    PrimaryKeyToColumn, QueryFilter, sea_query::OnConflict,
};
use serde::Serialize;

use super::super::{
    Step, StoreError, Tx,
    counters::{Counter, take},
    rows::{micros, narrow, to_json},
};
use crate::domain::{
    ChannelName, Time,
    directory::{
        Destination, Directory, Group, Organisation, Person, PersonAddress, RoleHolding, Service,
    },
};
use entity::{destination, grp, organisation, person, role_holding, service};

const STEP: &str = "write the directory";

/// Rows of one statement: far below SQLite's 32,766 values, and no faster when greater.
const CHUNK: usize = 500;

/// Role holdings of one statement that removes them: each is a branch of an expression, of which
/// SQLite takes 1,000.
const BRANCHES: usize = 200;

/// Makes the directory `after`, given that it was `before` at the version `seen`, and gives the new
/// version (the same, if nothing differs). `None`, and nothing is written, if it has moved on
/// since: read it again. `told` hears how many rows of all that differ are written.
pub async fn replace(
    tx: &Tx,
    seen: u64,
    before: &Directory,
    after: &Directory,
    now: Time,
    told: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<Option<u64>, StoreError> {
    // Taking nothing locks the version, so that two imports follow each other.
    let version: u64 = narrow(take(tx, Counter::Directory, 0).await?, STEP)?;
    if version != seen {
        return Ok(None);
    }
    if before == after {
        return Ok(Some(version));
    }
    let of_services = Delta::of(&before.services, &after.services);
    let of_people = Delta::of(&before.people, &after.people);
    let of_groups = Delta::of(&before.groups, &after.groups);
    let of_destinations = Delta::of(&before.destinations, &after.destinations);
    let of_organisations = Delta::of(&before.organisations, &after.organisations);
    let new_roles: Vec<&RoleHolding> = after.roles.difference(&before.roles).collect();
    let work = &mut Work {
        tx,
        now,
        done: 0,
        all: of_services.put.len()
            + of_people.put.len()
            + of_groups.put.len()
            + of_destinations.put.len()
            + of_organisations.put.len()
            + new_roles.len(),
        told,
    };
    services(work, of_services).await?;
    people(work, of_people).await?;
    groups(work, of_groups).await?;
    destinations(work, of_destinations).await?;
    organisations(work, of_organisations).await?;
    let gone: Vec<&RoleHolding> = before.roles.difference(&after.roles).collect();
    roles(work, &gone, &new_roles).await?;
    narrow(take(tx, Counter::Directory, 1).await?, STEP).map(Some)
}

/// A replacement under way.
struct Work<'a> {
    tx: &'a Tx,
    now: Time,
    /// Rows written, of all that are to be.
    done: usize,
    all: usize,
    told: &'a mut (dyn FnMut(usize, usize) + Send),
}

impl Work<'_> {
    fn wrote(&mut self, rows: usize) {
        self.done += rows;
        (self.told)(self.done, self.all);
    }
}

/// What differs between two maps.
struct Delta<'a, K, V> {
    /// New, or not the same as before.
    put: Vec<&'a V>,
    /// No more there.
    gone: Vec<&'a K>,
}

impl<'a, K: Ord, V: PartialEq> Delta<'a, K, V> {
    fn of(before: &'a BTreeMap<K, V>, after: &'a BTreeMap<K, V>) -> Self {
        Self {
            put: after
                .iter()
                .filter(|(id, value)| before.get(id) != Some(value))
                .map(|(_, value)| value)
                .collect(),
            gone: before.keys().filter(|id| !after.contains_key(id)).collect(),
        }
    }
}

/// Writes rows, over those with the same id.
async fn put<E, T>(
    work: &mut Work<'_>,
    things: &[&T],
    row: impl Fn(&T) -> Result<E::Model, StoreError>,
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: Send,
{
    for chunk in things.chunks(CHUNK) {
        let rows: Vec<E::ActiveModel> = chunk
            .iter()
            .map(|thing| row(thing).map(IntoActiveModel::into_active_model))
            .collect::<Result<_, _>>()?;
        let over = OnConflict::columns(E::PrimaryKey::iter().map(|key| key.into_column()))
            .update_columns(
                E::Column::iter().filter(|column| E::PrimaryKey::from_column(*column).is_none()),
            )
            .to_owned();
        E::insert_many(rows)
            .on_conflict(over)
            .exec_without_returning(work.tx)
            .await
            .step(STEP)?;
        work.wrote(chunk.len());
    }
    Ok(())
}

/// Leaves of rows their names alone: `blank` says what the other columns become.
async fn bury<E: EntityTrait>(
    tx: &Tx,
    ids: &[impl Display],
    id: E::Column,
    blank: impl Fn() -> E::ActiveModel,
) -> Result<(), StoreError> {
    for chunk in ids.chunks(CHUNK) {
        E::update_many()
            .set(blank())
            .filter(id.is_in(chunk.iter().map(ToString::to_string)))
            .exec(tx)
            .await
            .step(STEP)?;
    }
    Ok(())
}

async fn services(
    work: &mut Work<'_>,
    delta: Delta<'_, impl Display, Service>,
) -> Result<(), StoreError> {
    put::<service::Entity, _>(work, &delta.put, |service| {
        Ok(service::Model {
            id: service.id.to_string(),
            name: service.name.clone(),
            outside_name: service.outside_name.clone(),
            programme: service.programme.clone(),
            tags: to_json(&service.tags, STEP)?,
            tier: service.tier.map(i64::from),
            organisation_id: service.organisation.as_ref().map(ToString::to_string),
            depends_on: to_json(&service.depends_on, STEP)?,
            status_page: service.status_page.clone(),
            support_queue: service.support_queue.clone(),
            disaster_recovery: service.disaster_recovery.clone(),
            destinations: to_json(&service.destinations, STEP)?,
            removed_at: None,
        })
    })
    .await?;
    let now = micros(work.now);
    bury::<service::Entity>(work.tx, &delta.gone, service::Column::Id, || {
        service::ActiveModel {
            programme: Set(None),
            tags: Set("[]".to_owned()),
            tier: Set(None),
            organisation_id: Set(None),
            depends_on: Set("[]".to_owned()),
            status_page: Set(None),
            support_queue: Set(None),
            disaster_recovery: Set(None),
            destinations: Set("[]".to_owned()),
            removed_at: Set(Some(now)),
            ..Default::default()
        }
    })
    .await
}

/// An address as the row of a person keeps it.
#[derive(Serialize)]
struct KeptAddress<'a> {
    channel: &'a ChannelName,
    address: &'a str,
}

fn kept(addresses: &[PersonAddress]) -> Vec<KeptAddress<'_>> {
    let kept = addresses.iter().map(|own| KeptAddress {
        channel: &own.channel,
        address: own.address.as_str(),
    });
    kept.collect()
}

async fn people(
    work: &mut Work<'_>,
    delta: Delta<'_, impl Display, Person>,
) -> Result<(), StoreError> {
    put::<person::Entity, _>(work, &delta.put, |person| {
        let working_hours = match &person.working_hours {
            Some(hours) => Some(to_json(hours, STEP)?),
            None => None,
        };
        Ok(person::Model {
            id: person.id.to_string(),
            name: person.name.clone(),
            organisation_id: person.organisation.as_ref().map(ToString::to_string),
            addresses: to_json(&kept(&person.addresses), STEP)?,
            time_zone: person.time_zone.map(|zone| zone.name().to_owned()),
            working_hours,
            muted_until: person.muted_until.map(micros),
            removed_at: None,
        })
    })
    .await?;
    let now = micros(work.now);
    bury::<person::Entity>(work.tx, &delta.gone, person::Column::Id, || {
        person::ActiveModel {
            organisation_id: Set(None),
            addresses: Set("[]".to_owned()),
            time_zone: Set(None),
            working_hours: Set(None),
            muted_until: Set(None),
            removed_at: Set(Some(now)),
            ..Default::default()
        }
    })
    .await
}

async fn groups(
    work: &mut Work<'_>,
    delta: Delta<'_, impl Display, Group>,
) -> Result<(), StoreError> {
    put::<grp::Entity, _>(work, &delta.put, |group| {
        Ok(grp::Model {
            id: group.id.to_string(),
            name: group.name.clone(),
            members: to_json(&group.members, STEP)?,
            removed_at: None,
        })
    })
    .await?;
    let now = micros(work.now);
    bury::<grp::Entity>(work.tx, &delta.gone, grp::Column::Id, || grp::ActiveModel {
        members: Set("[]".to_owned()),
        removed_at: Set(Some(now)),
        ..Default::default()
    })
    .await
}

async fn destinations(
    work: &mut Work<'_>,
    delta: Delta<'_, impl Display, Destination>,
) -> Result<(), StoreError> {
    put::<destination::Entity, _>(work, &delta.put, |destination| {
        Ok(destination::Model {
            id: destination.id.to_string(),
            name: destination.name.clone(),
            channel: destination.channel.to_string(),
            address: destination.address.as_str().to_owned(),
            organisation_id: destination.organisation.as_ref().map(ToString::to_string),
            removed_at: None,
        })
    })
    .await?;
    let now = micros(work.now);
    bury::<destination::Entity>(work.tx, &delta.gone, destination::Column::Id, || {
        destination::ActiveModel {
            address: Set(String::new()),
            organisation_id: Set(None),
            removed_at: Set(Some(now)),
            ..Default::default()
        }
    })
    .await
}

async fn organisations(
    work: &mut Work<'_>,
    delta: Delta<'_, impl Display, Organisation>,
) -> Result<(), StoreError> {
    put::<organisation::Entity, _>(work, &delta.put, |organisation| {
        Ok(organisation::Model {
            id: organisation.id.to_string(),
            name: organisation.name.clone(),
            external: organisation.external,
            contacts: to_json(&organisation.contacts, STEP)?,
            removed_at: None,
        })
    })
    .await?;
    let now = micros(work.now);
    bury::<organisation::Entity>(work.tx, &delta.gone, organisation::Column::Id, || {
        organisation::ActiveModel {
            contacts: Set("[]".to_owned()),
            removed_at: Set(Some(now)),
            ..Default::default()
        }
    })
    .await
}

async fn roles(
    work: &mut Work<'_>,
    gone: &[&RoleHolding],
    new: &[&RoleHolding],
) -> Result<(), StoreError> {
    use role_holding::{ActiveModel, Column, Entity};
    for chunk in gone.chunks(BRANCHES) {
        let any = chunk.iter().fold(Condition::any(), |any, holding| {
            any.add(
                Condition::all()
                    .add(Column::ServiceId.eq(holding.service.as_str()))
                    .add(Column::Role.eq(holding.role.as_str()))
                    .add(Column::PersonId.eq(holding.person.as_str())),
            )
        });
        Entity::delete_many()
            .filter(any)
            .exec(work.tx)
            .await
            .step(STEP)?;
    }
    for chunk in new.chunks(CHUNK) {
        let rows = chunk.iter().map(|holding| ActiveModel {
            service_id: Set(holding.service.to_string()),
            role: Set(holding.role.to_string()),
            person_id: Set(holding.person.to_string()),
        });
        Entity::insert_many(rows)
            .exec_without_returning(work.tx)
            .await
            .step(STEP)?;
        work.wrote(chunk.len());
    }
    Ok(())
}

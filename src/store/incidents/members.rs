//! Who is named in a restricted incident, as rows: lists ask of all of them at once.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::super::{Step, StoreError, Tx, rows::narrow};
use crate::domain::{IncidentId, PersonId, event::Record, incident::Incident};
use entity::incident_member::{ActiveModel, Column, Entity};

/// Writes who is named in a restricted incident, and who declared it: the actor of its first record.
/// Without that record, who declared it stays as it is: written, or missing from the version before.
pub(super) async fn write_members(
    tx: &Tx,
    after: &Incident,
    first: Option<&Record>,
) -> Result<(), StoreError> {
    const STEP: &str = "write who is named in an incident";
    let incident_id = i64::from(after.id.0);
    Entity::delete_many()
        .filter(Column::IncidentId.eq(incident_id))
        .filter(Column::Member.starts_with("person:"))
        .exec(tx)
        .await
        .step(STEP)?;
    let people = after.named().into_iter().map(as_person);
    let declared = first.map(|record| as_actor(&record.actor.id));
    let rows: Vec<ActiveModel> = people
        .chain(declared)
        .map(|member| ActiveModel {
            member: Set(member),
            incident_id: Set(incident_id),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([Column::Member, Column::IncidentId])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .step(STEP)
        .map(drop)
}

/// The same of an incident whose rows were not up to date; its first record is given.
pub async fn catch_up(tx: &Tx, incident: &Incident, first: &Record) -> Result<(), StoreError> {
    use entity::incident::{Column, Entity};
    write_members(tx, incident, Some(first)).await?;
    Entity::update_many()
        .col_expr(Column::MembersSeq, Expr::value(i64::from(incident.seq)))
        .filter(Column::Id.eq(i64::from(incident.id.0)))
        .exec(tx)
        .await
        .step("write who is named in an incident")
        .map(drop)
}

/// The restricted incidents that this actor declared, or in which this person is named.
pub async fn of_member(
    conn: &impl ConnectionTrait,
    actor: &str,
    person: Option<&PersonId>,
) -> Result<Vec<IncidentId>, StoreError> {
    const STEP: &str = "see in which incidents somebody is named";
    let members = person.map(as_person).into_iter().chain([as_actor(actor)]);
    let ids: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::IncidentId)
        .filter(Column::Member.is_in(members))
        .into_tuple()
        .all(conn)
        .await
        .step(STEP)?;
    ids.into_iter()
        .map(|id| narrow(id, STEP).map(IncidentId))
        .collect()
}

/// The restricted incidents of which the rows do not say who is named in them now.
pub async fn without_members(conn: &impl ConnectionTrait) -> Result<Vec<IncidentId>, StoreError> {
    use entity::incident::{Column, Entity};
    const STEP: &str = "look for incidents of which nobody knows who is named in them";
    let ids: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Restricted.into_expr())
        .filter(
            Column::MembersSeq
                .is_null()
                .or(Expr::col(Column::MembersSeq).lt(Expr::col(Column::Seq))),
        )
        .into_tuple()
        .all(conn)
        .await
        .step(STEP)?;
    ids.into_iter()
        .map(|id| narrow(id, STEP).map(IncidentId))
        .collect()
}

fn as_person(person: &PersonId) -> String {
    format!("person:{person}")
}

fn as_actor(actor: &str) -> String {
    format!("actor:{actor}")
}

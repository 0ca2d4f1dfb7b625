//! Incidents: their logs, and a row each that says how they stand.
//!
//! The log is the truth. The row is written with it, in the same transaction, and holds what lists
//! need and the head of the chain, so that nobody can append to a log that has moved on.
//!
//! Every transaction that changes an incident takes its locks in the same order: [`lock`] (of
//! several incidents, the lowest number first), or [`next_id`] for a new one; then its other
//! tables; then [`append`], which locks the event stream until the commit.

mod list;
mod log;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

use super::{
    Step, StoreError, Tx,
    counters::{Counter, take},
    rows::{micros, narrow},
};
use crate::domain::{IncidentId, Time, incident::Incident};

pub use list::{Filter, Summary, SummaryPage, Visible, list, summary};
pub use log::{Erasure, StoredRecord, StreamedRecord, erase, events_after, last_stream_id, log};

/// A record that is to be appended. Its text is what is hashed, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Position within the incident, from 1.
    pub seq: u32,
    /// When it happened.
    pub at: Time,
    /// The record as JSON.
    pub text: String,
    /// Hash of the record before it.
    pub prev_hash: String,
    /// Hash over the hash before and the text.
    pub hash: String,
}

/// The end of an incident's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Position of the last record.
    pub seq: u32,
    /// Its hash.
    pub hash: String,
    /// The incident's revision after it.
    pub revision: u32,
}

/// Takes the number of a new incident. If the transaction is rolled back, the next one gets it.
pub async fn next_id(tx: &Tx) -> Result<IncidentId, StoreError> {
    let number = take(tx, Counter::Incident, 1).await?;
    Ok(IncidentId(narrow(number, "number an incident")?))
}

/// Locks an incident until the transaction ends, and says where its log ends; `None` if there is
/// no such incident. Read the log after this, not before.
pub async fn lock(tx: &Tx, id: IncidentId) -> Result<Option<Head>, StoreError> {
    const STEP: &str = "lock an incident";
    let found = entity::incident::Entity::find_by_id(i64::from(id.0))
        // PostgreSQL locks the row; on SQLite the transaction holds the whole database already.
        .lock_exclusive()
        .one(tx)
        .await
        .step(STEP)?;
    found
        .map(|row| {
            Ok(Head {
                seq: narrow(row.seq, STEP)?,
                hash: row.hash,
                revision: narrow(row.revision, STEP)?,
            })
        })
        .transpose()
}

/// Appends records to an incident's log and brings its row up to `after`, the incident with them
/// folded in. Returns the position of the last one in the event stream.
///
/// If the log has moved on since it was read, the error is a unique violation and nothing may be
/// committed. No records, or records out of order, are an error.
pub async fn append(tx: &Tx, after: &Incident, records: &[NewRecord]) -> Result<u64, StoreError> {
    const STEP: &str = "append to the log of an incident";
    let [first, ..] = records else {
        return Err(StoreError::refused(STEP, "There is nothing to append."));
    };
    let follow = records
        .windows(2)
        .all(|pair| pair[0].seq + 1 == pair[1].seq && pair[0].hash == pair[1].prev_hash);
    let last = &records[records.len() - 1];
    if !follow || first.seq == 0 || after.seq != last.seq {
        return Err(StoreError::refused(STEP, "The records are out of order."));
    }
    write_row(tx, after, first, last).await?;
    write_services(tx, after).await?;

    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    let last_id = take(tx, Counter::Event, count).await?;
    let rows = records
        .iter()
        .zip(last_id - count + 1..)
        .map(|(record, stream_id)| entity::event::ActiveModel {
            stream_id: Set(stream_id),
            incident_id: Set(i64::from(after.id.0)),
            seq: Set(i64::from(record.seq)),
            at: Set(micros(record.at)),
            text: Set(record.text.clone()),
            prev_hash: Set(record.prev_hash.clone()),
            hash: Set(record.hash.clone()),
            erased_at: Set(None),
            erased_because: Set(None),
        });
    entity::event::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await
        .step(STEP)?;
    narrow(last_id, STEP)
}

/// Makes the incident's row, or brings it up to date if its log ends where `first` begins.
async fn write_row(
    tx: &Tx,
    after: &Incident,
    first: &NewRecord,
    last: &NewRecord,
) -> Result<(), StoreError> {
    const STEP: &str = "write the present state of an incident";
    use entity::incident::{ActiveModel, Column, Entity, Model};
    let row = Model {
        id: i64::from(after.id.0),
        title: after.title.clone(),
        priority: after.priority.to_string(),
        kind: after.kind.as_str().to_owned(),
        stage: after.stage.as_str().to_owned(),
        is_open: after.stage.is_open(),
        restricted: after.restricted,
        exercise: after.exercise,
        revision: i64::from(after.revision),
        seq: i64::from(last.seq),
        hash: last.hash.clone(),
        started_at: micros(after.started_at),
        declared_at: micros(after.declared_at),
        changed_at: micros(last.at),
        resolved_at: after.resolved_at.map(micros),
        ended_at: after.ended_at.map(micros),
        next_due: after.next_promise().map(|(due, _)| micros(due)),
    };
    if first.seq == 1 {
        return Entity::insert(row.into_active_model())
            .exec_without_returning(tx)
            .await
            .step(STEP)
            .map(drop);
    }
    let id = row.id;
    let changed = Entity::update_many()
        .set(ActiveModel {
            id: sea_orm::ActiveValue::NotSet,
            ..row.into_active_model().reset_all()
        })
        .filter(Column::Id.eq(id))
        .filter(Column::Seq.eq(i64::from(first.seq) - 1))
        .filter(Column::Hash.eq(&*first.prev_hash))
        .exec(tx)
        .await
        .step(STEP)?;
    if changed.rows_affected == 1 {
        Ok(())
    } else {
        Err(sea_orm::DbErr::RecordNotUpdated).step(STEP)
    }
}

async fn write_services(tx: &Tx, after: &Incident) -> Result<(), StoreError> {
    const STEP: &str = "write the services of an incident";
    use entity::incident_service::{ActiveModel, Column, Entity};
    let incident_id = i64::from(after.id.0);
    Entity::delete_many()
        .filter(Column::IncidentId.eq(incident_id))
        .exec(tx)
        .await
        .step(STEP)?;
    let rows = after
        .services
        .iter()
        .map(|(service, relation)| ActiveModel {
            incident_id: Set(incident_id),
            service_id: Set(service.to_string()),
            relation: Set(relation.as_str().to_owned()),
        });
    Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await
        .step(STEP)
        .map(drop)
}

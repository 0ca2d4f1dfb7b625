//! Incidents: their logs, and a row each that says how they stand.
//!
//! The log is the truth. The row is written with it, in the same transaction, and holds what lists
//! need and the head of the chain, so that nobody can append to a log that has moved on.
//!
//! Every transaction that changes an incident takes its locks in the same order: [`lock`] (of
//! several incidents, the lowest number first), or [`next_id`] for a new one; then its other
//! tables. The event stream is locked by the commit itself, as the last thing before it: a long
//! transaction holds up no other incident, but a long declaration holds up other declarations.

mod list;
mod log;
mod members;

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::Expr,
};

use super::{
    Step, StoreError, Tx,
    counters::{Counter, take},
    rows::{micros, narrow},
};
use crate::domain::{IncidentId, chain, event::Record, incident::Incident};

pub use list::{
    Filter, Open, Summary, SummaryPage, Unread, Visible, all_ids, awaiting_the_clock,
    is_restricted, list, open, restricted, summary,
};
pub use log::{
    Erasure, StoredRecord, StreamedRecord, erase, events_after, events_to_count, last_record,
    last_stream_id, log, log_and_head, log_from, record_before,
};

pub use members::{catch_up, of_member, without_members};

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

/// Who declares waits so long for another declaration, which may tell very many people: longer than for
/// other locks, because each incident has a number and none is left out.
const DECLARATION: Duration = Duration::from_secs(25);

/// Takes the number of a new incident. If the transaction is rolled back, the next one gets it.
pub async fn next_id(tx: &Tx) -> Result<IncidentId, StoreError> {
    const STEP: &str = "wait for the number of an incident";
    tx.wait_for_locks(Some(DECLARATION)).await.step(STEP)?;
    let number = take(tx, Counter::Incident, 1).await?;
    tx.wait_for_locks(None).await.step(STEP)?;
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
/// folded in. `head` is what [`lock`] gave; `None` for a new incident. The records get their places in
/// the event stream, and can be read, when the transaction is committed.
///
/// If the log has moved on since, the error is a unique violation and nothing may be committed.
/// No records, or records out of order, are an error.
pub async fn append(
    tx: &Tx,
    head: Option<&Head>,
    after: &Incident,
    records: &[Record],
) -> Result<(), StoreError> {
    const STEP: &str = "append to the log of an incident";
    let id = i64::from(after.id.0);
    let (mut seq, mut hash) = match head {
        Some(head) => (head.seq, head.hash.clone()),
        None => (0, chain::GENESIS.to_owned()),
    };
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        seq += 1;
        if record.seq != seq {
            return Err(StoreError::refused(STEP, "The records are out of order."));
        }
        let text =
            chain::stored_text(record).map_err(|error| StoreError::unreadable(STEP, error))?;
        let prev_hash = std::mem::take(&mut hash);
        hash = chain::link(&prev_hash, &text);
        rows.push(entity::event::Model {
            // Handed out when all else is written.
            stream_id: 0,
            incident_id: id,
            seq: i64::from(record.seq),
            at: micros(record.at),
            text,
            prev_hash,
            hash: hash.clone(),
            erased_at: None,
            erased_because: None,
        });
    }
    let Some(last) = rows.last().filter(|_| after.seq == seq) else {
        return Err(StoreError::refused(STEP, "There is nothing to append."));
    };
    write_row(tx, head, after, last).await?;
    write_services(tx, after).await?;
    if after.restricted {
        let declaration = records.first().filter(|_| head.is_none());
        members::write_members(tx, after, declaration).await?;
    }
    tx.number_last(rows);
    Ok(())
}

/// Gives records their places in the event stream, which is locked until the transaction ends, and
/// writes them.
pub(super) async fn number(tx: &Tx, mut rows: Vec<entity::event::Model>) -> Result<(), StoreError> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let last_id = take(tx, Counter::Event, count).await?;
    for (row, stream_id) in rows.iter_mut().zip(last_id - count + 1..) {
        row.stream_id = stream_id;
    }
    entity::event::Entity::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
        .exec_without_returning(tx)
        .await
        .step("write the log of an incident")
        .map(drop)
}

/// Makes the incident's row, or brings it up to date if its log still ends at `head`.
async fn write_row(
    tx: &Tx,
    head: Option<&Head>,
    after: &Incident,
    last: &entity::event::Model,
) -> Result<(), StoreError> {
    const STEP: &str = "write the present state of an incident";
    use entity::incident::{ActiveModel, Column, Entity, Model};
    let row = Model {
        id: i64::from(after.id.0),
        // PostgreSQL's text cannot hold a NUL; in the log, which is JSON, it is escaped.
        title: after.title.replace('\0', "\u{fffd}"),
        priority: after.priority.to_string(),
        kind: after.kind.as_str().to_owned(),
        stage: after.stage.as_str().to_owned(),
        is_open: after.stage.is_open(),
        restricted: after.restricted,
        exercise: after.exercise,
        revision: i64::from(after.revision),
        seq: last.seq,
        hash: last.hash.clone(),
        started_at: micros(after.started_at),
        declared_at: micros(after.declared_at),
        changed_at: last.at,
        resolved_at: after.resolved_at.map(micros),
        ended_at: after.ended_at.map(micros),
        next_due: after.next_promise().map(|(due, _)| micros(due)),
        members_seq: after.restricted.then_some(last.seq),
    };
    let Some(head) = head else {
        return Entity::insert(row.into_active_model())
            .exec_without_returning(tx)
            .await
            .step(STEP)
            .map(drop);
    };
    let id = row.id;
    // The version before does not write who declared an incident, and the first record is not at hand
    // here. Where the column is empty it stays so, until all who are named are written (`catch_up`).
    let members_seq = Expr::case(Column::MembersSeq.is_not_null(), last.seq);
    let changed = Entity::update_many()
        .set(ActiveModel {
            id: NotSet,
            members_seq: NotSet,
            ..row.into_active_model().reset_all()
        })
        .col_expr(Column::MembersSeq, members_seq.into())
        .filter(Column::Id.eq(id))
        .filter(Column::Seq.eq(i64::from(head.seq)))
        .filter(Column::Hash.eq(&*head.hash))
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

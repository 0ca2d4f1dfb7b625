//! Reading logs: one incident's, or the stream of all; and erasing what must not be kept.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    sea_query::Expr,
};

use super::super::{
    Step, StoreError, Tx,
    counters::{self, Counter},
    rows::{instant_or_epoch, micros, narrow, statement},
};
use crate::domain::{IncidentId, Time, chain, event::Record, stored};

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Position in the stream of all incidents: no gaps, and later is greater.
    pub stream_id: u64,
    /// Position within the incident, from 1.
    pub seq: u32,
    /// When it happened.
    pub at: Time,
    /// The record as it was hashed; after an erasure the SHA-256 of that, hex.
    pub text: String,
    /// Hash of the record before it.
    pub prev_hash: String,
    /// Hash over the hash before and the text as it was.
    pub hash: String,
    /// Set when the text was erased. The chain can still be followed; what this record
    /// said cannot be read any more.
    pub erased: Option<Erasure>,
}

impl StoredRecord {
    /// As a link of the chain, for `chain::verify`.
    pub fn link(&self) -> chain::Link<'_> {
        chain::Link {
            seq: self.seq,
            text: &self.text,
            erased: self.erased.is_some(),
            hash: &self.hash,
        }
    }

    /// What it says; `None` if it was erased.
    pub fn record(&self) -> Result<Option<Record>, StoreError> {
        match self.erased {
            Some(_) => Ok(None),
            None => stored::read(&self.text)
                .map(Some)
                .map_err(|error| StoreError::unreadable("read a record of an incident", error)),
        }
    }
}

/// That, and why, a record was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// When.
    pub at: Time,
    /// Why, as a sentence.
    pub because: String,
}

/// A record of the stream of all incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamedRecord {
    /// Of which incident.
    pub incident: IncidentId,
    /// Whether only named people may know of that incident.
    pub restricted: bool,
    /// The record.
    pub record: StoredRecord,
}

/// The log of an incident from its first record; empty if there is no such incident.
pub async fn log(
    conn: &impl ConnectionTrait,
    id: IncidentId,
) -> Result<Vec<StoredRecord>, StoreError> {
    const STEP: &str = "read the log of an incident";
    use entity::event::{Column, Entity};
    Entity::find()
        .filter(Column::IncidentId.eq(i64::from(id.0)))
        .order_by_asc(Column::Seq)
        .all(conn)
        .await
        .step(STEP)?
        .into_iter()
        .map(|row| record(row, STEP))
        .collect()
}

/// The log of an incident, and where the incident's row says that it ends: both as they stood at one
/// moment. `None` if there is no such incident.
pub async fn log_and_head(
    conn: &impl ConnectionTrait,
    id: IncidentId,
) -> Result<Option<(Vec<StoredRecord>, chain::Head)>, StoreError> {
    const STEP: &str = "read the log of an incident and its head";
    #[derive(FromQueryResult)]
    struct Row {
        #[sea_orm(nested)]
        event: Option<entity::event::Model>,
        head_seq: i64,
        head_hash: String,
    }
    let rows = Row::find_by_statement(statement(
        conn,
        "SELECT event.*, incident.seq AS head_seq, incident.hash AS head_hash FROM incident \
         LEFT JOIN event ON event.incident_id = incident.id \
         WHERE incident.id = $1 ORDER BY event.seq",
        [i64::from(id.0).into()],
    ))
    .all(conn)
    .await
    .step(STEP)?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let head = chain::Head {
        seq: narrow(first.head_seq, STEP)?,
        hash: first.head_hash.clone(),
    };
    let log = rows
        .into_iter()
        .filter_map(|row| row.event)
        .map(|event| record(event, STEP))
        .collect::<Result<_, _>>()?;
    Ok(Some((log, head)))
}

/// The record that the log of an incident ends with; `None` if there is no such incident.
pub async fn last_record(
    conn: &impl ConnectionTrait,
    id: IncidentId,
) -> Result<Option<chain::Head>, StoreError> {
    const STEP: &str = "look where the log of an incident ends";
    let found = entity::incident::Entity::find_by_id(i64::from(id.0))
        .one(conn)
        .await
        .step(STEP)?;
    found
        .map(|row| {
            Ok(chain::Head {
                seq: narrow(row.seq, STEP)?,
                hash: row.hash,
            })
        })
        .transpose()
}

/// The record that one of an incident follows; `None` if it is the first.
pub async fn record_before(
    conn: &impl ConnectionTrait,
    id: IncidentId,
    seq: u32,
) -> Result<Option<chain::Head>, StoreError> {
    const STEP: &str = "look at the record before one";
    use entity::event::{Column, Entity};
    let found = Entity::find()
        .filter(Column::IncidentId.eq(i64::from(id.0)))
        .filter(Column::Seq.eq(i64::from(seq) - 1))
        .one(conn)
        .await
        .step(STEP)?;
    Ok(found.map(|row| chain::Head {
        seq: seq - 1,
        hash: row.hash,
    }))
}

/// The records of an incident from one on, and with them any that was erased, whatever its number:
/// whoever knows those before learns so that they do not hold any more.
pub async fn log_from(
    conn: &impl ConnectionTrait,
    id: IncidentId,
    seq: u32,
) -> Result<Vec<StoredRecord>, StoreError> {
    const STEP: &str = "read on in the log of an incident";
    // Two looks, each by an index: with an OR, or without the plus, SQLite reads the whole log. For
    // PostgreSQL the plus would hide the index.
    let plus = match conn.get_database_backend() {
        DbBackend::Postgres => "",
        _ => "+",
    };
    let sql = format!(
        "SELECT * FROM event WHERE incident_id = $1 AND seq >= $2 UNION \
         SELECT * FROM event WHERE {plus}incident_id = $1 AND erased_at IS NOT NULL ORDER BY seq"
    );
    let values = [i64::from(id.0).into(), i64::from(seq).into()];
    entity::event::Model::find_by_statement(statement(conn, &sql, values))
        .all(conn)
        .await
        .step(STEP)?
        .into_iter()
        .map(|row| record(row, STEP))
        .collect()
}

/// At most `limit` records of all incidents after a position, restricted ones among them: who may
/// see those is the caller's to say.
pub async fn events_after(
    conn: &impl ConnectionTrait,
    stream_id: u64,
    limit: u32,
) -> Result<Vec<StreamedRecord>, StoreError> {
    const STEP: &str = "read the event stream";
    #[derive(FromQueryResult)]
    struct Row {
        #[sea_orm(nested)]
        event: entity::event::Model,
        restricted: bool,
    }
    let after = i64::try_from(stream_id).unwrap_or(i64::MAX);
    let rows = Row::find_by_statement(statement(
        conn,
        "SELECT event.*, incident.restricted FROM event \
         JOIN incident ON incident.id = event.incident_id \
         WHERE event.stream_id > $1 ORDER BY event.stream_id LIMIT $2",
        [after.into(), i64::from(limit).into()],
    ))
    .all(conn)
    .await
    .step(STEP)?;
    rows.into_iter()
        .map(|row| {
            Ok(StreamedRecord {
                incident: IncidentId(narrow(row.event.incident_id, STEP)?),
                restricted: row.restricted,
                record: record(row.event, STEP)?,
            })
        })
        .collect()
}

/// Position of the newest record of all; 0 if there is none.
pub async fn last_stream_id(conn: &impl ConnectionTrait) -> Result<u64, StoreError> {
    narrow(
        counters::last(conn, Counter::Event).await?,
        "look at the event stream",
    )
}

/// How many records there are of incidents that are not restricted.
pub async fn events_to_count(conn: &impl ConnectionTrait) -> Result<u64, StoreError> {
    const STEP: &str = "count the events";
    // In one statement, or a number that was handed out in between would show.
    let sql = "SELECT CAST(value - (SELECT COALESCE(SUM(seq), 0) FROM incident WHERE restricted) \
               AS BIGINT) AS events FROM counter WHERE name = 'event'";
    let row = conn
        .query_one_raw(statement(conn, sql, []))
        .await
        .step(STEP)?;
    match row {
        Some(row) => narrow(row.try_get("", "events").step(STEP)?, STEP),
        None => Ok(0),
    }
}

/// Replaces what a record said by its SHA-256, for good. False if there is no such record, or it
/// was erased before. Copies in backups are not reached.
pub async fn erase(
    tx: &Tx,
    id: IncidentId,
    seq: u32,
    at: Time,
    because: &str,
) -> Result<bool, StoreError> {
    const STEP: &str = "erase a record";
    use entity::event::{Column, Entity};
    let found = Entity::find()
        .filter(Column::IncidentId.eq(i64::from(id.0)))
        .filter(Column::Seq.eq(i64::from(seq)))
        .filter(Column::ErasedAt.is_null())
        .one(tx)
        .await
        .step(STEP)?;
    let Some(row) = found else { return Ok(false) };
    let changed = Entity::update_many()
        .col_expr(Column::Text, Expr::value(chain::digest(&row.text)))
        .col_expr(Column::ErasedAt, Expr::value(micros(at)))
        .col_expr(Column::ErasedBecause, Expr::value(because))
        .filter(Column::StreamId.eq(row.stream_id))
        .filter(Column::ErasedAt.is_null())
        .exec(tx)
        .await
        .step(STEP)?;
    Ok(changed.rows_affected == 1)
}

fn record(row: entity::event::Model, step: &'static str) -> Result<StoredRecord, StoreError> {
    let because = row.erased_because;
    let erased = row.erased_at.map(|at| Erasure {
        at: instant_or_epoch(at),
        because: because.unwrap_or_default(),
    });
    Ok(StoredRecord {
        stream_id: narrow(row.stream_id, step)?,
        seq: narrow(row.seq, step)?,
        at: instant_or_epoch(row.at),
        text: row.text,
        prev_hash: row.prev_hash,
        hash: row.hash,
        erased,
    })
}

//! The channels in chat that incidents have to themselves.
//!
//! A row says that one is wanted, and how far it is. Whoever looks after it holds a lease with a
//! token, and writes down each step as soon as it is done; without the lease nothing is written.

use std::{collections::BTreeSet, fmt};

use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

use super::{
    Step, StoreError,
    rows::{from_json, instant, micros, narrow, parse, statement, to_json},
};
use crate::domain::{Address, ChannelName, IncidentId, Time};
use entity::room::{ActiveModel, Column, Entity, Model};

/// What there is of a room.
#[derive(Clone, PartialEq, Eq)]
pub struct Room {
    /// Whose it is.
    pub incident: IncidentId,
    /// On which channel.
    pub channel: ChannelName,
    /// What it is called, or will be.
    pub name: String,
    /// How many names before were taken by others.
    pub taken: u32,
    /// Its address; `None` while it is not made.
    pub address: Option<Address>,
    /// What stands above it.
    pub topic: String,
    /// Those who were asked in.
    pub invited: BTreeSet<Address>,
    /// The other side's ids of the posts below which it is pointed to.
    pub pointed: BTreeSet<String>,
    /// Tries in vain, one after the other.
    pub attempts: u32,
    /// When it was wanted.
    pub created_at: Time,
}

/// Shows no addresses.
impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room")
            .field("incident", &self.incident)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The right to look after a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Whose it is.
    pub token: String,
    /// Until when.
    pub until: Time,
}

/// What comes after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// Position of the last event that it is up to; `None` if something is still to do.
    pub seen: Option<u32>,
    /// Tries in vain, one after the other.
    pub attempts: u32,
    /// Not to be looked after before.
    pub at: Time,
}

/// Wants a room for an incident, to be called so. One that is wanted already stays as it is.
pub async fn want(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    channel: &ChannelName,
    name: &str,
    now: Time,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        incident_id: Set(i64::from(incident.0)),
        channel: Set(channel.to_string()),
        name: Set(name.to_owned()),
        taken: Set(0),
        address: Set(None),
        topic: Set(String::new()),
        invited: Set("[]".to_owned()),
        pointed: Set("[]".to_owned()),
        seen_seq: Set(0),
        attempts: Set(0),
        next_at: Set(micros(now)),
        lease_token: Set(String::new()),
        lease_until: Set(0),
        created_at: Set(micros(now)),
    };
    let stays = OnConflict::column(Column::IncidentId)
        .do_nothing()
        .to_owned();
    Entity::insert(row)
        .on_conflict(stays)
        .exec_without_returning(conn)
        .await
        .step("want a room")
        .map(drop)
}

/// A room that is still behind so long after its incident changed last is given up.
const LOOKED_AFTER: TimeDelta = TimeDelta::days(30);

/// Incidents whose room on this channel is behind them, the longest due first; none that somebody
/// looks after, and none of which nothing has happened for a month.
pub async fn due(
    conn: &impl ConnectionTrait,
    channel: &ChannelName,
    now: Time,
    limit: u32,
) -> Result<Vec<IncidentId>, StoreError> {
    const STEP: &str = "look for rooms to look after";
    // Begins with the incidents that changed lately: SQLite keeps to the order of a CROSS JOIN.
    let sql = "SELECT r.incident_id FROM incident i CROSS JOIN room r \
               WHERE i.changed_at > $4 AND r.incident_id = i.id \
               AND r.channel = $1 AND r.seen_seq < i.seq AND r.next_at <= $2 AND r.lease_until <= $2 \
               ORDER BY r.next_at, r.incident_id LIMIT $3";
    let values = [
        channel.as_str().into(),
        micros(now).into(),
        i64::from(limit).into(),
        micros(now - LOOKED_AFTER).into(),
    ];
    let found = conn.query_all_raw(statement(conn, sql, values)).await;
    let read = |row: &sea_orm::QueryResult| {
        let id: i64 = row.try_get_by_index(0).step(STEP)?;
        narrow(id, STEP).map(IncidentId)
    };
    found.step(STEP)?.iter().map(read).collect()
}

/// Takes a room to look after; `None` if somebody else did.
pub async fn claim(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    lease: &Lease,
    now: Time,
) -> Result<Option<Room>, StoreError> {
    const STEP: &str = "take a room to look after";
    let taken = Entity::update_many()
        .col_expr(Column::LeaseToken, Expr::value(lease.token.as_str()))
        .col_expr(Column::LeaseUntil, Expr::value(micros(lease.until)))
        .filter(Column::IncidentId.eq(i64::from(incident.0)))
        .filter(Column::NextAt.lte(micros(now)))
        .filter(Column::LeaseUntil.lte(micros(now)))
        .exec(conn)
        .await
        .step(STEP)?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    let row = Entity::find()
        .filter(Column::IncidentId.eq(i64::from(incident.0)))
        .filter(Column::LeaseToken.eq(lease.token.as_str()))
        .one(conn)
        .await
        .step(STEP)?;
    row.map(|row| read(row, STEP)).transpose()
}

/// Writes down how far a room is, and holds it longer. False if the lease was lost: then nothing is
/// written, and nothing more is to be done.
pub async fn keep(
    conn: &impl ConnectionTrait,
    room: &Room,
    lease: &Lease,
) -> Result<bool, StoreError> {
    const STEP: &str = "write down how far a room is";
    let invited: Vec<&str> = room.invited.iter().map(Address::as_str).collect();
    let address = room.address.as_ref().map(|it| it.as_str().to_owned());
    let kept = Entity::update_many()
        .col_expr(Column::Name, Expr::value(room.name.as_str()))
        .col_expr(Column::Taken, Expr::value(i64::from(room.taken)))
        .col_expr(Column::Address, Expr::value(address))
        .col_expr(Column::Topic, Expr::value(room.topic.as_str()))
        .col_expr(Column::Invited, Expr::value(to_json(&invited, STEP)?))
        .col_expr(Column::Pointed, Expr::value(to_json(&room.pointed, STEP)?))
        .col_expr(Column::LeaseUntil, Expr::value(micros(lease.until)))
        .filter(Column::IncidentId.eq(i64::from(room.incident.0)))
        .filter(Column::LeaseToken.eq(lease.token.as_str()))
        .exec(conn)
        .await
        .step(STEP)?;
    Ok(kept.rows_affected > 0)
}

/// Gives a room back, if it is still held.
pub async fn release(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    lease: &Lease,
    next: Next,
) -> Result<(), StoreError> {
    let mut update = Entity::update_many()
        .col_expr(Column::Attempts, Expr::value(i64::from(next.attempts)))
        .col_expr(Column::NextAt, Expr::value(micros(next.at)))
        .col_expr(Column::LeaseToken, Expr::value(""))
        .col_expr(Column::LeaseUntil, Expr::value(0_i64));
    if let Some(seen) = next.seen {
        update = update.col_expr(Column::SeenSeq, Expr::value(i64::from(seen)));
    }
    update
        .filter(Column::IncidentId.eq(i64::from(incident.0)))
        .filter(Column::LeaseToken.eq(lease.token.as_str()))
        .exec(conn)
        .await
        .step("give a room back")
        .map(drop)
}

/// The incident whose room this is.
pub async fn incident_at(
    conn: &impl ConnectionTrait,
    channel: &ChannelName,
    address: &str,
) -> Result<Option<IncidentId>, StoreError> {
    const STEP: &str = "look whose room it is";
    let row = Entity::find()
        .filter(Column::Channel.eq(channel.as_str()))
        .filter(Column::Address.eq(address))
        .one(conn)
        .await
        .step(STEP)?;
    row.map(|row| narrow(row.incident_id, STEP).map(IncidentId))
        .transpose()
}

fn read(row: Model, step: &'static str) -> Result<Room, StoreError> {
    Ok(Room {
        incident: IncidentId(narrow(row.incident_id, step)?),
        channel: parse(&row.channel, step)?,
        name: row.name,
        taken: narrow(row.taken, step)?,
        address: row.address.as_deref().map(Address::new),
        topic: row.topic,
        invited: from_json(&row.invited, step)?,
        pointed: from_json(&row.pointed, step)?,
        attempts: narrow(row.attempts, step)?,
        created_at: instant(row.created_at, step)?,
    })
}

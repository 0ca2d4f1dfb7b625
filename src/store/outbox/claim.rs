//! Taking deliveries to be sent now, keeping them, and giving them back.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::sql::{Reader, among, column, for_update_skip_locked, json, micros, rows, run};
use crate::{
    domain::{
        Address, Audience, ChannelName, DeliveryId, IncidentId, MessageId, NotificationId, Time,
        ask::Ask, notification::Moment,
    },
    store::{
        Step, StoreError,
        faults::{self, NewFault},
    },
};

/// What the fault is filed under that deliveries cannot be read.
pub const UNREAD: &str = "delivery:unread";

/// Those are looked at again after so long.
const UNREAD_WAIT: TimeDelta = TimeDelta::minutes(1);

/// A delivery that this process is about to send, and nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The delivery.
    pub id: DeliveryId,
    /// Its notification.
    pub notification: NotificationId,
    /// Its words.
    pub message: MessageId,
    /// About which incident.
    pub incident: Option<IncidentId>,
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// To where.
    pub address: Address,
    /// The lane.
    pub lane: String,
    /// What goes first; 0 is urgent.
    pub rank: u32,
    /// Whether the priority is the gravest.
    pub urgent: bool,
    /// Tries that count, this one included.
    pub attempts: u32,
    /// Whether an earlier try may have got it out.
    pub unsure: bool,
    /// Whether it goes in plain text.
    pub plain: bool,
    /// Whether it is the first of its incident, channel and address.
    pub first: bool,
    /// Not to be sent after.
    pub deliver_by: Time,
    /// When the first try was made.
    pub wire_date: Time,
    /// Digest of the bytes of the first try, if they are known; see
    /// [`wire_digest`](super::wire_digest).
    pub wire_sha256: Option<String>,
    /// Names of the recipients.
    pub name: String,
    /// The reason line.
    pub reason: String,
    /// What is asked of them.
    pub asks: Option<Ask>,
    /// The lease under which it is held.
    pub lease_token: String,
    /// Whether another channel stands in for it, or it for another.
    pub related: bool,
}

const COLUMNS: &str = "id, notification_id, message_id, incident, moment, audience, channel, \
     address, lane, rank, urgent, attempts, unsure, plain, first, deliver_by, wire_date, \
     wire_sha256, name, reason, asks, lease_token, fell_from IS NOT NULL OR fallbacks IS NOT NULL AS related";

/// What may be claimed: word for word the condition of the index `delivery_due`.
pub(super) const CLAIMABLE: &str = "state IN ('ready', 'uncertain') AND blocked_by IS NULL";

/// Whose turn it is within a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Rank 0: the gravest priority, and whatever goes to leads.
    Urgent,
    /// All others.
    Rest,
}

/// Takes up to `limit` deliveries of a lane that are due, the gravest and longest waiting first,
/// under the lease `token` until `until`.
pub async fn claim(
    conn: &impl ConnectionTrait,
    lane: &str,
    share: Share,
    limit: usize,
    token: &str,
    until: Time,
    now: Time,
) -> Result<Vec<Claimed>, StoreError> {
    const STEP: &str = "claim deliveries";
    let (rank, order) = match share {
        // With a single rank the order is the index's own, so that nothing is sorted.
        Share::Urgent => ("rank = 0", "next_at, id"),
        Share::Rest => ("rank > 0", "rank, next_at, id"),
    };
    // For a bare parameter as limit SQLite compiles the statement anew each time.
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT id AS due_id FROM delivery WHERE {CLAIMABLE} \
           AND lane = $1 AND {rank} AND next_at <= $2 AND deliver_by > $2 \
           ORDER BY {order} LIMIT CAST($3 AS BIGINT) {lock}) \
         UPDATE delivery SET state = 'sending', attempts = attempts + 1, lease_token = $4, \
         lease_until = $5, next_at = NULL, wire_date = COALESCE(wire_date, $2) \
         FROM due WHERE id = due_id RETURNING {COLUMNS}",
        lock = for_update_skip_locked(conn.get_database_backend()),
    );
    let found = rows(
        conn,
        STEP,
        &sql,
        vec![
            lane.into(),
            micros(now).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
            token.into(),
            micros(until).into(),
        ],
    )
    .await?;
    let (mut claimed, mut unread) = (Vec::with_capacity(found.len()), Vec::new());
    for row in &found {
        match read(row, STEP) {
            Ok(row) => claimed.push(row),
            Err(error) => unread.push((row.try_get_by_index::<String>(0).step(STEP)?, error)),
        }
    }
    if !unread.is_empty() {
        put_off(conn, &unread, token, now).await?;
    }
    claimed.sort_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
    Ok(claimed)
}

/// Lets those that cannot be read wait, so that they do not keep all others from being sent: a newer
/// version wrote them, and is wanted to send them.
async fn put_off(
    conn: &impl ConnectionTrait,
    unread: &[(String, StoreError)],
    token: &str,
    now: Time,
) -> Result<(), StoreError> {
    let ids: Vec<&str> = unread.iter().map(|(id, _)| id.as_str()).collect();
    give_back(conn, json(&ids)?, token, now + UNREAD_WAIT).await?;
    let detail = unread.first().map(|(_, error)| error.source.to_string());
    let fault = NewFault {
        key: UNREAD,
        sentence: "Messages wait that this version of Oyez cannot read, so it does not send them. If a \
                   newer version wrote them, run that version again.",
        detail: detail.as_deref().unwrap_or_default(),
        incident: None,
    };
    faults::record(conn, fault, now).await
}

fn read(row: &QueryResult, step: &'static str) -> Result<Claimed, StoreError> {
    let mut row = Reader::new(row, step);
    Ok(Claimed {
        id: row.parse()?,
        notification: row.parse()?,
        message: row.parse()?,
        incident: row
            .get::<Option<i64>>()?
            .and_then(|id| u32::try_from(id).ok())
            .map(IncidentId),
        moment: row.parse()?,
        audience: row.parse()?,
        channel: row.parse()?,
        address: Address::new(&row.get::<String>()?),
        lane: row.get()?,
        rank: row.count()?,
        urgent: row.get()?,
        attempts: row.count()?,
        unsure: row.get()?,
        plain: row.get()?,
        first: row.get()?,
        deliver_by: row.time()?,
        wire_date: row.time()?,
        wire_sha256: row.get()?,
        name: row.get()?,
        reason: row.get()?,
        asks: row.parse_or_none()?,
        lease_token: row.get()?,
        related: row.get()?,
    })
}

/// Lanes with something due now.
pub async fn due_lanes(conn: &impl ConnectionTrait, now: Time) -> Result<Vec<String>, StoreError> {
    // Jumps from lane to lane in the index instead of reading all that waits.
    let sql = format!(
        "WITH RECURSIVE hop (lane) AS ( \
           SELECT MIN(lane) FROM delivery WHERE {CLAIMABLE} \
           UNION ALL SELECT (SELECT MIN(d.lane) FROM delivery d WHERE \
             d.state IN ('ready', 'uncertain') AND d.blocked_by IS NULL AND d.lane > hop.lane) \
           FROM hop WHERE hop.lane IS NOT NULL) \
         SELECT lane FROM hop WHERE lane IS NOT NULL AND EXISTS (SELECT 1 FROM delivery d WHERE \
           d.state IN ('ready', 'uncertain') AND d.blocked_by IS NULL AND d.lane = hop.lane \
           AND d.next_at <= $1)"
    );
    column(conn, "look for what is due", &sql, vec![micros(now).into()]).await
}

/// Keeps all leases of a token until `until`. Says how many there are.
pub async fn extend(
    conn: &impl ConnectionTrait,
    token: &str,
    until: Time,
) -> Result<u64, StoreError> {
    run(
        conn,
        "extend the leases",
        "UPDATE delivery SET lease_until = $1 WHERE lease_token = $2 AND state = 'sending'",
        vec![micros(until).into(), token.into()],
    )
    .await
}

/// Gives back deliveries of which nothing has left us, as if they had never been claimed.
pub async fn release(
    conn: &impl ConnectionTrait,
    ids: &[DeliveryId],
    token: &str,
    now: Time,
) -> Result<u64, StoreError> {
    give_back(conn, json(&ids)?, token, now).await
}

/// The same, to be claimed again from a time on.
async fn give_back(
    conn: &impl ConnectionTrait,
    ids: Value,
    token: &str,
    from: Time,
) -> Result<u64, StoreError> {
    let sql = format!(
        "UPDATE delivery SET state = CASE WHEN unsure THEN 'uncertain' ELSE 'ready' END, \
         attempts = attempts - 1, lease_token = NULL, lease_until = NULL, next_at = $2 \
         WHERE id {} AND lease_token = $3 AND state = 'sending'",
        among(conn.get_database_backend(), 1)
    );
    let values = vec![ids, micros(from).into(), token.into()];
    run(conn, "give deliveries back", &sql, values).await
}

/// The lease tokens under which deliveries are being sent.
pub async fn senders(conn: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    column(
        conn,
        "look who is sending",
        "SELECT DISTINCT lease_token FROM delivery WHERE state = 'sending'",
        vec![],
    )
    .await
}

/// Deliveries that are being sent under these lease tokens.
pub async fn held_by(
    conn: &impl ConnectionTrait,
    tokens: &[String],
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    let tokens_are = format!("lease_token {}", among(conn.get_database_backend(), 1));
    leased(conn, &tokens_are, json(&tokens)?, limit).await
}

/// Deliveries whose lease ran out: whoever sent them is gone, or cut off.
pub async fn lapsed(
    conn: &impl ConnectionTrait,
    now: Time,
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    leased(conn, "lease_until < $1", micros(now).into(), limit).await
}

async fn leased(
    conn: &impl ConnectionTrait,
    condition: &str,
    value: Value,
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    const STEP: &str = "look for leases of the dead";
    let sql = format!(
        "SELECT {COLUMNS} FROM delivery WHERE state = 'sending' AND {condition} \
         ORDER BY lease_until LIMIT $2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = rows(conn, STEP, &sql, vec![value, limit.into()]).await?;
    // What cannot be read is taken over by the version that wrote it.
    Ok(found
        .iter()
        .filter_map(|row| read(row, STEP).ok())
        .collect())
}

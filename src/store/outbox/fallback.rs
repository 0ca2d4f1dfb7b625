//! Turning to the next channel: the row is written in the transaction that ends, or times out, the
//! one before.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::{
    addresses::marked,
    link::relink,
    sql::{Kind, Reader, among, column, for_update, fresh_id, json, micros, records, rows, run},
    stopped::{WAITS_TOO_LONG, stopped, stopped_by},
};
use crate::{
    domain::{
        Address, ChannelName, IncidentId, Time,
        delivery::{Fallback, NewNotification, order_key},
    },
    store::{StoreError, Tx},
};

const STEP: &str = "turn to the next channel";

/// A fallback as the row keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptFallback {
    message: String,
    pub(super) channel: ChannelName,
    #[serde(serialize_with = "Address::record")]
    pub(super) address: Address,
    pub(super) lane: String,
    /// Microseconds since 1970 in UTC.
    pub(super) deliver_by: i64,
}

impl KeptFallback {
    /// `None` if it names a message that is not there.
    pub(super) fn new(
        new: &NewNotification,
        fallback: &Fallback,
        messages: &[String],
    ) -> Option<Self> {
        Some(Self {
            message: messages.get(fallback.message)?.clone(),
            channel: new.messages.get(fallback.message)?.channel.clone(),
            address: fallback.address.clone(),
            lane: fallback.lane.clone(),
            deliver_by: micros(fallback.deliver_by),
        })
    }
}

/// A fallback about to be written.
#[derive(Serialize)]
struct Child {
    id: String,
    parent: String,
    message_id: String,
    channel: String,
    address: String,
    lane: String,
    order_key: String,
    deliver_by: i64,
    fallbacks: Option<String>,
}

const COLUMNS: [(&str, Kind); 9] = [
    ("id", Kind::Text),
    ("parent", Kind::Text),
    ("message_id", Kind::Text),
    ("channel", Kind::Text),
    ("address", Kind::Text),
    ("lane", Kind::Text),
    ("order_key", Kind::Text),
    ("deliver_by", Kind::Number),
    ("fallbacks", Kind::Text),
];

/// Why deliveries turn to their next channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// They have just come to nothing, in this transaction.
    Failed,
    /// Nothing was accepted by the time that each of them names, if that is still so.
    Slow,
    /// Their way out is stopped, if that is still so.
    Stopped,
}

/// Writes the next choice of each of these deliveries that has one left. A choice is passed over
/// if its address is flagged or its time has passed, or if its way out is stopped and a later one's is
/// not; where all are stopped, what waits for the first goes on waiting. Nothing is written if the address has this
/// notification already, or something newer. Says how many were written.
///
/// It begins with the statement that takes the deliveries, and decides on what that finds: another
/// process may have ended one since it was looked at, and something newer may have been said to its
/// readers, which takes its other choices away ([`earlier`](super::earlier)).
pub(super) async fn fall_back(
    tx: &Tx,
    parents: &[String],
    why: Why,
    now: Time,
) -> Result<usize, StoreError> {
    if parents.is_empty() {
        return Ok(0);
    }
    let engine = tx.get_database_backend();
    let is_due = match why {
        Why::Failed => "true",
        Why::Slow => {
            "fallback_at IS NOT NULL AND fallback_at <= $2 \
             AND state IN ('ready', 'sending', 'uncertain', 'held')"
        }
        Why::Stopped => WAITS_TOO_LONG,
    };
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT id AS due_id FROM delivery WHERE id {} AND {is_due} \
           AND fallbacks IS NOT NULL AND fallbacks <> '[]' \
           ORDER BY id {lock}) \
         UPDATE delivery SET fallback_at = NULL FROM due WHERE id = due_id \
         RETURNING id, incident, fallbacks",
        among(engine, 1),
        lock = for_update(engine),
    );
    let mut values = vec![json(&parents)?];
    match why {
        Why::Failed => {}
        Why::Slow => values.push(micros(now).into()),
        Why::Stopped => values.extend([micros(now).into(), stopped_by(now).into()]),
    }
    let mut found = Vec::new();
    for row in &rows(tx, STEP, &sql, values).await? {
        let mut row = Reader::new(row, STEP);
        let parent: String = row.get()?;
        found.push((parent, row.get::<Option<i64>>()?, row.json()?));
    }
    if found.is_empty() {
        return Ok(0);
    }
    found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    let (marks, stopped) = (marked(tx, now).await?, stopped(tx).await?);
    let mut used = Vec::new();
    let mut children = Vec::new();
    for (parent, incident, chain) in found {
        let chain: Vec<KeptFallback> = chain;
        let incident = incident
            .and_then(|id| u32::try_from(id).ok())
            .map(IncidentId);
        let open = chain
            .iter()
            .position(|choice| choice.is_open(&marks, &stopped, now));
        let next = match why {
            Why::Stopped if open.is_none() => continue,
            _ => open.or_else(|| chain.iter().position(|it| it.is_usable(&marks, now))),
        };
        used.push(parent.clone());
        let Some(next) = next else { continue };
        let mut chain = chain.into_iter().skip(next);
        let Some(next) = chain.next() else { continue };
        let rest: Vec<KeptFallback> = chain.collect();
        children.push(Child {
            id: fresh_id(now),
            parent,
            message_id: next.message,
            order_key: order_key(incident, &next.channel, &next.address),
            channel: next.channel.to_string(),
            address: next.address.as_str().to_owned(),
            lane: next.lane,
            deliver_by: next.deliver_by,
            fallbacks: if rest.is_empty() {
                None
            } else {
                Some(
                    serde_json::to_string(&rest)
                        .map_err(|error| StoreError::refused(STEP, error.to_string()))?,
                )
            },
        });
    }
    // The empty list remembers that the choice was used: at most once, whatever happens later.
    let sql = format!(
        "UPDATE delivery SET fallbacks = '[]', fallback_at = NULL WHERE id {}",
        among(engine, 1)
    );
    run(tx, STEP, &sql, vec![json(&used)?]).await?;
    write(tx, &children, now).await
}

async fn write(tx: &Tx, children: &[Child], now: Time) -> Result<usize, StoreError> {
    if children.is_empty() {
        return Ok(0);
    }
    let from = records(tx.get_database_backend(), 1, &COLUMNS);
    let sql = format!(
        "INSERT INTO delivery (id, notification_id, message_id, incident, event_seq, moment, \
         audience, channel, address, lane, order_key, rank, urgent, state, next_at, deliver_by, \
         attempts, unsure, plain, first, name, recipients, reason, asks, fallbacks, fell_from, \
         sentence, created_at) \
         SELECT j.id, p.notification_id, j.message_id, p.incident, p.event_seq, p.moment, \
         p.audience, j.channel, j.address, j.lane, j.order_key, p.rank, p.urgent, 'ready', $2, \
         j.deliver_by, 0, false, false, \
         NOT EXISTS (SELECT 1 FROM delivery e WHERE e.order_key = j.order_key), \
         p.name, p.recipients, p.reason, p.asks, j.fallbacks, p.id, '', $2 \
         FROM {from} JOIN delivery p ON p.id = j.parent \
         WHERE NOT EXISTS (SELECT 1 FROM delivery e WHERE e.order_key = j.order_key AND \
           (e.notification_id = p.notification_id OR (e.event_seq > p.event_seq AND (e.unsure \
            OR e.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held'))))) \
         ON CONFLICT DO NOTHING \
         RETURNING order_key"
    );
    let written: Vec<String> =
        column(tx, STEP, &sql, vec![json(&children)?, micros(now).into()]).await?;
    if written.is_empty() {
        return Ok(0);
    }
    let ids: Vec<&str> = children.iter().map(|child| child.id.as_str()).collect();
    let sql = format!(
        "UPDATE notification SET expected = expected + (SELECT COUNT(*) FROM delivery d \
           WHERE d.notification_id = notification.id AND d.id {list}) \
         WHERE id IN (SELECT d.notification_id FROM delivery d WHERE d.id {list})",
        list = among(tx.get_database_backend(), 1)
    );
    run(tx, STEP, &sql, vec![json(&ids)?]).await?;
    let keys: BTreeSet<String> = written.iter().cloned().collect();
    relink(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    Ok(written.len())
}

//! Turning to the next channel: the row is written in the transaction that ends, or times out, the
//! one before.
//!
//! One that took too long is not given up, because its channel may work again before the next one does.
//! But nobody is to be told by both, so they take turns: the one whose `fallback_at` is set is tried, the
//! other waits for it in `blocked_by`. When that time comes, the turn passes.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::{
    addresses::marked,
    enqueue::QUICK_FALLBACK,
    link::{relink, relink_these, same_words},
    recipients::{recipients_written, write_recipients},
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

/// A try that is under way when its time comes has this long to end, µs: most do, and then nobody is told
/// by two ways.
const UNDER_WAY: i64 = 10_000_000;

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
    /// Nothing was accepted by the time that each of them names, if that is still so and no try is just
    /// under way.
    Slow,
    /// Their way out is stopped, if that is still so.
    Stopped,
}

/// Writes the next choice of each of these deliveries that has one left. A choice is passed over
/// if its address is flagged or its time has passed, or if its way out is stopped and a later one's is
/// not; where all are stopped, what waits for the first goes on waiting. Nothing is written if the address
/// has this notification already, or something newer, but for a correction, which nothing newer replaces.
/// Says how many were written.
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
    let has_another = "fallbacks IS NOT NULL AND fallbacks <> '[]'";
    let is_due = match why {
        Why::Failed => has_another.to_owned(),
        Why::Slow => "fallback_at IS NOT NULL AND (state IN ('ready', 'uncertain', 'held') \
                      AND fallback_at <= $2 OR state = 'sending' AND fallback_at <= $3)"
            .to_owned(),
        Why::Stopped => format!("{WAITS_TOO_LONG} AND {has_another}"),
    };
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT id AS due_id FROM delivery WHERE id {} AND {is_due} \
           ORDER BY id {lock}) \
         UPDATE delivery SET fallback_at = NULL FROM due WHERE id = due_id \
         RETURNING id, incident, COALESCE(fallbacks, '[]'), fell_from IS NULL",
        among(engine, 1),
        lock = for_update(engine),
    );
    let mut values = vec![json(&parents)?];
    match why {
        Why::Failed => {}
        Why::Slow => values.extend([micros(now).into(), (micros(now) - UNDER_WAY).into()]),
        Why::Stopped => values.extend([micros(now).into(), stopped_by(now).into()]),
    }
    let (mut taken, mut found) = (Vec::new(), Vec::new());
    for row in &rows(tx, STEP, &sql, values).await? {
        let mut row = Reader::new(row, STEP);
        let parent: String = row.get()?;
        let incident = row.get::<Option<i64>>()?;
        let chain: Vec<KeptFallback> = row.json()?;
        // By time it is the first choice that falls, once; what stands in for it falls if it fails.
        if row.get::<bool>()? || why != Why::Slow {
            found.push((parent.clone(), incident, chain));
        }
        taken.push(parent);
    }
    if taken.is_empty() {
        return Ok(0);
    }
    found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    let (marks, stopped) = (marked(tx, now).await?, stopped(tx).await?);
    let mut used = Vec::new();
    let mut children = Vec::new();
    for (parent, incident, chain) in found {
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
        if !chain.is_empty() {
            used.push(parent.clone());
        }
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
    let written = write(tx, &children, now).await?;
    if why != Why::Failed {
        pass_the_turn(tx, &taken, now).await?;
    }
    Ok(written)
}

/// Gives the turn to the next way of each of these, if it has another that has not ended.
async fn pass_the_turn(tx: &Tx, had_it: &[String], now: Time) -> Result<(), StoreError> {
    let these = among(tx.get_database_backend(), 1);
    let sql = format!(
        "SELECT d.id, o.id FROM delivery d JOIN delivery o ON {} WHERE d.id {these} \
         AND o.state IN ('ready', 'sending', 'uncertain') ORDER BY d.id, o.id",
        same_words("o", "d"),
    );
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows(tx, STEP, &sql, vec![json(&had_it)?]).await? {
        let mut row = Reader::new(row, STEP);
        let one: String = row.get()?;
        others.entry(one).or_default().push(row.get()?);
    }
    // In a ring: the next younger one, or the oldest.
    let next: Vec<&String> = others
        .iter()
        .filter_map(|(one, others)| {
            let younger = others.iter().find(|other| *other > one);
            younger.or_else(|| others.first())
        })
        .collect();
    if next.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE delivery SET fallback_at = $2 WHERE id {these}");
    let until = (micros(now) + QUICK_FALLBACK).into();
    run(tx, STEP, &sql, vec![json(&next)?, until]).await?;
    let mut both: Vec<String> = next.into_iter().cloned().collect();
    both.extend(had_it.iter().cloned());
    relink_these(tx, &both).await
}

/// Lets nothing at these addresses be claimed or end until the commit: something newer could leave
/// while older words are put before it, and what they are put behind could end without letting them go.
async fn lock_the_addresses(tx: &Tx, children: &[Child]) -> Result<(), StoreError> {
    let engine = tx.get_database_backend();
    let keys: BTreeSet<&str> = children
        .iter()
        .map(|child| child.order_key.as_str())
        .collect();
    let sql = format!(
        "SELECT id FROM delivery WHERE state IN ('ready', 'sending', 'uncertain') AND order_key {} \
         ORDER BY id {}",
        among(engine, 1),
        for_update(engine),
    );
    rows(tx, STEP, &sql, vec![json(&keys)?]).await?;
    Ok(())
}

async fn write(tx: &Tx, children: &[Child], now: Time) -> Result<usize, StoreError> {
    if children.is_empty() {
        return Ok(0);
    }
    lock_the_addresses(tx, children).await?;
    let engine = tx.get_database_backend();
    let from = records(engine, 1, &COLUMNS);
    let sql = format!(
        "INSERT INTO delivery (id, notification_id, message_id, incident, event_seq, moment, \
         audience, channel, address, lane, order_key, rank, urgent, state, next_at, deliver_by, \
         attempts, unsure, plain, first, name, recipients, reason, asks, fallbacks, fell_from, \
         fallback_at, sentence, created_at, recipients_written) \
         SELECT j.id, p.notification_id, j.message_id, p.incident, p.event_seq, p.moment, \
         p.audience, j.channel, j.address, j.lane, j.order_key, p.rank, p.urgent, 'ready', $2, \
         j.deliver_by, 0, false, false, \
         NOT EXISTS (SELECT 1 FROM delivery e WHERE e.order_key = j.order_key), \
         p.name, p.recipients, p.reason, p.asks, j.fallbacks, COALESCE(p.fell_from, p.id), \
         CASE WHEN EXISTS (SELECT 1 FROM delivery r WHERE (r.id = COALESCE(p.fell_from, p.id) \
             OR r.fell_from = COALESCE(p.fell_from, p.id)) \
           AND r.state IN ('ready', 'sending', 'uncertain')) THEN $3 ELSE NULL END, '', $2, \
           {recipients_written} \
         FROM {from} JOIN delivery p ON p.id = j.parent \
         WHERE NOT EXISTS (SELECT 1 FROM delivery e WHERE e.order_key = j.order_key AND \
           (e.notification_id = p.notification_id \
            OR (p.moment <> 'correction' AND e.event_seq > p.event_seq AND (e.unsure \
              OR e.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held'))))) \
         ON CONFLICT DO NOTHING \
         RETURNING order_key",
        recipients_written = recipients_written(engine),
    );
    let turn = (micros(now) + QUICK_FALLBACK).into();
    let values = vec![json(&children)?, micros(now).into(), turn];
    let written: Vec<String> = column(tx, STEP, &sql, values).await?;
    if written.is_empty() {
        return Ok(0);
    }
    let ids: Vec<&str> = children.iter().map(|child| child.id.as_str()).collect();
    let of_these = format!("d.id {}", among(engine, 1));
    write_recipients(tx, &of_these, json(&ids)?).await?;
    let sql = format!(
        "UPDATE notification SET expected = expected + (SELECT COUNT(*) FROM delivery d \
           WHERE d.notification_id = notification.id AND d.id {list}) \
         WHERE id IN (SELECT d.notification_id FROM delivery d WHERE d.id {list})",
        list = among(engine, 1)
    );
    run(tx, STEP, &sql, vec![json(&ids)?]).await?;
    let keys: BTreeSet<String> = written.iter().cloned().collect();
    relink(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    Ok(written.len())
}

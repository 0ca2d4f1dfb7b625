//! Failed deliveries, and what stands in their stead when a person sends them on their way again.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;

use super::{
    link::same_words,
    sql::{Reader, among, for_update, json, micros, rows, run},
    verbs::{FAILED, Filter},
};
use crate::{
    domain::{
        Address, DeliveryId, Time,
        delivery::{Failed, SaidThere},
    },
    store::{StoreError, Tx},
};

/// Failed, expired and held deliveries, oldest first. They are locked until the transaction ends.
pub async fn failed(tx: &Tx, filter: &Filter) -> Result<Vec<Failed>, StoreError> {
    const STEP: &str = "look for failed deliveries";
    let (condition, values) = filter.sql(1);
    let sql = format!(
        "SELECT d.id, d.message_id, d.event_seq, d.moment, d.audience, d.channel, d.address, \
         (SELECT m.variant FROM message m WHERE m.id = d.message_id) AS variant, \
         d.rank, d.urgent, d.recipients, d.reason, d.asks, CASE WHEN EXISTS (SELECT 1 FROM delivery c \
           WHERE {} AND (c.unsure OR c.state IN ('ready', 'sending', 'uncertain', \
             'accepted', 'delivered', 'held'))) THEN 1 ELSE 0 END AS told_otherwise \
         FROM delivery d \
         WHERE {condition} AND d.message_id IS NOT NULL AND d.state IN {FAILED} \
         ORDER BY d.id {lock}",
        same_words("c", "d"),
        lock = for_update(tx.get_database_backend())
    );
    rows(tx, STEP, &sql, values)
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(Failed {
                id: row.parse()?,
                message: row.parse()?,
                event_seq: row.count()?,
                moment: row.parse()?,
                audience: row.parse()?,
                channel: row.parse()?,
                address: Address::new(&row.get::<String>()?),
                variant: row.parse()?,
                rank: row.count()?,
                urgent: row.get()?,
                recipients: row.json()?,
                reason: row.get()?,
                asks: row.parse_or_none()?,
                told_otherwise: row.get::<i32>()? == 1,
            })
        })
        .collect()
}

/// All that was said, or is about to be, under these order keys.
pub async fn said_there(
    tx: &Tx,
    order_keys: &BTreeSet<String>,
) -> Result<Vec<SaidThere>, StoreError> {
    const STEP: &str = "look for what was said there";
    let sql = format!(
        "SELECT id, order_key, event_seq, state, unsure FROM delivery WHERE order_key {}",
        among(tx.get_database_backend(), 1)
    );
    rows(tx, STEP, &sql, vec![json(order_keys)?])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(SaidThere {
                id: row.parse()?,
                order_key: row.get()?,
                event_seq: row.count()?,
                state: row.parse()?,
                unsure: row.get()?,
            })
        })
        .collect()
}

/// Ends failed deliveries in whose stead others were written. The sentence says so, before what
/// was said of each already.
pub async fn replace(
    tx: &Tx,
    ids: &BTreeSet<DeliveryId>,
    sentence: &str,
    now: Time,
) -> Result<u64, StoreError> {
    let sql = format!(
        "UPDATE delivery SET state = 'superseded', next_at = NULL, fallback_at = NULL, \
         blocked_by = NULL, ended_at = $2, sentence = RTRIM($3 || ' ' || sentence) \
         WHERE id {} AND state IN {FAILED}",
        among(tx.get_database_backend(), 1)
    );
    let values = vec![json(ids)?, micros(now).into(), sentence.into()];
    run(tx, "end what is replaced", &sql, values).await
}

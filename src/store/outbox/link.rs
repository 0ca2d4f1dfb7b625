//! Keeping `blocked_by` true: per incident, channel and address, one after the other; and of two ways by
//! which the same is said to somebody, one at a time.

use sea_orm::ConnectionTrait;

use super::sql::{among, json, micros, run};
use crate::{domain::Time, store::StoreError};

/// What has to end before this one may be tried: another way by which the same is said, while that has
/// the turn; else the latest delivery of the same order key that has to leave before it. Held ones are
/// not waited for: a person may take days.
fn before_it() -> String {
    format!(
        "COALESCE((SELECT o.id FROM delivery o WHERE {} \
           AND o.state IN ('ready', 'sending', 'uncertain') AND o.fallback_at IS NOT NULL \
           ORDER BY o.id LIMIT 1), \
         (SELECT e.id FROM delivery e \
           WHERE e.order_key = delivery.order_key AND e.event_seq < delivery.event_seq \
           AND e.state IN ('ready', 'sending', 'uncertain') \
           ORDER BY e.event_seq DESC, e.id DESC LIMIT 1))",
        same_words("o", "delivery")
    )
}

/// That of two deliveries, given by their names in SQL, one says the same to the same readers by another
/// way: each that stands in for another names the first.
pub(super) fn same_words(one: &str, other: &str) -> String {
    format!(
        "({one}.fell_from = {other}.id OR {one}.id = {other}.fell_from \
           OR ({one}.fell_from = {other}.fell_from AND {one}.id <> {other}.id))"
    )
}

/// Sets anew what each waiting delivery with one of these order keys waits for.
pub(super) async fn relink(
    conn: &impl ConnectionTrait,
    order_keys: &[String],
) -> Result<(), StoreError> {
    if order_keys.is_empty() {
        return Ok(());
    }
    let keys = among(conn.get_database_backend(), 1);
    let sql = format!(
        "UPDATE delivery SET blocked_by = {} \
         WHERE state IN ('ready', 'sending', 'uncertain') AND state <> 'sending' \
         AND order_key {keys}",
        before_it()
    );
    run(
        conn,
        "put deliveries in order",
        &sql,
        vec![json(&order_keys)?],
    )
    .await?;
    Ok(())
}

/// Sets anew what each of these waits for, if it waits.
pub(super) async fn relink_these(
    conn: &impl ConnectionTrait,
    deliveries: &[String],
) -> Result<(), StoreError> {
    let ids = among(conn.get_database_backend(), 1);
    let sql = format!(
        "UPDATE delivery SET blocked_by = {} \
         WHERE state IN ('ready', 'uncertain') AND id {ids}",
        before_it()
    );
    run(
        conn,
        "let two ways take turns",
        &sql,
        vec![json(&deliveries)?],
    )
    .await?;
    Ok(())
}

/// Lets go of what waited for deliveries that have ended or are held.
pub(super) async fn unblock(
    conn: &impl ConnectionTrait,
    ended: &[String],
) -> Result<u64, StoreError> {
    if ended.is_empty() {
        return Ok(0);
    }
    let ids = among(conn.get_database_backend(), 1);
    let sql = format!(
        "UPDATE delivery SET blocked_by = {} WHERE blocked_by {ids}",
        before_it()
    );
    run(conn, "let waiting deliveries go", &sql, vec![json(&ended)?]).await
}

/// Lets go of those of these that still wait for one that has ended.
pub(super) async fn unblock_stranded(
    conn: &impl ConnectionTrait,
    waiting: &[String],
) -> Result<u64, StoreError> {
    let ids = among(conn.get_database_backend(), 1);
    let sql = format!(
        "UPDATE delivery SET blocked_by = {} \
         WHERE state IN ('ready', 'uncertain') AND id {ids} \
         AND EXISTS (SELECT 1 FROM delivery b WHERE b.id = delivery.blocked_by \
           AND b.state NOT IN ('ready', 'sending', 'uncertain'))",
        before_it()
    );
    run(
        conn,
        "let stranded deliveries go",
        &sql,
        vec![json(&waiting)?],
    )
    .await
}

/// Makes the heads of these queues due at once: there is more to say behind them. The limits of
/// their lanes still hold.
pub(super) async fn hurry_heads(
    conn: &impl ConnectionTrait,
    order_keys: &[String],
    now: Time,
) -> Result<(), StoreError> {
    let keys = among(conn.get_database_backend(), 1);
    let sql = format!(
        "UPDATE delivery SET next_at = CASE WHEN not_before > $2 THEN not_before ELSE $2 END \
         WHERE state IN ('ready', 'sending', 'uncertain') AND state = 'ready' \
         AND blocked_by IS NULL AND next_at > $2 AND order_key {keys}"
    );
    run(
        conn,
        "hurry the head of a queue",
        &sql,
        vec![json(&order_keys)?, micros(now).into()],
    )
    .await?;
    Ok(())
}

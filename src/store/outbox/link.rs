//! Keeping `blocked_by` true: per incident, channel and address, one after the other.

use sea_orm::ConnectionTrait;

use super::sql::{among, json, micros, run};
use crate::{domain::Time, store::StoreError};

/// The latest delivery of the same order key that has to leave before this one. Held ones are not
/// waited for: a person may take days.
const BEFORE_IT: &str = "(SELECT e.id FROM delivery e \
     WHERE e.order_key = delivery.order_key AND e.event_seq < delivery.event_seq \
     AND e.state IN ('ready', 'sending', 'uncertain') \
     ORDER BY e.event_seq DESC, e.id DESC LIMIT 1)";

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
        "UPDATE delivery SET blocked_by = {BEFORE_IT} \
         WHERE state IN ('ready', 'uncertain') AND order_key {keys}"
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

/// Lets go of what waited for deliveries that have ended or are held.
pub(super) async fn unblock(
    conn: &impl ConnectionTrait,
    ended: &[String],
) -> Result<u64, StoreError> {
    if ended.is_empty() {
        return Ok(0);
    }
    let ids = among(conn.get_database_backend(), 1);
    let sql = format!("UPDATE delivery SET blocked_by = {BEFORE_IT} WHERE blocked_by {ids}");
    run(conn, "let waiting deliveries go", &sql, vec![json(&ended)?]).await
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
         WHERE state = 'ready' AND blocked_by IS NULL AND next_at > $2 AND order_key {keys}"
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

//! Questions to the record: in which words somebody was told, how many wait, what hangs together.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::sql::{Reader, among, column, json, rows};
use crate::{
    domain::{DeliveryId, MessageId, NotificationId, Time},
    store::StoreError,
};

/// Deliveries of these notifications that are being sent, or were never tried and wait for
/// nothing but their turn: per lane, how many, and when the earliest is due (`None`: sending).
pub async fn pending_of(
    conn: &impl ConnectionTrait,
    notifications: &[NotificationId],
) -> Result<Vec<(String, u64, Option<Time>)>, StoreError> {
    const STEP: &str = "look for deliveries that are not out yet";
    let sql = format!(
        "SELECT lane, COUNT(*), MIN(next_at) FROM delivery WHERE notification_id {} \
         AND (state = 'sending' OR (state = 'ready' AND attempts = 0 AND blocked_by IS NULL \
           AND last_class IS NULL AND NOT awaits_word)) GROUP BY lane",
        among(conn.get_database_backend(), 1)
    );
    rows(conn, STEP, &sql, vec![json(&notifications)?])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            let lane = row.get()?;
            let count: i64 = row.get()?;
            Ok((
                lane,
                u64::try_from(count).unwrap_or_default(),
                row.time_or_none()?,
            ))
        })
        .collect()
}

/// The words of a message, by part.
pub async fn words_of(
    conn: &impl ConnectionTrait,
    message: &MessageId,
) -> Result<BTreeMap<String, String>, StoreError> {
    const STEP: &str = "read the words of a message";
    let found = rows(
        conn,
        STEP,
        "SELECT parts FROM message WHERE id = $1",
        vec![message.as_str().into()],
    )
    .await?;
    match found.first() {
        Some(row) => Reader::new(row, STEP).json(),
        None => Err(StoreError::unreadable(STEP, "it is not there")),
    }
}

/// The other side's id of the message that began the thread of this delivery: the earliest of its
/// incident, channel and address that has one.
pub async fn thread_of(
    conn: &impl ConnectionTrait,
    delivery: &DeliveryId,
) -> Result<Option<String>, StoreError> {
    let found: Vec<String> = column(
        conn,
        "look for the beginning of a thread",
        "SELECT r.provider_id FROM delivery d JOIN delivery r ON r.order_key = d.order_key \
         WHERE d.id = $1 AND r.id <> d.id AND r.provider_id IS NOT NULL AND r.event_seq < d.event_seq \
         ORDER BY r.event_seq, r.id LIMIT 1",
        vec![delivery.as_str().into()],
    )
    .await?;
    Ok(found.into_iter().next())
}

/// The other side's ids of what was said under these order keys, with the key, the earliest first.
pub async fn posts_of(
    conn: &impl ConnectionTrait,
    order_keys: &[String],
) -> Result<Vec<(String, String)>, StoreError> {
    const STEP: &str = "look for what was posted";
    let are_asked = among(conn.get_database_backend(), 1);
    let sql = format!(
        "SELECT order_key, provider_id FROM delivery \
         WHERE order_key {are_asked} AND provider_id IS NOT NULL ORDER BY event_seq, id"
    );
    rows(conn, STEP, &sql, vec![json(&order_keys)?])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok((row.get()?, row.get()?))
        })
        .collect()
}

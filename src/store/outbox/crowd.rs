//! How much waits, for those who write more.

use sea_orm::ConnectionTrait;

use super::{
    claim::CLAIMABLE,
    sql::{Reader, among, column, json, rows},
};
use crate::{
    domain::{ChannelName, NotificationId, Time},
    store::StoreError,
};

/// How many deliveries may wait before no more are taken: a claim stays fast well beyond, and
/// whatever made so many is not put right by more.
pub const MOST_WAITING: u64 = 1_000_000;

/// How many deliveries wait, counted up to `most`.
pub async fn waiting(conn: &impl ConnectionTrait, most: u64) -> Result<u64, StoreError> {
    let mut waiting = 0;
    // Two questions, because each is answered from a small index of its own.
    for which in [CLAIMABLE, "blocked_by IS NOT NULL"] {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE {which} LIMIT $1) AS waiting"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let counted: Vec<i64> = column(conn, "count what waits", &sql, vec![most.into()]).await?;
        waiting += counted
            .first()
            .and_then(|count| u64::try_from(*count).ok())
            .unwrap_or_default();
    }
    Ok(waiting.min(most))
}

/// What waits in a lane that new deliveries take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The lane.
    pub lane: String,
    /// The channel.
    pub channel: ChannelName,
    /// All that waits in it, the new ones among them.
    pub waiting: u64,
    /// The first deadline of the new ones.
    pub deliver_by: Time,
}

/// The lanes that these notifications take on these channels.
pub async fn queued(
    conn: &impl ConnectionTrait,
    notifications: &[NotificationId],
    channels: &[&ChannelName],
) -> Result<Vec<Queued>, StoreError> {
    const STEP: &str = "see what waits in the same lanes";
    let engine = conn.get_database_backend();
    let sql = format!(
        "SELECT d.lane, d.channel, (SELECT COUNT(*) FROM delivery w WHERE \
           w.state IN ('ready', 'uncertain') AND w.blocked_by IS NULL AND w.lane = d.lane), \
         MIN(d.deliver_by) FROM delivery d WHERE d.notification_id {} AND d.channel {} \
         AND d.state = 'ready' GROUP BY d.lane, d.channel ORDER BY d.lane",
        among(engine, 1),
        among(engine, 2),
    );
    rows(
        conn,
        STEP,
        &sql,
        vec![json(&notifications)?, json(&channels)?],
    )
    .await?
    .iter()
    .map(|row| {
        let mut row = Reader::new(row, STEP);
        Ok(Queued {
            lane: row.get()?,
            channel: row.parse()?,
            waiting: u64::from(row.count()?),
            deliver_by: row.time()?,
        })
    })
    .collect()
}

//! What time does by itself: deadlines pass, and a first choice takes too long.

use sea_orm::ConnectionTrait;

use super::{
    fallback::fall_back,
    link::unblock,
    sql::{Reader, among, column, json, micros, rows},
};
use crate::{
    domain::Time,
    store::{Step, Store, StoreError, Tx},
};

/// How much is done in one transaction, so that completions never wait long for it.
const AT_ONCE: i64 = 500;

/// What a sweep changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries whose deadline passed.
    pub expired: usize,
    /// Deliveries written on the next channel.
    pub fell_back: usize,
    /// Whether there may be more to do at once.
    pub more: bool,
}

/// Ends deliveries whose deadline has passed, and turns to the next channel where the first takes
/// too long. Looks on a reading connection first, so that an idle outbox writes nothing.
pub async fn sweep(store: &Store, now: Time) -> Result<Swept, StoreError> {
    const STEP: &str = "look for what time has ended";
    let bind = || vec![micros(now).into(), AT_ONCE.into()];
    // Two questions, because each is answered from a small index of its own; the order is that of the
    // index, so that PostgreSQL takes it before it has counted the rows.
    let mut over: Vec<String> = column(
        store.read_to_deliver(),
        STEP,
        "SELECT id FROM delivery WHERE state IN ('ready', 'uncertain') AND blocked_by IS NULL \
         AND deliver_by <= $1 LIMIT $2",
        bind(),
    )
    .await?;
    over.extend(
        column::<String>(
            store.read_to_deliver(),
            STEP,
            "SELECT id FROM delivery WHERE blocked_by IS NOT NULL AND deliver_by <= $1 \
             ORDER BY blocked_by LIMIT $2",
            bind(),
        )
        .await?,
    );
    let slow: Vec<String> = column(
        store.read_to_deliver(),
        STEP,
        "SELECT id FROM delivery WHERE fallback_at IS NOT NULL AND fallback_at <= $1 \
         ORDER BY fallback_at LIMIT $2",
        bind(),
    )
    .await?;
    if over.is_empty() && slow.is_empty() {
        return Ok(Swept::default());
    }
    let full = |ids: &Vec<String>| i64::try_from(ids.len()).is_ok_and(|len| len >= AT_ONCE);
    let more = full(&over) || full(&slow);
    let tx = store.begin().await?;
    let (expired, fell_back) = expire(&tx, &over, now).await?;
    let swept = Swept {
        expired,
        fell_back: fell_back + fall_back(&tx, &slow, now).await?,
        more,
    };
    tx.commit().await.step("commit what time has ended")?;
    Ok(swept)
}

/// What may be out is held, not expired: nobody knows, and a person decides. What nobody agreed to
/// is not said on another channel either.
async fn expire(tx: &Tx, ids: &[String], now: Time) -> Result<(usize, usize), StoreError> {
    const STEP: &str = "end deliveries whose deadline has passed";
    if ids.is_empty() {
        return Ok((0, 0));
    }
    let sql = format!(
        "UPDATE delivery SET state = CASE WHEN unsure THEN 'held' ELSE 'expired' END, \
         next_at = NULL, fallback_at = NULL, blocked_by = NULL, \
         ended_at = CASE WHEN unsure THEN NULL ELSE $2 END, \
         sentence = RTRIM(CASE WHEN unsure \
           THEN 'Its time ran out, and nobody knows whether it arrived. ' \
           WHEN awaits_word THEN 'Its time ran out before a second person agreed to it. ' \
           ELSE 'Its time ran out before it could be delivered. ' END || sentence) \
         WHERE id {} AND state IN ('ready', 'uncertain') AND deliver_by <= $2 \
         RETURNING id, unsure OR awaits_word AS stays",
        among(tx.get_database_backend(), 1)
    );
    let found = rows(tx, STEP, &sql, vec![json(&ids)?, micros(now).into()]).await?;
    let mut ended = Vec::new();
    let mut expired = Vec::new();
    for row in &found {
        let mut row = Reader::new(row, STEP);
        let id: String = row.get()?;
        if !row.get::<bool>()? {
            expired.push(id.clone());
        }
        ended.push(id);
    }
    let fell_back = fall_back(tx, &expired, now).await?;
    unblock(tx, &ended).await?;
    Ok((ended.len(), fell_back))
}

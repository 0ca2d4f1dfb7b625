//! What time does by itself: deadlines pass, and a first choice takes too long.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, QueryResult};

use super::{
    fallback::{Why, fall_back},
    hold::share,
    link::unblock,
    sql::{Reader, among, for_update, json, micros, rows},
    stopped::{Stuck, stuck},
};
use crate::{
    domain::{IncidentId, Time},
    store::{Step, Store, StoreError, Tx},
};

/// How much is done in one transaction, so that completions never wait long for it.
const AT_ONCE: i64 = 500;

/// What a sweep changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries whose deadline passed.
    pub expired: usize,
    /// Deliveries written on the next channel.
    pub fell_back: usize,
    /// Names of those every way to whom has been stopped for too long.
    pub nowhere: BTreeSet<String>,
    /// Whether there may be more to do at once.
    pub more: bool,
}

/// Ends deliveries whose deadline has passed, and turns to the next channel where the first takes
/// too long or is stopped. Looks on a reading connection first, so that an idle outbox writes nothing; what is done
/// is decided by the statements that take the rows. Incidents that a command holds are left for later.
pub async fn sweep(store: &Store, now: Time) -> Result<Swept, StoreError> {
    const STEP: &str = "look for what time has ended";
    let look = async |sql: &str| {
        let values = vec![micros(now).into(), AT_ONCE.into()];
        due(&rows(store.read_to_deliver(), STEP, sql, values).await?)
    };
    // Two questions, because each is answered from a small index of its own; the order is that of the
    // index, so that PostgreSQL takes it before it has counted the rows.
    let mut over = look(
        "SELECT id, incident FROM delivery WHERE state IN ('ready', 'uncertain') \
         AND blocked_by IS NULL AND deliver_by <= $1 LIMIT $2",
    )
    .await?;
    over.extend(
        look(
            "SELECT id, incident FROM delivery WHERE blocked_by IS NOT NULL AND deliver_by <= $1 \
             ORDER BY blocked_by LIMIT $2",
        )
        .await?,
    );
    let slow = look(
        "SELECT id, incident FROM delivery WHERE fallback_at IS NOT NULL AND fallback_at <= $1 \
         ORDER BY fallback_at LIMIT $2",
    )
    .await?;
    let Stuck { falls, nowhere } = stuck(store.read_to_deliver(), now).await?;
    if over.is_empty() && slow.is_empty() && falls.is_empty() {
        return Ok(Swept {
            nowhere,
            ..Swept::default()
        });
    }
    let full = |found: &Vec<Due>| i64::try_from(found.len()).is_ok_and(|len| len >= AT_ONCE);
    let is_full = full(&over) || full(&slow);
    let tx = store.begin().await?;
    let about = over.iter().chain(&slow).chain(&falls);
    let about = about.filter_map(|one| one.incident);
    let free = share(&tx, &about.collect()).await?;
    let ids_of = |found: Vec<Due>| -> Vec<String> {
        let is_free = |one: &Due| one.incident.is_none_or(|id| free.contains(&id));
        found
            .into_iter()
            .filter(is_free)
            .map(|one| one.id)
            .collect()
    };
    let (expired, fell_back) = expire(&tx, &ids_of(over), now).await?;
    let fell_back = fell_back + fall_back(&tx, &ids_of(slow), Why::Slow, now).await?;
    let fell_back = fell_back + fall_back(&tx, &ids_of(falls), Why::Stopped, now).await?;
    tx.commit().await.step("commit what time has ended")?;
    Ok(Swept {
        expired,
        fell_back,
        nowhere,
        // Without the second condition, incidents that are held would be asked for without a pause.
        more: is_full && expired + fell_back > 0,
    })
}

/// A delivery for which a time has come.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) id: String,
    pub(super) incident: Option<IncidentId>,
}

pub(super) fn due(found: &[QueryResult]) -> Result<Vec<Due>, StoreError> {
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, "look for what time has ended");
            let id = row.get()?;
            let incident = row.get::<Option<i64>>()?;
            Ok(Due {
                id,
                incident: incident
                    .and_then(|id| u32::try_from(id).ok())
                    .map(IncidentId),
            })
        })
        .collect()
}

/// What may be out is held, not expired: nobody knows, and a person decides. A deadline before it was made
/// means that something newer took its place while it was being sent. What nobody agreed to
/// is not said on another channel either.
async fn expire(tx: &Tx, ids: &[String], now: Time) -> Result<(usize, usize), StoreError> {
    const STEP: &str = "end deliveries whose deadline has passed";
    if ids.is_empty() {
        return Ok((0, 0));
    }
    let engine = tx.get_database_backend();
    let sql = format!(
        "WITH lapsed AS MATERIALIZED (SELECT id AS lapsed_id FROM delivery WHERE id {} \
           AND state IN ('ready', 'uncertain') AND deliver_by <= $2 ORDER BY id {lock}) \
         UPDATE delivery SET state = CASE WHEN unsure THEN 'held' \
           WHEN deliver_by <= created_at THEN 'superseded' ELSE 'expired' END, \
         next_at = NULL, fallback_at = NULL, blocked_by = NULL, \
         ended_at = CASE WHEN unsure THEN NULL ELSE $2 END, \
         sentence = RTRIM(CASE WHEN unsure \
           THEN 'Its time ran out, and nobody knows whether it arrived. ' \
           WHEN deliver_by <= created_at \
           THEN 'Something newer was said before this could arrive. ' \
           WHEN awaits_word THEN 'Its time ran out before a second person agreed to it. ' \
           ELSE 'Its time ran out before it could be delivered. ' END || sentence) \
         FROM lapsed WHERE id = lapsed_id RETURNING id, unsure OR awaits_word AS stays",
        among(engine, 1),
        lock = for_update(engine),
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
    let fell_back = fall_back(tx, &expired, Why::Failed, now).await?;
    unblock(tx, &ended).await?;
    Ok((ended.len(), fell_back))
}

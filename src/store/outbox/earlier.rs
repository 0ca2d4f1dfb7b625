//! What was said before to the same people: it is superseded, or has to leave first.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;

use super::{
    enqueue::incident,
    link::{hurry_heads, relink, unblock},
    sql::{among, column, for_update, json, micros},
};
use crate::{
    domain::{
        Time,
        delivery::{NewNotification, supersedes},
        notification::Moment,
    },
    store::{StoreError, Tx},
};

/// Supersedes what the new deliveries make needless and puts them behind what is still on its way
/// to the same addresses. Says how many were superseded.
pub(super) async fn put_in_order(
    tx: &Tx,
    new: &NewNotification,
    notification: &str,
    now: Time,
) -> Result<usize, StoreError> {
    let Some(number) = new.incident else {
        return Ok(0);
    };
    let earlier: Vec<i32> = column(
        tx,
        "look for earlier notifications",
        "SELECT 1 FROM notification WHERE incident = $1 AND id <> $2 LIMIT 1",
        vec![incident(Some(number)), notification.into()],
    )
    .await?;
    if earlier.is_empty() {
        return Ok(0);
    }
    let keys = lock_earlier(tx, notification).await?;
    if keys.is_empty() {
        return Ok(0);
    }
    let superseded = supersede(tx, new, notification, now).await?;
    relink(tx, &keys).await?;
    hurry_heads(tx, &keys, now).await?;
    Ok(superseded)
}

/// The order keys of what is on its way to the same people, directly or in the stead of what was.
///
/// Locking it, always in the order of ids, makes a completion that runs at the same time either
/// come first, and be seen here, or wait, and see the new rows.
async fn lock_earlier(tx: &Tx, notification: &str) -> Result<Vec<String>, StoreError> {
    const STEP: &str = "lock earlier deliveries";
    let lock = for_update(tx.get_database_backend());
    let same_address = format!(
        "SELECT e.order_key FROM delivery e \
         WHERE e.state IN ('ready', 'sending', 'uncertain') AND e.notification_id <> $1 \
         AND e.order_key IN (SELECT n.order_key FROM delivery n WHERE n.notification_id = $1) \
         ORDER BY e.id {lock}"
    );
    let in_its_stead = format!(
        "SELECT e.order_key FROM delivery e \
         WHERE e.state IN ('ready', 'sending', 'uncertain') AND e.fell_from IN ( \
           SELECT p.id FROM delivery p WHERE p.notification_id <> $1 AND p.order_key IN ( \
             SELECT n.order_key FROM delivery n WHERE n.notification_id = $1)) \
         ORDER BY e.id {lock}"
    );
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for sql in [same_address, in_its_stead] {
        keys.extend(column::<String>(tx, STEP, &sql, vec![notification.into()]).await?);
    }
    Ok(keys.into_iter().collect())
}

/// Ends older deliveries that wait and that the new ones make needless. One that may be out is
/// never among them: it is uncertain, not ready.
async fn supersede(
    tx: &Tx,
    new: &NewNotification,
    notification: &str,
    now: Time,
) -> Result<usize, StoreError> {
    const STEP: &str = "supersede older deliveries";
    let engine = tx.get_database_backend();
    let moments: BTreeSet<Moment> = new.messages.iter().map(|message| message.moment).collect();
    let mut superseded = Vec::new();
    for moment in moments {
        let old: Vec<&str> = Moment::ALL
            .into_iter()
            .filter(|old| supersedes(moment, *old))
            .map(Moment::as_str)
            .collect();
        if old.is_empty() {
            continue;
        }
        let of_the_new = "(SELECT n.order_key FROM delivery n \
                          WHERE n.notification_id = $4 AND n.moment = $5)";
        // A fallback that waits on another channel says the same as the one in whose stead it is.
        let which = [
            format!("order_key IN {of_the_new}"),
            format!("fell_from IN (SELECT p.id FROM delivery p WHERE p.order_key IN {of_the_new})"),
        ];
        for which in which {
            let sql = format!(
                "UPDATE delivery SET state = 'superseded', next_at = NULL, fallback_at = NULL, \
                 blocked_by = NULL, ended_at = $2, \
                 sentence = 'Something newer was said before this could leave.' \
                 WHERE state = 'ready' AND event_seq < $3 AND moment {} AND {which} \
                 RETURNING id",
                among(engine, 1),
            );
            let values = vec![
                json(&old)?,
                micros(now).into(),
                i64::from(new.event_seq).into(),
                notification.into(),
                moment.as_str().into(),
            ];
            superseded.extend(column::<String>(tx, STEP, &sql, values).await?);
        }
    }
    unblock(tx, &superseded).await?;
    Ok(superseded.len())
}

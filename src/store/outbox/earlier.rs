//! What was said before to the same people: it is superseded, or has to leave first.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;

use super::{
    enqueue::incident,
    link::{hurry_heads, relink, unblock},
    sql::{Reader, among, column, for_update, json, micros, rows, run},
};
use crate::{
    domain::{
        IncidentId, Time,
        delivery::{NewNotification, ToldPerson, supersedes},
        notification::Moment,
        situation::RecipientId,
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
    take_choices_away(tx, number, new).await?;
    let keys = lock_earlier(tx, notification).await?;
    if keys.is_empty() {
        return Ok(0);
    }
    let superseded = supersede(tx, new, notification, now).await?;
    relink(tx, &keys).await?;
    hurry_heads(tx, &keys, now).await?;
    Ok(superseded)
}

/// Leaves no other channel to earlier deliveries that the new ones make needless, where all their readers
/// get a new one: on another channel the old words could arrive after the new.
async fn take_choices_away(
    tx: &Tx,
    number: IncidentId,
    new: &NewNotification,
) -> Result<(), StoreError> {
    const STEP: &str = "look for earlier deliveries that have other channels";
    let mut readers: BTreeMap<&RecipientId, BTreeSet<Moment>> = BTreeMap::new();
    for delivery in &new.deliveries {
        let Some(message) = new.messages.get(delivery.message) else {
            continue;
        };
        for told in &delivery.recipients {
            readers.entry(&told.who).or_default().insert(message.moment);
        }
    }
    let has_choices = "event_seq < $2 AND fallbacks IS NOT NULL AND fallbacks <> '[]'";
    let sql = format!(
        "SELECT id, moment, recipients FROM delivery WHERE incident = $1 \
           AND state IN ('ready', 'sending', 'uncertain') AND {has_choices} \
         UNION ALL SELECT id, moment, recipients FROM delivery WHERE incident = $1 \
           AND state = 'held' AND fallback_at IS NOT NULL AND {has_choices}"
    );
    let values = vec![incident(Some(number)), i64::from(new.event_seq).into()];
    let mut needless: Vec<String> = Vec::new();
    for row in &rows(tx, STEP, &sql, values).await? {
        let mut row = Reader::new(row, STEP);
        let (id, old): (String, Moment) = (row.get()?, row.parse()?);
        let told: Vec<ToldPerson> = row.json()?;
        let gets_newer = |who: &RecipientId| {
            let moments = readers.get(who).into_iter().flatten();
            moments.into_iter().any(|moment| supersedes(*moment, old))
        };
        if told.iter().all(|person| gets_newer(&person.who)) {
            needless.push(id);
        }
    }
    if needless.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE delivery SET fallbacks = '[]', fallback_at = NULL WHERE id {}",
        among(tx.get_database_backend(), 1)
    );
    run(tx, "leave no other channel", &sql, vec![json(&needless)?]).await?;
    Ok(())
}

/// Ends all that waits of an incident and was written before event `seq`, to whom and on what channel it
/// may be, but corrections: it is over, and whoever was told hears that instead. What is being sent or
/// checked goes on, on the channel where it is. Says how many were ended.
pub async fn end_waiting(
    tx: &Tx,
    number: IncidentId,
    seq: u32,
    now: Time,
) -> Result<usize, StoreError> {
    let values = || {
        vec![
            incident(Some(number)),
            i64::from(seq).into(),
            Moment::Correction.as_str().into(),
        ]
    };
    let earlier = "incident = $1 AND event_seq < $2 AND moment <> $3";
    let sql = format!(
        "UPDATE delivery SET fallbacks = '[]', fallback_at = NULL WHERE {earlier} \
         AND (state IN ('ready', 'sending', 'uncertain') \
           OR (state = 'held' AND fallback_at IS NOT NULL)) \
         AND fallbacks IS NOT NULL AND fallbacks <> '[]'"
    );
    run(tx, "leave no other channel", &sql, values()).await?;
    let sql = format!(
        "UPDATE delivery SET state = 'superseded', next_at = NULL, fallback_at = NULL, \
         blocked_by = NULL, ended_at = $4, \
         sentence = 'It was over before this could leave.' WHERE {earlier} \
         AND state IN ('ready', 'sending', 'uncertain') AND state = 'ready' RETURNING id"
    );
    let mut values = values();
    values.push(micros(now).into());
    let ended: Vec<String> = column(tx, "end what waits", &sql, values).await?;
    unblock(tx, &ended).await?;
    Ok(ended.len())
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

//! What was said before to the same people: it is superseded, or has to leave first.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, Value};

use super::{
    enqueue::incident,
    link::{hurry_heads, relink, unblock},
    sql::{Reader, among, column, for_update, json, micros, rows, run},
};
use crate::{
    domain::{
        IncidentId, Time,
        delivery::{NewNotification, ToldPerson, order_key, supersedes},
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
    let overtaken = overtake(tx, number, new, now).await?;
    unblock(tx, &overtaken).await?;
    let keys = lock_earlier(tx, number, notification).await?;
    if keys.is_empty() {
        return Ok(overtaken.len());
    }
    let superseded = overtaken.len() + supersede(tx, new, notification, now).await?;
    relink(tx, &keys).await?;
    hurry_heads(tx, &keys, now).await?;
    Ok(superseded)
}

/// Ends earlier deliveries that the new ones make needless, where all their readers get a new one, on
/// whatever channel: the old words could arrive after the new. What waits is superseded, and what is being
/// sent has no other channel. What is being sent elsewhere is not tried again either; at the same address
/// the new words wait behind it. Says which were ended.
async fn overtake(
    tx: &Tx,
    number: IncidentId,
    new: &NewNotification,
    now: Time,
) -> Result<Vec<String>, StoreError> {
    const STEP: &str = "look for earlier deliveries to the same readers";
    let mut readers: BTreeMap<&RecipientId, BTreeSet<Moment>> = BTreeMap::new();
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for delivery in &new.deliveries {
        let Some(message) = new.messages.get(delivery.message) else {
            continue;
        };
        keys.insert(order_key(new.incident, &message.channel, &delivery.address));
        for told in &delivery.recipients {
            readers.entry(&told.who).or_default().insert(message.moment);
        }
    }
    let sql = "SELECT id, order_key, moment, recipients FROM delivery \
               WHERE incident = $1 AND event_seq < $2 \
               AND state IN ('ready', 'sending', 'uncertain') \
               UNION ALL SELECT id, order_key, moment, recipients FROM delivery WHERE incident = $1 \
               AND event_seq < $2 AND state = 'held' AND fallback_at IS NOT NULL";
    let values = vec![incident(Some(number)), i64::from(new.event_seq).into()];
    let (mut needless, mut elsewhere): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for row in &rows(tx, STEP, sql, values).await? {
        let mut row = Reader::new(row, STEP);
        let (id, key): (String, String) = (row.get()?, row.get()?);
        let old: Moment = row.parse()?;
        let told: Vec<ToldPerson> = row.json()?;
        let gets_newer = |who: &RecipientId| {
            let mut moments = readers.get(who).into_iter().flatten();
            moments.any(|moment| supersedes(*moment, old))
        };
        if told.iter().all(|person| gets_newer(&person.who)) {
            if !keys.contains(&key) {
                elsewhere.push(id.clone());
            }
            needless.push(id);
        }
    }
    if needless.is_empty() {
        return Ok(Vec::new());
    }
    let these = format!("id {}", among(tx.get_database_backend(), 1));
    no_other_channel(tx, &these, vec![json(&needless)?]).await?;
    no_other_try(tx, &these, vec![json(&elsewhere)?]).await?;
    let sql = format!(
        "UPDATE delivery SET state = 'superseded', next_at = NULL, blocked_by = NULL, \
         ended_at = $2, sentence = 'Something newer was said before this could leave.' \
         WHERE {these} AND state = 'ready' RETURNING id"
    );
    let values = vec![json(&needless)?, micros(now).into()];
    column(tx, "end what was overtaken", &sql, values).await
}

/// Leaves no other channel to these.
async fn no_other_channel(tx: &Tx, which: &str, values: Vec<Value>) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE delivery SET fallbacks = CASE WHEN fallbacks IS NULL THEN NULL ELSE '[]' END, \
         fallback_at = NULL WHERE {which} AND (state IN ('ready', 'sending', 'uncertain') \
           OR (state = 'held' AND fallback_at IS NOT NULL))"
    );
    run(tx, "leave no other channel", &sql, values).await?;
    Ok(())
}

/// Lets those of these that are being sent have no other try: a deadline before they were made says so
/// ([`sweep`](super::sweep())).
async fn no_other_try(tx: &Tx, which: &str, values: Vec<Value>) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE delivery SET deliver_by = created_at WHERE {which} AND state = 'sending' \
         AND state IN ('ready', 'sending', 'uncertain')"
    );
    run(tx, "leave no other try", &sql, values).await?;
    Ok(())
}

/// Ends all that waits of an incident and was written before event `seq`, to whom and on what channel it
/// may be: it is over, and whoever was told hears that instead. A correction of words that may have left
/// stays. What is being sent or checked goes on, on the channel where it is. Says how many were ended.
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
    // Where nothing left, nothing has to be put right.
    // Two questions, because each is answered from an index of its own.
    let left = "e.event_seq < delivery.event_seq AND (e.unsure \
         OR e.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held'))";
    let earlier = format!(
        "incident = $1 AND event_seq < $2 AND (moment <> $3 OR ( \
           NOT EXISTS (SELECT 1 FROM delivery e \
             WHERE e.order_key = delivery.order_key AND {left}) \
           AND NOT EXISTS (SELECT 1 FROM delivery p JOIN delivery e ON e.fell_from = p.id \
             WHERE p.order_key = delivery.order_key AND {left})))"
    );
    no_other_channel(tx, &earlier, values()).await?;
    no_other_try(tx, &earlier, values()).await?;
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
async fn lock_earlier(
    tx: &Tx,
    number: IncidentId,
    notification: &str,
) -> Result<Vec<String>, StoreError> {
    const STEP: &str = "lock earlier deliveries";
    let lock = for_update(tx.get_database_backend());
    let same_address = format!(
        "SELECT e.order_key FROM delivery e \
         WHERE e.state IN ('ready', 'sending', 'uncertain') AND e.notification_id <> $1 \
         AND e.order_key IN (SELECT n.order_key FROM delivery n WHERE n.notification_id = $1) \
         ORDER BY e.id {lock}"
    );
    // Begins with what has not ended, which is little, and not with all that was ever said there.
    let in_its_stead = format!(
        "SELECT e.order_key FROM delivery e \
         WHERE e.incident = $2 AND e.state IN ('ready', 'sending', 'uncertain') \
         AND e.fell_from IS NOT NULL AND EXISTS (SELECT 1 FROM delivery p \
           JOIN delivery n ON n.order_key = p.order_key \
           WHERE p.id = e.fell_from AND p.notification_id <> $1 AND n.notification_id = $1) \
         ORDER BY e.id {lock}"
    );
    let mut keys: BTreeSet<String> = BTreeSet::new();
    let new = || vec![notification.into()];
    keys.extend(column::<String>(tx, STEP, &same_address, new()).await?);
    let values = vec![notification.into(), incident(Some(number))];
    keys.extend(column::<String>(tx, STEP, &in_its_stead, values).await?);
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
            format!("order_key IN {of_the_new} AND $6 > 0"),
            "incident = $6 AND fell_from IS NOT NULL AND EXISTS (SELECT 1 FROM delivery p \
               JOIN delivery n ON n.order_key = p.order_key WHERE p.id = delivery.fell_from \
               AND n.notification_id = $4 AND n.moment = $5)"
                .to_owned(),
        ];
        for which in which {
            let sql = format!(
                "UPDATE delivery SET state = 'superseded', next_at = NULL, fallback_at = NULL, \
                 blocked_by = NULL, ended_at = $2, \
                 sentence = 'Something newer was said before this could leave.' \
                 WHERE state IN ('ready', 'sending', 'uncertain') AND state = 'ready' \
                 AND event_seq < $3 AND moment {} AND {which} \
                 RETURNING id",
                among(engine, 1),
            );
            let values = vec![
                json(&old)?,
                micros(now).into(),
                i64::from(new.event_seq).into(),
                notification.into(),
                moment.as_str().into(),
                incident(new.incident),
            ];
            superseded.extend(column::<String>(tx, STEP, &sql, values).await?);
        }
    }
    unblock(tx, &superseded).await?;
    Ok(superseded.len())
}

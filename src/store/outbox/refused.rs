//! Taking back what a lane refused before it was known to be at fault.

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;

use super::{
    hold::share,
    link::relink,
    sql::{Reader, among, for_update, json, micros, rows, run},
    sweep::{Due, due},
};
use crate::{
    domain::{DeliveryId, Time, delivery::supersedes, notification::Moment},
    store::{StoreError, Tx},
};

/// They go behind those that were not tried yet, so that one of these tries the lane first.
const BEHIND: TimeDelta = TimeDelta::seconds(60);

/// What came of it.
pub(super) struct TakenBack {
    /// Those that wait again.
    pub(super) waiting: Vec<String>,
    /// Those of which a command holds the incident: later.
    pub(super) put_off: Vec<DeliveryId>,
}

/// Lets what was refused for good wait again, and says which that are. Left as it is: what
/// has been said to the same people on another channel, what something newer has overtaken, and
/// what is too late by now.
pub(super) async fn take_back(
    tx: &Tx,
    ids: &[DeliveryId],
    now: Time,
) -> Result<TakenBack, StoreError> {
    const STEP: &str = "take back what a lane refused";
    let engine = tx.get_database_backend();
    let sql = format!(
        "SELECT id, incident FROM delivery WHERE id {}",
        among(engine, 1)
    );
    let about = due(&rows(tx, STEP, &sql, vec![json(&ids)?]).await?)?;
    let incidents = about.iter().filter_map(|one| one.incident).collect();
    let free = share(tx, &incidents).await?;
    let (ids, put_off): (Vec<Due>, Vec<Due>) = about
        .into_iter()
        .partition(|one| one.incident.is_none_or(|id| free.contains(&id)));
    let put_off = put_off.into_iter().filter_map(|one| one.id.parse().ok());
    let put_off: Vec<DeliveryId> = put_off.collect();
    let ids: Vec<String> = ids.into_iter().map(|one| one.id).collect();
    let sql = format!(
        "SELECT d.id, d.order_key FROM delivery d WHERE d.id {} AND d.state = 'dead' \
         AND d.last_class IN ('bad_destination', 'refused') AND d.deliver_by > $2 \
         AND NOT EXISTS (SELECT 1 FROM delivery c WHERE c.fell_from = d.id AND (c.unsure \
           OR c.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held'))) \
         AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.order_key = d.order_key \
           AND e.event_seq > d.event_seq AND (e.unsure OR e.state IN ('sending', 'uncertain', \
             'accepted', 'delivered', 'held') OR (e.state = 'ready' AND ({newer})))) \
         ORDER BY d.id {lock}",
        among(engine, 1),
        newer = newer(),
        lock = for_update(engine),
    );
    let mut waiting: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for row in &rows(tx, STEP, &sql, vec![json(&ids)?, micros(now).into()]).await? {
        let mut row = Reader::new(row, STEP);
        waiting.push(row.get()?);
        keys.push(row.get()?);
    }
    if waiting.is_empty() {
        return Ok(TakenBack { waiting, put_off });
    }
    let sql = format!(
        "UPDATE delivery SET state = CASE WHEN unsure THEN 'uncertain' ELSE 'ready' END, \
         next_at = $2, ended_at = NULL WHERE id {}",
        among(engine, 1)
    );
    let again = micros(now + BEHIND);
    run(tx, STEP, &sql, vec![json(&waiting)?, again.into()]).await?;
    keys.sort();
    keys.dedup();
    relink(tx, &keys).await?;
    Ok(TakenBack { waiting, put_off })
}

/// Whether `e` says something that makes `d` needless, as SQL.
fn newer() -> String {
    let pairs = Moment::ALL.into_iter().filter_map(|new| {
        let old: Vec<String> = Moment::ALL
            .into_iter()
            .filter(|old| supersedes(new, *old))
            .map(|old| format!("'{}'", old.as_str()))
            .collect();
        let old = (!old.is_empty()).then(|| old.join(", "))?;
        Some(format!(
            "e.moment = '{}' AND d.moment IN ({old})",
            new.as_str()
        ))
    });
    pairs.collect::<Vec<_>>().join(" OR ")
}

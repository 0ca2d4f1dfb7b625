//! What a person may do with deliveries: try again, and stop.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Value};

use super::{
    enqueue::QUICK_FALLBACK,
    link::{relink, unblock},
    sql::{Reader, among, column, for_update, json, micros, rows, run},
};
use crate::{
    domain::{
        Audience, ChannelName, DeliveryId, IncidentId, Time,
        delivery::{Class, State},
    },
    store::{StoreError, Tx},
};

/// The states from which a person can send a delivery on its way again, for `IN`.
pub(super) const FAILED: &str = "('dead', 'bounced', 'expired', 'held')";

/// Which deliveries are meant; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// This one.
    pub delivery: Option<DeliveryId>,
    /// Those of an incident.
    pub incident: Option<IncidentId>,
    /// Those of an event of the incident.
    pub event_seq: Option<u32>,
    /// Those on a channel.
    pub channel: Option<ChannelName>,
    /// Those in a state.
    pub state: Option<State>,
    /// Those of which the last try came to this.
    pub class: Option<Class>,
}

impl Filter {
    /// As SQL with its parameters, the first of which is `$first`.
    pub(super) fn sql(&self, first: usize) -> (String, Vec<Value>) {
        let mut sql = String::from("d.channel <> ''");
        let mut values = Vec::new();
        let mut add = |column: &str, value: Option<Value>| {
            if let Some(value) = value {
                sql.push_str(&format!(" AND d.{column} = ${}", first + values.len()));
                values.push(value);
            }
        };
        add("id", self.delivery.as_ref().map(|id| id.as_str().into()));
        add("incident", self.incident.map(|id| i64::from(id.0).into()));
        add("event_seq", self.event_seq.map(|seq| i64::from(seq).into()));
        add(
            "channel",
            self.channel.as_ref().map(|name| name.as_str().into()),
        );
        add("state", self.state.map(|state| state.as_str().into()));
        add("last_class", self.class.map(|class| class.as_str().into()));
        (sql, values)
    }
}

/// What became of a wish to try again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retried {
    /// Deliveries that wait to be sent again.
    pub waiting: usize,
    /// The events whose messages they are.
    pub events: BTreeSet<u32>,
    /// Passed over, because the person has been told something newer since.
    pub overtaken: usize,
}

/// Lets failed, expired and held deliveries be tried again until `deliver_by`, under the key they
/// had. What would arrive after something newer is left as it is.
pub async fn retry(
    tx: &Tx,
    filter: &Filter,
    deliver_by: Time,
    now: Time,
) -> Result<Retried, StoreError> {
    const STEP: &str = "try deliveries again";
    let engine = tx.get_database_backend();
    let (condition, values) = filter.sql(1);
    let sql = format!(
        "SELECT d.id, d.order_key, d.event_seq, CASE WHEN EXISTS (SELECT 1 FROM delivery e \
           WHERE e.order_key = d.order_key AND e.event_seq > d.event_seq AND (e.unsure \
           OR e.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held'))) \
           THEN 1 ELSE 0 END AS overtaken \
         FROM delivery d WHERE {condition} \
         AND d.state IN {FAILED} ORDER BY d.id {}",
        for_update(engine)
    );
    let mut retried = Retried::default();
    let mut ids = Vec::new();
    let mut keys = BTreeSet::new();
    for row in &rows(tx, STEP, &sql, values).await? {
        let mut row = Reader::new(row, STEP);
        let (id, key): (String, String) = (row.get()?, row.get()?);
        let seq = row.count()?;
        if row.get::<i32>()? == 1 {
            retried.overtaken += 1;
        } else {
            ids.push(id);
            keys.insert(key);
            retried.events.insert(seq);
        }
    }
    let sql = format!(
        "UPDATE delivery SET state = CASE WHEN unsure THEN 'uncertain' ELSE 'ready' END, \
         next_at = $2, deliver_by = $3, attempts = 0, ended_at = NULL, fallback_at = NULL, \
         last_class = NULL, last_code = NULL, sentence = '' WHERE id {}",
        among(engine, 1)
    );
    let values = vec![json(&ids)?, micros(now).into(), micros(deliver_by).into()];
    run(tx, STEP, &sql, values).await?;
    relink(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    retried.waiting = ids.len();
    Ok(retried)
}

/// Lets go what waits for a second person, of these events of an incident and one audience; to be
/// sent `from` then. With `quick`, a first choice falls to the next channel if it is not accepted soon after.
pub async fn approve(
    tx: &Tx,
    incident: IncidentId,
    events: &BTreeSet<u32>,
    audience: Audience,
    from: Time,
    quick: bool,
) -> Result<usize, StoreError> {
    const STEP: &str = "let go what waited for a second person";
    let engine = tx.get_database_backend();
    let events: Vec<String> = events.iter().map(u32::to_string).collect();
    let sql = format!(
        "UPDATE delivery SET awaits_word = false, next_at = $2, not_before = $2, \
         fallback_at = CASE WHEN $3 AND fallbacks IS NOT NULL AND fallbacks <> '[]' \
           THEN $4 ELSE fallback_at END \
         WHERE incident = $5 AND audience = $6 AND awaits_word \
         AND state IN ('ready', 'sending', 'uncertain') AND state = 'ready' \
         AND CAST(event_seq AS TEXT) {} RETURNING order_key",
        among(engine, 1)
    );
    let values = vec![
        json(&events)?,
        micros(from).into(),
        quick.into(),
        (micros(from) + QUICK_FALLBACK).into(),
        i64::from(incident.0).into(),
        audience.as_str().into(),
    ];
    let keys: Vec<String> = column(tx, STEP, &sql, values).await?;
    let distinct: BTreeSet<&String> = keys.iter().collect();
    relink(tx, &distinct.into_iter().cloned().collect::<Vec<_>>()).await?;
    Ok(keys.len())
}

/// Stops deliveries that wait and of which nothing is out. Says how many; those that are being
/// sent, or may be out, go on.
pub async fn cancel(
    tx: &Tx,
    filter: &Filter,
    sentence: &str,
    now: Time,
) -> Result<usize, StoreError> {
    const STEP: &str = "cancel deliveries";
    let (condition, values) = filter.sql(3);
    let sql = format!(
        "UPDATE delivery SET state = 'cancelled', next_at = NULL, fallback_at = NULL, \
         blocked_by = NULL, ended_at = $1, sentence = $2 WHERE id IN (SELECT d.id \
           FROM delivery d WHERE {condition} AND d.state IN ('ready', 'sending', 'uncertain') \
           AND d.state = 'ready' ORDER BY d.id {}) \
         RETURNING id",
        for_update(tx.get_database_backend())
    );
    let mut all: Vec<Value> = vec![micros(now).into(), sentence.into()];
    all.extend(values);
    let ended: Vec<String> = column(tx, STEP, &sql, all).await?;
    unblock(tx, &ended).await?;
    Ok(ended.len())
}

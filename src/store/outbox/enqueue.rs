//! Writing what an event says, in the transaction that changes the incident.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    earlier::put_in_order,
    fallback::KeptFallback,
    recipients::{recipients_written, write_recipients},
    sql::{Kind, fresh_id, json, micros, records, run},
};
use crate::{
    domain::{
        IncidentId, NotificationId, Time,
        ask::Ask,
        delivery::{NewDelivery, NewNotification, NewWithheld, State, order_key},
    },
    store::{StoreError, Tx},
};

/// The most deliveries that one notification may have.
pub const MOST_DELIVERIES: usize = 100_000;

/// Rows per statement: large enough to cost nothing more per row, small enough for memory.
const CHUNK: usize = 5_000;

/// A first choice that is not accepted this long after it may leave falls to the next channel, µs.
pub(super) const QUICK_FALLBACK: i64 = 60_000_000;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueued {
    /// Its id.
    pub notification: NotificationId,
    /// Deliveries that wait to be sent.
    pub waiting: usize,
    /// Older deliveries that this one makes needless.
    pub superseded: usize,
}

/// Writes a notification, its messages and all its deliveries, and puts the deliveries behind
/// older ones to the same addresses. Nothing is sent before the caller commits; afterwards the
/// caller wakes the engine.
pub async fn enqueue(tx: &Tx, new: &NewNotification, now: Time) -> Result<Enqueued, StoreError> {
    if new.deliveries.len() + new.withheld.len() > MOST_DELIVERIES {
        return Err(StoreError::refused(
            "write a notification",
            format!(
                "One notification may have {MOST_DELIVERIES} deliveries, this one has {}. \
                 Tell fewer people by narrowing the rules.",
                new.deliveries.len() + new.withheld.len()
            ),
        ));
    }
    let notification = fresh_id(now);
    write_notification(tx, new, &notification, now).await?;
    let messages = write_messages(tx, new, &notification, now).await?;
    write_lanes(tx, new, now).await?;

    let rows: Vec<Row> = new
        .deliveries
        .iter()
        .map(|delivery| waiting_row(new, delivery, &messages, now))
        .chain(new.withheld.iter().map(|one| Ok(withheld_row(one, now))))
        .collect::<Result<_, _>>()?;
    for chunk in rows.chunks(CHUNK) {
        write_deliveries(tx, new, &notification, chunk, now).await?;
    }
    write_recipients(tx, "d.notification_id = $1", notification.as_str().into()).await?;
    let superseded = put_in_order(tx, new, &notification, now).await?;
    Ok(Enqueued {
        notification: notification
            .parse()
            .map_err(|error| StoreError::unreadable("write a notification", error))?,
        waiting: new.deliveries.len(),
        superseded,
    })
}

async fn write_notification(
    tx: &Tx,
    new: &NewNotification,
    id: &str,
    now: Time,
) -> Result<(), StoreError> {
    let expected = new.deliveries.len() + new.withheld.len();
    run(
        tx,
        "write a notification",
        "INSERT INTO notification (id, incident, event_seq, priority, policy_version, context, \
         expected, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        vec![
            id.into(),
            incident(new.incident),
            i64::from(new.event_seq).into(),
            new.priority.as_ref().map(ToString::to_string).into(),
            new.policy_version.map(i64::from).into(),
            new.context.clone().into(),
            i64::try_from(expected).unwrap_or(i64::MAX).into(),
            micros(now).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes the words and gives back the ids of the messages, in order.
async fn write_messages(
    tx: &Tx,
    new: &NewNotification,
    notification: &str,
    now: Time,
) -> Result<Vec<String>, StoreError> {
    let mut ids = Vec::with_capacity(new.messages.len());
    for message in &new.messages {
        let id = fresh_id(now);
        let parts = message
            .stored_parts()
            .map_err(|error| StoreError::refused("write a message", error.to_string()))?;
        let sha256 = hex(&Sha256::digest(parts.as_bytes()));
        run(
            tx,
            "write a message",
            "INSERT INTO message (id, notification_id, moment, audience, channel, variant, parts, \
             sha256, fault) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            vec![
                id.clone().into(),
                notification.into(),
                message.moment.as_str().into(),
                message.audience.as_str().into(),
                message.channel.as_str().into(),
                message.variant.as_str().into(),
                parts.into(),
                sha256.into(),
                message.fault.clone().into(),
            ],
        )
        .await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Makes known the lanes that these deliveries take, so that the engine finds their channel.
async fn write_lanes(tx: &Tx, new: &NewNotification, now: Time) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct LaneRow<'a> {
        name: &'a str,
        channel: &'a str,
    }
    let mut lanes = BTreeMap::new();
    for delivery in &new.deliveries {
        let mut add = |message: usize, lane| {
            if let Some(message) = new.messages.get(message) {
                lanes.insert(lane, message.channel.as_str());
            }
        };
        add(delivery.message, delivery.lane.as_str());
        for fallback in &delivery.fallbacks {
            add(fallback.message, fallback.lane.as_str());
        }
    }
    let lanes: Vec<LaneRow<'_>> = lanes
        .into_iter()
        .map(|(name, channel)| LaneRow { name, channel })
        .collect();
    if lanes.is_empty() {
        return Ok(());
    }
    let from = records(
        tx.get_database_backend(),
        1,
        &[("name", Kind::Text), ("channel", Kind::Text)],
    );
    // In order of their names, so that two writers never wait for each other crosswise.
    let sql = format!(
        "INSERT INTO lane (name, channel, paused, reason, updated_at) \
         SELECT j.name, j.channel, false, '', $2 FROM {from} WHERE true ORDER BY j.name \
         ON CONFLICT (name) DO NOTHING"
    );
    run(
        tx,
        "write the lanes",
        &sql,
        vec![json(&lanes)?, micros(now).into()],
    )
    .await?;
    Ok(())
}

/// What differs between the deliveries of one notification.
#[derive(Serialize)]
struct Row {
    id: String,
    message_id: Option<String>,
    moment: &'static str,
    audience: &'static str,
    channel: String,
    address: String,
    lane: String,
    order_key: String,
    rank: u32,
    state: &'static str,
    next_at: Option<i64>,
    not_before: Option<i64>,
    deliver_by: i64,
    name: String,
    recipients: String,
    reason: String,
    fallbacks: Option<String>,
    fallback_at: Option<i64>,
    sentence: String,
    despite: Option<String>,
    awaits_word: bool,
    asks: Option<&'static str>,
    ended_at: Option<i64>,
}

const COLUMNS: [(&str, Kind); 23] = [
    ("id", Kind::Text),
    ("message_id", Kind::Text),
    ("moment", Kind::Text),
    ("audience", Kind::Text),
    ("channel", Kind::Text),
    ("address", Kind::Text),
    ("lane", Kind::Text),
    ("order_key", Kind::Text),
    ("rank", Kind::Number),
    ("state", Kind::Text),
    ("next_at", Kind::Number),
    ("not_before", Kind::Number),
    ("deliver_by", Kind::Number),
    ("name", Kind::Text),
    ("recipients", Kind::Text),
    ("reason", Kind::Text),
    ("fallbacks", Kind::Text),
    ("fallback_at", Kind::Number),
    ("sentence", Kind::Text),
    ("despite", Kind::Text),
    ("awaits_word", Kind::Flag),
    ("asks", Kind::Text),
    ("ended_at", Kind::Number),
];

fn waiting_row(
    new: &NewNotification,
    delivery: &NewDelivery,
    messages: &[String],
    now: Time,
) -> Result<Row, StoreError> {
    const STEP: &str = "write a delivery";
    let missing = || StoreError::refused(STEP, "It names a message that is not there.");
    let message = new.messages.get(delivery.message).ok_or_else(missing)?;
    let fallbacks: Vec<KeptFallback> = delivery
        .fallbacks
        .iter()
        .map(|fallback| KeptFallback::new(new, fallback, messages))
        .collect::<Option<_>>()
        .ok_or_else(missing)?;
    let due = delivery.not_before.map_or(now, |at| at.max(now));
    let names: Vec<&str> = delivery
        .recipients
        .iter()
        .map(|told| told.name.as_ref())
        .collect();
    let as_json = |error: serde_json::Error| StoreError::refused(STEP, error.to_string());
    Ok(Row {
        id: fresh_id(now),
        message_id: messages.get(delivery.message).cloned(),
        moment: message.moment.as_str(),
        audience: message.audience.as_str(),
        channel: message.channel.to_string(),
        address: delivery.address.as_str().to_owned(),
        lane: delivery.lane.clone(),
        order_key: order_key(new.incident, &message.channel, &delivery.address),
        // What goes to leads keeps the promise clock going, and is a handful.
        rank: if new.urgent || message.moment.is_for_leads() {
            0
        } else {
            new.rank.max(1)
        },
        state: State::Ready.as_str(),
        // Without a time it is never due: whoever agrees gives it one.
        next_at: (!delivery.awaits_word).then(|| micros(due)),
        not_before: delivery.not_before.map(micros),
        deliver_by: micros(delivery.deliver_by),
        name: names.join(", "),
        recipients: serde_json::to_string(&delivery.recipients).map_err(as_json)?,
        reason: delivery.reason.clone(),
        fallback_at: (delivery.quick_fallback && !fallbacks.is_empty() && !delivery.awaits_word)
            .then(|| micros(due) + QUICK_FALLBACK),
        fallbacks: if fallbacks.is_empty() {
            None
        } else {
            Some(serde_json::to_string(&fallbacks).map_err(as_json)?)
        },
        sentence: String::new(),
        despite: delivery.despite.clone(),
        awaits_word: delivery.awaits_word,
        asks: delivery.asks.map(Ask::as_str),
        ended_at: None,
    })
}

fn withheld_row(withheld: &NewWithheld, now: Time) -> Row {
    let who = &withheld.recipient.who;
    let reasons: Vec<&str> = withheld
        .recipient
        .reasons
        .iter()
        .map(|reason| reason.text.as_ref())
        .collect();
    Row {
        id: fresh_id(now),
        message_id: None,
        moment: withheld.moment.as_str(),
        audience: withheld.audience.as_str(),
        channel: String::new(),
        address: String::new(),
        lane: String::new(),
        order_key: format!("{}:{}", who.kind(), who.as_str()),
        rank: 1,
        state: State::NotSent.as_str(),
        next_at: None,
        not_before: None,
        deliver_by: micros(now),
        name: withheld.recipient.name.to_string(),
        recipients: serde_json::to_string(&[&withheld.recipient]).unwrap_or_default(),
        reason: reasons.join("; "),
        fallbacks: None,
        fallback_at: None,
        sentence: withheld.sentence.clone(),
        despite: None,
        awaits_word: false,
        asks: None,
        ended_at: Some(micros(now)),
    }
}

async fn write_deliveries(
    tx: &Tx,
    new: &NewNotification,
    notification: &str,
    rows: &[Row],
    now: Time,
) -> Result<(), StoreError> {
    let engine = tx.get_database_backend();
    let from = records(engine, 1, &COLUMNS);
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "INSERT INTO delivery (notification_id, incident, event_seq, urgent, created_at, \
         attempts, unsure, plain, first, recipients_written, {}) \
         SELECT $2, $3, $4, $5, $6, 0, false, false, \
         NOT EXISTS (SELECT 1 FROM delivery e WHERE e.order_key = j.order_key), {}, j.{} \
         FROM {from}",
        names.join(", "),
        recipients_written(engine),
        names.join(", j."),
    );
    run(
        tx,
        "write the deliveries",
        &sql,
        vec![
            json(&rows)?,
            notification.into(),
            incident(new.incident),
            i64::from(new.event_seq).into(),
            new.urgent.into(),
            micros(now).into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) fn incident(id: Option<IncidentId>) -> Value {
    id.map(|id| i64::from(id.0)).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

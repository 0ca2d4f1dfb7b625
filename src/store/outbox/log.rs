//! The record of deliveries and of the tries at each, as it is read.

use sea_orm::{ConnectionTrait, QueryResult};

use super::{
    lanes::LaneStatus,
    sql::{Reader, column, rows},
    standing::notifications_of,
};
use crate::{
    domain::{
        Address, Audience, ChannelName, DeliveryId, IncidentId, NotificationId, Time,
        ask::Ask,
        delivery::{State, ToldPerson},
        notification::Moment,
    },
    store::StoreError,
};

/// Which part of a log to read.
#[derive(Debug, Clone, Default)]
pub struct LogPage {
    /// Only what comes after this delivery.
    pub after: Option<DeliveryId>,
    /// At most so many; 0 is all.
    pub limit: u32,
}

/// A delivery as the record tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The delivery.
    pub id: DeliveryId,
    /// Its notification.
    pub notification: NotificationId,
    /// About which incident; `None` for a test message.
    pub incident: Option<IncidentId>,
    /// Position of the event it tells about.
    pub event_seq: u32,
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// Who it is for, with their reasons; several where an address is shared.
    pub recipients: Vec<ToldPerson>,
    /// The channel; `None` when it is deliberately not sent.
    pub channel: Option<ChannelName>,
    /// To where; `None` when it is deliberately not sent.
    pub address: Option<Address>,
    /// Where it stands.
    pub state: State,
    /// Tries that count.
    pub attempts: u32,
    /// When it is tried next, if it waits.
    pub next_at: Option<Time>,
    /// Not sent after.
    pub deliver_by: Time,
    /// The reason line.
    pub reason: String,
    /// What a person reads about its state; may be empty.
    pub sentence: String,
    /// Why it is tried although a mark stands on its address.
    pub despite: Option<String>,
    /// Status code of the last try.
    pub code: Option<u16>,
    /// The provider's id for it.
    pub provider_id: Option<String>,
    /// The delivery in whose stead it was written.
    pub fell_from: Option<DeliveryId>,
    /// The delivery that has to leave before.
    pub waits_for: Option<DeliveryId>,
    /// Whether it waits for a second person to agree to it.
    pub awaits_word: bool,
    /// What is asked of its recipients.
    pub asks: Option<Ask>,
    /// When it was written.
    pub created_at: Time,
    /// When it was first tried.
    pub first_tried_at: Option<Time>,
    /// When it reached a final state.
    pub ended_at: Option<Time>,
    /// Not sent before.
    pub not_before: Option<Time>,
    /// How its lane stands, and why.
    pub lane: (LaneStatus, String),
}

const COLUMNS: &str = "d.id, d.notification_id, d.incident, d.event_seq, d.moment, d.audience, \
     d.recipients, d.channel, d.address, d.state, d.attempts, d.next_at, d.deliver_by, d.reason, \
     d.sentence, d.despite, d.last_code, d.provider_id, d.fell_from, d.blocked_by, d.awaits_word, \
     d.asks, \
     d.created_at, \
     d.wire_date, d.ended_at, d.not_before, l.rests_until, l.shut_until, l.paused, l.paused_since, \
     l.reason";

/// The deliveries of an incident: those of the first event first, and of each the oldest first.
///
/// A page costs what is on it: the notifications are gone through one after the other.
pub async fn send_log(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    page: &LogPage,
) -> Result<Vec<Logged>, StoreError> {
    const STEP: &str = "read the deliveries of an incident";
    let mut all = notifications_of(conn, incident).await?;
    let mut after = page.after.as_ref().map_or("", DeliveryId::as_str);
    if !after.is_empty() {
        let sql = "SELECT notification_id FROM delivery WHERE id = $1";
        let last: Vec<String> = column(conn, STEP, sql, vec![after.into()]).await?;
        let at = |id: &NotificationId| last.first().is_some_and(|last| id.as_str() == last);
        let Some(at) = all.iter().position(at) else {
            return Ok(Vec::new());
        };
        all.drain(..at);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM delivery d LEFT JOIN lane l ON l.name = d.lane \
         WHERE d.notification_id = $1 AND d.id > $2 \
         ORDER BY d.id LIMIT $3"
    );
    let limit = match page.limit {
        0 => usize::MAX,
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    let mut log = Vec::new();
    for notification in all {
        let left = i64::try_from(limit - log.len()).unwrap_or(i64::MAX);
        let values = vec![notification.as_str().into(), after.into(), left.into()];
        for row in &rows(conn, STEP, &sql, values).await? {
            log.push(logged(row, STEP)?);
        }
        if log.len() >= limit {
            break;
        }
        after = "";
    }
    Ok(log)
}

/// One delivery, as the record has it.
pub async fn logged_delivery(
    conn: &impl ConnectionTrait,
    id: &DeliveryId,
) -> Result<Option<Logged>, StoreError> {
    const STEP: &str = "look for a delivery";
    let sql = format!(
        "SELECT {COLUMNS} FROM delivery d LEFT JOIN lane l ON l.name = d.lane WHERE d.id = $1"
    );
    let found = rows(conn, STEP, &sql, vec![id.as_str().into()]).await?;
    found.first().map(|row| logged(row, STEP)).transpose()
}

fn logged(row: &QueryResult, step: &'static str) -> Result<Logged, StoreError> {
    let mut row = Reader::new(row, step);
    let unreadable = |error| StoreError::unreadable(step, error);
    let id_or_none = |text: Option<String>| {
        text.map(|text| text.parse::<DeliveryId>())
            .transpose()
            .map_err(unreadable)
    };
    Ok(Logged {
        id: row.parse()?,
        notification: row.parse()?,
        incident: row
            .get::<Option<i64>>()?
            .and_then(|id| u32::try_from(id).ok())
            .map(IncidentId),
        event_seq: row.count()?,
        moment: row.parse()?,
        audience: row.parse()?,
        recipients: row.json()?,
        channel: {
            let text: String = row.get()?;
            (!text.is_empty())
                .then(|| text.parse())
                .transpose()
                .map_err(unreadable)?
        },
        address: {
            let text: String = row.get()?;
            (!text.is_empty()).then(|| Address::new(&text))
        },
        state: row.parse()?,
        attempts: row.count()?,
        next_at: row.time_or_none()?,
        deliver_by: row.time()?,
        reason: row.get()?,
        sentence: row.get()?,
        despite: row.get()?,
        code: row
            .get::<Option<i64>>()?
            .and_then(|code| u16::try_from(code).ok()),
        provider_id: row.get()?,
        fell_from: id_or_none(row.get()?)?,
        waits_for: id_or_none(row.get()?)?,
        awaits_word: row.get()?,
        asks: row.parse_or_none()?,
        created_at: row.time()?,
        first_tried_at: row.time_or_none()?,
        ended_at: row.time_or_none()?,
        not_before: row.time_or_none()?,
        lane: {
            let status = LaneStatus {
                rests_until: row.time_or_none()?,
                shut_until: row.time_or_none()?,
                paused: row.get::<Option<bool>>()?.unwrap_or_default(),
                paused_since: row.time_or_none()?,
            };
            (status, row.get::<Option<String>>()?.unwrap_or_default())
        },
    })
}

/// One try, as the record tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// Which try.
    pub n: u32,
    /// When it began.
    pub started_at: Time,
    /// When its outcome was known.
    pub ended_at: Time,
    /// What came of it, as [`Class::as_str`](crate::domain::delivery::Class::as_str) names it.
    pub class: String,
    /// Status code of the protocol.
    pub code: Option<u16>,
    /// What the provider said, for the operator.
    pub reply: String,
    /// What a person reads.
    pub sentence: String,
    /// Whether its lease was no longer held when the outcome came.
    pub late: bool,
    /// Whether it may have been a repeat.
    pub repeat: bool,
}

/// All tries at a delivery, oldest first.
pub async fn attempts_of(
    conn: &impl ConnectionTrait,
    delivery: &DeliveryId,
) -> Result<Vec<LoggedAttempt>, StoreError> {
    const STEP: &str = "read the attempts of a delivery";
    let found = rows(
        conn,
        STEP,
        "SELECT n, started_at, ended_at, class, code, reply, sentence, late, repeat FROM attempt \
         WHERE delivery_id = $1 ORDER BY id",
        vec![delivery.as_str().into()],
    )
    .await?;
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(LoggedAttempt {
                n: row.count()?,
                started_at: row.time()?,
                ended_at: row.time()?,
                class: row.get()?,
                code: row
                    .get::<Option<i64>>()?
                    .and_then(|code| u16::try_from(code).ok()),
                reply: row.get()?,
                sentence: row.get()?,
                late: row.get()?,
                repeat: row.get()?,
            })
        })
        .collect()
}

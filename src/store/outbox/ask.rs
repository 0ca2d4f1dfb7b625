//! Questions to the record: who was told, what became of each delivery, how many wait.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::sql::{Reader, among, column, json, rows};
use crate::{
    domain::{
        Address, Audience, ChannelName, DeliveryId, IncidentId, MessageId, NotificationId, Time,
        ask::Ask,
        delivery::{State, ToldPerson},
        notification::Moment,
        situation::RecipientId,
    },
    store::StoreError,
};

/// Somebody who was told about an incident on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Person or destination.
    pub who: RecipientId,
    /// Their name then.
    pub name: Arc<str>,
    /// The channel.
    pub channel: ChannelName,
    /// To where.
    pub address: Address,
    /// What they were told last, and as which reader.
    pub last: (Moment, Audience),
    /// Positions of the events they were told about.
    pub events: BTreeSet<u32>,
}

/// Everybody who was told about an incident: somebody to whom a delivery is being sent, was taken
/// by the provider, or may be out. One entry per recipient, channel and address.
pub async fn told(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<Told>, StoreError> {
    const STEP: &str = "read who was told";
    let found = rows(
        conn,
        STEP,
        "SELECT d.recipients, d.channel, d.address, d.moment, d.audience, d.event_seq \
         FROM notification n JOIN delivery d ON d.notification_id = n.id \
         WHERE n.incident = $1 AND d.channel <> '' AND (d.unsure \
           OR d.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held')) \
         ORDER BY d.event_seq, d.id",
        vec![i64::from(incident.0).into()],
    )
    .await?;
    let mut told: BTreeMap<(RecipientId, ChannelName, Address), Told> = BTreeMap::new();
    for row in &found {
        let mut row = Reader::new(row, STEP);
        let recipients: Vec<ToldPerson> = row.json()?;
        let channel: ChannelName = row.parse()?;
        let address = Address::new(&row.get::<String>()?);
        let last = (row.parse()?, row.parse()?);
        let event = row.count()?;
        for recipient in recipients {
            let key = (recipient.who.clone(), channel.clone(), address.clone());
            let entry = told.entry(key).or_insert_with(|| Told {
                who: recipient.who,
                name: Arc::clone(&recipient.name),
                channel: channel.clone(),
                address: address.clone(),
                last,
                events: BTreeSet::new(),
            });
            entry.name = recipient.name;
            entry.last = last;
            entry.events.insert(event);
        }
    }
    Ok(told.into_values().collect())
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
}

const COLUMNS: &str = "d.id, d.notification_id, d.incident, d.event_seq, d.moment, d.audience, \
     d.recipients, d.channel, d.address, d.state, d.attempts, d.next_at, d.deliver_by, d.reason, \
     d.sentence, d.last_code, d.provider_id, d.fell_from, d.blocked_by, d.awaits_word, \
     d.asks, \
     d.created_at, \
     d.wire_date, d.ended_at";

/// Which part of a log to read.
#[derive(Debug, Clone, Default)]
pub struct LogPage {
    /// Only what comes after this delivery.
    pub after: Option<DeliveryId>,
    /// At most so many; 0 is all.
    pub limit: u32,
}

/// The deliveries of an incident, oldest first.
pub async fn send_log(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    page: &LogPage,
) -> Result<Vec<Logged>, StoreError> {
    const STEP: &str = "read the deliveries of an incident";
    let after = page.after.as_ref().map_or("", DeliveryId::as_str);
    let limit = if page.limit == 0 {
        i64::MAX
    } else {
        i64::from(page.limit)
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM notification n JOIN delivery d ON d.notification_id = n.id \
         WHERE n.incident = $1 AND d.id > $2 ORDER BY d.id LIMIT $3"
    );
    let values: Vec<Value> = vec![i64::from(incident.0).into(), after.into(), limit.into()];
    rows(conn, STEP, &sql, values)
        .await?
        .iter()
        .map(|row| logged(row, STEP))
        .collect()
}

/// One delivery, as the record has it.
pub async fn logged_delivery(
    conn: &impl ConnectionTrait,
    id: &DeliveryId,
) -> Result<Option<Logged>, StoreError> {
    const STEP: &str = "look for a delivery";
    let sql = format!("SELECT {COLUMNS} FROM delivery d WHERE d.id = $1");
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

/// How many deliveries are in each state.
pub type Counts = BTreeMap<State, u64>;

/// Counts deliveries per state: of one incident, or of all that are not restricted.
pub async fn counts(
    conn: &impl ConnectionTrait,
    incident: Option<IncidentId>,
) -> Result<Counts, StoreError> {
    const STEP: &str = "count the deliveries";
    let found = match incident {
        Some(id) => {
            rows(
                conn,
                STEP,
                "SELECT d.state, COUNT(*) FROM notification n \
                 JOIN delivery d ON d.notification_id = n.id WHERE n.incident = $1 \
                 GROUP BY d.state",
                vec![i64::from(id.0).into()],
            )
            .await?
        }
        None => {
            let sql = "SELECT state, COUNT(*) FROM delivery WHERE incident IS NULL \
                       OR incident NOT IN (SELECT id FROM incident WHERE restricted) \
                       GROUP BY state";
            rows(conn, STEP, sql, vec![]).await?
        }
    };
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            let state: State = row.parse()?;
            let count: i64 = row.get()?;
            Ok((state, u64::try_from(count).unwrap_or_default()))
        })
        .collect()
}

/// Deliveries of these notifications that are being sent, or were never tried and wait for
/// nothing but their turn: per lane, how many, and when the earliest is due (`None`: sending).
pub async fn pending_of(
    conn: &impl ConnectionTrait,
    notifications: &[NotificationId],
) -> Result<Vec<(String, u64, Option<Time>)>, StoreError> {
    const STEP: &str = "look for deliveries that are not out yet";
    let sql = format!(
        "SELECT lane, COUNT(*), MIN(next_at) FROM delivery WHERE notification_id {} \
         AND (state = 'sending' OR (state = 'ready' AND attempts = 0 AND blocked_by IS NULL \
           AND last_class IS NULL AND NOT awaits_word)) GROUP BY lane",
        among(conn.get_database_backend(), 1)
    );
    rows(conn, STEP, &sql, vec![json(&notifications)?])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            let lane = row.get()?;
            let count: i64 = row.get()?;
            Ok((
                lane,
                u64::try_from(count).unwrap_or_default(),
                row.time_or_none()?,
            ))
        })
        .collect()
}

/// The words of a message, by part.
pub async fn words_of(
    conn: &impl ConnectionTrait,
    message: &MessageId,
) -> Result<BTreeMap<String, String>, StoreError> {
    const STEP: &str = "read the words of a message";
    let found = rows(
        conn,
        STEP,
        "SELECT parts FROM message WHERE id = $1",
        vec![message.as_str().into()],
    )
    .await?;
    match found.first() {
        Some(row) => Reader::new(row, STEP).json(),
        None => Err(StoreError::unreadable(STEP, "it is not there")),
    }
}

/// The other side's id of the message that began the thread of this delivery: the earliest of its
/// incident, channel and address that has one.
pub async fn thread_of(
    conn: &impl ConnectionTrait,
    delivery: &DeliveryId,
) -> Result<Option<String>, StoreError> {
    let found: Vec<String> = column(
        conn,
        "look for the beginning of a thread",
        "SELECT r.provider_id FROM delivery d JOIN delivery r ON r.order_key = d.order_key \
         WHERE d.id = $1 AND r.id <> d.id AND r.provider_id IS NOT NULL AND r.event_seq < d.event_seq \
         ORDER BY r.event_seq, r.id LIMIT 1",
        vec![delivery.as_str().into()],
    )
    .await?;
    Ok(found.into_iter().next())
}

/// The other side's ids of what was said under these order keys, with the key, the earliest first.
pub async fn posts_of(
    conn: &impl ConnectionTrait,
    order_keys: &[String],
) -> Result<Vec<(String, String)>, StoreError> {
    const STEP: &str = "look for what was posted";
    let are_asked = among(conn.get_database_backend(), 1);
    let sql = format!(
        "SELECT order_key, provider_id FROM delivery \
         WHERE order_key {are_asked} AND provider_id IS NOT NULL ORDER BY event_seq, id"
    );
    rows(conn, STEP, &sql, vec![json(&order_keys)?])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok((row.get()?, row.get()?))
        })
        .collect()
}

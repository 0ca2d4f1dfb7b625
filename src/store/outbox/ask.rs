//! Questions to the record: who was told in which words, how many wait, what hangs together.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sea_orm::ConnectionTrait;

use super::sql::{Reader, among, column, json, rows};
use crate::{
    domain::{
        Address, Audience, ChannelName, DeliveryId, IncidentId, MessageId, NotificationId, Time,
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

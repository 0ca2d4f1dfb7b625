//! What was written about an event first, read back to be held against its record.

use sea_orm::ConnectionTrait;

use super::sql::{Reader, column, micros, rows};
use crate::{
    domain::{
        IncidentId, Time,
        delivery::ToldPerson,
        proof::{KeptMessage, KeptRecipient, Written},
    },
    store::StoreError,
};

const STEP: &str = "read what was written about an event";

/// Deliveries that are read at a time: a notification may have a hundred thousand.
const PAGE: i64 = 5_000;

/// The messages of an event, and who was to get them, as they were written with it `at` that time.
///
/// A retry writes another notification of the same event, later. A fallback is written into the
/// first one and names the delivery in whose stead it is. Neither is among these, nor is a delivery
/// whose message is not one of its own kind.
pub async fn written(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    seq: u32,
    at: Time,
) -> Result<Written, StoreError> {
    let first: Vec<String> = column(
        conn,
        STEP,
        "SELECT id FROM notification WHERE incident = $1 AND event_seq = $2 AND created_at = $3 \
         ORDER BY id LIMIT 1",
        vec![
            i64::from(incident.0).into(),
            i64::from(seq).into(),
            micros(at).into(),
        ],
    )
    .await?;
    let Some(notification) = first.into_iter().next() else {
        return Ok(Written::default());
    };
    Ok(Written {
        messages: messages(conn, &notification).await?,
        told: told(conn, &notification).await?,
    })
}

async fn messages(
    conn: &impl ConnectionTrait,
    notification: &str,
) -> Result<Vec<KeptMessage>, StoreError> {
    let sql = "SELECT moment, audience, channel, variant, parts FROM message \
               WHERE notification_id = $1 ORDER BY id";
    rows(conn, STEP, sql, vec![notification.into()])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(KeptMessage {
                moment: row.parse()?,
                audience: row.parse()?,
                channel: row.parse()?,
                variant: row.parse()?,
                parts: row.get()?,
            })
        })
        .collect()
}

async fn told(
    conn: &impl ConnectionTrait,
    notification: &str,
) -> Result<Vec<KeptRecipient>, StoreError> {
    let sql = "SELECT d.id, d.moment, d.audience, d.channel, m.variant, d.recipients FROM delivery d \
               JOIN message m ON m.id = d.message_id AND m.notification_id = d.notification_id \
                 AND m.moment = d.moment AND m.audience = d.audience AND m.channel = d.channel \
               WHERE d.notification_id = $1 AND d.fell_from IS NULL AND d.id > $2 \
               ORDER BY d.id LIMIT $3";
    let mut told = Vec::new();
    let mut after = String::new();
    loop {
        let values = vec![notification.into(), after.as_str().into(), PAGE.into()];
        let page = rows(conn, STEP, sql, values).await?;
        for row in &page {
            let mut row = Reader::new(row, STEP);
            after = row.get()?;
            let moment = row.parse()?;
            let audience = row.parse()?;
            let channel: crate::domain::ChannelName = row.parse()?;
            let variant = row.parse()?;
            let recipients: Vec<ToldPerson> = row.json()?;
            told.extend(recipients.into_iter().map(|person| KeptRecipient {
                who: person.who,
                audience,
                moment,
                channel: channel.clone(),
                variant,
            }));
        }
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(told);
        }
    }
}

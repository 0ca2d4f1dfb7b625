//! What was said about an incident so far, delivery by delivery, for the plan of what comes next.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Value};

use super::{
    ask::Counts,
    sql::{Reader, among, json, one_of, rows},
};
use crate::{
    domain::{
        Address, IncidentId, NotificationId, PersonId,
        delivery::{State, ToldPerson},
        plan::Told,
        situation::RecipientId,
    },
    store::StoreError,
};

/// Every delivery of an incident that is out, may be out, or waits: once per recipient, in the
/// order of events.
pub async fn history(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<Told>, StoreError> {
    const STEP: &str = "read what was said so far";
    let found = rows(
        conn,
        STEP,
        "SELECT d.recipients, d.audience, d.channel, d.address, d.moment, d.event_seq, d.state, \
           d.unsure, d.awaits_word, d.fell_from IS NOT NULL AS stands_in FROM notification n JOIN delivery d ON d.notification_id = n.id \
         WHERE n.incident = $1 AND d.channel <> '' AND (d.unsure \
           OR d.state IN ('ready', 'sending', 'uncertain', 'accepted', 'delivered', 'held')) \
         ORDER BY d.event_seq, d.id",
        vec![i64::from(incident.0).into()],
    )
    .await?;
    let mut told = Vec::with_capacity(found.len());
    for row in &found {
        let mut row = Reader::new(row, STEP);
        let recipients: Vec<ToldPerson> = row.json()?;
        let audience = row.parse()?;
        let channel = row.parse()?;
        let address = Address::new(&row.get::<String>()?);
        let moment = row.parse()?;
        let seq = row.count()?;
        let state: State = row.parse()?;
        let unsure: bool = row.get()?;
        let awaits_word: bool = row.get()?;
        let stands_in: bool = row.get()?;
        told.extend(recipients.into_iter().map(|person| Told {
            who: person.who,
            name: person.name,
            audience,
            channel: crate::domain::ChannelName::clone(&channel),
            address: address.clone(),
            moment,
            seq,
            waiting: state == State::Ready && !unsure,
            awaits_word: state == State::Ready && awaits_word,
            stands_in,
        }));
    }
    Ok(told)
}

/// The notifications of an incident, oldest first.
pub async fn notifications_of(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<NotificationId>, StoreError> {
    const STEP: &str = "list the notifications of an incident";
    let sql = "SELECT id FROM notification WHERE incident = $1 ORDER BY event_seq, id";
    let found = rows(conn, STEP, sql, vec![i64::from(incident.0).into()]).await?;
    found
        .iter()
        .map(|row| Reader::new(row, STEP).parse())
        .collect()
}

/// The latest notification of an incident.
pub async fn latest_of(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Option<NotificationId>, StoreError> {
    const STEP: &str = "look for the latest notification of an incident";
    let sql =
        "SELECT id FROM notification WHERE incident = $1 ORDER BY event_seq DESC, id DESC LIMIT 1";
    let found = rows(conn, STEP, sql, vec![i64::from(incident.0).into()]).await?;
    found
        .first()
        .map(|row| Reader::new(row, STEP).parse())
        .transpose()
}

/// The notifications of some events of an incident, oldest first.
pub async fn notifications_about(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    events: &BTreeSet<u32>,
) -> Result<Vec<NotificationId>, StoreError> {
    const STEP: &str = "find the notifications of events";
    let sql = format!(
        "SELECT id FROM notification WHERE incident = $1 AND CAST(event_seq AS TEXT) {} \
         ORDER BY event_seq, id",
        among(conn.get_database_backend(), 2)
    );
    let events: Vec<String> = events.iter().map(u32::to_string).collect();
    let values = vec![i64::from(incident.0).into(), json(&events)?];
    let found = rows(conn, STEP, &sql, values).await?;
    found
        .iter()
        .map(|row| Reader::new(row, STEP).parse())
        .collect()
}

/// Deliveries per state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// All of them.
    pub counts: Counts,
    /// Those of the waiting that were tried, and are to be tried again or looked after.
    pub again: u64,
    /// Those of the waiting that wait for a second person.
    pub awaits_word: u64,
}

/// How the deliveries of these notifications stand.
pub async fn counts_of(
    conn: &impl ConnectionTrait,
    notifications: &[NotificationId],
) -> Result<Standing, StoreError> {
    const STEP: &str = "count the deliveries of a notification";
    if notifications.is_empty() {
        return Ok(Standing::default());
    }
    let sql = format!(
        "SELECT state, CASE WHEN state = 'uncertain' THEN 1 WHEN state <> 'ready' THEN 0 \
           WHEN awaits_word THEN 2 \
           WHEN attempts > 0 OR last_class IS NOT NULL THEN 1 ELSE 0 END AS why, \
           COUNT(*) FROM delivery WHERE notification_id {} GROUP BY state, why",
        one_of(notifications.len())
    );
    let values: Vec<Value> = notifications
        .iter()
        .map(|id| id.to_string().into())
        .collect();
    let mut standing = Standing::default();
    for row in &rows(conn, STEP, &sql, values).await? {
        let mut row = Reader::new(row, STEP);
        let state: State = row.parse()?;
        let why: i32 = row.get()?;
        let count = u64::try_from(row.get::<i64>()?).unwrap_or_default();
        *standing.counts.entry(state).or_default() += count;
        match why {
            1 => standing.again += count,
            2 => standing.awaits_word += count,
            _ => {}
        }
    }
    Ok(standing)
}

/// How many deliveries wait per lane, and since when the oldest of them is due. Those of restricted
/// incidents are not counted. The lane's name holds no address.
pub async fn backlog(
    conn: &impl ConnectionTrait,
    now: crate::domain::Time,
) -> Result<Vec<(String, u64, crate::domain::Time)>, StoreError> {
    const STEP: &str = "measure the backlog";
    let sql = "SELECT lane, COUNT(*), MIN(next_at) FROM delivery \
               WHERE state = 'ready' AND next_at <= $1 AND (incident IS NULL \
                 OR incident NOT IN (SELECT id FROM incident WHERE restricted)) GROUP BY lane";
    let found = rows(
        conn,
        STEP,
        sql,
        vec![crate::store::rows::micros(now).into()],
    )
    .await?;
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            let lane = row.get()?;
            let count = u64::try_from(row.get::<i64>()?).unwrap_or_default();
            Ok((lane, count, row.time()?))
        })
        .collect()
}

/// Ids of people and destinations of whom at least one delivery was accepted.
pub async fn people_reached(
    conn: &impl ConnectionTrait,
) -> Result<std::collections::BTreeSet<String>, StoreError> {
    const STEP: &str = "see who was ever reached";
    let sql = "SELECT DISTINCT recipients FROM delivery WHERE state IN ('accepted', 'delivered')";
    let mut reached = std::collections::BTreeSet::new();
    for row in &rows(conn, STEP, sql, vec![]).await? {
        let people: Vec<ToldPerson> = Reader::new(row, STEP).json()?;
        reached.extend(
            people
                .into_iter()
                .map(|person| person.who.as_str().to_owned()),
        );
    }
    Ok(reached)
}

/// Of which of these incidents a person was told: a message to them is out, may be out, or is held.
pub async fn told_of(
    conn: &impl ConnectionTrait,
    person: &PersonId,
    of: &[IncidentId],
) -> Result<BTreeSet<IncidentId>, StoreError> {
    const STEP: &str = "see of what somebody was told";
    let who = RecipientId::Person(person.clone());
    // The text narrows it down; what is in it decides. CROSS makes SQLite begin with the notifications,
    // not with all deliveries.
    let ids: Vec<String> = of.iter().map(|id| id.0.to_string()).collect();
    let sql = format!(
        "SELECT n.incident, d.recipients FROM notification n CROSS JOIN delivery d \
         WHERE n.incident IN ({}) AND d.notification_id = n.id \
         AND d.recipients LIKE $1 AND (d.unsure \
           OR d.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held'))",
        ids.join(", ")
    );
    let likeness = format!("%\"{person}\"%");
    let found = rows(conn, STEP, &sql, vec![likeness.into()]).await?;
    let mut told = BTreeSet::new();
    for row in &found {
        let mut row = Reader::new(row, STEP);
        let incident = IncidentId(row.count()?);
        let recipients: Vec<ToldPerson> = row.json()?;
        if recipients.iter().any(|recipient| recipient.who == who) {
            told.insert(incident);
        }
    }
    Ok(told)
}

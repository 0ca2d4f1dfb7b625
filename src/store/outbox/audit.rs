//! The auditor: adds up what was promised, and says where it does not add up.
//!
//! It looks every minute, in the turn of the engine, so each look costs what is open and a bounded part
//! of what was said lately, however much was ever sent.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use ulid::Ulid;

use super::sql::{Reader, among, column, json, micros, rows};
use crate::{domain::Time, store::StoreError};

/// Only notifications younger than this are counted again: older ones no longer change.
const YOUNG: TimeDelta = TimeDelta::days(4);

/// What was said before the first look is counted at once if it is younger than this.
const NEW: TimeDelta = TimeDelta::hours(1);

/// So many deliveries are counted in one look, beside those of the notification that goes beyond it.
const COUNTED: i64 = 50_000;

/// So many notifications are looked at in one look.
const LOOKED_AT: i64 = 500;

/// The engine is given so long to act on a time that has passed before it is said that it did not.
const GRACE: TimeDelta = TimeDelta::minutes(1);

/// What the faults of the auditor are filed under, at their beginning.
pub const FINDING: &str = "outbox:";

/// What the count of a notification is filed under, before its id.
const COUNT: &str = "outbox:count:";

/// Whether what a fault says will be looked at again: a notification is counted as long as it is young.
pub fn is_counted_again(key: &str, now: Time) -> bool {
    key.strip_prefix(COUNT)
        .is_none_or(|id| *id >= *first_id(now - YOUNG))
}

/// Something that does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What the fault is filed under, for example `outbox:count:01JD…`.
    pub key: String,
    /// What is wrong, one sentence for a person.
    pub sentence: String,
}

/// What one look found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// What does not add up.
    pub findings: Vec<Finding>,
    /// What every fault would be filed under that this look would have found; others it says nothing of.
    pub looked_at: BTreeSet<String>,
}

/// How far the auditor is with counting the deliveries of notifications: what was said since its last
/// look is counted in the next one, and what was said in the last four days again and again, as far as
/// one look goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// The newest notification that was counted.
    newest: String,
    /// The last one that was counted again.
    again: String,
}

/// Looks whether every delivery that was promised is there, none has outlived its deadline, none
/// is sent by nobody, and none waits for one that has ended. To be asked when everything that the
/// passing of time ends has been written: it cannot know that somebody is about to.
pub async fn audit(
    conn: &impl ConnectionTrait,
    round: &mut Round,
    now: Time,
) -> Result<Audit, StoreError> {
    const STEP: &str = "audit the outbox";
    let mut audit = Audit::default();
    round.newest = round.newest.clone().max(first_id(now - NEW));
    let mut left = COUNTED;
    let mut ids = next(conn, &round.newest, &mut left).await?;
    if let Some(newest) = ids.last() {
        round.newest.clone_from(newest);
    }
    if left > 0 {
        round.again = round.again.clone().max(first_id(now - YOUNG));
        let again = next(conn, &round.again, &mut left).await?;
        // From the beginning, after the last one.
        round.again = again.last().cloned().unwrap_or_default();
        ids.extend(again);
    }
    count(conn, &ids, &mut audit).await?;
    let questions: [(&str, &str, &[&str]); 3] = [
        (
            "outbox:deadline",
            "deliveries are past their deadline and still wait",
            // Two questions, because each is answered from a small index of its own.
            &[
                "SELECT COUNT(*) FROM delivery WHERE state IN ('ready', 'uncertain') \
                 AND blocked_by IS NULL AND deliver_by <= $1",
                "SELECT COUNT(*) FROM delivery WHERE blocked_by IS NOT NULL \
                 AND state IN ('ready', 'uncertain') AND deliver_by <= $1",
            ],
        ),
        (
            "outbox:lease",
            "deliveries are being sent by a process that is gone",
            &["SELECT COUNT(*) FROM delivery WHERE state = 'sending' AND lease_until <= $1"],
        ),
        (
            "outbox:order",
            "deliveries wait for one that has ended",
            &[
                "SELECT COUNT(*) FROM delivery d JOIN delivery b ON b.id = d.blocked_by \
               WHERE d.blocked_by IS NOT NULL \
               AND b.state NOT IN ('ready', 'sending', 'uncertain') AND $1 > 0",
            ],
        ),
    ];
    for (key, what, parts) in questions {
        let mut found = 0;
        for sql in parts {
            let part: Vec<i64> = column(conn, STEP, sql, vec![micros(now - GRACE).into()]).await?;
            found += part.first().copied().unwrap_or_default();
        }
        audit.looked_at.insert(key.to_owned());
        if found > 0 {
            audit.findings.push(Finding {
                key: key.to_owned(),
                sentence: format!("{found} {what}."),
            });
        }
    }
    Ok(audit)
}

/// The notifications after this one, the oldest first, until they have as many deliveries as are left to
/// count.
async fn next(
    conn: &impl ConnectionTrait,
    after: &str,
    left: &mut i64,
) -> Result<Vec<String>, StoreError> {
    const STEP: &str = "look for notifications to count";
    let sql = "SELECT id, expected FROM notification WHERE id > $1 ORDER BY id LIMIT $2";
    let mut ids = Vec::new();
    for row in &rows(conn, STEP, sql, vec![after.into(), LOOKED_AT.into()]).await? {
        if *left <= 0 {
            break;
        }
        let mut row = Reader::new(row, STEP);
        ids.push(row.get()?);
        *left -= row.get::<i64>()?;
    }
    Ok(ids)
}

async fn count(
    conn: &impl ConnectionTrait,
    ids: &[String],
    audit: &mut Audit,
) -> Result<(), StoreError> {
    const STEP: &str = "count the deliveries of notifications";
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT n.id, n.expected, (SELECT COUNT(*) FROM delivery d WHERE d.notification_id = n.id) \
         FROM notification n WHERE n.id {}",
        among(conn.get_database_backend(), 1)
    );
    for row in &rows(conn, STEP, &sql, vec![json(&ids)?]).await? {
        let mut row = Reader::new(row, STEP);
        let (id, expected, found): (String, i64, i64) = (row.get()?, row.get()?, row.get()?);
        let key = format!("outbox:count:{id}");
        if expected != found {
            audit.findings.push(Finding {
                key: key.clone(),
                sentence: format!(
                    "Notification {id} should have {expected} deliveries and has {found}."
                ),
            });
        }
        audit.looked_at.insert(key);
    }
    Ok(())
}

/// The first id of an instant, in the order of ids.
fn first_id(at: Time) -> String {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Ulid::from_parts(millis, 0).to_string()
}

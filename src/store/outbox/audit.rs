//! The auditor: adds up what was promised, and says where it does not add up.

use sea_orm::ConnectionTrait;

use super::sql::{Reader, column, micros, rows};
use crate::{domain::Time, store::StoreError};
use chrono::TimeDelta;

/// Only notifications younger than this are counted again: older ones no longer change.
const YOUNG: TimeDelta = TimeDelta::days(4);

/// The engine is given so long to act on a time that has passed before it is said that it did not.
const GRACE: TimeDelta = TimeDelta::minutes(1);

/// Something that does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What the fault is filed under, for example `outbox:count:01JD…`.
    pub key: String,
    /// What is wrong, one sentence for a person.
    pub sentence: String,
}

/// Looks whether every delivery that was promised is there, none has outlived its deadline, none
/// is sent by nobody, and none waits for one that has ended.
pub async fn audit(conn: &impl ConnectionTrait, now: Time) -> Result<Vec<Finding>, StoreError> {
    const STEP: &str = "audit the outbox";
    let mut findings = Vec::new();
    let miscounted = rows(
        conn,
        STEP,
        "SELECT n.id, n.expected, COUNT(d.id) AS found FROM notification n \
         LEFT JOIN delivery d ON d.notification_id = n.id WHERE n.created_at > $1 \
         GROUP BY n.id, n.expected HAVING COUNT(d.id) <> n.expected",
        vec![micros(now - YOUNG).into()],
    )
    .await?;
    for row in &miscounted {
        let mut row = Reader::new(row, STEP);
        let (id, expected, found): (String, i64, i64) = (row.get()?, row.get()?, row.get()?);
        findings.push(Finding {
            key: format!("outbox:count:{id}"),
            sentence: format!(
                "Notification {id} should have {expected} deliveries and has {found}."
            ),
        });
    }
    let questions = [
        (
            "outbox:deadline",
            "deliveries are past their deadline and still wait",
            "SELECT COUNT(*) FROM delivery WHERE state IN ('ready', 'uncertain') \
             AND deliver_by <= $1",
        ),
        (
            "outbox:lease",
            "deliveries are being sent by a process that is gone",
            "SELECT COUNT(*) FROM delivery WHERE state = 'sending' AND lease_until <= $1",
        ),
        (
            "outbox:order",
            "deliveries wait for one that has ended",
            "SELECT COUNT(*) FROM delivery d JOIN delivery b ON b.id = d.blocked_by \
             WHERE d.blocked_by IS NOT NULL \
             AND b.state NOT IN ('ready', 'sending', 'uncertain') AND $1 > 0",
        ),
    ];
    for (key, what, sql) in questions {
        let found: Vec<i64> = column(conn, STEP, sql, vec![micros(now - GRACE).into()]).await?;
        let found = found.first().copied().unwrap_or_default();
        if found > 0 {
            findings.push(Finding {
                key: key.to_owned(),
                sentence: format!("{found} {what}."),
            });
        }
    }
    Ok(findings)
}

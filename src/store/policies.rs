//! Policies: every version that was ever in force. The highest number is in force now.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    Step, StoreError, Tx,
    counters::{Counter, take},
    rows::{instant, micros, narrow, statement},
};
use crate::domain::Time;
use entity::policy_version::{ActiveModel, Column, Entity, Model};

/// A policy that is to be put in force. It has been checked before it comes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewPolicy<'a> {
    /// The policy as it was written.
    pub text: &'a str,
    /// SHA-256 of the text, hex.
    pub sha256: &'a str,
    /// Who puts it in force: `cli:root`, `person:priya-shah`, `start`.
    pub applied_by: &'a str,
    /// SHA-256 of the file that start-up applied by itself, hex; `None` when a person did it.
    pub file_sha256: Option<&'a str>,
}

/// A version of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Counts up from 1.
    pub number: u32,
    /// The policy as it was written.
    pub text: String,
    /// SHA-256 of the text, hex.
    pub sha256: String,
    /// When it was put in force.
    pub applied_at: Time,
    /// Who put it in force.
    pub applied_by: String,
    /// SHA-256 of the file that start-up applied by itself; `None` when a person did it.
    pub file_sha256: Option<String>,
}

/// The version in force; `None` before the first.
pub async fn in_force(conn: &impl ConnectionTrait) -> Result<Option<PolicyVersion>, StoreError> {
    const STEP: &str = "read the policy in force";
    newest()
        .one(conn)
        .await
        .step(STEP)?
        .map(version)
        .transpose()
}

/// Number of the version in force, without its text; 0 before the first.
pub async fn number_in_force(conn: &impl ConnectionTrait) -> Result<u32, StoreError> {
    const STEP: &str = "look which policy is in force";
    let number: Option<i64> = newest()
        .select_only()
        .column(Column::Number)
        .into_tuple()
        .one(conn)
        .await
        .step(STEP)?;
    narrow(number.unwrap_or(0), STEP)
}

/// Number of the version in force and version of the directory, in one question: every line in chat
/// asks whether they are still those that it knows.
pub async fn rules_in_force(conn: &impl ConnectionTrait) -> Result<(u32, u64), StoreError> {
    const STEP: &str = "look which rules are in force";
    let row = conn
        .query_one_raw(statement(
            conn,
            "SELECT COALESCE((SELECT MAX(number) FROM policy_version), 0) AS policy, \
             (SELECT value FROM counter WHERE name = $1) AS directory",
            [Counter::Directory.as_str().into()],
        ))
        .await
        .step(STEP)?
        .ok_or_else(|| StoreError::unreadable(STEP, "there is no answer"))?;
    let policy: i64 = row.try_get("", "policy").step(STEP)?;
    let directory: i64 = row.try_get("", "directory").step(STEP)?;
    Ok((narrow(policy, STEP)?, narrow(directory, STEP)?))
}

/// The version with a number, in force or not.
pub async fn version_of(
    conn: &impl ConnectionTrait,
    number: u32,
) -> Result<Option<PolicyVersion>, StoreError> {
    Entity::find_by_id(i64::from(number))
        .one(conn)
        .await
        .step("read a version of the policy")?
        .map(version)
        .transpose()
}

/// Puts a policy in force and gives its version.
pub async fn put_in_force(
    tx: &Tx,
    policy: NewPolicy<'_>,
    now: Time,
) -> Result<PolicyVersion, StoreError> {
    const STEP: &str = "put a policy in force";
    let number = take(tx, Counter::Policy, 1).await?;
    let row = ActiveModel {
        number: Set(number),
        text: Set(policy.text.to_owned()),
        sha256: Set(policy.sha256.to_owned()),
        applied_at: Set(micros(now)),
        applied_by: Set(policy.applied_by.to_owned()),
        file_sha256: Set(policy.file_sha256.map(str::to_owned)),
    };
    Entity::insert(row)
        .exec_without_returning(tx)
        .await
        .step(STEP)?;
    Ok(PolicyVersion {
        number: narrow(number, STEP)?,
        text: policy.text.to_owned(),
        sha256: policy.sha256.to_owned(),
        applied_at: now,
        applied_by: policy.applied_by.to_owned(),
        file_sha256: policy.file_sha256.map(str::to_owned),
    })
}

/// The last version that start-up applied from a file by itself.
pub async fn last_from_file(
    conn: &impl ConnectionTrait,
) -> Result<Option<PolicyVersion>, StoreError> {
    newest()
        .filter(Column::FileSha256.is_not_null())
        .one(conn)
        .await
        .step("look which policy file was applied last")?
        .map(version)
        .transpose()
}

/// At most `limit` versions with numbers below `before`, the newest first.
pub async fn history(
    conn: &impl ConnectionTrait,
    before: Option<u32>,
    limit: u32,
) -> Result<Vec<PolicyVersion>, StoreError> {
    let mut query = newest().limit(u64::from(limit));
    if let Some(before) = before {
        query = query.filter(Column::Number.lt(i64::from(before)));
    }
    query
        .all(conn)
        .await
        .step("read earlier policies")?
        .into_iter()
        .map(version)
        .collect()
}

fn newest() -> sea_orm::Select<Entity> {
    Entity::find().order_by_desc(Column::Number)
}

fn version(row: Model) -> Result<PolicyVersion, StoreError> {
    const STEP: &str = "read a version of the policy";
    Ok(PolicyVersion {
        number: narrow(row.number, STEP)?,
        text: row.text,
        sha256: row.sha256,
        applied_at: instant(row.applied_at, STEP)?,
        applied_by: row.applied_by,
        file_sha256: row.file_sha256,
    })
}

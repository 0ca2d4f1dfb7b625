//! Tokens for the HTTP API.
//!
//! A secret is shown once, when it is made. What is kept is its SHA-256: a secret of 32 random
//! bytes cannot be guessed, so a slow hash would only slow down every request.

use std::{collections::BTreeSet, fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, sea_query::Expr,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Step, StoreError,
    rows::{from_json, hex, instant, instant_or_none, micros, new_ulid, parse, to_json},
};
use crate::domain::{PersonId, Time};
use entity::api_token::{ActiveModel, Column, Entity, Model};

/// How every secret begins, so that one that was left lying about is recognised.
const PREFIX: &str = "oyez_";
const RANDOM_BYTES: usize = 32;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at incidents and who would be told.
    Read,
    /// Declare and change incidents.
    Respond,
    /// Change the directory and the policy.
    Manage,
    /// Everything, tokens included.
    Admin,
}

impl Scope {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Respond, Self::Manage, Self::Admin];

    /// The name in commands and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Respond => "respond",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| format!("\"{text}\" is not a scope: use read, respond, manage or admin"))
    }
}

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// For whom it acts; `None` is for nobody but itself.
    pub person: Option<&'a PersonId>,
    /// Who makes it.
    pub created_by: &'a str,
    /// When it stops working; `None` is never.
    pub expires_at: Option<Time>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// ULID.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// For whom it acts; `None` is for nobody but itself.
    pub person: Option<PersonId>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Time,
    /// When it stops working; `None` is never.
    pub expires_at: Option<Time>,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
    /// Who took it back; `None` for keys that were taken back before that was kept.
    pub revoked_by: Option<String>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Time>,
}

impl Token {
    /// Whether it opens the door at an instant.
    pub fn is_valid(&self, now: Time) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }
}

/// Makes a token and gives its secret, which nobody can get again.
pub async fn create(
    conn: &impl ConnectionTrait,
    new: NewToken<'_>,
    now: Time,
) -> Result<(Token, SecretString), StoreError> {
    const STEP: &str = "make an API token";
    let random = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; RANDOM_BYTES]>());
    let secret = SecretString::from(format!("{PREFIX}{random}"));
    let token = Token {
        id: new_ulid(now),
        name: new.name.to_owned(),
        scopes: new.scopes,
        person: new.person.cloned(),
        created_by: new.created_by.to_owned(),
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        revoked_by: None,
        last_used_at: None,
    };
    let row = ActiveModel {
        id: Set(token.id.clone()),
        name: Set(token.name.clone()),
        scopes: Set(to_json(&token.scopes, STEP)?),
        secret_sha256: Set(sha256(&secret)),
        person_id: Set(token.person.as_ref().map(ToString::to_string)),
        created_by: Set(token.created_by.clone()),
        created_at: Set(micros(now)),
        expires_at: Set(token.expires_at.map(micros)),
        revoked_at: Set(None),
        revoked_by: Set(None),
        last_used_at: Set(None),
    };
    Entity::insert(row)
        .exec_without_returning(conn)
        .await
        .step(STEP)?;
    Ok((token, secret))
}

/// All tokens, the newest first, those that work no more among them.
pub async fn list(conn: &impl ConnectionTrait) -> Result<Vec<Token>, StoreError> {
    Entity::find()
        .order_by_desc(Column::Id)
        .all(conn)
        .await
        .step("list API tokens")?
        .into_iter()
        .map(token)
        .collect()
}

/// The token with this secret, whether it still works or not; `None` if there never was one.
pub async fn find(
    conn: &impl ConnectionTrait,
    secret: &SecretString,
) -> Result<Option<Token>, StoreError> {
    Entity::find()
        .filter(Column::SecretSha256.eq(sha256(secret)))
        .one(conn)
        .await
        .step("look up an API token")?
        .map(token)
        .transpose()
}

/// The token with this id, whether it still works or not.
pub async fn with_id(conn: &impl ConnectionTrait, id: &str) -> Result<Option<Token>, StoreError> {
    let row = Entity::find_by_id(id).one(conn).await;
    row.step("look up an API token")?.map(token).transpose()
}

/// The tokens that act for a person and were not taken back.
pub async fn of_people(conn: &impl ConnectionTrait) -> Result<Vec<Token>, StoreError> {
    Entity::find()
        .filter(Column::PersonId.is_not_null())
        .filter(Column::RevokedAt.is_null())
        .all(conn)
        .await
        .step("list API tokens of people")?
        .into_iter()
        .map(token)
        .collect()
}

/// Whether a text has the form of a secret of ours.
pub fn is_well_formed(secret: &str) -> bool {
    let random = secret.strip_prefix(PREFIX);
    let random = random.and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
    random.is_some_and(|random| random.len() == RANDOM_BYTES)
}

/// Takes a token back. False if there is no such token, or it was taken back before.
pub async fn revoke(
    conn: &impl ConnectionTrait,
    id: &str,
    by: &str,
    now: Time,
) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(micros(now)))
        .col_expr(Column::RevokedBy, Expr::value(by))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_null())
        .exec(conn)
        .await
        .step("take back an API token")?;
    Ok(changed.rows_affected == 1)
}

/// Notes that a token was used, at most once a minute, so that reading does not become writing.
pub async fn note_use(
    conn: &impl ConnectionTrait,
    token: &Token,
    now: Time,
) -> Result<(), StoreError> {
    let stale = micros(now - TimeDelta::minutes(1));
    if token.last_used_at.is_some_and(|at| micros(at) > stale) {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(micros(now)))
        .filter(Column::Id.eq(&*token.id))
        .filter(
            Condition::any()
                .add(Column::LastUsedAt.is_null())
                .add(Column::LastUsedAt.lte(stale)),
        )
        .exec(conn)
        .await
        .step("note that an API token was used")
        .map(drop)
}

fn sha256(secret: &SecretString) -> String {
    hex(&Sha256::digest(secret.expose_secret().as_bytes()))
}

fn token(row: Model) -> Result<Token, StoreError> {
    const STEP: &str = "read an API token";
    Ok(Token {
        scopes: from_json(&row.scopes, STEP)?,
        person: match &row.person_id {
            Some(id) => Some(parse(id, STEP)?),
            None => None,
        },
        id: row.id,
        name: row.name,
        created_by: row.created_by,
        created_at: instant(row.created_at, STEP)?,
        expires_at: instant_or_none(row.expires_at, STEP)?,
        revoked_at: instant_or_none(row.revoked_at, STEP)?,
        revoked_by: row.revoked_by,
        last_used_at: instant_or_none(row.last_used_at, STEP)?,
    })
}

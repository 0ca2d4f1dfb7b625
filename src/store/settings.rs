//! Values that the program keeps for itself, beside the settings that people write.

use base64::{Engine, prelude::BASE64_STANDARD};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use secrecy::SecretBox;

use super::{Step, StoreError};
use entity::setting::{ActiveModel, Column, Entity};

const INSTALL_SECRET: &str = "install_secret";

/// The value kept under a key.
pub async fn get(conn: &impl ConnectionTrait, key: &str) -> Result<Option<String>, StoreError> {
    let row = Entity::find_by_id(key.to_owned())
        .one(conn)
        .await
        .step("read a kept value")?;
    Ok(row.map(|row| row.value))
}

/// Keeps a value under a key, whatever was there.
pub async fn put(conn: &impl ConnectionTrait, key: &str, value: &str) -> Result<(), StoreError> {
    let replace = OnConflict::column(Column::Key)
        .update_column(Column::Value)
        .to_owned();
    insert(conn, key, value, replace).await
}

/// Keeps a value under a key unless there is one, and gives the one that is kept: the same to all
/// who ask at the same time.
pub async fn get_or_put(
    conn: &impl ConnectionTrait,
    key: &str,
    value: &str,
) -> Result<String, StoreError> {
    let keep = OnConflict::column(Column::Key).do_nothing().to_owned();
    insert(conn, key, value, keep).await?;
    get(conn, key)
        .await?
        .ok_or(sea_orm::DbErr::RecordNotUpdated)
        .step("keep a value")
}

/// 32 random bytes, made once for this database: from them come the ids of mail threads, which
/// nobody outside can guess.
pub async fn install_secret(
    conn: &impl ConnectionTrait,
) -> Result<SecretBox<[u8; 32]>, StoreError> {
    const STEP: &str = "read the secret of this installation";
    let text = match get(conn, INSTALL_SECRET).await? {
        Some(text) => text,
        None => {
            let fresh = BASE64_STANDARD.encode(rand::random::<[u8; 32]>());
            get_or_put(conn, INSTALL_SECRET, &fresh).await?
        }
    };
    let bytes = BASE64_STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or_else(|| StoreError::unreadable(STEP, "it is not 32 bytes in base64"))?;
    Ok(SecretBox::new(Box::new(bytes)))
}

async fn insert(
    conn: &impl ConnectionTrait,
    key: &str,
    value: &str,
    conflict: OnConflict,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        key: Set(key.to_owned()),
        value: Set(value.to_owned()),
    };
    Entity::insert(row)
        .on_conflict(conflict)
        .exec_without_returning(conn)
        .await
        .step("keep a value")
        .map(drop)
}

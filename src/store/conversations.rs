//! Where the bots of chat were met.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict,
};

use super::{Step, StoreError, rows::micros};
use crate::domain::{Address, ChannelName, Time, channel::Conversation};
use entity::conversation::{ActiveModel, Column, Entity};

/// The conversation at an address, if we were met there.
pub async fn find(
    conn: &impl ConnectionTrait,
    channel: &ChannelName,
    address: &Address,
) -> Result<Option<Conversation>, StoreError> {
    let row = Entity::find_by_id((channel.to_string(), address.as_str().to_owned()))
        .one(conn)
        .await
        .step("look for a conversation")?;
    Ok(row.map(|row| Conversation {
        id: row.conversation,
        service_url: row.service_url,
        kind: row.kind,
    }))
}

/// Keeps a conversation, whatever was known of the address.
pub async fn learn(
    conn: &impl ConnectionTrait,
    (channel, address): (&ChannelName, &Address),
    conversation: &Conversation,
    now: Time,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        channel: Set(channel.to_string()),
        address: Set(address.as_str().to_owned()),
        conversation: Set(conversation.id.clone()),
        service_url: Set(conversation.service_url.clone()),
        kind: Set(conversation.kind.clone()),
        seen_at: Set(micros(now)),
    };
    let replace = OnConflict::columns([Column::Channel, Column::Address])
        .update_columns([
            Column::Conversation,
            Column::ServiceUrl,
            Column::Kind,
            Column::SeenAt,
        ])
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(conn)
        .await
        .step("keep a conversation")
        .map(drop)
}

/// Forgets a conversation, unless another was learned at the address since.
pub async fn forget(
    conn: &impl ConnectionTrait,
    (channel, address): (&ChannelName, &Address),
    conversation: &str,
) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::Channel.eq(channel.as_str()))
        .filter(Column::Address.eq(address.as_str()))
        .filter(Column::Conversation.eq(conversation))
        .exec(conn)
        .await
        .step("forget a conversation")
        .map(drop)
}

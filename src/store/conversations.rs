//! Where the bots of chat were met.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
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
        member: row.member,
    }))
}

/// The other side's ids of the people at these addresses, as far as we were met by them.
pub async fn members(
    conn: &impl ConnectionTrait,
    channel: &ChannelName,
    addresses: &[Address],
) -> Result<Vec<String>, StoreError> {
    let addresses = addresses.iter().map(Address::as_str);
    let found: Vec<Option<String>> = Entity::find()
        .select_only()
        .column(Column::Member)
        .filter(Column::Channel.eq(channel.as_str()))
        .filter(Column::Address.is_in(addresses))
        .filter(Column::Member.is_not_null())
        .order_by_asc(Column::Address)
        .into_tuple()
        .all(conn)
        .await
        .step("look how a chat names people")?;
    Ok(found.into_iter().flatten().collect())
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
        member: Set(conversation.member.clone()),
        seen_at: Set(micros(now)),
    };
    let replace = OnConflict::columns([Column::Channel, Column::Address])
        .update_columns([
            Column::Conversation,
            Column::ServiceUrl,
            Column::Kind,
            Column::Member,
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

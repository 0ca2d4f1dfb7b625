//! Addresses that a provider says will never work. Resolution passes over them until somebody
//! heals them, the directory has another one, or thirty days have gone by.

use std::collections::HashSet;

use sea_orm::ConnectionTrait;

use super::sql::{Reader, micros, rows, run};
use crate::{
    domain::{Address, ChannelName, Time},
    store::StoreError,
};
use chrono::TimeDelta;

/// After this long an address is believed again: mailboxes come back.
const BELIEVED: TimeDelta = TimeDelta::days(30);

/// An address that failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAddress {
    /// The channel.
    pub channel: ChannelName,
    /// The address as it was written.
    pub address: Address,
    /// The lane on which it failed.
    pub lane: String,
    /// When it failed last.
    pub failed_at: Time,
    /// Status code, if there was one.
    pub code: Option<u16>,
    /// What it means, as a sentence.
    pub sentence: String,
    /// What the provider said, in its own words; may be empty.
    pub reply: String,
}

/// Forgets the flags that are believed no longer.
pub async fn forget_old_flags(conn: &impl ConnectionTrait, now: Time) -> Result<(), StoreError> {
    const STEP: &str = "forget old bad addresses";
    let sql = "DELETE FROM bad_address WHERE failed_at <= $1";
    run(conn, STEP, sql, vec![micros(now - BELIEVED).into()])
        .await
        .map(drop)
}

/// All that are flagged now, by channel and address.
pub async fn bad_addresses(
    conn: &impl ConnectionTrait,
    now: Time,
) -> Result<Vec<BadAddress>, StoreError> {
    const STEP: &str = "read the bad addresses";
    let found = rows(
        conn,
        STEP,
        "SELECT channel, address, lane, failed_at, code, sentence, reply FROM bad_address \
         WHERE failed_at > $1 ORDER BY channel, address_key",
        vec![micros(now - BELIEVED).into()],
    )
    .await?;
    found
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            Ok(BadAddress {
                channel: row.parse()?,
                address: Address::new(&row.get::<String>()?),
                lane: row.get()?,
                failed_at: row.time()?,
                code: row
                    .get::<Option<i64>>()?
                    .and_then(|code| u16::try_from(code).ok()),
                sentence: row.get()?,
                reply: row.get::<Option<String>>()?.unwrap_or_default(),
            })
        })
        .collect()
}

/// Whether this one is flagged now.
pub async fn is_bad_address(
    conn: &impl ConnectionTrait,
    channel: &ChannelName,
    address: &Address,
    now: Time,
) -> Result<bool, StoreError> {
    let found = rows(
        conn,
        "look for a bad address",
        "SELECT 1 FROM bad_address WHERE channel = $1 AND address_key = $2 AND failed_at > $3",
        vec![
            channel.as_str().into(),
            address.as_str().to_lowercase().into(),
            micros(now - BELIEVED).into(),
        ],
    )
    .await?;
    Ok(!found.is_empty())
}

/// Believes an address again, on every channel. Says how many flags that took away.
pub async fn heal_address(
    conn: &impl ConnectionTrait,
    address: &Address,
) -> Result<u64, StoreError> {
    run(
        conn,
        "heal an address",
        "DELETE FROM bad_address WHERE address_key = $1",
        vec![address.as_str().to_lowercase().into()],
    )
    .await
}

/// Believes an address again on one channel. Says whether a mark stood on it.
pub async fn heal_there(
    conn: &impl ConnectionTrait,
    channel: &ChannelName,
    address: &Address,
) -> Result<bool, StoreError> {
    let healed = run(
        conn,
        "heal an address on a channel",
        "DELETE FROM bad_address WHERE channel = $1 AND address_key = $2",
        vec![
            channel.as_str().into(),
            address.as_str().to_lowercase().into(),
        ],
    )
    .await?;
    Ok(healed > 0)
}

/// Believes all addresses of a channel again. Says how many marks that took away.
pub async fn heal_channel(
    conn: &impl ConnectionTrait,
    channel: &ChannelName,
) -> Result<u64, StoreError> {
    run(
        conn,
        "heal the addresses of a channel",
        "DELETE FROM bad_address WHERE channel = $1",
        vec![channel.as_str().into()],
    )
    .await
}

/// Flags an address, or says again that it failed.
pub async fn flag_address(conn: &impl ConnectionTrait, bad: &BadAddress) -> Result<(), StoreError> {
    run(
        conn,
        "flag a bad address",
        "INSERT INTO bad_address (channel, address_key, address, lane, failed_at, code, sentence, \
         reply) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (channel, address_key) DO UPDATE SET address = excluded.address, \
         lane = excluded.lane, failed_at = excluded.failed_at, code = excluded.code, \
         sentence = excluded.sentence, reply = excluded.reply",
        vec![
            bad.channel.as_str().into(),
            bad.address.as_str().to_lowercase().into(),
            bad.address.as_str().into(),
            bad.lane.clone().into(),
            micros(bad.failed_at).into(),
            bad.code.map(i64::from).into(),
            bad.sentence.clone().into(),
            bad.reply.clone().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes back flags that a lane set since then: it was the lane's fault, not theirs.
pub(super) async fn unflag_lane(
    conn: &impl ConnectionTrait,
    lane: &str,
    since: Time,
) -> Result<u64, StoreError> {
    run(
        conn,
        "take back flags of addresses",
        "DELETE FROM bad_address WHERE lane = $1 AND failed_at >= $2",
        vec![lane.into(), micros(since).into()],
    )
    .await
}

/// Channel and lower-case address of all on which a mark stands now.
pub async fn marked(
    conn: &impl ConnectionTrait,
    now: Time,
) -> Result<HashSet<(ChannelName, String)>, StoreError> {
    Ok(bad_addresses(conn, now)
        .await?
        .into_iter()
        .map(|bad| (bad.channel, bad.address.as_str().to_lowercase()))
        .collect())
}

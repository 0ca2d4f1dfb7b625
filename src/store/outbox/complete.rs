//! Writing what came of tries: the new state, if the lease is still held, and the attempt always.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sea_orm::ConnectionTrait;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    addresses::{BadAddress, flag_address, heal_there, unflag_lane},
    enqueue::hex,
    fallback::{Why, fall_back},
    hold::share,
    link::{same_words, unblock},
    refused::take_back,
    sql::{Kind, among, column, fresh_id, json, micros, records, run},
};
use crate::{
    domain::{
        Address, ChannelName, DeliveryId, IncidentId, Time,
        delivery::{Next, Outcome, State},
    },
    store::{StoreError, Tx},
};

/// The most of a provider's reply that is kept, in bytes.
const REPLY: usize = 4_096;

/// A try that has ended.
#[derive(Debug, Clone)]
pub struct Completion {
    /// ULID of the attempt, see [`attempt_id`]: written twice, it is there once.
    pub attempt: String,
    /// The delivery.
    pub delivery: DeliveryId,
    /// About which incident.
    pub incident: Option<IncidentId>,
    /// The lease under which it was tried.
    pub lease_token: String,
    /// Which try it was, as the claim counted.
    pub n: u32,
    /// When it began.
    pub started_at: Time,
    /// When its outcome was known.
    pub ended_at: Time,
    /// What came of it.
    pub outcome: Outcome,
    /// What follows, if the lease is still held.
    pub next: Next,
    /// Whether it may have been a repeat of one that was out.
    pub repeat: bool,
    /// Whether another channel stands in for it, or it for another.
    pub related: bool,
    /// What people call the channel.
    pub label: String,
    /// Digest of the bytes sent, where the channel knows them; see [`wire_digest`].
    pub wire_sha256: Option<String>,
}

/// A new id for an attempt.
pub fn attempt_id(now: Time) -> String {
    fresh_id(now)
}

/// What the record keeps of the bytes of a message: their SHA-256 in hex.
pub fn wire_digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// What is found out about addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// This one will never work.
    Bad(BadAddress),
    /// This one works, although a mark stands on it.
    Works {
        /// The channel.
        channel: ChannelName,
        /// The address.
        address: Address,
    },
    /// The lane refuses one after the other since then: its fault, not theirs.
    LaneAtFault {
        /// The lane.
        lane: String,
        /// Since when.
        since: Time,
        /// What it refused.
        refused: Vec<DeliveryId>,
    },
}

/// What writing them changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Tries whose lease was no longer held, so that they are kept as attempts only, unless they
    /// were successes and the delivery had not ended.
    pub late: usize,
    /// Fallbacks written.
    pub fell_back: usize,
    /// Deliveries that were let go because what they waited for has ended.
    pub unblocked: u64,
    /// Tries of which nothing was written, because a command holds their incident: write them later.
    pub left: HashSet<DeliveryId>,
    /// What was found out and could not be written yet, for the same reason.
    pub put_off: Vec<Flag>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a DeliveryId,
    token: &'a str,
    n: u32,
    state: &'static str,
    next_at: Option<i64>,
    uncounted: u8,
    unsure: bool,
    plain: bool,
    class: &'static str,
    code: Option<u16>,
    sentence: &'a str,
    provider_id: Option<&'a str>,
    wire_sha256: Option<&'a str>,
    ended_at: Option<i64>,
}

const COLUMNS: [(&str, Kind); 14] = [
    ("id", Kind::Text),
    ("token", Kind::Text),
    ("n", Kind::Number),
    ("state", Kind::Text),
    ("next_at", Kind::Number),
    ("uncounted", Kind::Number),
    ("unsure", Kind::Flag),
    ("plain", Kind::Flag),
    ("class", Kind::Text),
    ("code", Kind::Number),
    ("sentence", Kind::Text),
    ("provider_id", Kind::Text),
    ("wire_sha256", Kind::Text),
    ("ended_at", Kind::Number),
];

/// Writes ended tries. A try whose lease is no longer held changes nothing, unless it was a
/// success and its delivery has not ended: then the message is out, and that is what counts.
/// Writing the same tries twice, because nobody knows whether the first commit went through, does
/// no harm. Tries about an incident that a command [`hold`](super::hold())s are left.
pub async fn complete(
    tx: &Tx,
    completions: &[Completion],
    flags: &[Flag],
    now: Time,
) -> Result<Settled, StoreError> {
    let about: BTreeSet<IncidentId> = completions.iter().filter_map(|one| one.incident).collect();
    let free = share(tx, &about).await?;
    let is_free = |one: &&Completion| one.incident.is_none_or(|id| free.contains(&id));
    let left: HashSet<DeliveryId> = completions
        .iter()
        .filter(|one| !is_free(one))
        .map(|one| one.delivery.clone())
        .collect();
    if left.is_empty() {
        return write(tx, completions, flags, now).await;
    }
    let rest: Vec<Completion> = completions.iter().filter(is_free).cloned().collect();
    let settled = write(tx, &rest, flags, now).await?;
    Ok(Settled { left, ..settled })
}

/// Writes the tries that may be written now.
async fn write(
    tx: &Tx,
    completions: &[Completion],
    flags: &[Flag],
    now: Time,
) -> Result<Settled, StoreError> {
    if completions.is_empty() && flags.is_empty() {
        return Ok(Settled::default());
    }
    let on_time: HashSet<String> = write_states(tx, completions, false)
        .await?
        .into_iter()
        .collect();
    let is_late = |completion: &&Completion| !on_time.contains(completion.delivery.as_str());
    let late: Vec<&Completion> = completions.iter().filter(is_late).collect();
    let late_successes: Vec<Completion> = late
        .iter()
        .filter(|completion| completion.outcome.class.is_success())
        .map(|completion| (*completion).clone())
        .collect();
    let mut changed = on_time.clone();
    if !late_successes.is_empty() {
        changed.extend(write_states(tx, &late_successes, true).await?);
    }
    write_attempts(tx, completions, &on_time).await?;

    let written = |completion: &&Completion| changed.contains(completion.delivery.as_str());
    let mut ended: Vec<String> = completions
        .iter()
        .filter(written)
        .filter(|completion| {
            let state = completion.next.state;
            state.is_final() || state == State::Held
        })
        .map(|completion| completion.delivery.to_string())
        .collect();
    ended.extend(supersede_siblings(tx, completions, &changed, now).await?);
    let mut failed: Vec<String> = completions
        .iter()
        .filter(|completion| on_time.contains(completion.delivery.as_str()))
        .filter(|completion| completion.next.falls_back)
        .map(|completion| completion.delivery.to_string())
        .collect();
    let mut put_off = Vec::new();
    for flag in flags {
        match flag {
            Flag::Bad(bad) => flag_address(tx, bad).await?,
            Flag::Works { channel, address } => {
                heal_there(tx, channel, address).await?;
            }
            Flag::LaneAtFault {
                lane,
                since,
                refused,
            } => {
                unflag_lane(tx, lane, *since).await?;
                let back = take_back(tx, refused, now).await?;
                ended.retain(|id| !back.waiting.contains(id));
                failed.retain(|id| !back.waiting.contains(id));
                if !back.put_off.is_empty() {
                    put_off.push(Flag::LaneAtFault {
                        lane: lane.clone(),
                        since: *since,
                        refused: back.put_off,
                    });
                }
            }
        }
    }
    let fell_back = fall_back(tx, &failed, Why::Failed, now).await?;
    let unblocked = unblock(tx, &ended).await?;
    Ok(Settled {
        late: late.len(),
        fell_back,
        unblocked,
        put_off,
        left: HashSet::new(),
    })
}

/// Writes the new states and gives back the ids of the rows that took them.
async fn write_states(
    tx: &Tx,
    completions: &[Completion],
    late: bool,
) -> Result<Vec<String>, StoreError> {
    let engine = tx.get_database_backend();
    let written: Vec<Row<'_>> = completions
        .iter()
        .map(|completion| Row {
            id: &completion.delivery,
            token: &completion.lease_token,
            n: completion.n,
            state: completion.next.state.as_str(),
            next_at: completion.next.next_at.map(micros),
            uncounted: u8::from(!completion.next.counts),
            unsure: completion.next.unsure,
            plain: completion.next.plain,
            class: completion.outcome.class.as_str(),
            code: completion.outcome.code,
            sentence: &completion.next.sentence,
            provider_id: completion.outcome.provider_id.as_deref(),
            wire_sha256: completion.wire_sha256.as_deref(),
            ended_at: (completion.next.state.is_final()).then(|| micros(completion.ended_at)),
        })
        .collect();
    let from = records(engine, 1, &COLUMNS);
    // What was refused goes on in plain text, and with it other bytes: they are first then.
    // Rows are locked in the order of ids, as everywhere, so that nobody waits crosswise.
    let (with, also_from, joined) = match engine {
        sea_orm::DbBackend::Postgres => (
            format!(
                "WITH locked AS MATERIALIZED (SELECT d.id AS locked_id FROM delivery d \
                 WHERE d.id IN (SELECT j.id FROM {from}) ORDER BY d.id FOR UPDATE) "
            ),
            ", locked",
            " AND delivery.id = locked_id",
        ),
        _ => (String::new(), "", ""),
    };
    let condition = if late {
        "delivery.state IN ('ready', 'sending', 'uncertain', 'held')"
    } else {
        // The number tells a try from a later one of the same process, which has the same token.
        "delivery.lease_token = j.token AND delivery.attempts = j.n \
         AND delivery.state = 'sending'"
    };
    let sql = format!(
        "{with}UPDATE delivery SET state = j.state, next_at = j.next_at, \
         attempts = attempts - j.uncounted, unsure = j.unsure, plain = j.plain, \
         lease_token = NULL, lease_until = NULL, last_class = j.class, last_code = j.code, \
         sentence = j.sentence, provider_id = COALESCE(j.provider_id, delivery.provider_id), \
         wire_sha256 = CASE WHEN j.plain AND NOT delivery.plain THEN NULL \
           ELSE COALESCE(delivery.wire_sha256, j.wire_sha256) END, ended_at = j.ended_at, \
         blocked_by = NULL, \
         fallback_at = CASE WHEN j.ended_at IS NULL THEN fallback_at ELSE NULL END \
         FROM {from}{also_from} WHERE delivery.id = j.id{joined} AND {condition} \
         RETURNING delivery.id"
    );
    column(tx, "write the outcomes", &sql, vec![json(&written)?]).await
}

#[derive(Serialize)]
struct AttemptRow<'a> {
    id: &'a str,
    delivery_id: &'a DeliveryId,
    n: u32,
    started_at: i64,
    ended_at: i64,
    class: &'static str,
    code: Option<u16>,
    reply: &'a str,
    sentence: &'a str,
    provider_id: Option<&'a str>,
    lease_token: &'a str,
    late: bool,
    repeat: bool,
}

const ATTEMPT_COLUMNS: [(&str, Kind); 13] = [
    ("id", Kind::Text),
    ("delivery_id", Kind::Text),
    ("n", Kind::Number),
    ("started_at", Kind::Number),
    ("ended_at", Kind::Number),
    ("class", Kind::Text),
    ("code", Kind::Number),
    ("reply", Kind::Text),
    ("sentence", Kind::Text),
    ("provider_id", Kind::Text),
    ("lease_token", Kind::Text),
    ("late", Kind::Flag),
    ("repeat", Kind::Flag),
];

async fn write_attempts(
    tx: &Tx,
    completions: &[Completion],
    on_time: &HashSet<String>,
) -> Result<(), StoreError> {
    let attempts: Vec<AttemptRow<'_>> = completions
        .iter()
        .map(|completion| AttemptRow {
            id: &completion.attempt,
            delivery_id: &completion.delivery,
            n: completion.n,
            started_at: micros(completion.started_at),
            ended_at: micros(completion.ended_at),
            class: completion.outcome.class.as_str(),
            code: completion.outcome.code,
            reply: cut(&completion.outcome.reply),
            sentence: &completion.outcome.sentence,
            provider_id: completion.outcome.provider_id.as_deref(),
            lease_token: &completion.lease_token,
            late: !on_time.contains(completion.delivery.as_str()),
            repeat: completion.repeat,
        })
        .collect();
    let from = records(tx.get_database_backend(), 1, &ATTEMPT_COLUMNS);
    let names: Vec<&str> = ATTEMPT_COLUMNS.iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "INSERT INTO attempt ({}) SELECT j.{} FROM {from} WHERE true ON CONFLICT (id) DO NOTHING",
        names.join(", "),
        names.join(", j."),
    );
    run(tx, "write the attempts", &sql, vec![json(&attempts)?]).await?;
    Ok(())
}

/// Ends what still waits on another channel for people who have just been told on this one: the same
/// words, and older ones, which would arrive after the newer. A correction stays.
async fn supersede_siblings(
    tx: &Tx,
    completions: &[Completion],
    changed: &HashSet<String>,
    now: Time,
) -> Result<Vec<String>, StoreError> {
    let mut told_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for completion in completions {
        let id = completion.delivery.as_str();
        if completion.related && completion.outcome.class.is_success() && changed.contains(id) {
            told_by.entry(&completion.label).or_default().push(id);
        }
    }
    let mut ended = Vec::new();
    for (label, ids) in told_by {
        let of_these = among(tx.get_database_backend(), 1);
        let sql = format!(
            "UPDATE delivery SET state = 'superseded', next_at = NULL, fallback_at = NULL, \
             blocked_by = NULL, ended_at = $2, sentence = $3 \
             WHERE state = 'ready' AND id IN (SELECT o.id FROM delivery d \
               JOIN delivery o ON {} WHERE d.id {of_these} AND o.state = 'ready') RETURNING id",
            same_words("o", "d")
        );
        let told = json(&ids)?;
        let ids: Vec<String> = column(
            tx,
            "end what waits on another channel",
            &sql,
            vec![
                told.clone(),
                micros(now).into(),
                format!("Told by {label}.").into(),
            ],
        )
        .await?;
        ended.extend(ids);
        let sql = format!(
            "UPDATE delivery SET state = 'superseded', next_at = NULL, fallback_at = NULL, \
             blocked_by = NULL, ended_at = $2, sentence = $3 \
             WHERE state = 'ready' AND moment <> 'correction' AND id IN (SELECT o.id \
               FROM delivery c JOIN delivery p ON p.id = c.fell_from \
               JOIN delivery o ON o.order_key = p.order_key AND o.event_seq < p.event_seq \
               WHERE c.id {of_these} AND o.state = 'ready') RETURNING id"
        );
        let sentence = format!("Something newer was told by {label} before this could leave.");
        let values = vec![told, micros(now).into(), sentence.into()];
        ended.extend(column::<String>(tx, "end what is older", &sql, values).await?);
    }
    Ok(ended)
}

/// The first part of a reply, cut between two characters.
fn cut(reply: &str) -> &str {
    let end = (0..=REPLY.min(reply.len()))
        .rev()
        .find(|end| reply.is_char_boundary(*end))
        .unwrap_or(0);
    reply.get(..end).unwrap_or_default()
}

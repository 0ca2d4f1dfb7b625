//! Notifications made up for tests of the outbox and of the engine.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use oyez::{
    domain::{
        Address, Audience, IncidentId, Time,
        delivery::{
            Class, Fallback, Grounds, LaneEffect, NewDelivery, NewMessage, NewNotification, Next,
            Outcome, RecordedReason, Sign, State, ToldPerson,
        },
        notification::Moment,
        situation::RecipientId,
        variant::Variant,
    },
    store::{
        Store,
        outbox::{
            Claimed, Completion, Enqueued, Finding, LogPage, Logged, Round, attempt_id, enqueue,
            send_log,
        },
    },
};

use sea_orm::{ConnectionTrait, Statement};

use super::at;

/// When the tests begin.
pub(crate) fn start() -> Time {
    at("2026-11-23T13:20:00Z")
}

/// The person with this number.
pub(crate) fn person(number: usize) -> ToldPerson {
    ToldPerson {
        who: RecipientId::Person(format!("person-{number}").parse().unwrap()),
        name: format!("Person {number}").into(),
        reasons: vec![RecordedReason {
            rule: Some("p1-owners".parse().unwrap()),
            service: Some("register-trainees".parse().unwrap()),
            text: "the service owner of Register trainees".into(),
            grounds: Grounds::default(),
        }],
    }
}

/// A delivery by message 0 to the person with this number, on the lane `smtp:relay`.
pub(crate) fn to(number: usize, now: Time) -> NewDelivery {
    NewDelivery {
        awaits_word: false,
        asks: None,
        message: 0,
        address: Address::new(&format!("person-{number}@northshire.example")),
        despite: None,
        lane: "smtp:relay".to_owned(),
        recipients: vec![person(number)],
        reason: "You get this because you are the service owner of Register trainees.".to_owned(),
        not_before: None,
        deliver_by: now + TimeDelta::hours(4),
        fallbacks: Vec::new(),
        quick_fallback: false,
    }
}

/// Words on a channel.
pub(crate) fn words(moment: Moment, channel: &str) -> NewMessage {
    NewMessage {
        moment,
        audience: Audience::Owners,
        channel: channel.parse().unwrap(),
        variant: Variant::Follows,
        parts: BTreeMap::from([
            (
                "subject".to_owned(),
                format!("{moment}: trainees cannot register"),
            ),
            ("text".to_owned(), "Trainees cannot register.".to_owned()),
        ]),
        fault: None,
    }
}

/// What event `seq` of incident 1 says by mail to the first `people` people.
pub(crate) fn notification(seq: u32, moment: Moment, people: usize, now: Time) -> NewNotification {
    NewNotification {
        incident: Some(IncidentId(1)),
        event_seq: seq,
        priority: Some("P1".parse().unwrap()),
        rank: 0,
        urgent: true,
        policy_version: Some(1),
        context: "{}".to_owned(),
        messages: vec![words(moment, "email")],
        deliveries: (0..people).map(|number| to(number, now)).collect(),
        withheld: Vec::new(),
    }
}

/// Adds words on another channel, to which every delivery falls when mail fails.
pub(crate) fn with_fallback(mut new: NewNotification, channel: &str) -> NewNotification {
    let moment = new.messages[0].moment;
    new.messages.push(words(moment, channel));
    let message = new.messages.len() - 1;
    for delivery in &mut new.deliveries {
        delivery.quick_fallback = new.urgent;
        delivery.fallbacks.push(Fallback {
            message,
            address: Address::new(&format!("{channel}/{}", delivery.address.as_str())),
            lane: format!("{channel}:lane"),
            deliver_by: delivery.deliver_by,
        });
    }
    new
}

/// Writes it and commits.
pub(crate) async fn say(store: &Store, new: &NewNotification, now: Time) -> Enqueued {
    let tx = store.begin().await.unwrap();
    let enqueued = enqueue(&tx, new, now).await.unwrap();
    tx.commit().await.unwrap();
    enqueued
}

/// The whole log of incident 1.
pub(crate) async fn log(store: &Store) -> Vec<Logged> {
    send_log(store.read(), IncidentId(1), &LogPage::default())
        .await
        .unwrap()
}

/// The states of incident 1's deliveries, oldest first.
pub(crate) async fn states(store: &Store) -> Vec<State> {
    log(store).await.iter().map(|logged| logged.state).collect()
}

/// How many deliveries are in each state.
pub(crate) async fn counts(store: &Store) -> BTreeMap<State, u64> {
    let sql = "SELECT state, COUNT(*) FROM delivery GROUP BY state";
    let statement = Statement::from_string(store.backend(), sql);
    let rows = store.read().query_all_raw(statement).await.unwrap();
    let count = |row: &sea_orm::QueryResult| {
        let state: String = row.try_get_by_index(0).unwrap();
        let count: i64 = row.try_get_by_index(1).unwrap();
        (state.parse().unwrap(), u64::try_from(count).unwrap())
    };
    rows.iter().map(count).collect()
}

/// What the auditor finds in its first look.
pub(crate) async fn audit(store: &Store, now: Time) -> Vec<Finding> {
    let looked = oyez::store::outbox::audit(store.read(), &mut Round::default(), now).await;
    looked.unwrap().findings
}

/// What a channel says of a try.
pub(crate) fn outcome(class: Class) -> Outcome {
    Outcome {
        class,
        code: None,
        reply: "what the provider said".to_owned(),
        sentence: "What a person reads.".to_owned(),
        provider_id: class.is_success().then(|| "provider-1".to_owned()),
    }
}

/// A try of `claimed` that ended with this class in this state, to be tried again at `next_at`.
pub(crate) fn completion(
    claimed: &Claimed,
    class: Class,
    state: State,
    next_at: Option<Time>,
    now: Time,
) -> Completion {
    Completion {
        attempt: attempt_id(now),
        delivery: claimed.id.clone(),
        incident: claimed.incident,
        lease_token: claimed.lease_token.clone(),
        n: claimed.attempts,
        started_at: now,
        ended_at: now,
        outcome: outcome(class),
        next: Next {
            state,
            next_at,
            counts: true,
            unsure: class == Class::Uncertain,
            plain: false,
            lane: LaneEffect::None,
            sign: Sign::Mute,
            flag_address: false,
            falls_back: matches!(state, State::Dead | State::Expired),
            sentence: "What a person reads.".to_owned(),
        },
        repeat: false,
        related: claimed.related,
        label: claimed.channel.to_string(),
        wire_sha256: None,
    }
}

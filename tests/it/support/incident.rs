//! Incidents to write and read back.

use oyez::{
    domain::{
        IncidentId,
        event::{Event, Record},
        incident::Incident,
    },
    store::{Store, StoreError, incidents},
};
use serde_json::json;

use super::at;

/// The first record of a P1 on one service, with fields of the event replaced by `changes`.
pub(crate) fn declared(changes: serde_json::Value) -> Record {
    let mut event = json!({
        "type": "declared",
        "title": "Trainees cannot sign in",
        "priority": "P1",
        "factors": [],
        "triage": [],
        "kind": "technical",
        "restricted": false,
        "exercise": false,
        "services": { "register-trainees": "affected" },
        "facts": {},
        "started_at": "2026-11-23T13:05:00Z",
        "leads": {},
        "promised": { "responders": "2026-11-23T14:20:00Z", "users": "2026-11-23T15:00:00Z" },
        "references": [],
    });
    for (key, value) in changes.as_object().expect("an object") {
        event[key] = value.clone();
    }
    record(1, serde_json::from_value(event).expect("a declaration"))
}

/// A record at a position, a minute after the one before.
pub(crate) fn record(seq: u32, event: Event) -> Record {
    serde_json::from_value(json!({
        "seq": seq,
        "at": at("2026-11-23T13:20:00Z") + chrono::TimeDelta::minutes(i64::from(seq) - 1),
        "actor": { "id": "cli:priya", "person": null, "name": "Priya Shah", "door": "cli" },
        "request_key": format!("key-{seq}"),
        "event": event,
        "said": null,
    }))
    .expect("a record")
}

/// A line on the timeline, at a position.
pub(crate) fn noted(seq: u32, text: &str) -> Record {
    record(
        seq,
        Event::Noted {
            text: text.to_owned(),
        },
    )
}

/// Declares an incident in a transaction of its own.
pub(crate) async fn declare(
    store: &Store,
    changes: serde_json::Value,
) -> Result<Incident, StoreError> {
    let tx = store.begin().await?;
    let id = incidents::next_id(&tx).await?;
    let record = declared(changes);
    let incident = Incident::declared(id, &record).expect("a declaration");
    incidents::append(&tx, None, &incident, &[record]).await?;
    commit(tx).await?;
    Ok(incident)
}

/// Appends what `next` makes of the next position, in a transaction of its own.
pub(crate) async fn go_on(
    store: &Store,
    id: IncidentId,
    next: impl FnOnce(u32) -> Record,
) -> Result<Incident, StoreError> {
    let tx = store.begin().await?;
    let head = incidents::lock(&tx, id).await?.expect("an incident");
    let mut incident = folded(&tx, id).await?;
    let record = next(head.seq + 1);
    incident.apply(&record);
    incidents::append(&tx, Some(&head), &incident, &[record]).await?;
    commit(tx).await?;
    Ok(incident)
}

/// The incident as its log says.
pub(crate) async fn folded(
    conn: &impl sea_orm::ConnectionTrait,
    id: IncidentId,
) -> Result<Incident, StoreError> {
    let log = incidents::log(conn, id).await?;
    let records: Vec<Record> = log
        .iter()
        .map(|stored| stored.record().map(|record| record.expect("not erased")))
        .collect::<Result<_, _>>()?;
    Ok(Incident::from_log(id, &records).expect("a log"))
}

async fn commit(tx: oyez::store::Tx) -> Result<(), StoreError> {
    use oyez::store::Step;
    tx.commit().await.step("commit")
}

//! The event stream: what happened, for those who follow along.

use serde_json::Value;

use super::{App, Error, Viewer, answers::EventAnswer, status::kind_of};
use crate::{
    domain::{directory::Directory, event::Record, stored, timeline},
    store::incidents::{self, StreamedRecord, Visible},
};

impl App {
    /// Id of the newest event.
    pub async fn last_event_id(&self) -> Result<u64, Error> {
        Ok(incidents::last_stream_id(self.store.read()).await?)
    }

    /// Events after an id that the viewer may see, and the id to go on from.
    pub async fn events_after(
        &self,
        viewer: &Viewer,
        after: u64,
        limit: u32,
    ) -> Result<(Vec<EventAnswer>, u64), Error> {
        let rows = incidents::events_after(self.store.read(), after, limit).await?;
        let Some(last) = rows.last().map(|row| row.record.stream_id) else {
            return Ok((Vec::new(), after));
        };
        let visible = self.visible(viewer).await?;
        let book = self.rulebook().await?;
        let events = rows.into_iter().filter(|row| match &visible {
            Visible::All => true,
            Visible::Public => !row.restricted,
            Visible::PublicAnd(ids) => !row.restricted || ids.contains(&row.incident),
        });
        let answers = events
            .filter_map(|row| match stored::read(&row.record.text) {
                Ok(record) => Some(told(&row, record, &book.directory)),
                // A record whose words were erased has nothing left to tell.
                Err(_) if row.record.erased.is_some() => None,
                Err(_) => Some(unread(&row)),
            })
            .collect();
        Ok((answers, last))
    }
}

fn told(row: &StreamedRecord, record: Record, directory: &Directory) -> EventAnswer {
    EventAnswer {
        id: row.record.stream_id,
        incident: row.incident,
        event: record.seq,
        at: record.at,
        kind: kind_of(&record.event),
        text: timeline::sentence(&record, directory),
        who: record.actor.name,
        door: record.actor.door.as_str().to_owned(),
        body: serde_json::to_value(&record.event).unwrap_or(Value::Null),
    }
}

/// That something happened that this version cannot read, as far as it can be said.
fn unread(row: &StreamedRecord) -> EventAnswer {
    let record: Value = serde_json::from_str(&row.record.text).unwrap_or_default();
    let text_at = |place: &str| {
        let text = record.pointer(place).and_then(Value::as_str);
        text.unwrap_or("unknown").to_owned()
    };
    EventAnswer {
        id: row.record.stream_id,
        incident: row.incident,
        event: row.record.seq,
        at: row.record.at,
        kind: text_at("/event/type"),
        text: "This version of Oyez cannot read what happened.".to_owned(),
        who: text_at("/actor/name"),
        door: text_at("/actor/door"),
        body: Value::Object(serde_json::Map::new()),
    }
}

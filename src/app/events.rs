//! The event stream: what happened, for those who follow along.

use serde_json::Value;

use super::{App, Error, Viewer, answers::EventAnswer, status::kind_of};
use crate::{
    domain::{event::Record, timeline},
    store::incidents::{self, Visible},
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
            .filter_map(|row| {
                // A record whose words were erased has nothing left to tell.
                let record: Record = serde_json::from_str(&row.record.text).ok()?;
                let text = timeline::sentence(&record, &book.directory);
                let kind = kind_of(&record.event);
                Some(EventAnswer {
                    id: row.record.stream_id,
                    incident: row.incident,
                    event: record.seq,
                    at: record.at,
                    who: record.actor.name,
                    door: record.actor.door.as_str().to_owned(),
                    kind,
                    text,
                    body: serde_json::to_value(&record.event).unwrap_or(Value::Null),
                })
            })
            .collect();
        Ok((answers, last))
    }
}

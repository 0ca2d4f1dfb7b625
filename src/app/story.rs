//! An incident with its log, of which only what is new is read again.
//!
//! Everything that is said in chat begins here, and the log of a long incident has hundreds of
//! records. A log only ever grows, so what was read before holds as long as its last record is still
//! there with the same hash, and none of its records was erased.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{App, Error, Viewer, unread::unreadable};
use crate::{
    domain::{IncidentId, event::Record, incident::Incident, stored},
    store::{
        Connection,
        incidents::{self, StoredRecord},
    },
};

/// So many incidents are kept in memory: more than are open at once.
const KEPT: usize = 64;

/// An incident as it stands, and what happened to it.
#[derive(Debug, Clone)]
pub struct Story {
    /// How it stands.
    pub incident: Incident,
    /// All that happened, from its declaration.
    pub log: Vec<Record>,
}

/// The incidents that were read lately.
#[derive(Default)]
pub(super) struct Stories(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    /// Goes up with each look.
    looks: u64,
    kept: BTreeMap<IncidentId, Kept>,
}

#[derive(Clone)]
struct Kept {
    story: Arc<Story>,
    /// Of the last record of the log.
    hash: String,
    looked_at: u64,
}

impl Stories {
    fn get(&self, id: IncidentId) -> Option<Kept> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.looks += 1;
        let looks = shelf.looks;
        let kept = shelf.kept.get_mut(&id)?;
        kept.looked_at = looks;
        Some(kept.clone())
    }

    /// Keeps what is newer than what is there, in the place of what was not asked for the longest.
    fn keep(&self, id: IncidentId, kept: Kept) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = |kept: &Kept| kept.story.incident.seq;
        let is_old = |there: &Kept| seq(there) > seq(&kept);
        if shelf.kept.get(&id).is_some_and(is_old) {
            return;
        }
        let looked_at = shelf.looks;
        shelf.kept.insert(id, Kept { looked_at, ..kept });
        if shelf.kept.len() > KEPT {
            let oldest = shelf.kept.iter().min_by_key(|(_, kept)| kept.looked_at);
            if let Some(id) = oldest.map(|(id, _)| *id) {
                shelf.kept.remove(&id);
            }
        }
    }

    fn forget(&self, id: IncidentId) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.kept.remove(&id);
    }

    /// The story as this connection sees it, and whether it is another than was kept; `None` if there
    /// is no such incident.
    async fn read(
        &self,
        conn: &impl Connection,
        id: IncidentId,
    ) -> Result<Option<(Kept, bool)>, Error> {
        if let Some(kept) = self.get(id) {
            let last = kept.story.incident.seq;
            let rows = incidents::log_from(conn, id, last).await?;
            match rows.split_first() {
                Some((first, new))
                    if first.seq == last && first.hash == kept.hash && first.erased.is_none() =>
                {
                    if new.is_empty() {
                        return Ok(Some((kept, false)));
                    }
                    return grown(id, kept, new).map(|kept| Some((kept, true)));
                }
                _ => self.forget(id),
            }
        }
        let rows = incidents::log(conn, id).await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        let hash = last.hash.clone();
        let log = read_log(id, &rows)?;
        // The log does not begin with its declaration.
        let incident = Incident::from_log(id, &log).ok_or_else(|| unreadable(id, 1))?;
        let kept = Kept {
            story: Arc::new(Story { incident, log }),
            hash,
            looked_at: 0,
        };
        Ok(Some((kept, true)))
    }
}

/// With the records that came since.
fn grown(id: IncidentId, mut kept: Kept, new: &[StoredRecord]) -> Result<Kept, Error> {
    let records = read_log(id, new)?;
    let story = Arc::make_mut(&mut kept.story);
    for record in records {
        story.incident.apply(&record);
        story.log.push(record);
    }
    if let Some(last) = new.last() {
        kept.hash.clone_from(&last.hash);
    }
    Ok(kept)
}

impl App {
    /// An incident and its log, for whoever may see everything.
    pub(super) async fn load(&self, id: IncidentId) -> Result<Arc<Story>, Error> {
        match self.stories.read(self.store.read(), id).await? {
            Some((kept, is_new)) => {
                let story = Arc::clone(&kept.story);
                if is_new {
                    self.stories.keep(id, kept);
                }
                Ok(story)
            }
            None => Err(self.no_incident(id).await),
        }
    }

    /// The same as a transaction sees it: it may yet be taken back, so nothing of it is kept.
    pub(super) async fn load_in(
        &self,
        conn: &impl Connection,
        id: IncidentId,
    ) -> Result<Option<Arc<Story>>, Error> {
        let found = self.stories.read(conn, id).await?;
        Ok(found.map(|(kept, _)| kept.story))
    }

    /// An incident and what happened to it, for forms and cards.
    pub async fn story(&self, viewer: &Viewer, id: IncidentId) -> Result<Arc<Story>, Error> {
        let story = match self.load(id).await {
            Ok(story) => story,
            Err(error) => {
                // Not even that its log cannot be read is for everybody.
                self.must_see(viewer, id).await?;
                return Err(error);
            }
        };
        if story.incident.restricted && !self.named(viewer, vec![id]).await?.contains(&id) {
            return Err(self.no_incident(id).await);
        }
        Ok(story)
    }
}

/// The records of a log, in order. A record whose words were erased cannot be folded.
fn read_log(id: IncidentId, rows: &[StoredRecord]) -> Result<Vec<Record>, Error> {
    rows.iter()
        .map(|row| {
            stored::read(&row.text).map_err(|error| unreadable(id, row.seq).caused_by(error))
        })
        .collect()
}

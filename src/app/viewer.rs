//! Who may see what: a restricted incident is not there for whoever is not named in it.

use std::collections::BTreeSet;

use super::{
    App, Error,
    unread::{is_unreadable, readable},
};
use crate::{
    domain::{IncidentId, PersonId, event::Record},
    store::{
        Step,
        incidents::{self, Visible},
        outbox,
    },
};

/// Who is looking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody with the database in their hands.
    Operator,
    /// Somebody with a key.
    Key {
        /// The id under which the record names the key.
        actor: String,
        /// Whose key it is.
        person: Option<PersonId>,
    },
}

impl App {
    /// Refuses, as if it were not there, what the viewer may not see.
    pub async fn must_see(&self, viewer: &Viewer, id: IncidentId) -> Result<(), Error> {
        match incidents::is_restricted(self.store.read(), id).await? {
            Some(false) => Ok(()),
            Some(true) if self.named(viewer, vec![id]).await?.contains(&id) => Ok(()),
            _ => Err(self.no_incident(id).await),
        }
    }

    /// Which incidents the viewer may know of.
    pub(super) async fn visible(&self, viewer: &Viewer) -> Result<Visible, Error> {
        let Viewer::Key { actor, person } = viewer else {
            return Ok(Visible::All);
        };
        let (read, person) = (self.store.read(), person.as_ref());
        let restricted = incidents::restricted(read).await?;
        let mut named = self.were_told(person, &restricted).await?;
        named.extend(incidents::of_member(read, actor, person).await?);
        for id in incidents::without_members(read).await? {
            if !named.contains(&id) && self.takes_part(actor, person, id).await? {
                named.insert(id);
            }
        }
        Ok(Visible::PublicAnd(named))
    }

    /// Writes who is named in the restricted incidents of which that is not written.
    pub(super) async fn write_members(&self) -> Result<(), Error> {
        for id in incidents::without_members(self.store.read()).await? {
            let tx = self.store.begin().await?;
            match self.lock(&tx, id).await {
                Ok(Some((_, incident, log))) => {
                    if let Some(first) = log.first() {
                        incidents::catch_up(&tx, &incident, first).await?;
                    }
                }
                Ok(None) => {}
                // One log that cannot be read must not keep the others from it.
                Err(error) if is_unreadable(&error) => continue,
                Err(error) => return Err(error),
            }
            tx.commit()
                .await
                .step("write who is named in an incident")?;
        }
        Ok(())
    }

    /// Those of these restricted incidents that the viewer may know of.
    pub(super) async fn named(
        &self,
        viewer: &Viewer,
        restricted: Vec<IncidentId>,
    ) -> Result<BTreeSet<IncidentId>, Error> {
        let Viewer::Key { actor, person } = viewer else {
            return Ok(restricted.into_iter().collect());
        };
        let mut named = self.were_told(person.as_ref(), &restricted).await?;
        for id in restricted {
            if !named.contains(&id) && self.takes_part(actor, person.as_ref(), id).await? {
                named.insert(id);
            }
        }
        Ok(named)
    }

    /// Of which of these incidents somebody was told.
    async fn were_told(
        &self,
        person: Option<&PersonId>,
        of: &[IncidentId],
    ) -> Result<BTreeSet<IncidentId>, Error> {
        Ok(match person {
            // Each line of chat asks, and nearly always nothing is restricted.
            Some(person) if !of.is_empty() => {
                outbox::told_of(self.store.read(), person, of).await?
            }
            _ => BTreeSet::new(),
        })
    }

    /// Whether the key declared the incident, or its person did, leads it or was added to it.
    async fn takes_part(
        &self,
        actor: &str,
        person: Option<&PersonId>,
        id: IncidentId,
    ) -> Result<bool, Error> {
        // One log that cannot be read must not hide all other incidents.
        let Some(story) = readable(self.load(id).await)? else {
            return Ok(false);
        };
        let declared = story
            .log
            .first()
            .map(|record: &Record| record.actor.id.as_str());
        Ok(declared == Some(actor)
            || person.is_some_and(|person| story.incident.named().contains(person)))
    }
}

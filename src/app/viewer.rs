//! Who may see what: a restricted incident is not there for whoever is not named in it.

use std::collections::BTreeSet;

use super::{App, Error, unread::readable};
use crate::{
    domain::{IncidentId, PersonId, event::Record, incident::Incident, situation::RecipientId},
    store::{
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
        if *viewer == Viewer::Operator {
            return Ok(Visible::All);
        }
        let restricted = incidents::restricted(self.store.read()).await?;
        Ok(Visible::PublicAnd(self.named(viewer, restricted).await?))
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
            || person.is_some_and(|person| is_named(&story.incident, person)))
    }
}

fn is_named(incident: &Incident, person: &PersonId) -> bool {
    let is_it = |who: &RecipientId| *who == RecipientId::Person(person.clone());
    incident.run_by().contains(person) || incident.added.iter().any(|added| is_it(&added.who))
}

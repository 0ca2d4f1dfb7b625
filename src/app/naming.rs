//! References of restricted incidents in words to others: in a text, or as what another incident repeats.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{App, Error, ErrorKind, Viewer};
use crate::{
    domain::{
        IncidentId,
        event::{Actor, Door, Event},
        text,
    },
    store::incidents,
};

/// As whom somebody looks who did something.
pub(super) fn viewer(actor: &Actor) -> Viewer {
    match actor.door {
        Door::Cli => Viewer::Operator,
        _ => Viewer::Key {
            actor: actor.id.clone(),
            person: actor.person.clone(),
        },
    }
}

impl App {
    /// Refuses events that name a restricted incident other than their own, because all who read of
    /// this one would learn of that one. To somebody who may not know of it, it is a number like any
    /// that does not exist, so nothing is said.
    pub(super) async fn must_name_no_restricted(
        &self,
        actor: &Actor,
        own: Option<IncidentId>,
        events: &[Event],
    ) -> Result<(), Error> {
        let mut named = BTreeSet::new();
        for event in events {
            // Whatever was typed is a text in it, wherever it stands.
            let event = serde_json::to_value(event).unwrap_or_default();
            references(&event, &mut named);
        }
        named.retain(|id| Some(*id) != own);
        if named.is_empty() {
            return Ok(());
        }
        let mut restricted = incidents::restricted(self.store.read()).await?;
        restricted.retain(|id| named.contains(id));
        let known = self.named(&viewer(actor), restricted).await?;
        match known.first() {
            None => Ok(()),
            Some(id) => Err(Error::new(
                ErrorKind::Refused,
                "names-restricted",
                format!(
                    "{id} is restricted, and this would name it to people who may not know of it."
                ),
                "Leave its reference out.",
            )),
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<IncidentId>) {
    match value {
        Value::String(text) => found.extend(text::references(text)),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| references(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

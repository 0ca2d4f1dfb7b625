//! Finding people, destinations and services by what somebody typed.

use serde_json::json;

use super::{App, Error, ErrorKind};
use crate::domain::{
    IncidentId, PersonId,
    directory::{Destination, Directory, Person, PersonAddress},
    situation::RecipientId,
};

impl App {
    /// The person with this id.
    pub async fn find_person(&self, id: &PersonId) -> Result<Person, Error> {
        let book = self.rulebook().await?;
        book.directory
            .people
            .get(id)
            .cloned()
            .ok_or_else(|| unknown(&book.directory, id.as_str()))
    }

    /// The person or destination with this id, address or full name; and whether it is external.
    pub async fn find_recipient(&self, text: &str) -> Result<(RecipientId, bool), Error> {
        let book = self.rulebook().await?;
        recipient(&book.directory, text)
    }

    /// A person, service, group, destination or organisation, as it is shown to those who keep it.
    pub async fn directory_entry(&self, id: &str) -> Result<serde_json::Value, Error> {
        let book = self.rulebook().await?;
        let shown = self.disclosure.directory(&book.directory);
        let directory = shown.entries();
        let mut found = serde_json::Map::new();
        let mut add = |kind: &str, value: Option<Result<serde_json::Value, serde_json::Error>>| {
            if let Some(Ok(value)) = value {
                found.insert(kind.to_owned(), value);
            }
        };
        add(
            "person",
            id.parse()
                .ok()
                .and_then(|id| directory.people.get(&id))
                .map(|person| Ok(person_entry(person))),
        );
        add(
            "service",
            id.parse()
                .ok()
                .and_then(|id| directory.services.get(&id))
                .map(serde_json::to_value),
        );
        add(
            "group",
            id.parse()
                .ok()
                .and_then(|id| directory.groups.get(&id))
                .map(serde_json::to_value),
        );
        add(
            "destination",
            id.parse()
                .ok()
                .and_then(|id| directory.destinations.get(&id))
                .map(|destination| Ok(destination_entry(destination))),
        );
        add(
            "organisation",
            id.parse()
                .ok()
                .and_then(|id| directory.organisations.get(&id))
                .map(serde_json::to_value),
        );
        let roles: Vec<_> = directory
            .roles
            .iter()
            .filter(|holding| holding.person.as_str() == id || holding.service.as_str() == id)
            .collect();
        if !roles.is_empty() {
            add("roles", Some(serde_json::to_value(roles)));
        }
        if found.is_empty() {
            Err(unknown(directory, id))
        } else {
            Ok(serde_json::Value::Object(found))
        }
    }

    /// Number of people in the directory.
    pub async fn directory_size(&self) -> Result<usize, Error> {
        Ok(self.rulebook().await?.directory.people.len())
    }

    /// That there is no such incident, with the newest ones.
    pub(super) async fn no_incident(&self, id: IncidentId) -> Error {
        Error::new(
            ErrorKind::NotFound,
            "unknown-incident",
            format!("There is no incident {id}."),
            "See: oyez list",
        )
    }
}

fn person_entry(person: &Person) -> serde_json::Value {
    let address =
        |own: &PersonAddress| json!({ "channel": own.channel, "address": own.address.as_str() });
    let addresses: Vec<_> = person.addresses.iter().map(address).collect();
    json!({
        "id": person.id,
        "name": person.name,
        "organisation": person.organisation,
        "addresses": addresses,
        "time_zone": person.time_zone,
        "working_hours": person.working_hours,
        "muted_until": person.muted_until,
    })
}

fn destination_entry(destination: &Destination) -> serde_json::Value {
    json!({
        "id": destination.id,
        "name": destination.name,
        "channel": destination.channel,
        "address": destination.address.as_str(),
        "organisation": destination.organisation,
    })
}

/// The person or destination that a text means, and whether it is external.
pub(super) fn recipient(directory: &Directory, text: &str) -> Result<(RecipientId, bool), Error> {
    let who = directory.find_recipient(text)?;
    let outside = directory.is_outside(&who);
    Ok((who, outside))
}

fn unknown(directory: &Directory, text: &str) -> Error {
    directory.nobody(text).into()
}

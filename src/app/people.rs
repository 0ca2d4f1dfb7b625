//! Finding people, destinations and services by what somebody typed.

use super::{App, Error, ErrorKind};
use crate::domain::{
    IncidentId, PersonId,
    directory::{Directory, Person},
    nearest,
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

    /// A person, service, group, destination or organisation, as it is kept.
    pub async fn directory_entry(&self, id: &str) -> Result<serde_json::Value, Error> {
        let book = self.rulebook().await?;
        let directory = &book.directory;
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
                .map(serde_json::to_value),
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
                .map(serde_json::to_value),
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

/// The person or destination that a text means.
pub(super) fn recipient(directory: &Directory, text: &str) -> Result<(RecipientId, bool), Error> {
    let text = text.trim();
    let person = |person: &Person| {
        (
            RecipientId::Person(person.id.clone()),
            directory.is_outsider(person),
        )
    };
    if let Some(found) = text.parse().ok().and_then(|id| directory.people.get(&id)) {
        return Ok(person(found));
    }
    if let Some(found) = text
        .parse()
        .ok()
        .and_then(|id| directory.destinations.get(&id))
    {
        let outside = directory.is_external(found.organisation.as_ref());
        return Ok((RecipientId::Destination(found.id.clone()), outside));
    }
    let mut matching = directory.people.values().filter(|person| {
        person.name.eq_ignore_ascii_case(text)
            || person
                .addresses
                .iter()
                .any(|address| address.address.as_str().eq_ignore_ascii_case(text))
    });
    match (matching.next(), matching.next()) {
        (Some(found), None) => Ok(person(found)),
        (Some(one), Some(other)) => Err(Error::new(
            ErrorKind::Usage,
            "ambiguous-person",
            format!("\"{text}\" is more than one person."),
            format!("Use an id, for example {} or {}.", one.id, other.id),
        )),
        _ => Err(unknown(directory, text)),
    }
}

fn unknown(directory: &Directory, text: &str) -> Error {
    let people = directory.people.values();
    let ids = people.clone().map(|person| person.id.as_str());
    let ids = ids.chain(directory.destinations.keys().map(|id| id.as_str()));
    // Names only where no id is near, so that nobody is offered twice.
    let by_name = nearest::fix_for(
        text,
        people.map(|person| person.name.as_str()),
        "See: oyez directory export",
    );
    Error::new(
        ErrorKind::NotFound,
        "unknown-person",
        format!("Nobody in the directory is \"{text}\"."),
        nearest::fix_for(text, ids, &by_name),
    )
}

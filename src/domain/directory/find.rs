//! Finding people, destinations and services by what somebody typed.

use super::{Directory, Person, Service};
use crate::domain::{
    Address, ChannelName, PersonId, ServiceId, command::Refusal, nearest, situation::RecipientId,
};

impl Directory {
    /// Every address of a person or destination, with its channel, in their order of preference.
    pub fn addresses_of(
        &self,
        who: &RecipientId,
    ) -> impl Iterator<Item = (&ChannelName, &Address)> + Clone {
        let person = match who {
            RecipientId::Person(id) => self.people.get(id),
            RecipientId::Destination(_) => None,
        };
        let destination = match who {
            RecipientId::Destination(id) => self.destinations.get(id),
            RecipientId::Person(_) => None,
        };
        let of_person = person.into_iter().flat_map(|person| &person.addresses);
        of_person
            .map(|known| (&known.channel, &known.address))
            .chain(destination.map(|known| (&known.channel, &known.address)))
    }

    /// The person or destination with this id, address or full name.
    pub fn find_recipient(&self, text: &str) -> Result<RecipientId, Refusal> {
        let text = text.trim();
        if let Some(found) = text.parse().ok().and_then(|id| self.people.get(&id)) {
            return Ok(RecipientId::Person(found.id.clone()));
        }
        if let Some(found) = text.parse().ok().and_then(|id| self.destinations.get(&id)) {
            return Ok(RecipientId::Destination(found.id.clone()));
        }
        let mut matching = self
            .people
            .values()
            .filter(|person| is_called(person, text));
        match (matching.next(), matching.next()) {
            (Some(found), None) => Ok(RecipientId::Person(found.id.clone())),
            (Some(one), Some(other)) => Err(Refusal::new(
                "ambiguous-person",
                format!("\"{text}\" is more than one person."),
                format!("Use an id, for example {} or {}.", one.id, other.id),
            )),
            _ => Err(self.nobody(text)),
        }
    }

    /// The person with this id, address or full name.
    pub fn find_person(&self, text: &str) -> Result<PersonId, Refusal> {
        match self.find_recipient(text)? {
            RecipientId::Person(id) => Ok(id),
            RecipientId::Destination(id) => Err(Refusal::new(
                "unknown-person",
                format!("\"{id}\" is a channel or a mailbox and no person."),
                "Name a person.",
            )),
        }
    }

    /// The service with this id or name.
    pub fn find_service(&self, text: &str) -> Result<ServiceId, Refusal> {
        let text = text.trim();
        let by_id = text.to_lowercase().parse().ok();
        if let Some(found) = by_id.and_then(|id| self.services.get(&id)) {
            return Ok(found.id.clone());
        }
        let is_called = |service: &&Service| service.name.eq_ignore_ascii_case(text);
        if let Some(found) = self.services.values().find(is_called) {
            return Ok(found.id.clone());
        }
        Err(Refusal::new(
            "unknown-service",
            format!("There is no service \"{text}\"."),
            nearest::fix_for(
                text,
                self.services.keys().map(ServiceId::as_str),
                "Add it with: oyez directory import",
            ),
        ))
    }

    /// Whether the person or destination belongs to an external organisation.
    pub fn is_outside(&self, who: &RecipientId) -> bool {
        match who {
            RecipientId::Person(id) => self
                .people
                .get(id)
                .is_some_and(|person| self.is_outsider(person)),
            RecipientId::Destination(id) => self
                .destinations
                .get(id)
                .is_some_and(|to| self.is_external(to.organisation.as_ref())),
        }
    }

    /// That nobody is called so, with the nearest ids or names.
    pub fn nobody(&self, text: &str) -> Refusal {
        let ids = self.people.keys().map(PersonId::as_str);
        let ids = ids.chain(self.destinations.keys().map(|id| id.as_str()));
        // Names only where no id is near, so that nobody is offered twice.
        let by_name = nearest::fix_for(
            text,
            self.people.values().map(|person| person.name.as_str()),
            "See: oyez directory export",
        );
        Refusal::new(
            "unknown-person",
            format!("Nobody in the directory is \"{text}\"."),
            nearest::fix_for(text, ids, &by_name),
        )
    }
}

fn is_called(person: &Person, text: &str) -> bool {
    person.name.eq_ignore_ascii_case(text)
        || person
            .addresses
            .iter()
            .any(|address| address.address.as_str().eq_ignore_ascii_case(text))
}

//! "Are you affected?": which services are asked, and who answers for each.

use std::collections::BTreeSet;

use super::{At, known};
use crate::domain::{
    PersonId, ServiceId,
    command::Refusal,
    event::Event,
    playbook,
    situation::{RecipientId, Relation},
};

/// Who answers for a service: the first of these that somebody holds, since a question to a crowd
/// is answered by nobody.
const ANSWERS: [&str; 5] = [
    "delivery-manager",
    "product-manager",
    "tech-lead",
    "service-owner",
    "deputy-service-owner",
];

impl At<'_> {
    /// One question for each service, to the people who answer for it.
    pub(super) fn ask(&self, services: &BTreeSet<ServiceId>) -> Result<Vec<Event>, Refusal> {
        self.must_be_open("other services need not be asked")?;
        if self.incident.restricted {
            return Err(Refusal::new(
                "restricted",
                format!(
                    "{} is restricted, so other services are not told of it.",
                    self.incident.id
                ),
                "Add the people who must know with `oyez add`.",
            ));
        }
        let events: Vec<Event> = if services.is_empty() {
            playbook::services_to_ask(self.incident, self.context.directory)
                .into_iter()
                .filter(|service| !self.incident.asked.contains(service))
                .filter_map(|service| self.question(&service))
                .collect()
        } else {
            services
                .iter()
                .map(|service| self.question_by_name(service))
                .collect::<Result<_, _>>()?
        };
        if events.is_empty() {
            return Err(Refusal::new(
                "nobody-to-ask",
                "There is no service up- or downstream that can still be asked.",
                format!(
                    "Name one with `oyez ask {} SERVICE`. Who answers for it is in the directory.",
                    self.incident.id
                ),
            ));
        }
        Ok(events)
    }

    fn question_by_name(&self, service: &ServiceId) -> Result<Event, Refusal> {
        known::service(service, self.context)?;
        if self.incident.services.get(service) == Some(&Relation::Affected) {
            return Err(Refusal::new(
                "affected-already",
                format!("\"{service}\" is one of the affected services already."),
                "Ask services up- and downstream of it.",
            ));
        }
        self.question(service).ok_or_else(|| {
            Refusal::new(
                "nobody-to-ask",
                format!("Nobody in the directory answers for \"{service}\"."),
                "Give it a delivery manager with `oyez directory import`.",
            )
        })
    }

    /// `None` if nobody answers for the service.
    fn question(&self, service: &ServiceId) -> Option<Event> {
        let role_holders = ANSWERS
            .into_iter()
            .map(|role| self.holders(service, role))
            .find(|holders| !holders.is_empty());
        let to: BTreeSet<RecipientId> = role_holders
            .unwrap_or_else(|| self.contacts(service))
            .into_iter()
            .cloned()
            .map(RecipientId::Person)
            .collect();
        (!to.is_empty()).then(|| Event::AskedIfAffected {
            services: BTreeSet::from([service.clone()]),
            to,
        })
    }

    fn holders(&self, service: &ServiceId, role: &str) -> BTreeSet<&PersonId> {
        let directory = self.context.directory;
        directory
            .roles
            .iter()
            .filter(|holding| holding.service == *service && holding.role.as_str() == role)
            .map(|holding| &holding.person)
            .filter(|person| directory.people.contains_key(*person))
            .collect()
    }

    /// The people of the organisation whose service it is, if it is not ours.
    fn contacts(&self, service: &ServiceId) -> BTreeSet<&PersonId> {
        let directory = self.context.directory;
        directory
            .services
            .get(service)
            .and_then(|service| service.organisation.as_ref())
            .and_then(|whose| directory.organisations.get(whose))
            .into_iter()
            .flat_map(|whose| &whose.contacts)
            .map(|contact| &contact.person)
            .filter(|person| directory.people.contains_key(*person))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::desk::{Desk, minutes};
    use crate::domain::{
        ServiceId, command::Command, directory::RoleHolding, event::Event, fixture::id,
        situation::RecipientId,
    };

    fn ask(services: &[&str]) -> Command {
        Command::Ask {
            services: services.iter().map(|name| id::<ServiceId>(name)).collect(),
        }
    }

    fn hold(desk: &mut Desk, role: &str, person: &str) {
        desk.directory.roles.insert(RoleHolding {
            service: id("sign-in"),
            role: id(role),
            person: id(person),
        });
    }

    /// A desk at which nobody answers for the service that the affected one depends on.
    fn desk() -> Desk {
        let mut desk = Desk::new();
        desk.directory
            .roles
            .retain(|holding| holding.service.as_str() != "sign-in");
        desk
    }

    #[test]
    fn the_first_role_that_somebody_holds_answers() {
        let mut desk = desk();
        hold(&mut desk, "service-owner", "tom-okafor");
        hold(&mut desk, "delivery-manager", "mei-lin");
        let expected = Event::AskedIfAffected {
            services: [id("sign-in")].into(),
            to: BTreeSet::from([RecipientId::Person(id("mei-lin"))]),
        };
        assert_eq!(desk.ask(minutes(-30), &ask(&["sign-in"])), Ok(expected));
    }

    #[test]
    fn neighbours_are_asked_once_and_a_named_service_again() {
        let mut desk = desk();
        hold(&mut desk, "delivery-manager", "mei-lin");
        let event = desk.ask(minutes(-30), &ask(&[])).unwrap();
        let Event::AskedIfAffected { services, .. } = &event else {
            panic!("nobody asked");
        };
        assert_eq!(*services, [id("sign-in")].into());
        desk.log.write(minutes(-30), event);
        desk.refuses(&ask(&[]), "nobody-to-ask");
        assert!(desk.ask(minutes(-20), &ask(&["sign-in"])).is_ok());
    }

    #[test]
    fn nobody_is_asked_what_is_known_or_whom_nobody_answers_for() {
        let desk = desk();
        desk.refuses(&ask(&["register-trainees"]), "affected-already");
        desk.refuses(&ask(&["sign-in"]), "nobody-to-ask");
        desk.refuses(&ask(&["sing-in"]), "unknown-service");
    }
}

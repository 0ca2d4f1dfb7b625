//! A saying with what every fact needs of it: times, names, and the event it is about.

use crate::domain::{
    PersonId, ServiceId,
    event::{Event, Record},
    incident::LeadRole,
    saying::Saying,
    situation::Relation,
    time::Time,
};

use super::{sentences::list_of, times::TimeWords};

/// What the facts of one message are computed from.
pub(super) struct Context<'a> {
    pub(super) saying: &'a Saying<'a>,
    pub(super) times: TimeWords,
}

impl<'a> Context<'a> {
    pub(super) fn new(saying: &'a Saying<'a>) -> Self {
        let times =
            TimeWords::new(saying.policy.time_zone, saying.now).naming_zone(saying.readers_abroad);
        Self { saying, times }
    }

    pub(super) fn is_outside(&self) -> bool {
        self.saying.audience.is_outside()
    }

    /// The event itself if it is of the wanted kind, else the latest before it that is: a catch-up
    /// or a preview speaks about what happened earlier.
    pub(super) fn latest<T>(&self, wanted: impl Fn(&'a Event) -> Option<T>) -> Option<T> {
        wanted(&self.saying.event.event)
            .or_else(|| self.earlier().find_map(|record| wanted(&record.event)))
    }

    /// The log before the event, latest first.
    pub(super) fn earlier(&self) -> impl Iterator<Item = &'a Record> {
        let seq = self.saying.event.seq;
        self.saying
            .log
            .iter()
            .rev()
            .filter(move |record| record.seq < seq)
    }

    pub(super) fn person(&self, id: &PersonId) -> String {
        let person = self.saying.directory.people.get(id);
        person.map_or_else(|| id.to_string(), |person| person.name.clone())
    }

    pub(super) fn lead(&self, role: LeadRole) -> Option<String> {
        self.saying
            .incident
            .leads
            .get(&role)
            .map(|id| self.person(id))
    }

    /// What these readers call a service.
    pub(super) fn service(&self, id: &ServiceId) -> String {
        match self.saying.directory.services.get(id) {
            Some(service) if self.is_outside() => service.name_for_outsiders().to_owned(),
            Some(service) => service.name.clone(),
            None => id.to_string(),
        }
    }

    /// The affected services, or all that are stated if none is affected, as a list of names.
    pub(super) fn services<'s>(
        &self,
        services: impl Iterator<Item = (&'s ServiceId, &'s Relation)> + Clone,
    ) -> String {
        let affected = services
            .clone()
            .filter(|(_, how)| **how == Relation::Affected);
        let mut names: Vec<_> = affected.map(|(id, _)| self.service(id)).collect();
        if names.is_empty() {
            names = services.map(|(id, _)| self.service(id)).collect();
        }
        list_of(&names)
    }

    /// When people were last told something other than "no change".
    pub(super) fn last_said(&self) -> Time {
        let incident = self.saying.incident;
        let at_this_event = |(seq, _): &(u32, Time)| *seq == self.saying.event.seq;
        match incident.last_said {
            Some(said) if !at_this_event(&said) => said.1,
            _ => self
                .earlier()
                .find(|record| {
                    record.event.says_something()
                        && !matches!(record.event, Event::NothingChanged { .. })
                })
                .map_or(incident.declared_at, |record| record.at),
        }
    }
}

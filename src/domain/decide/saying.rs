//! Commands that say something while people are owed updates.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, audiences, declaring, known, typed};
use crate::domain::{
    Audience, FactorId, PriorityId, ServiceId, clock::answer, command::Refusal, event::Event,
    facts::Facts, incident::Stage, nearest::or_list, situation::Relation, time::Time,
};

impl At<'_> {
    /// Audiences to which something can be said now.
    pub(super) fn audiences(&self) -> BTreeSet<Audience> {
        audiences(self.incident.restricted, self.incident.users_contact)
    }

    pub(super) fn update(
        &self,
        text: &str,
        facts: &Facts,
        stage: Option<Stage>,
        next_update: Option<Time>,
    ) -> Result<Event, Refusal> {
        self.must_be_open("there is nothing to update")?;
        if let Some(stage) = stage {
            only_open(stage)?;
        }
        let mut then = self.incident.clone();
        then.stage = stage.unwrap_or(then.stage);
        Ok(Event::Updated {
            text: typed::text("The update", text)?,
            facts: typed::facts(facts)?,
            stage: stage.filter(|stage| *stage != self.incident.stage),
            promised: self.promise(&then, &self.audiences(), next_update)?,
        })
    }

    pub(super) fn no_change(&self, next_update: Option<Time>) -> Result<Event, Refusal> {
        self.must_be_open("no update is owed")?;
        let context = self.context;
        let (audiences, promised) = answer::no_change(self.incident, context.policy, context.now);
        let (audiences, promised) = match next_update {
            Some(_) => {
                let promised = self.promise(self.incident, &audiences, next_update)?;
                (audiences, promised)
            }
            // While a prompt stands, its words and times are sent, so that nothing is said that
            // nobody read before.
            None => match answer::standing_prompt(self.incident, context.now) {
                Some(frozen) if frozen.promised.values().all(|due| *due > context.now) => (
                    frozen.promised.keys().copied().collect(),
                    frozen.promised.clone(),
                ),
                _ => (audiences, promised),
            },
        };
        Ok(Event::NothingChanged {
            audiences,
            promised,
            holding_line: false,
        })
    }

    pub(super) fn priority(
        &self,
        to: Option<&PriorityId>,
        factors: &BTreeSet<FactorId>,
        why: &str,
        override_ceiling: Option<&str>,
        next_update: Option<Time>,
    ) -> Result<Event, Refusal> {
        self.must_be_open("its priority no longer changes")?;
        let factors = if factors.is_empty() {
            &self.incident.factors
        } else {
            factors
        };
        let affected: BTreeSet<ServiceId> = self
            .incident
            .services
            .iter()
            .filter(|(_, relation)| **relation == Relation::Affected)
            .map(|(id, _)| id.clone())
            .collect();
        let (to, triage) =
            declaring::priority(to, factors, &affected, override_ceiling, self.context)?;
        if to == self.incident.priority {
            return Err(Refusal::new(
                "no-change",
                format!("{} is {to} already.", self.incident.id),
                "Post an update if something else changed.",
            ));
        }
        let why = typed::text("The reason for the change", why)?;
        let mut then = self.incident.clone();
        then.priority = to.clone();
        // Outsiders are not told of it, so what was promised to them stands; those who join now
        // are told when the next update comes.
        let audiences: BTreeSet<Audience> = self
            .audiences()
            .into_iter()
            .filter(|audience| {
                !audience.is_outside() || !self.incident.promises.contains_key(audience)
            })
            .collect();
        Ok(Event::PriorityChanged {
            from: self.incident.priority.clone(),
            promised: self.promise(&then, &audiences, next_update)?,
            to,
            factors: factors.clone(),
            triage,
            why,
        })
    }

    pub(super) fn services(
        &self,
        add: &BTreeMap<ServiceId, Relation>,
        remove: &BTreeSet<ServiceId>,
        text: Option<&str>,
    ) -> Result<Event, Refusal> {
        self.must_be_open("its services no longer change")?;
        let have = &self.incident.services;
        for service in add.keys() {
            known::service(service, self.context)?;
            if remove.contains(service) {
                return Err(Refusal::new(
                    "contradiction",
                    format!("\"{service}\" is both added and removed."),
                    "Leave one of the two out.",
                ));
            }
        }
        if let Some(missing) = remove.iter().find(|service| !have.contains_key(*service)) {
            let listed: Vec<&str> = have.keys().map(ServiceId::as_str).collect();
            return Err(Refusal::new(
                "unknown-service",
                format!(
                    "\"{missing}\" is not one of the services of {}.",
                    self.incident.id
                ),
                if listed.is_empty() {
                    "It has no services yet.".to_owned()
                } else {
                    format!("Remove {}.", or_list(&listed))
                },
            ));
        }
        let added: BTreeMap<ServiceId, Relation> = add
            .iter()
            .filter(|(id, relation)| have.get(*id) != Some(relation))
            .map(|(id, relation)| (id.clone(), *relation))
            .collect();
        if added.is_empty() && remove.is_empty() {
            return Err(Refusal::new(
                "no-change",
                format!("{} has these services already.", self.incident.id),
                "Name a service to add, to remove, or to relate differently.",
            ));
        }
        let text = match typed::optional_text("The update", text)? {
            Some(text) => text,
            None => self.services_in_words(&added, remove),
        };
        Ok(Event::ServicesChanged {
            promised: self.promise(self.incident, &self.audiences(), None)?,
            added,
            removed: remove.clone(),
            text,
        })
    }

    /// The change in words that every reader may see: services by the names that their users know.
    fn services_in_words(
        &self,
        added: &BTreeMap<ServiceId, Relation>,
        removed: &BTreeSet<ServiceId>,
    ) -> String {
        let named = |ids: Vec<&ServiceId>| {
            let names: Vec<&str> = ids
                .iter()
                .map(|id| match self.context.directory.services.get(*id) {
                    Some(service) => service.name_for_outsiders(),
                    None => id.as_str(),
                })
                .collect();
            (and_list(&names), names.len() > 1)
        };
        let mut sentences = Vec::new();
        let mut say = |ids: Vec<&ServiceId>, one: &str, many: &str| {
            if !ids.is_empty() {
                let (names, is_plural) = named(ids);
                sentences.push(format!("{names} {}.", if is_plural { many } else { one }));
            }
        };
        let related = |relation: Relation| {
            added
                .iter()
                .filter(|(_, has)| **has == relation)
                .map(|(id, _)| id)
                .collect::<Vec<_>>()
        };
        say(
            related(Relation::Affected),
            "is now affected as well",
            "are now affected as well",
        );
        say(
            related(Relation::Downstream),
            "may be affected, because it depends on a service that is",
            "may be affected, because they depend on a service that is",
        );
        say(
            related(Relation::Upstream),
            "may be involved, because an affected service depends on it",
            "may be involved, because an affected service depends on them",
        );
        say(
            removed.iter().collect(),
            "is no longer affected",
            "are no longer affected",
        );
        sentences.join(" ")
    }
}

/// Refuses stages that have commands of their own.
pub(super) fn only_open(stage: Stage) -> Result<(), Refusal> {
    if stage.is_open() {
        return Ok(());
    }
    Err(Refusal::new(
        "wrong-stage",
        format!("\"{}\" is not a stage to pass through.", stage.label()),
        "Use the command for it: resolve, close or cancel.",
    ))
}

pub(super) fn and_list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

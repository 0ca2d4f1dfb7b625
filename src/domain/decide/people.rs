//! Commands about people, the playbook and the clock: leads, adding, muting, users, steps, snooze,
//! stopping messages.

use std::collections::BTreeMap;

use super::{At, known, typed};
use crate::domain::{
    Audience, PersonId, ServiceId, StepId,
    command::Refusal,
    event::{AffectedAnswer, Event, StepState},
    incident::{Incident, LeadRole, Stage},
    situation::{ByHand, RecipientId},
    time::{Time, printed_after},
};

impl At<'_> {
    /// One event for each lead; none, if one of them cannot be.
    pub(super) fn leads(
        &self,
        appoint: &BTreeMap<LeadRole, PersonId>,
        note: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        if appoint.is_empty() {
            return Err(Refusal::new(
                "missing-lead",
                "It does not say who is to lead.",
                "Name a comms, tech or support lead.",
            ));
        }
        let events = appoint
            .iter()
            .map(|(role, person)| self.lead(*role, person, note));
        events.collect()
    }

    fn lead(
        &self,
        role: LeadRole,
        person: &PersonId,
        note: Option<&str>,
    ) -> Result<Event, Refusal> {
        known::person(person, self.context)?;
        let from = self.incident.leads.get(&role);
        if from == Some(person) {
            return Err(Refusal::new(
                "no-change",
                format!("\"{person}\" is the {} lead already.", role.as_str()),
                "Name somebody else to hand the lead over.",
            ));
        }
        Ok(Event::LeadAppointed {
            role,
            person: person.clone(),
            from: from.cloned(),
            note: typed::optional_text("The note", note)?,
        })
    }

    pub(super) fn add(&self, by_hand: ByHand) -> Result<Event, Refusal> {
        known::recipient(&by_hand.who, self.context)?;
        let directory = self.context.directory;
        let audience = by_hand.audience;
        if directory.is_outside(&by_hand.who) && !audience.is_outside() {
            return Err(Refusal::new(
                "not-for-outsiders",
                format!(
                    "\"{}\" belongs to another organisation and cannot read as {audience}.",
                    by_hand.who.as_str()
                ),
                "Add them as external.",
            ));
        }
        if self.incident.restricted && audience.is_outside() {
            return Err(Refusal::new(
                "restricted",
                format!(
                    "{} is restricted, so outsiders are told nothing.",
                    self.incident.id
                ),
                "Add them as responders or owners if they are our own people.",
            ));
        }
        if audience == Audience::Users && self.incident.users_contact != Some(true) {
            return Err(Refusal::new(
                "no-users-decision",
                "It is not decided that users are contacted.",
                format!(
                    "Decide it first with `oyez decide {} yes`.",
                    self.incident.id
                ),
            ));
        }
        self.has_addresses(&by_hand)?;
        if self.incident.added.contains(&by_hand) {
            return Err(Refusal::new(
                "no-change",
                format!("\"{}\" was added already.", by_hand.who.as_str()),
                "Nothing needs doing.",
            ));
        }
        Ok(Event::PersonAdded {
            promised: self.promise_to_newcomers(audience),
            by_hand,
        })
    }

    fn has_addresses(&self, by_hand: &ByHand) -> Result<(), Refusal> {
        let directory = self.context.directory;
        let have: Vec<&str> = match &by_hand.who {
            RecipientId::Person(id) => directory
                .people
                .get(id)
                .map(|person| {
                    person
                        .addresses
                        .iter()
                        .map(|a| a.channel.as_str())
                        .collect()
                })
                .unwrap_or_default(),
            RecipientId::Destination(id) => directory
                .destinations
                .get(id)
                .map(|to| vec![to.channel.as_str()])
                .unwrap_or_default(),
        };
        let missing = by_hand
            .channels
            .iter()
            .find(|channel| !have.contains(&channel.as_str()));
        match missing {
            None => Ok(()),
            Some(channel) => Err(Refusal::new(
                "no-address",
                format!("\"{}\" has no address on {channel}.", by_hand.who.as_str()),
                if have.is_empty() {
                    "Add an address with `oyez directory import`.".to_owned()
                } else {
                    format!("Use {}.", crate::domain::nearest::or_list(&have))
                },
            )),
        }
    }

    /// Newcomers in an audience that has no promise are promised what the others were.
    fn promise_to_newcomers(&self, audience: Audience) -> BTreeMap<Audience, Time> {
        match self.incident.next_promise() {
            Some((due, _)) if !self.incident.promises.contains_key(&audience) => {
                BTreeMap::from([(audience, due)])
            }
            _ => BTreeMap::new(),
        }
    }

    pub(super) fn mute(
        &self,
        person: &PersonId,
        until: Time,
        note: Option<&str>,
    ) -> Result<Event, Refusal> {
        known::person(person, self.context)?;
        if until <= self.context.now {
            return Err(Refusal::new(
                "bad-time",
                "The time until which to mute them has passed.",
                "Choose a time in the future.",
            ));
        }
        Ok(Event::Muted {
            person: person.clone(),
            until: self.printed_after_now(until),
            note: typed::optional_text("The note", note)?,
        })
    }

    /// A time to come, held as it is printed.
    fn printed_after_now(&self, at: Time) -> Time {
        printed_after(at, self.context.now, self.context.policy.time_zone)
    }

    pub(super) fn users(&self, contact: bool, reason: &str) -> Result<Event, Refusal> {
        self.must_be_open("there is nothing to tell users")?;
        if contact && self.incident.restricted {
            return Err(Refusal::new(
                "restricted",
                format!(
                    "{} is restricted, so users are told nothing.",
                    self.incident.id
                ),
                "Record the decision not to contact users.",
            ));
        }
        if self.incident.users_contact == Some(contact) {
            return Err(Refusal::new(
                "no-change",
                "That is decided already.",
                "Nothing needs doing.",
            ));
        }
        let promised = if contact {
            self.promise_to_newcomers(Audience::Users)
        } else {
            BTreeMap::new()
        };
        Ok(Event::UsersContactDecided {
            contact,
            reason: typed::text("The reason", reason)?,
            promised,
        })
    }

    pub(super) fn step(
        &self,
        step: &StepId,
        state: StepState,
        note: Option<&str>,
    ) -> Result<Event, Refusal> {
        known::step(step)?;
        let note = typed::optional_text("The note", note)?;
        if state == StepState::NotNeeded && note.is_none() {
            return Err(Refusal::new(
                "empty",
                "It is not said why the step is not needed.",
                "Give the reason as a note.",
            ));
        }
        Ok(Event::StepRecorded {
            step: step.clone(),
            state,
            note,
        })
    }

    pub(super) fn snooze(&self) -> Result<Event, Refusal> {
        self.must_be_open("there is nothing to snooze")?;
        let (ladder, now) = (&self.context.policy.ladder, self.context.now);
        let next = self.incident.next_promise();
        if next.is_none_or(|(due, _)| now < due - ladder.prompt_lead) {
            return Err(Refusal::new(
                "nothing-to-snooze",
                "No prompt is out.",
                "Nothing needs doing before the next one.",
            ));
        }
        if self.incident.snoozes >= ladder.snoozes {
            return Err(Refusal::new(
                "snooze-limit",
                format!(
                    "This promise was snoozed {} already.",
                    times(self.incident.snoozes)
                ),
                "Post an update, or say that nothing has changed.",
            ));
        }
        Ok(Event::Snoozed {
            until: self.printed_after_now(now + ladder.snooze),
            count: self.incident.snoozes + 1,
        })
    }

    /// Stops what still waits. Where nobody of an audience has been told, what had been promised to
    /// it before is owed again; the team's own promise stays if there was none before, so that
    /// somebody is reminded.
    pub(super) fn cancel_sending(&self, event: Option<u32>) -> Result<Event, Refusal> {
        let nothing = || {
            Refusal::new(
                "nothing-waiting",
                "No message is waiting, so none can be stopped.",
                "Send a correction if what was said is wrong.",
            )
        };
        let log = self.context.log;
        let seq = match event {
            Some(seq) => seq,
            None => log
                .iter()
                .rfind(|record| record.event.says_something())
                .map(|record| record.seq)
                .ok_or_else(nothing)?,
        };
        let sending = self.context.sending.get(&seq).ok_or_else(nothing)?;
        if sending.waiting == 0 {
            return Err(nothing());
        }
        let position = log.iter().position(|record| record.seq == seq);
        let before = position
            .and_then(|position| log.get(..position))
            .and_then(|log| Incident::from_log(self.incident.id, log));
        let restored = self
            .incident
            .promises
            .iter()
            .filter(|(audience, promise)| {
                promise.made_by == seq && !sending.told.contains(*audience)
            })
            .map(|(audience, _)| {
                let promise = before.as_ref().and_then(|it| it.promises.get(audience));
                (*audience, promise.map(|promise| promise.due))
            })
            .filter(|(audience, due)| due.is_some() || *audience != Audience::Responders)
            .collect();
        Ok(Event::SendingCancelled {
            event: seq,
            stopped: sending.waiting,
            restored,
        })
    }

    pub(super) fn affected(
        &self,
        service: &ServiceId,
        answer: AffectedAnswer,
    ) -> Result<Event, Refusal> {
        known::service(service, self.context)?;
        if self.incident.stage == Stage::Cancelled {
            return Err(Refusal::new(
                "wrong-stage",
                format!("{} was cancelled.", self.incident.id),
                "Nothing needs doing.",
            ));
        }
        Ok(Event::AffectedAnswered {
            service: service.clone(),
            answer,
            person: self.context.actor.person.clone(),
        })
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

//! From the log to the incident.
//!
//! Total: any sequence of records folds to something, whatever it holds, because the log is the
//! truth and a program that cannot read it can tell nobody anything. Whether an event was allowed
//! is decided before it is written (`decide`).

use std::collections::BTreeMap;

use super::{Asked, Incident, Promise, Stage, StepRecord};
use crate::domain::{
    Audience, IncidentId,
    event::{Event, Record},
    time::Time,
};

impl Incident {
    /// The incident after all of its log; `None` if the log does not begin with a declaration.
    pub fn from_log(id: IncidentId, log: &[Record]) -> Option<Self> {
        let (first, rest) = log.split_first()?;
        let mut incident = Self::declared(id, first)?;
        for record in rest {
            incident.apply(record);
        }
        Some(incident)
    }

    /// The incident after its first record; `None` if that is not a declaration.
    pub fn declared(id: IncidentId, record: &Record) -> Option<Self> {
        let Event::Declared {
            title,
            priority,
            factors,
            triage,
            kind,
            restricted,
            exercise,
            services,
            facts,
            started_at,
            leads,
            promised: _,
            holding_line,
            references,
            unrestricted_because: _,
        } = &record.event
        else {
            return None;
        };
        let mut incident = Self {
            id,
            seq: 0,
            revision: 0,
            title: title.clone(),
            priority: priority.clone(),
            factors: factors.clone(),
            triage: triage.clone(),
            kind: *kind,
            restricted: *restricted,
            exercise: *exercise,
            stage: Stage::Investigating,
            services: services.clone(),
            facts: facts.clone(),
            started_at: *started_at,
            declared_at: record.at,
            resolved_at: None,
            ended_at: None,
            duplicate_of: None,
            leads: leads.clone(),
            declared_by: record.actor.person.clone(),
            added: Vec::new(),
            muted: BTreeMap::new(),
            room: None,
            users_contact: None,
            steps: BTreeMap::new(),
            asked: Default::default(),
            affected_answers: BTreeMap::new(),
            seen: BTreeMap::new(),
            promises: BTreeMap::new(),
            updates: 0,
            last_said: None,
            prompt: None,
            snoozed_until: None,
            snoozes: 0,
            holding_line: holding_line.clone(),
            references: references.clone(),
            climbed: Default::default(),
            reminded_at: None,
        };
        incident.apply(record);
        Some(incident)
    }

    /// Takes the next record of the log into account. A second declaration changes nothing but the
    /// counters: there is one beginning.
    pub fn apply(&mut self, record: &Record) {
        self.seq = record.seq;
        if record.event.raises_revision() {
            self.revision = self.revision.saturating_add(1);
        }
        self.apply_facts(record);
        self.apply_clock(record);
        if let Some(said) = &record.said {
            let asked = Asked {
                at: record.at,
                said_at: None,
            };
            // Whoever answered before is asked anew about what is new.
            self.seen
                .extend(said.asked.iter().map(|person| (person.clone(), asked)));
        }
    }

    /// What the event says about the trouble and the people.
    fn apply_facts(&mut self, record: &Record) {
        match &record.event {
            Event::Updated { facts, stage, .. } => {
                self.facts.merge(facts);
                if let Some(stage) = stage {
                    self.stage = *stage;
                }
                self.updates = self.updates.saturating_add(1);
            }
            Event::PriorityChanged {
                to,
                factors,
                triage,
                ..
            } => {
                self.priority = to.clone();
                self.factors.clone_from(factors);
                self.triage.clone_from(triage);
            }
            Event::ServicesChanged { added, removed, .. } => {
                self.services.retain(|id, _| !removed.contains(id));
                self.services
                    .extend(added.iter().map(|(id, relation)| (id.clone(), *relation)));
                self.updates = self.updates.saturating_add(1);
            }
            Event::LeadAppointed { role, person, .. } => {
                self.leads.insert(*role, person.clone());
            }
            Event::StageChanged { to, .. } => self.stage = *to,
            Event::Resolved { at, .. } => {
                self.stage = Stage::Resolved;
                self.resolved_at = Some(*at);
            }
            Event::Closed { duplicate_of, .. } => {
                self.stage = Stage::Closed;
                self.ended_at = Some(record.at);
                self.duplicate_of = *duplicate_of;
            }
            Event::Corrected {
                facts,
                title,
                holding_line,
                ..
            } => {
                self.facts.merge(facts);
                if let Some(title) = title {
                    self.title.clone_from(title);
                }
                if holding_line.is_some() {
                    self.holding_line.clone_from(holding_line);
                }
            }
            Event::Reopened { .. } => {
                self.stage = Stage::Investigating;
                self.resolved_at = None;
                self.ended_at = None;
                self.duplicate_of = None;
            }
            Event::Cancelled { .. } => {
                self.stage = Stage::Cancelled;
                self.ended_at = Some(record.at);
            }
            Event::PersonAdded { by_hand, .. } => {
                self.added.retain(|have| have.who != by_hand.who);
                self.added.push(by_hand.clone());
            }
            Event::Muted { person, until, .. } => {
                self.muted.insert(person.clone(), *until);
            }
            Event::UsersContactDecided { contact, .. } => self.users_contact = Some(*contact),
            Event::StepRecorded { step, state, note } => {
                let record = StepRecord {
                    state: *state,
                    note: note.clone(),
                    at: record.at,
                    by: record.actor.name.clone(),
                };
                self.steps.insert(step.clone(), record);
            }
            Event::AffectedAnswered {
                service, answer, ..
            } => {
                self.affected_answers.insert(service.clone(), *answer);
            }
            Event::Seen { person } => {
                if let Some(asked) = self.seen.get_mut(person) {
                    asked.said_at.get_or_insert(record.at);
                }
            }
            Event::RoomOpened { room } => self.room = Some(room.clone()),
            Event::AskedIfAffected { services, .. } => self.asked.extend(services.iter().cloned()),
            Event::Declared { .. }
            | Event::Noted { .. }
            | Event::NothingChanged { .. }
            | Event::Prompted { .. }
            | Event::Snoozed { .. }
            | Event::Overdue { .. }
            | Event::SendingCancelled { .. }
            | Event::SendingApproved { .. }
            | Event::SendingRetried { .. }
            | Event::Reminded { .. } => {}
        }
    }

    /// What the event means for promises and for the ladder.
    fn apply_clock(&mut self, record: &Record) {
        let seq = record.seq;
        let due_before = self.next_due();
        if let Some(promised) = record.event.promised() {
            self.promise(promised, seq);
        }
        match &record.event {
            Event::NothingChanged {
                audiences,
                promised,
                ..
            } => {
                // Told and promised nothing more: nobody is left in that audience.
                for audience in audiences {
                    if !promised.contains_key(audience) {
                        self.promises.remove(audience);
                    }
                }
            }
            Event::Resolved { .. } | Event::Closed { .. } | Event::Cancelled { .. } => {
                self.promises.clear();
            }
            Event::SendingCancelled { restored, .. } => {
                for (audience, due) in restored {
                    match due {
                        Some(due) => {
                            let promise = Promise {
                                due: *due,
                                made_by: seq,
                            };
                            self.promises.insert(*audience, promise);
                        }
                        None => {
                            self.promises.remove(audience);
                        }
                    }
                }
            }
            Event::Prompted {
                due,
                frozen,
                rung,
                round,
                ..
            } => {
                self.prompt = Some(frozen.clone());
                self.climbed.insert((*due, *rung, *round));
            }
            Event::Overdue { due, rung, .. } => {
                self.climbed.insert((*due, *rung, 0));
            }
            Event::Snoozed { until, count } => {
                self.snoozed_until = Some(*until);
                self.snoozes = *count;
            }
            Event::UsersContactDecided { contact: false, .. } => {
                self.promises.remove(&Audience::Users);
            }
            Event::Reminded { .. } => self.reminded_at = Some(record.at),
            _ => {}
        }
        if let Some(said) = &record.said {
            for audience in &said.released {
                self.promises.remove(audience);
            }
        }
        if record.event.says_something() {
            self.prompt = None;
            if !matches!(record.event, Event::NothingChanged { .. }) {
                self.last_said = Some((seq, record.at));
            }
        }
        // A snooze belongs to the promise at stake; a correction in between does not renew it.
        if self.next_due() != due_before {
            self.snoozed_until = None;
            self.snoozes = 0;
        }
    }

    fn promise(&mut self, promised: &BTreeMap<Audience, Time>, made_by: u32) {
        for (audience, due) in promised {
            let promise = Promise { due: *due, made_by };
            self.promises.insert(*audience, promise);
        }
    }
}

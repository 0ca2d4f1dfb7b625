//! What to do when a timer goes off.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    answer::{no_change, promise},
    kept::minutes_late,
    ladder::Rung,
};
use crate::domain::{
    PersonId,
    directory::{Directory, Member},
    event::{Event, Frozen, RungKind},
    incident::{Incident, LeadRole},
    notification::Moment,
    playbook,
    policy::{LateTo, Policy},
    situation::Relation,
    time::Time,
};

/// What a timer does: one event, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fire {
    /// To be written to the log. The words of a prompt's `frozen` are empty: whoever renders
    /// fills in what a "no change" would say to each audience of `frozen.promised`.
    pub event: Event,
    /// What is said to the people named in the event; a holding line is a "no change".
    pub moment: Moment,
}

/// What a rung of [`ladder`](super::ladder()) does now. `None`: there is nobody whom it concerns,
/// so nothing is written; the timer has gone off all the same.
pub fn fire(
    rung: &Rung,
    incident: &Incident,
    policy: &Policy,
    directory: &Directory,
    now: Time,
) -> Option<Fire> {
    let lead = responsible(incident, directory);
    let due = rung.due;
    match rung.kind {
        RungKind::PromptLead => prompt(rung, incident, policy, lead, now),
        RungKind::PromptOthers => {
            let known = |person: &&PersonId| directory.people.contains_key(*person);
            let mut to: BTreeSet<PersonId> =
                incident.leads.values().filter(known).cloned().collect();
            // Whoever had the milder prompt is not asked twice; if it was slept through, they are.
            let had_it = (due, RungKind::PromptLead, rung.round);
            if incident.climbed.contains(&had_it) {
                to.retain(|person| !lead.contains(person));
            } else {
                to.extend(lead);
            }
            prompt(rung, incident, policy, to, now)
        }
        RungKind::Overdue => Some(overdue(rung, lead, now)),
        RungKind::Escalate => {
            let mut to = late_to(incident, policy, directory, now);
            if !incident.climbed.contains(&(due, RungKind::Overdue, 0)) {
                to.extend(lead);
            }
            Some(overdue(rung, to, now))
        }
        RungKind::HoldingLine => {
            let audiences: BTreeSet<_> = incident
                .promises
                .iter()
                .filter(|(_, promise)| promise.due <= now)
                .map(|(audience, _)| *audience)
                .collect();
            let promised = promise(incident, policy, &audiences, now);
            (!audiences.is_empty()).then_some(Fire {
                event: Event::NothingChanged {
                    audiences,
                    promised,
                    holding_line: true,
                },
                moment: Moment::NoChange,
            })
        }
        RungKind::Reminder => {
            let steps = playbook::open_steps(incident, directory, policy);
            (!steps.is_empty() && !lead.is_empty()).then_some(Fire {
                event: Event::Reminded { steps, to: lead },
                moment: Moment::Reminder,
            })
        }
    }
}

/// A prompt to one person whose tap came too late: new words, at the present revision.
pub fn fresh_prompt(incident: &Incident, policy: &Policy, to: PersonId, now: Time) -> Option<Fire> {
    let (due, _) = incident.next_promise()?;
    let rung = Rung {
        at: now,
        due,
        kind: RungKind::PromptLead,
        round: incident.snoozes,
    };
    prompt(&rung, incident, policy, BTreeSet::from([to]), now)
}

fn prompt(
    rung: &Rung,
    incident: &Incident,
    policy: &Policy,
    to: BTreeSet<PersonId>,
    now: Time,
) -> Option<Fire> {
    if to.is_empty() {
        return None;
    }
    let (_, promised) = no_change(incident, policy, now);
    let frozen = Frozen {
        revision: incident.revision,
        words: BTreeMap::new(),
        promised,
    };
    Some(Fire {
        event: Event::Prompted {
            due: rung.due,
            to,
            frozen,
            rung: rung.kind,
            round: rung.round,
        },
        moment: Moment::Prompt,
    })
}

/// Recorded even if there is nobody to tell: a broken promise belongs on the timeline.
fn overdue(rung: &Rung, to: BTreeSet<PersonId>, now: Time) -> Fire {
    Fire {
        event: Event::Overdue {
            due: rung.due,
            minutes_late: minutes_late(rung.due, now),
            to,
            rung: rung.kind,
        },
        moment: Moment::Overdue,
    }
}

/// Who owns what is said: the comms lead, else who declared it, else all leads, else the delivery
/// managers of the affected services. People who left the directory are passed over.
pub fn responsible(incident: &Incident, directory: &Directory) -> BTreeSet<PersonId> {
    let known = |person: &&PersonId| directory.people.contains_key(*person);
    let comms = incident.leads.get(&LeadRole::Comms).filter(known);
    if let Some(one) = comms.or(incident.declared_by.as_ref().filter(known)) {
        return BTreeSet::from([one.clone()]);
    }
    let leads: BTreeSet<PersonId> = incident.leads.values().filter(known).cloned().collect();
    if !leads.is_empty() {
        return leads;
    }
    holders(incident, directory, "delivery-manager")
}

fn late_to(
    incident: &Incident,
    policy: &Policy,
    directory: &Directory,
    now: Time,
) -> BTreeSet<PersonId> {
    let mut to = BTreeSet::new();
    for target in &policy.ladder.late_to {
        match target {
            LateTo::Lead(role) => to.extend(incident.leads.get(role).cloned()),
            LateTo::Person(person) => to.extend([person.clone()]),
            LateTo::Role(role) => to.extend(holders(incident, directory, role.as_str())),
            LateTo::Group(group) => {
                let mut members = BTreeSet::new();
                let mut seen = BTreeSet::new();
                let mut groups = vec![group];
                while let Some(id) = groups.pop() {
                    let Some(group) = directory.groups.get(id).filter(|_| seen.insert(id)) else {
                        continue;
                    };
                    for member in &group.members {
                        match member {
                            Member::Person(person) => members.extend([person.clone()]),
                            Member::Group(id) => groups.push(id),
                        }
                    }
                }
                members.retain(|person| may_be_found_by_role(person, incident, directory, now));
                to.extend(members);
            }
        }
    }
    to.retain(|person| directory.people.contains_key(person));
    to.into_iter()
        .filter(|person| incident.muted.get(person).is_none_or(|until| *until <= now))
        .collect()
}

/// Holders of a role on the affected services. Nobody on a restricted incident: only people who
/// are named may know of it.
fn holders(incident: &Incident, directory: &Directory, role: &str) -> BTreeSet<PersonId> {
    if incident.restricted {
        return BTreeSet::new();
    }
    directory
        .roles
        .iter()
        .filter(|holding| holding.role.as_str() == role)
        .filter(|holding| incident.services.get(&holding.service) == Some(&Relation::Affected))
        .filter(|holding| {
            let person = directory.people.get(&holding.person);
            person.is_some_and(|person| !directory.is_outsider(person))
        })
        .map(|holding| holding.person.clone())
        .collect()
}

/// Whether somebody who was not named in person is told that an update is late: our own people,
/// while they are not muted.
fn may_be_found_by_role(
    person: &PersonId,
    incident: &Incident,
    directory: &Directory,
    now: Time,
) -> bool {
    let is_muted = incident.muted.get(person).is_some_and(|until| *until > now);
    directory.people.get(person).is_some_and(|person| {
        let is_away = person.muted_until.is_some_and(|until| until > now);
        !directory.is_outsider(person) && !is_muted && !is_away
    })
}

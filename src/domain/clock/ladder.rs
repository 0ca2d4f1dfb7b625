//! The timers that should stand for an incident now.
//!
//! A pure function of the log's present state, so that whoever keeps the timers can compare: a rung
//! that is new is added, one that is gone and has not gone off is dropped, and a key that has gone
//! off never does again.

use chrono::{NaiveTime, SecondsFormat};

use super::days;
use crate::domain::{
    directory::Directory,
    event::RungKind,
    incident::{Incident, Stage},
    playbook,
    policy::Policy,
    time::Time,
};

/// One step of the ladder around a promise, as a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rung {
    /// When it goes off; in the past for one that was slept through.
    pub at: Time,
    /// The promised time it belongs to; for a reminder, when it goes off.
    pub due: Time,
    /// What it does.
    pub kind: RungKind,
    /// How often the promise was snoozed: each snooze brings one more round of prompts.
    pub round: u32,
}

impl Rung {
    /// Stable name of the timer within the incident: a key that went off is never set again.
    pub fn key(&self) -> String {
        format!(
            "{}/{}/{}",
            self.due.to_rfc3339_opts(SecondsFormat::Micros, true),
            self.kind.as_str(),
            self.round
        )
    }
}

/// Timers that should exist now, the earliest first. Those at or before `now` are to go off.
///
/// Of the steps that were slept through only the gravest stays: who is told that an update is late
/// need not be told as well that it will soon be due.
pub fn ladder(incident: &Incident, policy: &Policy, directory: &Directory, now: Time) -> Vec<Rung> {
    match incident.stage {
        stage if stage.is_open() => promise_rungs(incident, policy, now),
        Stage::Resolved | Stage::Closed => {
            reminder(incident, policy, directory).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn promise_rungs(incident: &Incident, policy: &Policy, now: Time) -> Vec<Rung> {
    let Some((due, _)) = incident.next_promise() else {
        return Vec::new();
    };
    let steps = &policy.ladder;
    let rung = |kind, at| Rung {
        at,
        due,
        kind,
        round: 0,
    };
    let mut rungs = prompts(incident, policy, due);
    rungs.push(rung(RungKind::Overdue, due));
    if !steps.late_to.is_empty() {
        rungs.push(rung(RungKind::Escalate, due + steps.escalate));
    }
    let lapsed: Vec<Rung> = rungs
        .iter()
        .copied()
        .filter(|rung| rung.at <= now)
        .collect();
    rungs.retain(|rung| {
        let is_outdone = rung.at <= now
            && lapsed
                .iter()
                .any(|other| other.kind > rung.kind && other.at >= rung.at);
        !is_outdone && !incident.climbed.contains(&(due, rung.kind, rung.round))
    });
    // The holding line speaks to the audiences, not to the team, so neither outdoes the other.
    if let (Some(after), Some(_)) = (steps.holding_line_after, &incident.holding_line) {
        rungs.push(rung(RungKind::HoldingLine, due + after));
    }
    rungs.sort();
    rungs
}

/// The prompts of the present round: before the promised time, or after the latest snooze.
fn prompts(incident: &Incident, policy: &Policy, due: Time) -> Vec<Rung> {
    let steps = &policy.ladder;
    let round = incident.snoozes;
    let (lead_at, others_at) = match incident.snoozed_until {
        None => (due - steps.prompt_lead, due - steps.prompt_others),
        Some(until) => {
            let others_at = due - steps.prompt_others;
            let gap = (steps.prompt_lead - steps.prompt_others).max(chrono::Duration::zero());
            let silenced = others_at <= until;
            (until, if silenced { until + gap } else { others_at })
        }
    };
    [
        (RungKind::PromptLead, lead_at),
        (RungKind::PromptOthers, others_at),
    ]
    .map(|(kind, at)| Rung {
        at,
        due,
        kind,
        round,
    })
    .to_vec()
}

/// What is left to do after the fix, at 10am on each working day until nothing is.
fn reminder(incident: &Incident, policy: &Policy, directory: &Directory) -> Option<Rung> {
    if playbook::open_steps(incident, directory, policy).is_empty() {
        return None;
    }
    // What was said last is the fix, the end, or a correction of either.
    let said = incident.last_said.map(|(_, at)| at);
    let since = said
        .max(incident.reminded_at)
        .unwrap_or(incident.declared_at);
    let ten = NaiveTime::from_hms_opt(10, 0, 0)?;
    let at = days::next_working_day_at(policy, since, ten)?;
    Some(Rung {
        at,
        due: at,
        kind: RungKind::Reminder,
        round: 0,
    })
}

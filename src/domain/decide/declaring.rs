//! Declaring an incident. It must be possible at 3am with a title alone.

use std::collections::BTreeSet;

use super::{Context, audiences, known, promise, typed};
use crate::domain::{
    IncidentId, PriorityId, ServiceId,
    command::{Declare, Refusal},
    event::{Event, Record},
    incident::Incident,
    situation::Relation,
    triage,
};

pub(super) fn declare(command: &Declare, context: &Context<'_>) -> Result<Event, Refusal> {
    let title = typed::title(&command.title)?;
    for service in command.services.keys() {
        known::service(service, context)?;
    }
    for person in command.leads.values() {
        known::person(person, context)?;
    }
    let affected = command
        .services
        .iter()
        .filter(|(_, relation)| **relation == Relation::Affected)
        .map(|(id, _)| id.clone())
        .collect();
    let (priority, triage) = priority(
        command.priority.as_ref(),
        &command.factors,
        &affected,
        command.override_ceiling.as_deref(),
        context,
    )?;
    let started_at = command.started_at.unwrap_or(context.now);
    if started_at > context.now {
        return Err(Refusal::new(
            "bad-time",
            "The start of the trouble lies in the future.",
            "Give the time at which it began, or leave it out to say that it begins now.",
        ));
    }
    let because = typed::optional_text(
        "The reason why it is not restricted",
        command.unrestricted_because.as_deref(),
    )?;
    if command.restricted && because.is_some() {
        return Err(Refusal::new(
            "contradiction",
            "It is declared restricted and also not restricted.",
            "Leave one of the two out.",
        ));
    }
    let restricted =
        command.restricted || (command.kind.is_restricted_by_default() && because.is_none());
    let mut event = Event::Declared {
        title,
        priority,
        factors: command.factors.clone(),
        triage,
        kind: command.kind,
        restricted,
        exercise: command.exercise,
        services: command.services.clone(),
        facts: typed::facts(&command.facts)?,
        started_at,
        leads: command.leads.clone(),
        promised: Default::default(),
        holding_line: typed::optional_text("The holding line", command.holding_line.as_deref())?,
        references: typed::list("A reference", &command.references, typed::LINE_MAX)?,
        unrestricted_because: because.filter(|_| command.kind.is_restricted_by_default()),
    };
    // The promise is made by the same code as every later one, from the incident as it will be.
    let first = Record {
        seq: 1,
        at: context.now,
        actor: context.actor.clone(),
        request_key: String::new(),
        event: event.clone(),
        said: None,
    };
    if let Some(then) = Incident::declared(IncidentId(1), &first)
        && let Event::Declared { promised, .. } = &mut event
    {
        *promised = promise(
            &then,
            &audiences(restricted, None),
            command.next_update,
            context,
        )?;
    }
    Ok(event)
}

/// The priority chosen, or what the factors add up to, with the sentences that say how it came
/// about.
pub(super) fn priority(
    chosen: Option<&PriorityId>,
    factors: &BTreeSet<crate::domain::FactorId>,
    affected: &BTreeSet<ServiceId>,
    override_ceiling: Option<&str>,
    context: &Context<'_>,
) -> Result<(PriorityId, Vec<String>), Refusal> {
    let policy = context.policy;
    triage::check_factors(policy, factors)?;
    let override_ceiling =
        typed::optional_text("The reason to override the ceiling", override_ceiling)?;
    let today = context.now.with_timezone(&policy.time_zone).date_naive();
    let proposal = triage::propose(policy, context.directory, factors, affected, today);
    let Some(chosen) = chosen else {
        return Ok((proposal.priority, proposal.sentences));
    };
    let checked = triage::check_declared(
        policy,
        context.directory,
        chosen,
        affected,
        override_ceiling.as_deref(),
    )?;
    let mut sentences = Vec::new();
    if *chosen == proposal.priority {
        sentences.extend(proposal.sentences);
    } else if !factors.is_empty() {
        sentences.push(format!(
            "{chosen} was chosen; what was ticked adds up to {}.",
            proposal.priority
        ));
    }
    sentences.extend(checked);
    Ok((chosen.clone(), sentences))
}

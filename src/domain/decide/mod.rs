//! Commands to events, or to a no in plain English.
//!
//! The only place that says what is allowed. It reads nothing but its arguments; what it lets
//! through is written to the log as it is, so every text is cleaned here ([`typed`]) and every name
//! is checked (`known`).

mod approving;
mod asking;
mod changed;
mod correcting;
mod declaring;
#[cfg(test)]
mod desk;
mod known;
mod people;
mod saying;
mod seeing;
mod stages;
#[cfg(test)]
mod tests;
pub mod typed;

use std::collections::{BTreeMap, BTreeSet};

pub use changed::{revision_conflict, what_changed_since};

use super::{
    Audience, IncidentId,
    clock::answer,
    command::{Command, Declare, Promised, Refusal, Standing},
    directory::Directory,
    event::{Actor, Event, Record},
    incident::Incident,
    policy::Policy,
    situation::ByHand,
    time::{Time, printed_after},
};

/// What a decision looks at beside the command and the incident.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The directory in force.
    pub directory: &'a Directory,
    /// The instant of the decision.
    pub now: Time,
    /// Who asks.
    pub actor: &'a Actor,
    /// The log of the incident; empty for a declaration.
    pub log: &'a [Record],
    /// Other incidents that exist and that the actor may know of.
    pub incidents: &'a BTreeSet<IncidentId>,
    /// How far the messages of each event are, for the commands that stop them or let them go.
    pub sending: &'a BTreeMap<u32, Sending>,
}

/// How far the messages of one event are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sending {
    /// Deliveries that still wait and can be stopped.
    pub waiting: u32,
    /// Audiences in which somebody has been told, or may have been.
    pub told: BTreeSet<Audience>,
    /// Deliveries that wait for a second person to agree, by audience.
    pub awaits_word: BTreeMap<Audience, u32>,
}

/// Whether this incident can be declared, and the event that does it.
///
/// Promises are made to every audience that could be told; once it is known who is, whoever writes
/// the event takes back the others with [`Event::promise_only`].
pub fn declare(command: &Declare, context: &Context<'_>) -> Result<Event, Refusal> {
    command.times().try_for_each(typed::time)?;
    declaring::declare(command, context)
}

/// Whether this change can be made, and the events that make it. As with [`declare`], promises are
/// made to every audience that could be told.
pub fn decide(
    incident: &Incident,
    command: &Command,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    command.time().map_or(Ok(()), typed::time)?;
    let at = At { incident, context };
    let event = match command {
        Command::Note { text } => Event::Noted {
            text: typed::text("The note", text)?,
        },
        Command::Update {
            text,
            facts,
            stage,
            next_update,
        } => at.update(text, facts, *stage, *next_update)?,
        Command::NoChange { next_update } => at.no_change(*next_update)?,
        Command::Priority {
            to,
            factors,
            why,
            override_ceiling,
            next_update,
        } => at.priority(
            to.as_ref(),
            factors,
            why,
            override_ceiling.as_deref(),
            *next_update,
        )?,
        Command::Services { add, remove, text } => at.services(add, remove, text.as_deref())?,
        Command::Correct {
            events,
            wrong,
            right,
            facts,
            title,
            holding_line,
        } => {
            let given = Standing {
                title: title.clone(),
                facts: facts.clone(),
                holding_line: holding_line.clone(),
            };
            at.correct(events, wrong, right, &given)?
        }
        Command::Stage { to } => at.stage(*to)?,
        Command::Resolve {
            text,
            at: when,
            lost,
            still_stuck,
        } => at.resolve(text, *when, lost.as_deref(), still_stuck.as_deref())?,
        Command::Close {
            duplicate_of,
            text,
            report,
            review_at,
            actions,
        } => at.close(
            *duplicate_of,
            text.as_deref(),
            report.as_deref(),
            *review_at,
            actions,
        )?,
        Command::Reopen { why, next_update } => at.reopen(why, *next_update)?,
        Command::Cancel { why } => at.cancel(why)?,
        Command::Leads { appoint, note } => return at.leads(appoint, note.as_deref()),
        Command::Add {
            who,
            audience,
            channels,
            note,
        } => at.add(ByHand {
            who: who.clone(),
            audience: *audience,
            channels: channels.clone(),
            note: typed::text("The note", note)?,
            by: context.actor.name.clone(),
        })?,
        Command::Mute {
            person,
            until,
            note,
        } => at.mute(person, *until, note.as_deref())?,
        Command::Decide {
            contact_users,
            reason,
        } => at.users(*contact_users, reason)?,
        Command::Step { step, state, note } => at.step(step, *state, note.as_deref())?,
        Command::Snooze => at.snooze()?,
        Command::CancelSending { event } => at.cancel_sending(*event)?,
        Command::Approve { up_to, alone } => at.approve(*up_to, alone.as_deref())?,
        // Each service is asked by itself, so that nobody reads of another's.
        Command::Ask { services } => return at.ask(services),
        Command::Affected { service, answer } => at.affected(service, *answer)?,
        Command::Seen { person } => at.seen(person.as_ref())?,
    };
    Ok(vec![event])
}

/// An incident at the moment of a decision.
#[derive(Clone, Copy)]
struct At<'a> {
    incident: &'a Incident,
    context: &'a Context<'a>,
}

impl At<'_> {
    /// Refuses what makes sense only while people are owed updates.
    fn must_be_open(&self, what: &str) -> Result<(), Refusal> {
        if self.incident.stage.is_open() {
            return Ok(());
        }
        Err(Refusal::new(
            "wrong-stage",
            format!(
                "{} is {}, so {what}.",
                self.incident.id,
                self.incident.stage.label().to_lowercase()
            ),
            format!(
                "Reopen it with `oyez reopen {}` if the trouble is back, or correct what was said.",
                self.incident.id
            ),
        ))
    }

    /// The times promised to these audiences: the one chosen, or the next of the cadence.
    fn promise(
        &self,
        then: &Incident,
        audiences: &BTreeSet<Audience>,
        chosen: Option<Time>,
    ) -> Result<Promised, Refusal> {
        promise(then, audiences, chosen, self.context)
    }
}

fn promise(
    then: &Incident,
    audiences: &BTreeSet<Audience>,
    chosen: Option<Time>,
    context: &Context<'_>,
) -> Result<Promised, Refusal> {
    let Some(chosen) = chosen else {
        return Ok(answer::promise(
            then,
            context.policy,
            audiences,
            context.now,
        ));
    };
    if chosen <= context.now {
        return Err(Refusal::new(
            "bad-time",
            "The time of the next update has passed.",
            "Choose a time in the future, or leave it out to take the policy's.",
        ));
    }
    // What was chosen is held as it is printed.
    let due = printed_after(chosen, context.now, context.policy.time_zone);
    Ok(audiences.iter().map(|audience| (*audience, due)).collect())
}

/// Audiences to which something can be said about an incident: outsiders hear nothing of a
/// restricted one, and users nothing before somebody decided so.
fn audiences(restricted: bool, users_contact: Option<bool>) -> BTreeSet<Audience> {
    Audience::ALL
        .into_iter()
        .filter(|audience| match audience {
            Audience::Responders | Audience::Owners => true,
            Audience::External => !restricted,
            Audience::Users => !restricted && users_contact == Some(true),
        })
        .collect()
}

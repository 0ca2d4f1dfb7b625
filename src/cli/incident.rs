//! Commands that change an incident: arguments in, one use case, the receipt out.

use std::collections::BTreeMap;

use super::{
    args::Write,
    incident_args as args,
    write::{self, Door},
};
use crate::{
    app::{Error, ErrorKind},
    cli::output::Exit,
    domain::{
        Audience, IncidentId, PersonId, Time,
        command::{Command, Declare, Refusal},
        event::{AffectedAnswer, StepState},
        incident::LeadRole,
        situation::RecipientId,
        when::{self, Side},
    },
};

/// `oyez declare`
pub async fn declare(door: &Door, mut args: args::Declare) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let started_at = door.time(args.started.as_deref(), Side::Behind).await?;
    let next_update = door.time(args.next_update.as_deref(), Side::Ahead).await?;
    let leads = [
        (LeadRole::Comms, args.comms_lead),
        (LeadRole::Tech, args.tech_lead),
        (LeadRole::Support, args.support_lead),
    ];
    let declare = Declare {
        title: args.title,
        priority: args.priority,
        factors: args.factors.into_iter().collect(),
        override_ceiling: args.override_ceiling,
        kind: args.kind.into(),
        unrestricted_because: args.unrestricted,
        restricted: args.restricted,
        exercise: args.exercise,
        services: args.services.relations(),
        facts: args.facts.into(),
        started_at,
        leads: leads
            .into_iter()
            .filter_map(|(role, person)| Some((role, person?)))
            .collect(),
        next_update,
        holding_line: args.holding_line,
        references: args.references,
    };
    write::declare(door, declare, &how).await
}

/// A command that needs no time read.
pub async fn plain(
    door: &Door,
    incident: IncidentId,
    command: Command,
    how: &Write,
) -> Result<Exit, Error> {
    write::change(door, incident, command, how).await
}

/// `oyez note`
pub async fn note(door: &Door, args: args::Note) -> Result<Exit, Error> {
    plain(
        door,
        args.incident,
        Command::Note { text: args.text },
        &args.write,
    )
    .await
}

/// `oyez update`
pub async fn update(door: &Door, mut args: args::Update) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let command = Command::Update {
        text: args.text,
        facts: args.facts.into(),
        stage: args.stage.map(Into::into),
        next_update: door.time(args.next_update.as_deref(), Side::Ahead).await?,
    };
    plain(door, args.incident, command, &how).await
}

/// `oyez no-change`
pub async fn no_change(door: &Door, mut args: args::NoChange) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let next_update = door.time(args.next_update.as_deref(), Side::Ahead).await?;
    plain(door, args.incident, Command::NoChange { next_update }, &how).await
}

/// `oyez priority`
pub async fn priority(door: &Door, mut args: args::Priority) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let command = Command::Priority {
        to: args.to,
        factors: args.factors.into_iter().collect(),
        why: args.why,
        override_ceiling: args.override_ceiling,
        next_update: door.time(args.next_update.as_deref(), Side::Ahead).await?,
    };
    plain(door, args.incident, command, &how).await
}

/// `oyez services`
pub async fn services(door: &Door, args: args::Services) -> Result<Exit, Error> {
    let command = Command::Services {
        add: args.add.relations(),
        remove: args.remove.into_iter().collect(),
        text: args.text,
    };
    plain(door, args.incident, command, &args.write).await
}

/// `oyez leads`: without any lead named, who leads now.
pub async fn leads(door: &Door, args: args::Leads) -> Result<Exit, Error> {
    let appoint: BTreeMap<LeadRole, PersonId> = [
        (LeadRole::Comms, args.comms),
        (LeadRole::Tech, args.tech),
        (LeadRole::Support, args.support),
    ]
    .into_iter()
    .filter_map(|(role, person)| Some((role, person?)))
    .collect();
    if appoint.is_empty() {
        return super::read::leads(door, args.incident).await;
    }
    let command = Command::Leads {
        appoint,
        note: args.note,
    };
    plain(door, args.incident, command, &args.write).await
}

/// `oyez stage`
pub async fn stage(door: &Door, args: args::Stage) -> Result<Exit, Error> {
    plain(
        door,
        args.incident,
        Command::Stage { to: args.to.into() },
        &args.write,
    )
    .await
}

/// `oyez resolve`
pub async fn resolve(door: &Door, mut args: args::Resolve) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let command = Command::Resolve {
        text: args.text,
        at: door.time(args.at.as_deref(), Side::Behind).await?,
        lost: args.lost,
        still_stuck: args.still_stuck,
    };
    plain(door, args.incident, command, &how).await
}

/// `oyez close`
pub async fn close(door: &Door, mut args: args::Close) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let command = Command::Close {
        duplicate_of: args.duplicate_of,
        text: args.text,
        report: args.report,
        review_at: door.time(args.review.as_deref(), Side::Ahead).await?,
        actions: args.actions,
    };
    write::close(door, args.incident, command, &how).await
}

/// `oyez correct`
pub async fn correct(door: &Door, args: args::Correct) -> Result<Exit, Error> {
    let command = Command::Correct {
        events: args.events.into_iter().collect(),
        wrong: args.wrong,
        right: args.right,
        facts: args.facts.into(),
        title: args.title,
        holding_line: args.holding_line,
    };
    plain(door, args.incident, command, &args.write).await
}

/// `oyez reopen`
pub async fn reopen(door: &Door, mut args: args::Reopen) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let next_update = door.time(args.next_update.as_deref(), Side::Ahead).await?;
    plain(
        door,
        args.incident,
        Command::Reopen {
            why: args.why,
            next_update,
        },
        &how,
    )
    .await
}

/// `oyez cancel`
pub async fn cancel(door: &Door, args: args::Cancel) -> Result<Exit, Error> {
    let command = match args.why {
        Some(why) => Command::Cancel { why },
        None => Command::CancelSending { event: args.event },
    };
    plain(door, args.incident, command, &args.write).await
}

/// `oyez add`
pub async fn add(door: &Door, args: args::Add) -> Result<Exit, Error> {
    let (who, outsider) = door.app.find_recipient(&args.who).await?;
    let audience = args.audience.unwrap_or(match (&who, outsider) {
        (_, true) => Audience::External,
        (RecipientId::Person(_), _) => Audience::Owners,
        (RecipientId::Destination(_), _) => Audience::Responders,
    });
    let command = Command::Add {
        who,
        audience,
        channels: args.channels,
        note: args.note,
    };
    plain(door, args.incident, command, &args.write).await
}

/// `oyez mute`
pub async fn mute(door: &Door, mut args: args::Mute) -> Result<Exit, Error> {
    let how = std::mem::take(&mut args.write).of(&args);
    let until = door.time(Some(&args.until), Side::Ahead).await?;
    let until: Time = until.ok_or_else(|| {
        Error::new(
            ErrorKind::Usage,
            "missing-time",
            "It does not say until when.",
            "Add --until 45m.",
        )
    })?;
    plain(
        door,
        args.incident,
        Command::Mute {
            person: args.person,
            until,
            note: args.note,
        },
        &how,
    )
    .await
}

/// `oyez decide`
pub async fn decide(door: &Door, args: args::Decide) -> Result<Exit, Error> {
    let contact_users = args.contact_users == args::YesNo::Yes;
    plain(
        door,
        args.incident,
        Command::Decide {
            contact_users,
            reason: args.reason,
        },
        &args.write,
    )
    .await
}

/// `oyez step`
pub async fn step(door: &Door, args: args::Step) -> Result<Exit, Error> {
    let state = match args.state {
        args::StepStateArg::Open => StepState::Open,
        args::StepStateArg::Done => StepState::Done,
        args::StepStateArg::NotNeeded => StepState::NotNeeded,
    };
    plain(
        door,
        args.incident,
        Command::Step {
            step: args.step,
            state,
            note: args.note,
        },
        &args.write,
    )
    .await
}

/// `oyez snooze`
pub async fn snooze(door: &Door, args: args::Snooze) -> Result<Exit, Error> {
    plain(door, args.incident, Command::Snooze, &args.write).await
}

/// `oyez ask`
pub async fn ask(door: &Door, args: args::Ask) -> Result<Exit, Error> {
    let services = args.services.into_iter().collect();
    plain(door, args.incident, Command::Ask { services }, &args.write).await
}

/// `oyez affected`
pub async fn affected(door: &Door, args: args::Affected) -> Result<Exit, Error> {
    let answer = match args.answer {
        args::AnswerArg::Yes => AffectedAnswer::Yes,
        args::AnswerArg::No => AffectedAnswer::No,
        args::AnswerArg::Checking => AffectedAnswer::Checking,
    };
    plain(
        door,
        args.incident,
        Command::Affected {
            service: args.service,
            answer,
        },
        &args.write,
    )
    .await
}

/// `oyez seen`
pub async fn seen(door: &Door, args: args::Seen) -> Result<Exit, Error> {
    let person = args.person;
    plain(door, args.incident, Command::Seen { person }, &args.write).await
}

impl Door {
    /// A time as typed, in the organisation's time zone.
    pub async fn time(&self, text: Option<&str>, side: Side) -> Result<Option<Time>, Error> {
        let Some(text) = text else { return Ok(None) };
        let zone = self.app.rulebook().await?.policy.time_zone;
        let time = when::parse(text, self.app.clock.now(), zone, side).map_err(Refusal::from)?;
        Ok(Some(time))
    }
}

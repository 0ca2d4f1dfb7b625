//! What the demo has in it: the organisation, its past incidents, and one that is open.
//!
//! The past is not made up row by row: the stories in `config/northshire/incidents.yaml` are played
//! through the same use cases as any incident, with a clock set by hand, so that every record in the
//! demo is one that the program wrote.

use std::sync::Arc;

use chrono::TimeDelta;

use super::stand::Stand;
use crate::{
    app::{App, Error, ErrorKind, Mode, deliver::Engine},
    clock::{Clock, ManualClock},
    domain::{
        PersonId, Time,
        command::{Asked, Command, Declare},
        event::{Actor, Door},
        facts::Facts,
        incident::LeadRole,
        situation::Relation,
    },
    files::incidents::{self, Act},
};

const DIRECTORY: &str = include_str!("../../config/northshire/directory.yaml");
const CHAT: &str = include_str!("../../config/northshire/chat.yaml");
const STORIES: &str = include_str!("../../config/northshire/incidents.yaml");

/// Directory, past incidents, and one that is open with an update due in nine minutes.
pub(super) async fn fill(app: &App, stand: Option<&Stand>) -> Result<(), Error> {
    app.replace_directory(DIRECTORY).await?;
    let now = app.clock.now();
    let clock = Arc::new(ManualClock::new(now));
    let past = app.at(Arc::clone(&clock) as Arc<dyn Clock>);
    if let Some(stand) = stand {
        app.replace_directory(CHAT).await?;
        stand.introduce(app).await?;
        stand.tell_time_by(&past.clock);
    }
    let stories = incidents::read(STORIES).map_err(|fault| {
        Error::faults("bad-stories", "The stories cannot be used.", vec![fault])
    })?;
    let zone = past.rulebook().await?.policy.time_zone;
    for story in &stories {
        let mut incident = None;
        for (at, step) in story.times(now, zone) {
            if at >= now {
                break;
            }
            play_until(&past, &clock, at).await?;
            let actor = actor(&past, &step.by).await?;
            let key = format!("story:{at}");
            match (&step.act, incident) {
                (Act::Declare(declare), _) => {
                    let asked = Asked {
                        command: declare.as_ref().clone(),
                        actor,
                        request_key: key,
                        seen_revision: None,
                        typed: None,
                    };
                    incident = Some(past.declare(asked, Mode::Commit).await?.incident);
                }
                (Act::Command(command), Some(id)) => {
                    let asked = Asked {
                        command: command.as_ref().clone(),
                        actor,
                        request_key: key,
                        seen_revision: None,
                        typed: None,
                    };
                    past.change(id, asked, Mode::Commit).await?;
                }
                (Act::Command(_), None) => {}
            }
            settle(&past, &clock).await?;
        }
    }
    open_incident(&past, &clock, now).await
}

/// Lets the promise clock do what it would have done up to then.
async fn play_until(app: &App, clock: &Arc<ManualClock>, until: Time) -> Result<(), Error> {
    while let Some(due) = app.next_timer().await?.filter(|due| *due < until) {
        if due > clock.now() {
            clock.set(due);
        }
        app.tick().await?;
        settle(app, clock).await?;
        if app.next_timer().await? == Some(due) {
            break;
        }
    }
    clock.set(until);
    Ok(())
}

/// Delivers what waits, the hold for outsiders included.
async fn settle(app: &App, clock: &Arc<ManualClock>) -> Result<(), Error> {
    let hold = app.rulebook().await?.policy.outside_hold;
    let token = ulid::Ulid::generate().to_string();
    let Some(lock) = app.store.try_lock_delivery(&token).await? else {
        return Ok(());
    };
    let mut engine = Engine::new(
        app.store.clone(),
        Arc::clone(&app.channels),
        Arc::clone(&app.clock),
        lock,
        app.wake.clone(),
    )
    .with_pages(app.pages.clone());
    engine.settle().await?;
    clock.advance(hold + TimeDelta::seconds(1));
    engine.settle().await?;
    Ok(())
}

/// Declared 51 minutes ago, its next update promised for nine minutes from now.
async fn open_incident(app: &App, clock: &Arc<ManualClock>, now: Time) -> Result<(), Error> {
    let service = |id: &str| id.parse().map_err(|_| unknown(id));
    let person = |id: &str| -> Result<PersonId, Error> { id.parse().map_err(|_| unknown(id)) };
    clock.set(now - TimeDelta::minutes(51));
    let declare = Declare {
        title: "Providers cannot sign in".to_owned(),
        priority: Some("P1".parse().map_err(|_| unknown("P1"))?),
        services: [(service("register-trainees")?, Relation::Affected)].into(),
        facts: Facts {
            effect: Some("Training providers cannot sign in to Register trainees.".to_owned()),
            who: Some("All 214 providers. Trainees are not affected.".to_owned()),
            what_to_do: Some("You do not need to do anything. Do not send trainee details to us by email instead.".to_owned()),
            doing: Some("The team is looking into Northshire Sign-in, which this service depends on.".to_owned()),
            decision: Some("None".to_owned()),
            theory: Some("The sign-in certificate ran out.".to_owned()),
        },
        started_at: Some(now - TimeDelta::minutes(60)),
        leads: [
            (LeadRole::Comms, person("priya-shah")?),
            (LeadRole::Tech, person("tom-okafor")?),
            (LeadRole::Support, person("mei-lin")?),
        ]
        .into(),
        next_update: Some(now + TimeDelta::minutes(9)),
        ..Declare::default()
    };
    let actor = actor(app, &person("priya-shah")?).await?;
    let asked = Asked {
        command: declare,
        actor: actor.clone(),
        request_key: "demo-open".to_owned(),
        seen_revision: None,
        typed: None,
    };
    let id = app.declare(asked, Mode::Commit).await?.incident;
    settle(app, clock).await?;
    clock.set(now - TimeDelta::minutes(40));
    let note = Command::Note {
        text: "Certificate renewed on one of two servers, not yet in use.".to_owned(),
    };
    let asked = Asked {
        command: note,
        actor,
        request_key: "demo-note".to_owned(),
        seen_revision: None,
        typed: None,
    };
    app.change(id, asked, Mode::Commit).await?;
    Ok(())
}

async fn actor(app: &App, id: &PersonId) -> Result<Actor, Error> {
    let person = app.find_person(id).await?;
    Ok(Actor {
        id: format!("person:{id}"),
        name: person.name,
        person: Some(person.id),
        door: Door::Cli,
    })
}

fn unknown(id: &str) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "bad-demo",
        format!("The demo names {id}, which is not there."),
        "Report this as a fault.",
    )
}

//! Who would be told, who is told, and why.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    App, Error, ErrorKind, Rulebook, Story,
    answers::{AgainstAnswer, ExplainAnswer, WhoAnswer},
    files, people,
    seeing::seen,
};
use crate::domain::{
    IncidentId, PriorityId, ServiceId, Time,
    decide::typed,
    incident::{Incident, Kind, Stage},
    nearest,
    notification::Moment,
    plan::{self, Ways},
    resolution::{Compiled, Resolution, compare},
    situation::{Relation, Situation},
};

/// Of which situation something is asked.
#[derive(Debug, Clone)]
pub enum Hypothesis {
    /// An incident as it stands.
    Incident {
        /// Which.
        id: IncidentId,
        /// The occasion.
        moment: Moment,
    },
    /// Something that has not happened.
    Supposed {
        /// How grave.
        priority: PriorityId,
        /// Services and how they are touched.
        services: BTreeMap<ServiceId, Relation>,
        /// Kind of incident.
        kind: Kind,
        /// How far.
        stage: Stage,
        /// The occasion.
        moment: Moment,
        /// When; `None` is now.
        at: Option<Time>,
    },
}

impl App {
    /// Who is told, and why; with `not_told`, also why each of the others is not; with `against`,
    /// what the policy in that file would change.
    pub async fn who(
        &self,
        what: &Hypothesis,
        not_told: bool,
        against: Option<&Path>,
    ) -> Result<WhoAnswer, Error> {
        let book = self.rulebook().await?;
        self.who_by(&book, what, not_told, against).await
    }

    /// The same by a rulebook in hand.
    pub async fn who_by(
        &self,
        book: &Rulebook,
        what: &Hypothesis,
        not_told: bool,
        against: Option<&Path>,
    ) -> Result<WhoAnswer, Error> {
        let (situation, story) = self.situation(book, what).await?;
        let incident = story.as_ref().map(|story| &story.incident);
        let mut resolution = book.compiled.resolve(&situation);
        self.with_room_of(incident, book, &mut resolution);
        let mut answer = WhoAnswer::from(&resolution);
        answer.seen = incident.and_then(|incident| seen(incident, &book.directory));
        if not_told {
            let (page, total) = book
                .compiled
                .not_matched(&situation, &resolution, 0, NOT_TOLD);
            answer.not_told = Some(page.iter().map(Into::into).collect());
            answer.not_told_total = Some(total);
        }
        if let Some(file) = against {
            let other = self.other_policy(book, file).await?;
            let mut by_other = other.resolve(&situation);
            self.with_room_of(incident, book, &mut by_other);
            let difference = compare(&resolution, &by_other);
            answer.against = Some(AgainstAnswer {
                added: difference.added.iter().map(Into::into).collect(),
                removed: difference.removed.iter().map(Into::into).collect(),
                changed: difference
                    .changed
                    .iter()
                    .map(|(_, after)| after.into())
                    .collect(),
            });
        }
        Ok(answer)
    }

    /// Why one person or destination is told, or not.
    pub async fn explain(&self, what: &Hypothesis, who: &str) -> Result<ExplainAnswer, Error> {
        let book = self.rulebook().await?;
        let (situation, _) = self.situation(&book, what).await?;
        let (who, _) = people::recipient(&book.directory, who)?;
        Ok((&book.compiled.explain(&situation, &who)).into())
    }

    async fn other_policy(&self, book: &Rulebook, file: &Path) -> Result<Compiled, Error> {
        let text = files::read_text(file).await?;
        let policy = self.checked(&text, &file.display().to_string()).await?;
        let bad = self.marks(self.store.read()).await?;
        Ok(self.compile(&Arc::new(policy), &book.directory, &bad))
    }

    /// Whoever asks about an incident is told of its room as well.
    fn with_room_of(
        &self,
        incident: Option<&Incident>,
        book: &Rulebook,
        resolution: &mut Resolution,
    ) {
        let Some(incident) = incident else {
            return;
        };
        let (live, chat) = (self.live_channels(), self.chat_channels());
        let ways = Ways {
            live: &live,
            chat: &chat,
            bad: book.bad_addresses(),
            grave: book.policy.rank(&incident.priority) == 0,
        };
        plan::with_room(resolution, incident, ways);
    }

    /// The situation, and the incident whose it is, if there is one.
    async fn situation(
        &self,
        book: &Rulebook,
        what: &Hypothesis,
    ) -> Result<(Situation, Option<Arc<Story>>), Error> {
        match what {
            Hypothesis::Incident { id, moment } => {
                let story = self.load(*id).await?;
                let situation = story.incident.situation(*moment, self.clock.now());
                Ok((situation, Some(story)))
            }
            Hypothesis::Supposed {
                priority,
                services,
                kind,
                stage,
                moment,
                at,
            } => {
                known(book, Some(priority), services.keys())?;
                if let Some(at) = at {
                    typed::time(*at)?;
                }
                let situation = Situation {
                    priority: priority.clone(),
                    kind: *kind,
                    stage: *stage,
                    moment: *moment,
                    services: services.clone(),
                    leads: BTreeMap::new(),
                    added: Vec::new(),
                    muted: BTreeMap::new(),
                    users_contact: None,
                    restricted: kind.is_restricted_by_default(),
                    now: at.unwrap_or_else(|| self.clock.now()),
                };
                Ok((situation, None))
            }
        }
    }
}

/// Refuses a priority or service that is not there, with the nearest names.
pub(super) fn known<'a>(
    book: &Rulebook,
    priority: Option<&PriorityId>,
    services: impl IntoIterator<Item = &'a ServiceId>,
) -> Result<(), Error> {
    if let Some(priority) = priority
        && book.policy.priority(priority).is_none()
    {
        let priorities = book.policy.priorities.iter();
        let names = priorities.map(|priority| priority.id.as_str());
        return Err(Error::new(
            ErrorKind::NotFound,
            "unknown-priority",
            format!("There is no priority {priority}."),
            nearest::fix_for(priority.as_str(), names, "See: oyez rules show"),
        ));
    }
    let known = &book.directory.services;
    match services.into_iter().find(|id| !known.contains_key(*id)) {
        None => Ok(()),
        Some(service) => Err(Error::new(
            ErrorKind::NotFound,
            "unknown-service",
            format!("There is no service {service}."),
            nearest::fix_for(
                service.as_str(),
                known.keys().map(|id| id.as_str()),
                "See: oyez directory export",
            ),
        )),
    }
}

/// How many of those not told are explained at most: in a large directory that is nearly everyone.
const NOT_TOLD: usize = 1_000;

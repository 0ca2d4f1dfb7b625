//! "Are you affected?", on a page.

use std::collections::{BTreeMap, BTreeSet};

use super::{AboutIncident, Opened, Pressed, SignedPage, Somebody, actor, at, is_repeat};
use crate::{
    app::{App, Error, ErrorKind, Hypothesis, Mode, answers::Receipt},
    domain::{
        PersonId, ServiceId,
        command::{Asked, Command},
        event::{AffectedAnswer, Event, Record},
        incident::LeadRole,
        notification::Moment,
        situation::Relation,
    },
};

/// The page on which people say whether their service is affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedPage {
    /// Which incident, and who may answer.
    pub about: AboutIncident,
    /// The services that they were asked about.
    pub services: Vec<ServiceAsked>,
    /// What was just done, if it was more than an answer.
    pub done: Option<String>,
}

/// A service that somebody was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAsked {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// What was answered last, by whom and when.
    pub answer: Option<(AffectedAnswer, String, String)>,
    /// Whether it is one of the affected services by now.
    pub is_added: bool,
    /// After a yes: who decides whether it is added, and what that would do.
    pub adding: Option<WouldBeTold>,
}

/// What adding a service would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldBeTold {
    /// Who decides about it, as people read it.
    pub decides: String,
    /// How many more people would be told.
    pub people: usize,
    /// The same by audience.
    pub by_audience: BTreeMap<String, usize>,
    /// The revision at which it may be done from here, if whoever looks may.
    pub revision: Option<u32>,
}

impl App {
    pub(super) async fn affected_page(
        &self,
        opened: &Opened,
        done: Option<String>,
    ) -> Result<SignedPage, Error> {
        let about = self.about_incident(opened, |_| true).await?;
        let mut services = Vec::new();
        for id in asked_about(opened) {
            services.push(self.service_asked(opened, &about, id).await?);
        }
        Ok(SignedPage::Affected(AffectedPage {
            about,
            services,
            done,
        }))
    }

    async fn service_asked(
        &self,
        opened: &Opened,
        about: &AboutIncident,
        id: ServiceId,
    ) -> Result<ServiceAsked, Error> {
        let book = self.rulebook().await?;
        let name = book.directory.services.get(&id);
        let last = last_answer(&opened.story.log, &id);
        let is_added = opened.story.incident.services.get(&id) == Some(&Relation::Affected);
        let said_yes = matches!(last, Some((AffectedAnswer::Yes, _)));
        Ok(ServiceAsked {
            name: name.map_or_else(|| id.to_string(), |service| service.name.clone()),
            answer: last.map(|(answer, record)| {
                let when = at(&opened.clock, record.at);
                (answer, record.actor.name.clone(), when)
            }),
            adding: match said_yes && !is_added {
                true => self.adding(opened, about, &id).await?,
                false => None,
            },
            is_added,
            id,
        })
    }

    /// What adding the service would do; `None` if it cannot be added now.
    async fn adding(
        &self,
        opened: &Opened,
        about: &AboutIncident,
        service: &ServiceId,
    ) -> Result<Option<WouldBeTold>, Error> {
        let Some(who) = about.people.first() else {
            return Ok(None);
        };
        let rehearsed = self
            .add_service(opened, who, service, None, Mode::Rehearse)
            .await;
        let rehearsal = match rehearsed {
            Ok(rehearsal) => rehearsal,
            Err(error) if error.kind == ErrorKind::Refused => return Ok(None),
            Err(error) => return Err(error),
        };
        let now = Hypothesis::Incident {
            id: opened.id,
            moment: Moment::Update,
        };
        let told = self.who(&now, false, None).await?;
        let told: BTreeSet<&str> = told.recipients.iter().map(|one| one.id.as_str()).collect();
        let more: BTreeMap<&str, &str> = rehearsal
            .recipients
            .iter()
            .filter(|one| one.kind == "person" && !told.contains(one.id.as_str()))
            .map(|one| (one.id.as_str(), one.audience.as_str()))
            .collect();
        let mut by_audience = BTreeMap::new();
        for audience in more.values() {
            *by_audience.entry((*audience).to_owned()).or_insert(0) += 1;
        }
        // The link says who reads it only where it is one person's, and it may have been passed on:
        // whoever leads the incident may do as they could in chat.
        let alone = about.people.len() == 1;
        let may = alone && leads(opened, &who.id) && !rehearsal.blocked;
        Ok(Some(WouldBeTold {
            decides: self.decides(opened).await?,
            people: more.len(),
            by_audience,
            revision: may.then_some(opened.story.incident.revision),
        }))
    }

    async fn decides(&self, opened: &Opened) -> Result<String, Error> {
        let book = self.rulebook().await?;
        let lead = LeadRole::ALL
            .into_iter()
            .find_map(|role| Some((role, opened.story.incident.leads.get(&role)?)));
        Ok(match lead {
            Some((role, id)) => {
                let person = book.directory.people.get(id);
                let name = person.map_or_else(|| id.to_string(), |person| person.name.clone());
                format!("{name}, the {} lead, decides", role.as_str())
            }
            None => "Whoever runs the incident decides".to_owned(),
        })
    }

    async fn add_service(
        &self,
        opened: &Opened,
        who: &Somebody,
        service: &ServiceId,
        revision: Option<u32>,
        mode: Mode,
    ) -> Result<Receipt, Error> {
        let command = Command::Services {
            add: [(service.clone(), Relation::Affected)].into(),
            remove: BTreeSet::new(),
            text: None,
        };
        let request = Asked {
            command,
            actor: actor(who),
            request_key: format!("add:{}:{service}:{revision:?}", opened.delivery.id),
            seen_revision: revision,
            typed: None,
        };
        self.change(opened.id, request, mode).await
    }

    pub(super) async fn press_affected(
        &self,
        opened: Opened,
        token: &str,
        pressed: &Pressed,
    ) -> Result<SignedPage, Error> {
        let about = self.about_incident(&opened, |_| true).await?;
        let who = about.presser(pressed)?;
        let service = service(&opened, pressed)?;
        let answer = match pressed.answer.as_deref() {
            Some("yes") => AffectedAnswer::Yes,
            Some("no") => AffectedAnswer::No,
            Some("checking") => AffectedAnswer::Checking,
            Some("add") => {
                let done = self
                    .press_add(&opened, &about, who, &service, pressed)
                    .await?;
                return self
                    .affected_page(&self.open(token).await?, Some(done))
                    .await;
            }
            _ => return Err(unclear()),
        };
        let last = last_answer(&opened.story.log, &service);
        let same = |(said, record): &(AffectedAnswer, &Record)| {
            *said == answer && record.actor.person.as_ref() == Some(&who.id)
        };
        if last.as_ref().is_some_and(same) {
            return self.affected_page(&opened, None).await;
        }
        let before = last.map_or(0, |(_, record)| record.seq);
        let request = Asked {
            command: Command::Affected {
                service: service.clone(),
                answer,
            },
            actor: actor(who),
            request_key: format!(
                "affected:{}:{service}:{}:{before}",
                opened.id,
                answer.as_str()
            ),
            seen_revision: None,
            typed: None,
        };
        match self.change(opened.id, request, Mode::Commit).await {
            Err(error) if !is_repeat(&error) => Err(error),
            _ => self.affected_page(&self.open(token).await?, None).await,
        }
    }

    /// Adds the service, if whoever presses leads the incident and it has not moved on.
    async fn press_add(
        &self,
        opened: &Opened,
        about: &AboutIncident,
        who: &Somebody,
        service: &ServiceId,
        pressed: &Pressed,
    ) -> Result<String, Error> {
        let Some(revision) = pressed.revision else {
            return Err(unclear());
        };
        if about.people.len() != 1 || !leads(opened, &who.id) {
            return Err(Error::new(
                ErrorKind::NotAllowed,
                "not-a-lead",
                "A service is added from here by the leads of the incident. Nothing was sent.",
                "Your answer is on the timeline, where they see it.",
            ));
        }
        let added = self
            .add_service(opened, who, service, Some(revision), Mode::Commit)
            .await?;
        let mut sentences = vec![format!("{}.", added.headline.trim_end_matches('.'))];
        sentences.extend(added.sentences);
        Ok(sentences.join(" "))
    }
}

fn leads(opened: &Opened, person: &PersonId) -> bool {
    opened
        .story
        .incident
        .leads
        .values()
        .any(|lead| lead == person)
}

/// The services that the delivery's event asked about.
fn asked_about(opened: &Opened) -> BTreeSet<ServiceId> {
    let seq = opened.delivery.event_seq;
    let record = opened.story.log.iter().find(|record| record.seq == seq);
    match record.map(|record| &record.event) {
        Some(Event::AskedIfAffected { services, .. }) => services.clone(),
        _ => BTreeSet::new(),
    }
}

/// The service that is meant: the only one, or the one that was named.
fn service(opened: &Opened, pressed: &Pressed) -> Result<ServiceId, Error> {
    let asked = asked_about(opened);
    let named = |service: &&ServiceId| pressed.service.as_deref() == Some(service.as_str());
    match asked.len() {
        1 => asked.first().cloned(),
        _ => asked.iter().find(named).cloned(),
    }
    .ok_or_else(unclear)
}

fn last_answer<'a>(log: &'a [Record], of: &ServiceId) -> Option<(AffectedAnswer, &'a Record)> {
    log.iter().rev().find_map(|record| match &record.event {
        Event::AffectedAnswered {
            service, answer, ..
        } if service == of => Some((*answer, record)),
        _ => None,
    })
}

fn unclear() -> Error {
    Error::new(
        ErrorKind::Usage,
        "unclear-answer",
        "It is not clear what you answered. Nothing was recorded.",
        "Go back and press one of the buttons.",
    )
}

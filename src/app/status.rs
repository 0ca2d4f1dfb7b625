//! Looking at incidents, and who may.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    App, Error, Rulebook, Story, Viewer,
    answers::{
        AwaitingAnswer, LeadAnswer, PromiseAnswer, StatusAnswer, StepAnswer, SummaryAnswer,
        TimelineAnswer,
    },
    seeing,
    words::shown,
};
use crate::{
    domain::{
        IncidentId, PriorityId, ServiceId, Time,
        clock::{minutes_late, promise_record},
        event::{Event, Record, StepState},
        facts::Facts,
        incident::Incident,
        playbook::playbook,
        timeline,
        wording::{TimeWords, duration, minutes_in_words},
    },
    store::{
        incidents::{self, Filter, Summary, Unread},
        outbox,
    },
};

impl App {
    pub(super) async fn must_exist(&self, id: IncidentId) -> Result<(), Error> {
        match incidents::is_restricted(self.store.read(), id).await? {
            Some(_) => Ok(()),
            None => Err(self.no_incident(id).await),
        }
    }

    /// An incident as it stands, for the operator.
    pub async fn status(&self, id: IncidentId) -> Result<StatusAnswer, Error> {
        self.status_for(&Viewer::Operator, id).await
    }

    /// An incident as it stands.
    pub async fn status_for(&self, viewer: &Viewer, id: IncidentId) -> Result<StatusAnswer, Error> {
        let story = self.story(viewer, id).await?;
        let book = self.rulebook().await?;
        let standing = self.standing(&story, &book).await?;
        Ok(StatusAnswer {
            kept: kept(&story.incident, &story.log, self.clock.now()),
            timeline: timeline_of(&story.log, &book.directory),
            ..standing
        })
    }

    /// An incident as it stands, without what grows with its log: its timeline, and how promises were
    /// kept.
    pub async fn standing(
        &self,
        Story { incident, log }: &Story,
        book: &Rulebook,
    ) -> Result<StatusAnswer, Error> {
        let id = incident.id;
        let clock = book.clock(self.clock.now());
        let name = |person: &crate::domain::PersonId| {
            book.directory
                .people
                .get(person)
                .map_or_else(|| person.to_string(), |person| person.name.clone())
        };
        let leads = incident.leads.iter().map(|(role, person)| {
            (
                role.as_str().to_owned(),
                LeadAnswer {
                    id: person.to_string(),
                    name: name(person),
                },
            )
        });
        let left = playbook(incident, &book.directory, &book.policy)
            .into_iter()
            .map(|item| StepAnswer {
                step: item.id.to_string(),
                words: item.words,
                state: step_state(item.state).to_owned(),
                link: item.link,
                whose: match &item.person {
                    Some(person) => name(person),
                    None => format!("{} lead", item.whose.as_str()),
                },
                note: item.note,
            });
        Ok(StatusAnswer {
            facts: facts(&incident.facts),
            kind: incident.kind.as_str().to_owned(),
            triage: incident.triage.clone(),
            leads: leads.collect(),
            services: incident
                .services
                .iter()
                .map(|(id, how)| (id.to_string(), how.as_str().to_owned()))
                .collect(),
            promises: incident
                .promises
                .iter()
                .map(|(audience, p)| (audience.to_string(), p.due))
                .collect(),
            kept: Vec::new(),
            contact_users: incident.users_contact,
            latest: self.latest_progress(id).await?,
            held_up: self.held_up(id).await?,
            awaiting: self.awaiting_of(id, log).await?,
            seen: seeing::seen(incident, &book.directory),
            affected: affected(incident),
            left_to_do: left.collect(),
            timeline: Vec::new(),
            summary: summary_of(incident, &clock, self.clock.now()),
        })
    }

    /// "12 messages wait until Teams works again: The bot's secret has run out. …"
    async fn held_up(&self, id: IncidentId) -> Result<Vec<String>, Error> {
        let labels = self.labels();
        let found = outbox::held_up(self.store.read(), id, self.clock.now()).await?;
        let sentence = |held: outbox::HeldUp| {
            let wait = match held.waiting {
                1 => "1 message waits".to_owned(),
                many => format!("{many} messages wait"),
            };
            let way = labels.of(held.channel.as_str());
            let words = match held.stopped {
                true => format!("{wait} until {way} works again: {}", held.reason),
                false => format!("{wait} because {way} rests: {}", held.reason),
            };
            words.trim_end_matches([' ', ':']).to_owned()
        };
        Ok(found.into_iter().map(sentence).collect())
    }

    /// What of an incident waits for a second person to agree, with its words.
    pub async fn awaiting(&self, id: IncidentId) -> Result<Vec<AwaitingAnswer>, Error> {
        let story = self.load(id).await?;
        self.awaiting_of(id, &story.log).await
    }

    async fn awaiting_of(
        &self,
        id: IncidentId,
        log: &[Record],
    ) -> Result<Vec<AwaitingAnswer>, Error> {
        let found = outbox::awaiting(self.store.read(), id).await?;
        let author = |seq: u32| {
            let record = log.iter().find(|record| record.seq == seq);
            record.map_or_else(String::new, |record| record.actor.name.clone())
        };
        Ok(found
            .into_iter()
            .map(|waiting| AwaitingAnswer {
                event: waiting.event_seq,
                by: author(waiting.event_seq),
                moment: waiting.moment.to_string(),
                audience: waiting.audience.to_string(),
                channel: waiting.channel.to_string(),
                messages: waiting.messages,
                parts: shown(waiting.parts),
            })
            .collect())
    }

    /// Incidents, the newest first, for the operator.
    pub async fn list(
        &self,
        open: bool,
        priority: Option<PriorityId>,
        service: Option<ServiceId>,
        limit: u32,
    ) -> Result<Vec<SummaryAnswer>, Error> {
        let asked = (priority.clone(), service.clone());
        let (found, _) = self
            .list_page(&Viewer::Operator, open, priority, service, None, limit)
            .await?;
        // Only then may it be a slip: of what is there no more there can still be incidents.
        if found.is_empty() {
            let book = self.rulebook().await?;
            super::who::known(&book, asked.0.as_ref(), asked.1.as_ref())?;
        }
        Ok(found)
    }

    /// A page of incidents, and where the next begins.
    pub async fn list_page(
        &self,
        viewer: &Viewer,
        open: bool,
        priority: Option<PriorityId>,
        service: Option<ServiceId>,
        before: Option<IncidentId>,
        limit: u32,
    ) -> Result<(Vec<SummaryAnswer>, Option<IncidentId>), Error> {
        let visible = self.visible(viewer).await?;
        let filter = Filter {
            open_only: open,
            priority,
            service,
            visible,
            ..Filter::default()
        };
        let page = incidents::list(self.store.read(), &filter, before, limit).await?;
        let clock = self.wall_clock().await?;
        let now = self.clock.now();
        let known = page.incidents.iter().map(|it| listed(it, &clock, now));
        let mut found: Vec<SummaryAnswer> =
            known.chain(page.unread.iter().map(listed_unread)).collect();
        found.sort_by_key(|answer| Reverse(answer.incident));
        Ok((found, page.next))
    }
}

/// What services up- and downstream answered, or that they were asked.
fn affected(incident: &Incident) -> BTreeMap<String, String> {
    let asked = incident
        .asked
        .iter()
        .map(|service| (service.to_string(), "asked".to_owned()));
    let answered = incident
        .affected_answers
        .iter()
        .map(|(service, answer)| (service.to_string(), answer.as_str().to_owned()));
    asked.chain(answered).collect()
}

fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Open => "open",
        StepState::Done => "done",
        StepState::NotNeeded => "not_needed",
    }
}

fn facts(facts: &Facts) -> BTreeMap<String, String> {
    let all = [
        ("effect", &facts.effect),
        ("who", &facts.who),
        ("what_to_do", &facts.what_to_do),
        ("doing", &facts.doing),
        ("decision", &facts.decision),
        ("theory", &facts.theory),
    ];
    all.into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text.clone()?)))
        .collect()
}

fn kept(incident: &Incident, log: &[Record], now: Time) -> Vec<PromiseAnswer> {
    let past = promise_record(log).into_iter().map(|kept| PromiseAnswer {
        audience: kept.audience.to_string(),
        due: kept.due,
        answered_at: Some(kept.answered_at),
        minutes_late: kept.minutes_late,
    });
    let owed = incident
        .promises
        .iter()
        .map(|(audience, promise)| PromiseAnswer {
            audience: audience.to_string(),
            due: promise.due,
            answered_at: None,
            minutes_late: minutes_late(promise.due, now),
        });
    past.chain(owed).collect()
}

/// The timeline; what was corrected later says so.
pub(super) fn timeline_of(
    log: &[Record],
    directory: &crate::domain::directory::Directory,
) -> Vec<TimelineAnswer> {
    let mut corrected: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for record in log {
        if let Event::Corrected { events, .. } = &record.event {
            for event in events {
                corrected.entry(*event).or_default().push(record.seq);
            }
        }
    }
    log.iter()
        .map(|record| TimelineAnswer {
            event: record.seq,
            at: record.at,
            who: record.actor.name.clone(),
            door: record.actor.door.as_str().to_owned(),
            kind: kind_of(&record.event),
            text: timeline::sentence(record, directory),
            corrected_by: corrected.remove(&record.seq).unwrap_or_default(),
        })
        .collect()
}

/// The kind of an event, as its record names it.
pub(super) fn kind_of(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value
        .get("type")
        .and_then(|kind| kind.as_str())
        .unwrap_or("event")
        .to_owned()
}

/// "due by 2:40pm, 9 minutes left"
fn due_words(due: Time, now: Time, clock: &TimeWords) -> String {
    if due <= now {
        return match minutes_late(due, now) {
            0 => "due now".to_owned(),
            late => format!("overdue by {}", minutes_in_words(late)),
        };
    }
    format!("due by {}, {} left", clock.when(due), duration(due - now))
}

fn summary_of(incident: &Incident, clock: &TimeWords, now: Time) -> SummaryAnswer {
    let next = incident.next_promise().map(|(due, _)| due);
    SummaryAnswer {
        incident: incident.id,
        title: incident.title.clone(),
        priority: incident.priority.to_string(),
        stage: incident.stage.as_str().to_owned(),
        stage_words: incident.stage.label().to_owned(),
        revision: incident.revision,
        exercise: incident.exercise,
        restricted: incident.restricted,
        declared_at: incident.declared_at,
        started_at: incident.started_at,
        resolved_at: incident.resolved_at,
        next_update: next,
        next_update_words: next.map(|due| due_words(due, now, clock)),
    }
}

fn listed(summary: &Summary, clock: &TimeWords, now: Time) -> SummaryAnswer {
    SummaryAnswer {
        incident: summary.id,
        title: summary.title.clone(),
        priority: summary.priority.to_string(),
        stage: summary.stage.as_str().to_owned(),
        stage_words: summary.stage.label().to_owned(),
        revision: summary.revision,
        exercise: summary.exercise,
        restricted: summary.restricted,
        declared_at: summary.declared_at,
        started_at: summary.started_at,
        resolved_at: summary.resolved_at,
        next_update: summary.next_due,
        next_update_words: summary.next_due.map(|due| due_words(due, now, clock)),
    }
}

/// An incident that this version cannot read, as far as its row says something.
fn listed_unread(unread: &Unread) -> SummaryAnswer {
    SummaryAnswer {
        incident: unread.id,
        title: unread.title.clone(),
        priority: unread.priority.clone(),
        stage: unread.stage.clone(),
        stage_words: "Cannot be read by this version".to_owned(),
        revision: 0,
        exercise: unread.exercise,
        restricted: unread.restricted,
        declared_at: unread.declared_at,
        started_at: unread.started_at,
        resolved_at: None,
        next_update: None,
        next_update_words: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_and_how_late_it_is_are_said_in_days_and_hours() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let due = at("2026-11-23T14:40:00Z");
        for (now, words) in [
            ("2026-11-23T14:31:00Z", "due by 2:40pm, 9 minutes left"),
            (
                "2026-11-23T14:39:30Z",
                "due by 2:40pm, less than a minute left",
            ),
            (
                "2026-11-23T12:05:00Z",
                "due by 2:40pm, 2 hours 35 minutes left",
            ),
            (
                "2026-11-20T14:40:00Z",
                "due by 2:40pm on 23 November 2026, 3 days left",
            ),
            ("2026-11-23T14:40:30Z", "due now"),
            ("2026-11-23T14:41:00Z", "overdue by 1 minute"),
            ("2026-11-26T14:10:00Z", "overdue by 2 days 23 hours"),
        ] {
            let clock = TimeWords::new(chrono_tz::Europe::London, at(now));
            assert_eq!(due_words(due, at(now), &clock), words);
        }
    }
}

//! What people say on signed pages, which they reach from their mail: that they have seen it, and
//! whether their service is affected.
//!
//! Looking at a page never records anything, because scanners open every link of a mail. The link is
//! the right to answer, so it is good only for its own delivery, and only for a while.

mod affected;
mod link;
mod seen;

use std::sync::Arc;

use chrono::TimeDelta;

pub use affected::{AffectedPage, ServiceAsked, WouldBeTold};
pub use link::Pages;
pub use seen::SeenPage;

use super::{App, Error, ErrorKind, Story};
use crate::{
    domain::{
        IncidentId, PersonId, Time,
        ask::Ask,
        event::{Actor, Door},
        incident::Stage,
        situation::RecipientId,
        wording::TimeWords,
    },
    store::outbox::{self, Logged},
};

/// A link is good for so long after its message was written, and no longer than until the incident
/// is closed or cancelled.
pub const GOOD_FOR: TimeDelta = TimeDelta::days(30);

/// What a signed page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedPage {
    /// Have you seen it?
    Seen(SeenPage),
    /// Are you affected?
    Affected(AffectedPage),
}

/// What every page says of its incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutIncident {
    /// Which.
    pub incident: IncidentId,
    /// What people cannot do.
    pub title: String,
    /// How grave and what that means; `None` where people outside read it.
    pub priority: Option<String>,
    /// How far it is, as people read it.
    pub state: String,
    /// When those who read it are told next, as people read it.
    pub next_update: Option<String>,
    /// Whether nothing is wrong.
    pub exercise: bool,
    /// Who may answer: several where an address is shared.
    pub people: Vec<Somebody>,
}

/// A person, as a page shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Somebody {
    /// Their id.
    pub id: PersonId,
    /// Their name.
    pub name: String,
}

/// What somebody pressed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pressed {
    /// Who says so, where several may.
    pub who: Option<String>,
    /// What they say: `yes`, `no`, `checking` or `add`.
    pub answer: Option<String>,
    /// About which service, where several were asked about.
    pub service: Option<String>,
    /// The revision of the incident that they saw, for what changes it.
    pub revision: Option<u32>,
}

/// What a good link leads to.
struct Opened {
    ask: Ask,
    delivery: Logged,
    id: IncidentId,
    story: Arc<Story>,
    clock: TimeWords,
}

impl App {
    /// What a signed page shows now. Records nothing.
    pub async fn signed_page(&self, token: &str) -> Result<SignedPage, Error> {
        let opened = self.open(token).await?;
        match opened.ask {
            Ask::Seen => Ok(SignedPage::Seen(self.seen_page(&opened).await?)),
            Ask::Affected => self.affected_page(&opened, None).await,
        }
    }

    /// Records what somebody pressed on a signed page, once, and shows what is recorded.
    pub async fn press(&self, token: &str, pressed: &Pressed) -> Result<SignedPage, Error> {
        let opened = self.open(token).await?;
        match opened.ask {
            Ask::Seen => Ok(SignedPage::Seen(
                self.press_seen(opened, token, pressed).await?,
            )),
            Ask::Affected => self.press_affected(opened, token, pressed).await,
        }
    }

    /// What the link leads to, unless it is none of ours or not good any more.
    async fn open(&self, token: &str) -> Result<Opened, Error> {
        let Some((ask, id)) = self.pages.read(token) else {
            return Err(no_page());
        };
        let Some(delivery) = outbox::logged_delivery(self.store.read(), &id).await? else {
            return Err(no_page());
        };
        let Some(id) = delivery.incident.filter(|_| delivery.asks == Some(ask)) else {
            return Err(no_page());
        };
        let story = self.load(id).await?;
        let clock = self.wall_clock().await?;
        let ended = match story.incident.stage {
            Stage::Closed => Some("is closed"),
            Stage::Cancelled => Some("was cancelled"),
            _ => None,
        };
        if let Some(ended) = ended {
            return Err(expired(format!(
                "{id} {ended}, so there is nothing to answer any more."
            )));
        }
        if self.clock.now() >= delivery.created_at + GOOD_FOR {
            return Err(expired(format!(
                "This link was good for {} days.",
                GOOD_FOR.num_days()
            )));
        }
        Ok(Opened {
            ask,
            delivery,
            id,
            story,
            clock,
        })
    }

    /// What every page says of its incident, with who may answer.
    async fn about_incident(
        &self,
        opened: &Opened,
        may_answer: impl Fn(&PersonId) -> bool,
    ) -> Result<AboutIncident, Error> {
        let book = self.rulebook().await?;
        let incident = &opened.story.incident;
        let audience = opened.delivery.audience;
        let priority = book.policy.priority(&incident.priority);
        let people = opened.delivery.recipients.iter().filter_map(|told| {
            let RecipientId::Person(id) = &told.who else {
                return None;
            };
            may_answer(id).then(|| Somebody {
                id: id.clone(),
                name: told.name.to_string(),
            })
        });
        let due = incident.promises.get(&audience);
        Ok(AboutIncident {
            incident: opened.id,
            title: incident.title.clone(),
            priority: (!audience.is_outside()).then(|| match priority {
                Some(priority) => format!("{}: {}", incident.priority, priority.meaning),
                None => incident.priority.to_string(),
            }),
            state: incident.stage.label().to_owned(),
            next_update: due.map(|promise| opened.clock.when(promise.due)),
            exercise: incident.exercise,
            people: people.collect(),
        })
    }
}

impl AboutIncident {
    /// Who presses: the one who may, or whom they say to be of several.
    fn presser(&self, pressed: &Pressed) -> Result<&Somebody, Error> {
        let of_several = |who: &&Somebody| pressed.who.as_deref() == Some(who.id.as_str());
        let found = match self.people.as_slice() {
            [only] => Some(only),
            several => several.iter().find(of_several),
        };
        found.ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                "missing-person",
                "It does not say who you are. Nothing was recorded.",
                "Go back, choose your name, and press the button again.",
            )
        })
    }
}

fn actor(who: &Somebody) -> Actor {
    Actor {
        id: format!("person:{}", who.id),
        person: Some(who.id.clone()),
        name: who.name.clone(),
        door: Door::Web,
    }
}

/// Whether the same was recorded a moment ago, or is being.
fn is_repeat(error: &Error) -> bool {
    matches!(error.code.as_str(), "seen-already" | "still-running")
}

/// The time of something that happened, as a page shows it: "2:31pm".
fn at(clock: &TimeWords, time: Time) -> String {
    clock.when(time)
}

fn no_page() -> Error {
    Error::new(
        ErrorKind::NotFound,
        NO_PAGE,
        "This link leads nowhere.",
        "Open it from the message again: it has to be complete. If that does not help, reply to the message.",
    )
}

fn expired(sentence: String) -> Error {
    Error::new(
        ErrorKind::NotFound,
        LINK_EXPIRED,
        sentence,
        "If you still have something to tell us, reply to the message.",
    )
}

/// The code of a link that is none of ours, or was changed.
pub const NO_PAGE: &str = "no-page";
/// The code of a link that was good once.
pub const LINK_EXPIRED: &str = "link-expired";

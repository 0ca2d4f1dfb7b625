//! Use cases, one file each: the only place that brings domain, store, words and channels together.
//!
//! Every door builds an [`App`] once and calls it. A use case that changes something does all of it
//! in one transaction, and what it answers is what was committed.

mod act;
mod again;
pub mod answers;
mod by_mail;
mod change;
mod contacts;
mod conversations;
pub mod deliver;
mod doctor;
mod drafts;
mod error;
mod events;
pub mod files;
mod findings;
mod gate;
mod guessing;
mod headline;
mod health;
mod heartbeat;
mod keys;
mod labels;
mod ledger;
mod maintenance;
mod marks;
mod naming;
mod notify;
mod outgoing;
mod own_views;
pub mod pages;
mod people;
mod policy;
mod pressure;
mod pulse;
mod report;
mod room_left;
mod rooms;
mod rulebook;
mod seeing;
mod sending;
mod speaker;
mod status;
mod story;
mod streams;
mod templates;
mod tick;
mod tokens;
mod trial;
mod unreachable;
mod unread;
mod verify;
mod viewer;
mod who;
mod words;

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use tokio::sync::Mutex;

pub use self::{
    again::{Retry, RetryFilter},
    by_mail::Members,
    change::Mode,
    contacts::{BadAddressAnswer, Confirmation, Healed, PlannedImport},
    doctor::{Finding, Surroundings, not_started, settings_found},
    drafts::{Prepared, Wish},
    error::{Error, Kind as ErrorKind},
    guessing::{Hold, Why as KeyRefusal},
    heartbeat::Heartbeat,
    keys::{KeyHolder, RefusedKey},
    labels::Labels,
    policy::{PolicyAnswer, PolicyFile, PolicyWords},
    pulse::{Beat, Part, Pulse},
    rulebook::Rulebook,
    speaker::{About, Speaker},
    story::Story,
    streams::{Full, IN_ALL, OpenStream, PER_KEY, Streams},
    tokens::{NewKey, TokenAnswer},
    verify::{Verified, verify_export},
    viewer::Viewer,
    who::Hypothesis,
};
pub use crate::store::tokens::Scope;
use crate::{
    channels,
    clock::Clock,
    domain::{
        ChannelName,
        saying::Links,
        shown::{Disclosure, HasAddresses, Sight},
    },
    render::Renderer,
    store::{Store, outbox},
};

/// Everything a use case needs.
pub struct App {
    /// The database.
    pub store: Store,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// The ways out that are live.
    pub channels: Arc<deliver::Channels>,
    /// Every channel of the settings, live or not: a rule may name one that is not in use yet.
    pub known_channels: BTreeSet<ChannelName>,
    /// What may be shown of addresses.
    pub disclosure: Disclosure,
    /// The words.
    pub renderer: Arc<Renderer>,
    /// Faults in the organisation's own templates, found at start; the built-in ones run instead.
    pub template_faults: Vec<crate::domain::fault::Fault>,
    /// Why the policy file of the settings is not what is in force, if it is not.
    pub policy_file: Option<PolicyFile>,
    /// Where links in messages lead.
    pub links: Links,
    /// The addresses of signed pages.
    pub pages: pages::Pages,
    /// So many messages may wait before no more are taken.
    pub most_waiting: u64,
    /// For so long the figures of `/metrics` are not read again.
    pub figures_last: TimeDelta,
    /// Rung when something was written that a worker may want to know of; carries no content.
    pub wake: deliver::Wake,
    /// Event streams that are open.
    pub streams: Streams,
    /// Whether the loops of this process go on.
    pub pulse: Arc<Pulse>,
    /// Policy and directory in force, compiled.
    rulebook: Mutex<Option<Arc<Rulebook>>>,
    /// Incidents that were read lately.
    stories: story::Stories,
    /// Incidents that the clock passes over for a while.
    aside: unread::SetAside,
    /// Mail addresses of people who spoke in chat.
    mails: by_mail::Mails,
    /// Who has sent keys that open nothing.
    guessing: Arc<guessing::Guessing>,
    gate: Arc<gate::Gate>,
    /// The figures that were asked for last.
    figures: health::Figures,
}

impl App {
    /// Puts the parts together; reads nothing yet.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        live: Arc<deliver::Channels>,
        known_channels: BTreeSet<ChannelName>,
        renderer: Renderer,
        template_faults: Vec<crate::domain::fault::Fault>,
        links: Links,
    ) -> Self {
        let kind_of = |name: &ChannelName| {
            let mut kinds = channels::kinds().iter();
            kinds.find(|kind| kind.name == name.as_str()).copied()
        };
        let kinds = known_channels.iter();
        let kinds = kinds.filter_map(|name| Some((name, kind_of(name)?)));
        let disclosure = channels::disclosure(kinds, "");
        Self {
            store,
            clock,
            channels: live,
            known_channels,
            disclosure,
            renderer: Arc::new(renderer),
            template_faults,
            policy_file: None,
            links,
            pages: pages::Pages::default(),
            most_waiting: outbox::MOST_WAITING,
            figures_last: health::FRESH,
            wake: deliver::Wake::default(),
            streams: Streams::default(),
            pulse: Arc::default(),
            rulebook: Mutex::new(None),
            stories: story::Stories::default(),
            aside: unread::SetAside::default(),
            mails: by_mail::Mails::default(),
            guessing: Arc::default(),
            gate: Arc::default(),
            figures: health::Figures::default(),
        }
    }

    /// The same program by another clock: what happened then, played now.
    pub fn at(&self, clock: Arc<dyn Clock>) -> Self {
        self.with(self.store.clone(), clock)
    }

    /// The same program, reading as long as it takes: for what reads everything there is.
    pub(crate) fn patiently(&self) -> Self {
        self.with(self.store.patiently(), Arc::clone(&self.clock))
    }

    fn with(&self, store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            channels: Arc::clone(&self.channels),
            known_channels: self.known_channels.clone(),
            disclosure: self.disclosure.clone(),
            renderer: Arc::clone(&self.renderer),
            template_faults: self.template_faults.clone(),
            policy_file: self.policy_file.clone(),
            links: self.links.clone(),
            pages: self.pages.clone(),
            most_waiting: self.most_waiting,
            figures_last: self.figures_last,
            wake: self.wake.clone(),
            streams: self.streams.clone(),
            pulse: Arc::clone(&self.pulse),
            rulebook: Mutex::new(None),
            stories: story::Stories::default(),
            aside: unread::SetAside::default(),
            mails: by_mail::Mails::default(),
            guessing: Arc::clone(&self.guessing),
            gate: Arc::clone(&self.gate),
            figures: health::Figures::default(),
        }
    }

    /// An answer with so much of its addresses as whoever has this sight may see.
    pub fn show<A: HasAddresses>(&self, mut answer: A, sight: Sight) -> A {
        answer.each_address(&mut |address| address.show(&self.disclosure, sight));
        answer
    }

    /// Closes the database; what was committed stays.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

//! The use cases with the Northshire Learning Agency in the database, channels that do as they are
//! told, and a clock held by hand.

mod again;
mod approving;
mod asking;
mod checking;
mod correcting;
mod costs;
mod ending;
mod heartbeat;
mod marks;
mod pressure;
mod prompting;
mod room_left;
mod story;
mod ticking;
mod unread;
mod untold;
mod week;

use std::{ops::Deref, sync::Arc};

use chrono::TimeDelta;
use oyez::{
    app::{
        App, Error, Mode,
        answers::Receipt,
        deliver::{Channels, Engine},
    },
    channels::Channel,
    clock::Clock,
    domain::{
        ChannelName, IncidentId,
        channel::Part,
        command::{Asked, Command, Declare},
        event::{Actor, Door},
        facts::Facts,
        saying::Links,
        situation::Relation,
    },
    render::Renderer,
};

use crate::support::{
    at,
    database::databases,
    fake_channel::{FakeChannel, Sent},
    program::{DIRECTORY, POLICY, Program},
};

/// The agency on one engine.
struct Agency(Program);

impl Deref for Agency {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl Agency {
    /// One on each engine, on a Monday at 1:30pm, with the policy changed as the test needs it.
    async fn all(change: impl Fn(&str) -> String) -> Vec<Self> {
        let mut agencies = Vec::new();
        for db in databases().await {
            let program = Program::empty(db, at("2026-11-23T13:30:00Z"));
            program.put_in_force(&change(POLICY)).await;
            program.app.replace_directory(DIRECTORY).await.unwrap();
            agencies.push(Self(program));
        }
        agencies
    }

    /// The same with this channel in use, or in the place of the one of that name.
    fn with_channel(mut self, name: &str, fake: FakeChannel) -> (Self, Arc<FakeChannel>) {
        let fake = Arc::new(fake);
        let mut channels: Channels = self.app.channels.as_ref().clone();
        channels.insert(name.parse().unwrap(), fake.clone() as Arc<dyn Channel>);
        let parts: Vec<(ChannelName, &'static [Part])> = channels
            .iter()
            .map(|(name, channel)| (name.clone(), channel.parts()))
            .collect();
        let (renderer, faults) = Renderer::load(None, &parts);
        assert_eq!(faults, []);
        self.0.app = Arc::new(App::new(
            self.app.store.clone(),
            Arc::clone(&self.app.clock),
            Arc::new(channels),
            self.app.known_channels.clone(),
            renderer,
            faults,
            Links::default(),
        ));
        (self, fake)
    }

    async fn declare(&self, effect: &str) -> Result<Receipt, Error> {
        let declare = Declare {
            title: "Providers cannot sign in".to_owned(),
            priority: Some("P1".parse().unwrap()),
            services: [("register-trainees".parse().unwrap(), Relation::Affected)].into(),
            facts: Facts {
                effect: Some(effect.to_owned()),
                ..Facts::default()
            },
            ..Declare::default()
        };
        let asked = asked(declare, "priya-shah");
        self.app.declare(asked, Mode::Commit).await
    }

    /// A P1 on Register trainees, declared by Priya Shah.
    async fn declared(&self) -> IncidentId {
        let receipt = self.declare("Providers cannot sign in.").await;
        receipt.unwrap().incident
    }

    async fn change(
        &self,
        id: IncidentId,
        command: Command,
        person: &str,
    ) -> Result<Receipt, Error> {
        let asked = asked(command, person);
        self.app.change(id, asked, Mode::Commit).await
    }

    fn clock_now(&self) -> oyez::domain::Time {
        Clock::now(&*self.app.clock)
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Lets the engine do what is due.
    async fn deliver(&self) {
        let token = ulid::Ulid::generate().to_string();
        let lock = self.app.store.try_lock_delivery(&token).await.unwrap();
        let mut engine = Engine::new(
            self.app.store.clone(),
            Arc::clone(&self.app.channels),
            Arc::clone(&self.app.clock),
            lock.expect("nobody else delivers"),
            self.app.wake.clone(),
        )
        .with_pages(self.app.pages.clone());
        engine.settle().await.unwrap();
    }

    /// What went to addresses outside the agency, in order.
    fn sent_outside(&self) -> Vec<Sent> {
        let sent = self.mail.sent().into_iter();
        sent.filter(|mail| !mail.address.ends_with("@northshire.example"))
            .collect()
    }
}

fn asked<C>(command: C, person: &str) -> Asked<C> {
    Asked {
        command,
        actor: actor(person),
        request_key: ulid::Ulid::generate().to_string(),
        seen_revision: None,
        typed: None,
    }
}

fn actor(person: &str) -> Actor {
    Actor {
        id: format!("person:{person}"),
        person: Some(person.parse().unwrap()),
        name: person.to_owned(),
        door: Door::Cli,
    }
}

fn update(text: &str) -> Command {
    Command::Update {
        text: text.to_owned(),
        facts: Facts::default(),
        stage: None,
        next_update: None,
    }
}

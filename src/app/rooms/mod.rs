//! Rooms: an incident gets a channel in chat to itself, and the right people, words and pointers in it.
//!
//! That one is wanted is a row, written with the declaration. Whoever looks after rooms compares that
//! row with the incident and does what differs: makes the room, writes its topic, asks people in,
//! points to it. A step is written down as soon as it is done, and a step that fails is tried again
//! with the next look; no command and no message waits for it. That the room is there is an event,
//! and from then on what is said to the responders is said in it by the outbox, like everywhere.

mod members;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use self::members::members;
use super::{App, Error, Speaker, act::Act, tick::clock_actor};
use crate::{
    channels::{Opened, ROOM, Rooms},
    domain::{
        Address, ChannelName, IncidentId, Time,
        channel::Conversation,
        delivery::{Class, Outcome, order_key, throttled},
        event::Event,
        incident::Incident,
        plan::Told,
        room::{self, topic},
    },
    store::{
        Step, Tx, conversations, faults, outbox,
        rooms::{self as kept, Lease, Next, Room},
    },
};

/// Rooms looked after in one go.
const BATCH: u32 = 20;
/// How long a room is held: longer than any call of a provider may take.
const HELD: TimeDelta = TimeDelta::minutes(2);
/// Names that are tried before an operator has to look.
const NAMES: u32 = 20;
/// How long after the room was wanted posts are waited for, to point to the room below them.
const POSTS_WITHIN: TimeDelta = TimeDelta::minutes(10);
const POSTS_LOOK: TimeDelta = TimeDelta::seconds(5);
/// Waits after tries in vain; the last goes on.
const WAITS: [i64; 6] = [5, 15, 30, 60, 300, 1_800];
/// So many tries in vain are a fault that an operator should see.
const FAULT_AFTER: u32 = 5;

/// Why a look ended early.
enum Stopped {
    /// The other side did not do something.
    Trouble(Outcome),
    /// Somebody else looks after the room now.
    Lost,
    Broken(Error),
}

impl<E: Into<Error>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// A room in hand.
struct Look<'a> {
    app: &'a App,
    rooms: &'a dyn Rooms,
    room: Room,
    token: String,
}

impl App {
    /// Wants a room for an incident that begins, where the settings give it one. A restricted
    /// incident gets none: whoever is asked in may ask others in, and only people whom somebody named
    /// may read of it.
    pub(super) async fn want_room(
        &self,
        tx: &Tx,
        incident: &Incident,
        now: Time,
    ) -> Result<(), Error> {
        if incident.restricted {
            return Ok(());
        }
        let mut ways = self.channels.iter();
        let found = ways.find_map(|(name, channel)| Some((name, channel.rooms()?)));
        if let Some((channel, rooms)) = found {
            let name = rooms.name(incident, 0);
            kept::want(tx, incident.id, channel, &name, now).await?;
        }
        Ok(())
    }

    /// The incident whose room this is, if the speaker may know of it.
    pub(super) async fn room_of(
        &self,
        speaker: &Speaker,
        channel: &ChannelName,
        conversation: &str,
    ) -> Result<Option<IncidentId>, Error> {
        let found = kept::incident_at(self.store.read(), channel, conversation).await?;
        Ok(match found {
            Some(id) if self.must_see(&speaker.viewer, id).await.is_ok() => Some(id),
            _ => None,
        })
    }

    /// Looks after every room that is behind its incident. One that fails is looked at again later;
    /// the others go on. True: there may be more to look after at once.
    pub async fn look_after_rooms(&self) -> Result<bool, Error> {
        let mut more = false;
        for (name, channel) in self.channels.iter() {
            let Some(rooms) = channel.rooms() else {
                continue;
            };
            let due = kept::due(self.store.read(), name, self.clock.now(), BATCH).await?;
            let cut_off = due.len() == BATCH as usize;
            for incident in due {
                match self.look_after(rooms, incident).await {
                    Ok(()) => more |= cut_off,
                    Err(error) => {
                        tracing::error!(incident = %incident, chain = error.chain(), "a room could not be looked after");
                    }
                }
            }
        }
        Ok(more)
    }

    async fn look_after(&self, rooms: &dyn Rooms, incident: IncidentId) -> Result<(), Error> {
        let now = self.clock.now();
        let lease = Lease {
            token: ulid::Ulid::generate().to_string(),
            until: now + HELD,
        };
        let Some(room) = kept::claim(self.store.write(), incident, &lease, now).await? else {
            return Ok(());
        };
        let attempts = room.attempts;
        let mut look = Look {
            app: self,
            rooms,
            room,
            token: lease.token.clone(),
        };
        let looked = look.look().await;
        let channel = look.room.channel;
        let now = self.clock.now();
        let fault = format!("room:{channel}");
        let (next, broken) = match looked {
            Ok(seen) => {
                faults::resolve(self.store.write(), &fault, now).await?;
                let at = seen.map_or(now + POSTS_LOOK, |_| now);
                (
                    Next {
                        seen,
                        attempts: 0,
                        at,
                    },
                    None,
                )
            }
            Err(Stopped::Lost) => return Ok(()),
            Err(Stopped::Trouble(outcome)) => {
                let attempts = attempts.saturating_add(1);
                tracing::warn!(incident = %incident, class = outcome.class.as_str(), attempts, "a room is not as it should be yet");
                if outcome.class == Class::BadConfiguration || attempts >= FAULT_AFTER {
                    let fault = faults::NewFault {
                        key: &fault,
                        sentence: &format!(
                            "The channel of an incident cannot be made or kept right. {}",
                            outcome.sentence
                        ),
                        detail: outcome.class.as_str(),
                        incident: Some(incident),
                    };
                    faults::record(self.store.write(), fault, now).await?;
                }
                (again(attempts, outcome.class, now), None)
            }
            Err(Stopped::Broken(error)) => {
                let attempts = attempts.saturating_add(1);
                (again(attempts, Class::RemoteTemporary, now), Some(error))
            }
        };
        kept::release(self.store.write(), incident, &lease, next).await?;
        broken.map_or(Ok(()), Err)
    }
}

/// When it is tried again.
fn again(attempts: u32, class: Class, now: Time) -> Next {
    let step = (attempts.max(1) as usize - 1).min(WAITS.len() - 1);
    let wait = match class {
        Class::Throttled { after_ms } => {
            TimeDelta::from_std(throttled(after_ms, attempts)).unwrap_or(TimeDelta::hours(1))
        }
        _ => TimeDelta::seconds(WAITS.get(step).copied().unwrap_or(60)),
    };
    Next {
        seen: None,
        attempts,
        at: now + wait,
    }
}

impl Look<'_> {
    /// Does what differs. Answers up to which event the room is now; `None` if something is still to
    /// come that is waited for. What fails keeps the rest from nothing.
    async fn look(&mut self) -> Result<Option<u32>, Stopped> {
        let id = self.room.incident;
        let story = self.app.load(id).await?;
        let Some(address) = self.open(&story.incident).await? else {
            return Ok(Some(story.incident.seq));
        };
        if story.incident.room.is_none() {
            self.tell(&address).await?;
        }
        let story = self.app.load(id).await?;
        let incident = &story.incident;
        let told = outbox::history(self.app.store.read(), id, &BTreeSet::new()).await?;
        let topic = self.topic(incident, &address).await;
        let invited = self.invite(incident, &told, &address).await;
        let pointed = self.point(&told, &address).await;
        topic?;
        invited?;
        let is_complete = pointed?;
        Ok(is_complete.then_some(incident.seq))
    }

    /// Writes down how far the room is, and holds it longer.
    async fn keep(&self) -> Result<(), Stopped> {
        let lease = Lease {
            token: self.token.clone(),
            until: self.app.clock.now() + HELD,
        };
        match kept::keep(self.app.store.write(), &self.room, &lease).await? {
            true => Ok(()),
            false => Err(Stopped::Lost),
        }
    }

    /// The address of the room, which is made if it is not there; `None` if it is not worth making
    /// any more.
    async fn open(&mut self, incident: &Incident) -> Result<Option<Address>, Stopped> {
        if let Some(address) = &self.room.address {
            return Ok(Some(address.clone()));
        }
        if incident.ended_at.is_some() {
            return Ok(None);
        }
        loop {
            let opened = self.rooms.open(&self.room.name, self.room.created_at).await;
            match opened.map_err(Stopped::Trouble)? {
                Opened::Room(address) => {
                    self.room.address = Some(address.clone());
                    self.keep().await?;
                    return Ok(Some(address));
                }
                Opened::NameTaken if self.room.taken < NAMES => {
                    self.room.taken += 1;
                    self.room.name = self.rooms.name(incident, self.room.taken);
                    // Before it is asked for, so that a repeat asks for the same.
                    self.keep().await?;
                }
                Opened::NameTaken => return Err(Stopped::Trouble(all_taken())),
            }
        }
    }

    /// Puts it on the record that the room is there; the same transaction says in it what the
    /// responders know.
    async fn tell(&self, address: &Address) -> Result<(), Stopped> {
        let app = self.app;
        let (id, channel) = (self.room.incident, &self.room.channel);
        let now = app.clock.now();
        let tx = app.store.begin().await?;
        let Some((head, incident, log)) = app.lock(&tx, id).await? else {
            return Ok(());
        };
        if incident.room.is_some() {
            return Ok(());
        }
        let conversation = Conversation {
            id: address.as_str().to_owned(),
            service_url: String::new(),
            kind: ROOM.to_owned(),
            member: None,
        };
        conversations::learn(&tx, (channel, address), &conversation, now).await?;
        let book = app.rulebook_in(&tx).await?;
        let actor = clock_actor();
        let act = Act::new(&book, &actor, "room", now);
        let room = room::Room {
            channel: channel.clone(),
            address: address.clone(),
            name: self.room.name.clone(),
        };
        let events = vec![Event::RoomOpened { room }];
        let before = Some((head, incident));
        app.write_events(&tx, &act, id, before, log, events).await?;
        tx.commit().await.step("commit that a room is there")?;
        tracing::info!(incident = %id, "a room was opened");
        app.wake.ring();
        Ok(())
    }

    async fn topic(&mut self, incident: &Incident, address: &Address) -> Result<(), Stopped> {
        let topic = topic(incident, &self.app.wall_clock().await?);
        if topic != self.room.topic {
            let set = self.rooms.set_topic(address, &topic).await;
            set.map_err(Stopped::Trouble)?;
            self.room.topic = topic;
            self.keep().await?;
        }
        Ok(())
    }

    /// Asks in who is not asked yet. Whoever leaves is not asked again.
    async fn invite(
        &mut self,
        incident: &Incident,
        told: &[Told],
        address: &Address,
    ) -> Result<(), Stopped> {
        if incident.ended_at.is_some() {
            return Ok(());
        }
        let book = self.app.rulebook().await?;
        let wanted = members(incident, told, &book.directory, &self.room.channel);
        let new = wanted.difference_from(&self.room.invited);
        if !new.is_empty() {
            let asked = self.rooms.invite(address, &new).await;
            asked.map_err(Stopped::Trouble)?;
            self.room.invited.extend(new);
            self.keep().await?;
        }
        Ok(())
    }

    /// Says below the first post in each place where our own people read of the incident that it has
    /// a room. False while posts are still to come. Nobody is told twice: after a crash, rather not.
    async fn point(&mut self, told: &[Told], address: &Address) -> Result<bool, Stopped> {
        let app = self.app;
        let (id, channel) = (self.room.incident, self.room.channel.clone());
        let is_elsewhere = |row: &&Told| {
            row.channel == channel
                && row.address != *address
                && !row.audience.is_outside()
                && self.rooms.is_place(&row.address)
        };
        let places: BTreeSet<String> = told
            .iter()
            .filter(is_elsewhere)
            .map(|row| order_key(Some(id), &channel, &row.address))
            .collect();
        let keys: Vec<String> = places.iter().cloned().collect();
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        for (key, post) in outbox::posts_of(app.store.read(), &keys).await? {
            first.entry(key).or_insert(post);
        }
        for post in first.values() {
            if !self.room.pointed.insert(post.clone()) {
                continue;
            }
            self.keep().await?;
            if let Err(outcome) = self.rooms.point(post, address).await {
                if matches!(outcome.class, Class::Uncertain | Class::BadDestination) {
                    continue;
                }
                // Nothing was posted.
                self.room.pointed.remove(post);
                self.keep().await?;
                return Err(Stopped::Trouble(outcome));
            }
        }
        let is_late = app.clock.now() > self.room.created_at + POSTS_WITHIN;
        Ok(first.len() == places.len() || is_late)
    }
}

fn all_taken() -> Outcome {
    Outcome {
        class: Class::BadConfiguration,
        code: None,
        reply: String::new(),
        sentence: "Every name for it is taken. Choose another channel_prefix.".to_owned(),
        provider_id: None,
    }
}

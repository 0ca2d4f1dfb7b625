//! Who speaks in chat, and about which incident.

use std::collections::{BTreeMap, BTreeSet};

use super::{App, Error, ErrorKind, Members, Rulebook, Viewer, unread::readable};
use crate::{
    domain::{
        Address, ChannelName, IncidentId,
        delivery::{Class, order_key},
        directory::Person,
        event::{Actor, Door},
        incident::LeadRole,
    },
    store::{
        incidents::{self, Filter, Visible},
        outbox,
    },
};

/// So many open incidents are looked through for the one of a place; of those that have ended, so many
/// at once for the one of a thread.
const OPEN: u32 = 200;
/// Further back than so many pages of ended incidents nobody looks for the one of a thread.
const PAGES: usize = 25;

/// Somebody of ours, speaking in chat.
#[derive(Debug, Clone)]
pub struct Speaker {
    /// As the record names them.
    pub actor: Actor,
    /// What they may see.
    pub viewer: Viewer,
}

impl Speaker {
    /// The same person where others read along: they see what everybody may.
    #[must_use]
    pub fn among_others(self) -> Self {
        Self {
            viewer: Viewer::Key {
                actor: String::new(),
                person: None,
            },
            ..self
        }
    }
}

/// What a place in chat is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The incident of the thread, open or not, the only open one that is told of there, or the one
    /// whose room it is, open or not.
    pub incident: Option<IncidentId>,
    /// Which of its leads the speaker is.
    pub leads: BTreeSet<LeadRole>,
}

fn unknown(why: &str, channel: &ChannelName, address: &str) -> Error {
    Error::new(
        ErrorKind::NotAllowed,
        "unknown-speaker",
        why,
        format!(
            "Ask whoever looks after the directory to put {address} into your entry, as your \
             address on the channel {channel}."
        ),
    )
}

impl App {
    /// The person who has this address on a channel of chat, or whom the chat's `members` give a mail
    /// address of theirs. Whoever is neither may not act, and neither may people of other organisations.
    pub async fn speaker(
        &self,
        book: &Rulebook,
        door: Door,
        channel: &ChannelName,
        address: &str,
        members: Option<&dyn Members>,
    ) -> Result<Speaker, Error> {
        let mut found = book.people_at(address, |known| known == channel);
        if found.is_empty()
            && let Some(members) = members
        {
            found = self.by_mail(book, channel, address, members).await?;
        }
        let person = match found[..] {
            [person] => person,
            [] => return Err(unknown("I do not know who you are.", channel, address)),
            _ => {
                return Err(Error::new(
                    ErrorKind::NotAllowed,
                    "ambiguous-speaker",
                    "The directory gives your address to more than one person, so I do not know who you are.",
                    "Ask whoever looks after the directory to put it right.",
                ));
            }
        };
        if book.directory.is_outsider(person) {
            return Err(Error::new(
                ErrorKind::NotAllowed,
                "not-for-outsiders",
                "Incidents are run by people of our own organisation.",
                "If you need us, reply to the message that you got.",
            ));
        }
        let actor = Actor {
            id: format!("person:{}", person.id),
            person: Some(person.id.clone()),
            name: person.name.clone(),
            door,
        };
        Ok(Speaker {
            viewer: Viewer::Key {
                actor: actor.id.clone(),
                person: actor.person.clone(),
            },
            actor,
        })
    }

    /// Everybody who has a mail address that the chat gives whoever speaks: one at least.
    async fn by_mail<'a>(
        &self,
        book: &'a Rulebook,
        channel: &ChannelName,
        address: &str,
        members: &dyn Members,
    ) -> Result<Vec<&'a Person>, Error> {
        let labels = self.labels();
        let label = labels.of(channel.as_str());
        let now = self.clock.now();
        let mails = match self.mails.find(channel, address, now) {
            Some(mails) => mails,
            None => {
                let asked = members.mails(address).await.map_err(|outcome| {
                    // What does not pass by itself is named, for whoever can put it right.
                    let lasts = outcome.class == Class::BadConfiguration;
                    let why = match lasts {
                        true => format!("I cannot tell who you are. {}", outcome.sentence),
                        false => {
                            format!("I cannot tell who you are: {label} does not say so just now.")
                        }
                    };
                    let mut error = unknown(&why, channel, address);
                    error.kind = ErrorKind::Unavailable;
                    error.code = "nobody-to-ask".to_owned();
                    error.fix = match lasts {
                        true => format!("Or, for yourself alone: {}", error.fix),
                        false => format!("Say it again in a minute. Or for good: {}", error.fix),
                    };
                    error.caused_by(std::io::Error::other(outcome.sentence))
                })?;
                self.mails.keep(channel, address, asked.clone(), now);
                asked
            }
        };
        let is_mail = |channel: &ChannelName| {
            let channel = self.channels.get(channel);
            channel.is_none_or(|channel| !channel.is_chat())
        };
        let mut found: Vec<&Person> = Vec::new();
        for mail in &mails {
            for person in book.people_at(mail.trim(), is_mail) {
                if !found.iter().any(|known| known.id == person.id) {
                    found.push(person);
                }
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let why = if mails.is_empty() {
            format!("I do not know who you are: {label} names no mail address of yours.")
        } else {
            format!(
                "I do not know who you are: nobody in the directory has the mail address that \
                 {label} names for you."
            )
        };
        Err(unknown(&why, channel, address))
    }

    /// What a conversation is about: `thread` is the other side's id of the message that began the
    /// thread, if it is one.
    pub async fn about(
        &self,
        speaker: &Speaker,
        channel: &ChannelName,
        conversation: &str,
        thread: Option<&str>,
    ) -> Result<About, Error> {
        let open = self.open_to(&speaker.viewer).await?;
        let address = Address::new(conversation);
        let key = |id: &IncidentId| order_key(Some(*id), channel, &address);
        let keys: Vec<String> = open.iter().map(key).collect();
        let posts = outbox::posts_of(self.store.read(), &keys).await?;
        let of = |key: &String| {
            let at = keys.iter().position(|known| known == key)?;
            open.get(at).copied()
        };
        let incident = match thread {
            Some(thread) => match posts.iter().find(|(_, post)| post == thread) {
                Some((key, _)) => of(key),
                None => self.of_thread(speaker, (channel, &address), thread).await?,
            },
            None => {
                let told: BTreeSet<IncidentId> =
                    posts.iter().filter_map(|(key, _)| of(key)).collect();
                (told.len() == 1).then(|| told.first().copied()).flatten()
            }
        };
        let room = match incident {
            Some(_) => None,
            None => self.room_of(speaker, channel, conversation).await?,
        };
        let incident = incident.or(room);
        let mut leads = BTreeSet::new();
        if let Some(id) = incident
            // Whoever speaks of something else is answered although this one cannot be read.
            && let Some(story) = readable(self.load(id).await)?
        {
            let own = story
                .incident
                .leads
                .iter()
                .filter(|(_, person)| speaker.actor.person.as_ref() == Some(*person));
            leads.extend(own.map(|(role, _)| *role));
        }
        Ok(About { incident, leads })
    }

    /// The incident, open or not, of which a message began a thread, if the speaker may know of it.
    async fn of_thread(
        &self,
        speaker: &Speaker,
        (channel, address): (&ChannelName, &Address),
        thread: &str,
    ) -> Result<Option<IncidentId>, Error> {
        let all = Filter {
            visible: Visible::All,
            ..Filter::default()
        };
        let mut before = None;
        for _ in 0..PAGES {
            let page = incidents::list(self.store.read(), &all, before, OPEN).await?;
            let ids = page.incidents.iter().map(|incident| incident.id);
            let by_key: BTreeMap<String, IncidentId> = ids
                .map(|id| (order_key(Some(id), channel, address), id))
                .collect();
            let keys: Vec<String> = by_key.keys().cloned().collect();
            let posts = outbox::posts_of(self.store.read(), &keys).await?;
            if let Some((key, _)) = posts.iter().find(|(_, post)| post == thread) {
                let found = by_key.get(key).copied();
                return Ok(match found {
                    Some(id) if self.must_see(&speaker.viewer, id).await.is_ok() => Some(id),
                    _ => None,
                });
            }
            match page.next {
                Some(next) => before = Some(next),
                None => break,
            }
        }
        Ok(None)
    }

    /// The open incidents that somebody may know of, the newest first.
    async fn open_to(&self, viewer: &Viewer) -> Result<Vec<IncidentId>, Error> {
        let open = incidents::open(self.store.read(), OPEN).await?;
        let restricted = open.iter().filter(|one| one.restricted);
        let named = self
            .named(viewer, restricted.map(|one| one.id).collect())
            .await?;
        Ok(open
            .iter()
            .filter(|one| !one.restricted || named.contains(&one.id))
            .map(|one| one.id)
            .collect())
    }
}

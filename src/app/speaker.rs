//! Who speaks in chat, and about which incident.

use std::collections::BTreeSet;

use super::{App, Error, ErrorKind, Viewer, answers::SummaryAnswer};
use crate::{
    domain::{
        Address, ChannelName, IncidentId,
        delivery::order_key,
        directory::Person,
        event::{Actor, Door},
        incident::LeadRole,
    },
    store::outbox,
};

/// So many open incidents are looked through for the one of a place.
const OPEN: u32 = 200;

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
    /// The incident of the thread, or the only open one that is told of there.
    pub incident: Option<IncidentId>,
    /// Which of its leads the speaker is.
    pub leads: BTreeSet<LeadRole>,
}

impl App {
    /// The person who has this address on a channel of chat. Whoever has none may not act, and
    /// neither may people of other organisations.
    pub async fn speaker(
        &self,
        door: Door,
        channel: &ChannelName,
        address: &str,
    ) -> Result<Speaker, Error> {
        let book = self.rulebook().await?;
        let has_it = |person: &&Person| {
            person.addresses.iter().any(|known| {
                known.channel == *channel && known.address.as_str().eq_ignore_ascii_case(address)
            })
        };
        let mut people = book.directory.people.values().filter(has_it);
        let person = people.next();
        if people.next().is_some() {
            return Err(Error::new(
                ErrorKind::NotAllowed,
                "ambiguous-speaker",
                "The directory gives your address to more than one person, so I do not know who you are.",
                "Ask whoever looks after the directory to put it right.",
            ));
        }
        let Some(person) = person else {
            return Err(Error::new(
                ErrorKind::NotAllowed,
                "unknown-speaker",
                "I do not know who you are.",
                format!(
                    "Ask whoever looks after the directory to put {address} into your entry, as \
                     your address on the channel {channel}."
                ),
            ));
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

    /// What a conversation is about: `thread` is the other side's id of the message that began the
    /// thread, if it is one.
    pub async fn about(
        &self,
        speaker: &Speaker,
        channel: &ChannelName,
        conversation: &str,
        thread: Option<&str>,
    ) -> Result<About, Error> {
        let (open, _) = self
            .list_page(&speaker.viewer, true, None, None, None, OPEN)
            .await?;
        let address = Address::new(conversation);
        let key = |one: &SummaryAnswer| order_key(Some(one.incident), channel, &address);
        let keys: Vec<String> = open.iter().map(key).collect();
        let posts = outbox::posts_of(self.store.read(), &keys).await?;
        let of = |key: &String| {
            let at = keys.iter().position(|known| known == key)?;
            open.get(at).map(|one| one.incident)
        };
        let incident = match thread {
            Some(thread) => posts
                .iter()
                .find(|(_, post)| post == thread)
                .and_then(|(key, _)| of(key)),
            None => {
                let told: BTreeSet<IncidentId> =
                    posts.iter().filter_map(|(key, _)| of(key)).collect();
                (told.len() == 1).then(|| told.first().copied()).flatten()
            }
        };
        let mut leads = BTreeSet::new();
        if let Some(id) = incident {
            let (incident, _) = self.load(id).await?;
            let own = incident
                .leads
                .iter()
                .filter(|(_, person)| speaker.actor.person.as_ref() == Some(*person));
            leads.extend(own.map(|(role, _)| *role));
        }
        Ok(About { incident, leads })
    }
}

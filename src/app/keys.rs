//! Who calls with a key: what opens the door, and what does not.
//!
//! A key that acts for a person works as long as they are in the directory, as one of ours. When they
//! leave, it is revoked for good: whoever gets the same id later is somebody else.

use std::{collections::BTreeSet, net::IpAddr};

use secrecy::{ExposeSecret, SecretString};

use super::{
    App, Error, Scope, Viewer,
    guessing::{Hold, Why},
};
use crate::{
    domain::{
        PersonId, Time,
        directory::{Directory, Person},
        event::{Actor, Door},
    },
    store::{
        Tx,
        tokens::{self, Token},
    },
};

/// What the id of an actor begins with that is a key.
const TOKEN: &str = "token:";

/// Who revokes the keys of people who have left.
pub(super) const DIRECTORY: &str = "directory";

/// Who calls with a key, or has the program in their hands, and what they may do.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// As the record names them.
    pub actor: Actor,
    /// What they may do.
    pub scopes: BTreeSet<Scope>,
}

/// A key that opens nothing.
#[derive(Debug, Clone)]
pub struct RefusedKey {
    /// Why.
    pub why: Why,
    /// Its id, where it was a key once.
    pub id: Option<String>,
}

impl App {
    /// Who calls with a secret, if it is that of a valid key; notes that it was used.
    pub async fn key_holder(
        &self,
        secret: &SecretString,
    ) -> Result<Result<KeyHolder, RefusedKey>, Error> {
        let now = self.clock.now();
        let refused = |why| Ok(Err(RefusedKey { why, id: None }));
        if !tokens::is_well_formed(secret.expose_secret()) {
            return refused(Why::Malformed);
        }
        let Some(token) = tokens::find(self.store.read(), secret).await? else {
            return refused(Why::Unknown);
        };
        let person = match self.opened_by(&token, now).await? {
            Ok(person) => person,
            Err(why) => {
                let id = Some(token.id);
                return Ok(Err(RefusedKey { why, id }));
            }
        };
        tokens::note_use(self.store.write(), &token, now).await?;
        // What is done in somebody's name by a key says so wherever it is shown.
        let name = match person {
            None => token.name,
            Some(person) => format!("{} (key {})", person.name, token.name),
        };
        Ok(Ok(KeyHolder {
            actor: Actor {
                id: format!("{TOKEN}{}", token.id),
                person: token.person,
                name,
                door: Door::Api,
            },
            scopes: token.scopes,
        }))
    }

    /// Whether the key still opens the door, for whoever has been inside for a while.
    pub async fn still_holds(&self, holder: &KeyHolder) -> Result<bool, Error> {
        let id = holder.actor.id.strip_prefix(TOKEN).unwrap_or_default();
        let Some(token) = tokens::with_id(self.store.read(), id).await? else {
            return Ok(false);
        };
        Ok(self.opened_by(&token, self.clock.now()).await?.is_ok())
    }

    /// Notes that a key was refused, and says when that may be told.
    pub fn key_refused(&self, key: &RefusedKey, peer: IpAddr) -> Hold {
        let RefusedKey { why, id } = key;
        tracing::warn!(reason = why.as_str(), key = id, %peer, "a key was refused");
        self.guessing.refused(*why, peer, self.clock.now())
    }

    /// For whom a key acts, if it opens the door now.
    async fn opened_by(
        &self,
        token: &Token,
        now: Time,
    ) -> Result<Result<Option<Person>, Why>, Error> {
        if token.revoked_at.is_some() {
            let is_gone = token.revoked_by.as_deref() == Some(DIRECTORY);
            return Ok(Err(if is_gone {
                Why::PersonGone
            } else {
                Why::Revoked
            }));
        }
        if !token.is_valid(now) {
            return Ok(Err(Why::Expired));
        }
        let Some(id) = &token.person else {
            return Ok(Ok(None));
        };
        let book = self.rulebook().await?;
        if let Some(person) = ours(&book.directory, id) {
            return Ok(Ok(Some(person.clone())));
        }
        // They have left while a program ran that did not revoke their keys.
        if tokens::revoke(self.store.write(), &token.id, DIRECTORY, now).await? {
            note_revoked(&token.id, DIRECTORY);
        }
        Ok(Err(Why::PersonGone))
    }

    /// Revokes the keys of everybody whom a directory no longer has as one of ours; answers their ids.
    pub(super) async fn revoke_keys_of_gone(
        &self,
        tx: &Tx,
        after: &Directory,
        now: Time,
    ) -> Result<Vec<String>, Error> {
        let mut revoked = Vec::new();
        for token in tokens::of_people(tx).await? {
            let stays = token
                .person
                .as_ref()
                .is_some_and(|id| ours(after, id).is_some());
            if !stays && tokens::revoke(tx, &token.id, DIRECTORY, now).await? {
                revoked.push(token.id);
            }
        }
        Ok(revoked)
    }
}

impl KeyHolder {
    /// Somebody with the program in their hands, who may do everything.
    pub fn operator(actor: Actor) -> Self {
        Self {
            actor,
            scopes: Scope::ALL.into(),
        }
    }

    /// Whether they may do this. `admin` may do everything; every key may read.
    pub fn may(&self, scope: Scope) -> bool {
        let reads = scope == Scope::Read && !self.scopes.is_empty();
        reads || self.scopes.contains(&Scope::Admin) || self.scopes.contains(&scope)
    }

    /// What they may see.
    pub fn viewer(&self) -> Viewer {
        Viewer::Key {
            actor: self.actor.id.clone(),
            person: self.actor.person.clone(),
        }
    }
}

/// Writes into the log that a key was revoked.
pub(super) fn note_revoked(key: &str, by: &str) {
    tracing::warn!(key, by, "a key was revoked");
}

/// The person, if they are in a directory and of our own organisation.
fn ours<'d>(directory: &'d Directory, id: &PersonId) -> Option<&'d Person> {
    let person = directory.people.get(id)?;
    (!directory.is_outsider(person)).then_some(person)
}

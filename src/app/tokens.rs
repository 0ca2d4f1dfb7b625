//! Keys for the HTTP API.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, Error, ErrorKind, Scope, Viewer};
use crate::{
    domain::{
        PersonId, Time,
        event::{Actor, Door},
        when::{self, Side},
    },
    store::tokens::{self, NewToken, Token},
};

/// What the id of an actor begins with that is a key.
const TOKEN: &str = "token:";

/// A key to make.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [String],
    /// When it stops working, as people write it.
    pub expires: &'a str,
    /// For whom it acts; `None` is for nobody but itself.
    pub person: Option<&'a PersonId>,
    /// Who makes it.
    pub by: &'a str,
}

/// Who calls with a key, and what they may do.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// As the record names them.
    pub actor: Actor,
    /// What they may do.
    pub scopes: BTreeSet<Scope>,
}

/// A key as people see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The person for whom it acts; what it does is recorded as theirs.
    pub person: Option<String>,
    /// When it stops working.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// valid, expired or revoked.
    pub state: String,
    /// When it was used last, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Time>,
    /// The key itself; only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl App {
    /// Makes a key.
    pub async fn create_token(&self, new: NewKey<'_>) -> Result<TokenAnswer, Error> {
        let now = self.clock.now();
        let zone = match self.rulebook().await {
            Ok(book) => book.policy.time_zone,
            Err(_) => chrono_tz::Tz::UTC,
        };
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
            return Err(Error::new(
                ErrorKind::Usage,
                "bad-name",
                "The name cannot be used.",
                "Use 1 to 80 characters that say what the key is for.",
            ));
        }
        let scopes: BTreeSet<Scope> = new
            .scopes
            .iter()
            .map(|text| scope(text))
            .collect::<Result<_, _>>()?;
        if scopes.is_empty() {
            return Err(Error::new(
                ErrorKind::Usage,
                "missing-scope",
                "A key without a scope can do nothing.",
                "Name a scope: read, respond, manage or admin.",
            ));
        }
        let expires_at = when::parse(new.expires, now, zone, Side::Ahead)
            .map_err(|sentence| Error::new(ErrorKind::Usage, "bad-time", sentence, "Try 90d."))?;
        if expires_at <= now {
            return Err(Error::new(
                ErrorKind::Usage,
                "bad-time",
                "The key would have expired already.",
                "Choose a time to come, for example 90d.",
            ));
        }
        if let Some(person) = new.person {
            self.find_person(person).await?;
        }
        let new = NewToken {
            name,
            scopes,
            person: new.person,
            created_by: new.by,
            expires_at: Some(expires_at),
        };
        let (token, secret) = tokens::create(self.store.write(), new, now).await?;
        let mut answer = answer(token, now);
        answer.secret = Some(secret.expose_secret().to_owned());
        Ok(answer)
    }

    /// All keys, without their secrets.
    pub async fn tokens(&self) -> Result<Vec<TokenAnswer>, Error> {
        let now = self.clock.now();
        Ok(tokens::list(self.store.read())
            .await?
            .into_iter()
            .map(|token| answer(token, now))
            .collect())
    }

    /// Makes the key with this id or name useless from now on.
    pub async fn revoke_token(&self, wanted: &str) -> Result<TokenAnswer, Error> {
        let now = self.clock.now();
        let all = tokens::list(self.store.read()).await?;
        let mut matching: Vec<Token> = all
            .into_iter()
            .filter(|token| token.id == wanted || (token.name == wanted && token.is_valid(now)))
            .collect();
        let Some(mut token) = matching.pop() else {
            return Err(Error::new(
                ErrorKind::NotFound,
                "unknown-token",
                format!("There is no valid key \"{wanted}\"."),
                "See: oyez token list",
            ));
        };
        if !matching.is_empty() {
            return Err(Error::new(
                ErrorKind::Usage,
                "ambiguous-token",
                format!("Several keys are called \"{wanted}\"."),
                "Name one by its id: oyez token list",
            ));
        }
        tokens::revoke(self.store.write(), &token.id, now).await?;
        token.revoked_at.get_or_insert(now);
        Ok(answer(token, now))
    }

    /// Whether the key still opens the door, for whoever has been inside for a while.
    pub async fn still_holds(&self, holder: &KeyHolder) -> Result<bool, Error> {
        let id = holder.actor.id.strip_prefix(TOKEN).unwrap_or_default();
        let valid = tokens::is_valid(self.store.read(), id, self.clock.now()).await?;
        let Some(person) = holder.actor.person.as_ref().filter(|_| valid) else {
            return Ok(valid);
        };
        match self.find_person(person).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Who calls with a secret, if it is that of a valid key; notes that it was used.
    pub async fn key_holder(&self, secret: &SecretString) -> Result<Option<KeyHolder>, Error> {
        let now = self.clock.now();
        let Some(token) = tokens::find(self.store.read(), secret)
            .await?
            .filter(|token| token.is_valid(now))
        else {
            return Ok(None);
        };
        tokens::note_use(self.store.write(), &token, now).await?;
        let name = match &token.person {
            None => token.name,
            Some(id) => self.find_person(id).await.map_err(gone)?.name,
        };
        Ok(Some(KeyHolder {
            actor: Actor {
                id: format!("{TOKEN}{}", token.id),
                person: token.person,
                name,
                door: Door::Api,
            },
            scopes: token.scopes,
        }))
    }
}

impl KeyHolder {
    /// What they may see.
    pub fn viewer(&self) -> Viewer {
        Viewer::Key {
            actor: self.actor.id.clone(),
            person: self.actor.person.clone(),
        }
    }
}

/// Whoever left the organisation cannot go on with a key that was theirs.
fn gone(error: Error) -> Error {
    if error.kind != ErrorKind::NotFound {
        return error;
    }
    Error::new(
        ErrorKind::NotAllowed,
        "person-gone",
        "The person whose key this is, is no longer in the directory.",
        "Make a key for somebody else: oyez token create NAME --scope SCOPE --person PERSON",
    )
}

fn scope(text: &str) -> Result<Scope, Error> {
    [Scope::Read, Scope::Respond, Scope::Manage, Scope::Admin]
        .into_iter()
        .find(|scope| scope.as_str() == text)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                "bad-scope",
                format!("\"{text}\" is not a scope."),
                "Use read, respond, manage or admin.",
            )
        })
}

fn answer(token: Token, now: Time) -> TokenAnswer {
    let state = match token.revoked_at {
        Some(_) => "revoked",
        None if token.is_valid(now) => "valid",
        None => "expired",
    };
    TokenAnswer {
        id: token.id,
        name: token.name,
        scopes: token
            .scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        person: token.person.map(|person| person.to_string()),
        expires_at: token.expires_at,
        state: state.to_owned(),
        last_used_at: token.last_used_at,
        secret: None,
    }
}

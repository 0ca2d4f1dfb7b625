//! Keys for the HTTP API: making, listing and revoking them.
//!
//! Nobody makes a key that may more than they may themselves, and a key in somebody's name takes the
//! scope `admin`. Who made and who revoked a key is kept with it and written into the log.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, Error, ErrorKind, KeyHolder, Scope, keys::note_revoked};
use crate::{
    domain::{
        PersonId, Time,
        command::Refusal,
        event::Actor,
        when::{self, Side},
    },
    store::tokens::{self, NewToken, Token},
};

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
    pub by: &'a KeyHolder,
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
    /// Who made it: `cli:` and the user of a terminal, or `token:` and the id of a key.
    pub created_by: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it stops working.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// valid, expired or revoked.
    pub state: String,
    /// Who revoked it; `directory` if its person has left.
    pub revoked_by: Option<String>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Time>,
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
        let expires_at = when::parse(new.expires, now, zone, Side::Ahead).map_err(Refusal::from)?;
        if expires_at <= now {
            return Err(Error::new(
                ErrorKind::Usage,
                "bad-time",
                "The key would have expired already.",
                "Choose a time to come, for example 90d.",
            ));
        }
        for scope in &scopes {
            if !new.by.may(*scope) {
                return Err(more_than_own(*scope));
            }
        }
        if let Some(person) = new.person {
            self.may_be_named(person, new.by).await?;
        }
        let by = new.by.actor.id.as_str();
        let new = NewToken {
            name,
            scopes,
            person: new.person,
            created_by: by,
            expires_at: Some(expires_at),
        };
        let (token, secret) = tokens::create(self.store.write(), new, now).await?;
        let may: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
        let person = token.person.as_ref().map(PersonId::as_str);
        tracing::warn!(
            key = token.id,
            by,
            scopes = may.join(","),
            person,
            "a key was made"
        );
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
    pub async fn revoke_token(&self, wanted: &str, by: &Actor) -> Result<TokenAnswer, Error> {
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
        if tokens::revoke(self.store.write(), &token.id, &by.id, now).await? {
            note_revoked(&token.id, &by.id);
            token.revoked_at = Some(now);
            token.revoked_by = Some(by.id.clone());
        }
        Ok(answer(token, now))
    }

    /// Refuses a key in the name of somebody who is not one of ours, or by somebody who may not make it.
    async fn may_be_named(&self, person: &PersonId, by: &KeyHolder) -> Result<(), Error> {
        if !by.may(Scope::Admin) {
            return Err(more_than_own(Scope::Admin));
        }
        let person = self.find_person(person).await?;
        if self.rulebook().await?.directory.is_outsider(&person) {
            return Err(Error::new(
                ErrorKind::Refused,
                "not-for-outsiders",
                format!(
                    "{} belongs to another organisation, and keys are for our own.",
                    person.name
                ),
                "Name somebody of ours, or make a key that acts for nobody.",
            ));
        }
        Ok(())
    }
}

fn more_than_own(scope: Scope) -> Error {
    Error::new(
        ErrorKind::NotAllowed,
        "more-than-own",
        format!("You do not have the scope {scope}, so you cannot give it to a key."),
        format!("Ask somebody who may: oyez token create NAME --scope {scope}"),
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
        created_by: token.created_by,
        created_at: token.created_at,
        expires_at: token.expires_at,
        state: state.to_owned(),
        revoked_by: token.revoked_by,
        revoked_at: token.revoked_at,
        last_used_at: token.last_used_at,
        secret: None,
    }
}

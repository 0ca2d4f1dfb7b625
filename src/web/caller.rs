//! Who is calling: a bearer token, and what it may do.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
    web::Data,
};
use secrecy::SecretString;

use super::problem::Problem;
use crate::{
    app::{App, KeyHolder, Scope, Viewer},
    domain::event::Actor,
};

/// A caller with a valid token.
#[derive(Debug, Clone)]
pub(crate) struct Caller(KeyHolder);

impl Caller {
    /// Whether the token may do this. `admin` may do everything; `respond` and `manage` may read.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        let scopes = &self.0.scopes;
        let reads = scope == Scope::Read && !scopes.is_empty();
        if reads || scopes.contains(&Scope::Admin) || scopes.contains(&scope) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not-allowed",
            format!(
                "This key may not do that: it needs the scope {}.",
                scope.as_str()
            ),
            format!(
                "Make another key: oyez token create NAME --scope {}",
                scope.as_str()
            ),
        ))
    }

    /// As the record names them.
    pub(crate) fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// What the caller may see.
    pub(crate) fn viewer(&self) -> Viewer {
        self.0.viewer()
    }

    /// The holder of the key.
    pub(crate) fn into_holder(self) -> KeyHolder {
        self.0
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let secret = bearer(request);
        let app = request.app_data::<Data<App>>().cloned();
        Box::pin(async move {
            let (Some(secret), Some(app)) = (secret, app) else {
                return Err(refused("The request names no key."));
            };
            match app.key_holder(&secret).await? {
                Some(holder) => Ok(Self(holder)),
                None => Err(refused("The key is unknown, revoked or no longer valid.")),
            }
        })
    }
}

fn bearer(request: &HttpRequest) -> Option<SecretString> {
    let value = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| SecretString::from(secret.trim()))
}

fn refused(why: &str) -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "no-valid-key",
        why,
        "Send Authorization: Bearer KEY. Make a key with: oyez token create NAME --scope read",
    )
}

//! Who is calling: a bearer token, and what it may do. Refused ones are counted, and whoever sends many
//! hears of it later and later.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
    web::Data,
};
use secrecy::SecretString;

use super::{Stop, problem::Problem};
use crate::{
    app::{App, Hold, KeyHolder, KeyRefusal, RefusedKey, Scope, Viewer},
    domain::{event::Actor, shown::Sight},
};

/// A caller with a valid token.
#[derive(Debug, Clone)]
pub(crate) struct Caller(KeyHolder);

impl Caller {
    /// Refuses what the key may not do.
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.0.may(scope) {
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

    /// How much of addresses may be shown to them.
    pub(crate) fn sight(&self) -> Sight {
        if self.0.may(Scope::Manage) {
            Sight::Contacts
        } else {
            Sight::Masked
        }
    }

    /// Whose key it is, and what it may do.
    pub(crate) fn holder(&self) -> &KeyHolder {
        &self.0
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
        let given = given(request);
        let peer = request.peer_addr().map(|peer| peer.ip());
        let app = request.app_data::<Data<App>>().cloned();
        let stop = request.app_data::<Data<Stop>>().cloned();
        Box::pin(async move {
            let Some(app) = app else {
                return Err(refused("The request names no key."));
            };
            let key = match given {
                Given::Nothing => return Err(refused("The request names no key.")),
                Given::Unreadable => RefusedKey {
                    why: KeyRefusal::Malformed,
                    id: None,
                },
                Given::Key(secret) => match app.key_holder(&secret).await? {
                    Ok(holder) => return Ok(Self(holder)),
                    Err(key) => key,
                },
            };
            let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            match app.key_refused(&key, peer) {
                Hold::TooMany { seconds } => return Err(too_many(seconds)),
                Hold::Until(at) if at > app.clock.now() => {
                    let left = (at - app.clock.now()).to_std().unwrap_or_default();
                    let stopped = async {
                        match stop {
                            Some(stop) => stop.requested().await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = app.clock.pause(left) => {}
                        () = stopped => {}
                    }
                }
                Hold::Until(_) => {}
            }
            Err(match key.why {
                KeyRefusal::PersonGone => gone(),
                _ => refused("The key is unknown, revoked or no longer valid."),
            })
        })
    }
}

/// What a request says of its key.
enum Given {
    Nothing,
    Unreadable,
    Key(SecretString),
}

fn given(request: &HttpRequest) -> Given {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Given::Nothing;
    };
    let read = value.to_str().ok().and_then(|text| text.split_once(' '));
    match read {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => {
            Given::Key(SecretString::from(secret.trim()))
        }
        _ => Given::Unreadable,
    }
}

/// Whoever left the organisation cannot go on with a key that was theirs, and neither can whoever
/// gets their id later.
fn gone() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "person-gone",
        "The person whose key this was has left, or belongs to another organisation now.",
        "Make a new key: oyez token create NAME --scope SCOPE --person PERSON",
    )
}

fn too_many(seconds: i64) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-refusals",
        "Too many keys from this address were refused.",
        format!("Wait {seconds} seconds, and send a key that works."),
    )
}

fn refused(why: &str) -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "no-valid-key",
        why,
        "Send Authorization: Bearer KEY. Make a key with: oyez token create NAME --scope read",
    )
}

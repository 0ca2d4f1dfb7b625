//! Who asks from inside: on the machine of the server, or with a key.

use std::time::Duration;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderMap};

use super::{caller::Caller, in_time::in_time};

/// A key is looked up for so long, so that a database that hangs does not hold the answer up.
const WITHIN: Duration = Duration::from_secs(1);

/// What a proxy adds: through one, everybody seems to be on this machine.
const PROXIED: [&str; 5] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Whether a request comes from this machine itself, or with a key.
pub(super) async fn asks(request: &HttpRequest) -> bool {
    let peer = request.peer_addr();
    if peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        && !is_proxied(request.headers())
    {
        return true;
    }
    let caller = Caller::from_request(request, &mut Payload::None);
    matches!(in_time(WITHIN, caller).await, Some(Ok(_)))
}

fn is_proxied(headers: &HeaderMap) -> bool {
    PROXIED.iter().any(|name| headers.contains_key(*name))
}

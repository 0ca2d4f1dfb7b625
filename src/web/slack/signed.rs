//! A request that is Slack's: nothing of it is read before its signature was checked.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::StatusCode,
    web::{Bytes, Data, Query},
};
use serde::de::DeserializeOwned;

use super::{SlackDoor, signature};
use crate::app::App;

/// What was signed, and the door that checked it.
pub(super) struct Signed {
    pub(super) door: Arc<SlackDoor>,
    body: Bytes,
}

/// A request that gets no more than a status.
#[derive(Debug)]
pub(super) struct Refused(StatusCode);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.0)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.0
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.0).finish()
    }
}

impl FromRequest for Signed {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let door = request.app_data::<Data<Option<Arc<SlackDoor>>>>();
            let door = door.and_then(|door| door.as_ref().as_ref());
            let app = request.app_data::<Data<App>>();
            let (Some(door), Some(app)) = (door, app) else {
                return Err(Refused(StatusCode::NOT_FOUND));
            };
            let body = body.await;
            let body = body.map_err(|error| Refused(error.as_response_error().status_code()))?;
            let header = |name: &str| request.headers().get(name)?.to_str().ok();
            let checked = signature::verify(
                &door.secrets,
                header(signature::TIMESTAMP),
                header(signature::SIGNATURE),
                &body,
                app.clock.now(),
            );
            match checked {
                Ok(()) => Ok(Self {
                    door: Arc::clone(door),
                    body,
                }),
                Err(why) => {
                    tracing::warn!(%why, "a request that should be Slack's was refused");
                    Err(Refused(StatusCode::UNAUTHORIZED))
                }
            }
        })
    }
}

impl Signed {
    /// The body, read as the fields of a form.
    pub(super) fn form<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        let text = std::str::from_utf8(&self.body).map_err(unreadable)?;
        let query = Query::<T>::from_query(text).map_err(unreadable)?;
        Ok(query.into_inner())
    }

    /// The body, read as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        serde_json::from_slice(&self.body).map_err(unreadable)
    }
}

/// What Slack never sends; the cause may quote it, so it is not kept.
pub(super) fn unreadable<E>(_: E) -> Refused {
    Refused(StatusCode::BAD_REQUEST)
}

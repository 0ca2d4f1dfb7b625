//! Errors as RFC 9457 problem documents: the one place that maps them to HTTP.

use std::fmt;

use actix_web::{HttpRequest, HttpResponse, ResponseError, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{Error, ErrorKind};

/// What went wrong, for people and for programs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Problem {
    /// Stable name of the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:oyez:problem:unknown-service")]
    pub kind: String,
    /// What is wrong, one sentence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do, one sentence.
    pub detail: String,
    /// Every fault found, where there can be several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

impl Problem {
    /// A problem of the request itself.
    pub(crate) fn new(
        status: StatusCode,
        code: &str,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:oyez:problem:{code}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            faults: Vec::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.title, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        let later = [
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if later.contains(&self.status_code()) {
            response.insert_header(("Retry-After", "5"));
        }
        let body = serde_json::to_string(self).unwrap_or_default();
        response.content_type("application/problem+json").body(body)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind {
            ErrorKind::Usage => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::NotAllowed => StatusCode::FORBIDDEN,
            ErrorKind::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if error.source.is_some() {
            tracing::error!(code = error.code, chain = error.chain(), "a request failed");
        }
        let mut problem = Self::new(status, &error.code, error.sentence, error.fix);
        problem.faults = error.faults.iter().map(ToString::to_string).collect();
        problem
    }
}

/// Bodies, queries and paths that cannot be read.
pub(crate) fn unreadable(
    code: &'static str,
    what: &'static str,
) -> impl Fn(String, StatusCode) -> Problem {
    move |why, status| {
        let title = match status {
            StatusCode::PAYLOAD_TOO_LARGE => format!("The {what} is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body is not JSON.".to_owned(),
            _ => format!("The {what} cannot be read: {why}."),
        };
        let detail = match status {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "Send it with Content-Type: application/json.",
            _ => "See /api/openapi.json for what it takes.",
        };
        Problem::new(status, code, title, detail)
    }
}

/// Handlers for what the extractors refuse.
pub(crate) mod extractors {
    use actix_web::{
        error::{PathError, QueryPayloadError},
        web::{PathConfig, QueryConfig},
    };

    use super::{HttpRequest, StatusCode, unreadable};

    /// Query strings.
    pub(crate) fn query() -> QueryConfig {
        QueryConfig::default().error_handler(|error: QueryPayloadError, _: &HttpRequest| {
            unreadable("bad-query", "query")(error.to_string(), StatusCode::BAD_REQUEST).into()
        })
    }

    /// Parts of a path. What is no reference at all is simply not there.
    pub(crate) fn path() -> PathConfig {
        PathConfig::default().error_handler(|error: PathError, _: &HttpRequest| {
            unreadable("not-found", "address")(error.to_string(), StatusCode::NOT_FOUND).into()
        })
    }
}

//! The body of a request as JSON. What is wrong with it is said with the field that is wrong.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::StatusCode, web};
use serde::de::DeserializeOwned;

use super::problem::{Problem, unreadable};

/// A body that was read. The most bytes that are read are those of the `PayloadConfig`.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            let refuse = unreadable("bad-body", "body");
            if !is_json {
                return Err(refuse(String::new(), StatusCode::UNSUPPORTED_MEDIA_TYPE));
            }
            let bytes = bytes.await.map_err(|error| {
                let status = error.as_response_error().status_code();
                refuse(error.to_string(), status)
            })?;
            read(&bytes)
                .map(Self)
                .map_err(|why| refuse(why, StatusCode::BAD_REQUEST))
        })
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.mime_type().ok().flatten();
    kind.is_some_and(|kind| {
        kind.subtype() == "json" || kind.suffix().is_some_and(|suffix| suffix == "json")
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    // A list would be taken for the fields of a struct in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("it is not a JSON object".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        match path.as_str() {
            "." => error.into_inner().to_string(),
            _ => format!("{path}: {}", error.into_inner()),
        }
    })?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

//! Calls of the app: requests signed as Slack signs them.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{
    Method, Url,
    header::{CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use sha2::Sha256;

use super::Slack;
use crate::http_client::Call;

/// Most bytes of an answer that are read.
const ANSWER_MAX: usize = 1024 * 1024;

/// What is sent.
pub(super) enum Body {
    /// Pairs, as commands and interactions have them.
    Form(String),
    /// As events have it.
    Json(String),
}

/// Pairs as a form.
pub(super) fn encoded(pairs: &[(&str, &str)]) -> Body {
    let mut query = reqwest::Url::parse("http://x/").ok();
    if let Some(url) = &mut query {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    let text = query.as_ref().and_then(Url::query).unwrap_or_default();
    Body::Form(text.to_owned())
}

/// An interaction as the form in which Slack sends it.
pub(super) fn form_of(payload: &Value) -> Body {
    encoded(&[("payload", &payload.to_string())])
}

impl Slack {
    /// Calls the app with a signed request: the status and the body of its answer.
    pub(super) async fn send(&self, path: &str, body: Body) -> Result<(u16, String), String> {
        let url = format!("{}{path}", self.common.oyez());
        let url = Url::parse(&url).map_err(|_| "it does not listen yet".to_owned())?;
        let (kind, body) = match body {
            Body::Form(text) => ("application/x-www-form-urlencoded", text),
            Body::Json(text) => ("application/json", text),
        };
        let timestamp = self.common.now().timestamp().to_string();
        let signature = signature(&self.app.signing_secret, &timestamp, &body)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        // Somebody thinks between two taps, and Oyez may be closing a connection that was kept.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        for (name, value) in [
            ("x-slack-request-timestamp", timestamp),
            ("x-slack-signature", signature),
        ] {
            let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let call = Call {
            method: Method::POST,
            url: &url,
            headers,
            body: body.into_bytes(),
        };
        let reply = self.common.http.send_and_read(call, ANSWER_MAX).await;
        let reply = reply.map_err(|failure| failure.to_string())?;
        Ok((reply.status, reply.body))
    }
}

/// Slack's signature, version 0: docs.slack.dev, "Verifying requests from Slack".
fn signature(secret: &str, timestamp: &str, body: &str) -> Result<String, String> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.map_err(|error| error.to_string())?;
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("v0={hex}"))
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn it_signs_as_slack_does() {
        // The example of docs.slack.dev.
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        assert_eq!(
            signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body).unwrap(),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }
}

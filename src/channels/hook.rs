//! What all webhooks have in common: an address that is a secret, one POST, one answer.

use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::SecretString;

use super::{build::ChannelContext, signing::fingerprint};
use crate::{
    domain::{
        Address,
        delivery::{Class, Outcome},
        time::Time,
    },
    http_client::{ANSWER_MAX, Call, Failure, HttpClient, Repeats, Reply, classify},
};

/// One sort of webhook.
pub(super) struct Hook {
    /// What sentences call the other side: "Slack".
    pub(super) service: &'static str,
    /// How its lanes begin: `slack`.
    pub(super) lane: &'static str,
    /// Whether the other side knows a repeat.
    pub(super) repeats: Repeats,
    /// What the status table gets wrong about it.
    pub(super) exceptions: fn(&Reply) -> Option<(Class, String)>,
    /// Most bytes of an answer that are read.
    answer_max: usize,
    context: ChannelContext,
}

impl Hook {
    pub(super) fn new(
        service: &'static str,
        lane: &'static str,
        repeats: Repeats,
        exceptions: fn(&Reply) -> Option<(Class, String)>,
        context: &ChannelContext,
    ) -> Self {
        Self {
            service,
            lane,
            repeats,
            exceptions,
            answer_max: ANSWER_MAX,
            context: context.clone(),
        }
    }

    /// The same for another side whose answers are longer than most.
    pub(super) fn reading(self, answer_max: usize) -> Self {
        Self { answer_max, ..self }
    }

    pub(super) fn http(&self) -> &HttpClient {
        &self.context.http
    }

    pub(super) fn install_secret(&self) -> &SecretString {
        &self.context.install_secret
    }

    pub(super) fn now(&self) -> Time {
        self.context.clock.now()
    }

    /// One lane an address, because limits are per webhook. The address is a secret, so the lane
    /// has its fingerprint.
    pub(super) fn lane_of(&self, address: &Address) -> String {
        let print = fingerprint(self.install_secret(), &["lane", address.as_str()]);
        format!("{}:{print}", self.lane)
    }

    /// Posts JSON to the recipient's address and says what came of it.
    pub(super) async fn post(
        &self,
        address: &Address,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Outcome {
        let secrets = [address.as_str()];
        match self.http().check_url(address.as_str()) {
            Ok(url) => {
                self.call(Method::POST, &url, headers, body, &secrets)
                    .await
                    .0
            }
            Err(sentence) => {
                Failure::Address(sentence).outcome(self.service, self.repeats, &secrets)
            }
        }
    }

    /// Sends to any address: JSON, unless the headers say otherwise. Gives the answer too, for what a channel reads out of it.
    pub(super) async fn call(
        &self,
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Vec<u8>,
        secrets: &[&str],
    ) -> (Outcome, Option<Reply>) {
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/json; charset=utf-8"));
        let call = Call {
            method,
            url,
            headers,
            body,
        };
        match self.http().send_and_read(call, self.answer_max).await {
            Err(failure) => (failure.outcome(self.service, self.repeats, secrets), None),
            Ok(reply) => {
                let now = self.now();
                let by_table = classify(&reply, self.service, self.repeats, now, secrets);
                let outcome = match self.exception(&reply) {
                    Some((class, sentence)) => Outcome {
                        class,
                        sentence,
                        ..by_table
                    },
                    None => by_table,
                };
                (outcome, Some(reply))
            }
        }
    }

    fn exception(&self, reply: &Reply) -> Option<(Class, String)> {
        // Whoever answered with it says nothing about the address: it is not the service.
        if matches!(reply.status, 200..=299 | 404 | 405 | 410) && reply.is_web_page() {
            let sentence = format!(
                "A web page came back instead of {}'s answer. Check that no proxy or sign-in page stands between.",
                self.service
            );
            return Some((Class::BadConfiguration, sentence));
        }
        (self.exceptions)(reply)
    }
}

/// Why a question about a message in doubt has no answer. The common table speaks of messages that are
/// sent; what it says about the way there, the key and the pace holds for questions too.
pub(super) fn asked_in_vain(service: &str, outcome: Outcome) -> Outcome {
    let why = match (outcome.class, outcome.code) {
        (
            Class::NotSent
            | Class::BadConfiguration
            | Class::BadDestination
            | Class::Throttled { .. },
            _,
        ) => outcome.sentence,
        (_, Some(code)) => format!("{service} did not answer the question ({code})."),
        (_, None) => format!("{service} did not answer the question in time."),
    };
    Outcome {
        sentence: format!("Whether the message is there cannot be looked up. {why}"),
        ..outcome
    }
}

/// What a probe of a webhook says: there is nothing that could be asked without sending.
pub(super) fn nothing_to_probe() -> Result<String, String> {
    Ok(
        "Each address is a webhook of its own. Test one with: oyez directory test PERSON"
            .to_owned(),
    )
}

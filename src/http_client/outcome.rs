//! What an HTTP answer, or none, means for a delivery.
//!
//! One table for every channel; a channel states its exceptions before it asks here.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{Failure, Reply};
use crate::domain::{
    delivery::{Class, Outcome},
    redact::redact,
    time::Time,
};

/// Shortest and longest wait that a provider may ask for, in milliseconds.
const WAIT_MS: (u64, u64) = (1_000, 3_600_000);

/// Whether the other side can tell a repeated message from a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It knows our id of the delivery: sending again does no harm.
    Recognised,
    /// It would show the message twice: an answer that leaves open whether it is out is uncertain.
    Shown,
}

/// Turns an answer into an outcome. `service` is what people call the other side ("Slack");
/// `secrets` are taken out of what is kept of the answer.
pub fn classify(
    reply: &Reply,
    service: &str,
    repeats: Repeats,
    now: Time,
    secrets: &[&str],
) -> Outcome {
    let status = reply.status;
    let wait = retry_after_ms(reply, now);
    let ambiguous = match repeats {
        Repeats::Recognised => Class::RemoteTemporary,
        Repeats::Shown => Class::Uncertain,
    };
    let (class, sentence) = match status {
        200..=299 => (Class::Accepted, format!("{service} took the message.")),
        300..=399 => (
            // Gateways that want people to sign in answer so for every address.
            Class::BadConfiguration,
            format!(
                "A redirect came back instead of {service}'s answer, and redirects are not followed. Check that no proxy or sign-in page stands between, and that the address has not moved."
            ),
        ),
        401 | 403 => (
            Class::BadConfiguration,
            format!(
                "{service} refused us ({status}). Check that the address or key is still valid and may be used by us."
            ),
        ),
        404 | 405 | 410 => (
            Class::BadDestination,
            format!(
                "{service} does not know the address any more ({status}). Make a new one and put it into the directory."
            ),
        ),
        407 => (
            Class::BadConfiguration,
            format!(
                "A proxy in front of {service} wants a password. Let this machine reach {service} directly."
            ),
        ),
        408 | 500 | 502 | 504 => (
            ambiguous,
            match ambiguous {
                Class::Uncertain => format!(
                    "{service} had a fault ({status}) and may or may not have taken the message. Look there before sending it again."
                ),
                _ => format!(
                    "{service} had a fault of its own ({status}). If it goes on, ask the people who run it."
                ),
            },
        ),
        412 | 423 | 425 => (
            Class::RemoteTemporary,
            format!("{service} cannot take the message just now ({status})."),
        ),
        413 => (
            Class::BadPayload,
            format!("{service} says that the message is too long. Shorten it and send an update."),
        ),
        429 => (
            Class::Throttled { after_ms: wait },
            throttled(service, wait),
        ),
        503 if wait.is_some() => (
            Class::Throttled { after_ms: wait },
            throttled(service, wait),
        ),
        503 => (
            ambiguous,
            format!(
                "{service} is not available just now (503). If it goes on, ask the people who run it."
            ),
        ),
        400..=499 => (
            Class::BadPayload,
            format!(
                "{service} does not accept the message ({status}). Check its template with: oyez template check"
            ),
        ),
        _ => (
            ambiguous,
            format!("{service} answered in a way that we do not know ({status})."),
        ),
    };
    Outcome {
        class,
        code: Some(status),
        reply: redact(&reply.body, secrets),
        sentence,
        provider_id: None,
    }
}

/// How long the provider asks us to wait, in milliseconds from `now`: 1 second to 1 hour. Reads
/// seconds and the three forms of HTTP date; `None` when it does not say.
pub fn retry_after_ms(reply: &Reply, now: Time) -> Option<u64> {
    let text = reply.retry_after.as_deref()?.trim();
    let wait_ms = match text.parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1_000),
        Err(_) => {
            let wait = http_date(text)?
                .signed_duration_since(now)
                .num_milliseconds();
            u64::try_from(wait).unwrap_or(0)
        }
    };
    Some(wait_ms.clamp(WAIT_MS.0, WAIT_MS.1))
}

fn http_date(text: &str) -> Option<Time> {
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.with_timezone(&Utc));
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| date.and_utc())
}

fn throttled(service: &str, wait_ms: Option<u64>) -> String {
    match wait_ms.map(|ms| ms.div_ceil(1_000)) {
        Some(1) => format!("{service} asks us to wait 1 second."),
        Some(seconds) => format!("{service} asks us to wait {seconds} seconds."),
        None => format!("{service} asks us to go slower."),
    }
}

impl Failure {
    /// What it means that there was no answer.
    pub fn outcome(&self, service: &str, repeats: Repeats, secrets: &[&str]) -> Outcome {
        let (class, sentence) = match self {
            Self::Address(sentence) => (Class::BadDestination, format!("{sentence}.")),
            Self::Private(sentence) => (Class::BadConfiguration, format!("{sentence}.")),
            Self::NotSent(_) => (
                Class::NotSent,
                format!("{service} could not be reached. Check the network and the host name."),
            ),
            Self::NoAnswer(_) if repeats == Repeats::Recognised => (
                Class::RemoteTemporary,
                format!(
                    "{service} did not answer in time. It is safe to send again: repeats are recognised."
                ),
            ),
            Self::NoAnswer(_) => (
                Class::Uncertain,
                format!(
                    "{service} did not answer in time and may or may not have taken the message. Look there before sending it again."
                ),
            ),
        };
        let detail = match self {
            Self::Address(_) | Self::Private(_) => "",
            Self::NotSent(detail) | Self::NoAnswer(detail) => detail,
        };
        Outcome {
            class,
            code: None,
            reply: redact(detail, secrets),
            sentence,
            provider_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, retry_after: Option<&str>) -> Reply {
        Reply {
            status,
            retry_after: retry_after.map(str::to_owned),
            oauth_scopes: None,
            body: String::new(),
        }
    }

    fn now() -> Time {
        "2026-11-23T13:20:00Z".parse().unwrap()
    }

    fn class(status: u16, retry_after: Option<&str>, repeats: Repeats) -> Class {
        classify(&reply(status, retry_after), "Slack", repeats, now(), &[]).class
    }

    #[test]
    fn every_status_has_its_class() {
        for (status, expected) in [
            (200, Class::Accepted),
            (202, Class::Accepted),
            (301, Class::BadConfiguration),
            (302, Class::BadConfiguration),
            (308, Class::BadConfiguration),
            (400, Class::BadPayload),
            (401, Class::BadConfiguration),
            (403, Class::BadConfiguration),
            (404, Class::BadDestination),
            (405, Class::BadDestination),
            (407, Class::BadConfiguration),
            (408, Class::Uncertain),
            (410, Class::BadDestination),
            (412, Class::RemoteTemporary),
            (413, Class::BadPayload),
            (422, Class::BadPayload),
            (429, Class::Throttled { after_ms: None }),
            (500, Class::Uncertain),
            (502, Class::Uncertain),
            (503, Class::Uncertain),
            (504, Class::Uncertain),
            (599, Class::Uncertain),
        ] {
            assert_eq!(class(status, None, Repeats::Shown), expected, "{status}");
        }
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(
                class(status, None, Repeats::Recognised),
                Class::RemoteTemporary
            );
        }
    }

    #[test]
    fn the_wait_is_read_as_seconds_and_as_a_date_and_kept_within_bounds() {
        for (text, expected) in [
            ("30", Some(30_000)),
            (" 0 ", Some(1_000)),
            ("999999999999999999999", None),
            ("86400", Some(3_600_000)),
            ("Mon, 23 Nov 2026 13:20:45 GMT", Some(45_000)),
            ("Monday, 23-Nov-26 13:20:45 GMT", Some(45_000)),
            ("Mon Nov 23 13:20:45 2026", Some(45_000)),
            ("Mon, 23 Nov 2026 13:00:00 GMT", Some(1_000)),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(
                retry_after_ms(&reply(429, Some(text)), now()),
                expected,
                "{text}"
            );
        }
        assert_eq!(
            class(503, Some("7"), Repeats::Shown),
            Class::Throttled {
                after_ms: Some(7_000)
            }
        );
    }

    #[test]
    fn a_name_that_leads_into_a_private_network_is_not_the_end_of_an_address() {
        let class = |failure: Failure| failure.outcome("Slack", Repeats::Shown, &[]).class;
        let sentence = || "The address leads into a private network".to_owned();
        assert_eq!(class(Failure::Private(sentence())), Class::BadConfiguration);
        assert_eq!(class(Failure::Address(sentence())), Class::BadDestination);
    }

    #[test]
    fn a_sentence_says_how_long_to_wait() {
        let outcome = classify(&reply(429, Some("30")), "Slack", Repeats::Shown, now(), &[]);
        assert_eq!(outcome.sentence, "Slack asks us to wait 30 seconds.");
    }
}

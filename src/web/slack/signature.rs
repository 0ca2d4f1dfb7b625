//! Whether a request comes from Slack.
//!
//! Slack signs the bytes of each body, with the time, under a secret that it shares with the app:
//! `v0=` and the HMAC-SHA-256, in hexadecimal, of `v0:<timestamp>:<body>`. So the body has to be
//! checked as it came, before anything reads it.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::domain::Time;

/// The header with the time of signing, in seconds since 1970.
pub(super) const TIMESTAMP: &str = "X-Slack-Request-Timestamp";
/// The header with the signature.
pub(super) const SIGNATURE: &str = "X-Slack-Signature";

/// How far the time of signing may be from ours, either way, in seconds: what is older may be
/// somebody's copy.
const WINDOW: u64 = 300;

/// Bytes of an HMAC-SHA-256.
const LENGTH: usize = 32;

/// Why a request is not taken for Slack's. For the log: whoever sent it is told no more than no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// No signing secret is set, so nothing can be from Slack.
    #[error("there is no signing secret to check it with: set one")]
    NoSecret,
    /// One of the headers is missing or is not what Slack writes there.
    #[error("it is not signed as Slack signs")]
    NotSigned,
    /// It was signed too long ago, or in the future.
    #[error("it was signed at another time than now: check the clock of this machine")]
    NotNow,
    /// None of the secrets made this signature for this body.
    #[error("its signature is wrong: check the signing secret")]
    Forged,
}

/// Checks a request: the two headers as they came, the body byte for byte. While a secret is
/// changed both are given, and either will do.
///
/// # Errors
/// When it is not shown to be from Slack, and of about `now`.
pub(super) fn verify(
    secrets: &[SecretString],
    timestamp: Option<&str>,
    signature: Option<&str>,
    body: &[u8],
    now: Time,
) -> Result<(), Refused> {
    // HMAC takes an empty key, and then everybody knows it.
    let mut secrets = secrets
        .iter()
        .map(|secret| secret.expose_secret().trim())
        .filter(|secret| !secret.is_empty())
        .peekable();
    if secrets.peek().is_none() {
        return Err(Refused::NoSecret);
    }
    let timestamp = timestamp.ok_or(Refused::NotSigned)?;
    let signed_at = seconds(timestamp).ok_or(Refused::NotSigned)?;
    let signature = signature.and_then(decode).ok_or(Refused::NotSigned)?;
    if now.timestamp().abs_diff(signed_at) > WINDOW {
        return Err(Refused::NotNow);
    }
    // Which of them it is takes no secret to tell, so the search may end early.
    if secrets.any(|secret| made(secret, timestamp, body, &signature)) {
        Ok(())
    } else {
        Err(Refused::Forged)
    }
}

/// Whether this secret made this signature; takes as long whatever the signature is.
fn made(secret: &str, timestamp: &str, body: &[u8], signature: &[u8; LENGTH]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

/// Digits and nothing else: a sign or a space is not what Slack writes.
fn seconds(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// The bytes behind `v0=`, written in lower case as Slack does.
fn decode(text: &str) -> Option<[u8; LENGTH]> {
    let hex = text.strip_prefix("v0=")?.as_bytes();
    if hex.len() != 2 * LENGTH {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    // The example in Slack's own documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const AT: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&\
        channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&\
        command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F\
        T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.\
        803a0bc887a14d10d2c447fce8b6703c";
    const MADE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn signed_at() -> Time {
        "2018-07-12T18:36:58Z".parse().unwrap()
    }

    fn secrets(texts: &[&str]) -> Vec<SecretString> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    fn check(timestamp: &str, signature: &str, body: &[u8], now: Time) -> Result<(), Refused> {
        verify(
            &secrets(&[SECRET]),
            Some(timestamp),
            Some(signature),
            body,
            now,
        )
    }

    #[test]
    fn the_example_of_slack_is_from_slack() {
        assert_eq!(check(AT, MADE, BODY.as_bytes(), signed_at()), Ok(()));
    }

    #[test]
    fn five_minutes_either_way_are_now_and_a_second_more_is_not() {
        for (off, expected) in [
            (-301, Err(Refused::NotNow)),
            (-300, Ok(())),
            (300, Ok(())),
            (301, Err(Refused::NotNow)),
        ] {
            let now = signed_at() + TimeDelta::seconds(off);
            assert_eq!(check(AT, MADE, BODY.as_bytes(), now), expected, "{off}");
        }
    }

    #[test]
    fn either_of_two_secrets_will_do_while_they_are_changed() {
        let verify = |texts: &[&str]| {
            let body = BODY.as_bytes();
            verify(&secrets(texts), Some(AT), Some(MADE), body, signed_at())
        };
        assert_eq!(verify(&["another", SECRET]), Ok(()));
        assert_eq!(verify(&[SECRET, "another"]), Ok(()));
        assert_eq!(verify(&["another", "and another"]), Err(Refused::Forged));
        assert_eq!(verify(&[]), Err(Refused::NoSecret));
    }

    #[test]
    fn an_empty_secret_lets_nobody_in() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(format!("v0:{AT}:{BODY}").as_bytes());
        let hex: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let signature = format!("v0={hex}");
        for empty in ["", " \n"] {
            let refused = verify(
                &secrets(&[empty]),
                Some(AT),
                Some(&signature),
                BODY.as_bytes(),
                signed_at(),
            );
            assert_eq!(refused, Err(Refused::NoSecret));
        }
    }

    #[test]
    fn what_lacks_a_part_or_is_written_otherwise_is_not_signed() {
        let secrets = secrets(&[SECRET]);
        let upper = MADE.to_uppercase().replace("V0", "v0");
        let long = format!("{MADE}00");
        let spaced = format!(" {AT}");
        let plus = format!("+{AT}");
        for (timestamp, signature) in [
            (None, None),
            (None, Some(MADE)),
            (Some(AT), None),
            (Some(""), Some(MADE)),
            (Some("-1531420618"), Some(MADE)),
            (Some(&*plus), Some(MADE)),
            (Some(&*spaced), Some(MADE)),
            (Some("99999999999999999999"), Some(MADE)),
            (Some("soon"), Some(MADE)),
            (Some(AT), Some("")),
            (Some(AT), Some("v0=")),
            (Some(AT), Some(&MADE[3..])),
            (Some(AT), Some(&MADE[..66])),
            (Some(AT), Some(&*long)),
            (Some(AT), Some(&*upper)),
            (Some(AT), Some("v1=a2114d57b48eac39b9ad189dd8316235")),
        ] {
            let refused = verify(&secrets, timestamp, signature, BODY.as_bytes(), signed_at());
            assert_eq!(
                refused,
                Err(Refused::NotSigned),
                "{timestamp:?} {signature:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_changed_byte_of_the_body_is_found_out(at in 0..BODY.len(), by in 1..=255_u8) {
            let mut body = BODY.as_bytes().to_vec();
            body[at] ^= by;
            prop_assert_eq!(check(AT, MADE, &body, signed_at()), Err(Refused::Forged));
        }

        #[test]
        fn a_changed_bit_of_the_signature_is_found_out(at in 0..LENGTH, bit in 0..8_u8) {
            let mut bytes = decode(MADE).unwrap();
            bytes[at] ^= 1 << bit;
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let refused = check(AT, &format!("v0={hex}"), BODY.as_bytes(), signed_at());
            prop_assert_eq!(refused, Err(Refused::Forged));
        }

        #[test]
        fn another_time_than_the_signed_one_is_found_out(other in 1_531_420_318..1_531_420_918_u64) {
            prop_assume!(other.to_string() != AT);
            let refused = check(&other.to_string(), MADE, BODY.as_bytes(), signed_at());
            prop_assert_eq!(refused, Err(Refused::Forged));
        }

        #[test]
        fn a_copy_is_no_use_later(seconds in 301..4_000_000_000_i64) {
            let later = signed_at() + TimeDelta::seconds(seconds);
            prop_assert_eq!(check(AT, MADE, BODY.as_bytes(), later), Err(Refused::NotNow));
        }

        #[test]
        fn nothing_that_is_sent_panics_or_gets_in(
            timestamp in "\\PC{0,20}",
            signature in "(v0=)?\\PC{0,70}",
            body in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            prop_assert!(check(&timestamp, &signature, &body, signed_at()).is_err());
        }
    }
}

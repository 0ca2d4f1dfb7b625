//! By what Outlook and Exchange know the mails of one incident: they group by headers of their own, and
//! where those are missing by the subject, which differs from moment to moment.
//!
//! Sources: [MS-OXCMAIL] 2.2.3.2.7 and [MS-OXOMSG] 2.2.1.3. The index is the header block alone: what an
//! answer adds to it shows how the mails hang together, which References do already.

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};

use crate::{channels::signing::hmac_sha256, domain::IncidentId};

/// What the mails of an incident have in common, the same for all of them and at every repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thread {
    /// `Thread-Topic`. A title may change, so it is the incident's number.
    pub(super) topic: String,
    /// `Thread-Index`.
    pub(super) index: String,
}

/// What a block begins with.
const RESERVED: u8 = 1;
/// The upper five bytes of a FILETIME, from the most significant on: 1 January 2026. No reader groups or
/// sorts by the time in the block alone, and it has to be the same for all mails of an incident; when an
/// incident began, a mail about it does not know.
const TIME: [u8; 5] = [0x01, 0xDC, 0x7A, 0xB1, 0x93];

impl Thread {
    /// Of this incident, at this installation.
    pub(super) fn of(incident: IncidentId, install_secret: &SecretString) -> Self {
        let topic = incident.to_string();
        let of = format!("outlook\0{topic}");
        let digest = hmac_sha256(install_secret.expose_secret().as_bytes(), of.as_bytes());
        let mut block = vec![RESERVED];
        block.extend_from_slice(&TIME);
        block.extend(digest.iter().take(16));
        Self {
            topic,
            index: BASE64_STANDARD.encode(block),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};

    use super::*;

    fn of(incident: u32, secret: &str) -> Thread {
        Thread::of(IncidentId(incident), &secret.into())
    }

    #[test]
    fn the_index_is_one_header_block() {
        let block = BASE64_STANDARD.decode(of(42, "x").index).unwrap();
        assert_eq!(block.len(), 22);
        assert_eq!(block[0], 1);
        // A FILETIME counts 100 nanoseconds since 1601; its lower three bytes are left out.
        let ticks = block[1..6]
            .iter()
            .fold(0_i64, |ticks, byte| ticks << 8 | i64::from(*byte))
            << 24;
        let epoch = Utc.with_ymd_and_hms(1601, 1, 1, 0, 0, 0).unwrap();
        let time = epoch + TimeDelta::microseconds(ticks / 10);
        assert_eq!(time.date_naive().to_string(), "2026-01-01");
    }

    #[test]
    fn it_is_the_same_for_an_incident_and_for_no_other() {
        assert_eq!(of(42, "x"), of(42, "x"));
        assert_eq!(of(42, "x").topic, "INC-0042");
        assert_ne!(of(42, "x").index, of(43, "x").index);
        assert_ne!(of(42, "x").index, of(42, "y").index);
    }
}

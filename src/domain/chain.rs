//! The hash chain over an incident's log.
//!
//! Each stored record carries a hash over the one before and over the digest of its own stored
//! bytes. The digest stands between, so that a record whose words had to be erased keeps its place:
//! its text is replaced by that digest, and the chain can still be followed.

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Record;

/// What stands before the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A record as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// Position within the incident, from 1.
    pub seq: u32,
    /// The stored text; what `erased` says decides what it is.
    pub text: &'a str,
    /// Whether the text was replaced by its digest.
    pub erased: bool,
    /// The hash kept with it.
    pub hash: &'a str,
}

/// A record as it is named where its hash is kept elsewhere: "Record 14: 9f86d081884c7d65".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Position within the incident, from 1.
    pub seq: u32,
    /// Its hash, all of it.
    pub hash: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.hash.get(..DIGITS).unwrap_or(&self.hash);
        write!(f, "Record {}: {digits}", self.seq)
    }
}

/// Digits of a hash that are printed, and the fewest by which a record is looked for.
pub const DIGITS: usize = 16;

/// The first digits of the hash of a record that was kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits(String);

/// A text that holds no digits of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give at least {DIGITS} digits of the hash, for example 9f86d081884c7d65")]
pub struct BadDigits;

impl Digits {
    /// Whether a hash begins with them.
    pub fn begin(&self, hash: &str) -> bool {
        hash.starts_with(&self.0)
    }
}

impl FromStr for Digits {
    type Err = BadDigits;

    /// Takes the digits alone, or the whole line that was printed with them.
    fn from_str(text: &str) -> Result<Self, BadDigits> {
        let digits = text.rsplit(':').next().unwrap_or(text).trim();
        let fits = (DIGITS..=GENESIS.len()).contains(&digits.len());
        if fits && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(digits.to_ascii_lowercase()))
        } else {
            Err(BadDigits)
        }
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first place at which a log is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record at position {seq} is not what was written: {what}")]
pub struct Broken {
    /// Position at which it shows.
    pub seq: u32,
    /// What is wrong, for the operator.
    pub what: &'static str,
}

/// The text of a record as it is stored and hashed. Made once: the stored bytes are the truth, and
/// are never made again from what was read.
pub fn stored_text(record: &Record) -> Result<String, serde_json::Error> {
    serde_json::to_string(record)
}

/// SHA-256 of a text, in lower-case hex.
pub fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The hash of a record: over the hash before it and the digest of its stored text.
pub fn link(previous: &str, text: &str) -> String {
    link_digest(previous, &digest(text))
}

fn link_digest(previous: &str, digest_of_text: &str) -> String {
    digest(&format!("{previous}{digest_of_text}"))
}

/// Follows the whole log of one incident, in order, and returns the hash at its head. Nothing that
/// was changed, taken out, put in or moved passes; records cut off at the end are seen by comparing
/// the head with the one kept elsewhere.
pub fn verify<'a>(links: impl IntoIterator<Item = Link<'a>>) -> Result<String, Broken> {
    let mut head = GENESIS.to_owned();
    for (expected, found) in (1..).zip(links) {
        let broken = |what| Broken {
            seq: found.seq,
            what,
        };
        if found.seq != expected {
            return Err(broken("a record is missing or out of place before it"));
        }
        let hash = if found.erased {
            link_digest(&head, found.text)
        } else {
            link(&head, found.text)
        };
        if hash != found.hash {
            return Err(broken(
                "its hash does not follow from its text and the record before",
            ));
        }
        head = hash;
    }
    Ok(head)
}

/// Bytes in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::fixture::{Log, at, declared};

    fn chain(texts: &[String]) -> Vec<(u32, String, String)> {
        let mut head = GENESIS.to_owned();
        (1..)
            .zip(texts)
            .map(|(seq, text)| {
                head = link(&head, text);
                (seq, text.clone(), head.clone())
            })
            .collect()
    }

    fn check(rows: &[(u32, String, String)]) -> Result<String, Broken> {
        verify(rows.iter().map(|(seq, text, hash)| Link {
            seq: *seq,
            text,
            erased: false,
            hash,
        }))
    }

    #[test]
    fn a_stored_record_reads_back_as_it_was_and_keeps_its_hash() {
        let mut log = Log::default();
        log.write(
            at("2026-11-23T13:20:00.123456Z"),
            declared(at("2026-11-23T14:40:00Z")),
        );
        let text = stored_text(&log.0[0]).unwrap();
        let read: Record = serde_json::from_str(&text).unwrap();
        assert_eq!(read, log.0[0]);
        assert_eq!(stored_text(&read).unwrap(), text);
    }

    #[test]
    fn the_hash_is_sha_256_over_the_hash_before_and_the_digest_of_the_text() {
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            link(GENESIS, "abc"),
            digest(&format!("{GENESIS}{}", digest("abc")))
        );
    }

    #[test]
    fn an_erased_text_leaves_the_chain_whole_and_a_forged_one_does_not() {
        let rows = chain(&["one".to_owned(), "a name".to_owned(), "three".to_owned()]);
        let erase = |with: &str| {
            let with = with.to_owned();
            verify(rows.iter().map(|(seq, text, hash)| Link {
                seq: *seq,
                text: if *seq == 2 { &with } else { text },
                erased: *seq == 2,
                hash,
            }))
        };
        assert_eq!(erase(&digest("a name")).unwrap(), rows[2].2);
        assert_eq!(erase(&digest("another")).unwrap_err().seq, 2);
        assert_eq!(verify([]).unwrap(), GENESIS);
    }

    #[test]
    fn a_head_is_printed_short_and_its_digits_are_found_again() {
        let head = Head {
            seq: 14,
            hash: digest("test"),
        };
        let printed = head.to_string();
        assert_eq!(printed, "Record 14: 9f86d081884c7d65");
        for text in [
            &printed,
            "9F86D081884C7D65",
            " 9f86d081884c7d659 ",
            &head.hash,
        ] {
            let digits: Digits = text.parse().unwrap();
            assert!(digits.begin(&head.hash), "{text}");
        }
        for text in [
            "",
            "9f86d081884c7d6",
            "9f86d081884c7d6g",
            "Record 14:",
            &"0".repeat(65),
        ] {
            assert_eq!(text.parse::<Digits>(), Err(BadDigits), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_change_of_the_log_passes(
            texts in proptest::collection::vec("[a-z]{0,6}", 2..8),
            at in any::<prop::sample::Index>(),
            how in 0u8..5,
        ) {
            let rows = chain(&texts);
            prop_assert_eq!(check(&rows).unwrap(), rows[rows.len() - 1].2.clone());
            let mut forged = rows.clone();
            let at = at.index(rows.len());
            match how {
                0 => forged[at].1.push('x'),
                1 => forged[at].2.replace_range(0..1, "g"),
                2 if at + 1 < rows.len() => { forged.remove(at); }
                3 if at + 1 < rows.len() && rows[at].1 != rows[at + 1].1 => {
                    let (one, two) = (rows[at].1.clone(), rows[at + 1].1.clone());
                    forged[at].1 = two;
                    forged[at + 1].1 = one;
                }
                _ => {
                    // A forger who does not know the hash before cannot put a record in.
                    forged.insert(at, (rows[at].0, "x".to_owned(), link(GENESIS, "y")));
                }
            }
            prop_assert!(check(&forged).is_err());
        }
    }
}

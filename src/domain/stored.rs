//! Reading back what [`chain::stored_text`](super::chain::stored_text) wrote.
//!
//! A log may have been written by a newer version, or before times were bounded: what cannot be read
//! or calculated with is an error, and never a panic later.

use super::{event::Record, time, time::Time};

/// Why a stored record is of no use to this version.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not what this version writes.
    #[error("it is not a record of this version")]
    Unknown(#[from] serde_json::Error),
    /// It holds a time so far away that nothing can be calculated with it.
    #[error("it holds a time that is centuries away")]
    Time,
}

/// The record of a stored text.
pub fn read(text: &str) -> Result<Record, Unreadable> {
    let record = serde_json::from_str(text)?;
    if holds_far_time(text) {
        return Err(Unreadable::Time);
    }
    Ok(record)
}

/// Whether a text of JSON holds a time that cannot be calculated with. Such a time is the only one that
/// is written with a sign.
fn holds_far_time(text: &str) -> bool {
    let signed = text.match_indices("\"+").chain(text.match_indices("\"-"));
    signed
        .filter_map(|(at, quote)| text.get(at + quote.len() - 1..)?.split('"').next())
        .filter_map(|text| text.parse::<Time>().ok())
        .any(|at| !time::is_usable(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        chain::stored_text,
        event::{Actor, Door, Event},
    };

    fn noted(text: &str, at: &str) -> String {
        let record = Record {
            seq: 2,
            at: at.parse().unwrap(),
            actor: Actor {
                id: "person:priya-shah".to_owned(),
                person: None,
                name: "Priya Shah".to_owned(),
                door: Door::Api,
            },
            event: Event::Noted {
                text: text.to_owned(),
            },
            request_key: "1".to_owned(),
            said: None,
        };
        stored_text(&record).unwrap()
    }

    #[test]
    fn a_record_with_a_time_that_cannot_be_calculated_with_is_not_read() {
        for far in ["+262142-12-31T23:00:00Z", "-262143-01-01T00:00:00Z"] {
            let text = noted("Looked", far);
            assert!(matches!(read(&text), Err(Unreadable::Time)), "{text}");
        }
        assert!(read(&noted("Looked", "2026-11-23T13:20:00Z")).is_ok());
    }

    #[test]
    fn words_that_look_nearly_like_one_are_words() {
        for words in [
            "+44 7700 900123",
            "-262143-01-01",
            "He said \"+262142-12-31T23:00:00Z\"",
        ] {
            assert!(
                read(&noted(words, "2026-11-23T13:20:00Z")).is_ok(),
                "{words}"
            );
        }
    }

    #[test]
    fn an_event_of_a_newer_version_is_not_read() {
        let text = noted("Looked", "2026-11-23T13:20:00Z").replace("\"noted\"", "\"foreseen\"");
        assert!(text.contains("foreseen"));
        assert!(matches!(read(&text), Err(Unreadable::Unknown(_))));
    }
}

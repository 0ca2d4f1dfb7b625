//! People of a chat whose address there is in nobody's entry, recognised by their mail address.
//!
//! The chat is asked once in a while, and only about people whom the directory does not know. What it
//! says is kept here, and not whom it led to, so that a change of the directory holds at once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;

use crate::{
    channels::BoxFuture,
    domain::{ChannelName, Time, delivery::Outcome},
};

/// How long an answer holds.
const KEPT: TimeDelta = TimeDelta::minutes(15);
/// So many answers are kept.
const MOST: usize = 2_000;

/// Where whoever speaks can be looked up.
pub trait Members: Send + Sync {
    /// The mail addresses of a member, by their address in the chat, as its administrators keep them:
    /// none for guests and programs, and where the chat does not say. The outcome says why it cannot
    /// be told.
    fn mails<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<Vec<String>, Outcome>>;
}

/// What chats have said, with a lifetime and a bound.
#[derive(Default)]
pub(super) struct Mails(Mutex<HashMap<(ChannelName, String), Said>>);

struct Said {
    until: Time,
    mails: Vec<String>,
}

impl Mails {
    /// What was said of an address, if that still holds.
    pub(super) fn find(
        &self,
        channel: &ChannelName,
        address: &str,
        now: Time,
    ) -> Option<Vec<String>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = kept.get(&(channel.clone(), address.to_lowercase()))?;
        (now < said.until).then(|| said.mails.clone())
    }

    /// Keeps what was said.
    pub(super) fn keep(&self, channel: &ChannelName, address: &str, mails: Vec<String>, now: Time) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, said| now < said.until);
        }
        if kept.len() >= MOST {
            kept.clear();
        }
        let said = Said {
            until: now + KEPT,
            mails,
        };
        kept.insert((channel.clone(), address.to_lowercase()), said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_a_quarter_of_an_hour_and_there_are_only_so_many() {
        let now: Time = "2026-11-23T13:20:00Z".parse().unwrap();
        let teams: ChannelName = "teams".parse().unwrap();
        let slack: ChannelName = "slack".parse().unwrap();
        let mails = Mails::default();
        mails.keep(&teams, "A-1", vec!["a@b.example".to_owned()], now);
        let almost = now + KEPT - TimeDelta::milliseconds(1);
        assert_eq!(mails.find(&teams, "a-1", almost).unwrap(), ["a@b.example"]);
        assert_eq!(mails.find(&slack, "a-1", almost), None);
        assert_eq!(mails.find(&teams, "a-1", now + KEPT), None);
        for number in 0..3 * MOST {
            mails.keep(&teams, &number.to_string(), Vec::new(), now);
            assert!(mails.0.lock().unwrap().len() <= MOST);
        }
        let last = (3 * MOST - 1).to_string();
        assert_eq!(mails.find(&teams, &last, now), Some(Vec::new()));
    }
}

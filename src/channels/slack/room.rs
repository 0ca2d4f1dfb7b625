//! The channels that incidents have to themselves.
//!
//! A name is used once in a workspace, even after its channel is archived. That makes the name the
//! key of a repeat: if the answer to a creation was lost, the next try hears that the name is taken
//! and finds the channel among those that the app is in, made by itself.

use chrono::TimeDelta;
use reqwest::{Method, Url};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{EVENT, Slack, answers::Answer, place};
use crate::{
    channels::{BoxFuture, Opened, Outgoing, ROOM, Rooms},
    domain::{
        Address,
        delivery::{Class, Outcome},
        incident::Incident,
        time::Time,
    },
    http_client::Reply,
};

/// With what names begin unless the settings say otherwise.
pub(super) const PREFIX: &str = "inc";
/// Longest name of a channel.
const NAME_MAX: usize = 80;
/// Most characters of a topic.
const TOPIC_MAX: usize = 250;
/// How far our clock and Slack's may differ.
const MARGIN: TimeDelta = TimeDelta::minutes(5);
/// Channels of a page, and most pages, of those that the app is in.
const PAGE: &str = "200";
const PAGES: usize = 50;

/// Whether names may begin with it.
pub(super) fn is_prefix(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(may)
}

fn may(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
}

/// Whether a message goes into the channel of its incident.
pub(super) fn is_own(outgoing: &Outgoing<'_>) -> bool {
    let conversation = outgoing.conversation;
    conversation.is_some_and(|it| it.kind == ROOM && it.id == outgoing.address.as_str())
}

/// `inc-0007-register-trainees-empty-page`, as Slack wants names: the title as far as it has plain
/// letters and digits, and as far as there is room for whole words.
fn name(prefix: &str, incident: &Incident, taken: u32) -> String {
    let mut name = format!("{prefix}-{:04}", incident.id.0);
    let exercise = if incident.exercise { "exercise " } else { "" };
    let end = match taken {
        0 => String::new(),
        taken => format!("-{}", taken.saturating_add(1)),
    };
    let title = format!("{exercise}{}", incident.title.to_lowercase());
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        if name.len() + 1 + word.len() + end.len() > NAME_MAX {
            break;
        }
        name.push('-');
        name.push_str(word);
    }
    name + &end
}

#[derive(Deserialize)]
struct Made {
    channel: Id,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Own {
    user_id: String,
}

#[derive(Deserialize)]
struct Listed {
    channels: Vec<Place>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Default, Deserialize)]
struct Cursor {
    #[serde(default)]
    next_cursor: String,
}

#[derive(Deserialize)]
struct Place {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    creator: String,
    /// Seconds since 1970.
    #[serde(default)]
    created: i64,
}

/// Why Slack did not do it: the name of its error, and what it means.
struct No {
    error: String,
    outcome: Outcome,
}

impl From<No> for Outcome {
    fn from(no: No) -> Self {
        no.outcome
    }
}

/// Names of errors that are about one person, whom Slack does not let in or who is in already.
fn is_about_a_person(error: &str) -> bool {
    matches!(
        error,
        "already_in_channel"
            | "cant_invite"
            | "cant_invite_self"
            | "user_not_found"
            | "user_disabled"
            | "user_is_restricted"
            | "user_is_ultra_restricted"
            | "ura_max_channels"
            | "user_team_not_in_channel"
            | "invalid_users"
            | "no_user"
            | "not_supported"
    )
}

impl Slack {
    async fn room_call<T: DeserializeOwned>(
        &self,
        method: &str,
        body: &Value,
        address: &str,
    ) -> Result<T, No> {
        let url = self.api.url(method);
        let bytes = body.to_string().into_bytes();
        read(self.api.call(Method::POST, &url, bytes, address).await)
    }

    async fn make(&self, name: &str, since: Time) -> Result<Opened, Outcome> {
        let body = json!({ "name": name, "is_private": false });
        let made: Result<Made, No> = self.room_call("conversations.create", &body, "").await;
        match made {
            Ok(made) => Ok(Opened::Room(Address::new(&made.channel.id))),
            Err(no) if no.error == "name_taken" => {
                let found = self.made_before(name, since).await?;
                Ok(found.map_or(Opened::NameTaken, |id| Opened::Room(Address::new(&id))))
            }
            Err(no) => Err(no.outcome),
        }
    }

    /// The channel of this name that the app itself made since then. Whoever makes one is in it.
    async fn made_before(&self, name: &str, since: Time) -> Result<Option<String>, Outcome> {
        let own: Own = self.room_call("auth.test", &json!({}), "").await?;
        let mut url = self.api.url("users.conversations");
        url.query_pairs_mut()
            .append_pair("types", "public_channel")
            .append_pair("exclude_archived", "false")
            .append_pair("limit", PAGE);
        let earliest = (since - MARGIN).timestamp();
        let is_it = |place: &&Place| {
            place.name == name && place.creator == own.user_id && place.created >= earliest
        };
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let listed: Listed = self.page(url.clone(), &cursor).await?;
            if let Some(place) = listed.channels.iter().find(is_it) {
                return Ok(Some(place.id.clone()));
            }
            cursor = listed.response_metadata.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }
        Ok(None)
    }

    async fn page(&self, mut url: Url, cursor: &str) -> Result<Listed, No> {
        if !cursor.is_empty() {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        read(self.api.call(Method::GET, &url, Vec::new(), "").await)
    }

    /// All at once; if Slack refuses that because of somebody, each alone.
    async fn ask_in(&self, room: &str, people: &[Address]) -> Result<(), Outcome> {
        let ids: Vec<&str> = people.iter().map(Address::as_str).collect();
        if let Err(no) = self.ask_in_these(room, &ids).await {
            if !is_about_a_person(&no.error) {
                return Err(no.outcome);
            }
            if ids.len() > 1 {
                for id in ids {
                    match self.ask_in_these(room, &[id]).await {
                        Err(no) if !is_about_a_person(&no.error) => return Err(no.outcome),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    async fn ask_in_these(&self, room: &str, ids: &[&str]) -> Result<(), No> {
        if ids.is_empty() {
            return Ok(());
        }
        let body = json!({ "channel": room, "users": ids.join(","), "force": true });
        let done: Result<Value, No> = self.room_call("conversations.invite", &body, room).await;
        done.map(drop)
    }
}

fn read<T: DeserializeOwned>((outcome, reply): (Outcome, Option<Reply>)) -> Result<T, No> {
    let error = reply.as_ref().and_then(Answer::read);
    let error = error.and_then(|answer| answer.error().map(str::to_owned));
    let error = error.unwrap_or_default();
    let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
        return Err(No {
            outcome: in_words(&error, outcome),
            error,
        });
    };
    serde_json::from_str(&reply.body).map_err(|_| No {
        error,
        outcome: Outcome {
            class: Class::Uncertain,
            sentence: "Slack's answer cannot be read. Check that no proxy stands between."
                .to_owned(),
            ..outcome
        },
    })
}

/// What an error means here, where that is something else than for a post.
fn in_words(error: &str, outcome: Outcome) -> Outcome {
    if error.starts_with("restricted_action") {
        return Outcome {
            class: Class::BadConfiguration,
            sentence: "Slack does not let the app make channels. Ask whoever administers Slack to \
                       allow it, or turn channel_per_incident off."
                .to_owned(),
            ..outcome
        };
    }
    outcome
}

impl Rooms for Slack {
    fn name(&self, incident: &Incident, taken: u32) -> String {
        let prefix = self.api.prefix.as_deref().unwrap_or(PREFIX);
        name(prefix, incident, taken)
    }

    fn open<'a>(&'a self, name: &'a str, since: Time) -> BoxFuture<'a, Result<Opened, Outcome>> {
        Box::pin(self.make(name, since))
    }

    fn invite<'a>(
        &'a self,
        room: &'a Address,
        people: &'a [Address],
    ) -> BoxFuture<'a, Result<(), Outcome>> {
        Box::pin(self.ask_in(room.as_str(), people))
    }

    fn set_topic<'a>(
        &'a self,
        room: &'a Address,
        topic: &'a str,
    ) -> BoxFuture<'a, Result<(), Outcome>> {
        Box::pin(async move {
            let topic: String = topic.chars().take(TOPIC_MAX).collect();
            let body = json!({ "channel": room.as_str(), "topic": topic });
            let address = room.as_str();
            let done: Result<Value, No> = self
                .room_call("conversations.setTopic", &body, address)
                .await;
            done.map(drop).map_err(Outcome::from)
        })
    }

    fn is_place(&self, address: &Address) -> bool {
        !place::is_person(address.as_str())
    }

    fn point<'a>(&'a self, post: &'a str, room: &'a Address) -> BoxFuture<'a, Result<(), Outcome>> {
        Box::pin(async move {
            let Some((channel, ts)) = post.split_once('/') else {
                return Ok(());
            };
            let room = room.as_str();
            let body = json!({
                "channel": channel,
                "thread_ts": ts,
                "text": format!("<#{room}> is for working on this incident. What the responders are told is said there as well."),
                "unfurl_links": false,
                "unfurl_media": false,
                "link_names": false,
                "metadata": { "event_type": EVENT, "event_payload": { "room": room } },
            });
            let done: Result<Value, No> = self.room_call("chat.postMessage", &body, channel).await;
            done.map(drop).map_err(Outcome::from)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::Event,
        fixture::{Log, at, declared},
    };

    fn incident(title: &str) -> Incident {
        let due = at("2026-11-23T14:40:00Z");
        let mut event = declared(due);
        if let Event::Declared { title: named, .. } = &mut event {
            title.clone_into(named);
        }
        Log::default().write(due, event).incident()
    }

    #[test]
    fn a_name_is_as_slack_wants_it_whatever_the_title_is() {
        let long = "Trainees ".repeat(30);
        let word = "x".repeat(300);
        for (title, expected) in [
            (
                "Register trainees: empty page",
                "inc-0042-register-trainees-empty-page",
            ),
            ("  It's <!channel> & *down*  ", "inc-0042-it-s-channel-down"),
            ("Сервис", "inc-0042"),
            ("ÅNGSTRÖM", "inc-0042-ngstr-m"),
            (&word, "inc-0042"),
            (
                &long,
                "inc-0042-trainees-trainees-trainees-trainees-trainees-trainees-trainees-trainees",
            ),
        ] {
            let incident = incident(title);
            for taken in [0, 1, 19] {
                let name = name(PREFIX, &incident, taken);
                assert!(name.len() <= NAME_MAX && name.bytes().all(may), "{name}");
                match taken {
                    0 => assert_eq!(name, expected),
                    taken => assert!(name.ends_with(&format!("-{}", taken + 1)), "{name}"),
                }
            }
        }
    }

    #[test]
    fn an_exercise_is_called_one() {
        let mut incident = incident("Providers cannot sign in");
        incident.exercise = true;
        let name = name("nla_inc", &incident, 0);
        assert_eq!(name, "nla_inc-0042-exercise-providers-cannot-sign-in");
    }
}

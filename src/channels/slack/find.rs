//! Looking for a message in doubt in what Slack shows of its channel and thread.

use chrono::TimeDelta;
use reqwest::{Method, Url};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    EVENT, SERVICE, Slack,
    answers::{self, Answer},
    place::{self, Thread},
};
use crate::{
    channels::{Outgoing, hook::asked_in_vain},
    domain::{
        delivery::{Class, Look, Outcome},
        time::Time,
    },
    http_client::Reply,
};

/// How long before the first try the search begins: our clock and Slack's may differ.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// Messages of a page. They hold their blocks, so a hundred could be more than is read of an answer.
const PAGE: &str = "50";
/// Most pages: what was said since the first try, in a channel where much is said.
const PAGES: usize = 10;

#[derive(Deserialize)]
struct Listed {
    messages: Vec<Message>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Default, Deserialize)]
struct Cursor {
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    ts: String,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    event_type: String,
    #[serde(default)]
    event_payload: serde_json::Value,
}

impl Message {
    fn is_of(&self, delivery: &str) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| {
            metadata.event_type == EVENT && metadata.event_payload["id"] == delivery
        })
    }
}

#[derive(Deserialize)]
struct Opened {
    channel: Conversation,
}

#[derive(Deserialize)]
struct Conversation {
    id: String,
}

/// One search.
struct Search<'a> {
    slack: &'a Slack,
    outgoing: &'a Outgoing<'a>,
    channel: &'a str,
}

impl Slack {
    /// Whether Slack shows a message that is marked as this delivery.
    pub(super) async fn find(&self, outgoing: &Outgoing<'_>) -> Look {
        match self.try_to_find(outgoing).await {
            Ok(Some(found)) => Look::Found(found),
            Ok(None) => Look::Missing,
            Err(why) => Look::Unknown(why),
        }
    }

    async fn try_to_find(&self, outgoing: &Outgoing<'_>) -> Result<Option<Outcome>, Outcome> {
        let thread = place::thread(outgoing);
        let address = outgoing.address.as_str();
        let opened;
        let channel = match &thread {
            Some(thread) => thread.channel,
            None if place::is_person(address) => {
                opened = self.direct_messages_with(address).await?;
                &opened
            }
            None => address,
        };
        let search = Search {
            slack: self,
            outgoing,
            channel,
        };
        // A reply stands in its thread alone; without the message that began it, in the channel.
        if let Some(thread) = &thread
            && let Some(found) = search.thread(thread).await?
        {
            return Ok(Some(found));
        }
        search.channel().await
    }

    /// The channel of the direct messages with a person. Opening it shows them nothing.
    async fn direct_messages_with(&self, person: &str) -> Result<String, Outcome> {
        let body = json!({ "users": person }).to_string().into_bytes();
        let url = self.api.url("conversations.open");
        let (outcome, reply) = self.api.call(Method::POST, &url, body, person).await;
        let opened: Opened = read(outcome, reply)?;
        Ok(opened.channel.id)
    }
}

impl Search<'_> {
    async fn thread(&self, thread: &Thread<'_>) -> Result<Option<Outcome>, Outcome> {
        let mut url = self.slack.api.url("conversations.replies");
        url.query_pairs_mut().append_pair("ts", thread.ts);
        self.pages(url).await
    }

    async fn channel(&self) -> Result<Option<Outcome>, Outcome> {
        self.pages(self.slack.api.url("conversations.history"))
            .await
    }

    async fn pages(&self, mut url: Url) -> Result<Option<Outcome>, Outcome> {
        url.query_pairs_mut()
            .append_pair("channel", self.channel)
            .append_pair("oldest", &timestamp(self.outgoing.date - MARGIN))
            .append_pair("include_all_metadata", "true")
            .append_pair("limit", PAGE);
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let mut page = url.clone();
            if let Some(cursor) = &cursor {
                page.query_pairs_mut().append_pair("cursor", cursor);
            }
            let address = self.outgoing.address.as_str();
            let (outcome, reply) = self
                .slack
                .api
                .call(Method::GET, &page, Vec::new(), address)
                .await;
            if reply.as_ref().is_some_and(answers::has_lost_its_thread) {
                return Ok(None);
            }
            let code = outcome.code;
            let listed: Listed = read(outcome, reply)?;
            let ours = |message: &&Message| message.is_of(self.outgoing.delivery);
            if let Some(message) = listed.messages.iter().find(ours) {
                return Ok(Some(answers::delivered(self.channel, &message.ts, code)));
            }
            cursor = listed.response_metadata.next_cursor;
            if cursor.as_ref().is_none_or(String::is_empty) {
                return Ok(None);
            }
        }
        Err(Outcome {
            class: Class::Uncertain,
            code: None,
            reply: String::new(),
            sentence: "So much was said in the Slack channel since that it cannot be looked \
                       through. Look there for the message before sending it again."
                .to_owned(),
            provider_id: None,
        })
    }
}

/// What Slack answered to a question, or why that cannot be had.
fn read<T: DeserializeOwned>(outcome: Outcome, reply: Option<Reply>) -> Result<T, Outcome> {
    let Some(reply) = reply else {
        return Err(asked_in_vain(SERVICE, outcome));
    };
    if outcome.class != Class::Accepted {
        let outcome = asked_in_vain(SERVICE, outcome);
        return Err(unless_it_lacks_a_scope(outcome, &reply));
    }
    serde_json::from_str(&reply.body).map_err(|error| Outcome {
        class: Class::RemoteTemporary,
        // The parser quotes nothing; the list itself holds what people say to each other.
        reply: error.to_string(),
        sentence: "Slack's list of messages cannot be read.".to_owned(),
        ..outcome
    })
}

/// A permission that only looking needs is no reason to stop sending.
fn unless_it_lacks_a_scope(outcome: Outcome, reply: &Reply) -> Outcome {
    match Answer::read(reply) {
        Some(answer) if answer.error() == Some("missing_scope") => Outcome {
            class: Class::Uncertain,
            ..outcome
        },
        _ => outcome,
    }
}

/// A time as Slack writes it: seconds since 1970, a point, microseconds.
fn timestamp(at: Time) -> String {
    format!("{}.{:06}", at.timestamp(), at.timestamp_subsec_micros())
}

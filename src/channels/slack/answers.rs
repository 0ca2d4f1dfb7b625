//! What Slack's answers mean.
//!
//! Slack answers 200 to almost everything and says in `ok` whether it did it, with the name of the
//! error if it did not. Only the answers of an overloaded or broken Slack have a status of their own.

use serde::Deserialize;

use crate::{
    domain::delivery::{Class, Outcome},
    http_client::Reply,
};

/// What every answer says.
#[derive(Deserialize)]
pub(super) struct Answer {
    ok: bool,
    error: Option<String>,
    /// The permission that is missing.
    needed: Option<String>,
}

impl Answer {
    pub(super) fn read(reply: &Reply) -> Option<Self> {
        serde_json::from_str(&reply.body).ok()
    }

    /// The name of the error; `None` if there was none.
    pub(super) fn error(&self) -> Option<&str> {
        (!self.ok).then(|| self.error.as_deref().unwrap_or_default())
    }
}

/// What the status alone gets wrong.
pub(super) fn exceptions(reply: &Reply) -> Option<(Class, String)> {
    let status = reply.status;
    if matches!(status, 300..=399 | 404 | 405 | 410) {
        let sentence =
            "What answers at the address in the setting api is not Slack. Correct that setting.";
        return Some((Class::BadConfiguration, sentence.to_owned()));
    }
    // Of its own troubles Slack may not know what became of the message.
    if matches!(status, 408 | 429 | 500..) {
        return None;
    }
    let was_done = (200..300).contains(&status);
    match Answer::read(reply) {
        Some(answer) => match answer.error() {
            Some(name) => Some(meaning(name, answer.needed.as_deref())),
            None => None,
        },
        None if was_done => Some((
            Class::Uncertain,
            "Slack's answer cannot be read. Check that no proxy stands between.".to_owned(),
        )),
        None => None,
    }
}

/// Whether the message was not posted because the one that began its thread is not there, or takes
/// no replies.
pub(super) fn has_lost_its_thread(reply: &Reply) -> bool {
    Answer::read(reply).is_some_and(|answer| {
        matches!(
            answer.error(),
            Some(
                "cannot_reply_to_message"
                    | "thread_not_found"
                    | "message_not_found"
                    | "invalid_thread_ts"
                    | "restricted_action_non_threadable_channel"
                    | "restricted_action_thread_locked"
            )
        )
    })
}

const TOKEN: &str = "Slack does not accept the token. Copy the bot token of the app again, from the \
                     page OAuth & Permissions, into the settings.";
const ADMINISTRATOR: &str = "An administrator of Slack does not let the app work in this workspace. \
                             Ask them to allow it.";
const NOT_THERE: &str =
    "The app is not in this Slack channel. Invite it there: /invite and its name.";
const UNKNOWN_CHANNEL: &str = "Slack does not know this channel, or it is private and the app is not in \
                               it. Invite the app there, or correct the id in the directory.";
const UNKNOWN_PERSON: &str =
    "Slack does not know this person any more. Correct the member id in the directory.";
const MAY_NOT_POST: &str =
    "The app may not post in this Slack channel. Ask whoever manages the channel to allow it.";
const NOT_TAKEN: &str =
    "Slack does not accept the message. Check its template with: oyez template check";

/// What an error of Slack means, by its name.
fn meaning(name: &str, needed: Option<&str>) -> (Class, String) {
    let (class, sentence) = match name {
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            (Class::BadConfiguration, TOKEN)
        }
        "missing_scope" => return (Class::BadConfiguration, lacks(needed)),
        "not_allowed_token_type" => (
            Class::BadConfiguration,
            "Slack wants the bot token of the app, which starts with xoxb-. Copy it into the \
             settings.",
        ),
        "team_access_not_granted"
        | "access_denied"
        | "accesslimited"
        | "ekm_access_denied"
        | "enterprise_is_restricted"
        | "no_permission"
        | "org_login_required" => (Class::BadConfiguration, ADMINISTRATOR),
        "channel_not_found" => (Class::BadDestination, UNKNOWN_CHANNEL),
        "not_in_channel" => (Class::BadDestination, NOT_THERE),
        "is_archived" => (
            Class::BadDestination,
            "The Slack channel is archived. Open it again, or put another one into the directory.",
        ),
        "user_not_found" | "user_disabled" => (Class::BadDestination, UNKNOWN_PERSON),
        "cannot_dm_bot" => (
            Class::BadDestination,
            "This Slack member is a program, which apps cannot write to. Put a person or a channel \
             into the directory.",
        ),
        "messages_tab_disabled" => (
            Class::BadConfiguration,
            "The Slack app does not let people read its messages to them. Turn on the messages tab \
             on its page App Home.",
        ),
        _ if name.starts_with("restricted_action") => (Class::Refused, MAY_NOT_POST),
        "msg_too_long" | "msg_blocks_too_long" => (
            Class::BadPayload,
            "Slack says that the message is too long. Shorten it and send an update.",
        ),
        "invalid_blocks"
        | "invalid_blocks_format"
        | "no_text"
        | "invalid_arg_name"
        | "invalid_arguments"
        | "invalid_array_arg"
        | "invalid_charset"
        | "invalid_json"
        | "json_not_object"
        | "too_many_attachments"
        | "invalid_metadata_format"
        | "invalid_metadata_schema"
        | "metadata_too_large" => (Class::BadPayload, NOT_TAKEN),
        "ratelimited" | "rate_limited" => (
            Class::Throttled { after_ms: None },
            "Slack asks us to go slower.",
        ),
        // By Slack's own description, part of the work may have been done before these.
        "internal_error" | "fatal_error" => (
            Class::Uncertain,
            "Slack had a fault of its own and may or may not have posted the message. Look there \
             before sending it again.",
        ),
        "service_unavailable" | "request_timeout" | "team_added_to_org" => (
            Class::RemoteTemporary,
            "Slack cannot take the message just now. If it goes on, look at the status page of Slack.",
        ),
        _ => return (Class::RemoteTemporary, unknown(name)),
    };
    (class, sentence.to_owned())
}

/// Which permission the app lacks, and what to do.
fn lacks(needed: Option<&str>) -> String {
    let which = match needed.filter(|needed| is_name(needed)) {
        Some(needed) => format!("the permission {needed}"),
        None => "a permission".to_owned(),
    };
    format!(
        "The Slack app lacks {which}. Add it on the page OAuth & Permissions and install the app \
         again."
    )
}

/// An error that is in none of Slack's lists: the message was not posted, and may be at a later try.
fn unknown(name: &str) -> String {
    if is_name(name) {
        format!(
            "Slack did not post the message and says {name}. Look that word up in Slack's \
             documentation of chat.postMessage."
        )
    } else {
        "Slack did not post the message and does not say why.".to_owned()
    }
}

/// Whether it looks like one of Slack's names, and so can stand in a sentence.
fn is_name(text: &str) -> bool {
    let may = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:.,".contains(c);
    (1..=100).contains(&text.len()) && text.chars().all(may)
}

#[derive(Deserialize)]
struct Posted {
    channel: String,
    ts: String,
}

/// What it means that Slack did it. It posts before it answers, so the message has arrived. The
/// answer repeats the words, which are on the record.
pub(super) fn posted(reply: &Reply, outcome: Outcome) -> Outcome {
    match serde_json::from_str::<Posted>(&reply.body) {
        Ok(Posted { channel, ts }) => delivered(&channel, &ts, outcome.code),
        Err(_) => Outcome {
            class: Class::Uncertain,
            sentence: "Slack's answer names no message. Check that no proxy stands between."
                .to_owned(),
            ..outcome
        },
    }
}

/// A message that is in the channel. The channel is the answer's: for a person, that is the one of
/// the direct messages, without which nothing can be hung below it later.
pub(super) fn delivered(channel: &str, ts: &str, code: Option<u16>) -> Outcome {
    Outcome {
        class: Class::Delivered,
        code,
        reply: String::new(),
        sentence: "Slack posted the message.".to_owned(),
        provider_id: Some(format!("{channel}/{ts}")),
    }
}

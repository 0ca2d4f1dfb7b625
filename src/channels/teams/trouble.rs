//! What goes wrong with Teams and with Microsoft Entra, and what to do about it.
//!
//! Sources: the status codes in msteams-docs ("Send and receive messages with a bot") and in
//! bot-docs; Microsoft's list of AADSTS errors.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    domain::delivery::{Class, Outcome},
    http_client::Reply,
};

/// Where the Bot connector differs from the common table.
pub(super) fn of_post(reply: &Reply) -> Option<(Class, String)> {
    let error = Said::read(reply);
    let (class, sentence) = match (reply.status, error.code.as_str()) {
        (300..=399 | 405 | 410, _) | (404, "") => (
            Class::BadConfiguration,
            "What answers at service_url is not Teams. Correct service_url in the settings.",
        ),
        (401, _) => (
            Class::BadConfiguration,
            "Teams does not take the bot's token. Check that app_id is that of the bot in Azure, \
             and that Teams is among the bot's channels there.",
        ),
        (403, _) if error.is_blocked() => (
            Class::BadDestination,
            "The bot was blocked or removed there in Teams. Ask for it to be added again, or use \
             another channel.",
        ),
        (403, "ForbiddenOperationException") => (
            Class::BadDestination,
            "This person does not have the bot's app in Teams. Install it for them, or use \
             another channel.",
        ),
        (403, "BotNotInConversationRoster") => (
            Class::BadDestination,
            "The bot is not in this team or chat. Add its app there in Teams.",
        ),
        (403, "BotDisabledByAdmin") => (
            Class::BadConfiguration,
            "An administrator has turned the bot's app off. Ask for it to be allowed in the Teams \
             admin centre.",
        ),
        (403, "InvalidBotApiHost") => (
            Class::BadConfiguration,
            "This tenant is in another cloud. Set service_url to the address of that cloud.",
        ),
        (403, _) => (
            Class::BadConfiguration,
            "Teams does not let the bot do this. Check what its app may do, in the Teams admin centre.",
        ),
        (404, _) => (
            Class::BadDestination,
            "This conversation does not exist in Teams any more. Correct it in the directory.",
        ),
        (502 | 504, _) => (
            Class::RemoteTemporary,
            "Teams had a fault of its own and posted nothing. If it goes on, look at the service \
             health in the Microsoft 365 admin centre.",
        ),
        (503, _) if reply.retry_after.is_none() => (
            Class::RemoteTemporary,
            "Teams is not available just now (503). If it goes on, look at the service health in \
             the Microsoft 365 admin centre.",
        ),
        _ => return None,
    };
    Some((class, sentence.to_owned()))
}

/// The same for looking up a person's chat: a call that holds nothing but who it is.
pub(super) fn of_look(reply: &Reply) -> Option<(Class, String)> {
    let error = Said::read(reply);
    match (reply.status, error.code.as_str()) {
        (400, _) | (404, "ConversationNotFound") => Some((
            Class::BadDestination,
            "Teams does not know this person. Correct their object id in the directory.".to_owned(),
        )),
        _ => of_post(reply),
    }
}

/// Where Microsoft Entra differs from the common table.
pub(super) fn of_login(reply: &Reply) -> Option<(Class, String)> {
    let code = aadsts(&reply.body);
    let sentence = match (reply.status, code) {
        (300..=399 | 404 | 405 | 410, None) => {
            "What answers at login_url is not Microsoft Entra. Correct login_url in the settings."
        }
        (_, Some(7_000_215)) => {
            "Microsoft Entra does not know the bot's secret. Give the value, not the id, of a \
             client secret of the app."
        }
        (_, Some(7_000_222)) => {
            "The bot's secret has run out. Make a new client secret of the app in Microsoft Entra."
        }
        (_, Some(700_016)) => {
            "Microsoft Entra does not find the app in this tenant. Correct app_id or tenant in the \
             settings."
        }
        (_, Some(90_002)) => {
            "Microsoft Entra does not know the tenant. Correct tenant in the settings."
        }
        (400 | 401 | 403 | 404, Some(code)) => {
            return Some((
                Class::BadConfiguration,
                format!(
                    "Microsoft Entra does not sign the bot in (AADSTS{code}). Check app_id, tenant \
                     and secret in the settings."
                ),
            ));
        }
        (400 | 401 | 403, None) => {
            "Microsoft Entra does not sign the bot in. Check app_id, tenant and secret in the \
             settings."
        }
        _ => return None,
    };
    Some((Class::BadConfiguration, sentence.to_owned()))
}

/// A host that the settings do not name.
pub(super) fn foreign_host() -> Outcome {
    Outcome {
        class: Class::BadConfiguration,
        code: None,
        reply: String::new(),
        sentence: "The bot's token may not be sent to this host. Add it to hosts in the settings, \
                   if it is one of Teams."
            .to_owned(),
        provider_id: None,
    }
}

/// The number of the first AADSTS error.
fn aadsts(body: &str) -> Option<u32> {
    let (_, rest) = body.split_once("AADSTS")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// `{"error":{"code":"…","message":"…"}}`
#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
}

impl Said {
    fn read(reply: &Reply) -> Self {
        let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let error = body.get("error").cloned().unwrap_or_default();
        serde_json::from_value(error).unwrap_or_default()
    }

    /// Teams says it in one of two ways, of which one is JSON within the message.
    fn is_blocked(&self) -> bool {
        self.code == "ConversationBlockedByUser" || self.message.contains("MessageWritesBlocked")
    }
}

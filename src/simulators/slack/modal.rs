//! Modals, and what may be used once or for a while: triggers, and addresses for answers.

use serde_json::{Value, json};

use super::{
    APP_ID, BOT_ID, TEAM,
    api::No,
    limits::{self, Surface},
};
use crate::domain::Time;

/// A modal that somebody has open.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) id: String,
    /// Another one with every change.
    pub(super) hash: String,
    /// As the app made it.
    pub(super) view: Value,
    /// Rises with every change, so that a page draws again only what is new.
    pub(super) revision: u32,
}

impl View {
    pub(super) fn new(view: Value) -> Self {
        Self {
            id: format!("V{}", ulid::Ulid::generate()),
            hash: ulid::Ulid::generate().to_string(),
            view,
            revision: 1,
        }
    }

    pub(super) fn replace(&mut self, view: Value) {
        self.view = view;
        self.hash = ulid::Ulid::generate().to_string();
        self.revision += 1;
    }

    /// As Slack shows it to the app.
    pub(super) fn shown(&self) -> Value {
        let mut shown = self.view.clone();
        for (key, value) in [
            ("id", json!(self.id)),
            ("hash", json!(self.hash)),
            ("team_id", json!(TEAM)),
            ("app_id", json!(APP_ID)),
            ("bot_id", json!(BOT_ID)),
            ("root_view_id", json!(self.id)),
            ("previous_view_id", Value::Null),
        ] {
            shown[key] = value;
        }
        for key in ["private_metadata", "callback_id", "external_id"] {
            if shown[key].is_null() {
                shown[key] = json!("");
            }
        }
        shown
    }
}

/// What lets the app open a modal: once, and within three seconds.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    pub(super) person: String,
    pub(super) since: Time,
    pub(super) is_used: bool,
    /// The modal in which it was pulled.
    pub(super) view: Option<String>,
}

/// Where an answer goes that follows.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) person: String,
    pub(super) channel: String,
    pub(super) thread: Option<String>,
    /// The message that was tapped.
    pub(super) message: Option<String>,
    pub(super) since: Time,
    pub(super) used: u32,
}

/// Whether Slack would take a view.
pub(super) fn check(view: &Value) -> Result<(), No> {
    let no = |why: &str| Err(No("invalid_arguments", Some(why.to_owned())));
    if view["type"] != "modal" {
        return no("a view must be a modal here");
    }
    for (key, is_needed) in [("title", true), ("submit", false), ("close", false)] {
        let text = &view[key];
        let length = text["text"].as_str().unwrap_or_default().chars().count();
        let is_missing = text.is_null() || length == 0;
        if length > 24
            || (is_needed && is_missing)
            || (!text.is_null() && text["type"] != "plain_text")
        {
            return no(&format!("{key} must be 1 to 24 characters of plain_text"));
        }
    }
    let metadata = view["private_metadata"].as_str().unwrap_or_default();
    let callback = view["callback_id"].as_str().unwrap_or_default();
    if metadata.chars().count() > 3_000 || callback.chars().count() > 255 {
        return no("private_metadata or callback_id is too long");
    }
    let blocks = view["blocks"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if view["submit"].is_null() && blocks.iter().any(|block| block["type"] == "input") {
        return no("a view with inputs must have a submit");
    }
    limits::check(&view["blocks"], Surface::Modal).map_err(|why| No("invalid_arguments", Some(why)))
}

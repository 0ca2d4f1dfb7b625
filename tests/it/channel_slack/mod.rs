//! What the Slack app has of its own.

mod errors;
mod finding;
mod posting;
mod rooms;
mod settings;
mod threads;

use std::sync::Arc;

use oyez::channels::Channel;

use crate::support::{
    channels::{Letter, live, with},
    slack::{TOKEN, Workspace},
};

const DELIVERY: &str = "01JDM4T9Q0000000000000000D";
const CHANNEL: &str = "C024BE91L";
const PERSON: &str = "U2CERLKJA";
const BLOCKS: &str =
    r#"[{"type":"section","text":{"type":"mrkdwn","text":"Providers cannot sign in"}}]"#;

fn slack(api: &str) -> Arc<dyn Channel> {
    let keys = format!("token = \"{TOKEN}\"\napi = \"{api}\"\n");
    live("slack", with("slack", &keys))
}

/// A workspace and the channel that posts there.
async fn bench() -> (Workspace, Arc<dyn Channel>) {
    let workspace = Workspace::open().await;
    let channel = slack(&workspace.api());
    (workspace, channel)
}

fn letter(channel: &dyn Channel, to: &str) -> Letter {
    let address = channel.check_address(to).expect("an id");
    let parts = [("text", "Providers cannot sign in"), ("blocks", BLOCKS)];
    Letter::new(address, &parts)
}

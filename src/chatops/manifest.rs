//! What Slack and Teams have to know of the app: where it listens, what it may do, what it understands.

use serde_json::{Value, json};

use crate::domain::verbs::VERBS;

/// The command in Slack.
pub const SLASH: &str = "/incident";

const NAME: &str = "Oyez";
const SHORT: &str = "Tells the right people about an incident, on time.";
const FULL: &str = "Declare an incident with one command. Oyez works out who has to hear about it and \
    why, tells each of them on a channel that reaches them, reminds you before the next update is due, \
    and shows afterwards who was told what, when and why.";

/// The manifest of the Slack app, for an Oyez that people reach at `base`, an `https://` address
/// without a slash at its end.
pub fn slack(base: &str) -> Value {
    json!({
        "display_information": { "name": NAME, "description": SHORT, "background_color": "#1d4f91" },
        "features": {
            "bot_user": { "display_name": NAME, "always_online": true },
            // Otherwise nobody can write to the app.
            "app_home": {
                "home_tab_enabled": false,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": false,
            },
            "slash_commands": [{
                "command": SLASH,
                "url": format!("{base}/slack/commands"),
                "description": SHORT,
                "usage_hint": "open | update | nochange | who | status | help",
                // Names are typed as they are in the directory.
                "should_escape": false,
            }],
        },
        "oauth_config": { "scopes": { "bot": [
            "app_mentions:read", "channels:history", "chat:write", "chat:write.public", "commands",
            "groups:history", "im:history", "im:write", "users:read", "users:read.email",
        ] } },
        "settings": {
            "event_subscriptions": {
                "request_url": format!("{base}/slack/events"),
                "bot_events": ["app_mention", "message.im"],
            },
            "interactivity": {
                "is_enabled": true,
                "request_url": format!("{base}/slack/interactions"),
            },
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": false,
        },
    })
}

/// The manifest of the Teams app for the bot with this app id (of Microsoft Entra), of an Oyez that
/// people reach at `base`.
///
/// Source: the Teams app manifest schema, version 1.29.
pub fn teams(app_id: &str, base: &str, version: &str) -> Value {
    let commands: Vec<Value> = VERBS
        .iter()
        .filter(|entry| entry.offered)
        .map(|entry| json!({ "title": entry.chat, "description": entry.does }))
        .collect();
    let list = |scope: &str| json!({ "scopes": [scope], "commands": commands });
    json!({
        "$schema": "https://developer.microsoft.com/en-us/json-schemas/teams/v1.29/MicrosoftTeams.schema.json",
        "manifestVersion": "1.29",
        "version": version,
        "id": app_id,
        "developer": {
            "name": NAME,
            "websiteUrl": base,
            "privacyUrl": base,
            "termsOfUseUrl": base,
        },
        "name": { "short": NAME },
        "description": { "short": SHORT, "full": FULL },
        "icons": { "color": "color.png", "outline": "outline.png" },
        "accentColor": "#1D4F91",
        "bots": [{
            "botId": app_id,
            "scopes": ["team", "groupChat", "personal"],
            "commandLists": [list("team"), list("groupChat"), list("personal")],
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_is_told_where_to_send_what() {
        let manifest = slack("https://oyez.northshire.example");
        assert_eq!(
            manifest["features"]["slash_commands"][0]["url"],
            "https://oyez.northshire.example/slack/commands"
        );
        let settings = &manifest["settings"];
        assert_eq!(
            settings["event_subscriptions"]["request_url"],
            "https://oyez.northshire.example/slack/events"
        );
        // What Slack wants for each event.
        for (event, scope) in [
            ("app_mention", "app_mentions:read"),
            ("message.im", "im:history"),
        ] {
            let holds = |list: &Value, what| list.as_array().unwrap().iter().any(|it| it == what);
            assert!(holds(&settings["event_subscriptions"]["bot_events"], event));
            assert!(holds(&manifest["oauth_config"]["scopes"]["bot"], scope));
        }
        // Slack's limit.
        assert!(SHORT.len() <= 140);
    }

    #[test]
    fn teams_offers_the_twelve_verbs_in_each_scope() {
        let id = "f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11";
        let manifest = teams(id, "https://oyez.northshire.example", "1.0.0");
        let lists = manifest["bots"][0]["commandLists"].as_array().unwrap();
        for list in lists {
            assert_eq!(list["commands"].as_array().unwrap().len(), 12);
        }
        assert!(NAME.len() <= 30 && SHORT.len() <= 80 && FULL.len() <= 4_000);
    }
}

//! What Slack and Teams have to know of the app: where it listens, what it may do, what it understands.

use serde_json::{Value, json};

use crate::domain::{
    slack_scopes::{TO_LISTEN, TO_MAKE_CHANNELS, TO_TELL},
    verbs::VERBS,
};

/// The command in Slack.
pub const SLASH: &str = "/incident";

const NAME: &str = "Oyez";
const SHORT: &str = "Tells the right people about an incident, on time.";
const FULL: &str = "Declare an incident with one command. Oyez works out who has to hear about it and \
    why, tells each of them on a channel that reaches them, reminds you before the next update is due, \
    and shows afterwards who was told what, when and why.";

/// The manifest of the Slack app, for an Oyez that people reach at `base`, an `https://` address
/// without a slash at its end. `makes_channels`: incidents get channels of their own. Without that the
/// app asks for no permission to make any.
pub fn slack(base: &str, makes_channels: bool) -> Value {
    let asked = TO_TELL.iter().chain(&TO_LISTEN);
    let for_channels = TO_MAKE_CHANNELS.iter().filter(|_| makes_channels);
    let mut scopes: Vec<&str> = asked.map(|scope| scope.name).collect();
    scopes.sort_unstable();
    scopes.extend(for_channels.map(|scope| scope.name));
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
                // So that people can be mentioned instead of written out.
                "should_escape": true,
            }],
        },
        "oauth_config": { "scopes": { "bot": scopes } },
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
    // In a chat of two everything that is typed is for the bot; elsewhere it is mentioned, or called
    // by a slash.
    let list = |scope: &str, triggers: &[&str]| json!({ "scopes": [scope], "triggers": triggers, "commands": commands });
    let called: &[&str] = &["mention", "slash"];
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
            "supportsTargetedMessages": true,
            "commandLists": [
                list("team", called),
                list("groupChat", called),
                list("personal", &["mention"]),
            ],
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_is_told_where_to_send_what() {
        let manifest = slack("https://oyez.northshire.example", false);
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
        // The permission to make channels is asked for where they are wanted, and nowhere else.
        for wanted in [false, true] {
            let manifest = slack("https://oyez.northshire.example", wanted);
            let scopes = manifest["oauth_config"]["scopes"]["bot"]
                .as_array()
                .unwrap();
            for scope in ["channels:manage", "channels:read"] {
                assert_eq!(scopes.contains(&json!(scope)), wanted, "{scope}");
            }
        }
        // Slack's limit.
        assert!(SHORT.len() <= 140);
    }

    #[test]
    fn teams_offers_the_twelve_verbs_in_each_scope() {
        let id = "f1a4b0c6-3f3e-4d57-9d3a-5f0d7c0f3b11";
        let manifest = teams(id, "https://oyez.northshire.example", "1.0.0");
        let bots = manifest["bots"].as_array().unwrap();
        assert_eq!(bots.len(), 1);
        let lists = bots[0]["commandLists"].as_array().unwrap();
        let scopes: Vec<&Value> = lists.iter().map(|list| &list["scopes"][0]).collect();
        assert_eq!(scopes, ["team", "groupChat", "personal"]);
        for list in lists {
            let commands = list["commands"].as_array().unwrap();
            assert_eq!(commands.len(), 12);
            for command in commands {
                // Older clients cut what is longer.
                assert!(command["title"].as_str().unwrap().len() <= 32);
                assert!(command["description"].as_str().unwrap().len() <= 128);
            }
            let slash = list["triggers"]
                .as_array()
                .unwrap()
                .contains(&json!("slash"));
            assert_eq!(slash, list["scopes"][0] != "personal");
        }
        // Without it, nothing is in the list of slash commands.
        assert_eq!(bots[0]["supportsTargetedMessages"], true);
        // A bot with sessions gets a new chat each time.
        assert!(bots[0].get("supportsSessions").is_none());
        for member in [
            "manifestVersion",
            "version",
            "id",
            "developer",
            "name",
            "description",
            "icons",
            "accentColor",
        ] {
            assert!(!manifest[member].is_null(), "{member}");
        }
        for address in ["websiteUrl", "privacyUrl", "termsOfUseUrl"] {
            assert!(
                manifest["developer"][address]
                    .as_str()
                    .unwrap()
                    .starts_with("https://")
            );
        }
        assert_eq!(manifest["id"], manifest["bots"][0]["botId"]);
        assert!(NAME.len() <= 30 && SHORT.len() <= 80 && FULL.len() <= 4_000);
    }
}

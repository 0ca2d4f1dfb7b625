//! What the app does with channels: it makes them, asks people in, and says what they are about.

use serde_json::{Value, json};

use super::{
    BOT_USER, Slack,
    api::{Asked, Done, channel},
};

pub(super) fn create(slack: &Slack, asked: &Asked) -> Done {
    let name = asked.text("name");
    let is_private = asked.is("is_private");
    let now = slack.common.now();
    slack.kept.change(|world| {
        let id = world.make(name, is_private, now)?;
        let made = world.channels.get(&id).map(|channel| channel.shown(&id));
        Ok(json!({ "channel": made }))
    })
}

/// The channels that the app is in: those that it made. There are few, so they are one page.
pub(super) fn own(slack: &Slack, asked: &Asked) -> Done {
    let types = match asked.text("types") {
        "" => "public_channel",
        types => types,
    };
    let is_wanted = |is_private: bool| match is_private {
        true => types.contains("private_channel"),
        false => types.contains("public_channel"),
    };
    slack.kept.look(|world| {
        let channels = world.channels.iter();
        let own = channels
            .filter(|(_, channel)| channel.made_at.is_some() && is_wanted(channel.is_private));
        let own: Vec<Value> = own.map(|(id, channel)| channel.shown(id)).collect();
        Ok(json!({ "channels": own, "response_metadata": { "next_cursor": "" } }))
    })
}

/// Asks people in. One who cannot be asked in stops it, unless the app says to go on with the others.
pub(super) fn invite(slack: &Slack, asked: &Asked) -> Done {
    let cast = slack.common.cast();
    let users: Vec<&str> = asked.text("users").split(',').map(str::trim).collect();
    slack.kept.change(|world| {
        let id = channel(world, asked)?;
        let Some(channel) = world.channels.get_mut(&id) else {
            return Err("channel_not_found".into());
        };
        let (mut new, mut errors) = (Vec::new(), Vec::new());
        for user in users {
            match user {
                BOT_USER => errors.push((user, "cant_invite_self")),
                _ if cast.person(user).is_none() => errors.push((user, "user_not_found")),
                _ if channel.members.contains(user) => errors.push((user, "already_in_channel")),
                _ => new.push(user.to_owned()),
            }
        }
        if let Some((_, error)) = errors.first()
            && (new.is_empty() || !asked.is("force"))
        {
            return Err((*error).into());
        }
        channel.members.extend(new);
        let errors = errors.iter();
        let errors: Vec<Value> = errors
            .map(|(user, error)| json!({ "user": user, "ok": false, "error": error }))
            .collect();
        Ok(json!({ "channel": channel.shown(&id), "errors": errors }))
    })
}

pub(super) fn set_topic(slack: &Slack, asked: &Asked) -> Done {
    let topic = asked.text("topic");
    if topic.chars().count() > 250 {
        return Err("too_long".into());
    }
    slack.kept.change(|world| {
        let id = channel(world, asked)?;
        if let Some(channel) = world.channels.get_mut(&id) {
            channel.topic = topic.to_owned();
        }
        Ok(json!({ "channel": { "id": id, "topic": { "value": topic } } }))
    })
}

pub(super) fn info(slack: &Slack, asked: &Asked) -> Done {
    slack.kept.look(|world| {
        let id = channel(world, asked)?;
        let shown = world.channels.get(&id).map(|channel| channel.shown(&id));
        Ok(json!({ "channel": shown }))
    })
}

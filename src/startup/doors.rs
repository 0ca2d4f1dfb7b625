//! The doors of chat: each is open where its settings are there.

use std::sync::Arc;

use secrecy::SecretString;

use crate::{
    app::Error,
    channels::{Bot, ChannelContext, SlackApp},
    config::Settings,
    domain::fault::Fault,
    web::{ANSWER_WITHIN, Doors, Expected, Gate, Keys, Recent, SlackDoor, TeamsDoor},
};

pub(super) fn open(settings: &Settings, context: &ChannelContext) -> Result<Doors, Error> {
    Ok(Doors {
        slack: slack(settings, context),
        teams: teams(settings, context)?,
    })
}

fn slack(settings: &Settings, context: &ChannelContext) -> Option<Arc<SlackDoor>> {
    let slack = &settings.slack;
    let secrets: Vec<SecretString> = [&slack.secret_signing, &slack.secret_signing_before]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    (!secrets.is_empty()).then(|| {
        Arc::new(SlackDoor {
            secrets,
            channel: slack.channel.clone(),
            http: context.http.clone(),
            app: settings
                .channels
                .get(&slack.channel)
                .and_then(|stanza| SlackApp::of(&slack.channel, stanza.clone(), context)),
            answer_within: ANSWER_WITHIN,
            recent: Recent::default(),
        })
    })
}

fn teams(settings: &Settings, context: &ChannelContext) -> Result<Option<Arc<TeamsDoor>>, Error> {
    let teams = &settings.teams;
    let stanza = settings.channels.get(&teams.channel).cloned();
    let bot = stanza.and_then(|stanza| Bot::of(&teams.channel, stanza, context));
    let Some(bot) = bot else {
        return Ok(None);
    };
    let clock = Arc::clone(&context.clock);
    let keys = Keys::new(
        context.http.clone(),
        Arc::clone(&clock),
        &teams.metadata_url,
    )
    .map_err(|sentence| {
        let fault = Fault::new(
            format!("teams.metadata_url cannot be called. {sentence}."),
            "Correct it, or remove it.",
        );
        Error::faults("bad-settings", "The settings cannot be used.", vec![fault])
    })?;
    let expected = Expected {
        app_id: bot.app_id.clone(),
        issuer: teams.issuer.clone(),
        tenants: vec![bot.tenant.clone()],
    };
    Ok(Some(Arc::new(TeamsDoor {
        gate: Gate::new(expected, keys, clock),
        bot,
        channel: teams.channel.clone(),
        answer_within: TeamsDoor::ANSWER_WITHIN,
    })))
}

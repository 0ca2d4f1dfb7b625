//! The bot as it answers whoever spoke to it.

use serde_json::Value;

use super::{connector::Connector, settings};
use crate::{
    channels::{ChannelContext, build},
    domain::{ChannelName, delivery::Outcome},
    section::Section,
};

/// Answers in the conversation in which somebody spoke, with no record of a delivery: what is told
/// to others goes through the channel.
pub struct Bot {
    /// The id of its app in Microsoft Entra.
    pub app_id: String,
    /// The id of our tenant.
    pub tenant: String,
    connector: Connector,
}

impl Bot {
    /// The bot of this stanza of the settings; `None` where it is not set up, or is no bot.
    pub fn of(name: &ChannelName, mut stanza: Section, context: &ChannelContext) -> Option<Self> {
        let kind = build::take_kind(name, &mut stanza).ok()?;
        if kind.name != super::KIND.name || !build::take_shared(&mut stanza) {
            return None;
        }
        let settings = settings::read(&stanza, &context.http).ok()?;
        Some(Self {
            app_id: settings.app_id.clone(),
            tenant: settings.tenant.clone(),
            connector: Connector::new(settings, context),
        })
    }

    /// Posts an activity into a conversation, at the service URL that a checked token vouched for.
    pub async fn say(&self, service_url: &str, conversation: &str, activity: &Value) -> Outcome {
        self.connector
            .say(service_url, conversation, activity)
            .await
    }

    /// Puts an activity in the place of one of ours, given as conversation and activity.
    pub async fn edit(&self, service_url: &str, post: (&str, &str), activity: &Value) -> Outcome {
        self.connector.put(service_url, post, activity).await
    }

    /// The mail addresses of a member of a conversation, by their object id, as Microsoft Entra has
    /// them. Guests and people of other tenants have none, whatever they are called there.
    pub async fn mails(
        &self,
        service_url: &str,
        conversation: &str,
        person: &str,
    ) -> Result<Vec<String>, Outcome> {
        let member = self.connector.member(service_url, conversation, person);
        let Some(member) = member.await? else {
            return Ok(Vec::new());
        };
        let is = |said: &Option<String>, ours: &str| {
            said.as_deref()
                .is_none_or(|it| it.eq_ignore_ascii_case(ours))
        };
        let is_ours = member.aad_object_id.is_some()
            && is(&member.aad_object_id, person)
            && is(&member.tenant_id, &self.tenant)
            && is(&member.user_role, "user");
        let mails = [member.email, member.user_principal_name];
        let mails = mails.into_iter().flatten().filter(|mail| {
            // A guest is called by the mail address of another organisation, made over so.
            is_ours && mail.contains('@') && !mail.to_uppercase().contains("#EXT#")
        });
        Ok(mails.collect())
    }
}

//! The app as it answers whoever spoke to it.

use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{answers::Answer, api::Api, lacks};
use crate::{
    channels::{ChannelContext, build},
    domain::{
        ChannelName,
        delivery::{Class, Outcome},
        slack_scopes::{Scope, TO_LISTEN},
    },
    http_client::Reply,
    section::Section,
};

/// What it takes to be told a mail address.
const MAIL: Scope = TO_LISTEN[3];

/// Answers whoever spoke to the app, with no record of a delivery: what is told to others goes
/// through the channel.
pub struct SlackApp {
    api: Api,
    /// Asked for once.
    own: OnceCell<Workspace>,
}

/// Why Slack did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Slack's own name of the error; empty where it gave none.
    pub error: String,
    /// What it means: its class says whether another try may help, its sentence what to do.
    pub outcome: Outcome,
}

#[derive(Deserialize)]
struct Opened {
    view: View,
}

#[derive(Deserialize)]
struct View {
    id: String,
}

/// Whose workspace it is; the enterprise only where it is one of several of an organisation.
#[derive(Deserialize)]
struct Workspace {
    team_id: String,
    #[serde(default)]
    enterprise_id: Option<String>,
}

#[derive(Deserialize)]
struct Known {
    user: User,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    team_id: String,
    #[serde(default)]
    enterprise_user: Enterprise,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    deleted: bool,
    /// Guests of several channels, and of one.
    #[serde(default)]
    is_restricted: bool,
    #[serde(default)]
    is_ultra_restricted: bool,
    /// Slack does not say so of everybody.
    #[serde(default)]
    is_email_confirmed: Option<bool>,
    #[serde(default)]
    profile: Profile,
}

#[derive(Default, Deserialize)]
struct Enterprise {
    #[serde(default)]
    enterprise_id: Option<String>,
}

impl User {
    /// Whether somebody of our own speaks, whose mail address we may take for theirs. In shared
    /// channels there are people of other workspaces, and their addresses are those workspaces' word.
    fn is_of(&self, own: &Workspace) -> bool {
        let enterprise = self.enterprise_user.enterprise_id.as_ref();
        let is_ours = self.team_id == own.team_id
            || enterprise.is_some_and(|enterprise| own.enterprise_id.as_ref() == Some(enterprise));
        let is_guest = self.is_restricted || self.is_ultra_restricted;
        is_ours
            && !is_guest
            && !self.is_bot
            && !self.deleted
            && self.is_email_confirmed != Some(false)
    }
}

#[derive(Default, Deserialize)]
struct Profile {
    #[serde(default)]
    email: Option<String>,
}

impl SlackApp {
    /// The app of this stanza of the settings; `None` where it is not set up, or is no app.
    pub fn of(name: &ChannelName, mut stanza: Section, context: &ChannelContext) -> Option<Self> {
        let kind = build::take_kind(name, &mut stanza).ok()?;
        if kind.name != super::KIND.name || !build::take_shared(&mut stanza) {
            return None;
        }
        let api = Api::read(&stanza, context).ok()?;
        Some(Self {
            api,
            own: OnceCell::new(),
        })
    }

    /// Opens a view for whoever has just done what this trigger came from, and answers its id. A
    /// trigger opens one view, within three seconds.
    pub async fn open_view(&self, trigger: &str, view: &Value) -> Result<String, Trouble> {
        let body = json!({ "trigger_id": trigger, "view": view });
        let opened: Opened = self.asked("views.open", &body, trigger).await?;
        Ok(opened.view.id)
    }

    /// Puts another view in the place of one that is open; fails if it was closed meanwhile.
    pub async fn update_view(&self, id: &str, view: &Value) -> Result<(), Trouble> {
        let body = json!({ "view_id": id, "view": view });
        self.done("views.update", &body, id).await
    }

    /// Posts into a channel or, by their member id, to a person. `message` has text and blocks.
    pub async fn say(
        &self,
        conversation: &str,
        thread: Option<&str>,
        message: &Value,
    ) -> Result<(), Trouble> {
        let mut body = message.clone();
        body["channel"] = json!(conversation);
        place(&mut body, thread);
        self.done("chat.postMessage", &body, conversation).await
    }

    /// Shows a message in a channel to one person alone. Slack keeps it for nobody.
    pub async fn whisper(
        &self,
        conversation: &str,
        person: &str,
        thread: Option<&str>,
        message: &Value,
    ) -> Result<(), Trouble> {
        let mut body = message.clone();
        body["channel"] = json!(conversation);
        body["user"] = json!(person);
        place(&mut body, thread);
        self.done("chat.postEphemeral", &body, person).await
    }

    /// The mail address of a member of our own workspace, as Slack has it; `None` for guests, people
    /// of other workspaces, programs, people who have left, and where Slack does not say. It needs
    /// users:read and users:read.email.
    pub async fn mail_of(&self, person: &str) -> Result<Option<String>, Trouble> {
        let mut url = self.api.url("users.info");
        url.query_pairs_mut().append_pair("user", person);
        let answer = self.api.call(Method::GET, &url, Vec::new(), person).await;
        let lacks_mail = answer.1.as_ref().and_then(|reply| lacks(reply, [&MAIL]));
        let user = match read::<Known>(answer) {
            Ok(known) => known.user,
            Err(trouble)
                if matches!(
                    trouble.error.as_str(),
                    "user_not_found" | "user_not_visible"
                ) =>
            {
                return Ok(None);
            }
            Err(trouble) => return Err(trouble),
        };
        let own = self.own.get_or_try_init(|| self.own_workspace());
        if !user.is_of(own.await?) {
            return Ok(None);
        }
        let mail = user.profile.email.filter(|mail| !mail.trim().is_empty());
        match (mail, lacks_mail) {
            // Without that permission Slack leaves the address out and says nothing of it.
            (None, Some(sentence)) => Err(not_allowed(sentence)),
            (mail, _) => Ok(mail),
        }
    }

    /// Whether the app may do all that it takes to be spoken to; says what does not work if not. The
    /// channel says what else there is to say of the token.
    pub async fn probe(&self) -> Result<String, String> {
        let url = self.api.url("auth.test");
        let (outcome, reply) = self.api.call(Method::POST, &url, b"{}".to_vec(), "").await;
        let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
            return Err(outcome.sentence);
        };
        match (lacks(&reply, &TO_LISTEN), &reply.oauth_scopes) {
            (Some(lacks), _) => Err(lacks),
            (None, Some(_)) => Ok("the app may do what it takes to be spoken to".to_owned()),
            (None, None) => Ok("the app can be spoken to".to_owned()),
        }
    }

    async fn own_workspace(&self) -> Result<Workspace, Trouble> {
        self.asked("auth.test", &json!({}), "").await
    }

    async fn done(&self, method: &str, body: &Value, address: &str) -> Result<(), Trouble> {
        let answer: Value = self.asked(method, body, address).await?;
        drop(answer);
        Ok(())
    }

    async fn asked<T: DeserializeOwned>(
        &self,
        method: &str,
        body: &Value,
        address: &str,
    ) -> Result<T, Trouble> {
        let url = self.api.url(method);
        let bytes = body.to_string().into_bytes();
        read(self.api.call(Method::POST, &url, bytes, address).await)
    }
}

fn not_allowed(sentence: String) -> Trouble {
    Trouble {
        error: "missing_scope".to_owned(),
        outcome: Outcome {
            class: Class::BadConfiguration,
            code: None,
            reply: String::new(),
            sentence,
            provider_id: None,
        },
    }
}

fn place(body: &mut Value, thread: Option<&str>) {
    body["link_names"] = json!(false);
    if let Some(thread) = thread {
        body["thread_ts"] = json!(thread);
    }
}

fn read<T: DeserializeOwned>((outcome, reply): (Outcome, Option<Reply>)) -> Result<T, Trouble> {
    let error = reply.as_ref().and_then(Answer::read);
    let error = error.and_then(|answer| answer.error().map(str::to_owned));
    let error = error.unwrap_or_default();
    let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
        return Err(Trouble { error, outcome });
    };
    serde_json::from_str(&reply.body).map_err(|_| Trouble {
        error,
        outcome: Outcome {
            class: Class::Uncertain,
            sentence: "Slack's answer cannot be read. Check that no proxy stands between."
                .to_owned(),
            ..outcome
        },
    })
}

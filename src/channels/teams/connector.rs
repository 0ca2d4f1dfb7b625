//! Calls of the Bot connector, each with the bot's token, and only to hosts that the settings name.
//!
//! Source: MicrosoftDocs/bot-docs, `bot-framework-rest-connector-api-reference.md`.

use std::sync::Arc;

use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderMap},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    login::Login,
    settings::{Hosts, Settings},
    trouble,
};
use crate::{
    channels::{build::ChannelContext, hook::Hook},
    domain::{
        channel::Conversation,
        delivery::{Class, Outcome},
    },
    http_client::{Repeats, Reply},
};

pub(super) struct Connector {
    login: Login,
    base: Url,
    hosts: Hosts,
    /// For calls with words, which would be shown twice.
    posts: Hook,
    /// For calls without, which can be made again.
    looks: Hook,
}

/// What Teams made: a post, or a conversation with its first post.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    id: String,
    activity_id: Option<String>,
}

/// A member of a conversation, as Teams has them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    pub(super) aad_object_id: Option<String>,
    pub(super) email: Option<String>,
    pub(super) user_principal_name: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) user_role: Option<String>,
}

impl Connector {
    pub(super) fn new(settings: Settings, context: &ChannelContext) -> Self {
        let hook = |repeats, exceptions| Hook::new("Teams", "teams", repeats, exceptions, context);
        Self {
            login: Login::new(&settings, context),
            base: settings.service_url,
            hosts: settings.hosts,
            posts: hook(Repeats::Shown, trouble::of_post),
            looks: hook(Repeats::Recognised, trouble::of_look),
        }
    }

    /// Signs in, and does nothing else.
    pub(super) async fn sign_in(&self) -> Result<(), Outcome> {
        self.login.token().await.map(|_| ())
    }

    /// Where to call: where the bot was met, if the settings allow that host, or else as they say.
    pub(super) fn at(&self, met: Option<&Conversation>) -> Url {
        let met = met.and_then(|met| self.posts.http().check_url(&met.service_url).ok());
        let met = met.filter(|url| self.hosts.allow(url, self.posts.http()));
        met.unwrap_or_else(|| self.base.clone())
    }

    /// Begins a thread.
    pub(super) async fn begin(&self, at: &Url, body: &Value, address: &str) -> Outcome {
        let url = url_at(at, "v3/conversations");
        let (outcome, reply) = self
            .call(&self.posts, (Method::POST, &url), Some(body), address)
            .await;
        posted(outcome, reply, |made| {
            let activity = made.activity_id.as_deref();
            let activity = activity.or_else(|| Some(made.id.split_once(";messageid=")?.1))?;
            Some(format!("{}|{activity}", made.id))
        })
    }

    /// The chat with a person, made if it is not there yet.
    pub(super) async fn open(
        &self,
        at: &Url,
        body: &Value,
        address: &str,
    ) -> Result<String, Outcome> {
        let url = url_at(at, "v3/conversations");
        let (outcome, reply) = self
            .call(&self.looks, (Method::POST, &url), Some(body), address)
            .await;
        let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
            return Err(outcome);
        };
        match serde_json::from_str::<Made>(&reply.body) {
            Ok(chat) => Ok(chat.id),
            Err(_) => Err(Outcome {
                class: Class::RemoteTemporary,
                sentence: "Teams' answer names no chat. Check that no proxy stands between."
                    .to_owned(),
                ..outcome
            }),
        }
    }

    /// Posts into a conversation at a service URL that a checked token vouched for.
    pub(super) async fn say(
        &self,
        service_url: &str,
        conversation: &str,
        activity: &Value,
    ) -> Outcome {
        let Ok(base) = self.posts.http().check_url(service_url) else {
            return trouble::foreign_host();
        };
        self.send(&base, conversation, activity, conversation).await
    }

    /// Puts an activity in the place of a post of ours, at such a service URL.
    pub(super) async fn put(
        &self,
        service_url: &str,
        post: (&str, &str),
        activity: &Value,
    ) -> Outcome {
        let Ok(base) = self.looks.http().check_url(service_url) else {
            return trouble::foreign_host();
        };
        self.edit(&base, post, activity, post.0).await
    }

    /// Posts into a conversation.
    pub(super) async fn send(
        &self,
        at: &Url,
        conversation: &str,
        activity: &Value,
        address: &str,
    ) -> Outcome {
        let path = format!("v3/conversations/{}/activities", encoded(conversation));
        let url = url_at(at, &path);
        let (outcome, reply) = self
            .call(&self.posts, (Method::POST, &url), Some(activity), address)
            .await;
        posted(outcome, reply, |made| {
            Some(format!("{conversation}|{}", made.id))
        })
    }

    /// Puts other words into the place of a post's, given as conversation and activity. The same again
    /// changes nothing.
    pub(super) async fn edit(
        &self,
        at: &Url,
        (conversation, post): (&str, &str),
        activity: &Value,
        address: &str,
    ) -> Outcome {
        let path = format!(
            "v3/conversations/{}/activities/{}",
            encoded(conversation),
            encoded(post)
        );
        let url = url_at(at, &path);
        let call = self.call(&self.looks, (Method::PUT, &url), Some(activity), address);
        call.await.0
    }

    /// A member of a conversation, by their object id, at such a service URL; `None` if they are none.
    pub(super) async fn member(
        &self,
        service_url: &str,
        conversation: &str,
        person: &str,
    ) -> Result<Option<Member>, Outcome> {
        let Ok(base) = self.looks.http().check_url(service_url) else {
            return Err(trouble::foreign_host());
        };
        let path = format!(
            "v3/conversations/{}/members/{}",
            encoded(conversation),
            encoded(person)
        );
        let url = url_at(&base, &path);
        let call = self.call(&self.looks, (Method::GET, &url), None, person);
        let (outcome, reply) = call.await;
        match reply {
            Some(reply) if outcome.class == Class::Accepted => {
                Ok(serde_json::from_str(&reply.body).ok())
            }
            Some(_) if outcome.code == Some(404) => Ok(None),
            _ => Err(outcome),
        }
    }

    /// Calls, once more with a new token if ours is not taken.
    async fn call(
        &self,
        hook: &Hook,
        (method, url): (Method, &Url),
        body: Option<&Value>,
        address: &str,
    ) -> (Outcome, Option<Reply>) {
        if !self.hosts.allow(url, hook.http()) {
            return (trouble::foreign_host(), None);
        }
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let mut is_new = false;
        loop {
            let token = match self.login.token().await {
                Ok(token) => token,
                Err(outcome) => return (outcome, None),
            };
            let mut headers = HeaderMap::new();
            // A token is letters, digits and dots, so the header can always be made.
            if let Some(bearer) = token.bearer() {
                headers.insert(AUTHORIZATION, bearer);
            }
            let secrets = [token.secret(), address];
            let call = hook.call(method.clone(), url, headers, body.clone(), &secrets);
            let (mut outcome, reply) = call.await;
            if outcome.code == Some(401) && !is_new {
                self.login.forget(&Arc::clone(&token)).await;
                is_new = true;
                continue;
            }
            // Where we call is a matter of the settings, and no fault of the recipient.
            if reply.is_none() && outcome.class == Class::BadDestination {
                outcome.class = Class::BadConfiguration;
            }
            return (outcome, reply);
        }
    }
}

fn url_at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let base = base.path().trim_end_matches('/');
    url.set_path(&format!("{base}/{path}"));
    url
}

/// What a call that carried words came to. `id` makes of the answer what we keep.
fn posted(
    outcome: Outcome,
    reply: Option<Reply>,
    id: impl FnOnce(Made) -> Option<String>,
) -> Outcome {
    let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
        return outcome;
    };
    match serde_json::from_str(&reply.body).ok().and_then(id) {
        Some(id) => Outcome {
            class: Class::Delivered,
            sentence: "Teams posted the message.".to_owned(),
            // It holds ids, which are kept.
            reply: String::new(),
            provider_id: Some(id),
            ..outcome
        },
        // It was taken; without an id it cannot be edited, and nothing can hang on it.
        None => Outcome {
            sentence: "Teams took the message and did not say under which id.".to_owned(),
            ..outcome
        },
    }
}

/// An id as one step of a path, everything but letters and digits as `%XX`.
fn encoded(id: &str) -> String {
    let mut path = String::with_capacity(3 * id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use reqwest::Url;
    use serde_json::json;

    use super::{Connector, encoded};
    use crate::{
        channels::{
            ChannelContext,
            teams::settings::{Hosts, Settings},
        },
        clock::ManualClock,
        domain::delivery::Class,
        http_client::HttpClient,
    };

    #[test]
    fn a_host_is_allowed_by_name_or_by_its_end_and_over_tls_only() {
        let hosts = ["smba.trafficmanager.net", "*.botframework.com"].map(str::to_owned);
        let hosts = Hosts(hosts.to_vec());
        let http = HttpClient::idle(&[]).unwrap();
        let allow = |url: &str| hosts.allow(&Url::parse(url).unwrap(), &http);
        for url in [
            "https://smba.trafficmanager.net/teams/",
            "https://SMBA.trafficmanager.net/",
            "https://europe.botframework.com/",
        ] {
            assert!(allow(url), "{url}");
        }
        for url in [
            "http://smba.trafficmanager.net/teams/",
            "https://smba.trafficmanager.net.evil.example/",
            "https://evil.example/smba.trafficmanager.net",
            "https://x-smba.trafficmanager.net/",
            "https://botframework.com.evil.example/",
            "https://evilbotframework.com/",
            "https://botframework.com/",
        ] {
            assert!(!allow(url), "{url}");
        }
    }

    #[tokio::test]
    async fn the_token_goes_to_no_other_host() {
        let url = |text: &str| Url::parse(text).unwrap();
        let settings = Settings {
            app_id: "app".to_owned(),
            tenant: "tenant".to_owned(),
            secret: "secret".into(),
            // Asked for a token, this would answer that it cannot be called.
            login_url: url("ftp://login.example"),
            service_url: url("https://evil.example/teams/"),
            hosts: Hosts(vec!["smba.trafficmanager.net".to_owned()]),
        };
        let context = ChannelContext {
            http: HttpClient::idle(&[]).unwrap(),
            clock: std::sync::Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH)),
            install_secret: "x".into(),
        };
        let connector = Connector::new(settings, &context);
        let at = connector.at(None);
        let outcome = connector.send(&at, "a:1", &json!({}), "a:1").await;
        assert_eq!(outcome.class, Class::BadConfiguration);
        assert!(outcome.sentence.contains("may not be sent to this host"));
    }

    #[test]
    fn an_id_is_one_step_of_a_path() {
        assert_eq!(
            encoded("19:a_b@thread.tacv2;messageid=1/?%"),
            "19%3Aa_b%40thread.tacv2%3Bmessageid%3D1%2F%3F%25"
        );
    }
}

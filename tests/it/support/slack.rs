//! A Slack workspace of the tests' own: as much of Slack's Web API as Oyez uses, with what was posted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// The token that the workspace knows.
pub(crate) const TOKEN: &str = "xoxb-1234-s3cr3ts3cr3ts3cr3t";

/// Whom the workspace takes the app for.
pub(crate) const BOT_USER: &str = "U0OYEZ001";

/// When the first message is posted, in seconds since 1970; each one is a second later.
const BEGINNING: u64 = 1_795_440_000;

/// A message that stands in the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) channel: String,
    pub(crate) ts: String,
    /// As it was asked for.
    pub(crate) body: Value,
}

impl Post {
    fn thread(&self) -> Option<&str> {
        self.body["thread_ts"].as_str()
    }

    fn shows_in_channel(&self) -> bool {
        self.thread().is_none() || self.body["reply_broadcast"] == true
    }

    fn listed(&self, with_metadata: bool) -> Value {
        let mut listed = json!({ "type": "message", "ts": self.ts, "text": self.body["text"],
            "blocks": self.body["blocks"] });
        if with_metadata && self.body["metadata"].is_object() {
            listed["metadata"] = self.body["metadata"].clone();
        }
        listed
    }
}

/// A modal that was opened in the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Modal {
    pub(crate) id: String,
    /// What it showed, one after the other.
    pub(crate) shown: Vec<Value>,
    closed: bool,
}

impl Modal {
    /// What it shows now.
    pub(crate) fn view(&self) -> &Value {
        self.shown.last().unwrap()
    }

    /// Changes with each view that is shown.
    pub(crate) fn hash(&self) -> String {
        format!("{}.hash", self.shown.len())
    }
}

/// Whether Slack takes a modal, as far as we know its rules.
fn is_right(view: &Value) -> bool {
    let length = |key: &str| {
        view[key]["text"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .count()
    };
    let Some(blocks) = view["blocks"].as_array() else {
        return false;
    };
    let ids: Vec<&str> = blocks
        .iter()
        .filter_map(|it| it["block_id"].as_str())
        .collect();
    let has_inputs = blocks.iter().any(|block| block["type"] == "input");
    let metadata = view["private_metadata"].as_str().unwrap_or_default();
    view["type"] == "modal"
        && (1..=24).contains(&length("title"))
        && length("submit") <= 24
        && length("close") <= 24
        && (1..=100).contains(&blocks.len())
        && ids.iter().collect::<BTreeSet<_>>().len() == ids.len()
        && (!has_inputs || view["submit"].is_object())
        && metadata.chars().count() <= 3_000
}

#[derive(Default)]
struct State {
    posts: Vec<Post>,
    /// What was shown to one person alone.
    whispers: Vec<Value>,
    modals: Vec<Modal>,
    users: BTreeMap<String, Value>,
    triggers: BTreeSet<String>,
    count: u64,
    /// What is answered to a method in place of doing it.
    instead: BTreeMap<String, ResponseTemplate>,
    /// Whether posts are taken and their answers lost.
    loses_answers: bool,
    /// Methods that are done and whose answers are lost.
    lost: BTreeSet<String>,
    channels: Vec<Place>,
    /// Who may not be asked in, with Slack's name of the reason.
    unwelcome: BTreeMap<String, String>,
    /// What the token may do, as Slack says it; `None` leaves it unsaid.
    granted: Option<String>,
}

/// A channel that was made in the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_private: bool,
    pub(crate) creator: String,
    pub(crate) created: i64,
    pub(crate) members: BTreeSet<String>,
    /// What stood above it, one after the other.
    pub(crate) topics: Vec<String>,
}

/// See the module.
pub(crate) struct Workspace {
    pub(crate) server: MockServer,
    state: Arc<Mutex<State>>,
}

impl Workspace {
    pub(crate) async fn open() -> Self {
        let server = MockServer::start().await;
        let state = Arc::<Mutex<State>>::default();
        Mock::given(any())
            .respond_with(Desk(Arc::clone(&state)))
            .mount(&server)
            .await;
        Self { server, state }
    }

    /// The base of the Web API.
    pub(crate) fn api(&self) -> String {
        format!("{}/api", self.server.uri())
    }

    /// All that stands in the workspace.
    pub(crate) fn posts(&self) -> Vec<Post> {
        self.state().posts.clone()
    }

    /// Lists somebody as a member with this mail address, and whatever else Slack says of them.
    pub(crate) fn lists(&self, user: &str, mail: &str, more: &Value) {
        let mut listed = json!({
            "id": user, "team_id": "T1DC2JH3J", "is_bot": false, "deleted": false,
            "is_restricted": false, "is_ultra_restricted": false, "is_email_confirmed": true,
            "profile": { "email": mail },
        });
        for (name, value) in more.as_object().unwrap() {
            listed[name] = value.clone();
        }
        self.state().users.insert(user.to_owned(), listed);
    }

    /// Says with each answer from now on that the token may do this. Without the permission for mail
    /// addresses, Slack leaves them out.
    pub(crate) fn grants(&self, scopes: &[&str]) {
        let mut state = self.state();
        state.granted = Some(scopes.join(","));
        if !scopes.contains(&"users:read.email") {
            for user in state.users.values_mut() {
                user["profile"] = json!({});
            }
        }
    }

    /// What was shown to one person alone.
    pub(crate) fn whispers(&self) -> Vec<Value> {
        self.state().whispers.clone()
    }

    /// All modals that were opened.
    pub(crate) fn modals(&self) -> Vec<Modal> {
        self.state().modals.clone()
    }

    /// The modal shows this, because whoever it was handed in to answered so.
    pub(crate) fn shows(&self, id: &str, view: &Value) {
        assert!(is_right(view), "Slack does not take this: {view:#}");
        let mut state = self.state();
        let mut modals = state.modals.iter_mut();
        let modal = modals.find(|modal| modal.id == id).unwrap();
        modal.shown.push(view.clone());
    }

    /// Somebody closes every modal, and every one that is opened from now on at once.
    pub(crate) fn closes_modals(&self) {
        self.refuses("views.update", &refusal("not_found"));
        for modal in &mut self.state().modals {
            modal.closed = true;
        }
    }

    /// Answers so to a method from now on, and does nothing.
    pub(crate) fn answers(&self, method: &str, answer: ResponseTemplate) {
        self.state().instead.insert(method.to_owned(), answer);
    }

    /// Refuses a method from now on.
    pub(crate) fn refuses(&self, method: &str, error: &Value) {
        self.answers(method, ResponseTemplate::new(200).set_body_json(error));
    }

    /// Whether it takes messages and says that it failed.
    pub(crate) fn loses_answers(&self, loses: bool) {
        self.state().loses_answers = loses;
    }

    /// All channels that were made.
    pub(crate) fn channels(&self) -> Vec<Place> {
        self.state().channels.clone()
    }

    /// Somebody made a channel there at that time.
    pub(crate) fn has_channel(&self, name: &str, creator: &str, created: i64) -> String {
        let id = self.state().make(name, false).expect("a free name");
        let mut state = self.state();
        let place = state.channels.last_mut().unwrap();
        (place.creator, place.created) = (creator.to_owned(), created);
        id
    }

    /// Somebody goes.
    pub(crate) fn leaves(&self, channel: &str, user: &str) {
        let mut state = self.state();
        let place = state.channels.iter_mut().find(|place| place.id == channel);
        assert!(place.unwrap().members.remove(user));
    }

    /// Somebody cannot be asked in.
    pub(crate) fn does_not_let_in(&self, user: &str, error: &str) {
        let mut state = self.state();
        state.unwelcome.insert(user.to_owned(), error.to_owned());
    }

    /// Whether it does what a method asks, and says that it failed.
    pub(crate) fn loses_answers_to(&self, method: &str, loses: bool) {
        let lost = &mut self.state().lost;
        match loses {
            true => lost.insert(method.to_owned()),
            false => lost.remove(method),
        };
    }

    /// Answers a method again as it does by itself.
    pub(crate) fn recovers(&self, method: &str) {
        self.state().instead.remove(method);
    }

    /// Somebody says something in a channel.
    pub(crate) fn hears(&self, channel: &str, body: Value) -> String {
        self.state().post(channel, body)
    }

    /// Takes a message away.
    pub(crate) fn deletes(&self, ts: &str) {
        self.state().posts.retain(|post| post.ts != ts);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// The channel of the direct messages with a person.
pub(crate) fn direct(person: &str) -> String {
    format!("D{}", &person[1..])
}

impl State {
    fn post(&mut self, channel: &str, body: Value) -> String {
        let ts = format!("{}.000100", BEGINNING + self.count);
        self.count += 1;
        self.posts.push(Post {
            channel: channel.to_owned(),
            ts: ts.clone(),
            body,
        });
        ts
    }

    fn has(&self, channel: &str, ts: &str) -> bool {
        let mut posts = self.posts.iter();
        posts.any(|post| post.channel == channel && post.ts == ts)
    }

    fn take(&mut self, body: Value) -> Value {
        let to = body["channel"].as_str().unwrap_or_default();
        let channel = match to.chars().next() {
            Some('U' | 'W') => direct(to),
            _ => to.to_owned(),
        };
        if let Some(thread) = body["thread_ts"].as_str()
            && !self.has(&channel, thread)
        {
            return refusal("cannot_reply_to_message");
        }
        let ts = self.post(&channel, body.clone());
        json!({ "ok": true, "channel": channel, "ts": ts, "message": body })
    }

    /// Puts other words into a message; who reads it again reads those.
    fn edit(&mut self, body: &Value) -> Value {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (channel, ts) = (text("channel"), text("ts"));
        let mut posts = self.posts.iter_mut();
        match posts.find(|post| post.channel == channel && post.ts == ts) {
            Some(post) => {
                for name in ["text", "blocks"] {
                    post.body[name] = body[name].clone();
                }
                json!({ "ok": true, "channel": channel, "ts": ts })
            }
            None => refusal("message_not_found"),
        }
    }

    fn open(&mut self, body: &Value) -> Value {
        let trigger = body["trigger_id"].as_str().unwrap_or_default();
        if !is_right(&body["view"]) {
            return refusal("invalid_arguments");
        }
        if !self.triggers.insert(trigger.to_owned()) {
            return refusal("trigger_exchanged");
        }
        let id = format!("V{:09}", self.modals.len());
        self.modals.push(Modal {
            id: id.clone(),
            shown: vec![body["view"].clone()],
            closed: false,
        });
        json!({ "ok": true, "view": { "id": id, "hash": "1.hash" } })
    }

    fn update(&mut self, body: &Value) -> Value {
        if !is_right(&body["view"]) {
            return refusal("invalid_arguments");
        }
        let mut modals = self.modals.iter_mut();
        match modals.find(|modal| modal.id == body["view_id"] && !modal.closed) {
            Some(modal) => {
                modal.shown.push(body["view"].clone());
                json!({ "ok": true, "view": { "id": modal.id } })
            }
            None => refusal("not_found"),
        }
    }

    fn make(&mut self, name: &str, is_private: bool) -> Result<String, &'static str> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if !(1..=80).contains(&name.len()) || !name.chars().all(is_allowed) {
            return Err("invalid_name_specials");
        }
        if self.channels.iter().any(|place| place.name == name) {
            return Err("name_taken");
        }
        let id = format!("C0MADE{:03}", self.channels.len() + 1);
        self.channels.push(Place {
            id: id.clone(),
            name: name.to_owned(),
            is_private,
            creator: BOT_USER.to_owned(),
            // Whoever looks for it asks for what is no older than their wish.
            created: i64::MAX,
            members: BTreeSet::new(),
            topics: Vec::new(),
        });
        Ok(id)
    }

    fn place(&mut self, body: &Value) -> Option<&mut Place> {
        let mut places = self.channels.iter_mut();
        places.find(|place| body["channel"] == place.id.as_str())
    }

    fn create(&mut self, body: &Value) -> Value {
        let name = body["name"].as_str().unwrap_or_default();
        match self.make(name, body["is_private"] == true) {
            Ok(id) => json!({ "ok": true, "channel": { "id": id, "name": name } }),
            Err(error) => refusal(error),
        }
    }

    /// One who cannot be asked in stops it for all, whatever `force` says: as Slack did before it knew
    /// that word.
    fn invite(&mut self, body: &Value) -> Value {
        let unwelcome = self.unwelcome.clone();
        let users = body["users"].as_str().unwrap_or_default().to_owned();
        let Some(place) = self.place(body) else {
            return refusal("channel_not_found");
        };
        for user in users.split(',') {
            if let Some(error) = unwelcome.get(user) {
                return refusal(error);
            }
            if place.members.contains(user) {
                return refusal("already_in_channel");
            }
        }
        place.members.extend(users.split(',').map(str::to_owned));
        json!({ "ok": true, "channel": { "id": place.id } })
    }

    fn set_topic(&mut self, body: &Value) -> Value {
        let topic = body["topic"].as_str().unwrap_or_default().to_owned();
        if topic.chars().count() > 250 {
            return refusal("too_long");
        }
        match self.place(body) {
            Some(place) => {
                place.topics.push(topic);
                json!({ "ok": true, "channel": { "id": place.id } })
            }
            None => refusal("channel_not_found"),
        }
    }

    /// A page of one channel at a time, of those that the app is in.
    fn own_channels(&self, asked: &Asked) -> Value {
        let from: usize = asked.text("cursor").parse().unwrap_or(0);
        let page: Vec<Value> = self
            .channels
            .iter()
            .skip(from)
            .take(1)
            .map(|place| {
                json!({ "id": place.id, "name": place.name, "creator": place.creator,
                    "created": place.created })
            })
            .collect();
        let next = match from + 1 < self.channels.len() {
            true => (from + 1).to_string(),
            false => String::new(),
        };
        json!({ "ok": true, "channels": page, "response_metadata": { "next_cursor": next } })
    }

    fn list(&self, asked: &Asked, stands: impl Fn(&Post) -> bool) -> Value {
        let with_metadata = asked.text("include_all_metadata") == "true";
        let limit: usize = asked.text("limit").parse().unwrap();
        let from: usize = asked.text("cursor").parse().unwrap_or(0);
        let newest_first: Vec<&Post> = self
            .posts
            .iter()
            .rev()
            .filter(|post| post.channel == asked.text("channel"))
            .filter(|post| post.ts.as_str() > asked.text("oldest"))
            .filter(|post| stands(post))
            .collect();
        let page = newest_first.iter().skip(from).take(limit);
        let messages: Vec<Value> = page.map(|post| post.listed(with_metadata)).collect();
        let next = from + messages.len();
        let cursor = if next < newest_first.len() {
            next.to_string()
        } else {
            String::new()
        };
        json!({ "ok": true, "messages": messages, "response_metadata": { "next_cursor": cursor } })
    }
}

/// Answers requests.
struct Desk(Arc<Mutex<State>>);

/// A request, read.
struct Asked {
    method: String,
    query: BTreeMap<String, String>,
    body: Value,
}

impl Asked {
    fn text(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

fn refusal(error: &str) -> Value {
    json!({ "ok": false, "error": error })
}

impl Respond for Desk {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        let asked = Asked {
            method: path.strip_prefix("/api/").unwrap_or_default().to_owned(),
            query: request.url.query_pairs().into_owned().collect(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
        };
        let mut state = self.0.lock().unwrap();
        if let Some(answer) = state.instead.get(&asked.method) {
            return answer.clone();
        }
        let token = request.headers.get("authorization");
        let known = token.is_some_and(|token| *token == format!("Bearer {TOKEN}"));
        let answer = match asked.method.as_str() {
            _ if !known => refusal("invalid_auth"),
            "auth.test" => json!({ "ok": true, "team": "Northshire Learning Agency",
                "user": "oyez", "user_id": BOT_USER, "team_id": "T1DC2JH3J",
                "bot_id": "B024BE7LH" }),
            "conversations.create" => state.create(&asked.body),
            "conversations.invite" => state.invite(&asked.body),
            "conversations.setTopic" => state.set_topic(&asked.body),
            "users.conversations" => state.own_channels(&asked),
            "chat.postMessage" => state.take(asked.body),
            "chat.update" => state.edit(&asked.body),
            "chat.postEphemeral" => {
                state.whispers.push(asked.body);
                json!({ "ok": true, "message_ts": "1795440000.000100" })
            }
            "users.info" => match state.users.get(asked.text("user")) {
                Some(user) => json!({ "ok": true, "user": user }),
                None => refusal("user_not_found"),
            },
            "views.open" => state.open(&asked.body),
            "views.update" => state.update(&asked.body),
            "conversations.open" => {
                let person = asked.body["users"].as_str().unwrap_or_default();
                json!({ "ok": true, "channel": { "id": direct(person) } })
            }
            "conversations.history" => state.list(&asked, Post::shows_in_channel),
            "conversations.replies" => {
                let root = asked.text("ts");
                if state.has(asked.text("channel"), root) {
                    let in_thread = |post: &Post| post.ts == root || post.thread() == Some(root);
                    state.list(&asked, in_thread)
                } else {
                    refusal("thread_not_found")
                }
            }
            _ => refusal("unknown_method"),
        };
        let is_lost = state.lost.contains(&asked.method);
        if is_lost || asked.method == "chat.postMessage" && state.loses_answers {
            return ResponseTemplate::new(504);
        }
        let template = ResponseTemplate::new(200).set_body_json(answer);
        match &state.granted {
            Some(granted) => template.insert_header("x-oauth-scopes", granted.as_str()),
            None => template,
        }
    }
}

/// What the workspace was asked, by method.
pub(crate) async fn methods(workspace: &Workspace) -> Vec<String> {
    let asked = super::stand_in::requests(&workspace.server).await;
    let method = |request: &Request| request.url.path().replace("/api/", "");
    asked.iter().map(method).collect()
}

/// The distinct methods that it was asked.
pub(crate) async fn distinct_methods(workspace: &Workspace) -> BTreeSet<String> {
    methods(workspace).await.into_iter().collect()
}

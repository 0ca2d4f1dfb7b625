//! The demo, whole in this process: an incident run from Teams and one from Slack, over loopback HTTP,
//! with the clock moved on as from the pages.

use std::{sync::Arc, time::Duration};

use oyez::{
    app::App,
    demo::{self, Ahead, Stand},
    simulators::Practice,
    web, workers,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Caller;

const PRIYA: &str = "11111111-2222-4333-8444-555555555501";
const TOM: &str = "11111111-2222-4333-8444-555555555502";
const JOEL: &str = "U0JOELHARTL";

/// A demo that is served.
struct Served {
    app: Arc<App>,
    stand: Stand,
    stop: watch::Sender<bool>,
    handle: actix_web::dev::ServerHandle,
    workers: workers::Workers,
    teams: Caller,
    slack: Caller,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let prepared = demo::prepare(folder.path(), false, false).await.unwrap();
        let page = |name: &str| {
            let mut hints = prepared.hints.iter();
            let base = hints.find_map(|hint| hint.strip_prefix(name)).unwrap();
            Caller::new(base.trim_end_matches('/'), "")
        };
        let (teams, slack) = (page("Teams: "), page("Slack: "));
        let stand = prepared.stand.unwrap();
        let started = prepared.started;
        let lock = started
            .app
            .store
            .try_lock_delivery("the test")
            .await
            .unwrap()
            .unwrap();
        let app = Arc::new(started.app);
        let (stop, stopping) = watch::channel(false);
        let grace = Duration::from_secs(5);
        let stop_of_streams = web::Stop::new(stopping.clone());
        let nowhere = "127.0.0.1:0".parse().unwrap();
        let web::Server {
            addresses,
            handle,
            running,
        } = web::listen(
            Arc::clone(&app),
            started.doors,
            stop_of_streams,
            nowhere,
            grace,
        )
        .unwrap();
        tokio::spawn(running);
        let clock = started.practice.unwrap();
        let ahead = Ahead::new(&app, &clock, &folder.path().join("clock"));
        stand.meet(&addresses, Some(Arc::new(ahead) as Arc<dyn Practice>));
        let workers = workers::start(&app, None, None, lock, &stopping, grace);
        Self {
            app,
            stand,
            stop,
            handle,
            workers,
            teams,
            slack,
            _folder: folder,
        }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.handle.stop(true).await;
        self.workers.ended().await;
        self.stand.stop().await;
        self.app.close().await;
    }

    /// Moves the clock to what is due next.
    async fn to_next_due(&self) {
        self.teams.post("/sim/clock", &json!({})).await.is(200);
    }

    /// Every message of the incident is on the record, and none is left.
    async fn is_on_the_record(&self, incident: &str, channel: &str) {
        let id = incident.parse().unwrap();
        let log = self.app.send_log(id).await.unwrap();
        let told = |moment: &str| log.iter().any(|row| row.moment == moment);
        for moment in ["declared", "prompt", "no-change", "resolved", "closed"] {
            assert!(told(moment), "{incident} has no {moment}");
        }
        let prompt = log.iter().find(|row| row.moment == "prompt").unwrap();
        assert_eq!(
            (prompt.channel.as_str(), prompt.state.as_str()),
            (channel, "delivered")
        );
        assert!(self.app.verify(Some(id), None).await.unwrap()[0].intact);
    }
}

/// Somebody before the page of a simulator.
struct Player<'a> {
    demo: &'a Served,
    page: &'a Caller,
    person: &'static str,
    chat: String,
    /// What a line begins with.
    prefix: &'static str,
}

impl Player<'_> {
    async fn says(&self, line: &str) {
        let text = format!("{}{line}", self.prefix);
        let said = json!({ "as": self.person, "in": self.chat, "text": text });
        self.page.post("/sim/say", &said).await.is(200);
    }

    /// Waits until a message is seen that holds all these words.
    async fn sees(&self, place: &str, words: &[&str]) -> Value {
        self.watches(place, |state| {
            posts(state).find(|post| holds(post, words)).cloned()
        })
        .await
    }

    /// Looks at a place, again and again as there is news, until there is what is looked for.
    async fn watches<T>(&self, place: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        let mut since = 0;
        loop {
            let path = format!("/sim/state?as={}&in={place}&since={since}", self.person);
            let state = self.page.get(&path).await.is(200);
            since = state["version"].as_u64().unwrap();
            if let Some(found) = look(&state) {
                return found;
            }
        }
    }

    async fn taps(&self, post: &Value, label: &str) {
        let action = button(post, label).unwrap_or_else(|| panic!("no {label}: {post}"));
        let tapped = if post["id"].is_null() {
            json!({
                "as": self.person, "in": self.chat, "ts": post["ts"],
                "action": action, "values": {},
            })
        } else {
            json!({
                "as": self.person, "in": self.chat, "post": post["id"], "kind": "execute",
                "verb": action["verb"], "data": action["data"],
            })
        };
        self.page.post("/sim/tap", &tapped).await.is(200);
    }

    /// Says a line, and sends what is then shown if all these words are in it. Answers what came of it.
    async fn sends(&self, line: &str, words: &[&str]) -> Value {
        self.says(line).await;
        let mut handed_in = Value::Null;
        loop {
            // A message with buttons, or a modal that was not handed in yet.
            let shown = self.watches(&self.chat, |state| {
                let view = &state["view"];
                let draft = posts(state).find(|post| button(post, "Send to").is_some());
                if view["view"]["submit"].is_object() && view["revision"] != handed_in {
                    Some(view.clone())
                } else {
                    draft.cloned()
                }
            });
            let shown = shown.await;
            if shown["view"].is_null() {
                assert!(holds(&shown, words), "{words:?}: {shown}");
                self.taps(&shown, "Send to").await;
                let is_it = |post: &&Value| key(post) == key(&shown) && is_receipt(post);
                let turned = |state: &Value| posts(state).find(is_it).cloned();
                return self.watches(&self.chat, turned).await;
            }
            handed_in = shown["revision"].clone();
            let submit = shown["view"]["submit"]["text"].as_str().unwrap();
            let is_draft = submit.starts_with("Send to");
            assert!(!is_draft || holds(&shown, words), "{words:?}: {shown}");
            self.hands_in(&shown, &json!({ "values": filled(&shown) }))
                .await;
            if is_draft {
                let done = |state: &Value| {
                    let view = &state["view"];
                    is_receipt(view).then(|| view.clone())
                };
                let receipt = self.watches(&self.chat, done).await;
                self.hands_in(&receipt, &json!({ "closed": true })).await;
                return receipt;
            }
        }
    }

    async fn hands_in(&self, view: &Value, more: &Value) {
        let mut submitted = json!({ "as": self.person, "view": view["id"] });
        for (key, value) in more.as_object().unwrap() {
            submitted[key] = value.clone();
        }
        let answer = self.page.post("/sim/submit", &submitted).await.is(200);
        assert_eq!(answer, json!({}), "{view}");
    }

    /// Moves the clock on until the prompt of this incident is there. What else is due goes off on the
    /// way.
    async fn is_prompted(&self, id: &str) -> Value {
        let app = &self.demo.app;
        loop {
            self.demo.to_next_due().await;
            let is_due = |due: oyez::domain::Time| due <= app.clock.now();
            while app.next_timer().await.unwrap().is_some_and(is_due) {
                tokio::task::yield_now().await;
            }
            let log = app.send_log(id.parse().unwrap()).await.unwrap();
            if log.iter().any(|row| row.moment == "prompt") {
                break;
            }
        }
        let words = [id, "If nothing has changed we will send"];
        self.sees(&self.chat, &words).await
    }

    /// The incident's post in Teams shows whoever runs it what they may do, and nobody else.
    async fn has_an_own_view(&self, room: &str, post: &Value) {
        let refresh = &post["card"]["refresh"];
        assert_eq!(
            refresh["userIds"],
            json!([format!("29:{}", self.person)]),
            "{post}"
        );
        let action = &refresh["action"];
        let look = json!({
            "as": self.person, "in": room, "post": post["id"], "kind": "execute",
            "verb": action["verb"], "data": action["data"], "trigger": "automatic",
        });
        self.page.post("/sim/tap", &look).await.is(200);
        let the_post = |state: &Value| posts(state).find(|it| it["id"] == post["id"]).cloned();
        let with_buttons =
            |state: &Value| the_post(state).filter(|it| button(it, "Update").is_some());
        self.watches(room, with_buttons).await;
        let path = format!("/sim/state?as={TOM}&in={room}");
        let others = self.page.get(&path).await.is(200);
        let seen = the_post(&others).unwrap();
        assert!(
            holds(&seen, &["P1 declared"]) && button(&seen, "Update").is_none(),
            "{seen}"
        );
    }

    /// An incident from the first word to the last.
    async fn runs_an_incident(&self, service: &str, why: &str, room: &str) -> String {
        let title = "Nobody finds a course";
        let line = format!("open P1 {service}: {title}");
        let declared = self.sends(&line, &[title, why]).await;
        let id = reference(&declared);
        let post = self.sees(room, &["P1 declared", title]).await;
        if self.person == PRIYA {
            self.has_an_own_view(room, &post).await;
        }
        let prompt = self.is_prompted(&id).await;
        let receipts = |state: &Value| posts(state).filter(|post| is_receipt(post)).count();
        let before = self
            .watches(&self.chat, |state| Some(receipts(state)))
            .await;
        self.taps(&prompt, "No change").await;
        // The prompt turns, or where others may see it the answer follows.
        let is_more = |state: &Value| (receipts(state) > before).then_some(());
        self.watches(&self.chat, is_more).await;
        let line = format!("resolve {id} It works again.");
        self.sends(&line, &["It works again"]).await;
        let line = format!("close {id} The report is written.");
        self.sends(&line, &["The report is written"]).await;
        id
    }
}

/// Messages, the newest first.
fn posts(state: &Value) -> impl Iterator<Item = &Value> {
    state["posts"].as_array().unwrap().iter().rev()
}

fn holds(shown: &Value, words: &[&str]) -> bool {
    let text = shown.to_string();
    words.iter().all(|word| text.contains(word))
}

/// What stands in the inputs of a modal, as Slack hands it in.
fn filled(view: &Value) -> Value {
    let mut values = json!({});
    for block in view["view"]["blocks"].as_array().unwrap() {
        let element = &block["element"];
        let (Some(id), Some(action)) = (block["block_id"].as_str(), element["action_id"].as_str())
        else {
            continue;
        };
        let mut value = json!({ "type": element["type"] });
        for (from, to) in [
            ("initial_value", "value"),
            ("initial_option", "selected_option"),
            ("initial_options", "selected_options"),
        ] {
            if !element[from].is_null() {
                value[to] = element[from].clone();
            }
        }
        values[id] = json!({ action: value });
    }
    values
}

/// What a message is known by.
fn key(post: &Value) -> &Value {
    if post["id"].is_null() {
        &post["ts"]
    } else {
        &post["id"]
    }
}

fn is_receipt(post: &Value) -> bool {
    post.to_string().contains("On its way to")
}

/// The part of a card or of blocks that is the button which begins so: "Send to 42".
fn button<'a>(shown: &'a Value, label: &str) -> Option<&'a Value> {
    let words = shown["title"].as_str().or(shown["text"]["text"].as_str());
    let is_it = words.is_some_and(|words| words.starts_with(label));
    let kinds = ["button", "Action.Execute", "Action.Submit"];
    let is_button = kinds.into_iter().any(|kind| shown["type"] == kind);
    if is_it && is_button {
        return Some(shown);
    }
    match shown {
        Value::Object(fields) => fields.values().find_map(|field| button(field, label)),
        Value::Array(items) => items.iter().find_map(|item| button(item, label)),
        _ => None,
    }
}

/// The reference of an incident in a text.
fn reference(post: &Value) -> String {
    let text = post.to_string();
    let at = text.find("INC-").unwrap();
    text[at..].chars().take(8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_run_from_teams_and_another_from_slack() {
    let demo = Served::start().await;
    let priya = Player {
        demo: &demo,
        page: &demo.teams,
        person: PRIYA,
        chat: chat_of(&demo.teams).await,
        prefix: "",
    };
    let why = "service owner of Find courses";
    let room = "19:northshire-incidents@thread.tacv2";
    let id = priya.runs_an_incident("find-courses", why, room).await;
    demo.is_on_the_record(&id, "teams").await;

    let joel = Player {
        demo: &demo,
        page: &demo.slack,
        person: JOEL,
        chat: format!("D{}", &JOEL[1..]),
        prefix: "/incident ",
    };
    let why = "service owner of Publish courses";
    let id = joel
        .runs_an_incident("publish-courses", why, "C0INCIDENTS")
        .await;
    demo.is_on_the_record(&id, "slack").await;
    demo.stop().await;
}

/// The chat of Priya Shah with the bot.
async fn chat_of(teams: &Caller) -> String {
    let state = teams.get(&format!("/sim/state?as={PRIYA}")).await.is(200);
    let places = state["conversations"].as_array().unwrap();
    let chat = places.iter().find(|place| place["kind"] == "chat").unwrap();
    chat["id"].as_str().unwrap().to_owned()
}

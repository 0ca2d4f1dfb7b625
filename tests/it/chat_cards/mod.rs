//! Every card that chat answers with: from the first word to the last, with a long and hostile
//! directory, at both doors. Each is held against the rules and kept in `target/cards/`.

mod hostile;
mod refusals;
mod slack;

use serde_json::Value;

use crate::{
    support::{
        agency::{Agency, Plan, deliver, policy},
        api::Api,
        slack_door::DIRECTORY,
        teams::{PRIYA, TOM, Tenant, button, text},
    },
    words::{cards::keep_the_published_schema, shape},
};

/// Teams, where people speak in their own chat or in the channel.
struct Chat {
    tenant: Tenant,
    personal: bool,
}

impl Chat {
    async fn with(policy: String, directory: &str) -> Self {
        let plan = Plan {
            policy,
            directory: directory.to_owned(),
            ..Plan::default()
        };
        Self {
            tenant: Tenant::with(plan, |_| ()).await,
            personal: true,
        }
    }

    fn api(&self) -> &Api {
        &self.tenant.api
    }

    fn agency(&self) -> &Agency {
        &self.tenant.agency
    }

    async fn says(&mut self, user: &str, line: &str) -> Value {
        match self.personal {
            true => self.tenant.says_alone(user, line).await,
            false => self.tenant.says(user, line).await,
        }
    }

    async fn taps(&mut self, user: &str, act: &str, typed: &str) -> Value {
        self.hands_in(user, act, &[("text", typed)]).await
    }

    async fn hands_in(&mut self, user: &str, act: &str, filled: &[(&str, &str)]) -> Value {
        let activity = match self.personal {
            true => self.tenant.alone(user, "invoke"),
            false => self.tenant.activity(user, "invoke"),
        };
        let tap = Tenant::tap(activity, act, filled);
        self.tenant.invoked(&tap).await
    }
}

/// Cards by name, each held as it comes.
#[derive(Default)]
struct Kept(Vec<(String, Value)>);

impl Kept {
    #[track_caller]
    fn keep(&mut self, name: &str, card: Value) -> Value {
        shape::keep(&format!("answer {name}"), &card);
        self.0.push((name.to_owned(), card.clone()));
        card
    }

    /// Holds all of them against the published schema as well.
    fn done(self) {
        assert!(!self.0.is_empty());
        keep_the_published_schema(self.0);
    }
}

/// Messages to people outside wait so long that a slow machine does not miss it.
fn patient() -> String {
    policy().replace("outside_hold = \"0s\"", "outside_hold = \"600s\"")
}

/// The title and value of each fact of a card.
fn fact<'a>(card: &'a Value, title: &str) -> &'a str {
    let body = card["body"].as_array().expect("a body").iter();
    let facts = body.filter_map(|it| it["facts"].as_array()).flatten();
    let mut named = facts.filter(|fact| fact["title"] == title);
    let fact = named.next().unwrap_or_else(|| panic!("{title}: {card:#}"));
    fact["value"].as_str().expect("a value")
}

fn titles(card: &Value) -> Vec<&str> {
    let body = card["body"].as_array().expect("a body").iter();
    let actions = body.filter_map(|it| it["actions"].as_array()).flatten();
    actions
        .filter_map(|action| action["title"].as_str())
        .collect()
}

fn input<'a>(card: &'a Value, id: &str) -> &'a Value {
    let mut body = card["body"].as_array().expect("a body").iter();
    let found = body.find(|it| it["id"] == id);
    found.unwrap_or_else(|| panic!("{id}: {card:#}"))
}

const DECLARED: [(&str, &str); 7] = [
    ("title", "Providers cannot sign in"),
    ("factors", "most-users"),
    ("services", "register-trainees"),
    (
        "effect",
        "Training providers have not been able to sign in.",
    ),
    ("who", "All 214 providers. Trainees are not affected."),
    ("comms", "priya-shah"),
    ("leads", "tech Tom Okafor"),
];

#[tokio::test]
async fn an_incident_from_its_declaration_to_the_first_message() {
    let mut teams = Chat::with(patient(), DIRECTORY).await;
    let mut kept = Kept::default();
    let help = kept.keep("help", teams.says(PRIYA, "help").await);
    assert_eq!(titles(&help), ["Declare", "Open incidents"]);
    kept.keep("help-of-a-verb", teams.says(PRIYA, "help handover").await);
    kept.keep(
        "who-if",
        teams.says(PRIYA, "who P1 register-trainees").await,
    );

    let form = teams.taps(PRIYA, &button(&help, "Declare"), "").await;
    let form = kept.keep("declare-form", form);
    assert_eq!(input(&form, "services")["isMultiSelect"], true);
    let shown = teams
        .hands_in(PRIYA, &button(&form, "Go on"), &DECLARED)
        .await;
    let shown = kept.keep("declare-shown", shown);
    let words = text(&shown);
    assert!(
        words.contains("This makes it P1: 60 to 100% of users are affected."),
        "{words}"
    );
    assert!(words.contains(" people, "), "{words}");
    assert!(words.contains(" by email"), "{words}");
    assert!(
        words.contains("Dana Whitlock by email: the service owner of"),
        "{words}"
    );
    assert_eq!(titles(&shown)[1..], ["Change", "Do not send"]);
    assert!(titles(&shown)[0].starts_with("Send to "), "{words}");

    // Whoever sees a slip changes it, and loses nothing.
    let changed = teams.taps(PRIYA, &button(&shown, "Change"), "").await;
    let changed = kept.keep("declare-changed", changed);
    assert_eq!(
        input(&changed, "title")["value"],
        "Providers cannot sign in"
    );
    assert_eq!(input(&changed, "services")["value"], "register-trainees");
    assert_eq!(input(&changed, "leads")["value"], "tech tom-okafor");

    let sent = teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    let sent = kept.keep("sent", sent);
    let heading = sent["body"][0]["text"].as_str().expect("a heading");
    assert!(
        heading.starts_with("Sent at ") && heading.contains(" by Priya Shah to "),
        "{heading}"
    );
    assert_eq!(titles(&sent), ["Undo", "Status"]);

    let undone = teams.taps(TOM, &button(&sent, "Undo"), "").await;
    let undone = kept.keep("undone", undone);
    assert!(text(&undone).contains("before they were sent"), "{undone}");
    let nothing = teams.taps(PRIYA, &button(&sent, "Undo"), "").await;
    let nothing = kept.keep("nothing-to-undo", nothing);
    assert!(text(&nothing).contains("none can be stopped"), "{nothing}");
    kept.done();
}

#[tokio::test]
async fn an_incident_as_its_leads_and_as_others_see_it() {
    let mut teams = Chat::with(policy(), DIRECTORY).await;
    let mut kept = Kept::default();
    let shown = teams.hands_in(PRIYA, "fill:open:", &DECLARED).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    deliver(&teams.api().app).await;

    let card = kept.keep("incident", teams.says(PRIYA, "status INC-1").await);
    assert_eq!(
        titles(&card),
        ["Update", "No change", "Priority", "Resolve"]
    );
    assert!(fact(&card, "Next update").starts_with("Due by "), "{card}");
    assert_eq!(fact(&card, "Tech lead"), "Tom Okafor");
    assert_eq!(fact(&card, "Support lead"), "nobody yet");
    let words = text(&card);
    assert!(words.contains(" told."), "{words}");
    assert!(words.contains("Left to do:"), "{words}");
    assert!(words.contains("by Priya Shah"), "{words}");

    // In a channel everybody could tap, so there is nothing that acts.
    teams.personal = false;
    let aloud = kept.keep(
        "incident-in-a-channel",
        teams.says(PRIYA, "status INC-1").await,
    );
    assert_eq!(titles(&aloud), ["Who is told"]);
    let leads = kept.keep("leads-in-a-channel", teams.says(PRIYA, "leads INC-1").await);
    assert_eq!(titles(&leads), [""; 0]);
    teams.personal = true;

    kept.keep("who", teams.says(PRIYA, "who INC-1").await);
    kept.keep("why", teams.says(PRIYA, "why INC-1 dana-whitlock").await);
    kept.keep(
        "why-not",
        teams.says(PRIYA, "why INC-1 simon-arkwright").await,
    );
    kept.keep("list", teams.says(PRIYA, "list").await);
    let leads = kept.keep("leads", teams.says(PRIYA, "leads INC-1").await);
    assert_eq!(titles(&leads), ["Change leads", "Hand over"]);
    let form = teams.taps(PRIYA, &button(&leads, "Change leads"), "").await;
    let form = kept.keep("leads-form", form);
    assert_eq!(input(&form, "tech")["value"], "tom-okafor");

    // Whoever is handed the lead gets it, and the buttons; whoever had it has them no more.
    let handed = teams
        .says(PRIYA, "handover INC-1 comms to Mei Lin: news at 4pm")
        .await;
    let handed = kept.keep("handover-shown", handed);
    assert!(text(&handed).contains("Mei Lin"), "{handed}");
    let done = teams.taps(PRIYA, &button(&handed, "Send"), "").await;
    kept.keep("handed-over", done);
    let lead = teams.says(TOM, "status INC-1").await;
    assert_eq!(titles(&lead).len(), 4);
    kept.done();
}

#[tokio::test]
async fn every_verb_without_what_it_needs_opens_its_form() {
    let mut teams = Chat::with(policy(), DIRECTORY).await;
    let mut kept = Kept::default();
    let shown = teams.hands_in(PRIYA, "fill:open:", &DECLARED).await;
    teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    for verb in [
        "update", "priority", "stage", "services", "handover", "add", "mute", "decide", "step",
        "correct", "resolve", "close", "note", "reopen", "cancel",
    ] {
        let form = teams.says(PRIYA, &format!("{verb} INC-1")).await;
        let form = kept.keep(&format!("{verb}-form"), form);
        assert_eq!(titles(&form), ["Go on"], "{verb}");
        assert_eq!(button(&form, "Go on"), format!("fill:{verb}:INC-0001"));
    }
    let update = teams.says(PRIYA, "update INC-1").await;
    assert_eq!(
        input(&update, "effect")["value"],
        "Training providers have not been able to sign in.",
        "the facts of last time"
    );
    for (act, filled, name) in [
        (
            "fill:update:INC-0001",
            vec![
                ("text", "Half of the providers can sign in again."),
                ("stage", "monitoring"),
            ],
            "update",
        ),
        (
            "fill:services:INC-0001",
            vec![
                ("services", "find-courses"),
                ("more_services", "certificate"),
            ],
            "services",
        ),
        (
            "fill:add:INC-0001",
            vec![("other", "stella-wright"), ("note", "she asked to be told")],
            "add",
        ),
        (
            "fill:decide:INC-0001",
            vec![("answer", "yes"), ("reason", "it saves many tickets")],
            "decide",
        ),
        (
            "fill:correct:INC-0001",
            vec![
                ("event", "1"),
                ("wrong", "All 214 providers"),
                ("right", "It is 210 of them."),
            ],
            "correct",
        ),
        (
            "fill:priority:INC-0001",
            vec![("priority", "P2"), ("why", "Half of them are back.")],
            "priority",
        ),
        (
            "fill:resolve:INC-0001",
            vec![("text", "Providers can sign in again.")],
            "resolve",
        ),
        (
            "fill:close:INC-0001",
            vec![
                ("text", "All is written up."),
                ("actions", "Tom renews it early"),
            ],
            "close",
        ),
    ] {
        let shown = teams.hands_in(PRIYA, act, &filled).await;
        let shown = kept.keep(&format!("{name}-shown"), shown);
        assert!(
            titles(&shown)[0].starts_with("Send"),
            "{name}: {}",
            text(&shown)
        );
        let sent = teams.taps(PRIYA, &button(&shown, "Send"), "").await;
        let sent = kept.keep(&format!("{name}-sent"), sent);
        assert!(text(&sent).contains("Sent at "), "{name}: {}", text(&sent));
        deliver(&teams.api().app).await;
        let card = teams.says(PRIYA, "status INC-1").await;
        kept.keep(&format!("incident-after-{name}"), card);
    }
    // These tell nobody, so they are done at once.
    for (verb, filled) in [
        ("mute", vec![("other", "Dana Whitlock"), ("until", "45m")]),
        ("step", vec![("step", "start-report"), ("state", "done")]),
        ("note", vec![("text", "Rang the supplier")]),
    ] {
        let act = format!("fill:{verb}:INC-0001");
        let done = teams.hands_in(PRIYA, &act, &filled).await;
        let done = kept.keep(&format!("{verb}-done"), done);
        assert_eq!(titles(&done), ["Status"], "{}", text(&done));
    }
    kept.done();
}

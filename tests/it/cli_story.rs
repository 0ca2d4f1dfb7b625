//! One incident from its declaration to its end, told with the real program on the command line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::agency::{Agency, DECLARE, Plan, deliver, policy};

/// Ids of whom these deliveries have reached, or could not.
fn recipients<'a>(log: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let id = |delivery: &Value| delivery["recipient"].as_str().expect("an id").to_owned();
    log.into_iter().map(id).collect()
}

fn is_sent(delivery: &Value) -> bool {
    delivery["state"] != "not_sent"
}

fn is_to(delivery: &Value, audience: &str) -> bool {
    delivery["audience"] == audience
}

/// How often each moment is in the log.
fn moments<'a>(log: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for delivery in log {
        let moment = delivery["moment"].as_str().expect("a moment");
        *counts.entry(moment.to_owned()).or_default() += 1;
    }
    counts
}

/// The incident of the story and how far it is told.
struct Story<'a> {
    agency: &'a Agency,
    revision: u64,
    kinds: Vec<&'static str>,
}

impl Story<'_> {
    /// Gives a command that must be carried out; checks what every answer must hold, and answers
    /// the receipt with the deliveries of what it said.
    async fn tell(&mut self, kind: &'static str, line: &str) -> (Value, Vec<Value>) {
        let before = (self.agency.mail.taken().len(), self.agency.posts().await);
        let receipt = self.agency.json(line).await;
        self.kinds.push(kind);
        assert_eq!(receipt["incident"], "INC-0001");
        assert_eq!(receipt["event"], self.kinds.len(), "{receipt}");
        let revision = receipt["revision"].as_u64().expect("a number");
        assert!(
            (self.revision..=self.revision + 1).contains(&revision),
            "{receipt}"
        );
        self.revision = revision;

        let mut log = self.agency.send_log("INC-0001").await;
        log.retain(|delivery| delivery["event"] == self.kinds.len());
        let sent: Vec<&Value> = log.iter().filter(|delivery| is_sent(delivery)).collect();
        assert_eq!(receipt["messages"], sent.len(), "{receipt}");
        let mut by_channel: BTreeMap<&str, usize> = BTreeMap::new();
        for delivery in &sent {
            assert_eq!(delivery["state"], "accepted", "{delivery}");
            assert_eq!(delivery["attempts"], 1, "{delivery}");
            let reason = delivery["reason"].as_str().expect("a reason");
            assert!(reason.contains(" this because "), "{delivery}");
            let channel = delivery["channel"].as_str().expect("a channel");
            *by_channel.entry(channel).or_default() += 1;
        }
        assert_eq!(receipt["by_channel"], json!(by_channel));
        // What the record says is what the servers have.
        let mails = by_channel.get("email").copied().unwrap_or_default();
        assert_eq!(self.agency.mail.taken().len() - before.0, mails);
        assert_eq!(self.agency.posts().await - before.1, sent.len() - mails);
        (receipt, log)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_told_from_its_declaration_to_its_end() {
    for agency in Agency::on_each_engine().await {
        tell(&agency).await;
    }
}

async fn tell(agency: &Agency) {
    let mut story = Story {
        agency,
        revision: 0,
        kinds: Vec::new(),
    };
    let who = agency
        .json("who --priority P1 --service register-trainees")
        .await;

    let (receipt, declared) = story
        .tell(
            "declared",
            &format!("{DECLARE} --comms-lead priya-shah --started '20m ago'"),
        )
        .await;
    assert_eq!(receipt["revision"], 1);
    for total in ["people", "messages", "by_channel"] {
        assert_eq!(receipt[total], who["totals"][total], "who said otherwise");
    }
    let told = recipients(declared.iter().filter(|delivery| is_sent(delivery)));
    let foreseen = who["recipients"].as_array().expect("a list");
    let foreseen: BTreeSet<String> = foreseen
        .iter()
        .map(|recipient| recipient["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(told, foreseen);
    let mut everyone = told.clone();

    // Every mail goes to one person, and nobody gets two.
    let mails = agency.mail.taken();
    assert!(mails.iter().all(|mail| mail.to.len() == 1));
    let addresses: BTreeSet<&String> = mails.iter().flat_map(|mail| &mail.to).collect();
    assert_eq!(addresses.len(), mails.len());

    let (receipt, updated) = story
        .tell(
            "updated",
            "update INC-0001 'Some providers can sign in again.' --stage identified --next-update 45m --yes",
        )
        .await;
    assert_eq!(receipt["revision"], 2);
    assert_eq!(recipients(updated.iter().filter(|d| is_sent(d))), told);
    assert!(moments(&updated).keys().all(|moment| moment == "update"));

    let (_, unchanged) = story
        .tell("nothing-changed", "no-change INC-0001 --yes")
        .await;
    let inside = |log: &[Value]| {
        let inside = log
            .iter()
            .filter(|d| is_sent(d) && !is_to(d, "external") && !is_to(d, "users"));
        recipients(inside)
    };
    assert_eq!(
        recipients(unchanged.iter().filter(|d| is_sent(d))),
        inside(&declared),
        "outsiders hear that nothing has changed only when their time has come"
    );

    let (_, lowered) = story
        .tell(
            "priority-changed",
            "priority INC-0001 P2 --why 'Only the north is affected.' --yes",
        )
        .await;
    let stood_down: Vec<&Value> = lowered
        .iter()
        .filter(|delivery| delivery["moment"] == "stand-down")
        .collect();
    assert!(
        stood_down.iter().any(|d| is_to(d, "external")) && moments(&lowered)["priority-change"] > 0,
        "{:?}",
        moments(&lowered)
    );

    let (_, served) = story
        .tell(
            "services-changed",
            "services INC-0001 --service find-courses --yes",
        )
        .await;
    let caught_up: Vec<&Value> = served
        .iter()
        .filter(|delivery| delivery["moment"] == "catch-up")
        .collect();
    assert!(!caught_up.is_empty());
    assert!(recipients(caught_up.iter().copied()).is_disjoint(&everyone));
    everyone.extend(recipients(caught_up));

    let (_, appointed) = story
        .tell("lead-appointed", "leads INC-0001 --tech tom-okafor --yes")
        .await;
    assert_eq!(recipients(&appointed), ["tom-okafor".to_owned()].into());
    assert_eq!(
        moments(&appointed),
        [("role-assigned".to_owned(), 1)].into()
    );

    for (kind, line) in [
        ("stage-changed", "stage INC-0001 monitoring --yes"),
        ("noted", "note INC-0001 'The certificate is renewed.' --yes"),
    ] {
        let (receipt, said) = story.tell(kind, line).await;
        assert_eq!((receipt["people"].as_u64(), said.len()), (Some(0), 0));
    }

    let (_, added) = story
        .tell(
            "person-added",
            "add INC-0001 bronwen-hughes --note 'Asked to be told.' --yes",
        )
        .await;
    assert_eq!(recipients(&added), ["bronwen-hughes".to_owned()].into());
    everyone.insert("bronwen-hughes".to_owned());

    story
        .tell("muted", "mute INC-0001 callum-reid --until 4h --yes")
        .await;
    let (_, decided) = story
        .tell(
            "users-contact-decided",
            "decide INC-0001 --contact-users yes --reason 'It saves the help desk many calls.' --yes",
        )
        .await;
    assert_eq!(recipients(&decided), ["status-mailbox".to_owned()].into());
    everyone.insert("status-mailbox".to_owned());

    let (_, again) = story
        .tell(
            "updated",
            "update INC-0001 'Most providers can sign in.' --yes",
        )
        .await;
    let withheld: Vec<&Value> = again.iter().filter(|d| !is_sent(d)).collect();
    assert!(
        withheld.iter().any(|d| d["recipient"] == "callum-reid"
            && d["result"].as_str().is_some_and(|why| why.contains("uted"))),
        "who is muted is on the record, with the reason: {withheld:?}"
    );

    story
        .tell(
            "step-recorded",
            "step INC-0001 start-report done --note https://northshire.example/report --yes",
        )
        .await;
    story
        .tell(
            "affected-answered",
            "affected INC-0001 northshire-sign-in no --yes",
        )
        .await;

    let (_, fixed) = story
        .tell(
            "resolved",
            "resolve INC-0001 'You can sign in to Register trainees again.' --yes",
        )
        .await;
    assert_eq!(
        recipients(fixed.iter().filter(|d| is_sent(d))),
        everyone,
        "the last word reaches everyone who was ever told, muted or stood down or not"
    );

    let (_, corrected) = story
        .tell(
            "corrected",
            "correct INC-0001 --event 2 --wrong 'Some providers can sign in again' --right 'Nobody could sign in at that time.' --yes",
        )
        .await;
    assert_eq!(recipients(corrected.iter().filter(|d| is_sent(d))), told);

    let (_, closed) = story
        .tell(
            "closed",
            "close INC-0001 --report https://northshire.example/report --review 2030-12-01T10:00 --action 'Watch the certificates (Tom Okafor)' --yes",
        )
        .await;
    assert!(
        closed
            .iter()
            .all(|d| is_to(d, "owners") || is_to(d, "responders")),
        "the end of the paperwork is for insiders"
    );

    let (_, reopened) = story
        .tell("reopened", "reopen INC-0001 --why 'It came back.' --yes")
        .await;
    assert_eq!(recipients(reopened.iter().filter(|d| is_sent(d))), everyone);
    let (_, cancelled) = story
        .tell(
            "cancelled",
            "cancel INC-0001 --why 'It was a test of ours.' --yes",
        )
        .await;
    assert_eq!(
        recipients(cancelled.iter().filter(|d| is_sent(d))),
        everyone
    );
    story.tell("noted", "note INC-0001 Filed. --yes").await;

    let status = agency.json("status INC-0001").await;
    let timeline = status["timeline"].as_array().expect("a timeline");
    let kinds: Vec<&str> = timeline
        .iter()
        .map(|entry| entry["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(kinds, story.kinds);
    assert_eq!(status["revision"], story.revision);
    assert_eq!(status["stage"], "cancelled");
    let corrected = kinds.iter().position(|kind| *kind == "corrected");
    let corrected = corrected.expect("a correction") + 1;
    assert_eq!(timeline[1]["corrected_by"], json!([corrected]));
    assert_eq!(status["leads"]["tech"]["id"], "tom-okafor");
    let verified = agency.json("verify INC-0001").await;
    assert_eq!(verified[0]["intact"], true);
    assert_eq!(verified[0]["events"], story.kinds.len());
    let listed = agency.json("list").await;
    assert_eq!(listed[0]["incident"], "INC-0001");
    assert_eq!(agency.json("list --open").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_of_an_exercise_says_that_it_is_one() {
    let agency = Agency::open().await;
    agency.declare("--exercise").await;
    let mails = agency.mail.taken();
    assert!(!mails.is_empty());
    for mail in &mails {
        let mail = mailparse::parse_mail(&mail.bytes).expect("a mail");
        let subject = mail.headers.iter().find(|h| h.get_key() == "Subject");
        let subject = subject.expect("a subject").get_value();
        assert!(subject.starts_with("Exercise: "), "{subject}");
        for part in &mail.subparts {
            let body = part.get_body().expect("text");
            assert!(body.contains("This is an exercise."), "{body}");
        }
    }
    for post in agency.hooks.received_requests().await.expect("posts") {
        let body = String::from_utf8_lossy(&post.body);
        assert!(body.contains("xercise"), "{body}");
    }
    let status = agency.json("status INC-0001").await;
    assert_eq!(status["exercise"], true);
    agency
        .done("status INC-0001")
        .await
        .says(&["EXERCISE. INC-0001 P1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_closed_as_a_duplicate_of_another_that_exists() {
    let agency = Agency::open().await;
    agency.declare("").await;
    agency.declare("").await;
    for (other, says) in [
        ("INC-0009", "There is no incident INC-0009"),
        ("INC-0002", "cannot be a duplicate of itself"),
    ] {
        agency
            .oyez(&format!("close INC-0002 --duplicate-of {} --yes", other))
            .await
            .exits(3)
            .says(&[says]);
    }
    let receipt = agency
        .json("close INC-0002 --duplicate-of INC-0001 --yes")
        .await;
    assert_eq!(
        receipt["headline"],
        "INC-0002: Closed as a duplicate of INC-0001"
    );
    let open = agency.json("list --open").await;
    assert_eq!(open.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_snoozed_twice_and_each_time_says_what_it_costs() {
    let agency = Agency::open().await;
    agency.declare("--comms-lead priya-shah").await;
    let snooze = "snooze INC-0001 --yes";
    agency
        .oyez(snooze)
        .await
        .exits(4)
        .says(&["No prompt is out."]);
    agency
        .done("update INC-0001 X --next-update 8m --yes")
        .await;
    // The promise is nearer than the prompt's lead, so the prompt is due at once.
    let started = agency.start().await;
    started.app.tick().await.expect("the clock goes on");
    started.app.close().await;
    let due = agency.json("status INC-0001").await["next_update"].clone();
    for _ in 0..2 {
        let receipt = agency.json("snooze INC-0001 --yes").await;
        assert_eq!(receipt["next_update"], due, "a snooze moves no promise");
        let sentences = receipt["sentences"].to_string();
        assert!(sentences.contains("minutes late"), "{sentences}");
        assert!(sentences.contains("People were told"), "{sentences}");
    }
    agency.oyez(snooze).await.exits(4).says(&["twice"]);
    let log = agency.send_log("INC-0001").await;
    let prompts: Vec<&Value> = log.iter().filter(|d| d["moment"] == "prompt").collect();
    assert_eq!(recipients(prompts), ["priya-shah".to_owned()].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_outsiders_can_be_stopped_and_then_never_leaves() {
    let agency = Agency::with(Plan {
        policy: policy().replace("outside_hold = \"0s\"", "outside_hold = \"1h\""),
        ..Plan::default()
    })
    .await;
    let receipt = agency.declare("--no-wait").await;
    assert_eq!(receipt.get("progress"), None);
    assert_eq!(agency.mail.taken(), []);
    let started = agency.start().await;
    deliver(&started.app).await;
    started.app.close().await;
    let mails = agency.mail.taken().len();
    assert!(mails > 0);
    let stopped = agency.json("cancel INC-0001 --sending --yes").await;
    assert_eq!(stopped["messages"], 0);
    let log = agency.send_log("INC-0001").await;
    for delivery in log.iter().filter(|delivery| is_sent(delivery)) {
        let expected = match is_to(delivery, "external") {
            true => "cancelled",
            false => "accepted",
        };
        assert_eq!(delivery["state"], expected, "{delivery}");
    }
    agency
        .oyez("cancel INC-0001 --sending --yes")
        .await
        .exits(4)
        .says(&["No message is waiting"]);
    assert_eq!(agency.mail.taken().len(), mails);
}

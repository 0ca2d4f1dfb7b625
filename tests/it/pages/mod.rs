//! The signed pages that mails lead to, as a person's browser and a mail scanner see them.

mod affected;
mod chat;
mod refused;
mod seen;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use mailparse::{MailHeaderMap, ParsedMail};
use oyez::clock::ManualClock;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    agency::{Agency, Plan, deliver, policy},
    api::{Answer, Api},
};

const PUBLIC: &str = "https://oyez.northshire.example";

/// An agency that people reach at a public address.
struct Reached {
    agency: Agency,
    api: Api,
}

impl Reached {
    async fn open() -> Self {
        Self::with(policy()).await
    }

    async fn with(policy: String) -> Self {
        let agency = Agency::with(Plan {
            server: format!("public_url = \"{PUBLIC}/\"\n"),
            policy,
            ..Plan::default()
        })
        .await;
        Self {
            api: Api::start(&agency).await,
            agency,
        }
    }

    /// Declares and delivers a P1 on Register trainees.
    async fn declare(&self, more: &str) {
        self.agency.declare(more).await;
        deliver(&self.api.app).await;
    }

    /// Links to pages by mailbox, of all mails so far; of several mails, the last one's.
    fn links(&self) -> BTreeMap<String, String> {
        let mut links = BTreeMap::new();
        for taken in self.agency.mail.taken() {
            let mail = mailparse::parse_mail(&taken.bytes).expect("a mail");
            let text = body(&mail, 0);
            let mut found = text
                .split_whitespace()
                .filter(|word| word.starts_with(PUBLIC));
            if let Some(link) = found.next() {
                assert_eq!(found.next(), None, "one link for each: {text}");
                let html = body(&mail, 1);
                assert!(html.contains(&format!("href=\"{link}\"")), "{html}");
                let path = link.strip_prefix(PUBLIC).expect("a path").to_owned();
                assert!(!path.contains("dana") && !path.contains("INC"), "{path}");
                links.insert(taken.to[0].clone(), path);
            } else {
                assert!(!body(&mail, 1).contains("/a/"), "{text}");
            }
        }
        links
    }

    fn link_of(&self, mailbox: &str) -> String {
        let links = self.links();
        links
            .get(&format!("{mailbox}@northshire.example"))
            .unwrap_or_else(|| panic!("{mailbox} has no link: {links:?}"))
            .clone()
    }

    async fn looks(&self, path: &str) -> Answer {
        Answer::of(self.api.request(Method::GET, path)).await
    }

    /// Presses a button.
    async fn presses(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(self.api.request(Method::POST, path).form(form)).await
    }

    async fn timeline(&self) -> Vec<Value> {
        let status = self.agency.json("status INC-0001").await;
        status["timeline"].as_array().expect("a timeline").clone()
    }

    /// How often something of this kind is on the timeline.
    async fn count(&self, kind: &str) -> usize {
        let timeline = self.timeline().await;
        timeline.iter().filter(|one| one["kind"] == kind).count()
    }

    /// The same, so much later.
    fn later(&self, by: TimeDelta) -> Api {
        let now = self.api.app.clock.now();
        let clock = std::sync::Arc::new(ManualClock::new(now + by));
        Api::of(std::sync::Arc::new(self.api.app.at(clock)))
    }
}

fn body(mail: &ParsedMail<'_>, part: usize) -> String {
    let subject = mail.headers.get_first_value("Subject");
    assert!(subject.is_some(), "a subject");
    let part = mail.subparts.get(part).unwrap_or(mail);
    part.get_body().expect("a body").replace("\r\n", "\n")
}

/// A page that is shown to a person: HTML that nothing keeps, sends on or scripts.
#[track_caller]
fn page(answer: &Answer, status: u16) -> &str {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    let header = |name: &str| answer.headers[name].to_str().expect("a text").to_owned();
    assert!(header("content-type").starts_with("text/html"));
    let policy = header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(directive), "{policy}");
    }
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert!(header("x-robots-tag").contains("noindex"));
    let text = &answer.text;
    assert_eq!(text.matches("<h1>").count(), 1, "{text}");
    for unsafe_thing in ["<script", " style=", " onclick", "javascript:", "http://"] {
        assert!(!text.contains(unsafe_thing), "{unsafe_thing} in {text}");
    }
    text
}

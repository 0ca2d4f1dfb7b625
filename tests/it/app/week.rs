//! Days of an incident in a moment: over both nights of 2026 on which the clocks change, with
//! prompts, snoozes, late answers and a machine that slept, through the real use cases.
//!
//! What holds throughout: the time that a message prints is the time that the timer holds, each
//! rung goes off exactly once, and one that was slept through goes off once, at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Europe::London;
use oyez::{
    app::Mode,
    clock::Clock,
    domain::{
        IncidentId, Time,
        command::{Command, Declare},
        incident::LeadRole,
        notification::Moment,
        situation::Relation,
    },
    store::timers,
};

use super::{Agency, asked, update};
use crate::support::{at, fake_channel::Sent};

/// Owners, the team and outsiders: one audience of each kind, and few people.
fn few_rules(policy: &str) -> String {
    let mut parts = policy.split("[[rules]]");
    let head = parts.next().unwrap().to_owned();
    let kept = parts.filter(|rule| {
        ["p1-service-owners", "team", "lead-providers"]
            .iter()
            .any(|id| rule.contains(&format!("id = \"{id}\"")))
    });
    let policy = kept.fold(head, |policy, rule| policy + "[[rules]]" + rule);
    policy.replace("outside_hold = \"10s\"", "outside_hold = \"0s\"")
}

/// The time after "Next update by" in a message, read as a person in London reads it.
fn printed(sent: &Sent) -> Option<Time> {
    let (_, rest) = sent.text.split_once("Next update by ")?;
    let (text, _) = rest.split_once(", even if nothing has changed.")?;
    let today = sent.date.with_timezone(&London).date_naive();
    let date = match text.split_once('(').map(|_| text) {
        // The date, where there is one, is the last thing; "before the clocks go back" is no date.
        Some(text) if text.contains("tomorrow (") || text.contains("today (") => {
            let (_, date) = text.rsplit_once('(').unwrap();
            long_date(date.trim_end_matches(')'))
        }
        _ => match text.rsplit_once(" on ") {
            Some((_, date)) => long_date(date),
            None => today,
        },
    };
    let clock = text.split_whitespace().next().unwrap();
    let wall = date.and_time(clock_time(clock));
    Some(instant(wall, text))
}

fn long_date(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%d %B %Y").unwrap_or_else(|_| panic!("no date: {text}"))
}

fn clock_time(text: &str) -> NaiveTime {
    if text == "midday" {
        return NaiveTime::from_hms_opt(12, 0, 0).unwrap();
    }
    let (digits, half) = text.split_at(text.len() - 2);
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
    let hour: u32 = hour.parse().unwrap();
    let afternoon = match half {
        "am" => 0,
        "pm" => 12,
        _ => panic!("no time of day: {text}"),
    };
    NaiveTime::from_hms_opt(hour % 12 + afternoon, minute.parse().unwrap(), 0).unwrap()
}

/// The instant of a wall-clock time; where it comes twice, the words say which is meant.
fn instant(wall: NaiveDateTime, text: &str) -> Time {
    let found = London.from_local_datetime(&wall);
    if let Some(only) = found.single() {
        assert!(!text.contains("the clocks go back"), "{text}");
        return only.to_utc();
    }
    let found = match (text.contains("before"), text.contains("after")) {
        (true, false) => found.earliest(),
        (false, true) => found.latest(),
        _ => panic!("{wall} comes twice, and it is not said which: {text}"),
    };
    found.expect("a time that exists").to_utc()
}

/// An incident and what was seen of it.
struct Watch<'a> {
    agency: &'a Agency,
    id: IncidentId,
    /// Mails looked at so far.
    seen: usize,
    /// The last time printed to each audience, by the address that got it.
    last_printed: BTreeMap<String, Time>,
    rungs: usize,
    prompts: usize,
}

impl<'a> Watch<'a> {
    async fn declare(agency: &'a Agency, priority: &str) -> Self {
        let declare = Declare {
            title: "Providers cannot sign in".to_owned(),
            priority: Some(priority.parse().unwrap()),
            services: [("register-trainees".parse().unwrap(), Relation::Affected)].into(),
            leads: [
                (LeadRole::Comms, "priya-shah".parse().unwrap()),
                (LeadRole::Tech, "tom-okafor".parse().unwrap()),
            ]
            .into(),
            ..Declare::default()
        };
        let asked = asked(declare, "priya-shah");
        let receipt = agency.app.declare(asked, Mode::Commit).await.unwrap();
        let mut watch = Self {
            agency,
            id: receipt.incident,
            seen: 0,
            last_printed: BTreeMap::new(),
            rungs: 0,
            prompts: 0,
        };
        watch.look().await;
        watch
    }

    fn now(&self) -> Time {
        self.agency.clock.now()
    }

    /// The earliest time owed.
    async fn due(&self) -> Time {
        let status = self.agency.app.status(self.id).await.unwrap();
        status
            .summary
            .next_update
            .expect("an open incident owes one")
    }

    async fn tell(&mut self, command: Command) {
        self.agency
            .change(self.id, command, "priya-shah")
            .await
            .unwrap_or_else(|error| panic!("at {}: {error}", self.now()));
        self.look().await;
    }

    /// Lets time pass as a server would live through it: each timer when it is due.
    async fn until(&mut self, time: Time) {
        while let Some(next) = self.agency.app.next_timer().await.unwrap()
            && next <= time
        {
            if next > self.now() {
                self.agency.clock.set(next);
            }
            self.tick().await;
        }
        self.agency.clock.set(time);
        self.tick().await;
    }

    /// Lets time pass unseen, and wakes up.
    async fn sleep_until(&mut self, time: Time) {
        self.agency.clock.set(time);
        self.tick().await;
    }

    async fn tick(&mut self) {
        self.agency.app.tick().await.unwrap();
        self.look().await;
    }

    /// Sends what is due and checks what always holds.
    async fn look(&mut self) {
        self.agency.deliver().await;
        let app = &self.agency.app;
        let sent = self.agency.mail.sent();
        for mail in &sent[self.seen..] {
            assert_eq!(mail.at, self.now(), "nothing is held up");
            match mail.moment {
                Moment::Prompt | Moment::Overdue => self.prompts += 1,
                _ => {
                    if let Some(time) = printed(mail) {
                        self.last_printed.insert(mail.address.clone(), time);
                    }
                }
            }
        }
        self.seen = sent.len();

        let status = app.status(self.id).await.unwrap();
        let owed: BTreeSet<Time> = status.promises.values().copied().collect();
        let printed: BTreeSet<Time> = self.last_printed.values().copied().collect();
        assert_eq!(
            owed,
            printed,
            "what is owed is what was printed, {}",
            self.now()
        );
        let Some(earliest) = owed
            .first()
            .filter(|_| status.summary.resolved_at.is_none())
        else {
            return;
        };
        let rows = timers::of_incident(app.store.read(), self.id)
            .await
            .unwrap();
        let has_climbed = status.timeline.iter().any(|entry| entry.kind == "overdue");
        let overdue = rows.iter().find(|row| row.row.kind == "overdue");
        match overdue {
            Some(row) => assert_eq!(row.row.due, *earliest, "the timer holds what was printed"),
            None => assert!(has_climbed && self.now() >= *earliest, "{rows:?}"),
        }
    }

    /// Every rung that went off, by what it belongs to; panics if one did twice.
    async fn check_rungs(&mut self) {
        let events = self
            .agency
            .app
            .events_after(&oyez::app::Viewer::Operator, 0, 10_000);
        let (events, _) = events.await.unwrap();
        let mut seen = BTreeSet::new();
        for event in events.iter().filter(|event| event.incident == self.id) {
            if matches!(event.kind.as_str(), "prompted" | "overdue") {
                let body = &event.body;
                let rung = format!("{} {} {}", body["due"], body["rung"], body["round"]);
                assert!(seen.insert(rung.clone()), "{rung} went off twice");
            }
        }
        self.rungs = seen.len();
    }
}

fn minutes(count: i64) -> TimeDelta {
    Duration::minutes(count)
}

const NO_CHANGE: Command = Command::NoChange { next_update: None };

/// Answers promise after promise, each in another way, until the end.
async fn live_through(watch: &mut Watch<'_>, end: Time) -> usize {
    let mut answered = 0;
    while watch.now() < end {
        let due = watch.due().await;
        let before = watch.seen;
        match answered % 7 {
            // In time, after the prompt.
            0 => {
                watch.until(due - minutes(4)).await;
                watch.tell(NO_CHANGE).await;
            }
            // Before the prompt.
            1 => {
                watch.until(due - minutes(12)).await;
                watch.tell(update("Some can sign in.")).await;
            }
            // Put off, prompted again, answered a little late.
            2 => {
                watch.until(due - minutes(9)).await;
                watch.tell(Command::Snooze).await;
                watch.until(due + minutes(7)).await;
                watch.tell(NO_CHANGE).await;
            }
            // Put off twice, and late.
            3 => {
                watch.until(due - minutes(8)).await;
                watch.tell(Command::Snooze).await;
                watch.until(due - minutes(1)).await;
                watch.tell(Command::Snooze).await;
                watch.until(due + minutes(25)).await;
                watch.tell(NO_CHANGE).await;
            }
            // So late that others hear of it.
            4 => {
                watch.until(due + minutes(14)).await;
                watch
                    .tell(update("We are sorry that this took long."))
                    .await;
            }
            // The machine slept through all of it: one message says how late it is, and no more.
            5 => {
                watch.until(due - minutes(20)).await;
                let (sent, woke) = (watch.prompts, due + minutes(3 * 60));
                watch.sleep_until(woke).await;
                let told = watch.prompts - sent;
                assert!(told > 0, "somebody hears of it");
                let all = watch.agency.mail.sent();
                let late = &all[all.len() - told..];
                let addresses: BTreeSet<&String> = late.iter().map(|m| &m.address).collect();
                assert_eq!(addresses.len(), told, "nobody hears of it twice");
                for mail in late {
                    assert_eq!(mail.moment, Moment::Overdue);
                    assert!(mail.text.contains("is 3 hours late"), "{}", mail.text);
                }
                watch.until(woke + minutes(30)).await;
                assert_eq!(watch.prompts - sent, told, "it goes off once");
                watch.tell(NO_CHANGE).await;
            }
            // A time of their own choosing.
            _ => {
                watch.until(due - minutes(5)).await;
                let next_update = Some(watch.now() + minutes(25));
                watch.tell(Command::NoChange { next_update }).await;
            }
        }
        assert!(watch.seen > before);
        answered += 1;
    }
    watch.check_rungs().await;
    answered
}

#[tokio::test]
async fn a_p1_is_kept_over_both_nights_on_which_the_clocks_change() {
    for night in ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"] {
        for agency in Agency::all(few_rules).await {
            let change = at(night);
            agency.clock.set(change - minutes(6 * 60 + 7));
            let mut watch = Watch::declare(&agency, "P1").await;
            let answered = live_through(&mut watch, change + minutes(5 * 60)).await;
            assert!(answered > 7, "{answered} promises were answered");
            // Three of seven promises climb no further than the first prompt, if that far.
            assert!(watch.rungs > answered, "{} rungs", watch.rungs);

            let fixed = Command::Resolve {
                text: "You can sign in again.".to_owned(),
                at: None,
                lost: None,
                still_stuck: None,
            };
            watch.last_printed.clear();
            watch.tell(fixed).await;
            let (rungs, prompts) = (watch.rungs, watch.prompts);
            watch.until(watch.now() + minutes(5 * 60)).await;
            watch.check_rungs().await;
            assert_eq!((watch.rungs, watch.prompts), (rungs, prompts), "it is over");
            let verified = agency.app.verify(Some(watch.id), None).await.unwrap();
            assert!(verified[0].intact, "{}", verified[0].sentence);
        }
    }
}

#[tokio::test]
async fn a_p3_is_told_at_ten_on_each_working_day_whatever_the_clocks_and_holidays_do() {
    for (start, expected) in [
        (
            "2026-03-26T15:00:00Z",
            // Winter time, the weekend of the change, summer time; after Easter the first working
            // minute.
            &[
                "03-27T10", "03-30T09", "03-31T09", "04-01T09", "04-02T09", "04-07T08",
            ][..],
        ),
        (
            "2026-10-22T15:00:00Z",
            &["10-23T09", "10-26T10", "10-27T10"],
        ),
    ] {
        for agency in Agency::all(few_rules).await {
            agency.clock.set(at(start));
            let mut watch = Watch::declare(&agency, "P3").await;
            for hour in expected {
                let due = watch.due().await;
                assert_eq!(due, at(&format!("2026-{hour}:00:00Z")));
                watch.until(due - minutes(3)).await;
                watch.tell(NO_CHANGE).await;
            }
            watch.check_rungs().await;
            assert_eq!(watch.rungs, 2 * expected.len(), "two prompts for each day");
        }
    }
}

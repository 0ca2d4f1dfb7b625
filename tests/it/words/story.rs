//! One incident of the Northshire Learning Agency, told up to each moment.

use std::collections::BTreeMap;

use oyez::domain::{
    Audience, IncidentId,
    chain::Head,
    directory::Directory,
    event::{Event, Record},
    incident::Incident,
    notification::Moment,
    policy::Policy,
    saying::{Links, Saying},
    variant::Variant,
    wording::{self, View},
};
use serde_json::{Value, json};

use crate::support::at;

/// The organisation and the incident so far.
pub(crate) struct Story {
    pub(crate) log: Vec<Record>,
    directory: Directory,
    policy: Policy,
    links: Links,
}

impl Story {
    /// The story when this moment's event has just happened.
    pub(crate) fn up_to(moment: Moment) -> Self {
        let mut story = Self::declared(&json!({}));
        let update = json!({
            "type": "updated",
            "text": "Some providers can sign in again. About 1 in 4 still cannot.",
            "facts": {
                "effect": "About 1 in 4 training providers cannot sign in to Register trainees.",
                "what_to_do": "If you see an error, wait 10 minutes and try once more.",
                "doing": "Tom is renewing the other certificates. Mei is watching the help desk.",
            },
            "stage": "identified",
            "promised": {},
        });
        match moment {
            Moment::Declared | Moment::AreYouAffected | Moment::RoleAssigned | Moment::Test => {}
            _ => story.happens("2026-11-23T14:31:00Z", update),
        }
        if matches!(moment, Moment::Closed | Moment::Reopened | Moment::Reminder)
            && let Some((when, event)) = event_of(Moment::Resolved)
        {
            story.happens(when, event);
        }
        if let Some((when, event)) = event_of(moment) {
            story.happens(when, event);
        }
        story
    }

    /// A P1 at 1:25pm, with fields of the declaration replaced.
    pub(crate) fn declared(changes: &Value) -> Self {
        let mut event = json!({
            "type": "declared",
            "title": "providers cannot sign in",
            "priority": "P1",
            "factors": [],
            "triage": [],
            "kind": "technical",
            "restricted": false,
            "exercise": false,
            "services": { "register-trainees": "affected" },
            "facts": {
                "effect": "Training providers cannot sign in to Register trainees.",
                "who": "All 214 providers. Trainees are not affected.",
                "what_to_do": "You do not need to do anything. Do not send trainee details to us by email instead.",
                "doing": "Tom is checking the certificate. Mei is watching the help desk.",
                "decision": "None.",
                "theory": "The sign-in certificate ran out.",
            },
            "started_at": "2026-11-23T13:20:00Z",
            "leads": { "comms": "priya-shah", "tech": "tom-okafor", "support": "mei-lin" },
            "promised": {},
            "references": [],
        });
        for (key, value) in changes.as_object().expect("an object") {
            event[key] = value.clone();
        }
        let mut story = Self {
            log: Vec::new(),
            directory: directory(),
            policy: policy(),
            links: Links {
                incidents: Some("https://oyez.northshire.example/incidents".to_owned()),
                status: Some("https://status.northshire.example".to_owned()),
                team_mailbox: Some("register-trainees@northshire.example".to_owned()),
            },
        };
        story.happens("2026-11-23T13:25:00Z", event);
        story
    }

    pub(crate) fn happens(&mut self, when: &str, event: Value) {
        let event: Event = serde_json::from_value(event).expect("an event");
        self.log.push(
            serde_json::from_value(json!({
                "seq": self.log.len() + 1,
                "at": when,
                "actor": { "id": "cli:priya", "person": null, "name": "Priya Shah", "door": "cli" },
                "request_key": "",
                "event": event,
                "said": null,
            }))
            .expect("a record"),
        );
    }

    /// The facts of the message about the last event.
    pub(crate) fn view(&self, moment: Moment, audience: Audience) -> View {
        let id: IncidentId = "INC-0042".parse().expect("a reference");
        let incident = Incident::from_log(id, &self.log).expect("a declared incident");
        let event = self.log.last().expect("an event");
        let next = match moment {
            Moment::Declared | Moment::RoleAssigned | Moment::AreYouAffected => "14:40",
            _ => "15:40",
        };
        let before = Head {
            seq: event.seq - 1,
            hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        };
        wording::view(&Saying {
            incident: &incident,
            log: &self.log,
            event,
            moment,
            audience,
            variant: match moment {
                Moment::StandDown => Variant::LessSerious,
                _ => Variant::Follows,
            },
            directory: &self.directory,
            policy: &self.policy,
            next_update: Some(at(&format!("2026-11-23T{next}:00Z"))),
            people_told: 42,
            readers_abroad: false,
            before: Some(&before),
            links: &self.links,
            now: event.at,
        })
    }
}

/// What happened last, if a message of this moment is about something after the update.
fn event_of(moment: Moment) -> Option<(&'static str, Value)> {
    let frozen = json!({
        "revision": 2,
        "words": {
            "owners": "Nothing has changed since 2:31pm. About 1 in 4 training providers cannot sign \
                       in to Register trainees. The team is still working on it. Next update by 4:40pm.",
            "external": "Nothing has changed since 2:31pm. About 1 in 4 training providers cannot sign \
                         in to Register trainees. We are still working on it. Next update by 4:40pm.",
        },
        "promised": {},
    });
    let priority = json!({
        "type": "priority-changed", "from": "P2", "to": "P1", "factors": [], "triage": [],
        "why": "All providers are affected, not only those in the north.", "promised": {},
    });
    let lead = |role: &str| {
        json!({
            "type": "lead-appointed", "role": role, "person": "priya-shah", "from": "dana-whitlock",
            "note": "The deadline for providers is 5pm today.",
        })
    };
    Some(match moment {
        Moment::Declared | Moment::Update | Moment::Test => return None,
        Moment::NoChange => (
            "2026-11-23T15:35:00Z",
            json!({"type": "nothing-changed", "audiences": ["owners"], "promised": {}, "holding_line": false}),
        ),
        Moment::PriorityChange | Moment::CatchUp => ("2026-11-23T15:05:00Z", priority),
        Moment::StandDown => (
            "2026-11-23T15:05:00Z",
            json!({
                "type": "priority-changed", "from": "P1", "to": "P3", "factors": [], "triage": [],
                "why": "Only two providers are affected.", "promised": {},
            }),
        ),
        Moment::Resolved => (
            "2026-11-23T15:55:00Z",
            json!({
                "type": "resolved", "at": "2026-11-23T15:52:00Z",
                "text": "You can sign in to Register trainees again.",
                "lost": "Nothing you saved was lost.",
                "still_stuck": "If you still cannot sign in, close your browser and try again.",
            }),
        ),
        Moment::Closed => (
            "2026-11-24T10:00:00Z",
            json!({
                "type": "closed", "duplicate_of": null, "text": "The report is ready to read.",
                "report": "https://reports.northshire.example/2026-11-23",
                "review_at": "2026-11-30T14:00:00Z",
                "actions": [
                    "Tom Okafor adds an alert for certificates that are about to run out.",
                    "Mei Lin writes an answer for the help desk.",
                ],
            }),
        ),
        Moment::Correction => (
            "2026-11-23T16:10:00Z",
            json!({
                "type": "corrected", "events": [2],
                "wrong": "About 1 in 4 still cannot.",
                "right": "Half of all providers still cannot sign in.",
                "facts": {},
            }),
        ),
        Moment::Reopened => (
            "2026-11-23T16:20:00Z",
            json!({
                "type": "reopened",
                "why": "Providers in the north cannot sign in again since 4:15pm.",
                "promised": {},
            }),
        ),
        Moment::Cancelled => (
            "2026-11-23T14:45:00Z",
            json!({"type": "cancelled", "why": "The errors came from a test by our own team."}),
        ),
        Moment::Prompt => (
            "2026-11-23T15:30:00Z",
            json!({
                "type": "prompted", "due": "2026-11-23T15:40:00Z", "to": ["priya-shah"],
                "frozen": frozen,
            }),
        ),
        Moment::Overdue => (
            "2026-11-23T15:50:00Z",
            json!({
                "type": "overdue", "due": "2026-11-23T15:40:00Z", "minutes_late": 10,
                "to": ["priya-shah"],
            }),
        ),
        Moment::RoleAssigned => ("2026-11-23T13:40:00Z", lead("comms")),
        Moment::AreYouAffected => (
            "2026-11-23T13:40:00Z",
            json!({"type": "asked-if-affected", "services": ["find-courses"], "to": []}),
        ),
        Moment::Reminder => (
            "2026-11-24T10:00:00Z",
            json!({"type": "reminded", "steps": ["start-report", "hold-review"], "to": ["priya-shah"]}),
        ),
    })
}

fn directory() -> Directory {
    let service = |id: &str, name: &str, outside: &str| {
        json!({
            "id": id, "name": name, "outside_name": outside, "programme": null, "tags": [],
            "tier": 1, "organisation": null, "depends_on": [], "status_page": id,
            "support_queue": null, "disaster_recovery": null, "destinations": [],
        })
    };
    let person = |id: &str, name: &str| {
        json!({
            "id": id, "name": name, "organisation": null, "addresses": [], "time_zone": null,
            "working_hours": null, "muted_until": null,
        })
    };
    let by_id = |things: &[Value]| {
        let things = things.iter().map(|thing| {
            let id = thing["id"].as_str().expect("an id").to_owned();
            (id, thing.clone())
        });
        things.collect::<BTreeMap<_, _>>()
    };
    serde_json::from_value(json!({
        "services": by_id(&[
            service("register-trainees", "Register trainees", "Register trainees"),
            service("find-courses", "Find courses", "Find a training course"),
        ]),
        "people": by_id(&[
            person("priya-shah", "Priya Shah"),
            person("tom-okafor", "Tom Okafor"),
            person("mei-lin", "Mei Lin"),
            person("dana-whitlock", "Dana Whitlock"),
        ]),
        "groups": {}, "destinations": {}, "organisations": {}, "roles": [],
    }))
    .expect("a directory")
}

/// The policy that the program ships as a starting point would move these words with every change
/// of it, so this one is the tests' own.
fn policy() -> Policy {
    use chrono::{Duration, NaiveTime};
    use oyez::domain::{
        incident::Stage,
        policy::{Cadence, Ladder, Priority, Rhythm},
        time::WorkingHours,
    };
    let priority = |id: &str, hours: i64, meaning: &str| Priority {
        id: id.parse().expect("a priority"),
        meaning: meaning.to_owned(),
        cadence: Stage::ALL
            .into_iter()
            .map(|stage| {
                let rhythm = Rhythm::Every(Duration::hours(hours));
                let working_hours = false;
                (
                    stage,
                    Cadence {
                        rhythm,
                        working_hours,
                    },
                )
            })
            .collect(),
        factors_needed: 1,
        preview_required: false,
        major_incident_report: id == "P1",
        deliver_within: Duration::hours(4),
        quick_fallback: id == "P1",
    };
    Policy {
        organisation: "Northshire Learning Agency".to_owned(),
        time_zone: chrono_tz::Europe::London,
        working_hours: WorkingHours {
            days: Vec::new(),
            from: NaiveTime::MIN,
            until: NaiveTime::MIN,
        },
        bank_holidays: Default::default(),
        priorities: vec![
            priority("P1", 1, "most users are affected"),
            priority("P2", 2, "some users are affected"),
        ],
        factors: Vec::new(),
        ceilings: Vec::new(),
        seasons: Vec::new(),
        rules: Vec::new(),
        ladder: Ladder {
            prompt_lead: Duration::minutes(10),
            prompt_others: Duration::minutes(5),
            escalate: Duration::minutes(10),
            late_to: Vec::new(),
            snooze: Duration::minutes(15),
            snoozes: 2,
            holding_line_after: None,
        },
        outside_hold: Duration::seconds(10),
        second_person: Default::default(),
        discouraged_words: Vec::new(),
    }
}

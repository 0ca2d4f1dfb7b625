//! What is left to do, computed from the incident, never stored.
//!
//! The steps are those of the incident playbook. Some are known from the incident itself (a lead
//! was appointed); the others are recorded by whoever did them. A step that somebody recorded as
//! not needed stays so, with the reason.

use serde::Serialize;

use super::{
    PersonId, ServiceId, StepId,
    directory::{Directory, Service},
    event::StepState,
    incident::{Incident, Kind, LeadRole, Stage, StepRecord},
    policy::Policy,
    situation::Relation,
};

/// One step of the playbook, for one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Stable name, which `oyez step` takes.
    pub id: StepId,
    /// What to do, as a sentence.
    pub words: String,
    /// How far it is.
    pub state: StepState,
    /// Why it is not needed, or what was noted when it was done.
    pub note: Option<String>,
    /// Where it is done, for example the right disaster-recovery procedure.
    pub link: Option<String>,
    /// Which lead owns it.
    pub whose: LeadRole,
    /// The person who has that lead.
    pub person: Option<PersonId>,
}

/// All steps that there are, in the order of the playbook; not each belongs to every incident.
pub const STEPS: [&str; 19] = [
    APPOINT_COMMS,
    APPOINT_TECH,
    APPOINT_SUPPORT,
    ASK_OTHERS,
    START_REPORT,
    LINK_SECURITY,
    DECIDE_USERS,
    UPDATE_DASHBOARD,
    DISASTER_RECOVERY,
    REPORT_MAJOR,
    UPDATE_REPORT,
    CLOSE,
    CHECK_DASHBOARD,
    HOLD_REVIEW,
    WRITE_REVIEW,
    PUBLISH_REVIEW,
    REPORT_TO_BOARD,
    UPDATE_MAJOR,
    SHARE_LESSONS,
];

const APPOINT_COMMS: &str = "appoint-comms-lead";
const APPOINT_TECH: &str = "appoint-tech-lead";
const APPOINT_SUPPORT: &str = "appoint-support-lead";
const ASK_OTHERS: &str = "ask-other-services";
const START_REPORT: &str = "start-report";
const LINK_SECURITY: &str = "link-security";
const DECIDE_USERS: &str = "decide-users";
const UPDATE_DASHBOARD: &str = "update-dashboard";
const DISASTER_RECOVERY: &str = "disaster-recovery";
const REPORT_MAJOR: &str = "report-major-incident";
const UPDATE_REPORT: &str = "update-report";
const CLOSE: &str = "close-incident";
const CHECK_DASHBOARD: &str = "check-dashboard";
const HOLD_REVIEW: &str = "hold-review";
const WRITE_REVIEW: &str = "write-review";
const PUBLISH_REVIEW: &str = "publish-review";
const REPORT_TO_BOARD: &str = "report-to-board";
const UPDATE_MAJOR: &str = "update-major-incident";
const SHARE_LESSONS: &str = "share-lessons";

/// Every step that belongs to this incident now, in the order of the playbook. A cancelled incident
/// has none.
pub fn playbook(incident: &Incident, directory: &Directory, policy: &Policy) -> Vec<Item> {
    if incident.stage == Stage::Cancelled {
        return Vec::new();
    }
    let mut list = List {
        incident,
        items: Vec::new(),
    };
    list.team();
    list.other_services(directory);
    list.reports(policy);
    list.users();
    list.affected(directory, policy);
    if !incident.stage.is_open() {
        list.after_the_fix(directory, policy);
    }
    list.items.sort_by_key(|item| position(&item.id));
    list.items
}

/// The steps that are still open, in the order of the playbook.
pub fn open_steps(incident: &Incident, directory: &Directory, policy: &Policy) -> Vec<StepId> {
    playbook(incident, directory, policy)
        .into_iter()
        .filter(|item| item.state == StepState::Open)
        .map(|item| item.id)
        .collect()
}

/// Services up- or downstream of the affected ones that have not answered whether they are
/// affected. A service that the incident names as affected need not be asked.
pub fn services_to_ask(incident: &Incident, directory: &Directory) -> Vec<ServiceId> {
    let affected = |id: &ServiceId| incident.services.get(id) == Some(&Relation::Affected);
    let is_near = |service: &Service| {
        let upstream_of_affected = directory
            .services
            .values()
            .any(|other| affected(&other.id) && other.depends_on.contains(&service.id));
        let downstream = service.depends_on.iter().any(affected);
        upstream_of_affected || downstream || incident.services.contains_key(&service.id)
    };
    directory
        .services
        .values()
        .filter(|service| !affected(&service.id) && is_near(service))
        .filter(|service| !incident.affected_answers.contains_key(&service.id))
        .map(|service| service.id.clone())
        .collect()
}

fn position(step: &StepId) -> usize {
    STEPS
        .iter()
        .position(|known| *known == step.as_str())
        .unwrap_or(STEPS.len())
}

struct List<'a> {
    incident: &'a Incident,
    items: Vec<Item>,
}

impl List<'_> {
    fn add(&mut self, id: &str, whose: LeadRole, words: &str) -> Option<&mut Item> {
        let id: StepId = id.parse().ok()?;
        let recorded = self.incident.steps.get(&id);
        self.items.push(Item {
            state: recorded.map_or(StepState::Open, |step: &StepRecord| step.state),
            note: recorded.and_then(|step| step.note.clone()),
            id,
            words: words.to_owned(),
            link: None,
            whose,
            person: self.incident.leads.get(&whose).cloned(),
        });
        self.items.last_mut()
    }

    /// A step that the incident itself shows to be done.
    fn known(&mut self, id: &str, whose: LeadRole, words: &str, is_done: bool) {
        if let Some(item) = self.add(id, whose, words)
            && is_done
        {
            item.state = StepState::Done;
        }
    }

    fn team(&mut self) {
        let leads = &self.incident.leads;
        let has = |role| leads.contains_key(&role);
        let (comms, tech, support) = (
            has(LeadRole::Comms),
            has(LeadRole::Tech),
            has(LeadRole::Support),
        );
        self.known(
            APPOINT_COMMS,
            LeadRole::Comms,
            "Appoint the comms lead.",
            comms,
        );
        self.known(
            APPOINT_TECH,
            LeadRole::Comms,
            "Appoint the tech lead.",
            tech,
        );
        self.known(
            APPOINT_SUPPORT,
            LeadRole::Comms,
            "Appoint the support lead.",
            support,
        );
    }

    fn other_services(&mut self, directory: &Directory) {
        let waiting = services_to_ask(self.incident, directory);
        if waiting.is_empty() && self.incident.affected_answers.is_empty() {
            return;
        }
        let names: Vec<&str> = waiting
            .iter()
            .filter_map(|id| directory.services.get(id))
            .map(|service| service.name.as_str())
            .collect();
        let all_asked = waiting
            .iter()
            .all(|service| self.incident.asked.contains(service));
        let words = if names.is_empty() {
            "Ask the services up- and downstream whether they are affected.".to_owned()
        } else if all_asked {
            format!(
                "Get the answers whether they are affected. Asked, and no answer yet from: {}.",
                names.join(", ")
            )
        } else {
            format!(
                "Ask the services up- and downstream whether they are affected. No answer yet from: {}.",
                names.join(", ")
            )
        };
        self.known(ASK_OTHERS, LeadRole::Comms, &words, waiting.is_empty());
    }

    fn reports(&mut self, policy: &Policy) {
        self.add(START_REPORT, LeadRole::Comms, "Start the incident report.");
        if self.incident.kind != Kind::Technical {
            self.add(
                LINK_SECURITY,
                LeadRole::Tech,
                "Tell the security team, and note the reference of their case.",
            );
        }
        if owes_major_report(self.incident, policy) {
            self.add(
                REPORT_MAJOR,
                LeadRole::Comms,
                "Report it to the central team as a Major Incident.",
            );
        }
    }

    fn users(&mut self) {
        let is_decided = self.incident.users_contact.is_some();
        self.known(
            DECIDE_USERS,
            LeadRole::Comms,
            "Decide with all leads whether to contact users. Do so if they will be affected for a \
             long time, or if it saves many support tickets.",
            is_decided,
        );
    }

    fn affected(&mut self, directory: &Directory, policy: &Policy) {
        if has_status_page(self.incident, directory) {
            self.add(
                UPDATE_DASHBOARD,
                LeadRole::Comms,
                "Comment on the incident on the service status dashboard.",
            );
        }
        // The affected services' own procedures, else those of what they stand on.
        let affected: Vec<&Service> = affected(self.incident, directory).collect();
        let link = affected
            .iter()
            .find_map(|service| service.disaster_recovery.clone())
            .or_else(|| {
                affected
                    .iter()
                    .flat_map(|service| &service.depends_on)
                    .filter_map(|id| directory.services.get(id))
                    .find_map(|service| service.disaster_recovery.clone())
            });
        let is_gravest = policy.rank(&self.incident.priority) == 0;
        if (link.is_some() || is_gravest)
            && let Some(item) = self.add(
                DISASTER_RECOVERY,
                LeadRole::Tech,
                "Decide whether to invoke the disaster recovery procedure.",
            )
        {
            item.link = link;
        }
    }

    fn after_the_fix(&mut self, directory: &Directory, policy: &Policy) {
        let comms = LeadRole::Comms;
        self.add(
            UPDATE_REPORT,
            comms,
            "Bring the incident report up to date.",
        );
        let is_closed = self.incident.stage == Stage::Closed;
        self.known(CLOSE, comms, "Close the incident.", is_closed);
        if has_status_page(self.incident, directory) {
            self.add(
                CHECK_DASHBOARD,
                comms,
                "Check that the service status dashboard shows the service as working.",
            );
        }
        // A duplicate is reviewed with the incident that it repeats.
        if self.incident.duplicate_of.is_some() {
            return;
        }
        self.add(HOLD_REVIEW, comms, "Hold a blameless review with the team.");
        self.add(
            WRITE_REVIEW,
            comms,
            "Write up the review with its recommendations.",
        );
        self.add(
            PUBLISH_REVIEW,
            comms,
            "Publish the review to the incident reports folder.",
        );
        self.add(
            REPORT_TO_BOARD,
            comms,
            "Add a line to the report to the board.",
        );
        if owes_major_report(self.incident, policy) {
            self.add(
                UPDATE_MAJOR,
                comms,
                "Add the lessons learned to the Major Incident report.",
            );
        }
        self.add(
            SHARE_LESSONS,
            comms,
            "Share what was learned with other teams.",
        );
    }
}

fn affected<'a>(
    incident: &'a Incident,
    directory: &'a Directory,
) -> impl Iterator<Item = &'a Service> {
    incident
        .services
        .iter()
        .filter(|(_, relation)| **relation == Relation::Affected)
        .filter_map(|(id, _)| directory.services.get(id))
}

/// A restricted incident is not spoken of on a public page.
fn has_status_page(incident: &Incident, directory: &Directory) -> bool {
    !incident.restricted
        && affected(incident, directory).any(|service| service.status_page.is_some())
}

fn owes_major_report(incident: &Incident, policy: &Policy) -> bool {
    !incident.exercise
        && policy
            .priority(&incident.priority)
            .is_some_and(|priority| priority.major_incident_report)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{
        event::{AffectedAnswer, Event},
        fixture::{Log, at, declared, directory, id, policy},
    };

    fn log() -> Log {
        let mut log = Log::default();
        log.write(
            at("2026-11-23T13:20:00Z"),
            declared(at("2026-11-23T14:40:00Z")),
        );
        log
    }

    fn items(incident: &Incident) -> Vec<Item> {
        playbook(incident, &directory(), &policy())
    }

    fn item(incident: &Incident, step: &str) -> Option<Item> {
        items(incident)
            .into_iter()
            .find(|item| item.id.as_str() == step)
    }

    fn fixed() -> Log {
        let mut log = log();
        let now = at("2026-11-23T16:00:00Z");
        let resolved = Event::Resolved {
            at: now,
            text: "It works.".to_owned(),
            lost: None,
            still_stuck: None,
        };
        log.write(now, resolved);
        log
    }

    #[test]
    fn every_step_has_an_id_that_can_be_recorded() {
        let ids: BTreeSet<StepId> = STEPS.into_iter().map(id).collect();
        assert_eq!(ids.len(), STEPS.len());
        let shown = items(&fixed().incident());
        assert!(shown.iter().all(|item| ids.contains(&item.id)));
        let order: Vec<usize> = shown.iter().map(|item| position(&item.id)).collect();
        assert!(order.is_sorted());
    }

    #[test]
    fn what_the_incident_shows_is_done_without_being_recorded() {
        let mut incident = log().incident();
        let state = |incident: &Incident, step| item(incident, step).unwrap().state;
        assert_eq!(state(&incident, APPOINT_COMMS), StepState::Done);
        assert_eq!(state(&incident, DECIDE_USERS), StepState::Open);
        incident.leads.clear();
        incident.users_contact = Some(false);
        assert_eq!(state(&incident, APPOINT_COMMS), StepState::Open);
        assert_eq!(state(&incident, DECIDE_USERS), StepState::Done);
    }

    #[test]
    fn a_step_belongs_to_somebody_and_has_its_link() {
        let recovery = item(&log().incident(), DISASTER_RECOVERY).unwrap();
        assert_eq!(recovery.person, Some(id("tom-okafor")));
        // The affected service has no procedure of its own, but stands on one that has.
        assert_eq!(
            recovery.link.as_deref(),
            Some("https://northshire.example/recovery")
        );
    }

    #[test]
    fn a_step_that_was_recorded_keeps_its_reason() {
        let mut log = log();
        let recorded = Event::StepRecorded {
            step: id(START_REPORT),
            state: StepState::NotNeeded,
            note: Some("Covered by INC-0007".to_owned()),
        };
        log.write(at("2026-11-23T13:30:00Z"), recorded);
        let report = item(&log.incident(), START_REPORT).unwrap();
        assert_eq!(report.state, StepState::NotNeeded);
        assert_eq!(report.note.as_deref(), Some("Covered by INC-0007"));
    }

    #[test]
    fn other_services_are_asked_until_each_has_answered() {
        let mut log = log();
        let directory = directory();
        assert_eq!(
            services_to_ask(&log.incident(), &directory),
            [id("sign-in")]
        );
        assert!(
            item(&log.incident(), ASK_OTHERS)
                .unwrap()
                .words
                .contains("sign in")
        );
        let answered = Event::AffectedAnswered {
            service: id("sign-in"),
            answer: AffectedAnswer::No,
            person: None,
        };
        log.write(at("2026-11-23T13:30:00Z"), answered);
        assert_eq!(
            item(&log.incident(), ASK_OTHERS).unwrap().state,
            StepState::Done
        );
    }

    #[test]
    fn the_review_comes_after_the_fix_and_nothing_after_a_mistake() {
        let incident = log().incident();
        assert_eq!(item(&incident, HOLD_REVIEW), None);
        assert!(item(&incident, REPORT_MAJOR).is_some());
        let incident = fixed().incident();
        assert!(item(&incident, HOLD_REVIEW).is_some());
        assert_eq!(item(&incident, CLOSE).unwrap().state, StepState::Open);
        let mut cancelled = fixed();
        cancelled.write(
            at("2026-11-23T16:10:00Z"),
            Event::Cancelled {
                why: "By mistake.".to_owned(),
            },
        );
        assert_eq!(items(&cancelled.incident()), []);
    }

    #[test]
    fn a_restricted_incident_has_no_public_steps_and_a_breach_has_its_own() {
        let mut incident = log().incident();
        assert!(item(&incident, UPDATE_DASHBOARD).is_some());
        assert_eq!(item(&incident, LINK_SECURITY), None);
        incident.restricted = true;
        incident.kind = Kind::DataBreach;
        assert_eq!(item(&incident, UPDATE_DASHBOARD), None);
        assert!(item(&incident, LINK_SECURITY).is_some());
    }

    #[test]
    fn an_exercise_is_reported_to_nobody_outside() {
        let mut incident = log().incident();
        incident.exercise = true;
        assert_eq!(item(&incident, REPORT_MAJOR), None);
    }
}

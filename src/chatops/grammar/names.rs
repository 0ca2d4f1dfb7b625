//! Names and times in what people say.

use std::collections::BTreeSet;

use super::Scene;
use crate::domain::{
    PriorityId, ServiceId, Time,
    command::Refusal,
    incident::{LeadRole, Stage},
    nearest,
    when::{self, Side},
};

impl Scene<'_> {
    /// The priority that a word means.
    pub(in crate::chatops) fn priority(&self, word: &str) -> Option<PriorityId> {
        let mut known = self.policy.priorities.iter().map(|priority| &priority.id);
        known
            .find(|id| id.as_str().eq_ignore_ascii_case(word))
            .cloned()
    }

    /// Services as people list them: with commas or "and", by id or by name; by id also with
    /// nothing but spaces between.
    pub(in crate::chatops) fn services(&self, text: &str) -> Result<BTreeSet<ServiceId>, Refusal> {
        let mut found = BTreeSet::new();
        for name in listed(text) {
            match self.directory.find_service(name) {
                Ok(service) => _ = found.insert(service),
                Err(_) if name.contains(char::is_whitespace) => {
                    for id in name.split_whitespace() {
                        found.insert(self.directory.find_service(id)?);
                    }
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(found)
    }

    /// A time that lies ahead, as the organisation writes times.
    pub(super) fn ahead(&self, text: &str) -> Result<Time, Refusal> {
        when::parse(text, self.now, self.policy.time_zone, Side::Ahead).map_err(|sentence| {
            Refusal::new(
                "bad-time",
                sentence,
                "Say, for example: by 3:40pm, or in 45m.",
            )
        })
    }
}

/// The entries of a list with commas or "and".
pub(super) fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .flat_map(|part| part.split(" and "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// The open stage that words mean: its name, or what people read.
pub(super) fn stage(text: &str) -> Result<Stage, Refusal> {
    let open = || Stage::ALL.into_iter().filter(|stage| stage.is_open());
    let lower = text.to_lowercase();
    let is_meant = |stage: &Stage| {
        let label = stage.label().to_lowercase();
        let first = label.split(' ').next().unwrap_or_default();
        lower == stage.as_str() || lower == label || lower == first
    };
    open().find(is_meant).ok_or_else(|| {
        let labels: Vec<&str> = open().map(Stage::label).collect();
        Refusal::new(
            "bad-stage",
            format!("\"{text}\" is no stage of an open incident."),
            format!(
                "Use {}. When it is fixed, say resolve.",
                nearest::or_list(&labels)
            ),
        )
    })
}

/// The lead that a word means.
pub(super) fn lead(word: &str) -> Result<LeadRole, Refusal> {
    let lower = word.to_lowercase();
    let role = LeadRole::ALL
        .into_iter()
        .find(|role| role.as_str() == lower);
    role.ok_or_else(|| {
        let names = LeadRole::ALL.map(LeadRole::as_str);
        Refusal::new(
            "bad-lead",
            format!("\"{word}\" is no lead."),
            nearest::fix_for(&lower, names, "Use comms, tech or support."),
        )
    })
}

//! Names and times in what people say.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scene, change::without, first_word};
use crate::domain::{
    PersonId, PriorityId, ServiceId, Time,
    command::Refusal,
    directory::Person,
    incident::{LeadRole, Stage},
    nearest,
    situation::RecipientId,
    text::{bare, without_invisible},
    when::{self, Misread, Side},
};

impl Scene<'_> {
    /// The priority that a word means.
    pub(in crate::chatops) fn priority(&self, word: &str) -> Option<PriorityId> {
        let mut known = self.policy.priorities.iter().map(|priority| &priority.id);
        let word = bare(word);
        known
            .find(|id| id.as_str().eq_ignore_ascii_case(&word))
            .cloned()
    }

    /// Services as people list them: with commas or "and", by id or by name; by id also with
    /// nothing but spaces between.
    pub(in crate::chatops) fn services(&self, text: &str) -> Result<BTreeSet<ServiceId>, Refusal> {
        let mut found = BTreeSet::new();
        let text = without_invisible(text);
        for name in listed(&text) {
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

    /// The person who is meant: by id, address or full name, or by a part of the name that nobody
    /// else has. The refusal offers the nearest.
    pub(in crate::chatops) fn person(&self, text: &str) -> Result<PersonId, Refusal> {
        match self.recipient(text)? {
            RecipientId::Person(id) => Ok(id),
            // Says that it is no person.
            RecipientId::Destination(id) => self.directory.find_person(id.as_str()),
        }
    }

    /// The same, or a channel or mailbox.
    pub(in crate::chatops) fn recipient(&self, text: &str) -> Result<RecipientId, Refusal> {
        let name = without_invisible(text);
        let name = name.as_ref();
        let is_mention = name.starts_with('@');
        let name = name.trim_start_matches('@');
        let refusal = match self.directory.find_recipient(name) {
            Ok(found) => return Ok(found),
            Err(refusal) if refusal.code == "ambiguous-person" => return Err(refusal),
            Err(refusal) => refusal,
        };
        let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
        let has_all = |person: &&Person| {
            let own = person.name.to_lowercase();
            words
                .iter()
                .all(|word| own.split_whitespace().any(|part| part == word))
        };
        let found: Vec<&Person> = match words.is_empty() {
            true => Vec::new(),
            false => self.directory.people.values().filter(has_all).collect(),
        };
        match found.as_slice() {
            [only] => Ok(RecipientId::Person(only.id.clone())),
            [] if is_mention => Err(Refusal::new(
                "unknown-person",
                format!(
                    "I do not know whom you mean by @{name}: the directory does not have their address."
                ),
                "Write the name or the id that the directory has for them.",
            )),
            [] => Err(refusal),
            several => {
                let ids: Vec<&str> = several.iter().take(4).map(|one| one.id.as_str()).collect();
                Err(Refusal::new(
                    "ambiguous-person",
                    format!("\"{name}\" is more than one person."),
                    format!("Use the whole name, or an id: {}.", nearest::or_list(&ids)),
                ))
            }
        }
    }

    /// `comms NAME, tech NAME`; `None` if a name is missing.
    pub(in crate::chatops) fn leads_in(
        &self,
        text: &str,
    ) -> Result<Option<BTreeMap<LeadRole, PersonId>>, Refusal> {
        let mut appoint = BTreeMap::new();
        for entry in listed(text) {
            let (role, name) = first_word(entry);
            let role = lead(role.trim_end_matches(':'))?;
            let name = without(name, &["is", "to"]);
            if name.is_empty() {
                return Ok(None);
            }
            appoint.insert(role, self.person(name)?);
        }
        Ok(Some(appoint))
    }

    /// A time that lies ahead, as the organisation writes times.
    pub(in crate::chatops) fn ahead(&self, text: &str) -> Result<Time, Misread> {
        when::parse(text, self.now, self.policy.time_zone, Side::Ahead)
    }
}

/// The entries of a list with commas or "and".
pub(in crate::chatops) fn listed(text: &str) -> impl Iterator<Item = &str> {
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
pub(in crate::chatops) fn lead(word: &str) -> Result<LeadRole, Refusal> {
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

//! The six facts every message is built from, and the text people type into them.

use serde::{Deserialize, Serialize};

/// What people said about the incident. `None` is "not known yet", which reads as a sentence.
///
/// Every text is as typed: paragraphs, `- ` lists and bare https links; nothing else has meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// What people can and cannot do.
    pub effect: Option<String>,
    /// Which users are affected, and how many.
    pub who: Option<String>,
    /// A workaround, or that nothing needs doing.
    pub what_to_do: Option<String>,
    /// What the team is doing.
    pub doing: Option<String>,
    /// A decision needed from owners; "None" is an answer.
    pub decision: Option<String>,
    /// A guess, for responders only.
    pub theory: Option<String>,
}

impl Facts {
    /// Takes over what `change` says, and keeps the rest.
    pub fn merge(&mut self, change: &Facts) {
        let pairs = [
            (&mut self.effect, &change.effect),
            (&mut self.who, &change.who),
            (&mut self.what_to_do, &change.what_to_do),
            (&mut self.doing, &change.doing),
            (&mut self.decision, &change.decision),
            (&mut self.theory, &change.theory),
        ];
        for (have, new) in pairs {
            if new.is_some() {
                have.clone_from(new);
            }
        }
    }

    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

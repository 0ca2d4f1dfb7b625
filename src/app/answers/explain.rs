//! Why one person is told, or is not.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ChoiceAnswer, ReasonAnswer, RecipientAnswer};
use crate::domain::{
    resolution::{Explanation, Verdict},
    shown::{HasAddresses, ShownAddress},
};

/// Why somebody is told, or not.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExplainAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether they are told.
    pub told: bool,
    /// All of it in one sentence.
    pub sentence: String,
    /// On which channels.
    pub deliveries: Vec<ChoiceAnswer>,
    /// Why they match, if they do.
    pub reasons: Vec<ReasonAnswer>,
    /// The rule that would need the fewest changes to tell them.
    pub nearest_rule: Option<String>,
    /// What does not hold of that rule, in words.
    pub failing: Vec<String>,
}

/// Somebody whom no rule tells.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotToldAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// The rule that would need the fewest changes to tell them.
    pub nearest_rule: Option<String>,
    /// What does not hold of it, in words.
    pub failing: Vec<String>,
    /// All of it as one sentence.
    pub sentence: String,
}

impl From<&Explanation> for ExplainAnswer {
    fn from(explanation: &Explanation) -> Self {
        let mut answer = Self {
            id: explanation.who.as_str().to_owned(),
            name: explanation.name.to_string(),
            told: false,
            sentence: explanation.sentence(),
            deliveries: Vec::new(),
            reasons: Vec::new(),
            nearest_rule: None,
            failing: Vec::new(),
        };
        match &explanation.verdict {
            Verdict::Told(recipient) => {
                let told = RecipientAnswer::from(recipient);
                answer.told = true;
                answer.deliveries = told.deliveries;
                answer.reasons = told.reasons;
            }
            Verdict::Withheld(withheld) => {
                answer.reasons = withheld.reasons.iter().map(Into::into).collect();
            }
            Verdict::NotMatched {
                nearest: Some(near),
            } => {
                answer.nearest_rule = Some(near.rule.to_string());
                answer.failing = near
                    .failing
                    .iter()
                    .map(|failing| failing.sentence.clone())
                    .collect();
            }
            Verdict::NotMatched { nearest: None } | Verdict::Unknown => {}
        }
        answer
    }
}

impl From<&Explanation> for NotToldAnswer {
    fn from(explanation: &Explanation) -> Self {
        let answer = ExplainAnswer::from(explanation);
        Self {
            id: answer.id,
            name: answer.name,
            nearest_rule: answer.nearest_rule,
            failing: answer.failing,
            sentence: answer.sentence,
        }
    }
}

impl HasAddresses for ExplainAnswer {
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress)) {
        self.deliveries.each_address(with);
    }
}

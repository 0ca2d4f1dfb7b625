//! Whether the record is as it was written.

use serde::Serialize;
use utoipa::ToSchema;

use super::{App, Error};
use crate::{
    domain::{IncidentId, chain},
    store::incidents,
};

/// What came of checking one incident's log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Verified {
    /// Which incident.
    #[schema(value_type = String, example = "INC-0042")]
    pub incident: IncidentId,
    /// Whether it is as it was written.
    pub intact: bool,
    /// Number of records.
    pub events: usize,
    /// Records whose text was erased, by number.
    pub erased: Vec<u32>,
    /// Hash at the head of the chain: keep it elsewhere to notice records cut off at the end.
    pub head: Option<String>,
    /// All of it in words.
    pub sentence: String,
}

impl App {
    /// Follows the hash chain of one incident, or of all.
    pub async fn verify(&self, only: Option<IncidentId>) -> Result<Vec<Verified>, Error> {
        let ids = match only {
            Some(id) => vec![id],
            None => incidents::all_ids(self.store.read()).await?,
        };
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            let log = incidents::log(self.store.read(), id).await?;
            if log.is_empty() {
                return Err(self.no_incident(id).await);
            }
            let links = log.iter().map(|record| chain::Link {
                seq: record.seq,
                text: &record.text,
                erased: record.erased.is_some(),
                hash: &record.hash,
            });
            let erased: Vec<u32> = log
                .iter()
                .filter(|record| record.erased.is_some())
                .map(|record| record.seq)
                .collect();
            let (intact, head, sentence) = match chain::verify(links) {
                Ok(head) => {
                    let sentence = match log.len() {
                        1 => format!("{id}: its one record is as it was written."),
                        many => format!("{id}: all {many} records are as they were written."),
                    };
                    (true, Some(head), sentence)
                }
                Err(broken) => (
                    false,
                    None,
                    format!("{id}: {broken}. Compare it with a backup."),
                ),
            };
            answers.push(Verified {
                incident: id,
                intact,
                events: log.len(),
                erased,
                head,
                sentence,
            });
        }
        Ok(answers)
    }
}

//! Whether the record is as it was written, and with it the words and recipients that it proves.

mod check;
mod evidence;

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;
use utoipa::ToSchema;

use self::check::Check;
pub(super) use self::evidence::Evidence;
use super::{App, Error, ErrorKind, files};
use crate::{
    domain::{IncidentId, chain::Digits, proof::Written},
    store::{Trouble, incidents, outbox},
};

/// What came of checking one incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Verified {
    /// Which incident.
    #[schema(value_type = String, example = "INC-0042")]
    pub incident: IncidentId,
    /// Whether it is as it was written.
    pub intact: bool,
    /// Number of records.
    pub events: usize,
    /// What is not as it was written, each as a sentence.
    pub faults: Vec<String>,
    /// Records whose text was erased, by number.
    pub erased: Vec<u32>,
    /// What cannot be proven any more, and why, each as a sentence.
    pub unproven: Vec<String>,
    /// Hash at the head of the chain: keep it elsewhere to notice records cut off at the end.
    pub head: Option<String>,
    /// Number of the record with the head that was asked for.
    pub found: Option<u32>,
    /// The records after that one, in words.
    pub follows: Vec<String>,
    /// All of it in words.
    pub sentence: String,
}

impl App {
    /// Checks one incident, or all: follows the hash chain, compares its end with the incident's row,
    /// and holds words and recipients against their digests. With the digits of a head it answers of
    /// the incidents alone in which a record has it, or says that none has.
    pub async fn verify(
        &self,
        only: Option<IncidentId>,
        head: Option<&Digits>,
    ) -> Result<Vec<Verified>, Error> {
        self.patiently().check_all(only, head).await
    }

    async fn check_all(
        &self,
        only: Option<IncidentId>,
        head: Option<&Digits>,
    ) -> Result<Vec<Verified>, Error> {
        let ids = match only {
            Some(id) => vec![id],
            None => incidents::all_ids(self.store.read()).await?,
        };
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            answers.push(self.verify_one(id, head).await?);
        }
        match head {
            Some(digits) if only.is_none() => {
                answers.retain(|answer| answer.found.is_some());
                if answers.is_empty() {
                    return Err(no_such_head(digits));
                }
            }
            _ => {}
        }
        Ok(answers)
    }

    async fn verify_one(&self, id: IncidentId, head: Option<&Digits>) -> Result<Verified, Error> {
        let conn = self.store.read();
        let Some((log, end)) = incidents::log_and_head(conn, id).await? else {
            return Err(self.no_incident(id).await);
        };
        let mut check = Check::of(id, log.into_iter().map(Into::into).collect(), &end);
        for record in check.says() {
            match outbox::written(conn, id, record.seq, record.at).await {
                Ok(written) => check.hold(&record, &written),
                Err(error) if error.trouble() == Trouble::Unreadable => {
                    check.unreadable(record.seq);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(check.conclude(head))
    }

    /// All that is needed to check an incident without this database.
    pub(super) async fn evidence(&self, id: IncidentId) -> Result<Evidence, Error> {
        let conn = self.store.read();
        let Some((log, end)) = incidents::log_and_head(conn, id).await? else {
            return Err(self.no_incident(id).await);
        };
        let mut evidence = Evidence {
            incident: id,
            head: end,
            records: log.into_iter().map(Into::into).collect(),
            said: BTreeMap::new(),
        };
        for record in evidence.says() {
            match outbox::written(conn, id, record.seq, record.at).await {
                Ok(written) => evidence.said.insert(record.seq, written),
                // The check of the file then says that it is not what was written.
                Err(error) if error.trouble() == Trouble::Unreadable => None,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(evidence)
    }
}

/// Checks an exported incident by what is in the file alone.
pub async fn verify_export(path: &Path, head: Option<&Digits>) -> Result<Verified, Error> {
    let evidence = Evidence::read(path, &files::read_text(path).await?)?;
    let mut check = Check::of(evidence.incident, evidence.records, &evidence.head);
    for record in check.says() {
        let written = evidence.said.get(&record.seq);
        check.hold(&record, written.unwrap_or(&Written::default()));
    }
    Ok(check.conclude(head))
}

fn no_such_head(digits: &Digits) -> Error {
    Error::new(
        ErrorKind::Refused,
        "no-such-head",
        check::no_record_has(digits),
        "Compare the database with a backup.",
    )
}

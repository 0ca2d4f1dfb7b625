//! What an export holds so that an incident can be checked without the database.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::super::{Error, ErrorKind};
use crate::{
    domain::{IncidentId, Time, chain, event::Record, proof::Written},
    store::incidents::StoredRecord,
};

/// A record as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::app) struct KeptRecord {
    pub(super) seq: u32,
    /// The stored bytes; after an erasure the SHA-256 of what they were, hex.
    pub(super) text: String,
    pub(super) hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) erased: Option<Erased>,
}

/// That, and why, the text of a record was erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::app) struct Erased {
    pub(super) at: Time,
    pub(super) because: String,
}

impl KeptRecord {
    /// What it says; `None` if that was erased, or is of a newer version.
    pub(super) fn read(&self) -> Option<Record> {
        match self.erased {
            Some(_) => None,
            None => serde_json::from_str(&self.text).ok(),
        }
    }

    pub(super) fn link(&self) -> chain::Link<'_> {
        chain::Link {
            seq: self.seq,
            text: &self.text,
            erased: self.erased.is_some(),
            hash: &self.hash,
        }
    }
}

impl From<StoredRecord> for KeptRecord {
    fn from(stored: StoredRecord) -> Self {
        Self {
            seq: stored.seq,
            text: stored.text,
            hash: stored.hash,
            erased: stored.erased.map(|erased| Erased {
                at: erased.at,
                because: erased.because,
            }),
        }
    }
}

/// An incident's records, and what was written about each of its events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::app) struct Evidence {
    pub(super) incident: IncidentId,
    /// Where the log ends, as the incident's row has it.
    pub(in crate::app) head: chain::Head,
    pub(super) records: Vec<KeptRecord>,
    /// Messages and recipients by the number of their event.
    pub(super) said: BTreeMap<u32, Written>,
}

impl Evidence {
    /// The records that prove what was said.
    pub(super) fn says(&self) -> Vec<Record> {
        let read = self.records.iter().filter_map(KeptRecord::read);
        read.filter(|record| record.said.is_some()).collect()
    }

    /// The evidence in an exported file.
    pub(super) fn read(path: &Path, text: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Export {
            proof: Evidence,
        }
        let export: Export = serde_json::from_str(text).map_err(|error| {
            Error::new(
                ErrorKind::Usage,
                "not-an-export",
                format!("{} is not an export with its proof.", path.display()),
                "Name the INC-….json that oyez export wrote; one of an older version has no proof.",
            )
            .caused_by(error)
        })?;
        Ok(export.proof)
    }
}

//! The ledger: who was told what, when, by which channel, with what result and why, as files.

use std::path::Path;

use serde::Serialize;

use super::{
    App, Error, ErrorKind,
    answers::{DeliveryAnswer, StatusAnswer},
    files,
    verify::Evidence,
};
use crate::domain::{IncidentId, shown::Sight};

/// Everything the review needs, in one file.
#[derive(Serialize)]
struct Ledger<'a> {
    incident: &'a StatusAnswer,
    /// The last record, as it is printed elsewhere.
    record: String,
    deliveries: &'a [DeliveryAnswer],
    verified: &'a [super::Verified],
    /// What `oyez verify --export` checks the file by.
    proof: &'a Evidence,
}

impl App {
    /// Writes `INC-0042.csv` and `INC-0042.json` into a folder, and answers their paths.
    pub async fn export_ledger(&self, id: IncidentId, folder: &Path) -> Result<Vec<String>, Error> {
        let all = self.patiently();
        let status = all.status(id).await?;
        let deliveries = self.show(all.send_log(id).await?, Sight::Contacts);
        let verified = all.verify(Some(id), None).await?;
        let proof = all.evidence(id).await?;
        let ledger = Ledger {
            incident: &status,
            record: proof.head.to_string(),
            deliveries: &deliveries,
            verified: &verified,
            proof: &proof,
        };
        let json = serde_json::to_string_pretty(&ledger).map_err(unwritable)?;
        let csv = table(&deliveries)?;
        let mut written = Vec::new();
        for (ending, text) in [("csv", csv), ("json", json)] {
            let file = folder.join(format!("{id}.{ending}"));
            files::write(&file, text).await?;
            written.push(file.display().to_string());
        }
        Ok(written)
    }
}

const HEADINGS: [&str; 14] = [
    "event",
    "moment",
    "audience",
    "recipient",
    "name",
    "channel",
    "address",
    "state",
    "attempts",
    "result",
    "reason",
    "written_at",
    "settled_at",
    "delivery",
];

fn table(deliveries: &[DeliveryAnswer]) -> Result<String, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = (|| {
        writer.write_record(HEADINGS)?;
        for row in deliveries {
            let settled = row
                .settled_at
                .map(|time| time.to_rfc3339())
                .unwrap_or_default();
            let event = row.event.to_string();
            let cells = [
                event.as_str(),
                &row.moment,
                &row.audience,
                &row.recipient,
                &row.name,
                &row.channel,
                row.address.as_str(),
                &row.state,
                &row.attempts.to_string(),
                &row.result,
                &row.reason,
                &row.written_at.to_rfc3339(),
                &settled,
                &row.delivery,
            ];
            writer.write_record(cells.map(harmless))?;
        }
        writer.flush().map_err(csv::Error::from)
    })();
    written.map_err(unwritable)?;
    let bytes = writer
        .into_inner()
        .map_err(|error| unwritable(error.into_error()))?;
    String::from_utf8(bytes).map_err(unwritable)
}

/// A cell that a spreadsheet shows and never runs: it takes `=`, `+`, `-` and `@` for formulas.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "unwritable-ledger",
        "The ledger could not be written.",
        "Try again, and look at the log.",
    )
    .caused_by(error)
}

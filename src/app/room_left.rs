//! Whether this process has descriptors left to do its work with.

use super::{App, Error};
use crate::{process::descriptors::Descriptors, store::faults};

const KEY: &str = "process:descriptors";

impl App {
    /// Puts on the record that descriptors run short, or that they no longer do; `said` is what was
    /// found the last time. Answers what is found now.
    pub async fn look_at_descriptors(
        &self,
        now: Descriptors,
        said: Option<bool>,
    ) -> Result<bool, Error> {
        let are_short = now.are_short();
        if said == Some(are_short) {
            return Ok(are_short);
        }
        let (at, conn) = (self.clock.now(), self.store.write());
        if are_short {
            let (open, limit) = (now.open.unwrap_or_default(), now.limit);
            tracing::error!(open, limit, "descriptors run short");
            let fault = faults::NewFault {
                key: KEY,
                sentence: &format!(
                    "The server has {open} of {limit} descriptors open. Without one left it can \
                     neither send nor answer. Look for whoever opens so many connections, and raise \
                     LimitNOFILE of the unit."
                ),
                detail: "open files and connections",
                incident: None,
            };
            faults::record(conn, fault, at).await?;
        } else {
            faults::resolve(conn, KEY, at).await?;
        }
        Ok(are_short)
    }
}

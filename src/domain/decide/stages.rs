//! Commands that move an incident on: stage, resolve, close, reopen, cancel.

use super::{At, saying::only_open, typed};
use crate::domain::{
    IncidentId,
    command::Refusal,
    event::Event,
    incident::Stage,
    time::{Time, printed},
};

impl At<'_> {
    pub(super) fn stage(&self, to: Stage) -> Result<Event, Refusal> {
        self.must_be_open("its stage does not change")?;
        only_open(to)?;
        if to == self.incident.stage {
            return Err(Refusal::new(
                "no-change",
                format!("{} is at \"{}\" already.", self.incident.id, to.label()),
                "Choose another stage, or post an update.",
            ));
        }
        Ok(Event::StageChanged {
            from: self.incident.stage,
            to,
        })
    }

    pub(super) fn resolve(
        &self,
        text: &str,
        at: Option<Time>,
        lost: Option<&str>,
        still_stuck: Option<&str>,
    ) -> Result<Event, Refusal> {
        self.must_be_open("it cannot be resolved again")?;
        let now = self.context.now;
        let started = self.incident.started_at;
        // Who types a time means a minute, and the trouble may have begun within it.
        let at = match at.unwrap_or(now) {
            at if at < started && at >= printed(started, self.context.policy.time_zone) => started,
            at => at,
        };
        if at > now || at < started {
            return Err(Refusal::new(
                "bad-time",
                "The time of the fix is not between the start of the trouble and now.",
                "Give the time at which the service came back, or leave it out for now.",
            ));
        }
        Ok(Event::Resolved {
            at,
            text: typed::text("How it was fixed", text)?,
            lost: typed::optional_text("What was lost", lost)?,
            still_stuck: typed::optional_text("What to do if still stuck", still_stuck)?,
        })
    }

    pub(super) fn close(
        &self,
        duplicate_of: Option<IncidentId>,
        text: Option<&str>,
        report: Option<&str>,
        review_at: Option<Time>,
        actions: &[String],
    ) -> Result<Event, Refusal> {
        let stage = self.incident.stage;
        match stage {
            Stage::Closed | Stage::Cancelled => {
                return Err(Refusal::new(
                    "wrong-stage",
                    format!(
                        "{} is {} already.",
                        self.incident.id,
                        stage.label().to_lowercase()
                    ),
                    "Reopen it first if there is more to say.",
                ));
            }
            Stage::Resolved => {}
            // A duplicate goes on under the other's name, so nobody waits for its fix.
            _ if duplicate_of.is_some() => {}
            _ => {
                return Err(Refusal::new(
                    "wrong-stage",
                    format!("{} is not fixed yet.", self.incident.id),
                    format!(
                        "Say that it is fixed with `oyez resolve {}`, or name the incident that it \
                         repeats.",
                        self.incident.id
                    ),
                ));
            }
        }
        if let Some(other) = duplicate_of {
            self.other_incident(other)?;
        }
        let report = report
            .map(|report| typed::line("The link to the report", report))
            .transpose()?;
        if report
            .as_ref()
            .is_some_and(|link| !link.starts_with("https://"))
        {
            return Err(Refusal::new(
                "bad-link",
                "The link to the report is not a web address.",
                "Give an address that starts with https://.",
            ));
        }
        Ok(Event::Closed {
            duplicate_of,
            text: typed::optional_text("The text", text)?,
            report,
            review_at: review_at.map(|at| printed(at, self.context.policy.time_zone)),
            actions: typed::list("An action", actions, typed::LINE_MAX)?,
        })
    }

    pub(super) fn reopen(&self, why: &str, next_update: Option<Time>) -> Result<Event, Refusal> {
        if self.incident.stage.is_open() {
            return Err(Refusal::new(
                "wrong-stage",
                format!("{} is open.", self.incident.id),
                "Post an update instead.",
            ));
        }
        let mut then = self.incident.clone();
        then.stage = Stage::Investigating;
        Ok(Event::Reopened {
            why: typed::text("The reason", why)?,
            promised: self.promise(&then, &self.audiences(), next_update)?,
        })
    }

    pub(super) fn cancel(&self, why: &str) -> Result<Event, Refusal> {
        if !self.incident.stage.is_open() {
            return Err(Refusal::new(
                "wrong-stage",
                format!(
                    "{} is {}, so it cannot be cancelled.",
                    self.incident.id,
                    self.incident.stage.label().to_lowercase()
                ),
                "Correct what was said instead.",
            ));
        }
        Ok(Event::Cancelled {
            why: typed::text("The reason", why)?,
        })
    }
}

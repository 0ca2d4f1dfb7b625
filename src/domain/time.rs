//! Instants and the days people work.

use chrono::{DateTime, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

/// An instant in UTC. Stored with microseconds; shown in the organisation's time zone.
pub type Time = DateTime<Utc>;

/// The hours in which a person or an organisation works, in their own time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// Days of the week that are worked; bank holidays are taken out by the policy.
    pub days: Vec<Weekday>,
    /// First minute of work, local time.
    pub from: NaiveTime,
    /// First minute after work, local time; later than `from` (no night shifts).
    pub until: NaiveTime,
}

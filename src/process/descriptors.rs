//! What a process may have open at once: connections and files, each with a descriptor.
//!
//! Without one left a server can neither accept a connection nor send a mail nor open its database. So
//! each kind of use has a share, and what comes from outside has bounds of its own below that.

use std::{fs, io};

use rlimit::Resource;

/// As many as a server asks the system for, if it may.
const WANTED: u64 = 65_536;

/// Kept back from the connections of callers: for delivery, which opens connections to others, for the
/// database, for captures and logs.
const KEPT_BACK: u64 = 512;

/// A server with fewer has too few for its callers besides what it keeps back.
pub const FEWEST: u64 = 2_048;

/// Most connections of callers, however many descriptors there are.
const CONNECTIONS_MAX: u64 = 8_192;

/// How many descriptors this process may have, and how many it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptors {
    /// It may have so many.
    pub limit: u64,
    /// It has so many; `None` where the system does not say.
    pub open: Option<u64>,
}

impl Descriptors {
    /// As it is now.
    pub fn now() -> Self {
        Self {
            limit: limit(),
            open: open().ok(),
        }
    }

    /// Whether so many are in use that something should be done before none is left.
    pub fn are_short(&self) -> bool {
        let open = self.open.unwrap_or_default();
        open.saturating_mul(5) >= self.limit.saturating_mul(4)
    }

    /// Most connections that callers may have open together: the rest is kept back.
    pub fn for_callers(&self) -> usize {
        let left = self.limit.saturating_sub(KEPT_BACK.min(self.limit / 2));
        usize::try_from(left.min(CONNECTIONS_MAX)).unwrap_or(usize::MAX)
    }
}

/// Raises the limit as far as the system lets this process. What cannot be raised stays.
pub fn raise() {
    if let Err(error) = rlimit::increase_nofile_limit(WANTED) {
        tracing::warn!(%error, "no more descriptors are to be had");
    }
}

fn limit() -> u64 {
    Resource::NOFILE.get().map_or(u64::MAX, |(soft, _)| soft)
}

/// Counted where Linux and others list them; the one that lists them is among them.
fn open() -> io::Result<u64> {
    let listed = fs::read_dir("/proc/self/fd").or_else(|_| fs::read_dir("/dev/fd"))?;
    Ok(listed.count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_may_have_leaves_room_for_delivery_and_the_database() {
        for (limit, callers) in [
            (64, 32),
            (1_024, 512),
            (2_048, 1_536),
            (65_536, 8_192),
            (u64::MAX, 8_192),
        ] {
            let some = Descriptors { limit, open: None };
            assert_eq!(some.for_callers(), callers, "of {limit}");
        }
    }

    #[test]
    fn they_are_short_when_four_fifths_are_in_use() {
        let with = |open| Descriptors {
            limit: 1_000,
            open: Some(open),
        };
        assert!(!with(799).are_short());
        assert!(with(800).are_short());
    }

    #[test]
    fn those_of_this_process_are_counted() {
        let now = Descriptors::now();
        assert!(now.open.unwrap() > 2, "{now:?}");
        assert!(now.open.unwrap() < now.limit, "{now:?}");
    }
}

//! The directory: read whole, changed by the rows that differ.
//!
//! Every change raises the version, so that whoever keeps a compiled directory knows when to read
//! it again. Removed entries stay as rows with a name and nothing else: a record may name them.

mod read;
mod write;

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::{
    StoreError,
    counters::{Counter, last},
    rows::narrow,
};
use crate::domain::{
    DestinationId, GroupId, OrganisationId, PersonId, ServiceId, Time, directory::Directory,
};

pub use write::replace;

/// A directory and the version it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The directory.
    pub directory: Directory,
    /// Counts the changes since the first; 0 is an empty directory.
    pub version: u64,
}

/// What is left of an entry that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its last name.
    pub name: String,
    /// When it was removed.
    pub at: Time,
}

/// All entries that were removed and not added again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Services by id.
    pub services: BTreeMap<ServiceId, Gone>,
    /// People by id.
    pub people: BTreeMap<PersonId, Gone>,
    /// Groups by id.
    pub groups: BTreeMap<GroupId, Gone>,
    /// Destinations by id.
    pub destinations: BTreeMap<DestinationId, Gone>,
    /// Organisations by id.
    pub organisations: BTreeMap<OrganisationId, Gone>,
}

/// The version of the directory, without reading it.
pub async fn version(conn: &impl ConnectionTrait) -> Result<u64, StoreError> {
    narrow(
        last(conn, Counter::Directory).await?,
        "look at the version of the directory",
    )
}

/// The whole directory, as it was at one moment.
pub async fn load(conn: &impl ConnectionTrait) -> Result<Versioned, StoreError> {
    // Its tables are read one after the other. If a change was committed in between, they are
    // read again: changes are rare, and a snapshot would need a transaction.
    const TRIES: usize = 5;
    for _ in 0..TRIES {
        let before = version(conn).await?;
        let directory = read::all(conn).await;
        if version(conn).await? == before {
            return Ok(Versioned {
                directory: directory?,
                version: before,
            });
        }
    }
    Err(StoreError::refused(
        "read the directory",
        "The directory is being changed over and over. Wait for the imports to end and try again.",
    ))
}

/// The names of what was removed.
pub async fn removed(conn: &impl ConnectionTrait) -> Result<Removed, StoreError> {
    read::removed(conn).await
}

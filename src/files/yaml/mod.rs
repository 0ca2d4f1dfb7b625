//! YAML: one file with a key per list, each a list of entries.
//!
//! Scalars are taken as they are written, whatever they look like: `07700 900101` is a phone number
//! and `no` a name if somebody is called that. The file is read entry by entry, so that one with a
//! fault leaves the others alone. Anchors and aliases are refused: written out they can grow a small
//! file beyond all memory.

mod read;
mod write;

pub(super) use read::read;
pub use write::{WriteError, write};

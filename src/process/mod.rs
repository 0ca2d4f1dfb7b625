//! This process as the machine sees it: what it has open, and what systemd is told of it.

pub mod descriptors;
pub mod systemd;

use std::{fs, os::unix::fs::MetadataExt};

/// The number of the user as whom the process acts; `None` where the system does not say.
pub fn user() -> Option<u32> {
    // What describes a process belongs to that user.
    fs::metadata("/proc/self").ok().map(|own| own.uid())
}

/// Whether the process may do everything on this machine.
pub fn is_root() -> bool {
    user() == Some(0)
}

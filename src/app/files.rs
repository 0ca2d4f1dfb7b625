//! Files that people named on the command line.

use std::path::Path;

use super::{Error, ErrorKind};
use crate::disk;

/// Reads a file; the error names it.
pub async fn read(path: &Path) -> Result<Vec<u8>, Error> {
    tokio::fs::read(path).await.map_err(|error| {
        Error::new(
            ErrorKind::NotFound,
            "unreadable-file",
            format!("{} cannot be read: {}.", path.display(), reason(&error)),
            "Check the name and the permissions.",
        )
        .caused_by(error)
    })
}

/// Reads a text file in UTF-8.
pub async fn read_text(path: &Path) -> Result<String, Error> {
    String::from_utf8(read(path).await?).map_err(|error| {
        Error::new(
            ErrorKind::Usage,
            "bad-file",
            format!("{} is not a text in UTF-8.", path.display()),
            "Save it as UTF-8.",
        )
        .caused_by(error)
    })
}

/// Writes a file whole or not at all, for this user alone; the error names it.
pub async fn write(path: &Path, bytes: impl Into<Vec<u8>>) -> Result<(), Error> {
    disk::write(path, bytes).await.map_err(|error| {
        Error::new(
            ErrorKind::Unavailable,
            "unwritable-file",
            format!("{} cannot be written: {}.", path.display(), reason(&error)),
            "Check the folder, the permissions and the space left on the disk.",
        )
        .caused_by(error)
    })
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be opened".to_owned(),
        other => other.to_string(),
    }
}

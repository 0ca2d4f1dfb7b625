//! Writing files that are for this user alone: 0600, in folders of 0700, whatever the umask is.
//!
//! What the program writes holds addresses, names and what was said about incidents, so nothing is
//! left to how a shell or a unit is set up. A folder that is there already stays as it is: somebody
//! chose its permissions. Man pages and completions are not written through here: they say what
//! `--help` says, and are installed for everybody.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Writes a file whole or not at all, and the folders that it lacks: a half-written export is worse
/// than none. A device or a pipe is written to as it is.
pub async fn write(path: &Path, bytes: impl Into<Vec<u8>>) -> io::Result<()> {
    let (path, bytes) = (path.to_owned(), bytes.into());
    in_background(move || write_now(&path, &bytes)).await
}

/// Makes a folder, and those above it that are not there.
pub async fn make_folder(path: &Path) -> io::Result<()> {
    let path = path.to_owned();
    in_background(move || folder(&path)).await
}

/// A new file, open for writing; an error if there is something of that name.
pub fn new_file(path: &Path) -> io::Result<File> {
    let file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
    // The mode of a new file is less than was asked for where the umask takes something away.
    #[cfg(unix)]
    file.set_permissions(mode(0o600))?;
    Ok(file)
}

async fn in_background(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

fn write_now(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    // To put a file in its place would take the device away from everybody.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let beside = beside(path);
    let written = new_file(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A name in the same folder that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.partial", ulid::Ulid::generate()));
    name.into()
}

fn folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    match private_folder().create(path) {
        #[cfg(unix)]
        Ok(()) => fs::set_permissions(path, mode(0o700)),
        // Somebody else was as quick.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

#[cfg(unix)]
fn mode(mode: u32) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(mode)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn private_folder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_appears_whole_and_what_was_there_is_replaced() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a/b/list.csv");
        write(&file, "one").await.unwrap();
        write(&file, "two").await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        let names = fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(names, 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_everybody_could_read_is_private_once_it_is_written_again() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("list.csv");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, mode(0o644)).unwrap();
        write(&file, "new").await.unwrap();
        let found = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, 0o600);
    }

    #[tokio::test]
    async fn a_new_file_takes_nobodys_place() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("backup.db");
        fs::write(&file, "old").unwrap();
        let refused = new_file(&file).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        let blocked = file.join("below.csv");
        assert!(write(&blocked, "x").await.is_err(), "a file is no folder");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_device_is_written_to_and_stays_one() {
        write(Path::new("/dev/null"), "gone").await.unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}

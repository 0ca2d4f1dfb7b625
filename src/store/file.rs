//! The file of a SQLite database: who it is, who may read it, and copies of it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{
        self, Connection, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteJournalMode},
    },
};

use super::{Step, Store, StoreError, connection::Engine};
use crate::disk;

/// A database file and which one it was when it was opened.
#[derive(Debug, Clone)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: Option<(u64, u64)>,
}

impl DatabaseFile {
    /// The file behind a SQLite URL.
    pub(super) fn of_url(url: &str) -> Result<PathBuf, StoreError> {
        const STEP: &str = "read the address of the database";
        let options = url.parse::<SqliteConnectOptions>().step(STEP)?;
        let path = options.get_filename();
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        if in_memory || path.as_os_str().is_empty() {
            return Err(StoreError::refused(
                STEP,
                "A database in memory forgets everything when it stops. Give database.url a \
                 file, for example sqlite://oyez.db.",
            ));
        }
        Ok(path.to_owned())
    }

    /// Makes the file if it is missing, for this user alone: it will hold addresses and webhook
    /// URLs. If that fails, opening it will fail too and say why.
    ///
    /// Made by root it belongs to whom its folder belongs to: otherwise the first command that an
    /// operator runs would keep the service from ever starting.
    pub(super) fn make_private(path: &Path) {
        let made = disk::new_file(path);
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        if let (Ok(made), Ok(folder)) = (made, fs::metadata(folder.unwrap_or(Path::new(".")))) {
            give_to_owner(&made, &folder);
        }
    }

    /// Remembers which file is at the path now that the database is open.
    pub(super) fn opened(path: PathBuf) -> Self {
        let identity = identity(&path).ok();
        Self { path, identity }
    }

    /// Whether the open file is still the one at the path. SQLite goes on writing to a file that
    /// was deleted or replaced, and all that is written is lost with it.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        const STEP: &str = "find the file of the database";
        let now = identity(&self.path).map_err(|error| io_error(STEP, error))?;
        if self.identity.is_some_and(|then| then != now) {
            return Err(io_error(
                STEP,
                io::Error::new(
                    io::ErrorKind::NotFound,
                    "another file was put in its place while it was open",
                ),
            ));
        }
        Ok(())
    }

    /// Opens a file beside the database, with something added to its name. It takes the owner and the
    /// mode of the database, whoever runs the command that makes it.
    pub(super) fn open_beside(&self, ending: &str, step: &'static str) -> Result<File, StoreError> {
        let path = beside(&self.path, ending);
        let opened = match disk::new_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                OpenOptions::new().write(true).open(&path)
            }
            made => made,
        }
        .map_err(|error| self.why_not_beside(&path, step, error))?;
        if let Ok(database) = fs::metadata(&self.path) {
            give_to_owner(&opened, &database);
            let _ = opened.set_permissions(database.permissions());
        }
        Ok(opened)
    }

    fn why_not_beside(&self, path: &Path, step: &'static str, error: io::Error) -> StoreError {
        if error.kind() != io::ErrorKind::PermissionDenied || !path.exists() {
            return io_error(step, error);
        }
        let (path, database) = (path.display(), self.path.display());
        StoreError::refused(
            step,
            format!(
                "{path} belongs to somebody else, so the database cannot be used. Give it to the \
                 owner of the database: sudo chown --reference={database} {path}"
            ),
        )
    }
}

impl Store {
    /// How those who only read open the file of a SQLite database.
    pub(super) fn file_options(&self) -> Option<SqliteConnectOptions> {
        match &self.reader.engine {
            Engine::Sqlite(connection) => {
                let options = connection.get_sqlite_connection_pool().connect_options();
                Some(options.as_ref().clone())
            }
            Engine::Postgres(_) => None,
        }
    }

    /// The file of a SQLite database.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.path.as_path())
    }

    /// Copies the database to a new file, as it is at one moment, while it is in use. The copy
    /// appears whole or not at all, and this user alone may read it.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        const STEP: &str = "copy the database";
        let Some(file) = &self.file else {
            return Err(StoreError::refused(
                STEP,
                "Only a SQLite database is one file that can be copied so. Back up PostgreSQL \
                 with pg_dump.",
            ));
        };
        file.check()?;
        if to.try_exists().map_err(|error| io_error(STEP, error))? {
            return Err(StoreError::refused(
                STEP,
                format!(
                    "{} exists already, and a backup never replaces one. Give another file name.",
                    to.display()
                ),
            ));
        }
        let partial = beside(to, ".partial");
        let copied = copy(&file.path, &partial).await.and_then(|()| {
            // A hard link fails where the name was taken meanwhile; a rename would replace it.
            fs::hard_link(&partial, to).map_err(|error| io_error(STEP, error))
        });
        // Also after a success: the copy has its own name by then.
        let _ = fs::remove_file(&partial);
        copied
    }
}

async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    const STEP: &str = "copy the database";
    // What a copy that was broken off has left.
    let _ = fs::remove_file(to);
    // SQLite fills an empty file, and keeps the permissions that it has.
    disk::new_file(to).map_err(|error| io_error(STEP, error))?;
    // A connection of its own: a long copy holds up neither the writer nor a reader of the pool.
    let options = SqliteConnectOptions::new()
        .filename(from)
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = SqliteConnection::connect_with(&options).await.step(STEP)?;
    sqlx::query("VACUUM INTO ?1")
        .bind(to.display().to_string())
        .execute(&mut connection)
        .await
        .step(STEP)?;
    connection.close().await.step(STEP)?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| io_error(STEP, error))
}

/// SQLite says of a file that is not there and of one that may not be opened that it cannot be
/// opened. If it is there, it is a matter of permissions: of the file, or of its folder, in which
/// SQLite makes two more.
pub(super) fn why_not_opened(path: &Path, error: StoreError) -> StoreError {
    if error.is_unreachable() && path.exists() {
        let refused = io::Error::new(io::ErrorKind::PermissionDenied, error.source.to_string());
        return io_error(error.step, refused);
    }
    error
}

pub(super) fn io_error(step: &'static str, error: io::Error) -> StoreError {
    StoreError {
        step,
        source: DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(error).into())),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Only root can, and nobody else has to.
#[cfg(unix)]
fn give_to_owner(file: &File, of: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let is_theirs = |mine: fs::Metadata| (mine.uid(), mine.gid()) == (of.uid(), of.gid());
    if !file.metadata().is_ok_and(is_theirs) {
        let _ = fchown(file, Some(of.uid()), Some(of.gid()));
    }
}

#[cfg(not(unix))]
fn give_to_owner(_: &File, _: &fs::Metadata) {}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file cannot be deleted, so that it is there is enough.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|_| (0, 0))
}

//! What can go wrong with the database, in words for two readers.
//!
//! [`StoreError`] prints the step that failed and keeps its cause for the operator; [`Trouble`] is
//! what a person and an exit code need to know. The sorting of causes is settled here, once.

use std::{fmt, io};

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why a commit failed of which nobody knows whether it was made.
pub(super) const NO_ANSWER: &str = "the answer to the commit never came";

/// A step of the store that failed.
#[derive(Clone, thiserror::Error)]
#[error("could not {step}")]
pub struct StoreError {
    /// What was being done, for the operator: "begin a write transaction".
    pub step: &'static str,
    /// Why it failed.
    #[source]
    pub source: DbErr,
}

/// The cause's `Debug` may hold values of the row (PostgreSQL's detail line), so only its message
/// is shown.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({}: {})", self.step, self.source)
    }
}

/// Names the step in which a database error happened.
pub trait Step<T> {
    /// Turns the error into one that says what was being done.
    fn step(self, step: &'static str) -> Result<T, StoreError>;
}

impl<T> Step<T> for Result<T, DbErr> {
    fn step(self, step: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError { step, source })
    }
}

impl<T> Step<T> for Result<T, sqlx::Error> {
    fn step(self, step: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError {
            step,
            source: DbErr::Conn(RuntimeErr::SqlxError(error.into())),
        })
    }
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The row is there already, or another process wrote it first.
    Duplicate,
    /// Another process, or another transaction, holds what was needed for too long.
    Busy,
    /// There is no database there, or it went away.
    Unreachable,
    /// It went away while it was asked to make something so: it may have been done.
    InDoubt,
    /// There is no room left for the database.
    Full,
    /// The database may be read but not written.
    ReadOnly,
    /// The database refused who we are, or what we may do.
    Denied,
    /// The tables are not there, or not those of this version.
    WrongSchema,
    /// What is stored cannot be read, or the file is damaged.
    Unreadable,
    /// It was not the database that said no: what was asked makes no sense.
    Refused,
    /// A fault of the program, or one that nobody has met yet.
    Other,
}

impl StoreError {
    /// A failure that is not the engine's: the request made no sense, or the data do not.
    pub(crate) fn refused(step: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            step,
            source: DbErr::Custom(sentence.into()),
        }
    }

    /// Stored text that does not read as what it should be.
    pub(crate) fn unreadable(step: &'static str, why: impl fmt::Display) -> Self {
        Self {
            step,
            source: DbErr::Type(why.to_string()),
        }
    }

    /// What kind of failure it is.
    pub fn trouble(&self) -> Trouble {
        trouble(&self.source)
    }

    /// Whether a row with that key is there already.
    pub fn is_unique_violation(&self) -> bool {
        self.trouble() == Trouble::Duplicate
    }

    /// Whether trying again may help, because something else holds the database.
    pub fn is_busy(&self) -> bool {
        self.trouble() == Trouble::Busy
    }

    /// Whether the database is away.
    pub fn is_unreachable(&self) -> bool {
        self.trouble() == Trouble::Unreachable
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        self.trouble() == Trouble::Full
    }

    /// What a person reads: what is wrong and what to do, in two sentences.
    pub fn sentence(&self) -> String {
        match self.trouble() {
            Trouble::Duplicate => {
                "Somebody else saved the same thing at the same moment. Look at it and try again."
            }
            Trouble::Busy => {
                "The database was busy for too long, so nothing was saved. Try again in a moment; \
                 if it stays so, look for another program that has the database open."
            }
            Trouble::Unreachable => {
                "The database cannot be reached, so nothing was saved. Check that it is running \
                 and that database.url in the settings is right."
            }
            Trouble::InDoubt => {
                "The database did not answer, so it may have been saved or not. Ask again with the \
                 same request key, or look at what is there first: what was saved is not done twice \
                 under one key."
            }
            Trouble::Full => {
                "There is no space left for the database, so nothing was saved. Free some space \
                 on its disk and try again."
            }
            Trouble::ReadOnly => {
                "The database cannot be written, so nothing was saved. Check that this user may \
                 write the database file and its folder."
            }
            Trouble::Denied => {
                "The database refused the user or the password, so nothing was saved. Check \
                 database.url in the settings."
            }
            Trouble::WrongSchema => {
                "The database is not one that this version can use. Check that database.url in \
                 the settings is right, and start oyez serve once to bring it up to date."
            }
            Trouble::Unreadable => {
                "Something in the database cannot be read. Keep a copy of the database and \
                 restore the last backup."
            }
            Trouble::Refused | Trouble::Other => {
                if let DbErr::Custom(sentence) = &self.source {
                    return sentence.clone();
                }
                "The database failed in a way that is not known, so nothing was saved. The log \
                 has the cause."
            }
        }
        .to_owned()
    }
}

fn trouble(error: &DbErr) -> Trouble {
    let cause = match error {
        DbErr::ConnectionAcquire(_) => return Trouble::Busy,
        // What was to be changed is not as it was read.
        DbErr::RecordNotUpdated => return Trouble::Duplicate,
        DbErr::Exec(RuntimeErr::Internal(why)) if why == NO_ANSWER => return Trouble::InDoubt,
        DbErr::Custom(_) => return Trouble::Refused,
        DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => return Trouble::Unreadable,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause,
        _ => return Trouble::Other,
    };
    match cause.as_ref() {
        // A pool that has never connected times out as well; nobody can tell the two apart here,
        // and "busy" would send people looking for the wrong thing only when nothing runs at all.
        sqlx::Error::PoolTimedOut => Trouble::Busy,
        sqlx::Error::Io(error) => match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Trouble::ReadOnly
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::Full,
            _ => Trouble::Unreachable,
        },
        sqlx::Error::Tls(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Configuration(_) => Trouble::Unreachable,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Trouble::Unreadable,
        sqlx::Error::ColumnNotFound(_) => Trouble::WrongSchema,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error
                .try_downcast_ref::<sqlx::sqlite::SqliteError>()
                .is_some()
            {
                sqlite(code.parse().unwrap_or(0), error.message())
            } else {
                postgres(&code)
            }
        }
        _ => Trouble::Other,
    }
}

/// Codes of <https://sqlite.org/rescode.html>; the low byte is the primary one.
fn sqlite(code: u32, message: &str) -> Trouble {
    match (code, code & 0xff) {
        (1555 | 2067 | 2579, _) => Trouble::Duplicate,
        (_, 5 | 6) => Trouble::Busy,
        (_, 8) => Trouble::ReadOnly,
        (_, 10 | 14) => Trouble::Unreachable,
        (_, 13) => Trouble::Full,
        (_, 3 | 23) => Trouble::Denied,
        (_, 11 | 26) => Trouble::Unreadable,
        (1, _) if message.starts_with("no such table") || message.starts_with("no such column") => {
            Trouble::WrongSchema
        }
        _ => Trouble::Other,
    }
}

/// Codes of <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn postgres(code: &str) -> Trouble {
    match code {
        "23505" => Trouble::Duplicate,
        // Among them a session that the server ended because it did nothing in its transaction.
        "55P03" | "40001" | "40P01" | "53300" | "57014" | "25P03" | "25P04" => Trouble::Busy,
        "53100" => Trouble::Full,
        "25006" => Trouble::ReadOnly,
        "42501" => Trouble::Denied,
        "42P01" | "42703" => Trouble::WrongSchema,
        "57P01" | "57P02" | "57P03" | "3D000" => Trouble::Unreachable,
        _ if code.starts_with("08") => Trouble::Unreachable,
        _ if code.starts_with("28") => Trouble::Denied,
        _ if code.starts_with("XX") => Trouble::Unreadable,
        _ => Trouble::Other,
    }
}

//! Who delivers, and who is dead.
//!
//! On SQLite one process delivers: it holds a lock on a file next to the database, so whoever gets
//! the lock knows that all leases before it are dead. On PostgreSQL several deliver, and each
//! holds an advisory lock of its own on a connection of its own: the server frees it when the
//! process dies, long before its leases would lapse.

use std::{
    fmt,
    fs::{File, TryLockError},
    sync::Arc,
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sqlx::{self, PgConnection},
};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::{
    Step, Store, StoreError,
    file::io_error,
    session::{connect, within},
};

/// The advisory lock that everyone who delivers shares: held by anyone, somebody delivers.
const SOMEBODY: i64 = 0x6f79_657a_0002;

/// Held by a process while it delivers; dropping it lets others.
#[derive(Debug, Clone)]
pub struct DeliveryLock {
    token: String,
    holding: Holding,
}

#[derive(Clone)]
enum Holding {
    /// The lock ends when the last handle of the file is closed.
    File(#[expect(dead_code, reason = "kept open, never read")] Arc<File>),
    /// The locks end when the connection does.
    Session(Arc<Mutex<PgConnection>>, Duration),
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Session(..) => "Session",
        })
    }
}

impl Store {
    /// Takes the lock that lets this process deliver under a lease token, or gives `None`: on
    /// SQLite if another process delivers, on PostgreSQL if one does under the same token.
    pub async fn try_lock_delivery(&self, token: &str) -> Result<Option<DeliveryLock>, StoreError> {
        let holding = match &self.file {
            Some(_) => self
                .lock_file(File::try_lock)?
                .map(|file| Holding::File(Arc::new(file))),
            None => self.lock_session(token).await?,
        };
        Ok(holding.map(|holding| DeliveryLock {
            token: token.to_owned(),
            holding,
        }))
    }

    /// Whether some process, perhaps this one, delivers.
    pub async fn is_delivering(&self) -> Result<bool, StoreError> {
        if self.file.is_some() {
            // Shared, so that two who ask at once do not take each other for somebody who delivers.
            return Ok(self.lock_file(File::try_lock_shared)?.is_none());
        }
        let held = self
            .read()
            .query_one_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                HELD,
                [SOMEBODY.into()],
            ))
            .await
            .step("look whether somebody delivers")?;
        Ok(held.is_some())
    }

    /// Locks the file next to the database; `None` if it is locked.
    fn lock_file(
        &self,
        lock: fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<File>, StoreError> {
        const STEP: &str = "lock the file that says who delivers";
        let Some(database) = &self.file else {
            return Ok(None);
        };
        let file = database.open_beside(".lock", STEP)?;
        match lock(&file) {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io_error(STEP, error)),
        }
    }

    async fn lock_session(&self, token: &str) -> Result<Option<Holding>, StoreError> {
        const STEP: &str = "lock the right to deliver";
        let Some((options, limits)) = self.server() else {
            return Ok(None);
        };
        let limit = limits.connect;
        let mut session = connect(options, limits).await.step(STEP)?;
        let own = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(lock_number(token))
            .fetch_one(&mut session);
        if !within::<bool>(limit, own).await.step(STEP)? {
            return Ok(None);
        }
        let shared = sqlx::query("SELECT pg_advisory_lock_shared($1)")
            .bind(SOMEBODY)
            .execute(&mut session);
        within(limit, shared).await.step(STEP)?;
        let session = Arc::new(Mutex::new(session));
        Ok(Some(Holding::Session(session, limit)))
    }
}

/// Whether the advisory lock `$1` is held in this database: `pg_locks` keeps its halves apart.
const HELD: &str = "SELECT 1 AS held FROM pg_locks \
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND (classid::bigint << 32) | objid::bigint = $1 LIMIT 1";

impl DeliveryLock {
    /// The lease token under which it was taken.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks whether the lock is still held. An error, or false, means that others may take this
    /// process for dead: it starts no more sends and takes a new lock.
    pub async fn is_held(&self) -> Result<bool, StoreError> {
        Ok(self.dead_among(&[&self.token]).await?.is_empty())
    }

    /// Those of the lease tokens whose processes are certainly dead. Never this process's own
    /// while the lock is held.
    pub async fn dead_among(&self, tokens: &[&str]) -> Result<Vec<String>, StoreError> {
        let mut dead = Vec::new();
        match &self.holding {
            // Nobody else can have the file, so nobody else lives.
            Holding::File(_) => {
                dead.extend(tokens.iter().filter(|token| **token != self.token));
            }
            Holding::Session(session, limit) => {
                const STEP: &str = "look which processes are dead";
                // Whoever has it is held up no longer than this either.
                let session = tokio::time::timeout(*limit, session.lock()).await;
                let mut session =
                    session.map_err(|_| io_error(STEP, std::io::ErrorKind::TimedOut.into()))?;
                for token in tokens {
                    let held = sqlx::query(HELD)
                        .bind(lock_number(token))
                        .fetch_optional(&mut *session);
                    let held = within(*limit, held).await.step(STEP)?;
                    if held.is_none() {
                        dead.push(token);
                    }
                }
            }
        }
        Ok(dead.into_iter().map(|token| (*token).to_owned()).collect())
    }
}

/// A lease token as an advisory lock is named.
fn lock_number(token: &str) -> i64 {
    let digest = Sha256::digest(token.as_bytes());
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(head)
}

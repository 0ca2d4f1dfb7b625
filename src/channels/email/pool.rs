//! A bounded pool of connections.
//!
//! lettre's own opens as many as are asked for, sends 22 mails a second on each and tests each with
//! a command more. This one never opens more than `pool.size`.

use std::{sync::Arc, time::Duration};

use deadpool::{
    Runtime,
    managed::{self, Metrics, PoolError, RecycleError, RecycleResult},
};
use lettre::{Address, transport::smtp::response::Response};

use super::{connect, session::Session, settings::Settings, trouble::Trouble};

/// Servers close connections that say nothing for some minutes; what rested so long is not used.
const REST: Duration = Duration::from_secs(60);

/// The connections of one channel.
pub(super) struct Pool {
    pool: managed::Pool<Manager>,
    tries: usize,
}

struct Manager(Arc<Settings>);

impl managed::Manager for Manager {
    type Type = Session;
    type Error = Trouble;

    async fn create(&self) -> Result<Session, Trouble> {
        connect::open(&self.0).await
    }

    async fn recycle(&self, session: &mut Session, metrics: &Metrics) -> RecycleResult<Trouble> {
        if !session.is_usable() || metrics.last_used() > REST {
            return Err(RecycleError::message("not usable"));
        }
        if session.mails() >= self.0.pool.mails {
            session.quit().await;
            return Err(RecycleError::message("worn"));
        }
        Ok(())
    }
}

impl Pool {
    /// An empty pool; `None` when it cannot be made.
    pub(super) fn new(settings: &Arc<Settings>) -> Option<Self> {
        let size = settings.pool.size;
        let pool = managed::Pool::builder(Manager(Arc::clone(settings)))
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .build()
            .ok()?;
        Some(Self {
            pool,
            tries: size + 1,
        })
    }

    /// Sends one mail on a connection of the pool.
    pub(super) async fn mail(
        &self,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> Result<Response, Trouble> {
        let mut tries = self.tries;
        loop {
            tries -= 1;
            let mut session = self.session().await?;
            let rested = session.mails() > 0;
            match session.mail(from, to, message).await {
                // The server had closed a resting connection; nothing of this mail was taken.
                Err(trouble) if rested && tries > 0 && trouble.is_before_anything() => {}
                done => return done,
            }
        }
    }

    /// Opens a connection, or finds an open one, and asks whether we may send from an address.
    pub(super) async fn check(&self, from: &Address) -> Result<(), Trouble> {
        self.session().await?.offer(from).await
    }

    async fn session(&self) -> Result<managed::Object<Manager>, Trouble> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(trouble) => trouble,
            // No time limit is set on the pool and it is never closed.
            _ => Trouble::pool("the pool is closed"),
        })
    }
}

//! What waits for a delivery that has ended. Who ends one lets go of what waits for it; but another
//! process may put one behind it at the same moment, each without seeing what the other writes. So
//! it is looked for from time to time, and let go.

use super::{hold::share, link::unblock_stranded, sql::rows, sweep::due};
use crate::store::{Step, Store, StoreError};

/// How many are let go in one transaction.
const AT_ONCE: i64 = 5_000;

/// Lets go of what waits for deliveries that have ended or are held, and says of how many. Those of
/// incidents that a command holds are left for later.
pub async fn let_go_stranded(store: &Store) -> Result<u64, StoreError> {
    const STEP: &str = "look for what waits for one that has ended";
    let sql = "SELECT d.id, d.incident FROM delivery d JOIN delivery b ON b.id = d.blocked_by \
               WHERE d.blocked_by IS NOT NULL \
               AND b.state NOT IN ('ready', 'sending', 'uncertain') ORDER BY d.blocked_by LIMIT $1";
    let found = due(&rows(store.read_to_deliver(), STEP, sql, vec![AT_ONCE.into()]).await?)?;
    if found.is_empty() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    let about = found.iter().filter_map(|one| one.incident).collect();
    let free = share(&tx, &about).await?;
    let ids: Vec<String> = found
        .into_iter()
        .filter(|one| one.incident.is_none_or(|id| free.contains(&id)))
        .map(|one| one.id)
        .collect();
    let count = unblock_stranded(&tx, &ids).await?;
    tx.commit().await.step("commit what was let go")?;
    Ok(count)
}

//! Who each delivery is to, as rows beside the deliveries: history is looked up person by person.
//!
//! Each delivery says whether the program writes its rows. Where it says nothing, a trigger writes them:
//! so it is with what the version before writes, and on PostgreSQL with what this one does.

use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::sql::run;
use crate::store::{StoreError, Tx};

/// What a delivery says about its rows, in `recipients_written`. On SQLite it is for those who call
/// [`write_recipients`]: one statement costs less than a trigger, which looks at each delivery alone.
pub(super) fn recipients_written(engine: DbBackend) -> &'static str {
    match engine {
        DbBackend::Postgres => "CAST(NULL AS BOOLEAN)",
        _ => "true",
    }
}

/// Writes the rows of deliveries that were just written: those for which `of` is true, a condition on
/// `d` with one parameter. On PostgreSQL they are there already.
pub(super) async fn write_recipients(tx: &Tx, of: &str, value: Value) -> Result<(), StoreError> {
    if tx.get_database_backend() == DbBackend::Postgres {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO recipient (incident, told_as, event_seq, delivery_id, name) \
         SELECT COALESCE(d.incident, 0), json_extract(p.value, '$.who.kind') || ':' || \
           json_extract(p.value, '$.who.id') || '/' || d.channel || '/' || d.audience || '/' || \
           d.moment, d.event_seq, d.id, json_extract(p.value, '$.name') \
         FROM delivery d CROSS JOIN json_each(d.recipients) AS p \
         WHERE {of} AND d.channel <> '' ON CONFLICT DO NOTHING"
    );
    run(tx, "write who deliveries are to", &sql, vec![value]).await?;
    Ok(())
}

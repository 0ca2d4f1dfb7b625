//! Who each delivery is to, as rows beside the deliveries: history is looked up person by person.

use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::sql::run;
use crate::store::{StoreError, Tx};

/// Writes the rows of deliveries that were just written: those for which `of` is true, a condition on
/// `d` with one parameter. On PostgreSQL they are there already: its trigger writes them, because the
/// version before, which may run beside this one, does not.
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

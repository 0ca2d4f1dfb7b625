//! The little that the two engines spell differently, and reading and writing of columns.
//!
//! Many rows travel as one JSON parameter: one statement however many there are, and no limit on
//! the number of parameters. `$1` is understood by both engines.

use std::{
    fmt::Display,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use chrono::DateTime;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, TryGetable, Value};

use crate::{
    domain::Time,
    store::{Step, StoreError},
};

/// What a column of a JSON record holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
}

/// The JSON array of objects in parameter `param` as a table `j` with these columns.
pub(super) fn records(engine: DbBackend, param: usize, columns: &[(&str, Kind)]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|(name, kind)| match (engine, kind) {
            (DbBackend::Postgres, Kind::Text) => format!("{name} text"),
            (DbBackend::Postgres, Kind::Number) => format!("{name} bigint"),
            (DbBackend::Postgres, Kind::Flag) => format!("{name} boolean"),
            _ => format!("value->>'{name}' AS {name}"),
        })
        .collect();
    let columns = columns.join(", ");
    match engine {
        DbBackend::Postgres => {
            format!("json_to_recordset(CAST(${param} AS json)) AS j({columns})")
        }
        // Not `json_each`, which writes and reads each object as text once for each column.
        _ => format!("(SELECT {columns} FROM jsonb_each(${param})) AS j"),
    }
}

/// That a column is among the texts of the JSON array in parameter `param`, to stand behind it.
pub(super) fn among(engine: DbBackend, param: usize) -> String {
    match engine {
        // For `IN` and a subquery it believes that there are hundreds, and reads the whole table.
        DbBackend::Postgres => {
            format!("= ANY (ARRAY(SELECT json_array_elements_text(CAST(${param} AS json))))")
        }
        _ => format!("IN (SELECT value FROM json_each(${param}))"),
    }
}

/// That a column is one of these texts, given one by one in the parameters from 1 on. PostgreSQL then
/// knows of each how many rows it has, where most rows may belong to another.
pub(super) fn one_of(count: usize) -> String {
    let params: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
    format!("IN ({})", params.join(", "))
}

/// That a column is one of these numbers, to stand behind it. There must be one at least.
pub(super) fn numbers(all: impl IntoIterator<Item = u32>) -> String {
    let all: Vec<String> = all.into_iter().map(|number| number.to_string()).collect();
    format!("IN ({})", all.join(", "))
}

/// Locks the rows read until the transaction ends. SQLite's writer has the database to itself.
pub(super) fn for_update(engine: DbBackend) -> &'static str {
    match engine {
        DbBackend::Postgres => "FOR UPDATE",
        _ => "",
    }
}

/// The same, passing over rows that somebody else has locked.
pub(super) fn for_update_skip_locked(engine: DbBackend) -> &'static str {
    match engine {
        DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
        _ => "",
    }
}

/// A JSON parameter from anything that serialises.
pub(super) fn json(value: &impl serde::Serialize) -> Result<Value, StoreError> {
    serde_json::to_string(value)
        .map(Value::from)
        .map_err(|error| StoreError::refused("write rows as JSON", error.to_string()))
}

/// Runs a statement and says how many rows it changed.
pub(super) async fn run(
    conn: &impl ConnectionTrait,
    step: &'static str,
    sql: &str,
    values: Vec<Value>,
) -> Result<u64, StoreError> {
    let engine = conn.get_database_backend();
    conn.execute_raw(Statement::from_sql_and_values(engine, sql, values))
        .await
        .map(|done| done.rows_affected())
        .step(step)
}

/// Runs a query.
pub(super) async fn rows(
    conn: &impl ConnectionTrait,
    step: &'static str,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, StoreError> {
    let engine = conn.get_database_backend();
    conn.query_all_raw(Statement::from_sql_and_values(engine, sql, values))
        .await
        .step(step)
}

/// The first column of a query.
pub(super) async fn column<T: TryGetable>(
    conn: &impl ConnectionTrait,
    step: &'static str,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, StoreError> {
    rows(conn, step, sql, values)
        .await?
        .iter()
        .map(|row| row.try_get_by_index(0).step(step))
        .collect()
}

/// Reads the columns of a row in order.
pub(super) struct Reader<'a> {
    row: &'a QueryResult,
    next: usize,
    step: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(row: &'a QueryResult, step: &'static str) -> Self {
        Self { row, next: 0, step }
    }

    /// The next column as it is.
    pub(super) fn get<T: TryGetable>(&mut self) -> Result<T, StoreError> {
        let value = self.row.try_get_by_index(self.next).step(self.step);
        self.next += 1;
        value
    }

    /// The next column, a text that stands for something.
    pub(super) fn parse<T: FromStr<Err: Display>>(&mut self) -> Result<T, StoreError> {
        let text: String = self.get()?;
        text.parse()
            .map_err(|error| StoreError::unreadable(self.step, error))
    }

    /// The next column, a text that stands for something, or nothing.
    pub(super) fn parse_or_none<T: FromStr<Err: Display>>(
        &mut self,
    ) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self.get()?;
        text.map(|text| text.parse())
            .transpose()
            .map_err(|error| StoreError::unreadable(self.step, error))
    }

    /// The next column, a JSON text.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: String = self.get()?;
        serde_json::from_str(&text).map_err(|error| StoreError::unreadable(self.step, error))
    }

    /// The next column, a number that is never negative.
    pub(super) fn count(&mut self) -> Result<u32, StoreError> {
        let number: i64 = self.get()?;
        Ok(u32::try_from(number).unwrap_or(0))
    }

    /// The next column, an instant.
    pub(super) fn time(&mut self) -> Result<Time, StoreError> {
        Ok(from_micros(self.get()?))
    }

    /// The next column, an instant or nothing.
    pub(super) fn time_or_none(&mut self) -> Result<Option<Time>, StoreError> {
        Ok(self.get::<Option<i64>>()?.map(from_micros))
    }
}

/// An instant as the database keeps it: microseconds since 1970 in UTC.
pub(super) fn micros(time: Time) -> i64 {
    time.timestamp_micros()
}

/// The instant behind a number of the database.
pub(super) fn from_micros(micros: i64) -> Time {
    // Only numbers beyond the year 262,000 have no instant.
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

static ULIDS: Mutex<ulid::Generator> = Mutex::new(ulid::Generator::new());

/// A new id, later in byte order than all that this process made before it.
pub(super) fn fresh_id(now: Time) -> String {
    let mut generator = ULIDS.lock().unwrap_or_else(PoisonError::into_inner);
    match generator.generate_from_datetime(SystemTime::from(now)) {
        Ok(id) => id.to_string(),
        Err(overflow) => overflow.commit_overflow_increment().to_string(),
    }
}
